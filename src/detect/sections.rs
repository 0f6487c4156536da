//! Separates the sections of a directory that hold posts from those that do not.

use std::collections::BTreeMap;

use super::detected::DetectedSite;
use super::pages::MarkdownPages;
use super::setting::{SettingKey, SettingValue};

/// Sections: the first-level directories below a content directory, or below a directory of one
/// language in it. Files at the top are the section `""`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct PageSections {
    /// Sections of posts, the one with most posts first.
    pub(crate) post_sections: Vec<String>,
    /// Sections of other pages, sorted by name.
    pub(crate) other_sections: Vec<String>,
}

impl PageSections {
    /// Classifies the sections. A section holds posts if it is in `named`. If none is, it holds
    /// posts if a page has a date, because no dated page may be left out.
    pub(crate) fn classify_sections(pages: &MarkdownPages, named: &[String]) -> PageSections {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        // Sections of one name in several languages are judged together.
        let mut named_counts: BTreeMap<&str, usize> = BTreeMap::new();
        for page in &pages.loaded {
            let section = page.top_section();
            let posts = usize::from(page.has_date());
            *counts.entry(section).or_default() += posts;
            *named_counts.entry(section_name(section)).or_default() += posts;
        }
        let is_named = |section: &str| named.iter().any(|name| name == section_name(section));
        let has_named = counts.keys().any(|section| is_named(section));
        let is_of_posts = |section: &str| {
            let posts = named_counts.get(section_name(section));
            match has_named {
                true => is_named(section),
                false => posts.is_some_and(|posts| *posts > 0),
            }
        };
        let mut sections = PageSections::default();
        let mut posts = Vec::new();
        for (section, count) in counts {
            if is_of_posts(section) {
                posts.push((count, section));
            } else {
                sections.other_sections.push(section.to_owned());
            }
        }
        posts.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        sections.post_sections = posts
            .into_iter()
            .map(|(_, section)| section.to_owned())
            .collect();
        sections
    }
}

/// Lists the names of the directories of languages, as far as they are known.
pub(crate) fn language_dir_names(draft: &DetectedSite<'_>) -> Vec<String> {
    let mut names = draft.site_languages();
    if let Some(SettingValue::Table(rewrites)) = draft.setting_value(SettingKey::Rewrites) {
        let dirs = rewrites.iter().filter_map(|(from, _)| from.split_once('/'));
        names.extend(dirs.map(|(dir, _)| dir.to_owned()));
    }
    names
}

/// Returns the name of a section without the directory of its language.
pub(crate) fn section_name(section: &str) -> &str {
    section.rsplit('/').next().unwrap_or(section)
}
