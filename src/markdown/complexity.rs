//! Limits the cost of one post's body: bytes, Markdown parser steps, HTML tags, nesting and attributes.
//!
//! Parsers do work that grows with a product: of open elements and tags, of columns and rows, of the
//! attributes of a tag with each other. Without limits a few kilobytes could cost minutes or all memory,
//! and no other edit would be published meanwhile. Each factor is counted, before or during the work, and never
//! timed, so the same text has the same result on every machine. No post written by a person comes near the
//! limits. A body at all of them takes about 100 ms.

mod html_attributes;
pub(crate) mod markdown_source;

use std::cell::Cell;

use crate::text::count_bytes;

/// Elements that never nest deeply: void ones, and those whose end tag the next element implies.
const FLAT_ELEMENTS: [&str; 25] = [
    "area", "base", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link", "meta",
    "option", "p", "source", "tbody", "td", "tfoot", "th", "thead", "tr", "track", "wbr",
    "colgroup",
];
/// Formatting elements, which the parser reopens in every block until they are closed (HTML §13.2.4.3).
const FORMATTING_ELEMENTS: [&str; 14] = [
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
];

/// Maximum depth times tags. Two thousand nested elements take some 10 ms.
const MAX_DEPTH_WORK: usize = 4_000_000;
/// Maximum open formatting elements times tags, as each may be reopened in each element.
const MAX_FORMATTING_WORK: usize = 200_000;
/// Maximum number of references and no-break spaces in one run of text. They are appended one by one.
const MAX_REFERENCES_PER_TEXT: usize = 50_000;
/// Maximum references times bytes of their run of text, summed over all runs, as the run is copied for each.
/// A listing of 150 KB may have thirteen thousand.
const MAX_REFERENCE_WORK: usize = 2_000_000_000;
/// Maximum number of start and end tags, at two microseconds each. A table of 2,000 rows of 8 cells has 36,000.
const MAX_TAGS: usize = 40_000;
/// Maximum size of the HTML, in bytes without inlined images. A repeated footnote reference turns one byte into
/// about 70.
pub(super) const MAX_HTML_BYTES: usize = 2 * 1024 * 1024;
/// Maximum steps of the Markdown parser: lines, inline elements and nodes, at 0.1 µs and 75 bytes of memory
/// each. A megabyte of prose takes 300,000. A table cell takes fifteen, and one that a short row omits takes six,
/// so 25,000 or 60,000 of them fit.
const MAX_PARSER_STEPS: usize = 400_000;
/// Steps between two calls of the cancel callback of `comrak::try_parse_document`.
const STEPS_PER_CALL: usize = 256;

pub(crate) use markdown_source::{
    ExceededLimit, check_markdown, count_inlined_bytes, find_costliest_line,
    may_take_too_many_steps,
};

/// Counts the steps of the Markdown parser for one body.
#[derive(Debug, Default)]
pub(super) struct StepCounter {
    taken: Cell<usize>,
}

impl StepCounter {
    /// Counts one call of the cancel callback. Returns true if the parser must stop.
    pub(super) fn is_exceeded_after_call(&self) -> bool {
        self.taken.set(self.taken.get() + STEPS_PER_CALL);
        self.taken.get() > MAX_PARSER_STEPS
    }
}

/// Returns true if sanitizing HTML stays within the limits.
pub(super) fn can_be_sanitized(html: &str) -> bool {
    let mut reference_work = 0_usize;
    for part in html.split('<') {
        let references = count_bytes(part, |byte| byte == b'&') + part.matches('\u{a0}').count();
        reference_work = reference_work.saturating_add(references.saturating_mul(part.len()));
        if references > MAX_REFERENCES_PER_TEXT || reference_work > MAX_REFERENCE_WORK {
            return false;
        }
    }
    let tags = TagCounts::count_tags(html);
    tags.count <= MAX_TAGS
        && tags.is_within_limits()
        && html_attributes::is_within_attribute_limits(html)
}

/// Returns true if the nesting of HTML is within the limits.
pub(super) fn has_allowed_nesting(html: &str) -> bool {
    // Most bodies have few enough tags to fit with any nesting.
    let tags = count_bytes(html, |byte| byte == b'<');
    is_nesting_allowed(tags, tags, tags) || TagCounts::count_tags(html).is_within_limits()
}

