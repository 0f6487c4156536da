//! A post as its author wrote it: plain values, read and checked, not yet judged.
//!
//! Whether anybody may see it is not decided here; [`Marker`]s carry what the post says of that
//! to the one place that decides.

use std::sync::Arc;

use chrono::{DateTime, Utc};

/// One post. Every string is free of the characters that XML 1.0 §2.2 forbids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// The file, below the content directory, with `/` between its parts.
    pub path: String,
    /// Plain text, on one line, without blanks at its ends.
    pub title: String,
    /// The title for search results and previews, where it is another one.
    pub preview_title: Option<String>,
    /// Unique and permanent: the id of the entry in every feed.
    pub id: String,
    /// Where the post is read.
    pub permalink: Permalink,
    /// The date the post bears.
    pub published: DateTime<Utc>,
    /// Not before this, where it is not the date itself.
    pub publish_after: Option<DateTime<Utc>>,
    /// When the post says that it was last changed.
    pub updated: Option<DateTime<Utc>>,
    /// From when on it is no longer shown.
    pub expires: Option<DateTime<Utc>>,
    /// Who wrote it.
    pub authors: Vec<Author>,
    /// What it is about, as labels.
    pub categories: Vec<String>,
    /// A sentence or two, plain text.
    pub description: String,
    /// The picture that stands for it.
    pub image: Option<Image>,
    /// Every picture, the one that stands for it first, each once.
    pub images: Arc<[Image]>,
    /// The body as sanitised HTML with absolute URLs.
    pub body_html: Arc<str>,
    /// A BCP 47 language tag, where it is not the site's.
    pub language: Option<String>,
    /// The post's X account, without `@`.
    pub twitter: Option<String>,
    /// What the post says of its own visibility.
    pub markers: Vec<Marker>,
}

/// Where a post is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permalink {
    /// The absolute URL, percent-encoded.
    pub url: String,
    /// The path of the URL, with its leading slash.
    pub path: String,
    /// Whether the URL lies on the site's origin.
    pub on_site: bool,
    /// The line of the front matter that it was read from.
    pub line: Option<usize>,
}

/// Somebody who wrote a post.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Author {
    /// The name as it is shown.
    pub name: String,
    /// A page about the author.
    pub url: Option<String>,
    /// An address that may be shown.
    pub email: Option<String>,
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Image {
    /// The absolute URL.
    pub url: String,
    /// What it shows, where the author said.
    pub alt: Option<String>,
}

/// A field that says whether a post may be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// The field, as written.
    pub field: String,
    /// Its value, as written.
    pub value: String,
    /// Its line, where it is one of a file's.
    pub line: Option<usize>,
    /// What the field is about.
    pub kind: MarkerKind,
}

/// What a marker says when it is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkerKind {
    /// The post is not to be seen: `hidePost`, `draft`.
    Hides,
    /// The post is to be seen: `published`, `visible`.
    Shows,
    /// The post is in no list: `unlisted`.
    Unlists,
    /// Search engines are to leave it out: `noindex`.
    NoIndex,
    /// The sitemap may hold it: `sitemap`.
    InSitemap,
}

/// What a marker's value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Yes.
    True,
    /// No.
    False,
    /// Neither of the two, and so a doubt.
    Unreadable,
}

/// The fields that are markers of visibility; see [`MarkerKind::of`].
const MARKER_FIELDS: [(&str, MarkerKind); 11] = [
    ("hidePost", MarkerKind::Hides),
    ("hidden", MarkerKind::Hides),
    ("draft", MarkerKind::Hides),
    ("private", MarkerKind::Hides),
    ("unpublished", MarkerKind::Hides),
    ("published", MarkerKind::Shows),
    ("visible", MarkerKind::Shows),
    ("publish", MarkerKind::Shows),
    ("unlisted", MarkerKind::Unlists),
    ("noindex", MarkerKind::NoIndex),
    ("sitemap", MarkerKind::InSitemap),
];

impl MarkerKind {
    /// What a field of this name marks, if it is a marker. Only letters and digits count, in any
    /// case: `hide_post` and `Hide-Post` are meant as `hidePost` is, and so is a name with an
    /// invisible character in it.
    pub fn of(name: &str) -> Option<MarkerKind> {
        let letters = || {
            name.chars()
                .filter(|c| c.is_alphanumeric())
                .map(|c| c.to_ascii_lowercase())
        };
        let is = |known: &str| letters().eq(known.chars().map(|c| c.to_ascii_lowercase()));
        MARKER_FIELDS
            .iter()
            .find(|(known, _)| is(known))
            .map(|(_, kind)| *kind)
    }
}

impl Marker {
    /// Reads the value: `true`, `yes`, `on`, `1` and their opposites, quoted or not, in any case.
    pub fn reading(&self) -> Reading {
        let value = self.value.trim().trim_matches(['"', '\'']).trim();
        let is = |words: [&str; 4]| words.iter().any(|word| value.eq_ignore_ascii_case(word));
        if is(["true", "yes", "on", "1"]) {
            Reading::True
        } else if is(["false", "no", "off", "0"]) {
            Reading::False
        } else {
            Reading::Unreadable
        }
    }

    /// Whether the marker says that the post is to leave the lists, or says what cannot be read.
    pub fn withdraws_or_is_in_doubt(&self) -> bool {
        let about_lists = matches!(
            self.kind,
            MarkerKind::Hides | MarkerKind::Shows | MarkerKind::Unlists
        );
        self.surely_withdraws() || (about_lists && self.reading() == Reading::Unreadable)
    }

    /// Whether the marker, read without doubt, says that the post is to leave the lists.
    pub fn surely_withdraws(&self) -> bool {
        let unlists = self.kind == MarkerKind::Unlists && self.reading() == Reading::True;
        unlists || self.surely_hides()
    }

    /// Whether the marker, read without doubt, says that the post is not to be seen.
    pub fn surely_hides(&self) -> bool {
        matches!(
            (self.kind, self.reading()),
            (MarkerKind::Hides, Reading::True) | (MarkerKind::Shows, Reading::False)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_markers_are_read_as_they_are_meant() {
        for name in [
            "hidePost",
            "HIDEPOST",
            "hide_post",
            "hide-post",
            "hide post",
            "hidePost\u{a0}",
            "\u{feff}hidePost\u{200b}",
        ] {
            assert_eq!(MarkerKind::of(name), Some(MarkerKind::Hides), "{name}");
        }
        for name in ["hidePosts", "", "_", "title", "hidePostUntil"] {
            assert_eq!(MarkerKind::of(name), None, "{name}");
        }
    }

    #[test]
    fn truth_is_read_in_any_case_and_quoting_and_nothing_else_is_truth() {
        let read = |value: &str| {
            Marker {
                field: "draft".into(),
                value: value.into(),
                line: None,
                kind: MarkerKind::Hides,
            }
            .reading()
        };
        for yes in ["true", "TRUE", " Yes ", "'on'", "\"1\"", "True\t"] {
            assert_eq!(read(yes), Reading::True, "{yes}");
        }
        for no in ["false", "No", "off", "0", "'FALSE'"] {
            assert_eq!(read(no), Reading::False, "{no}");
        }
        for doubt in ["", "ture", "null", "~", "maybe", "2", "[]", "y"] {
            assert_eq!(read(doubt), Reading::Unreadable, "{doubt}");
        }
    }
}
