//! Prepares strings for every output: drops characters that XML forbids, collapses whitespace, truncates.
//!
//! Depends on nothing but text, so that every module may use it.

pub(crate) mod code_fences;
pub(crate) mod code_spans;
pub(crate) mod escapes;
pub(crate) mod excerpt_mark;
pub(crate) mod secret_lines;

use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::hash;

/// Returns true if XML 1.0 §2.2 allows the character. A forbidden one cannot even be written as a
/// character reference, and a single one makes a whole feed unreadable.
pub fn is_xml_char(character: char) -> bool {
    matches!(character,
        '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Returns true if the text may contain a character that XML forbids.
///
/// Finds control characters exactly, and U+FFFE and U+FFFF by their first byte, which a few allowed
/// characters share.
pub fn may_have_forbidden_chars(text: &str) -> bool {
    let is = |byte: u8| (byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r')) || byte == 0xef;
    // Checks whole blocks without early exit, which the compiler vectorizes.
    let in_block = |block: &[u8]| block.iter().fold(false, |found, byte| found | is(*byte));
    text.as_bytes().chunks(256).any(in_block)
}

/// Drops the characters that XML forbids.
pub fn strip_forbidden_chars(text: String) -> String {
    if !may_have_forbidden_chars(&text) || text.chars().all(is_xml_char) {
        text
    } else {
        text.chars().filter(|c| is_xml_char(*c)).collect()
    }
}

/// Returns true if the text is ASCII words with single spaces between them, so that it needs no change.
fn is_one_line(text: &str) -> bool {
    let mut before = b' ';
    let is_plain = text.bytes().all(|byte| {
        let is = (byte > b' ' && byte < 0x7f) || (byte == b' ' && before != b' ');
        before = byte;
        is
    });
    is_plain && (before != b' ' || text.is_empty())
}

/// Collapses each run of whitespace to one space, trims both ends and drops characters that XML forbids.
pub fn collapse_whitespace(text: &str) -> String {
    if is_one_line(text) {
        return text.to_owned();
    }
    let mut line = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        let before = line.len();
        if may_have_forbidden_chars(word) {
            line.extend(word.chars().filter(|c| is_xml_char(*c)));
        } else {
            line.push_str(word);
        }
        // A word with no allowed characters gets no space either.
        if before > 0 && line.len() > before {
            line.insert(before, ' ');
        }
    }
    line
}

/// Formats a count with its noun: `1 post`, `2 posts`.
pub fn pluralize_count(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Quotes a text as a TOML basic string, on one line and without control characters.
pub fn quote_toml_string(text: &str) -> String {
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

/// Returns at most `max_bytes` bytes from the start of a text, cut at a character boundary.
pub(crate) fn first_bytes(text: &str, max_bytes: usize) -> &str {
    text.split_at(text.floor_char_boundary(max_bytes)).0
}

/// Truncates a text to `max_graphemes`, at a word boundary if one is near, and adds an ellipsis.
pub fn truncate_graphemes(text: &str, max_graphemes: usize) -> String {
    // A grapheme has at least one byte.
    if text.len() <= max_graphemes || text.graphemes(true).count() <= max_graphemes {
        return text.to_owned();
    }
    let head: String = text
        .graphemes(true)
        .take(max_graphemes.saturating_sub(1))
        .collect();
    // A word boundary counts in the last quarter only; scripts without spaces have none.
    let word_end = head.rfind(' ').filter(|at| *at >= head.len() * 3 / 4);
    let kept = word_end.and_then(|at| head.get(..at)).unwrap_or(&head);
    let kept = kept.trim_end_matches(|c: char| c.is_whitespace() || ",;:–—-".contains(c));
    format!("{kept}…")
}

/// Truncates a text to `max_bytes` as encoded in HTML or JSON, at a grapheme, and adds an ellipsis.
pub fn truncate_encoded(text: &str, max_bytes: usize) -> String {
    if max_encoded_len(text) <= max_bytes {
        return text.to_owned();
    }
    let room = max_bytes.saturating_sub('…'.len_utf8());
    let mut kept = String::new();
    let mut length = 0;
    for grapheme in text.graphemes(true) {
        length += max_encoded_len(grapheme);
        if length > room {
            break;
        }
        kept.push_str(grapheme);
    }
    format!("{}…", kept.trim_end())
}

/// Returns an upper bound of the bytes of a text when encoded in HTML or JSON.
pub fn max_encoded_len(text: &str) -> usize {
    text.bytes()
        .map(|byte| if b"&<>\"".contains(&byte) { 6 } else { 1 })
        .sum()
}

/// Returns true if the text has the form of a BCP 47 language tag.
pub fn is_language_tag(tag: &str) -> bool {
    let fits = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    let begins = tag.split('-').next().is_some_and(|language| {
        (2..=8).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_alphabetic())
    });
    begins && tag.len() <= 35 && tag.split('-').all(fits)
}

/// Returns true if two BCP 47 tags name the same language, as `en` and `en-US` do.
pub fn is_same_language(tag: &str, other: &str) -> bool {
    let primary = |tag: &str| tag.split(['-', '_']).next().map(str::to_ascii_lowercase);
    primary(tag) == primary(other)
}

/// Returns true if the text has the form of an e-mail address that a feed can show.
pub fn is_email_address(text: &str) -> bool {
    let clean = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_alphanumeric() || "._%+-".contains(c))
    };
    text.split_once('@')
        .is_some_and(|(user, host)| clean(user) && clean(host) && host.contains('.'))
}

/// Returns a path without the extension of its file.
pub fn without_extension(path: &str) -> &str {
    let start = path.rfind('/').map_or(0, |at| at + 1);
    let name = path.get(start..).unwrap_or_default();
    match name.rfind('.').filter(|at| *at > 0) {
        Some(at) => path.get(..start + at).unwrap_or(path),
        None => path,
    }
}

/// Parses an X account (`@name`, `name`, `https://x.com/name`) and returns the bare name.
pub fn parse_x_account(text: &str) -> Option<String> {
    let name = text.trim().trim_end_matches('/').rsplit('/').next()?;
    let name = name.trim().trim_start_matches('@');
    let fits = (1..=15).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    fits.then(|| name.to_owned())
}

/// Parses a fediverse account and returns it as `@user@host`.
pub fn parse_fediverse_account(text: &str) -> Option<String> {
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

/// Splits a text at `,`, `;`, `&` and `and` if it clearly names persons: each with an address, or in full. `None` for
/// other texts, which generators take for one name: `Quay, Ada`, `Rope and Sons`, `Ada Quay, Editor`.
pub fn split_person_names(text: &str) -> Option<Vec<&str>> {
    let mut parts = Vec::new();
    let (mut from, mut depth, mut has_word) = (0, 0_usize, false);
    for (at, character) in text.char_indices() {
        match character {
            '(' | '[' | '<' => depth += 1,
            ')' | ']' | '>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let rest = text.get(at..).unwrap_or_default();
        let mut separators = [",", ";", " & ", " and "].into_iter();
        let separator = separators.find(|separator| rest.starts_with(separator));
        if let Some(separator) = separator.filter(|_| depth == 0 && at >= from) {
            parts.push(text.get(from..at).unwrap_or_default().trim());
            from = at + separator.len();
            has_word |= separator.len() > 1;
        }
    }
    parts.push(text.get(from..).unwrap_or_default().trim());
    parts.retain(|part| !part.is_empty());
    let has_address = |part: &&str| part.contains("](") || part.contains('<') || part.contains('@');
    let is_clear =
        parts.iter().all(has_address) || (has_word && parts.iter().all(|part| is_full_name(part)));
    is_clear.then_some(parts)
}

/// Returns true if a text has the form of a person's full name: two to four words, all but `de` and the like in capitals.
fn is_full_name(text: &str) -> bool {
    const PARTICLES: [&str; 11] = [
        "al", "bin", "da", "de", "del", "der", "di", "du", "la", "van", "von",
    ];
    let is_word = |word: &str| word.starts_with(char::is_uppercase) || PARTICLES.contains(&word);
    text.split_whitespace().all(is_word) && (2..=4).contains(&text.split_whitespace().count())
}

/// Maximum length of a slug before the hash that tells longer ones apart.
const MAX_SLUG_CHARS: usize = 80;

/// Returns true if a character in a letter's grapheme belongs to the letter.
fn is_part_of_letter(character: char) -> bool {
    !character.is_ascii() && !character.is_control() && !character.is_whitespace()
}

/// Makes a path segment from a label: letters and digits of any script in lower case, each other run a
/// hyphen.
///
/// `News & Announcements` becomes `news-announcements`. `C++` becomes `c-plus-plus` and `C#` becomes
/// `c-sharp`, so that they differ from `C`. A label without letters becomes a hash of its bytes.
pub fn slugify_label(label: &str) -> String {
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
        // Combining marks belong to the letter before them.
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
                // A grapheme may join a letter with the character after it, even a full stop.
                let letters = grapheme
                    .chars()
                    .filter(|c| c.is_alphanumeric() || is_part_of_letter(*c));
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
        let mut name = hash::blake3_hex(label.as_bytes());
        name.truncate(12);
        return name;
    }
    if slug.chars().count() <= MAX_SLUG_CHARS {
        return slug;
    }
    // A path must fit into a request line. The hash tells long labels apart.
    let mut name = hash::blake3_hex(label.as_bytes());
    name.truncate(12);
    let head: String = slug.chars().take(MAX_SLUG_CHARS).collect();
    format!("{}-{name}", head.trim_end_matches('-'))
}

/// Counts the bytes of a text for which `is` returns true. Works in blocks, which the compiler can vectorize.
pub(crate) fn count_bytes(text: &str, is: impl Fn(u8) -> bool) -> usize {
    // A block has at most 128 bytes, so its count fits in a byte.
    text.as_bytes()
        .chunks(128)
        .map(|block| {
            let count: u8 = block.iter().map(|byte| u8::from(is(*byte))).sum();
            usize::from(count)
        })
        .sum()
}

/// Begin and end of template parts: of Liquid and Nunjucks, of JavaScript, and of EJS.
const TEMPLATE_MARKS: [(&str, &str); 4] = [("{{", "}}"), ("{%", "%}"), ("${", "}"), ("<%", "%>")];

/// Finds the first template part of a text.
pub(crate) fn find_template_part(text: &str) -> Option<&str> {
    let found = TEMPLATE_MARKS
        .iter()
        .filter_map(|(begin, end)| Some((text.find(begin)?, *end)));
    let (at, end) = found.min()?;
    let part = text.get(at..)?;
    let len = part.find(end).map_or(part.len(), |at| at + end.len());
    part.get(..len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn forbidden_xml_characters_are_dropped() {
        let text = "a\u{0}b\u{b}c\u{1f}d\u{fffe}e\u{ffff}f\tg\nh\u{10ffff}".to_owned();
        assert_eq!(strip_forbidden_chars(text), "abcdef\tg\nh\u{10ffff}");
    }

    #[test]
    fn byte_limit_never_splits_a_grapheme() {
        assert_eq!(truncate_encoded("short", 5), "short");
        assert_eq!(truncate_encoded("e\u{301}e\u{301}e\u{301}", 8), "e\u{301}…");
        assert_eq!(truncate_encoded("\"\"\"", 17), "\"\"…");
    }

    #[test]
    fn whitespace_is_collapsed() {
        assert_eq!(collapse_whitespace("  a \n\u{a0} b\u{b}\tc "), "a b c");
        assert_eq!(collapse_whitespace(" \t "), "");
    }

    #[test]
    fn truncation_keeps_graphemes_and_prefers_words() {
        assert_eq!(truncate_graphemes("short", 5), "short");
        assert_eq!(
            truncate_graphemes("one two three four", 16),
            "one two three…"
        );
        assert_eq!(truncate_graphemes("👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 2), "👩‍👩‍👧‍👦…");
        assert_eq!(truncate_graphemes("日本語の長い文章です", 4), "日本語…");
        assert_eq!(truncate_graphemes("one two, three", 10), "one two…");
    }

    #[test]
    fn slugs_keep_letters_of_any_script() {
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
            assert_eq!(slugify_label(label), expected, "{label}");
        }
        assert_eq!(slugify_label("🎉").len(), 12);
        let long = |tail: &str| slugify_label(&format!("{}{tail}", "a".repeat(30_000)));
        assert_eq!(long("").len(), 93);
        assert_ne!(long(""), long("b"));
        assert_ne!(slugify_label("🎉"), slugify_label("🎈"));
    }

    proptest! {
        #[test]
        fn collapsed_text_is_its_words_joined_by_spaces(text in "[ -~]{0,12}|[ a\\x01]{0,8}|[ a\\x00-\\x7fé\u{a0}]{0,8}") {
            let words: Vec<String> = text
                .split_whitespace()
                .map(|word| word.chars().filter(|c| is_xml_char(*c)).collect::<String>())
                .filter(|word| !word.is_empty())
                .collect();
            prop_assert_eq!(collapse_whitespace(&text), words.join(" "));
        }

        #[test]
        fn slug_is_exactly_one_path_segment(label in any::<String>()) {
            let slug = slugify_label(&label);
            prop_assert!(!slug.is_empty());
            prop_assert!(!slug.contains(['/', '?', '#', '%', ' ', '.']));
        }
    }

    #[test]
    fn accounts_parse_in_all_common_forms() {
        for text in [
            "@OpenSite",
            "OpenSite ",
            "twitter.com/OpenSite",
            "https://x.com/OpenSite/",
        ] {
            assert_eq!(parse_x_account(text).as_deref(), Some("OpenSite"), "{text}");
        }
        for text in ["@", "two words", "waytoolongforanaccount", "a\"b"] {
            assert_eq!(parse_x_account(text), None, "{text}");
        }
        assert_eq!(
            parse_fediverse_account("user@social.example").as_deref(),
            Some("@user@social.example")
        );
        assert_eq!(parse_fediverse_account("@user"), None);
        assert_eq!(parse_fediverse_account("@a@b\"@c.d"), None);
    }

    #[test]
    fn text_is_split_only_if_it_clearly_names_persons() {
        for (text, expected) in [
            ("Ada Quay and Ben de Reef", &["Ada Quay", "Ben de Reef"][..]),
            (
                "Ada Quay, Ben Reef & Cy van Loo",
                &["Ada Quay", "Ben Reef", "Cy van Loo"],
            ),
            (
                "Ada Quay, Ben Reef, and Cy Loo",
                &["Ada Quay", "Ben Reef", "Cy Loo"],
            ),
            (
                "[Ada](/a) (Works, Ltd.), [Ben](/b)",
                &["[Ada](/a) (Works, Ltd.)", "[Ben](/b)"],
            ),
            (
                "Ada <a@e.org>; Ben <b@e.org>",
                &["Ada <a@e.org>", "Ben <b@e.org>"],
            ),
        ] {
            assert_eq!(
                split_person_names(text).as_deref(),
                Some(expected),
                "{text}"
            );
        }
        for text in [
            "Ada Quay",
            "Rope and Sons",
            "Department of Ports and Harbour Safety",
            "Quay, Ada",
            "Ada Quay, Editor in Chief",
        ] {
            assert_eq!(split_person_names(text), None, "{text}");
        }
    }

    #[test]
    fn language_tags_and_email_addresses_are_recognized() {
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
            is_email_address("a.b+c@example.org")
                && !is_email_address("nope")
                && !is_email_address("a@b")
                && !is_email_address("a @b.c")
        );
    }

    #[test]
    fn path_without_extension_keeps_its_directories() {
        assert_eq!(without_extension("a.b/c.fr.md"), "a.b/c.fr");
        assert_eq!(without_extension("a.b/c"), "a.b/c");
    }
}
