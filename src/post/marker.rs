//! What a post says of whether it may be seen: names and values as written, and how each is read.

/// A field that says whether a post may be seen.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MarkerKind {
    /// The post is not to be seen: `hidePost`, `draft`.
    Hides,
    /// The post is to be seen: `published`, `visible`.
    Shows,
    /// The post is not to be seen, whatever the value: `status: draft`.
    Says,
    /// A word for a state that is not known to mean public: `status: stable`. It is always in doubt.
    State,
    /// Not everybody may read the post: `password`, `membersOnly`.
    Locks,
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

/// The words for the state of a post that everybody may see.
const PUBLIC_STATES: [&str; 15] = [
    "public",
    "publish",
    "published",
    "live",
    "visible",
    "listed",
    "active",
    "online",
    "released",
    "everyone",
    "everybody",
    "anyone",
    "all",
    "open",
    "free",
];
/// The words for the state of a post that is not to be seen.
const UNREADY_STATES: [&str; 17] = [
    "draft",
    "drafted",
    "wip",
    "future",
    "trash",
    "trashed",
    "deleted",
    "review",
    "inreview",
    "pendingreview",
    "unpublish",
    "unpublished",
    "private",
    "hidden",
    "pending",
    "scheduled",
    "protected",
];

impl MarkerKind {
    /// What a word for the state of a post marks; `None` where it means public. Blanks, `-` and `_`
    /// in it do not count: `in_review` is `in review`.
    pub fn of_state(value: &str) -> Option<MarkerKind> {
        let letters: String = value.chars().filter(|c| c.is_alphanumeric()).collect();
        let is = |words: &[&str]| words.iter().any(|word| letters.eq_ignore_ascii_case(word));
        if is(&PUBLIC_STATES) || is(&TRUE_WORDS) {
            None
        } else if is(&UNREADY_STATES) || is(&FALSE_WORDS) {
            Some(MarkerKind::Says)
        } else if is(&["unlisted"]) {
            Some(MarkerKind::Lists)
        } else {
            Some(MarkerKind::State)
        }
    }

    /// Whether text that ends within a value may be the beginning of one that shows the post.
    pub fn begins_to_show(self, value: &str) -> bool {
        let value = value.to_ascii_lowercase();
        let begins = |words: &[&str]| words.iter().any(|word| word.starts_with(&value));
        match self {
            MarkerKind::Shows | MarkerKind::Lists => begins(&TRUE_WORDS),
            MarkerKind::State => begins(&PUBLIC_STATES) || begins(&TRUE_WORDS),
            MarkerKind::Locks => value.is_empty() || begins(&FALSE_WORDS),
            _ => begins(&FALSE_WORDS),
        }
    }
}

const TRUE_WORDS: [&str; 4] = ["true", "yes", "on", "1"];
const FALSE_WORDS: [&str; 4] = ["false", "no", "off", "0"];

impl Marker {
    /// Reads the value: `true`, `yes`, `on`, `1` and their opposites, quoted or not, in any case;
    /// `always`, `never` and their like where a tool writes them. Whatever stands under a lock's name
    /// is one, unless it is empty or a word for no.
    pub fn reading(&self) -> Reading {
        let value = self.value.trim().trim_matches(['"', '\'']).trim();
        let is = |words: &[&str]| words.iter().any(|word| value.eq_ignore_ascii_case(word));
        if self.kind == MarkerKind::Locks {
            let is_none = is(&["", "null", "~", "none"]) || is(&FALSE_WORDS);
            return if is_none {
                Reading::False
            } else {
                Reading::True
            };
        }
        let (also_true, also_false): (&[&str], &[&str]) = match self.kind {
            MarkerKind::Says => return Reading::True,
            MarkerKind::State => return Reading::Unreadable,
            MarkerKind::Shows => (&["always"], &["never", "link"]),
            MarkerKind::Lists => (&["always"], &["never", "local", "unlisted"]),
            _ => (&[], &[]),
        };
        if is(&TRUE_WORDS) || is(also_true) {
            Reading::True
        } else if is(&FALSE_WORDS) || is(also_false) {
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
            (
                MarkerKind::Hides | MarkerKind::Says | MarkerKind::Locks,
                Reading::True
            ) | (MarkerKind::Shows, Reading::False)
        )
    }

    /// Whether the post is hidden even where hidden posts have a card: in doubt, or locked.
    pub fn hides_its_card(&self) -> bool {
        self.is_in_doubt() || (self.kind == MarkerKind::Locks && self.surely_hides())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_that_do_not_mean_public_are_markers() {
        for word in [
            "Draft",
            "in_review",
            "in review",
            "Pending-Review",
            "false",
            "0",
        ] {
            assert_eq!(MarkerKind::of_state(word), Some(MarkerKind::Says), "{word}");
        }
        for word in ["", "stable", "members", "{…}"] {
            assert_eq!(
                MarkerKind::of_state(word),
                Some(MarkerKind::State),
                "{word}"
            );
        }
        for word in ["published", "PUBLIC", "live", "true"] {
            assert_eq!(MarkerKind::of_state(word), None, "{word}");
        }
        assert_eq!(MarkerKind::of_state("unlisted"), Some(MarkerKind::Lists));
    }

    #[test]
    fn a_lock_is_whatever_is_not_empty() {
        let reads = |value: &str| {
            let kind = MarkerKind::Locks;
            let (field, value) = ("password".to_owned(), value.to_owned());
            let line = None;
            Marker {
                field,
                value,
                line,
                kind,
            }
            .reading()
        };
        for value in ["hello", "true", "…", "2", "maybe"] {
            assert_eq!(reads(value), Reading::True, "{value}");
        }
        for value in ["", "''", "null", "~", "false", "No", "0"] {
            assert_eq!(reads(value), Reading::False, "{value}");
        }
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
