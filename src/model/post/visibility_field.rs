//! Interprets the front matter fields that say whether a post may be seen.

/// Front matter field that says whether a post may be seen.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VisibilityField {
    /// Field name, as written.
    pub field: String,
    /// Value, as written.
    pub value: String,
    /// Line of the field; `None` if it comes from elsewhere than the post's file.
    pub line: Option<usize>,
    /// Effect of the field.
    pub effect: VisibilityEffect,
}

/// Effect of a visibility field when its value is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VisibilityEffect {
    /// Hides the post: `hidePost`, `draft`.
    Hides,
    /// Shows the post: `published`, `visible`.
    Shows,
    /// Hides the post regardless of the value: `status: draft`.
    AlwaysHides,
    /// State that is not known to mean public: `status: stable`. It is always ambiguous.
    UnknownState,
    /// Restricts the readers of the post: `password`, `membersOnly`.
    Restricts,
    /// Removes the post from all lists: `unlisted`.
    Unlists,
    /// Includes the post in lists: Hugo's `build.list`.
    Lists,
    /// Asks search engines not to index the post: `noindex`.
    NoIndex,
    /// Includes the post in the sitemap: `sitemap`.
    InSitemap,
    /// Keeps the post out of all feeds: `excludeFromFeed`.
    OutOfFeeds,
    /// Includes the post in the feeds: `feed`, `rss`.
    InFeeds,
}

/// Meaning of a visibility field's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlagValue {
    /// A word for yes.
    True,
    /// A word for no.
    False,
    /// Neither of the two, and therefore ambiguous.
    Unreadable,
}

