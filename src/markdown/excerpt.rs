//! Extracts the images, first heading and first paragraph of a body without rendering all of it.
//!
//! A body is scanned line by line and split into parts at blank lines. A part that begins without indent is
//! independent of the others, so it can be rendered alone, and only if it may hold something that is wanted. In
//! doubt the extraction is given up, and the caller renders the whole body.

use std::collections::HashSet;

use url::Url;

use super::code_fence::{fence_length, is_closing_fence};
use super::image_tag::ImageTag;
use super::{self as markdown, complexity, excerpt_mark, formulas};
use crate::model::post::image::is_other_media_url;
use crate::model::post::{Image, Video};
use crate::text::count_bytes;

/// Texts to extract besides the images.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ExcerptRequest {
    /// True to extract the first heading.
    pub(crate) heading: bool,
    /// True to extract the first paragraph.
    pub(crate) paragraph: bool,
    /// True if `:smile:` is an emoji.
    pub(crate) has_emoji: bool,
}

/// Images and first texts of a body. URLs of images are absolute.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Excerpt {
    /// Images in order, each once.
    pub(crate) images: Vec<Image>,
    /// The first videos. A body with one has HTML or a shortcode, so it is always rendered.
    pub(crate) videos: Vec<Video>,
    /// The first heading of level 1, if wanted.
    pub(crate) heading: Option<String>,
    /// True if there is a heading of level 2 or 3, if wanted.
    pub(crate) has_subheading: bool,
    /// The first paragraph, or the text before the excerpt mark, if wanted.
    pub(crate) paragraph: Option<String>,
    /// True if the paragraph is the text before the mark.
    pub(crate) is_marked: bool,
}

/// Extracts from a body without shortcodes. `None` if the whole body must be rendered.
pub(crate) fn extract_excerpt(text: &str, base: &Url, wanted: ExcerptRequest) -> Option<Excerpt> {
    let mut scanner = ExcerptScanner {
        text,
        base,
        wanted,
        excerpt: Excerpt::default(),
        image_urls: HashSet::new(),
        part: None,
        has_definitions: None,
        tag_estimate: TagEstimate::default(),
    };
    // If the whole may exceed a limit, nothing is extracted from its parts.
    if wanted.paragraph && excerpt_mark::has_mark(text)
        || formulas::has_formulas(text)
        || markdown::may_have_too_many_references(text)
        || complexity::may_take_too_many_steps(text)
        || complexity::check_markdown(text).is_err()
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
        // It may make the part before it a term.
        if line.first().is_some_and(|byte| b": \t>".contains(byte))
            && text.get(begin..end).is_some_and(markdown::is_definition)
        {
            return None;
        }
        scanner.tag_estimate.tags += TAGS_PER_MARK;
        if let Some((mark, length)) = fence {
            if is_closing_fence(line, mark, length) {
                fence = None;
            }
            continue;
        }
        match line.first() {
            None => scanner.end_part(begin)?,
            Some(b' ' | b'\t') => {
                let bare = line.trim_ascii_start();
                if bare.is_empty() {
                    scanner.end_part(begin)?;
                    continue;
                }
                // An indented fence may be code up to the end of the body, or not.
                if fence_length(bare).is_some() {
                    return None;
                }
                scanner.part.get_or_insert(BodyPart {
                    begin,
                    is_unindented: false,
                });
            }
            Some(mark @ (b'`' | b'~')) => match fence_length(line) {
                Some(length) => {
                    // It would be part of an HTML block, which continues to the next blank line.
                    if scanner.has_html_line(begin) {
                        return None;
                    }
                    scanner.end_part(begin)?;
                    fence = Some((*mark, length));
                }
                None => scanner.begin_part(begin),
            },
            Some(_) => scanner.begin_part(begin),
        }
    }
    scanner.end_part(text.len())?;
    scanner
        .tag_estimate
        .is_within_limits()
        .then_some(scanner.excerpt)
}

/// Consecutive lines without a blank line.
#[derive(Debug, Clone, Copy)]
struct BodyPart {
    begin: usize,
    /// True if it begins without indent, so that it is an independent block.
    is_unindented: bool,
}

/// Maximum tags that one punctuation mark may produce: those of a list, its item and a paragraph.
const TAGS_PER_MARK: usize = 6;
/// Maximum elements of a part that no punctuation mark begins.
const MARKS_PER_PART: usize = 4;

