//! Front matter fields into a [`Post`]: which names mean what.
//!
//! The lists hold the names that Decap and Gatsby sites use and their common spellings elsewhere;
//! the first that is there wins.

use std::sync::Arc;

use url::Url;

use super::address::{MAX_URL, Parts, address};
use super::fields::{Fields, Place};
use super::front_matter::Value;
use super::markup::{self, Markup};
use super::{budget, date, markdown, sanitize};
use crate::config::Config;
use crate::finding::{Rule, Severity};
use crate::post::{Image, Marker, MarkerKind, Permalink, Post, Reading};
use crate::text::{bounded, clean, cut, is_language_tag, one_line, written_length, x_account};

const TITLE: [&str; 2] = ["title", "seo.title"];
const PREVIEW_TITLE: [&str; 2] = ["seo.title", "seo_title"];
const DATE: [&str; 5] = ["date", "pubDate", "publishedAt", "published", "publish"];
const PUBLISH_AFTER: [&str; 3] = ["publishDate", "publish_date", "scheduled"];
const UPDATED: [&str; 6] = [
    "updated",
    "lastmod",
    "last_modified_at",
    "modified",
    "updatedDate",
    "dateModified",
];
const EXPIRES: [&str; 4] = ["expiryDate", "expires", "expiry", "unpublishDate"];
const AUTHOR: [&str; 3] = ["author", "authors", "seo.author"];
const CATEGORY: [&str; 2] = ["category", "categories"];
const DESCRIPTION: [&str; 4] = ["seo.description", "description", "summary", "excerpt"];
const IMAGE: [&str; 8] = [
    "seo.image",
    "image",
    "cover",
    "featured_image",
    "featuredImage",
    "heroImage",
    "thumbnail",
    "banner",
];
const IMAGE_ALT: [&str; 5] = [
    "seo.imageAlt",
    "imageAlt",
    "image_alt",
    "cover_alt",
    "heroImageAlt",
];
const SLUG: [&str; 1] = ["slug"];
const LANGUAGE: [&str; 3] = ["lang", "language", "locale"];
const TWITTER: [&str; 3] = ["seo.twitterUsername", "twitterUsername", "twitter"];

/// A long title has a hundred.
const TITLE_GRAPHEMES: usize = 1000;
/// For letters with hundreds of marks.
const TITLE_BYTES: usize = 12_000;
/// Two or three sentences; search results and previews cut further.
const DESCRIPTION_GRAPHEMES: usize = 300;

/// Reads the post of one file; `None`, with findings, where it cannot be one.
pub(super) fn post(fields: &Fields<'_>, body: &str, path: &str, config: &Config) -> Option<Post> {
    let mut doubts = Vec::new();
    // Of several dates the latest begins and the earliest ends: a leak cannot be recalled.
    let starts = fields
        .dates(&DATE)
        .into_iter()
        .chain(fields.dates(&PUBLISH_AFTER));
    let starts: Vec<_> = starts
        .filter_map(|dated| dated.or_doubt(&mut doubts))
        .collect();
    let ends = fields.dates(&EXPIRES).into_iter();
    let expires = ends.filter_map(|dated| dated.or_doubt(&mut doubts)).min();
    let publish_after = starts.iter().max().copied();
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    // A field that cannot be read is no reason to take another date for it.
    let in_path = || date::in_path(stem, config.site.timezone).or_else(|| fields.date_in_address());
    let published = starts
        .first()
        .copied()
        .or_else(|| doubts.is_empty().then(in_path)?);
    if published.is_none() && !doubts.is_empty() {
        return None;
    }
    let Some(published) = published else {
        fields.note(
            Severity::Error,
            Rule::MissingDate,
            None,
            "there is no date, so the post is not published",
            "write `date: 2024-05-01T10:00:00Z` in the front matter",
        );
        return None;
    };
    let categories = fields.labels(&CATEGORY);
    let slug = fields.line(&SLUG);
    let parts = Parts {
        stem: bundle(stem),
        slug: slug.as_deref(),
        published,
        category: categories.first().map(String::as_str),
    };
    let (permalink, id) = address(fields, &parts, &config.site);
    let mut body = body_of(fields, body, &permalink, &config.site.url);

    let Some(title) = fields.line(&TITLE).or_else(|| body.first_heading.clone()) else {
        fields.note(
            Severity::Error,
            Rule::MissingTitle,
            None,
            "there is no title, so the post is not published",
            "write `title: …` in the front matter",
        );
        return None;
    };
    let short = bounded(&cut(&title, TITLE_GRAPHEMES), TITLE_BYTES);
    if short != title {
        fields.note(
            Severity::Warning,
            Rule::FieldType,
            None,
            format!("the title is longer than {TITLE_GRAPHEMES} characters and is cut"),
            "move the text into the body; no reader or preview shows more than a line or two",
        );
    }
    let title = short;
    let normal = |image: Image| {
        let url = Url::parse(&image.url).ok().filter(is_fit)?;
        Some(Image {
            url: url.into(),
            ..image
        })
    };
    body.images = body.images.into_iter().filter_map(normal).collect();
    let image = image(fields, &permalink).or_else(|| body.images.first().cloned());
    Some(Post {
        path: path.to_owned(),
        preview_title: fields.line(&PREVIEW_TITLE).filter(|other| *other != title),
        description: description(fields)
            .or(body.first_paragraph)
            .map(|text| cut(&text, DESCRIPTION_GRAPHEMES))
            .unwrap_or_default(),
        title,
        id: one_line(&id),
        permalink,
        published,
        publish_after,
        updated: fields
            .dates(&UPDATED)
            .into_iter()
            .find_map(|dated| dated.or_doubt(&mut Vec::new())),
        expires,
        authors: fields.authors(&AUTHOR),
        categories,
        images: images(image.as_ref(), body.images),
        image,
        body_html: clean(body.html).trim().into(),
        language: language(fields),
        twitter: fields
            .line(&TWITTER)
            .and_then(|account| x_account(&account)),
        markers: markers(fields, path).into_iter().chain(doubts).collect(),
    })
}

