//! Strings made fit for every output: what XML forbids dropped, blanks tidied, cut at a grapheme.
//!
//! Knows of nothing but text, so that every room may use it.

use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::fingerprint;

/// Whether XML 1.0 §2.2 allows the character. What it forbids cannot even be written as a
/// reference, and one such character makes a whole feed unreadable.
pub fn is_xml_char(character: char) -> bool {
    matches!(character,
        '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Whether there may be a character that XML forbids: a control character, or one of the last of
/// Unicode's first plane, whose first byte is that of a few others.
pub fn may_have_forbidden(text: &str) -> bool {
    let is = |byte: u8| (byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r')) || byte == 0xef;
    // All of a block at once, which a machine does faster than one after the other.
    let in_block = |block: &[u8]| block.iter().fold(false, |found, byte| found | is(*byte));
    text.as_bytes().chunks(256).any(in_block)
}

/// Drops the characters that XML forbids.
pub fn clean(text: String) -> String {
    if !may_have_forbidden(&text) || text.chars().all(is_xml_char) {
        text
    } else {
        text.chars().filter(|c| is_xml_char(*c)).collect()
    }
}

/// Whether a text is surely on one line as it stands: ASCII, words with one space between them.
fn is_one_line(text: &str) -> bool {
    let mut before = b' ';
    let is_plain = text.bytes().all(|byte| {
        let is = (byte > b' ' && byte < 0x7f) || (byte == b' ' && before != b' ');
        before = byte;
        is
    });
    is_plain && (before != b' ' || text.is_empty())
}

/// Plain text on one line: runs of blanks and line breaks become one space, none at the ends.
pub fn one_line(text: &str) -> String {
    if is_one_line(text) {
        return text.to_owned();
    }
    let mut line = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        let before = line.len();
        if may_have_forbidden(word) {
            line.extend(word.chars().filter(|c| is_xml_char(*c)));
        } else {
            line.push_str(word);
        }
        // Of a word that nothing is left of there is no blank either.
        if before > 0 && line.len() > before {
            line.insert(before, ' ');
        }
    }
    line
}

/// `1 post`, `2 posts`.
pub fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Writes a text as a basic string of TOML, on one line and without control characters.
pub fn toml_string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            _ if character.is_control() => {
                quoted.push_str(&format!("\\u{:04X}", u32::from(character)));
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// At most `most` graphemes; what is cut ends at a word where one ends near, with an ellipsis.
pub fn cut(text: &str, most: usize) -> String {
    // No grapheme is less than a byte.
    if text.len() <= most || text.graphemes(true).count() <= most {
        return text.to_owned();
    }
    let head: String = text.graphemes(true).take(most.saturating_sub(1)).collect();
    // A word boundary is looked for in the last quarter only; scripts without blanks have none.
    let word_end = head.rfind(' ').filter(|at| *at >= head.len() * 3 / 4);
    let kept = word_end.and_then(|at| head.get(..at)).unwrap_or(&head);
    let kept = kept.trim_end_matches(|c: char| c.is_whitespace() || ",;:–—-".contains(c));
    format!("{kept}…")
}

/// At most so many bytes as HTML or JSON writes it, cut at a grapheme, with an ellipsis.
pub fn bounded(text: &str, most: usize) -> String {
    if written_length(text) <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub('…'.len_utf8());
    let mut kept = String::new();
    let mut length = 0;
    for grapheme in text.graphemes(true) {
        length += written_length(grapheme);
        if length > room {
            break;
        }
        kept.push_str(grapheme);
    }
    format!("{}…", kept.trim_end())
}

/// How many bytes a text has as HTML or JSON writes it, at most.
pub fn written_length(text: &str) -> usize {
    text.bytes()
        .map(|byte| if b"&<>\"".contains(&byte) { 6 } else { 1 })
        .sum()
}

/// Whether a text has the form of a BCP 47 language tag.
pub fn is_language_tag(tag: &str) -> bool {
    let fits = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    let begins = tag.split('-').next().is_some_and(|language| {
        (2..=8).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_alphabetic())
    });
    begins && tag.len() <= 35 && tag.split('-').all(fits)
}

/// Whether a text has the form of an e-mail address that a feed can show.
pub fn is_email(text: &str) -> bool {
    let clean = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_alphanumeric() || "._%+-".contains(c))
    };
    text.split_once('@')
        .is_some_and(|(user, host)| clean(user) && clean(host) && host.contains('.'))
}

/// An X account as people write it (`@name`, `name`, `https://x.com/name`), to the bare name.
pub fn x_account(text: &str) -> Option<String> {
    let name = text.trim().trim_end_matches('/').rsplit('/').next()?;
    let name = name.trim().trim_start_matches('@');
    let fits = (1..=15).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    fits.then(|| name.to_owned())
}

