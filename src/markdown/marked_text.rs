//! Collects the plain text before the excerpt mark of a body.

use crate::text::collapse_whitespace;

/// Elements that count as markup if both of their tags are present.
///
/// Other names in angle brackets are part of the text: `Using <Suspense> in React`.
pub(super) const MARKUP_ELEMENTS: [&str; 48] = [
    "a",
    "abbr",
    "b",
    "bdi",
    "bdo",
    "big",
    "cite",
    "code",
    "del",
    "dfn",
    "em",
    "font",
    "i",
    "ins",
    "kbd",
    "mark",
    "nobr",
    "q",
    "s",
    "samp",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "time",
    "tt",
    "u",
    "var",
    "article",
    "blockquote",
    "center",
    "div",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "li",
    "ol",
    "p",
    "pre",
    "section",
    "ul",
    "dd",
    "dt",
];
/// Number of inline elements, which come first in the list. The others begin a new line.
const INLINE_ELEMENT_COUNT: usize = 30;
/// Elements whose text is no part of a summary: titles, code, tables, captions and labels.
const LEFT_OUT_ELEMENTS: [&str; 12] = [
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "pre",
    "table",
    "figcaption",
    "caption",
    "button",
    "summary",
];

/// Returns true if an element is part of a line of text.
pub(super) fn is_inline_element(name: &str) -> bool {
    let mut names = MARKUP_ELEMENTS.iter().take(INLINE_ELEMENT_COUNT);
    name.eq_ignore_ascii_case("wbr") || names.any(|known| name.eq_ignore_ascii_case(known))
}

/// Text before the mark.
#[derive(Debug, Default)]
pub(super) struct MarkedText {
    text: String,
    /// Number of open elements that are left out.
    left_out: usize,
}

impl MarkedText {
    /// Records a start tag.
    pub(super) fn open_element(&mut self, name: &str) {
        self.left_out += usize::from(LEFT_OUT_ELEMENTS.contains(&name));
        self.end_block(name);
    }

    /// Records an end tag.
    pub(super) fn close_element(&mut self, name: &str) {
        let closes = LEFT_OUT_ELEMENTS.contains(&name);
        self.left_out = self.left_out.saturating_sub(usize::from(closes));
        self.end_block(name);
    }

    /// Adds plain text.
    pub(super) fn push_text(&mut self, text: &str) {
        if self.left_out == 0 {
            self.text.push_str(text);
        }
    }

    /// Returns the text in one line; `None` if it is empty.
    pub(super) fn into_text(self) -> Option<String> {
        Some(collapse_whitespace(&self.text)).filter(|text| !text.is_empty())
    }

    fn end_block(&mut self, name: &str) {
        if !is_inline_element(name) {
            self.text.push(' ');
        }
    }
}
