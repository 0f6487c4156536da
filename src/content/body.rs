//! The body of a post as written into what feeds carry, with findings for what they cannot.

use std::sync::Arc;

use url::Url;

use super::absolute;
use super::address::MAX_URL;
use super::body_text;
use super::budget;
use super::constructs::Reason;
use super::fields::{Fields, Place};
use super::glance::{self, Found, Wanted};
use super::markup::Markup;
use super::rendering::{self, Rendering};
use crate::config::Config;
use crate::finding::{Rule, Severity};
use crate::post::{self, Image, Permalink};
use crate::text::written_length;

const WRITE_PLAINLY: &str = "write it as Markdown or HTML if readers of feeds are to see it; if it is plain text, set `content.shortcodes = \"keep\"`";

/// A body as it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Body<'a> {
    /// The text after the front matter.
    pub(super) text: &'a str,
    /// The line of the file that it begins in.
    pub(super) line: usize,
    /// Whether it is MDX: Markdown with components and expressions in it.
    pub(super) is_mdx: bool,
    /// What it is rendered with later; `None` is that of the configuration.
    pub(super) rendering: Option<&'a Arc<Rendering>>,
}

/// A body as it is published.
#[derive(Debug)]
pub(super) struct Published {
    /// What the post carries of it.
    pub(super) body: post::Body,
    /// What else the post has of it.
    pub(super) found: Found,
}

/// Reads the body; nothing, with a finding, where that would cost too much.
pub(super) fn read(
    fields: &Fields<'_>,
    body: Body<'_>,
    (permalink, base): (&Permalink, &Url),
    config: &Config,
) -> Published {
    let rendering = Rendering::new(config);
    let reduced = rendering.reduce(body.text, body.is_mdx);
    for left_out in &reduced.left_out {
        let times = match left_out.times {
            1 => String::new(),
            times => format!(" ({times} times)"),
        };
        let (what, why, hint) = match left_out.reason {
            Reason::Unknown => (
                "is left out",
                "only the site's generator knows what it shows",
                WRITE_PLAINLY,
            ),
            Reason::Address => (
                "is no address that readers can follow",
                "the site's generator alone resolves it; the text of the link stays",
                WRITE_PLAINLY,
            ),
            Reason::Locked => (
                "is left out with all that it encloses",
                "it says that not everybody may read that",
                "call it by another name if everybody may, and delete what nobody is to read",
            ),
            Reason::Unclosed => (
                "has no end, so all after it is left out",
                "it hides what it encloses",
                "close it where what is to be hidden ends; if it is an example, write it as code",
            ),
        };
        fields.note(
            Severity::Warning,
            Rule::Shortcode,
            Place::mark(body.line + left_out.line, &left_out.text),
            format!("`{}` {what}{times}: {why}", left_out.name),
            hint,
        );
    }
    let markup = rendering::markup(&reduced.text, base);
    match &markup {
        Ok(markup) => advise(fields, body, markup, base),
        Err(excess) => fields.note(
            Severity::Error,
            Rule::BodyTooComplex,
            Some(body.line + budget::costliest_line(body.text)),
            format!(
                "the body {}, so the post is published without it",
                excess.what()
            ),
            "close every HTML element that is opened, nest less, and move data to a file that the post links to",
        ),
    }
    let markup = markup.unwrap_or_default();
    let fingerprint = rendering.fingerprint(body.text, body.is_mdx, &permalink.url);
    Published {
        body: post::Body::ready(fingerprint, rendering::content(markup.html)),
        found: Found {
            images: normal(markup.images),
            heading: markup.first_heading,
            paragraph: markup.first_paragraph,
        },
    }
}

/// Puts the reading of the body off, but for what the post needs of it besides.
pub(super) fn outline(
    body: Body<'_>,
    (permalink, base): (&Permalink, &Url),
    config: &Config,
    wanted: Wanted,
) -> Published {
    let own;
    let rendering = match body.rendering {
        Some(rendering) => rendering,
        None => {
            own = Arc::new(Rendering::new(config));
            &own
        }
    };
    let is_plain = rendering.is_plain(body.text, body.is_mdx);
    let at_a_glance = is_plain.then(|| glance::look(body.text, base, wanted));
    let found = at_a_glance.flatten().unwrap_or_else(|| {
        let reduced = rendering.reduce(body.text, body.is_mdx);
        let markup = rendering::markup(&reduced.text, base).unwrap_or_default();
        Found {
            images: markup.images,
            heading: markup.first_heading,
            paragraph: markup.first_paragraph,
        }
    });
    Published {
        body: body_text::body(body.text, body.is_mdx, permalink, rendering),
        found: Found {
            images: normal(found.images),
            ..found
        },
    }
}

/// The pictures that can stand in a card and a sitemap, their addresses in their one spelling.
fn normal(images: Vec<Image>) -> Vec<Image> {
    let normal = |image: Image| {
        let url = absolute::normal(image.url)?;
        (written_length(&url) <= MAX_URL).then_some(Image { url, ..image })
    };
    images.into_iter().filter_map(normal).collect()
}

/// What readers of the body will miss.
fn advise(fields: &Fields<'_>, body: Body<'_>, markup: &Markup, base: &Url) {
    for (number, href) in markup.file_links.iter().enumerate() {
        let url = Url::parse(href).ok();
        if url.is_none_or(|url| url.origin() != base.origin()) {
            continue;
        }
        let name = href.rsplit('/').next().unwrap_or(href);
        fields.note(
            Severity::Warning,
            Rule::RelativeLink,
            place_of(body, name, number),
            format!("the link to `{name}` is to a file, which readers do not have"),
            "write the address of the post that it is about",
        );
    }
    if !fields.is_checked() {
        return;
    }
    let without_alt = markup.images.iter().filter(|image| image.alt.is_none());
    for (number, image) in without_alt.enumerate() {
        let name = image.url.rsplit('/').next().unwrap_or(&image.url);
        let name = name.split('?').next().unwrap_or(name);
        fields.advise(
            Rule::MissingAlt,
            place_of(body, name, number),
            format!("the picture `{name}` has no words for those who do not see it"),
            "say in a few words what it shows: `![what it shows](/img/a.jpg)`",
        );
    }
}

/// Findings of one kind that are told with their line: the body is searched for each.
const MAX_PLACES: usize = 50;

/// Where a text of the body first stands in the file; nowhere for all but the first findings of a kind.
fn place_of(body: Body<'_>, text: &str, number: usize) -> Place {
    let at = Some(text).filter(|text| !text.is_empty() && number < MAX_PLACES);
    let before = at.and_then(|text| body.text.get(..body.text.find(text)?));
    match before {
        Some(before) => Place::mark(body.line + before.matches('\n').count(), text),
        None => Place::default(),
    }
}
