//! Tells whether a body may contain a hidden section, without a full scan.

use super::element::is_locked_name;
use super::hidden_sections::{MAX_UNPARSED_TAGS, parse_hiding_tag};
use super::{comments, directive_lines};
use memchr::memmem;

/// Returns true if a body may have a comment or a hidden section of any dialect.
pub(crate) fn may_hide_content(body: &str) -> bool {
    let mut has_hiding_attribute = None;
    let mut unreadable = 0;
    memchr::memchr3_iter(b'<', b'%', b'[', body.as_bytes()).any(|at| {
        let from = body.get(at..).unwrap_or_default();
        match from.as_bytes() {
            [b'<', b'!', ..] => {
                let is_comment = from.starts_with("<!--");
                is_comment
                    && (!comments::is_simple_html_comment(from)
                        || comments::parse_section_marker(from).is_some())
            }
            [b'<', next, ..] if next.is_ascii_alphabetic() => {
                // Most bodies have no element at all.
                let attribute =
                    *has_hiding_attribute.get_or_insert_with(|| may_have_hiding_attribute(body));
                let is_hiding = parse_hiding_tag(from, attribute, &mut unreadable).is_some();
                is_hiding || unreadable >= MAX_UNPARSED_TAGS
            }
            [b'<', ..] => false,
            [b'%', ..] => from.starts_with("%%"),
            _ => {
                comments::link_comment_length(from).is_some()
                    || directive_lines::parse_callout_name(from).is_some_and(is_locked_name)
            }
        }
    }) || memmem::find(body.as_bytes(), b"{::comment").is_some()
}

/// Returns true if an attribute in a body may hide an element. Most bodies have none.
pub(super) fn may_have_hiding_attribute(body: &str) -> bool {
    // Only a value may have references, so that these names always occur as such.
    ["hidden", "style", "<dialog"]
        .iter()
        .any(|word| contains_ignoring_case(body.as_bytes(), word.as_bytes()))
}

/// Returns true if a text contains a word, in any case of its letters.
fn contains_ignoring_case(text: &[u8], word: &[u8]) -> bool {
    let Some(first) = word.first() else {
        return true;
    };
    memchr::memchr2_iter(*first, first.to_ascii_uppercase(), text).any(|at| {
        let found = text.get(at..at + word.len());
        found.is_some_and(|found| found.eq_ignore_ascii_case(word))
    })
}