/// States of a post that everybody may see.
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
/// States of a post that must not be seen.
const HIDDEN_STATES: [&str; 17] = [
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

impl VisibilityEffect {
    /// Returns the effect of a state; `None` if it means public. Blanks, `-` and `_` are ignored:
    /// `in_review` equals `in review`.
    pub fn from_state(value: &str) -> Option<VisibilityEffect> {
        let letters: String = value.chars().filter(|c| c.is_alphanumeric()).collect();
        let is = |words: &[&str]| words.iter().any(|word| letters.eq_ignore_ascii_case(word));
        if is(&PUBLIC_STATES) || is(&TRUE_WORDS) {
            None
        } else if is(&HIDDEN_STATES) || is(&FALSE_WORDS) {
            Some(VisibilityEffect::AlwaysHides)
        } else if is(&["unlisted"]) {
            Some(VisibilityEffect::Lists)
        } else {
            Some(VisibilityEffect::UnknownState)
        }
    }

    /// Returns true if a truncated value may be the beginning of one that shows the post.
    pub fn may_begin_to_show(self, value: &str) -> bool {
        let value = value.to_ascii_lowercase();
        let begins = |words: &[&str]| words.iter().any(|word| word.starts_with(&value));
        match self {
            VisibilityEffect::Shows | VisibilityEffect::Lists | VisibilityEffect::InFeeds => {
                begins(&TRUE_WORDS)
            }
            VisibilityEffect::UnknownState => begins(&PUBLIC_STATES) || begins(&TRUE_WORDS),
            VisibilityEffect::Restricts => value.is_empty() || begins(&FALSE_WORDS),
            _ => begins(&FALSE_WORDS),
        }
    }
}

const TRUE_WORDS: [&str; 4] = ["true", "yes", "on", "1"];
const FALSE_WORDS: [&str; 4] = ["false", "no", "off", "0"];

impl VisibilityField {
    /// Parses the value: `true`, `yes`, `on`, `1` and their opposites, quoted or not, in any case.
    /// `always`, `never` and similar words count for fields in which generators write them. Any
    /// value of a lock counts as true, unless it is empty or a word for no.
    pub fn parse_value(&self) -> FlagValue {
        let value = self.value.trim().trim_matches(['"', '\'']).trim();
        let is = |words: &[&str]| words.iter().any(|word| value.eq_ignore_ascii_case(word));
        if self.effect == VisibilityEffect::Restricts {
            let is_none = is(&["", "null", "~", "none"]) || is(&FALSE_WORDS);
            return if is_none {
                FlagValue::False
            } else {
                FlagValue::True
            };
        }
        let (also_true, also_false): (&[&str], &[&str]) = match self.effect {
            VisibilityEffect::AlwaysHides => return FlagValue::True,
            VisibilityEffect::UnknownState => return FlagValue::Unreadable,
            VisibilityEffect::Shows => (&["always"], &["never", "link"]),
            VisibilityEffect::Lists => (&["always"], &["never", "local", "unlisted"]),
            VisibilityEffect::InFeeds => (&["always"], &["never", "none"]),
            _ => (&[], &[]),
        };
        if is(&TRUE_WORDS) || is(also_true) {
            FlagValue::True
        } else if is(&FALSE_WORDS) || is(also_false) {
            FlagValue::False
        } else {
            FlagValue::Unreadable
        }
    }

    /// Returns true if the field decides whether the post is seen at all, or in lists.
    pub fn affects_visibility(&self) -> bool {
        !self.affects_feeds()
            && !matches!(
                self.effect,
                VisibilityEffect::NoIndex | VisibilityEffect::InSitemap
            )
    }

    /// Returns true if the field decides only whether the post is in feeds.
    pub fn affects_feeds(&self) -> bool {
        matches!(
            self.effect,
            VisibilityEffect::OutOfFeeds | VisibilityEffect::InFeeds
        )
    }

    /// Returns true if the field keeps the post out of feeds, or if its value is unreadable: readers keep what a feed
    /// had once.
    pub fn leaves_feeds(&self) -> bool {
        let shown = match self.effect {
            VisibilityEffect::OutOfFeeds => FlagValue::False,
            _ => FlagValue::True,
        };
        self.affects_feeds() && self.parse_value() != shown
    }

    /// Returns true if the value is unreadable and a wrong guess could publish the post.
    pub fn is_ambiguous(&self) -> bool {
        self.affects_visibility() && self.parse_value() == FlagValue::Unreadable
    }

    /// Returns true if the field removes the post from lists, or is ambiguous.
    pub fn may_unpublish(&self) -> bool {
        self.unpublishes_post() || self.is_ambiguous()
    }

    /// Returns true if the field unambiguously removes the post from lists or hides it.
    pub fn unpublishes_post(&self) -> bool {
        self.unlists_post() || self.hides_post()
    }

    /// Returns true if the field unambiguously removes the post from all lists.
    pub fn unlists_post(&self) -> bool {
        matches!(
            (self.effect, self.parse_value()),
            (VisibilityEffect::Unlists, FlagValue::True)
                | (VisibilityEffect::Lists, FlagValue::False)
        )
    }

    /// Returns true if the field unambiguously hides the post.
    pub fn hides_post(&self) -> bool {
        matches!(
            (self.effect, self.parse_value()),
            (
                VisibilityEffect::Hides
                    | VisibilityEffect::AlwaysHides
                    | VisibilityEffect::Restricts,
                FlagValue::True
            ) | (VisibilityEffect::Shows, FlagValue::False)
        )
    }

    /// Returns true if the value clearly says that the post is not shown, or not in feeds. A field that may also hold an
    /// address is a marker only then.
    pub fn is_false_marker(&self) -> bool {
        self.hides_post() || self.affects_feeds() && self.parse_value() == FlagValue::False
    }

    /// Returns true if the post is hidden even if hidden posts may have a card: the field is
    /// ambiguous or a lock.
    pub fn hides_card(&self) -> bool {
        self.is_ambiguous() || (self.effect == VisibilityEffect::Restricts && self.hides_post())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_other_than_public_are_visibility_fields() {
        for word in [
            "Draft",
            "in_review",
            "in review",
            "Pending-Review",
            "false",
            "0",
        ] {
            assert_eq!(
                VisibilityEffect::from_state(word),
                Some(VisibilityEffect::AlwaysHides),
                "{word}"
            );
        }
        for word in ["", "stable", "members", "{…}"] {
            assert_eq!(
                VisibilityEffect::from_state(word),
                Some(VisibilityEffect::UnknownState),
                "{word}"
            );
        }
        for word in ["published", "PUBLIC", "live", "true"] {
            assert_eq!(VisibilityEffect::from_state(word), None, "{word}");
        }
        assert_eq!(
            VisibilityEffect::from_state("unlisted"),
            Some(VisibilityEffect::Lists)
        );
    }

    #[test]
    fn any_value_but_empty_or_no_is_lock() {
        let reads = |value: &str| {
            VisibilityField {
                field: "password".to_owned(),
                value: value.to_owned(),
                line: None,
                effect: VisibilityEffect::Restricts,
            }
            .parse_value()
        };
        for value in ["hello", "true", "…", "2", "maybe"] {
            assert_eq!(reads(value), FlagValue::True, "{value}");
        }
        for value in ["", "''", "null", "~", "false", "No", "0"] {
            assert_eq!(reads(value), FlagValue::False, "{value}");
        }
    }

    #[test]
    fn generator_words_count_only_in_their_fields() {
        let read = |kind, value: &str| {
            VisibilityField {
                field: String::new(),
                value: value.into(),
                line: None,
                effect: kind,
            }
            .parse_value()
        };
        assert_eq!(read(VisibilityEffect::Lists, "local"), FlagValue::False);
        assert_eq!(read(VisibilityEffect::Shows, "never"), FlagValue::False);
        assert_eq!(read(VisibilityEffect::Shows, "always"), FlagValue::True);
        assert_eq!(
            read(VisibilityEffect::Hides, "never"),
            FlagValue::Unreadable
        );
    }

    #[test]
    fn booleans_are_parsed_ignoring_case_and_quotes() {
        let read = |value: &str| {
            VisibilityField {
                field: "draft".into(),
                value: value.into(),
                line: None,
                effect: VisibilityEffect::Hides,
            }
            .parse_value()
        };
        for yes in ["true", "TRUE", " Yes ", "'on'", "\"1\"", "True\t"] {
            assert_eq!(read(yes), FlagValue::True, "{yes}");
        }
        for no in ["false", "No", "off", "0", "'FALSE'"] {
            assert_eq!(read(no), FlagValue::False, "{no}");
        }
        for doubt in ["", "ture", "null", "~", "maybe", "2", "[]", "y"] {
            assert_eq!(read(doubt), FlagValue::Unreadable, "{doubt}");
        }
    }
}
