//! Strings made fit for every output: what XML forbids dropped, blanks tidied, cut at a grapheme.
//!
//! Knows of nothing but text, so that every room may use it.

use unicode_segmentation::UnicodeSegmentation as _;

/// Whether XML 1.0 §2.2 allows the character. What it forbids cannot even be written as a
/// reference, and one such character makes a whole feed unreadable.
pub fn is_xml_char(character: char) -> bool {
    matches!(character,
        '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Drops the characters that XML forbids.
pub fn clean(text: String) -> String {
    if text.chars().all(is_xml_char) {
        text
    } else {
        text.chars().filter(|c| is_xml_char(*c)).collect()
    }
}

/// Plain text on one line: runs of blanks and line breaks become one space, none at the ends.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.chars().filter(|c| is_xml_char(*c)));
    }
    line
}

/// At most `most` graphemes; what is cut ends at a word where one ends near, with an ellipsis.
pub fn cut(text: &str, most: usize) -> String {
    if text.graphemes(true).count() <= most {
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
    let written = |part: &str| {
        part.bytes()
            .map(|byte| if b"&<>\"".contains(&byte) { 6 } else { 1 })
            .sum::<usize>()
    };
    if written(text) <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub('…'.len_utf8());
    let mut kept = String::new();
    let mut length = 0;
    for grapheme in text.graphemes(true) {
        length += written(grapheme);
        if length > room {
            break;
        }
        kept.push_str(grapheme);
    }
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
