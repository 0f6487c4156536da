//! What a post needs of its body besides the HTML, from the parts of the body that have it.
//!
//! A body is looked through by its lines. Between blank lines at the margin its parts stand for
//! themselves, so that one with a picture in it can be read alone, and the others need no reading at
//! all. What does not surely stand for itself is given up, and the whole body is read.

use std::collections::HashSet;

use url::Url;

use super::markdown::ImageTag;
use super::rendering::count;
use super::{budget, markdown};
use crate::post::Image;

/// What is asked of a body besides its pictures.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// The first heading.
    pub(super) heading: bool,
    /// The first paragraph.
    pub(super) paragraph: bool,
}

/// What was found; addresses of pictures are absolute.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// The pictures in their order, each once.
    pub(super) images: Vec<Image>,
    /// The first heading, where it was wanted.
    pub(super) heading: Option<String>,
    /// The first paragraph, where it was wanted.
    pub(super) paragraph: Option<String>,
}

/// Looks through a body without constructs; `None` where it must be read as a whole.
pub(super) fn look(text: &str, base: &Url, wanted: Wanted) -> Option<Found> {
    let mut look = Look {
        text,
        base,
        wanted,
        found: Found::default(),
        seen: HashSet::new(),
        part: None,
        has_definitions: None,
        most: Most::default(),
    };
    // Where the whole may exceed a bound, its parts are not to be taken alone.
    if markdown::may_have_too_many_references(text)
        || budget::may_take_too_many_steps(text)
        || budget::check_markdown(text).is_err()
    {
        return None;
    }
    let mut fence: Option<(u8, usize)> = None;
    let mut at = 0;
    let ends = memchr::memchr_iter(b'\n', text.as_bytes()).chain([text.len()]);
    for end in ends {
        let line = text.as_bytes().get(at..end).unwrap_or_default();
        let begin = at;
        at = end + 1;
        look.most.tags += TAGS;
        if let Some((mark, length)) = fence {
            if closes(line, mark, length) {
                fence = None;
            }
            continue;
        }
        match line.first() {
            None => look.end_part(begin)?,
            Some(b' ' | b'\t') => {
                let bare = line.trim_ascii_start();
                if bare.is_empty() {
                    look.end_part(begin)?;
                    continue;
                }
                // It may be one to the end of the body.
                if opens(bare).is_some() {
                    return None;
                }
                look.part.get_or_insert(Part {
                    begin,
                    is_at_margin: false,
                });
            }
            Some(mark @ (b'`' | b'~')) => match opens(line) {
                Some(length) => {
                    // Of HTML that goes on to the next blank line it would be a part.
                    if look.has_html_line(begin) {
                        return None;
                    }
                    look.end_part(begin)?;
                    fence = Some((*mark, length));
                }
                None => look.begin_part(begin),
            },
            Some(_) => look.begin_part(begin),
        }
    }
    look.end_part(text.len())?;
    look.most.fit().then_some(look.found)
}

/// How long a fence is that a line opens. The line begins with it.
fn opens(line: &[u8]) -> Option<usize> {
    let mark = *line.first().filter(|mark| b"`~".contains(mark))?;
    let length = line.iter().take_while(|byte| **byte == mark).count();
    let info = line.get(length..).unwrap_or_default();
    (length >= 3 && !(mark == b'`' && info.contains(&b'`'))).then_some(length)
}

fn closes(line: &[u8], mark: u8, least: usize) -> bool {
    let indent = line.iter().take_while(|byte| **byte == b' ').count();
    let bare = line.get(indent..).unwrap_or_default().trim_ascii_end();
    indent < 4 && bare.len() >= least && bare.iter().all(|byte| *byte == mark)
}

/// Lines without a blank one among them.
#[derive(Debug, Clone, Copy)]
struct Part {
    begin: usize,
    /// Whether it begins where nothing but a block of its own can.
    is_at_margin: bool,
}

/// As many tags as may come of what begins an element, be it an item with its list and paragraph.
const TAGS: usize = 6;
/// As much as may begin in a part without a sign for it.
const OF_PART: usize = 4;

/// The most there may be of tags, and of elements within another. It is read off what begins any.
#[derive(Debug, Default)]
struct Most {
    tags: usize,
    /// In the parts since one began at the margin, where all lists and quotes end.
    open: usize,
    depth: usize,
    formatting: usize,
}