/// Nesting behaviour of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ElementNesting {
    /// Never nests deeply.
    Flat,
    /// Nests.
    Deep,
    /// Nests, and is reopened in every block until it is closed.
    Formatting,
}

/// Number and nesting of the tags of a text.
#[derive(Debug, Default)]
struct TagCounts {
    count: usize,
    depth: DepthCounter,
    formatting: DepthCounter,
}

impl TagCounts {
    fn count_tags(html: &str) -> TagCounts {
        let mut tags = TagCounts::default();
        for part in html.split('<').skip(1) {
            let (closes, part) = match part.strip_prefix('/') {
                Some(part) => (true, part),
                None => (false, part),
            };
            let end = part
                .bytes()
                .take(12)
                .position(|byte| !byte.is_ascii_alphanumeric());
            let name = part
                .get(..end.unwrap_or(12.min(part.len())))
                .unwrap_or_default();
            if name.is_empty() {
                continue;
            }
            let is_one_of =
                |names: &[&str]| names.iter().any(|known| name.eq_ignore_ascii_case(known));
            let kind = match () {
                () if is_one_of(&FORMATTING_ELEMENTS) => ElementNesting::Formatting,
                () if is_one_of(&FLAT_ELEMENTS) => ElementNesting::Flat,
                () => ElementNesting::Deep,
            };
            tags.record_tag(kind, closes);
        }
        tags
    }

    fn record_tag(&mut self, kind: ElementNesting, closes: bool) {
        self.count += 1;
        if kind == ElementNesting::Formatting {
            self.formatting.record_tag(closes);
        }
        if kind != ElementNesting::Flat {
            self.depth.record_tag(closes);
        }
    }

    /// Returns true if number and nesting are within the limits.
    fn is_within_limits(&self) -> bool {
        is_nesting_allowed(self.count, self.depth.max_open, self.formatting.max_open)
    }
}

/// Returns true if this many tags, with these maximum nesting depths, are within the limits.
pub(super) fn is_nesting_allowed(tags: usize, depth: usize, formatting: usize) -> bool {
    depth.saturating_mul(tags) <= MAX_DEPTH_WORK
        && formatting.saturating_mul(tags) <= MAX_FORMATTING_WORK
}

/// Number of open elements, and its maximum so far.
#[derive(Debug, Default)]
struct DepthCounter {
    open: usize,
    max_open: usize,
}

impl DepthCounter {
    fn record_tag(&mut self, closes: bool) {
        self.open = if closes {
            self.open.saturating_sub(1)
        } else {
            self.open + 1
        };
        self.max_open = self.max_open.max(self.open);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expensive_html_is_rejected() {
        let open_bold: String = (0..2500).map(|n| format!("<b id={n}>")).collect();
        for bomb in [
            "<div>".repeat(20_000),
            "<BLOCKQUOTE>".repeat(20_000),
            format!("<p>{open_bold}{}", "<p>y".repeat(18_000)),
            "\u{a0}".repeat(60_000),
            "&amp;".repeat(60_000),
            "&amp; and words ".repeat(20_000),
            "<br>".repeat(50_000),
            format!("<a {}>", "b ".repeat(3_000)),
        ] {
            assert!(
                !can_be_sanitized(&bomb),
                "{}",
                bomb.chars().take(40).collect::<String>()
            );
        }
    }

    #[test]
    fn long_posts_are_accepted() {
        let paragraph = "<p>Some <em>words</em> &amp; <a href=\"/a?b&amp;c\">a <strong>link</strong></a>, a&nbsp;blank.</p>\n";
        for post in [
            paragraph.repeat(4_000),
            "<p>never closed ".repeat(20_000),
            "<ul><li>one<li>two</ul>".repeat(5_000),
            format!("{}x{}", "<div>".repeat(300), "</div>".repeat(300)),
            String::new(),
        ] {
            assert!(
                can_be_sanitized(&post),
                "{}",
                post.chars().take(40).collect::<String>()
            );
        }
    }
}
