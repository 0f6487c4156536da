//! The picture that stands for a post: from its front matter, in all the shapes that tools write it in.

use std::sync::Arc;

use url::Url;

use crate::config::Field;
use crate::content::absolute::{escaped, is_same_document};
use crate::content::address::MAX_URL;
use crate::content::fields::{Fields, Place};
use crate::content::front_matter::{Node, Value};
use crate::content::plain_text::plain_text;
use crate::finding::{Rule, Severity};
use crate::post::Image;
use crate::text::{one_line, written_length};

/// The picture of the front matter: an address, a list of them, or a map with one in it.
pub(super) fn of(fields: &Fields<'_>, base: &Url) -> Option<Image> {
    let node = fields.first(Field::Image)?;
    let node = match &node.value {
        Value::List(items) => {
            let is_empty = |item: &Node| match &item.value {
                Value::Null => true,
                Value::Scalar(text) => text.trim().is_empty(),
                Value::List(_) | Value::Map(_) => false,
            };
            items.iter().find(|item| !is_empty(item))?
        }
        _ => node,
    };
    let part = |names: &[&str]| -> Option<&Node> {
        let mut parts = names.iter().filter_map(|name| node.get(name));
        parts.find(|part| part.text().is_some())
    };
    let (address, alt) = match &node.value {
        Value::Map(_) => (
            part(&["url", "src", "path", "image", "relative", "publicURL"])?,
            part(&["alt", "caption"]).and_then(Node::text),
        ),
        _ => (node, None),
    };
    let text = address.text()?;
    if text.starts_with("../") || text.starts_with("~/") || text.starts_with("@/") {
        fields.note(
            Severity::Warning,
            Rule::RelativeLink,
            address,
            format!("the picture `{}` is addressed by the place of the file, and where readers find it is not known", one_line(text)),
            "write the address it has on the site, such as `/img/a.jpg`",
        );
        return None;
    }
    let url = base.join(text).ok();
    let is_picture = |url: &Url| is_fit(url) && !is_same_document(url.as_str(), base);
    let Some(url) = url.filter(is_picture) else {
        let (rule, message) = if text.starts_with("data:") {
            (
                Rule::InlineImage,
                "the image is inlined as `data:`, which no preview draws",
            )
        } else {
            (Rule::FieldType, "the image is no web address")
        };
        fields.note(
            Severity::Warning,
            rule,
            Place::mark(address.line, text.split(',').next().unwrap_or(text)),
            message,
            "upload the picture and write its path, such as `/img/a.jpg`",
        );
        return None;
    };
    let alt = alt
        .map(plain_text)
        .or_else(|| fields.plain_text(Field::ImageAlt));
    if alt.is_none() {
        fields.advise(
            Rule::MissingAlt,
            address,
            format!(
                "the picture `{}` has no words for those who do not see it",
                one_line(text)
            ),
            "say in a few words what it shows: `image: {src: …, alt: …}`, or `image_alt: …`",
        );
    }
    Some(Image {
        url: escaped(url.into()),
        alt,
    })
}

/// Whether an address can stand in a card and a sitemap.
fn is_fit(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && written_length(url.as_str()) <= MAX_URL
}

/// All pictures, the one that stands for the post first: the front matter's, or else the first of the body. What the
/// others show is left out.
pub(super) fn all(first: Option<&Image>, body: &[Image]) -> Arc<[Image]> {
    let others = body
        .iter()
        .filter(|image| first.is_none_or(|first| first.url != image.url));
    let mut images = first.into_iter().chain(others);
    let first = images.next().cloned();
    let others = images.map(|image| Image {
        url: image.url.clone(),
        alt: None,
    });
    first.into_iter().chain(others).collect()
}
