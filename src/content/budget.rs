//! Bounds what the body of one post may cost: bytes, steps of the Markdown parser, tags, attributes.
//!
//! Parsers do work that grows with a product: of open elements and tags, of columns and rows, of the
//! attributes of a tag with each other. A few kilobytes then cost minutes, or the memory of the machine,
//! and meanwhile no other edit is published. Each factor is counted here, before the work or while it is
//! done, and never timed: the same text has the same outcome on every machine. No post that a person
//! wrote comes near the bounds. At all of them a body takes some 100 ms.

mod attributes;
mod markdown;

use std::cell::Cell;

use crate::content::rendering::count;

/// Elements that are closed by what comes after them, or are never open.
const NEVER_DEEP: [&str; 25] = [
    "area", "base", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link", "meta",
    "option", "p", "source", "tbody", "td", "tfoot", "th", "thead", "tr", "track", "wbr",
    "colgroup",
];
/// Elements that are opened again in every block until they are closed (HTML §13.2.4.3).
const FORMATTING: [&str; 14] = [
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
];

/// Depth times elements: two thousand nested elements take hundredths of a second.
const MAX_DEPTH_WORK: usize = 4_000_000;
/// Open formatting elements times elements: each may be made anew in each.
const MAX_FORMATTING_WORK: usize = 200_000;
/// References and no-break blanks in one run of text, which are appended one by one.
const MAX_REFERENCES: usize = 50_000;
/// References times bytes of their run of text, summed over the runs: the run is copied for each. That is a
/// listing of 150 KB with thirteen thousand.
const MAX_REFERENCE_WORK: usize = 2_000_000_000;
/// Tags, opening and closing, at two microseconds each: a table of 2,000 rows of 8 cells has 36,000.
const MAX_TAGS: usize = 40_000;
/// Bytes of HTML, without those of inlined pictures. Footnotes that are referred to again and again
/// make 70 bytes of one.
pub(super) const MAX_HTML_BYTES: usize = 2 * 1024 * 1024;
/// Steps of the Markdown parser: lines, inline elements and nodes, at a tenth of a microsecond and 75 bytes of
/// memory each. A megabyte of prose takes 300,000, a cell of a table fifteen, and one that a short row leaves out
/// six: 25,000 or 60,000 of them fit.
const MAX_STEPS: usize = 400_000;
/// Steps between two calls of the parser (`comrak::try_parse_document`).
const STEPS_PER_CALL: usize = 256;

pub(super) use markdown::{
    Excess, check_markdown, costliest_line, inlined_bytes, may_take_too_many_steps,
};

/// Counts the steps of the Markdown parser over one body, and ends it at the bound.
#[derive(Debug, Default)]
pub(super) struct Steps {
    taken: Cell<usize>,
}

impl Steps {
    /// Counts a call of the parser, and says whether it is to stop.
    pub(super) fn are_exceeded_by_call(&self) -> bool {
        self.taken.set(self.taken.get() + STEPS_PER_CALL);
        self.taken.get() > MAX_STEPS
    }
}

/// Whether HTML can be sanitised within the bounds.
pub(super) fn fits(html: &str) -> bool {
    let mut reference_work = 0_usize;
    for part in html.split('<') {
        let references = count(part, |byte| byte == b'&') + part.matches('\u{a0}').count();
        reference_work = reference_work.saturating_add(references.saturating_mul(part.len()));
        if references > MAX_REFERENCES || reference_work > MAX_REFERENCE_WORK {
            return false;
        }
    }
    let tags = Tags::count(html);
    tags.count <= MAX_TAGS && tags.fit() && attributes::fit(html)
}

/// Whether HTML nests within the bounds.
pub(super) fn nesting_fits(html: &str) -> bool {
    // Most bodies have so few tags that they fit however they nest.
    let tags = count(html, |byte| byte == b'<');
    surely_fit(tags, tags, tags) || Tags::count(html).fit()
}

/// What an element counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It is never deep.
    Flat,
    /// It nests.
    Deep,
    /// It nests, and is opened again in every block until it is closed.
    Formatting,
}

/// The tags of a text, and how deep they nest.
#[derive(Debug, Default)]
struct Tags {
    count: usize,
    depth: Peak,
    formatting: Peak,
}

impl Tags {
    fn count(html: &str) -> Tags {
        let mut tags = Tags::default();
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
                () if is_one_of(&FORMATTING) => Kind::Formatting,
                () if is_one_of(&NEVER_DEEP) => Kind::Flat,
                () => Kind::Deep,
            };
            tags.step(kind, closes);
        }
        tags
    }

    fn step(&mut self, kind: Kind, closes: bool) {
        self.count += 1;
        if kind == Kind::Formatting {
            self.formatting.step(closes);
        }
        if kind != Kind::Flat {
            self.depth.step(closes);
        }
    }

    /// Whether they are within the limits.
    fn fit(&self) -> bool {
        surely_fit(self.count, self.depth.most, self.formatting.most)
    }
}

/// Whether so many tags are within the limits, of which so many are open at a time at most.
pub(super) fn surely_fit(tags: usize, depth: usize, formatting: usize) -> bool {
    depth.saturating_mul(tags) <= MAX_DEPTH_WORK
        && formatting.saturating_mul(tags) <= MAX_FORMATTING_WORK
}

/// How many are open, and how many ever were.
#[derive(Debug, Default)]
struct Peak {
    open: usize,
    most: usize,
}

impl Peak {
    fn step(&mut self, closes: bool) {
        self.open = if closes {
            self.open.saturating_sub(1)
        } else {
            self.open + 1
        };
        self.most = self.most.max(self.open);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bombs_do_not_fit() {
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
                !fits(&bomb),
                "{}",
                bomb.chars().take(40).collect::<String>()
            );
        }
    }

    #[test]
    fn long_posts_fit() {
        let paragraph = "<p>Some <em>words</em> &amp; <a href=\"/a?b&amp;c\">a <strong>link</strong></a>, a&nbsp;blank.</p>\n";
        for post in [
            paragraph.repeat(4_000),
            "<p>never closed ".repeat(20_000),
            "<ul><li>one<li>two</ul>".repeat(5_000),
            format!("{}x{}", "<div>".repeat(300), "</div>".repeat(300)),
            String::new(),
        ] {
            assert!(fits(&post), "{}", post.chars().take(40).collect::<String>());
        }
    }
}