/// The body as feeds carry it; nothing, with a finding, where that would cost too much.
fn body_of(fields: &Fields<'_>, body: &str, permalink: &Permalink, site: &Url) -> Markup {
    let base = Url::parse(&permalink.url).unwrap_or_else(|_| site.clone());
    let html = markdown::to_html(body);
    if !budget::fits(&html) {
        fields.note(
            Severity::Error,
            Rule::BodyTooComplex,
            None,
            "the body is nested or unclosed beyond reason, so the post is published without it",
            "close every HTML element that is opened, and nest fewer quotes",
        );
        return Markup::default();
    }
    markup::read(&sanitize::sanitize(&html, &base))
}

/// The description as plain text. CMS users paste Markdown links into it, which no output draws.
fn description(fields: &Fields<'_>) -> Option<String> {
    let text = fields.line(&DESCRIPTION)?;
    if !text.contains("](") {
        return Some(text);
    }
    let nowhere = Url::parse("https://example.invalid/").ok()?;
    let html = markdown::to_html(&text);
    if !budget::fits(&html) {
        return Some(text);
    }
    markup::read(&sanitize::sanitize(&html, &nowhere))
        .first_paragraph
        .or(Some(text))
}

fn language(fields: &Fields<'_>) -> Option<String> {
    let (tag, line) = fields.text(&LANGUAGE)?;
    let tag = tag.replace('_', "-");
    if !is_language_tag(&tag) {
        fields.note(
            Severity::Warning,
            Rule::FieldType,
            Place::mark(line, &tag),
            format!("`{}` is no language tag", one_line(&tag)),
            "write one of BCP 47, such as `en` or `pt-BR`",
        );
        return None;
    }
    Some(tag)
}

fn image(fields: &Fields<'_>, permalink: &Permalink) -> Option<Image> {
    let node = fields.first(&IMAGE)?;
    let node = match &node.value {
        Value::List(items) => items.first()?,
        _ => node,
    };
    let part = |names: &[&str]| names.iter().find_map(|name| node.get(name)?.text());
    let (address, alt) = match &node.value {
        Value::Map(_) => (
            part(&["url", "src", "path", "image", "publicURL"]),
            part(&["alt", "caption"]),
        ),
        _ => (node.text(), None),
    };
    let address = address?;
    let url = Url::parse(&permalink.url).ok()?.join(address).ok();
    let Some(url) = url.filter(is_fit) else {
        let inline = address.starts_with("data:");
        fields.note(
            Severity::Warning,
            if inline {
                Rule::InlineImage
            } else {
                Rule::FieldType
            },
            node,
            if inline {
                "the image is inlined as `data:`, which no preview draws"
            } else {
                "the image is no web address"
            },
            "upload the picture and write its path, such as `/img/a.jpg`",
        );
        return None;
    };
    let alt = alt.map(one_line).or_else(|| fields.line(&IMAGE_ALT));
    Some(Image {
        url: url.into(),
        alt,
    })
}

/// Whether an address can stand in a card and a sitemap.
fn is_fit(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && written_length(url.as_str()) <= MAX_URL
}

/// All pictures, the one that stands for the post first.
fn images(first: Option<&Image>, body: Vec<Image>) -> Arc<[Image]> {
    let others = body
        .into_iter()
        .filter(|image| first.is_none_or(|first| first.url != image.url));
    first.cloned().into_iter().chain(others).collect()
}

fn markers(fields: &Fields<'_>, path: &str) -> Vec<Marker> {
    let mut markers = fields.markers();
    if path
        .split('/')
        .any(|part| part.eq_ignore_ascii_case("_drafts"))
    {
        markers.push(Marker {
            field: "_drafts/".into(),
            value: "true".into(),
            line: None,
            kind: MarkerKind::Hides,
        });
    }
    for marker in &markers {
        let hides = !matches!(marker.kind, MarkerKind::NoIndex | MarkerKind::InSitemap);
        if hides && marker.reading() == Reading::Unreadable {
            fields.note(
                Severity::Error,
                Rule::UnreadableMarker,
                Place::from(marker),
                format!(
                    "`{}: {}` is neither true nor false, so the post is hidden",
                    marker.field,
                    one_line(&marker.value)
                ),
                format!(
                    "write `{}: true` or `{}: false`",
                    marker.field, marker.field
                ),
            );
        }
    }
    markers
}

/// Where the post of a file is: that of a page bundle, as Hugo and Zola have them, is its directory.
fn bundle(stem: &str) -> &str {
    stem.strip_suffix("/index").unwrap_or(stem)
}

/// Whether a file is a post at all: not the `_index.md` of a section, and by `content.require`.
pub(super) fn is_wanted(fields: &Fields<'_>, path: &str, config: &Config) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_section = name.starts_with("_index.");
    !is_section
        && config
            .content
            .require
            .iter()
            .all(|(name, value)| fields.holds(name, value))
}
