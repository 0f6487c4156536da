//! What a post says of whether it may be seen: names and values as written, and how each is read.

use serde::{Deserialize, Serialize};

/// A field that says whether a post may be seen.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MarkerKind {
    /// The post is not to be seen: `hidePost`, `draft`.
    Hides,
    /// The post is to be seen: `published`, `visible`.
    Shows,
    /// The post is not to be seen, whatever the value: `status: draft`.
    Says,
    /// The post is in no list: `unlisted`.
    Unlists,
    /// The post is in lists: Hugo's `build.list`.
    Lists,
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
const MARKER_FIELDS: [(&str, MarkerKind); 20] = [
    ("hidePost", MarkerKind::Hides),
    ("hidden", MarkerKind::Hides),
    ("draft", MarkerKind::Hides),
    ("private", MarkerKind::Hides),
    ("unpublished", MarkerKind::Hides),
    ("isDraft", MarkerKind::Hides),
    ("isHidden", MarkerKind::Hides),
    ("headless", MarkerKind::Hides),
    ("hide", MarkerKind::Hides),
    ("wip", MarkerKind::Hides),
    ("noPublish", MarkerKind::Hides),
    ("published", MarkerKind::Shows),
    ("visible", MarkerKind::Shows),
    ("publish", MarkerKind::Shows),
    ("isPublished", MarkerKind::Shows),
    ("isPublic", MarkerKind::Shows),
    ("public", MarkerKind::Shows),
    ("unlisted", MarkerKind::Unlists),
    ("noindex", MarkerKind::NoIndex),
    ("sitemap", MarkerKind::InSitemap),
];

/// Fields that hold a word for the state of a post.
const STATE_FIELDS: [&str; 5] = [
    "status",
    "visibility",
    "state",
    "publishstatus",
    "poststatus",
];
/// The words for a post that is not to be seen.
const UNREADY: [&str; 15] = [
    "draft",
    "drafted",
    "wip",
    "future",
    "trash",
    "trashed",
    "deleted",
    "in-review",
    "in review",
    "unpublish",
    "private",
    "hidden",
    "pending",
    "unpublished",
    "scheduled",
];

impl MarkerKind {
    /// What a field of this name marks, if it is a marker. Only letters and digits count, in any
    /// case: `hide_post` and `Hide-Post` are meant as `hidePost` is, and so is a name with an
    /// invisible character in it, or with letters of other scripts that look the same.
    pub fn of(name: &str) -> Option<MarkerKind> {
        if name.is_ascii() {
            return of_ascii(name);
        }
        let letters: Vec<char> = letters(name).collect();
        let foreign = letters.iter().filter(|c| !c.is_ascii()).count();
        let is = |known: &str| {
            let same = |(letter, known): (&char, char)| *letter == known || !letter.is_ascii();
            known.len() == letters.len()
                && foreign * 2 <= known.len()
                && letters
                    .iter()
                    .zip(known.chars().map(|c| c.to_ascii_lowercase()))
                    .all(same)
        };
        MARKER_FIELDS
            .iter()
            .find(|(known, _)| is(known))
            .map(|(_, kind)| *kind)
    }

    /// What a field marks by its value: `status: draft` hides, `status: published` is no marker.
    pub fn of_state(name: &str, value: &str) -> Option<MarkerKind> {
        let name = name.rsplit('.').next().unwrap_or(name);
        let is_state = |known: &&str| name.len() >= known.len() && letters(name).eq(known.chars());
        if !STATE_FIELDS.iter().any(is_state) {
            return None;
        }
        let value = value.trim().trim_matches(['"', '\'']);
        if UNREADY.iter().any(|word| value.eq_ignore_ascii_case(word)) {
            Some(MarkerKind::Says)
        } else {
            Some(MarkerKind::Lists).filter(|_| value.eq_ignore_ascii_case("unlisted"))
        }
    }

    /// The marker that hides and that a name is one letter away from.
    pub fn nearest(name: &str) -> Option<&'static str> {
        let length = letters(name).count();
        MARKER_FIELDS
            .iter()
            .filter(|(known, kind)| *kind == MarkerKind::Hides && known.len().abs_diff(length) <= 1)
            .map(|(known, _)| *known)
            .find(|known| {
                let name: String = letters(name).collect();
                strsim::osa_distance(&known.to_ascii_lowercase(), &name) == 1
            })
    }
}

