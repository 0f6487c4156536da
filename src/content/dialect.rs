//! Front matter fields into a [`Post`]: which names mean what.
//!
//! The lists hold the names that Decap and Gatsby sites use and their common spellings elsewhere;
//! the first that is there wins.

use url::Url;

use super::address::{MAX_URL, Parts, address};
use super::fields::Fields;
use super::front_matter::Value;
use super::markup::{self, Markup};
use super::{markdown, sanitize};
use crate::config::Config;
use crate::finding::{Rule, Severity};
use crate::post::{Image, Marker, MarkerKind, Permalink, Post, Reading};
use crate::text::{clean, cut, one_line};

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
const LANGUAGE: [&str; 3] = ["lang", "language", "locale"];
const TWITTER: [&str; 3] = ["seo.twitterUsername", "twitterUsername", "twitter"];

/// A long title has a hundred.
const TITLE_GRAPHEMES: usize = 1000;
/// Two or three sentences; search results and previews cut further.
const DESCRIPTION_GRAPHEMES: usize = 300;

/// Reads the post of one file; `None`, with findings, where it cannot be one.
pub(super) fn post(fields: &Fields<'_>, body: &str, path: &str, config: &Config) -> Option<Post> {
    let published = fields.date(&DATE);
    let expires = fields.date(&EXPIRES);
    let publish_after = fields.date(&PUBLISH_AFTER);
    let Some(published) = published.or(publish_after) else {
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
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    let parts = Parts {
        stem,
        published,
        category: categories.first().map(String::as_str),
    };
    let (permalink, id) = address(fields, &parts, &config.site);
    let body = body_of(body, &permalink, &config.site.url);

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
    let short = cut(&title, TITLE_GRAPHEMES);
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
        updated: fields.date(&UPDATED),
        expires,
        authors: fields.authors(&AUTHOR),
        categories,
        image,
        body_images: body.images,
        body_html: clean(body.html).trim().into(),
        language: fields
            .line(&LANGUAGE)
            .filter(|tag| tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')),
        twitter: fields.line(&TWITTER).and_then(|account| twitter(&account)),
        markers: markers(fields, path),
    })
}

fn body_of(body: &str, permalink: &Permalink, site: &Url) -> Markup {
    let base = Url::parse(&permalink.url).unwrap_or_else(|_| site.clone());
    markup::read(&sanitize::sanitize(&markdown::to_html(body), &base))
}

/// The description as plain text. CMS users paste Markdown links into it, which no output draws.
fn description(fields: &Fields<'_>) -> Option<String> {
    let text = fields.line(&DESCRIPTION)?;
    if !text.contains("](") {
        return Some(text);
    }
    let nowhere = Url::parse("https://example.invalid/").ok()?;
    let html = sanitize::sanitize(&markdown::to_html(&text), &nowhere);
    markup::read(&html).first_paragraph.or(Some(text))
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
    let fits =
        |url: &Url| matches!(url.scheme(), "http" | "https") && url.as_str().len() <= MAX_URL;
    let Some(url) = url.filter(fits) else {
        let inline = address.starts_with("data:");
        fields.note(
            Severity::Warning,
            if inline {
                Rule::InlineImage
            } else {
                Rule::FieldType
            },
            Some(node.line),
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

fn markers(fields: &Fields<'_>, path: &str) -> Vec<Marker> {
    let mut markers = fields.markers();
    if path.split('/').any(|part| part == "_drafts") {
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
                marker.line,
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

/// An X account as people write it (`@name`, `name`, `https://x.com/name`), to the bare name.
fn twitter(text: &str) -> Option<String> {
    let name = text
        .trim_end_matches('/')
        .rsplit('/')
        .next()?
        .trim()
        .trim_start_matches('@');
    let fits = (1..=15).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    fits.then(|| name.to_owned())
}

/// Whether a file is a post at all, by `content.require`.
pub(super) fn is_wanted(fields: &Fields<'_>, config: &Config) -> bool {
    config
        .content
        .require
        .iter()
        .all(|(name, value)| fields.holds(name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_read_as_people_write_them() {
        for text in [
            "@OpenSite",
            "OpenSite ",
            "twitter.com/OpenSite",
            "https://x.com/OpenSite/",
        ] {
            assert_eq!(twitter(text).as_deref(), Some("OpenSite"), "{text}");
        }
        for text in ["@", "two words", "waytoolongforanaccount", "a\"b"] {
            assert_eq!(twitter(text), None, "{text}");
        }
    }
}
