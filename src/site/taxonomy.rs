//! Labels into slugs, and entries into the groups that have feeds of their own.

use std::collections::BTreeMap;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::UnicodeSegmentation as _;

use super::entry::Entry;
use crate::fingerprint;

/// A category or author name, with the part of a path that stands for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Term {
    /// The name as it is shown.
    pub label: String,
    /// The name in paths.
    pub slug: String,
}

impl Term {
    /// The term of a label.
    pub fn new(label: &str) -> Term {
        Term {
            label: label.to_owned(),
            slug: slug(label),
        }
    }
}

/// A label in paths: letters and digits of any script in lower case, the rest one hyphen.
///
/// `News & Announcements` is `news-announcements`, `C++` is `c-plus-plus` and `C#` is `c-sharp`,
/// for those three are not one thing. A label without any letter gets a name made of its bytes.
pub fn slug(label: &str) -> String {
    let label: String = label.nfc().collect();
    let mut slug = String::new();
    let mut push_word = |word: &str, apart: bool| {
        if apart && !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        slug.push_str(word);
    };
    let mut after_letter = false;
    let mut pending = false;
    for grapheme in label.graphemes(true) {
        // Marks belong to the letter before them and are not letters of their own.
        let is_letter = grapheme.chars().next().is_some_and(char::is_alphanumeric);
        match grapheme {
            "+" if after_letter => {
                push_word("plus", true);
                pending = true;
            }
            "#" if after_letter => {
                push_word("sharp", true);
                pending = true;
            }
            // `Don't` is one word.
            "'" | "’" if after_letter => {}
            _ if is_letter => {
                push_word(&grapheme.to_lowercase(), pending);
                pending = false;
                after_letter = true;
            }
            _ => {
                pending = true;
                after_letter = false;
            }
        }
    }
    if slug.is_empty() {
        let mut name = fingerprint::hex(label.as_bytes());
        name.truncate(12);
        return name;
    }
    slug
}

/// Entries by term, each group in the order of the entries. A slug that several labels share is
/// one group, under the label of its newest entry.
pub(super) fn group<'a>(
    entries: &'a [Arc<Entry>],
    terms: impl Fn(&'a Entry) -> &'a [Term],
) -> BTreeMap<&'a str, (&'a Term, Vec<Arc<Entry>>)> {
    let mut groups: BTreeMap<&str, (&Term, Vec<Arc<Entry>>)> = BTreeMap::new();
    for entry in entries {
        for term in terms(entry) {
            let (_, group) = groups
                .entry(&term.slug)
                .or_insert_with(|| (term, Vec::new()));
            if group.last().is_none_or(|last| !Arc::ptr_eq(last, entry)) {
                group.push(Arc::clone(entry));
            }
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn slugs_of_any_script() {
        for (label, expected) in [
            ("News & Announcements", "news-announcements"),
            ("  Kata   Containers ", "kata-containers"),
            ("C++", "c-plus-plus"),
            ("C#", "c-sharp"),
            ("C", "c"),
            ("KubeCon + CloudNativeCon", "kubecon-cloudnativecon"),
            ("Don’t panic", "dont-panic"),
            ("Объявления", "объявления"),
            ("हिन्दी समाचार", "हिन्दी-समाचार"),
            ("日本語", "日本語"),
            ("Cafe\u{301}", "café"),
            ("2024/25", "2024-25"),
        ] {
            assert_eq!(slug(label), expected, "{label}");
        }
        assert_eq!(slug("🎉").len(), 12);
        assert_ne!(slug("🎉"), slug("🎈"));
    }

    proptest! {
        #[test]
        fn a_slug_is_never_empty_nor_more_than_one_segment(label in any::<String>()) {
            let slug = slug(&label);
            prop_assert!(!slug.is_empty());
            prop_assert!(!slug.contains(['/', '?', '#', '%', ' ', '.']));
        }
    }
}
