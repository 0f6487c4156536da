//! Reads the preview image of a post from its front matter, in each shape that tools write it in.

use std::collections::BTreeSet;
use std::sync::Arc;

use url::Url;

use crate::config::Field;
use crate::fields::{FrontMatterFields, SourceSpan, is_switch, list_items};
use crate::front_matter::{FrontMatterValue, Node};
use crate::markdown::plain_text::to_plain_text;
use crate::markdown::url_rewrite::{escape_url, is_same_document};
use crate::model::finding::{Rule, Severity};
use crate::model::post::Image;
use crate::model::post::image::{is_picture_address, is_shown_picture};
use crate::model::post::permalink::MAX_URL_BYTES;
use crate::text::find_template_part;
use crate::text::{collapse_whitespace, max_encoded_len};

/// Maximum values of a post that are tried as its image. Each that is none is a finding.
const MAX_IMAGE_CANDIDATES: usize = 20;
/// Maximum files of a page bundle that are looked at.
const MAX_BUNDLE_FILES: usize = 1_000;

/// Reads the image of the front matter: the first one under any of its names that networks show.
///
/// A value is a URL, a map that holds one, or a list of them.
pub(super) fn read_preview_image(fields: &FrontMatterFields<'_>, base: &Url) -> Option<Image> {
    fields
        .field_nodes(Field::Image)
        .flat_map(|(_, node)| list_items(node))
        .take(MAX_IMAGE_CANDIDATES)
        .find_map(|node| read_image(fields, node, base))
        .or_else(|| find_bundle_image(fields, base))
}

/// Finds the picture of a page bundle by its file name, as Hugo's own templates do.
fn find_bundle_image(fields: &FrontMatterFields<'_>, base: &Url) -> Option<Image> {
    let (dir, name) = fields.file_path().rsplit_once('/')?;
    let dir = name
        .starts_with("index.")
        .then(|| fields.content_dir().join(dir))?;
    let files = std::fs::read_dir(dir).ok()?.take(MAX_BUNDLE_FILES);
    let names = files.filter_map(|file| file.ok()?.file_name().into_string().ok());
    let names: BTreeSet<String> = names.filter(|name| is_shown_picture(name)).collect();
    let find_name = |part: &&str| names.iter().find(|name| name.to_lowercase().contains(part));
    let mut url = base.clone();
    let name = ["feature", "cover", "thumbnail"]
        .iter()
        .find_map(find_name)?;
    url.path_segments_mut().ok()?.pop_if_empty().push(name);
    Some(Image {
        url: escape_url(url.into()),
        alt: None,
    })
}

/// Reads one image; `None`, with a finding, if it cannot be shown.
fn read_image(fields: &FrontMatterFields<'_>, node: &Node, base: &Url) -> Option<Image> {
    let part = |names: &[&str]| -> Option<&Node> {
        let mut parts = names.iter().filter_map(|name| node.get(name));
        parts.find(|part| part.as_text().is_some_and(|text| !is_switch(text)))
    };
    let (address, alt) = match &node.value {
        FrontMatterValue::Map(_) => (
            part(&[
                "url",
                "src",
                "path",
                "image",
                "feature",
                "relative",
                "publicURL",
                "thumbnail",
                "teaser",
            ])?,
            part(&["alt", "caption"]).and_then(Node::as_text),
        ),
        _ => (node, None),
    };
    let text = address.as_text().filter(|text| !is_off(text))?;
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
    let joined = joined.filter(|_| find_template_part(text).is_none() && is_picture_address(text));
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
    let image = Image {
        url: escape_url(url.into()),
        alt: None,
    };
    if !image.is_previewable() {
        fields.report_finding(
            Severity::Warning,
            Rule::UnusablePicture,
            address,
            format!(
                "no network shows a file like `{}`, so the image is not used",
                collapse_whitespace(text)
            ),
            "name a JPEG, PNG, WebP or GIF file",
        );
        return None;
    }
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
    Some(Image { alt, ..image })
}

/// Returns true if a value says that there is no image.
fn is_off(text: &str) -> bool {
    ["false", "no", "off"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word))
}

/// Returns true if a card and a sitemap can hold the URL.
fn is_usable_url(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && max_encoded_len(url.as_str()) <= MAX_URL_BYTES
}