impl Most {
    fn add(&mut self, part: &str, is_at_margin: bool) {
        let formatting = count(part, |byte| {
            matches!(byte, b'*' | b'_' | b'~' | b'`' | b'[' | b'<')
        });
        // Those and `>`, `-`, `+`, `.`, `)`, `|`, `:`, `@`, `!`, `#`: all but letters, digits, blanks
        // and a few more.
        let others = count(part, |byte| (0x21..0x40).contains(&byte) || byte == b'|')
            - count(part, |byte| {
                byte.is_ascii_digit() || matches!(byte, b',' | b'"' | b'\'' | b'/')
            });
        let all = formatting + others + OF_PART;
        self.tags += all * TAGS;
        self.open = if is_at_margin { all } else { self.open + all };
        self.depth = self.depth.max(self.open);
        // One begins and one ends it.
        self.formatting = self.formatting.max(formatting / 2 + 2);
    }

    fn fit(&self) -> bool {
        budget::surely_fit(self.tags, self.depth, self.formatting)
    }
}

struct Look<'a> {
    text: &'a str,
    base: &'a Url,
    wanted: Wanted,
    found: Found,
    /// The addresses of the pictures so far.
    seen: HashSet<String>,
    part: Option<Part>,
    /// Whether the body may define what links refer to.
    has_definitions: Option<bool>,
    most: Most,
}

impl<'a> Look<'a> {
    fn begin_part(&mut self, begin: usize) {
        self.part.get_or_insert(Part {
            begin,
            is_at_margin: true,
        });
    }

    /// Whether a line of the part so far begins with HTML.
    fn has_html_line(&self, end: usize) -> bool {
        let part = self.part.and_then(|part| self.text.get(part.begin..end));
        part.is_some_and(|part| part.lines().any(|line| line.trim_start().starts_with('<')))
    }

    fn end_part(&mut self, end: usize) -> Option<()> {
        let Some(Part {
            begin,
            is_at_margin,
        }) = self.part.take()
        else {
            return Some(());
        };
        let part = self.text.get(begin..end)?;
        self.most.add(part, is_at_margin);
        let wants_heading = self.wanted.heading && self.found.heading.is_none();
        let wants_paragraph = self.wanted.paragraph && self.found.paragraph.is_none();
        let may_hold_picture = may_hold_html_or_picture(part);
        if !may_hold_picture && !wants_heading && !wants_paragraph {
            return Some(());
        }
        if !is_at_margin {
            return None;
        }
        if !wants_heading
            && !wants_paragraph
            && let Some((alt, address)) = plain_picture(part)
        {
            self.picture(Some(alt), address);
            return Some(());
        }
        if !wants_paragraph && let Some(tag) = ImageTag::parse(part) {
            self.picture(tag.alt, tag.src);
            return Some(());
        }
        // Items are paragraphs or not by what comes after them.
        let first = part.bytes().next()?;
        if wants_paragraph && (b"-+*".contains(&first) || first.is_ascii_digit()) {
            return None;
        }
        if self.has_definitions() && part.contains('[') {
            return None;
        }
        let markup = markdown::render_part(part, self.base)?;
        for image in markup.images {
            self.add(image);
        }
        if wants_heading {
            self.found.heading = markup.first_heading;
        }
        if wants_paragraph {
            self.found.paragraph = markup.first_paragraph;
        }
        Some(())
    }

    fn has_definitions(&mut self) -> bool {
        let text = self.text;
        *self
            .has_definitions
            .get_or_insert_with(|| text.contains("]:"))
    }

    /// Adds a picture by its words and its address.
    fn picture(&mut self, alt: Option<&str>, address: &str) {
        if let Some(url) = super::absolute::of_resource(address, self.base) {
            let alt = alt.map(crate::text::one_line);
            self.add(Image {
                url: url.into_owned(),
                alt: alt.filter(|alt| !alt.is_empty()),
            });
        }
    }

    fn add(&mut self, image: Image) {
        if self.found.images.len() < super::markup::MAX_IMAGES
            && self.seen.insert(image.url.clone())
        {
            self.found.images.push(image);
        }
    }
}

/// Whether there is a picture in some Markdown, or HTML that may be one.
fn may_hold_html_or_picture(part: &str) -> bool {
    let bytes = part.as_bytes();
    memchr::memchr2_iter(b'!', b'<', bytes).any(|at| {
        let from = bytes.get(at..).unwrap_or_default();
        match from {
            [b'!', next, ..] => *next == b'[',
            [b'<', next, ..] => {
                (next.is_ascii_alphabetic() || b"/!?".contains(next))
                    && !from.starts_with(b"<https://")
                    && !from.starts_with(b"<http://")
            }
            _ => false,
        }
    })
}

