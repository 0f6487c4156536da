//! Collects the texts and colours with which a card is drawn.

use std::collections::BTreeSet;

use serde::Serialize;

use super::localized_date;
use crate::cards::font::is_invisible;
use crate::color;
use crate::site::Site;
use crate::site::card::Card;

/// Maximum authors that a card names; the rest is counted.
const MAX_NAMED_AUTHORS: usize = 2;

/// Texts of a card, and fields of its template: see `docs/cards.md`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CardText {
    /// Title of the post, or of the site.
    pub title: String,
    /// Name of the site.
    pub site: String,
    /// Host of the site, without `www.`.
    pub host: String,
    /// Summary of the post or the site: a sentence or two.
    pub description: String,
    /// Names of the first authors, and the number of the rest.
    pub author: String,
    /// Names of all authors.
    pub authors: Vec<String>,
    /// Date of publication, in the words of the language.
    pub date: String,
    /// Date of publication, as in `2024-05-03`.
    pub date_iso: String,
    /// First category; empty without one.
    pub category: String,
    /// All categories.
    pub categories: Vec<String>,
    /// Language of the card, a BCP 47 tag.
    pub language: String,
    /// `ltr` or `rtl`, by the first letter of the title.
    pub direction: &'static str,
    /// True for a post's card, false for the site's.
    pub is_post: bool,
    /// Colours of the site.
    pub colours: CardColors,
}

/// Theme colour of the site, and readable variants of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CardColors {
    /// Theme colour, as `#rrggbb`.
    pub accent: String,
    /// Colour of text on the theme colour.
    pub on_accent: String,
    /// Theme colour for text on a light background.
    pub on_light: String,
    /// Theme colour for text on a dark background.
    pub on_dark: String,
}

impl CardText {
    /// Collects the texts of a card.
    pub fn from_card(site: &Site, card: &Card) -> CardText {
        let article = card.article.as_ref();
        let day = article.map(|article| {
            article
                .published_at
                .with_timezone(&site.settings.timezone)
                .date_naive()
        });
        let authors: Vec<String> = article
            .map(|article| {
                article
                    .authors
                    .iter()
                    .map(|person| person.name.clone())
                    .collect()
            })
            .unwrap_or_default();
        let categories = article
            .map(|article| article.categories.clone())
            .unwrap_or_default();
        CardText {
            title: card.headline.clone(),
            site: site.settings.title.clone(),
            host: host_without_www(&site.settings.url).to_owned(),
            description: card.description.clone(),
            author: join_authors(&authors),
            authors,
            date: day
                .map(|day| localized_date::format_long_date(day, &card.language))
                .unwrap_or_default(),
            date_iso: day.map(|day| day.to_string()).unwrap_or_default(),
            category: choose_label(&card.source_path, &categories)
                .cloned()
                .unwrap_or_default(),
            categories,
            language: card.language.clone(),
            direction: text_direction(&card.headline),
            is_post: article.is_some(),
            colours: CardColors::from_accent(&site.settings.theme_color),
        }
    }

    /// Returns sample texts to try a template with.
    pub(super) fn sample_text(is_post: bool) -> CardText {
        let text = |text: &str| {
            if is_post {
                text.to_owned()
            } else {
                String::new()
            }
        };
        CardText {
            title: "A title of some words".to_owned(),
            site: "Example".to_owned(),
            host: "example.org".to_owned(),
            description: "A sentence or two.".to_owned(),
            author: text("A. Writer"),
            authors: if is_post {
                vec!["A. Writer".to_owned()]
            } else {
                Vec::new()
            },
            date: text("May 3, 2024"),
            date_iso: text("2024-05-03"),
            category: text("News"),
            categories: if is_post {
                vec!["News".to_owned()]
            } else {
                Vec::new()
            },
            language: "en".to_owned(),
            direction: "ltr",
            is_post,
            colours: CardColors::from_accent("#0f766e"),
        }
    }

    /// Returns all drawn text, to find the faces that it needs.
    pub fn joined_text(&self) -> String {
        let mut all = [
            &*self.title,
            &self.site,
            &self.host,
            &self.description,
            &self.author,
            &self.date,
            &self.category,
        ]
        .join("\n");
        for more in self.authors.iter().chain(&self.categories) {
            all.push('\n');
            all.push_str(more);
        }
        all
    }

    /// Removes the characters that no font has, so that none is drawn as a box. A title without
    /// visible characters is replaced by the site's name.
    pub fn remove_missing(&mut self, missing: &BTreeSet<char>) {
        self.remove_characters(missing);
        // Punctuation alone is no title once characters were removed.
        let has_visible = self
            .title
            .chars()
            .any(|c| !is_invisible(c) && (missing.is_empty() || c.is_alphanumeric()));
        if !has_visible {
            let fallback = if self.site.is_empty() {
                &self.host
            } else {
                &self.site
            };
            self.title.clone_from(fallback);
        }
    }