/// Joins the images of front matter and body. The preview image comes first and only once: the one of the front matter,
/// or else the first of the body that networks show.
///
/// Only the first keeps its alternative text.
pub(super) fn merge_images(first: Option<&Image>, body: &[Image]) -> Arc<[Image]> {
    let first = first.or_else(|| body.iter().find(|image| image.is_previewable()));
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

#[cfg(test)]
mod tests {
    use crate::model::finding::Rule;
    use crate::post::parse::tests::parse_sample;

    /// Returns the URL of the image below `https://e.org`, and the rules of the findings.
    fn read_image(front: &str, body: &str) -> (Option<String>, Vec<Rule>) {
        let (post, findings) = parse_sample(front, body);
        let image = post.images.first().filter(|image| image.is_previewable());
        let url = image.map(|image| image.url.replace("https://e.org", ""));
        (url, findings.iter().map(|finding| finding.rule).collect())
    }

    #[test]
    fn next_name_counts_after_a_value_without_image() {
        for value in [
            "false",
            "False",
            "no",
            "",
            "~",
            "null",
            "[]",
            "{alt: A boat}",
        ] {
            let front = format!("image: {value}\nhero: /real.png");
            let (url, rules) = read_image(&front, "");
            assert_eq!(
                (url.as_deref(), &*rules),
                (Some("/real.png"), &[][..]),
                "{value}"
            );
        }
        for (value, rule) in [
            ("true", Rule::FieldType),
            ("1", Rule::FieldType),
            ("none", Rule::FieldType),
            ("'#ff0000'", Rule::FieldType),
            ("A nice boat", Rule::FieldType),
            ("'{{ cover }}/a.png'", Rule::FieldType),
            ("/img/logo.svg", Rule::UnusablePicture),
            ("/v/clip.mp4", Rule::UnusablePicture),
            ("../a.png", Rule::RelativeLink),
        ] {
            let front = format!("image: {value}\nhero: /real.png");
            let (url, rules) = read_image(&front, "");
            assert_eq!(
                (url.as_deref(), &*rules),
                (Some("/real.png"), &[rule][..]),
                "{value}"
            );
            let (url, _) = read_image(&format!("image: {value}"), "![b](/body.jpg)");
            assert_eq!(url.as_deref(), Some("/body.jpg"), "{value}");
        }
    }

    #[test]
    fn image_is_found_under_the_names_in_use() {
        for front in [
            "image: a.png",
            "cover-image: a.png",
            "coverImage: {src: a.png}",
            "cover_image: [{url: a.png}]",
            "feature_image: a.png",
            "thumbnail-img: a.png",
            "share_image: a.png",
            "socialCard: a.png",
            "photo: a.png",
            "image: {feature: a.png}",
            "header: {overlay_image: a.png}",
            "header: {og_image: a.png}",
            "cover: {image: a.png, relative: true}",
            "images: [false, b.svg, a.png]",
        ] {
            let (url, _) = read_image(front, "");
            assert_eq!(url.as_deref(), Some("/blog/a/a.png"), "{front}");
        }
        let (url, rules) = read_image("cover: {image: '', relative: true}", "");
        assert_eq!((url, &*rules), (None, &[][..]));
    }

    #[test]
    fn first_picture_of_the_body_that_networks_show_counts() {
        for passed_over in [
            "[![Build](https://b.example/passing-green.svg)](https://ci.example)",
            "<img src=\"https://b.example/1f389.png\" height=\"20\" width=\"20\" alt=\"party\"> Hello.",
            "<img src=\"/a.png\" width=\"120px\">",
            "<img src='/a.png' height=199>",
            "![A clip](/v/clip.mp4)",
        ] {
            let body =
                format!("{passed_over}\n\n![The picture](/img/real.jpg)\n\n![Other](/b.png)");
            let (url, rules) = read_image("", &body);
            assert_eq!(
                (url.as_deref(), &*rules),
                (Some("/img/real.jpg"), &[][..]),
                "{body}"
            );
            assert_eq!(read_image("", passed_over).0, None, "{passed_over}");
        }
        let (post, _) = parse_sample("", "![a](/a.svg) ![b](/b.png) ![c](/c.mp4) ![d](/d.png)");
        let urls: Vec<&str> = post.images.iter().map(|image| &*image.url).collect();
        let expected = ["/b.png", "/a.svg", "/d.png"].map(|path| format!("https://e.org{path}"));
        assert_eq!(urls, expected, "the sitemap lists pictures only");
    }
}
