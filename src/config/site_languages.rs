//! Compares language tags with the languages of the site.

use super::feeds::FeedDefaults;
use super::site::SiteConfig;
use crate::text::is_same_language;

impl SiteConfig {
    /// Returns the site's spelling of a language tag; `None` if the site does not have the language. A tag of
    /// `languages` that shares only its primary subtag with `language` is the same language: `en` beside `en-US`.
    pub fn find_language(&self, tag: &str) -> Option<&str> {
        let mut known = self.languages.iter();
        let known = known.find(|known| known.eq_ignore_ascii_case(tag));
        if known
            .map_or(tag, String::as_str)
            .eq_ignore_ascii_case(&self.language)
        {
            return Some(&self.language);
        }
        let known = known?;
        let is_default = self.default_language_in_list() == Some(known);
        Some(if is_default { &self.language } else { known })
    }

    /// Returns the tag of `languages` that stands for the default language.
    fn default_language_in_list(&self) -> Option<&String> {
        let mut same = self.languages.iter();
        let same = same.find(|tag| tag.eq_ignore_ascii_case(&self.language));
        same.or_else(|| {
            let primary = primary_subtag(&self.language);
            let mut similar = self
                .languages
                .iter()
                .filter(|tag| primary_subtag(tag).eq_ignore_ascii_case(primary));
            similar.next().filter(|_| similar.next().is_none())
        })
    }

    /// Returns the languages that have feeds of their own beside the default language, in the order of `languages`.
    pub fn further_languages(&self, feed: &FeedDefaults) -> Vec<&str> {
        let mut further: Vec<&str> = Vec::new();
        for tag in self.languages.iter().filter(|_| !feed.mixed_languages) {
            let is_known = further.iter().any(|known| known.eq_ignore_ascii_case(tag));
            if !is_known && self.find_language(tag) != Some(&self.language) {
                further.push(tag);
            }
        }
        further
    }

    /// Returns the language beside the default one whose feeds and addresses a post with this tag has: the same tag,
    /// or else the first with its primary subtag, as `fr` for `fr-CA`. `None` if it has those of the default language.
    pub fn find_further_language(&self, tag: &str) -> Option<&str> {
        match self.find_language(tag) {
            Some(known) => Some(known).filter(|known| *known != self.language),
            None => {
                let mut further = self.languages.iter().map(String::as_str);
                further.find(|known| {
                    is_same_language(known, tag)
                        && self.find_language(known) != Some(&self.language)
                })
            }
        }
    }

    /// Returns the first path segment of the outputs of a further language.
    pub fn language_segment(language: &str) -> String {
        language.to_ascii_lowercase()
    }
}

/// Returns the part of a language tag before the first hyphen: `pt` of `pt-BR`.
pub fn primary_subtag(tag: &str) -> &str {
    tag.split('-').next().unwrap_or(tag)
}