/// What a name without letters of other scripts marks.
fn of_ascii(name: &str) -> Option<MarkerKind> {
    let letters = || name.bytes().filter(u8::is_ascii_alphanumeric);
    let length = letters().count();
    let same = |(known, _): &&(&str, MarkerKind)| {
        known.len() == length
            && known
                .bytes()
                .zip(letters())
                .all(|(known, letter)| known.eq_ignore_ascii_case(&letter))
    };
    MARKER_FIELDS.iter().find(same).map(|(_, kind)| *kind)
}

fn letters(name: &str) -> impl Iterator<Item = char> {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .map(|c| c.to_ascii_lowercase())
}

impl Marker {
    /// Reads the value: `true`, `yes`, `on`, `1` and their opposites, quoted or not, in any case;
    /// `always`, `never` and their like where a tool writes them.
    pub fn reading(&self) -> Reading {
        let value = self.value.trim().trim_matches(['"', '\'']).trim();
        let is = |words: &[&str]| words.iter().any(|word| value.eq_ignore_ascii_case(word));
        let (also_true, also_false): (&[&str], &[&str]) = match self.kind {
            MarkerKind::Says => return Reading::True,
            MarkerKind::Shows => (&["always"], &["never", "link"]),
            MarkerKind::Lists => (&["always"], &["never", "local", "unlisted"]),
            _ => (&[], &[]),
        };
        if is(&["true", "yes", "on", "1"]) || is(also_true) {
            Reading::True
        } else if is(&["false", "no", "off", "0"]) || is(also_false) {
            Reading::False
        } else {
            Reading::Unreadable
        }
    }

    /// Whether the marker is about being seen at all, or in lists.
    pub fn is_about_lists(&self) -> bool {
        !matches!(self.kind, MarkerKind::NoIndex | MarkerKind::InSitemap)
    }

    /// Whether it says what cannot be read, about something that must not be guessed.
    pub fn is_in_doubt(&self) -> bool {
        self.is_about_lists() && self.reading() == Reading::Unreadable
    }

    /// Whether the marker says that the post is to leave the lists, or says what cannot be read.
    pub fn withdraws_or_is_in_doubt(&self) -> bool {
        self.surely_withdraws() || self.is_in_doubt()
    }

    /// Whether the marker, read without doubt, says that the post is to leave the lists.
    pub fn surely_withdraws(&self) -> bool {
        self.surely_unlists() || self.surely_hides()
    }

    /// Whether the marker, read without doubt, says that the post is in no list.
    pub fn surely_unlists(&self) -> bool {
        matches!(
            (self.kind, self.reading()),
            (MarkerKind::Unlists, Reading::True) | (MarkerKind::Lists, Reading::False)
        )
    }

    /// Whether the marker, read without doubt, says that the post is not to be seen.
    pub fn surely_hides(&self) -> bool {
        matches!(
            (self.kind, self.reading()),
            (MarkerKind::Hides | MarkerKind::Says, Reading::True)
                | (MarkerKind::Shows, Reading::False)
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
    fn letters_that_look_the_same_are_meant_the_same() {
        // The third letter is Cyrillic, and so are two of the next.
        for name in ["hi\u{501}ePost", "dr\u{430}ft", "hid\u{435}P\u{43e}st"] {
            assert_eq!(MarkerKind::of(name), Some(MarkerKind::Hides), "{name}");
        }
        for name in ["тайна", "скрыто", "brouillon"] {
            assert_eq!(MarkerKind::of(name), None, "{name}");
        }
        assert_eq!(MarkerKind::nearest("hidPost"), Some("hidePost"));
        assert_eq!(MarkerKind::nearest("drafts"), Some("draft"));
        assert_eq!(MarkerKind::nearest("title"), None);
    }

    #[test]
    fn a_state_in_a_word_is_a_marker_where_it_is_unready() {
        assert_eq!(
            MarkerKind::of_state("Status", "\"Draft\""),
            Some(MarkerKind::Says)
        );
        assert_eq!(
            MarkerKind::of_state("status", "unlisted"),
            Some(MarkerKind::Lists)
        );
        assert_eq!(MarkerKind::of_state("status", "published"), None);
        assert_eq!(MarkerKind::of_state("title", "draft"), None);
    }

    #[test]
    fn words_of_tools_are_read_where_they_are_written() {
        let read = |kind, value: &str| {
            Marker {
                field: String::new(),
                value: value.into(),
                line: None,
                kind,
            }
            .reading()
        };
        assert_eq!(read(MarkerKind::Lists, "local"), Reading::False);
        assert_eq!(read(MarkerKind::Shows, "never"), Reading::False);
        assert_eq!(read(MarkerKind::Shows, "always"), Reading::True);
        assert_eq!(read(MarkerKind::Hides, "never"), Reading::Unreadable);
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
