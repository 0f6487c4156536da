//! Replaces the mark that ends the summary of a post by a placeholder, which the sanitizer keeps.

use super::code_fence::{fence_length, is_closing_fence};
use crate::text::excerpt_mark::{EXCERPT_MARK, find_mark, starts_with_mark};

/// Placeholder for the mark in HTML that is not finished: a noncharacter, which no text has (Unicode §23.7).
pub(super) const MARK_PLACEHOLDER: char = '\u{fdd0}';

/// Returns true if a text has a mark.
pub(super) fn has_mark(text: &str) -> bool {
    find_mark(text).is_some()
}

/// Replaces the first mark in HTML by the placeholder. `None` if there is none.
pub(super) fn replace_mark(html: &str) -> Option<String> {
    let (at, length) = find_mark(html)?;
    let (before, after) = (html.get(..at)?, html.get(at + length..)?);
    Some(format!("{before}{MARK_PLACEHOLDER}{after}"))
}

/// Replaces the first `separator` in a body by the mark: a line of its own, or a comment or tag anywhere, not in fenced
/// code. `None` if there is none.
pub(crate) fn replace_separator(text: &str, separator: &str) -> Option<String> {
    let separator = separator.trim();
    if separator.is_empty() || starts_with_mark(separator) {
        return None;
    }
    let is_tag = separator.starts_with(['<', '{', '[']);
    let mut fence: Option<(u8, usize)> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim();
        if let Some((mark, length)) = fence {
            if is_closing_fence(bare.as_bytes(), mark, length) {
                fence = None;
            }
        } else if let Some(length) = fence_length(bare.as_bytes()) {
            fence = bare.bytes().next().map(|mark| (mark, length));
        } else if bare == separator || is_tag && line.contains(separator) {
            let begin = at + line.find(separator)?;
            let (before, after) = (text.get(..begin)?, text.get(begin + separator.len()..)?);
            return Some(format!("{before}{EXCERPT_MARK}{after}"));
        }
        at += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separator_is_a_line_or_a_tag_outside_of_code() {
        for (text, separator, marked) in [
            ("a\n---\nb\n---\n", "---", Some("a\n<!--more-->\nb\n---\n")),
            ("a --- b", "---", None),
            ("a <!--x--> b", "<!--x-->", Some("a <!--more--> b")),
            (
                "```\n---\n```\n---\n",
                "---",
                Some("```\n---\n```\n<!--more-->\n"),
            ),
            ("a\n\nb", "\n\n", None),
            ("a <!-- more --> b", "<!-- more -->", None),
        ] {
            assert_eq!(
                replace_separator(text, separator).as_deref(),
                marked,
                "{text}"
            );
        }
    }
}