/// The words and the address of a part that is one picture, both of letters that mean nothing else.
fn plain_picture(part: &str) -> Option<(&str, &str)> {
    let inside = part
        .trim_ascii_end()
        .strip_prefix("![")?
        .strip_suffix(')')?;
    let (alt, address) = inside.split_once("](")?;
    let is_plain =
        |byte: u8| byte >= 0x80 || byte.is_ascii_alphanumeric() || b" ,.;-/".contains(&byte);
    let is_address = |byte: u8| byte.is_ascii_alphanumeric() || b"-./:=".contains(&byte);
    let fits = !address.is_empty() && alt.bytes().all(is_plain) && address.bytes().all(is_address);
    fits.then_some((alt, address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::rendering;
    use proptest::prelude::*;

    const ALL: Wanted = Wanted {
        heading: true,
        paragraph: true,
    };

    fn base() -> Url {
        Url::parse("https://e.org/blog/post").unwrap()
    }

    fn is_right(text: &str, wanted: Wanted) -> Option<Found> {
        let found = look(text, &base(), wanted)?;
        let all = rendering::markup(text, &base()).expect("within reason");
        assert_eq!(found.images, all.images, "{text}");
        assert_eq!(
            found.heading,
            all.first_heading.filter(|_| wanted.heading),
            "{text}"
        );
        assert_eq!(
            found.paragraph,
            all.first_paragraph.filter(|_| wanted.paragraph),
            "{text}"
        );
        Some(found)
    }

    #[test]
    fn parts_that_stand_for_themselves_are_looked_at_alone() {
        let text = "## Head\n\nwords\n\n![a b](/a.png)\n\n<img src=\"b.png\" alt=\"b\">\n\n```\n![no](c.png)\n```\n- x\n- ![c *d*](https://e.org/d.png \"t\")\n\n    ~~~ code\n\n`<T>` <https://e.org>\n\n![a b](/a.png)";
        let none = Wanted {
            heading: false,
            paragraph: false,
        };
        assert_eq!(is_right(text, none), None, "a fence that may be indented");
        let text = text.replace("    ~~~ code\n", "");
        assert_eq!(is_right(&text, none).unwrap().images.len(), 3);
        let found = is_right(&text, ALL).unwrap();
        assert_eq!(found.paragraph.as_deref(), Some("words"));
        assert_eq!(found.heading.as_deref(), Some("Head"));
    }

    #[test]
    fn what_does_not_is_read_as_a_whole() {
        let none = Wanted {
            heading: false,
            paragraph: false,
        };
        for text in [
            "- a\n\n  ![b](c.png)\n",
            "<div>\n\n![b](c.png)\n\n</div>\n",
            "<!--\n\n![b](c.png)\n\n-->",
            "a\n  ```\n\n![b](c.png)",
            "![b]\n\n[b]: c.png\n",
            "<img src=\"a.png\">\n```\n![b](c.png)\n\n```\n",
        ] {
            assert!(look(text, &base(), none).is_none(), "{text}");
        }
        assert!(look("- a\n\n- b\n", &base(), ALL).is_none());
        let quotes = format!("{}a", "> ".repeat(3_000));
        assert!(look(&quotes, &base(), none).is_none());
    }

    fn line() -> impl Strategy<Value = String> {
        prop_oneof![
            4 => Just(""), 
            1 => Just("```"), 1 => Just("~~~ x"), 1 => Just("```` "), 1 => Just("  ```"), 1 => Just("- ```"), 1 => Just("> ```"),
            1 => Just("![a](b.png)"), 1 => Just("text ![a *b*](/b.png \"t\") text"), 1 => Just("[![a](b.png)](c)"),
            1 => Just("- ![i](j.png)"), 1 => Just("  ![k](l.png)"), 1 => Just("> ![q](r.png)"), 1 => Just("    ![n](no.png)"),
            1 => Just("`![code](no.png)`"), 1 => Just("`` ` ![c](d.png)"), 1 => Just("\\![e](f.png)"), 1 => Just("![r]"), 1 => Just("[r]: r.png"),
            1 => Just("<img src=\"h.png\" alt=\"h\">"), 1 => Just("<div>"), 1 => Just("</div>"), 1 => Just("<!-- a"), 1 => Just("-->"), 1 => Just("<pre>"),
            1 => Just("a <b>b</b> <T>"), 1 => Just("<https://e.org/a>"), 1 => Just("text"), 1 => Just("# head"), 1 => Just("==="), 1 => Just("---"),
            1 => Just("- item"), 1 => Just("1. one"), 1 => Just("| a | b |"), 1 => Just("|---|---|"), 1 => Just("[^n]: note ![f](g.png)"), 1 => Just("ref[^n]"),
            1 => Just("\t![tab](t.png)"), 1 => Just(" \t"), 1 => Just("![x](javascript:a)"), 1 => Just("![x](data:a)"), 1 => Just("+"), 1 => Just("&lt;img src=x>"),
        ]
        .prop_map(str::to_owned)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn a_glance_is_right_or_none(
            lines in proptest::collection::vec(line(), 0..10),
            repeated in prop_oneof![9 => Just(1), 1 => 2usize..200],
            heading: bool,
            paragraph: bool,
        ) {
            is_right(&lines.join("\n").repeat(repeated), Wanted { heading, paragraph });
        }
    }
}
