//! A card of the site into the texts and colours that it is drawn with.

use std::collections::BTreeSet;

use serde::Serialize;

use super::super::style;
use super::date;
use crate::font::needs_no_glyph;
use crate::site::Site;
use crate::site::card::Card;

/// How many authors a card names before it counts the others.
const MOST_AUTHORS: usize = 2;

/// The texts that a card is drawn with. What they are for: `docs/cards.md`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CardText {
    /// The post's title, or the site's.
    pub title: String,
    /// The site's name.
    pub site: String,
    /// The site's host, as people say it.
    pub host: String,
    /// A sentence or two.
    pub description: String,
    /// The names of the first authors.
    pub author: String,
    /// The name of each author.
    pub authors: Vec<String>,
    /// The day, in the words of the language.
    pub date: String,
    /// The day, as in `2024-05-03`.
    pub date_iso: String,
    /// The first category.
    pub category: String,
    /// All categories.
    pub categories: Vec<String>,
    /// A BCP 47 tag.
    pub language: String,
    /// `ltr` or `rtl`, after the first letter of the title that says.
    pub direction: &'static str,
    /// Whether it is a post's card.
    pub is_post: bool,
    /// The site's colours.
    pub colours: Colours,
}

/// The site's colour, and what of it can be read on what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Colours {
    /// The colour itself.
    pub accent: String,
    /// Text on it.
    pub on_accent: String,
    /// The colour as text on a light ground.
    pub on_light: String,
    /// The colour as text on a dark ground.
    pub on_dark: String,
}

impl CardText {
    /// The texts of a card of the site.
    pub fn of(site: &Site, card: &Card) -> CardText {
        let article = card.article.as_ref();
        let day = article.map(|article| {
            article
                .published
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
            host: host(&site.settings.url).to_owned(),
            description: card.description.clone(),
            author: named(&authors),
            authors,
            date: day
                .map(|day| date::in_words(day, &card.language))
                .unwrap_or_default(),
            date_iso: day.map(|day| day.to_string()).unwrap_or_default(),
            category: categories.first().cloned().unwrap_or_default(),
            categories,
            language: card.language.clone(),
            direction: direction(&card.headline),
            is_post: article.is_some(),
            colours: Colours::of(&site.settings.theme_color),
        }
    }

    /// Texts to try a template with.
    pub(crate) fn sample(is_post: bool) -> CardText {
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
            colours: Colours::of("#0f766e"),
        }
    }

    /// All that is drawn, to see which faces it takes.
    pub fn drawn(&self) -> String {
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

    /// Leaves out the characters that cannot be drawn, so that none is a box. Of a title of which
    /// nothing is left, the site's name stands in the place.
    pub fn without(&mut self, missing: &BTreeSet<char>) {
        self.leave_out(missing);
        let is_seen = |c: char| !needs_no_glyph(c) && (missing.is_empty() || c.is_alphanumeric());
        if !self.title.chars().any(is_seen) {
            let stand_in = if self.site.is_empty() {
                &self.host
            } else {
                &self.site
            };
            self.title.clone_from(stand_in);
        }
    }

    fn leave_out(&mut self, missing: &BTreeSet<char>) {
        if missing.is_empty() {
            return;
        }
        // Without its words, a day would be another.
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

impl Colours {
    fn of(accent: &str) -> Colours {
        Colours {
            accent: accent.to_owned(),
            on_accent: style::on_accent(accent).to_owned(),
            on_light: style::readable(accent, "#ffffff"),
            on_dark: style::readable(accent, "#111111"),
        }
    }
}

/// The names of the first authors, and how many more there are.
fn named(authors: &[String]) -> String {
    let mut names = authors
        .iter()
        .take(MOST_AUTHORS)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    if authors.len() > MOST_AUTHORS {
        names.push_str(&format!(" +{}", authors.len() - MOST_AUTHORS));
    }
    names
}

/// The host of a URL without `www.`.
fn host(url: &str) -> &str {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = host.split('/').next().unwrap_or(host);
    host.strip_prefix("www.").unwrap_or(host)
}

/// The direction of the first letter that has one (HTML's `dir=auto`), roughly: by its script.
fn direction(text: &str) -> &'static str {
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
    fn text_on_the_accent_can_be_read() {
        assert_eq!(Colours::of("#ffcc00").on_accent, "#111111");
        assert_eq!(Colours::of("#0f766e").on_accent, "#ffffff");
    }

    #[test]
    fn what_cannot_be_drawn_is_left_out_but_a_day_stays_the_day_it_is() {
        let missing: BTreeSet<char> = "年月日ก".chars().collect();
        let mut text = CardText {
            title: "ก กก!".to_owned(),
            category: "About ก and ก".to_owned(),
            date: "2024年5月3日".to_owned(),
            ..CardText::sample(true)
        };
        text.without(&missing);
        let mut unseen = CardText {
            title: "\u{200b}\u{ad}\u{feff}".to_owned(),
            ..CardText::sample(true)
        };
        unseen.without(&BTreeSet::new());
        assert_eq!(
            unseen.title, unseen.site,
            "nothing is to be seen of the title"
        );
        assert_eq!(text.title, text.site, "nothing of the title is left");
        assert_eq!(text.category, "About and");
        assert_eq!(text.date, "2024-05-03");
    }

    #[test]
    fn authors_are_named_or_counted_and_hosts_are_as_people_say_them() {
        let names = ["A", "B", "C", "D"].map(str::to_owned);
        assert_eq!(named(&names[..1]), "A");
        assert_eq!(named(&names[..2]), "A, B");
        assert_eq!(named(&names), "A, B +2");
        assert_eq!(host("https://www.e.org/blog/"), "e.org");
    }

    #[test]
    fn the_direction_is_that_of_the_first_letter() {
        for (text, direction) in [
            ("2024: שלום", "rtl"),
            ("مرحبا and more", "rtl"),
            ("And مرحبا", "ltr"),
            ("…", "ltr"),
        ] {
            assert_eq!(super::direction(text), direction, "{text}");
        }
    }
}