/// Upper bounds of the tags and nesting of the rendered HTML, estimated from punctuation.
#[derive(Debug, Default)]
struct TagEstimate {
    tags: usize,
    /// Elements since the last part without indent, which ends all lists and quotes.
    open: usize,
    depth: usize,
    formatting: usize,
}

impl TagEstimate {
    fn add_part(&mut self, part: &str, is_at_margin: bool) {
        let formatting = count_bytes(part, |byte| {
            matches!(byte, b'*' | b'_' | b'~' | b'`' | b'[' | b'<')
        });
        // Further punctuation that may begin an element: `>`, `-`, `+`, `.`, `)`, `|`, `:`, `@`, `!`, `#`.
        let others = count_bytes(part, |byte| (0x21..0x40).contains(&byte) || byte == b'|')
            - count_bytes(part, |byte| {
                byte.is_ascii_digit() || matches!(byte, b',' | b'"' | b'\'' | b'/')
            });
        let all = formatting + others + MARKS_PER_PART;
        self.tags += all * TAGS_PER_MARK;
        self.open = if is_at_margin { all } else { self.open + all };
        self.depth = self.depth.max(self.open);
        // One mark begins a formatting element and one ends it.
        self.formatting = self.formatting.max(formatting / 2 + 2);
    }

    fn is_within_limits(&self) -> bool {
        complexity::is_nesting_allowed(self.tags, self.depth, self.formatting)
    }
}

struct ExcerptScanner<'a> {
    text: &'a str,
    base: &'a Url,
    wanted: ExcerptRequest,
    excerpt: Excerpt,
    /// URLs of the images found so far.
    image_urls: HashSet<String>,
    part: Option<BodyPart>,
    /// True if the body may have link reference definitions. `None` before it was searched.
    has_definitions: Option<bool>,
    tag_estimate: TagEstimate,
}

impl<'a> ExcerptScanner<'a> {
    fn begin_part(&mut self, begin: usize) {
        self.part.get_or_insert(BodyPart {
            begin,
            is_unindented: true,
        });
    }

    /// Returns true if a line of the current part begins with HTML.
    fn has_html_line(&self, end: usize) -> bool {
        let part = self.part.and_then(|part| self.text.get(part.begin..end));
        part.is_some_and(|part| part.lines().any(|line| line.trim_start().starts_with('<')))
    }

    fn end_part(&mut self, end: usize) -> Option<()> {
        let Some(BodyPart {
            begin,
            is_unindented: is_at_margin,
        }) = self.part.take()
        else {
            return Some(());
        };
        let part = self.text.get(begin..end)?;
        self.tag_estimate.add_part(part, is_at_margin);
        let needs_heading = self.wanted.heading && self.excerpt.heading.is_none();
        let needs_paragraph = self.wanted.paragraph && self.excerpt.paragraph.is_none();
        let may_hold_picture = may_have_html_or_image(part);
        if !may_hold_picture && !needs_heading && !needs_paragraph {
            return Some(());
        }
        if !is_at_margin {
            return None;
        }
        if !needs_heading
            && !needs_paragraph
            && let Some((alt, address)) = parse_plain_image(part)
        {
            self.add_image_by_url(Some(alt), address);
            return Some(());
        }
        if !needs_paragraph && let Some(tag) = ImageTag::parse(part) {
            if !tag.is_small() {
                self.add_image_by_url(tag.alt, tag.src);
            }
            return Some(());
        }
        // Whether list items are paragraphs depends on the lines after them.
        let first = part.bytes().next()?;
        if needs_paragraph && (b"-+*".contains(&first) || first.is_ascii_digit()) {
            return None;
        }
        if self.has_definitions() && part.contains('[') {
            return None;
        }
        let markup = markdown::render_fragment(part, self.base, self.wanted.has_emoji)?;
        for image in markup.images {
            self.add_image(image);
        }
        if needs_heading {
            self.excerpt.heading = markup.first_heading;
            self.excerpt.has_subheading |= markup.has_subheading;
        }
        if needs_paragraph {
            self.excerpt.paragraph = markup.first_paragraph;
        }
        Some(())
    }

    fn has_definitions(&mut self) -> bool {
        let text = self.text;
        *self
            .has_definitions
            .get_or_insert_with(|| text.contains("]:"))
    }

    /// Adds an image by alt text and URL.
    fn add_image_by_url(&mut self, alt: Option<&str>, address: &str) {
        if let Some(url) = super::url_rewrite::resolve_resource_url(address, self.base) {
            let alt = alt.map(crate::text::collapse_whitespace);
            self.add_image(Image {
                url: url.into_owned(),
                alt: alt.filter(|alt| !alt.is_empty()),
            });
        }
    }