    fn remove_characters(&mut self, missing: &BTreeSet<char>) {
        if missing.is_empty() {
            return;
        }
        // Removing characters could change the date, so it is written in digits.
        if self.date.chars().any(|c| missing.contains(&c)) {
            self.date.clone_from(&self.date_iso);
        }
        let clean = |text: &mut String| {
            if text.chars().any(|c| missing.contains(&c)) {
                let kept: String = text.chars().filter(|c| !missing.contains(c)).collect();
                *text = kept.split_whitespace().collect::<Vec<_>>().join(" ");
            }
        };
        for text in [
            &mut self.title,
            &mut self.site,
            &mut self.host,
            &mut self.description,
            &mut self.author,
            &mut self.category,
        ] {
            clean(text);
        }
        self.authors
            .iter_mut()
            .chain(&mut self.categories)
            .for_each(clean);
    }
}

impl CardColors {
    fn from_accent(accent: &str) -> CardColors {
        CardColors {
            accent: accent.to_owned(),
            on_accent: color::text_color_on(accent).to_owned(),
            on_light: color::readable_color(accent, "#ffffff"),
            on_dark: color::readable_color(accent, "#111111"),
        }
    }
}

/// Chooses the category that a card shows. A directory above `_posts` is one for Jekyll, but its name is no label.
fn choose_label<'c>(source_path: &str, categories: &'c [String]) -> Option<&'c String> {
    let (dirs, _) = source_path.split_once("_posts/").unwrap_or_default();
    let is_dir = |label: &&String| dirs.split('/').any(|dir| dir == **label);
    categories.iter().find(|label| !is_dir(label))
}

/// Joins the names of the first authors, and adds the number of the rest.
fn join_authors(authors: &[String]) -> String {
    let mut names = authors
        .iter()
        .take(MAX_NAMED_AUTHORS)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    if authors.len() > MAX_NAMED_AUTHORS {
        names.push_str(&format!(" +{}", authors.len() - MAX_NAMED_AUTHORS));
    }
    names
}

/// Returns the host of a URL without `www.`.
fn host_without_www(url: &str) -> &str {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = host.split('/').next().unwrap_or(host);
    host.strip_prefix("www.").unwrap_or(host)
}

/// Returns the direction of the first letter, by its script: an approximation of HTML's `dir=auto`.
fn text_direction(text: &str) -> &'static str {
    let first = text
        .chars()
        .find(|c| c.is_alphabetic())
        .map_or(0, u32::from);
    match first {
        0x590..=0x8ff
        | 0xfb1d..=0xfdff
        | 0xfe70..=0xfeff
        | 0x1_0800..=0x1_0fff
        | 0x1_e800..=0x1_efff => "rtl",
        _ => "ltr",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_on_accent_is_readable() {
        assert_eq!(CardColors::from_accent("#ffcc00").on_accent, "#111111");
        assert_eq!(CardColors::from_accent("#0f766e").on_accent, "#ffffff");
    }

    #[test]
    fn missing_characters_are_removed_and_dates_stay_correct() {
        let missing: BTreeSet<char> = "年月日ก".chars().collect();
        let mut text = CardText {
            title: "ก กก!".to_owned(),
            category: "About ก and ก".to_owned(),
            date: "2024年5月3日".to_owned(),
            ..CardText::sample_text(true)
        };
        text.remove_missing(&missing);
        let mut unseen = CardText {
            title: "\u{200b}\u{ad}\u{feff}".to_owned(),
            ..CardText::sample_text(true)
        };
        unseen.remove_missing(&BTreeSet::new());
        assert_eq!(
            unseen.title, unseen.site,
            "the title has no visible character"
        );
        assert_eq!(text.title, text.site, "no character of the title is left");
        assert_eq!(text.category, "About and");
        assert_eq!(text.date, "2024-05-03");
    }

    #[test]
    fn authors_are_joined_and_hosts_shortened() {
        let names = ["A", "B", "C", "D"].map(str::to_owned);
        assert_eq!(join_authors(&names[..1]), "A");
        assert_eq!(join_authors(&names[..2]), "A, B");
        assert_eq!(join_authors(&names), "A, B +2");
        assert_eq!(host_without_www("https://www.e.org/blog/"), "e.org");
    }

    #[test]
    fn name_of_a_directory_is_no_label() {
        let path = "release-notes/_posts/2024-05-01-a.md";
        let labels = ["release-notes", "News"].map(str::to_owned);
        assert_eq!(choose_label(path, &labels), Some(&labels[1]));
        assert_eq!(choose_label(path, &labels[..1]), None);
        assert_eq!(choose_label("news/a.md", &labels), Some(&labels[0]));
    }

    #[test]
    fn direction_follows_the_first_letter() {
        for (text, direction) in [
            ("2024: שלום", "rtl"),
            ("مرحبا and more", "rtl"),
            ("And مرحبا", "ltr"),
            ("…", "ltr"),
        ] {
            assert_eq!(super::text_direction(text), direction, "{text}");
        }
    }
}
