//! Reads the preview image of a post from its front matter, in each shape that tools write it in.

use std::sync::Arc;

use url::Url;

use crate::config::Field;
use crate::front_matter::{FrontMatterValue, Node};
use crate::markdown::plain_text::to_plain_text;
use crate::markdown::url_rewrite::{escape_url, is_same_document};
use crate::model::finding::{Rule, Severity};
use crate::model::post::Image;
use crate::model::post::permalink::MAX_URL_BYTES;
use crate::post::address_template::find_template_part;
use crate::post::fields::{FrontMatterFields, SourceSpan};
use crate::text::{collapse_whitespace, max_encoded_len};

/// Reads the image of the front matter: a URL, a list of them, or a map that holds one.
///
/// Of a list the first image counts.
pub(super) fn read_preview_image(fields: &FrontMatterFields<'_>, base: &Url) -> Option<Image> {
    let node = fields.first_node(Field::Image)?;
    let node = match &node.value {
        FrontMatterValue::List(items) => {
            let is_empty = |item: &Node| match &item.value {
                FrontMatterValue::Null => true,
                FrontMatterValue::Scalar(text) => text.trim().is_empty(),
                FrontMatterValue::List(_) | FrontMatterValue::Map(_) => false,
            };
            items.iter().find(|item| !is_empty(item))?
        }
        _ => node,
    };
    let part = |names: &[&str]| -> Option<&Node> {
        let mut parts = names.iter().filter_map(|name| node.get(name));
        parts.find(|part| part.as_text().is_some())
    };
    let (address, alt) = match &node.value {
        FrontMatterValue::Map(_) => (
            part(&["url", "src", "path", "image", "relative", "publicURL"])?,
            part(&["alt", "caption"]).and_then(Node::as_text),
        ),
        _ => (node, None),
    };
    let text = address.as_text()?;
    if text.starts_with("../") || text.starts_with("~/") || text.starts_with("@/") {
        fields.report_finding(
            Severity::Warning,
            Rule::RelativeLink,
            address,
            format!("the image path `{}` is relative to the file, so its address on the site is unknown", collapse_whitespace(text)),
            "write its address on the site, such as `/img/a.jpg`",
        );
        return None;
    }
    // An address with a template part is not known here.
    let joined = base.join(text).ok();
    let joined = joined.filter(|_| find_template_part(text).is_none());
    let Some(url) =
        joined.filter(|url| is_usable_url(url) && !is_same_document(url.as_str(), base))
    else {
        let (rule, message) = if text.starts_with("data:") {
            (
                Rule::InlineImage,
                "the image is inlined as `data:`, which no preview shows",
            )
        } else {
            (Rule::FieldType, "the image is not a web address")
        };
        fields.report_finding(
            Severity::Warning,
            rule,
            SourceSpan::at_text(address.line, text.split(',').next().unwrap_or(text)),
            message,
            "upload the image and write its path, such as `/img/a.jpg`",
        );
        return None;
    };
    let alt = alt
        .map(to_plain_text)
        .or_else(|| fields.first_plain_text(Field::ImageAlt));
    if alt.is_none() {
        fields.report_suggestion(
            Rule::MissingAlt,
            address,
            format!(
                "the image `{}` has no alternative text",
                collapse_whitespace(text)
            ),
            "describe it in a few words: `image: {src: …, alt: …}`, or `image_alt: …`",
        );
    }
    Some(Image {
        url: escape_url(url.into()),
        alt,
    })
}

/// Returns true if a card and a sitemap can hold the URL.
fn is_usable_url(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && max_encoded_len(url.as_str()) <= MAX_URL_BYTES
}

/// Joins the images of front matter and body; the preview image comes first and only once.
///
/// Only the first keeps its alternative text.
pub(super) fn merge_images(first: Option<&Image>, body: &[Image]) -> Arc<[Image]> {
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
