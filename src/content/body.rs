//! The body of a post as written into what feeds carry, with findings for what they cannot.

use url::Url;

use super::constructs::{self, Reduced};
use super::dialect::is_fit;
use super::fields::{Fields, Place};
use super::markup::{self, Markup};
use super::{budget, markdown, sanitize};
use crate::config::{Config, Shortcodes};
use crate::finding::{Rule, Severity};
use crate::post::{Image, Permalink};

/// A body as it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Body<'a> {
    /// The text after the front matter.
    pub(super) text: &'a str,
    /// The line of the file that it begins in.
    pub(super) line: usize,
    /// Whether it is MDX: Markdown with components and expressions in it.
    pub(super) is_mdx: bool,
}

/// A body as it is published.
#[derive(Debug, Default)]
pub(super) struct Published {
    /// The HTML, and what it says.
    pub(super) markup: Markup,
    /// The length of the HTML in bytes, at most, as any feed format writes it.
    pub(super) written: usize,
}

/// Reads the body; nothing, with a finding, where that would cost too much.
pub(super) fn read(
    fields: &Fields<'_>,
    body: Body<'_>,
    permalink: &Permalink,
    config: &Config,
) -> Published {
    let site = &config.site;
    let reduced = match config.content.shortcodes {
        Shortcodes::Reduce => constructs::reduce(body.text, body.is_mdx, site),
        Shortcodes::Keep => Reduced::unchanged(body.text),
    };
    for left_out in &reduced.left_out {
        let times = match left_out.times {
            1 => String::new(),
            times => format!(" ({times} times)"),
        };
        let (what, why) = if left_out.is_address {
            (
                "is no address that readers can follow",
                "the site's generator alone resolves it; the text of the link stays",
            )
        } else {
            (
                "is left out",
                "only the site's generator knows what it shows",
            )
        };
        fields.note(
            Severity::Warning,
            Rule::Shortcode,
            Place::mark(body.line + left_out.line, &left_out.text),
            format!("`{}` {what}{times}: {why}", left_out.name),
            "write it as Markdown or HTML if readers of feeds are to see it; if it is plain text, set `content.shortcodes = \"keep\"`",
        );
    }
    let base = Url::parse(&permalink.url).unwrap_or_else(|_| site.url.clone());
    let html = markdown::to_html(&reduced.text);
    if !budget::fits(&html) {
        fields.note(
            Severity::Error,
            Rule::BodyTooComplex,
            None,
            "the body is nested or unclosed beyond reason, so the post is published without it",
            "close every HTML element that is opened, and nest fewer quotes",
        );
        return Published::default();
    }
    let mut markup = markup::read(&sanitize::sanitize(&html, &base));
    advise(fields, body, &markup, &base);
    let normal = |image: Image| {
        let url = Url::parse(&image.url).ok().filter(is_fit)?;
        Some(Image {
            url: url.into(),
            ..image
        })
    };
    markup.images = markup.images.into_iter().filter_map(normal).collect();
    Published {
        written: written(&markup.html),
        markup,
    }
}

/// What readers of the body will miss.
fn advise(fields: &Fields<'_>, body: Body<'_>, markup: &Markup, base: &Url) {
    for href in &markup.file_links {
        let url = Url::parse(href).ok();
        if url.is_none_or(|url| url.origin() != base.origin()) {
            continue;
        }
        let name = href.rsplit('/').next().unwrap_or(href);
        fields.note(
            Severity::Warning,
            Rule::RelativeLink,
            place_of(body, name),
            format!("the link to `{name}` is to a file, which readers do not have"),
            "write the address of the post that it is about",
        );
    }
    if !fields.is_checked() {
        return;
    }
    for image in markup.images.iter().filter(|image| image.alt.is_none()) {
        let name = image.url.rsplit('/').next().unwrap_or(&image.url);
        let name = name.split('?').next().unwrap_or(name);
        fields.advise(
            Rule::MissingAlt,
            place_of(body, name),
            format!("the picture `{name}` has no words for those who do not see it"),
            "say in a few words what it shows: `![what it shows](/img/a.jpg)`",
        );
    }
}

/// Where a text of the body first stands in the file.
fn place_of(body: Body<'_>, text: &str) -> Place {
    let at = Some(text).filter(|text| !text.is_empty());
    let before = at.and_then(|text| body.text.get(..body.text.find(text)?));
    match before {
        Some(before) => Place::mark(body.line + before.matches('\n').count(), text),
        None => Place::default(),
    }
}

/// The length of HTML as JSON or escaped XML has it, whichever is more.
fn written(html: &str) -> usize {
    let (mut xml, mut json) = (0, 0);
    for byte in html.bytes() {
        xml += match byte {
            b'<' | b'>' => 4,
            b'&' => 5,
            b'"' | b'\'' => 6,
            _ => 1,
        };
        json += match byte {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 2,
            0..0x20 => 6,
            _ => 1,
        };
    }
    xml.max(json)
}
