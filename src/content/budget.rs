//! HTML that is not yet sanitised into whether that can be done in bounded time and memory.
//!
//! A parser that follows HTML's rules does work that grows with the product of what is open and
//! what comes: a few kilobytes of nested or unclosed elements cost minutes, or the memory of the
//! machine. What is counted here is an upper bound of what is open, read off without parsing; no
//! post that a person wrote comes near the limits.

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

/// Whether the HTML is within the limits.
pub(super) fn fits(html: &str) -> bool {
    let mut tags = Tags::default();
    for (at, part) in html.split('<').enumerate() {
        let references = part.matches(['&', '\u{a0}']).count();
        if references > MAX_REFERENCES {
            return false;
        }
        let (closes, part) = match part.strip_prefix('/') {
            Some(part) => (true, part),
            None => (false, part),
        };
        let name: String = part
            .chars()
            .take(12)
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        if at == 0 || name.is_empty() {
            continue;
        }
        let name = name.to_ascii_lowercase();
        let kind = match name.as_str() {
            name if FORMATTING.contains(&name) => Kind::Formatting,
            name if NEVER_DEEP.contains(&name) => Kind::Flat,
            _ => Kind::Deep,
        };
        tags.step(kind, closes);
    }
    tags.fit()
}

/// What an element counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It is never deep.
    Flat,
    /// It nests.
    Deep,
    /// It nests, and is opened again in every block until it is closed.
    Formatting,
}

/// The tags of a text, while they go by.
#[derive(Debug, Default)]
pub(super) struct Tags {
    count: usize,
    depth: Peak,
    formatting: Peak,
}

impl Tags {
    /// A tag.
    pub(super) fn step(&mut self, kind: Kind, closes: bool) {
        self.count += 1;
        if kind == Kind::Formatting {
            self.formatting.step(closes);
        }
        if kind != Kind::Flat {
            self.depth.step(closes);
        }
    }

    /// Whether they are within the limits.
    pub(super) fn fit(&self) -> bool {
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
            paragraph.repeat(10_000),
            "<p>never closed ".repeat(20_000),
            "<ul><li>one<li>two</ul>".repeat(5_000),
            format!("{}x{}", "<div>".repeat(300), "</div>".repeat(300)),
            String::new(),
        ] {
            assert!(fits(&post), "{}", post.chars().take(40).collect::<String>());
        }
    }
}