/// A fediverse account, as `@user@host`.
pub fn fediverse_account(text: &str) -> Option<String> {
    let account = text.trim().trim_start_matches('@');
    let (user, host) = account.split_once('@')?;
    let clean = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_alphanumeric() || "._-".contains(c))
    };
    (clean(user) && clean(host) && host.contains('.')).then(|| format!("@{account}"))
}

/// The longest part of a path that is made of a label.
const SLUG_CHARS: usize = 80;

/// Whether a character, found within a letter's grapheme, belongs to the letter.
fn is_mark(character: char) -> bool {
    !character.is_ascii() && !character.is_control() && !character.is_whitespace()
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
                // Some letters join with what comes after them, be it a full stop.
                let letters = grapheme
                    .chars()
                    .filter(|c| c.is_alphanumeric() || is_mark(*c));
                push_word(
                    &letters.flat_map(char::to_lowercase).collect::<String>(),
                    pending,
                );
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
    if slug.chars().count() <= SLUG_CHARS {
        return slug;
    }
    // A path has to fit into a request; the bytes of the label tell long ones apart.
    let mut name = fingerprint::hex(label.as_bytes());
    name.truncate(12);
    let head: String = slug.chars().take(SLUG_CHARS).collect();
    format!("{}-{name}", head.trim_end_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_xml_forbids_is_dropped() {
        let text = "a\u{0}b\u{b}c\u{1f}d\u{fffe}e\u{ffff}f\tg\nh\u{10ffff}".to_owned();
        assert_eq!(clean(text), "abcdef\tg\nh\u{10ffff}");
    }

    #[test]
    fn a_bound_in_bytes_never_splits_a_grapheme() {
        assert_eq!(bounded("short", 5), "short");
        assert_eq!(bounded("e\u{301}e\u{301}e\u{301}", 8), "e\u{301}…");
        assert_eq!(bounded("\"\"\"", 17), "\"\"…");
    }

    #[test]
    fn blanks_are_tidied() {
        assert_eq!(one_line("  a \n\u{a0} b\u{b}\tc "), "a b c");
        assert_eq!(one_line(" \t "), "");
    }

    #[test]
    fn a_cut_never_splits_a_grapheme_and_prefers_a_word() {
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("one two three four", 16), "one two three…");
        assert_eq!(cut("👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 2), "👩‍👩‍👧‍👦…");
        assert_eq!(cut("日本語の長い文章です", 4), "日本語…");
        assert_eq!(cut("one two, three", 10), "one two…");
    }

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
            ("\u{113d1}.", "\u{113d1}"),
        ] {
            assert_eq!(slug(label), expected, "{label}");
        }
        assert_eq!(slug("🎉").len(), 12);
        let long = |tail: &str| slug(&format!("{}{tail}", "a".repeat(30_000)));
        assert_eq!(long("").len(), 93);
        assert_ne!(long(""), long("b"));
        assert_ne!(slug("🎉"), slug("🎈"));
    }

    proptest! {
        #[test]
        fn a_line_is_its_words_with_one_space_between_them(text in "[ -~]{0,12}|[ a\\x01]{0,8}|[ a\\x00-\\x7fé\u{a0}]{0,8}") {
            let words: Vec<String> = text
                .split_whitespace()
                .map(|word| word.chars().filter(|c| is_xml_char(*c)).collect::<String>())
                .filter(|word| !word.is_empty())
                .collect();
            prop_assert_eq!(one_line(&text), words.join(" "));
        }

        #[test]
        fn a_slug_is_never_empty_nor_more_than_one_segment(label in any::<String>()) {
            let slug = slug(&label);
            prop_assert!(!slug.is_empty());
            prop_assert!(!slug.contains(['/', '?', '#', '%', ' ', '.']));
        }
    }

    #[test]
    fn accounts_are_read_as_people_write_them() {
        for text in [
            "@OpenSite",
            "OpenSite ",
            "twitter.com/OpenSite",
            "https://x.com/OpenSite/",
        ] {
            assert_eq!(x_account(text).as_deref(), Some("OpenSite"), "{text}");
        }
        for text in ["@", "two words", "waytoolongforanaccount", "a\"b"] {
            assert_eq!(x_account(text), None, "{text}");
        }
        assert_eq!(
            fediverse_account("user@social.example").as_deref(),
            Some("@user@social.example")
        );
        assert_eq!(fediverse_account("@user"), None);
        assert_eq!(fediverse_account("@a@b\"@c.d"), None);
    }

    #[test]
    fn language_tags_and_addresses_have_a_form() {
        for tag in ["en", "pt-BR", "zh-Hant-TW", "ast"] {
            assert!(is_language_tag(tag), "{tag}");
        }
        for tag in [
            "",
            "-",
            "e",
            "en-",
            "en_US",
            "english language",
            "1a",
            "en-waytoolongpart",
        ] {
            assert!(!is_language_tag(tag), "{tag}");
        }
        assert!(
            is_email("a.b+c@example.org")
                && !is_email("nope")
                && !is_email("a@b")
                && !is_email("a @b.c")
        );
    }
}