    fn add_image(&mut self, image: Image) {
        if self.excerpt.images.len() < super::html_cleanup::MAX_IMAGES
            && !is_other_media_url(&image.url)
            && self.image_urls.insert(image.url.clone())
        {
            self.excerpt.images.push(image);
        }
    }
}

/// Returns true if Markdown may hold an image or HTML.
fn may_have_html_or_image(part: &str) -> bool {
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

/// Parses a part that is a single image with a plain alt text and URL.
fn parse_plain_image(part: &str) -> Option<(&str, &str)> {
    let inside = part
        .trim_ascii_end()
        .strip_prefix("![")?
        .strip_suffix(')')?;
    let (alt, address) = inside.split_once("](")?;
    let is_plain_alt = alt
        .bytes()
        .all(|byte| byte >= 0x80 || byte.is_ascii_alphanumeric() || b" ,.;-/".contains(&byte));
    let is_plain_url = address
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-./:=".contains(&byte));
    (!address.is_empty() && is_plain_alt && is_plain_url).then_some((alt, address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown::safe_html;
    use proptest::prelude::*;

    const ALL: ExcerptRequest = ExcerptRequest {
        heading: true,
        paragraph: true,
        has_emoji: false,
    };

    fn base_url() -> Url {
        Url::parse("https://e.org/blog/post").unwrap()
    }

    fn assert_matches_rendering(text: &str, wanted: ExcerptRequest) -> Option<Excerpt> {
        let found = extract_excerpt(text, &base_url(), wanted)?;
        let all = safe_html::render_body(text, &base_url()).expect("within reason");
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
    fn independent_parts_are_read_alone() {
        let text = "# Head\n\nwords\n\n![a b](/a.png)\n\n<img src=\"b.png\" alt=\"b\">\n\n```\n![no](c.png)\n```\n- x\n- ![c *d*](https://e.org/d.png \"t\")\n\n    ~~~ code\n\n`<T>` <https://e.org>\n\n![a b](/a.png)";
        let none = ExcerptRequest {
            heading: false,
            paragraph: false,
            has_emoji: false,
        };
        assert_eq!(
            assert_matches_rendering(text, none),
            None,
            "a fence that may be indented"
        );
        let text = text.replace("    ~~~ code\n", "");
        assert_eq!(
            assert_matches_rendering(&text, none).unwrap().images.len(),
            3
        );
        let found = assert_matches_rendering(&text, ALL).unwrap();
        assert_eq!(found.paragraph.as_deref(), Some("words"));
        assert_eq!(found.heading.as_deref(), Some("Head"));
    }

    #[test]
    fn dependent_parts_need_the_whole_body() {
        let none = ExcerptRequest {
            heading: false,
            paragraph: false,
            has_emoji: false,
        };
        for text in [
            "- a\n\n  ![b](c.png)\n",
            "<div>\n\n![b](c.png)\n\n</div>\n",
            "<!--\n\n![b](c.png)\n\n-->",
            "a\n  ```\n\n![b](c.png)",
            "![b]\n\n[b]: c.png\n",
            "a\n\n: b\n",
            "a\n  : b\n",
            "<img src=\"a.png\">\n```\n![b](c.png)\n\n```\n",
        ] {
            assert!(extract_excerpt(text, &base_url(), none).is_none(), "{text}");
        }
        assert!(extract_excerpt("- a\n\n- b\n", &base_url(), ALL).is_none());
        let quotes = format!("{}a", "> ".repeat(3_000));
        assert!(extract_excerpt(&quotes, &base_url(), none).is_none());
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
            1 => Just(": definition"), 1 => Just("> : quoted"), 1 => Just("\t![tab](t.png)"), 1 => Just(" \t"), 1 => Just("![x](javascript:a)"), 1 => Just("![x](data:a)"), 1 => Just("+"), 1 => Just("&lt;img src=x>"),
        ]
        .prop_map(str::to_owned)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn excerpt_matches_rendering_or_is_none(
            lines in proptest::collection::vec(line(), 0..10),
            repeated in prop_oneof![9 => Just(1), 1 => 2usize..200],
            heading: bool,
            paragraph: bool,
        ) {
            assert_matches_rendering(&lines.join("\n").repeat(repeated), ExcerptRequest { heading, paragraph, has_emoji: false });
        }
    }
}
