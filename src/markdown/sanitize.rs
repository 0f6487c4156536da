//! Sanitizes untrusted HTML with an allow-list and makes every URL absolute.
//!
//! Scripts, styles, event handlers and `javascript:` URLs are removed, like everything else that is not on the list.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use url::Url;

use super::url_rewrite::{self, ALLOWED_SCHEMES, escape_url, is_same_document};

/// Tags allowed in addition to ammonia's defaults.
const ADDITIONAL_TAGS: [&str; 8] = [
    "picture", "source", "video", "audio", "track", "input", "iframe", "button",
];

/// Elements that are dropped with their content, which is not text of the post.
const DROPPED_WITH_CONTENT: [&str; 9] = [
    "script", "style", "template", "noscript", "svg", "math", "object", "select", "datalist",
];

/// The allowed tags. `iframe` is allowed because later processing turns it into a link. `button` is allowed so
/// that its text stays in the body but does not become part of the first paragraph.
static ALLOWED_TAGS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let mut tags = Builder::default().clone_tags();
    tags.extend(ADDITIONAL_TAGS);
    tags
});

/// Sanitizes HTML and resolves relative URLs against `base`. The result has balanced tags and double-quoted
/// attributes.
pub(super) fn sanitize_html(html: &str, base: &Url) -> String {
    let mut builder = Builder::default();
    let base_url = base.clone();
    builder
        .tags(ALLOWED_TAGS.clone())
        .clean_content_tags(DROPPED_WITH_CONTENT.into_iter().collect())
        .add_tag_attributes("code", ["class"])
        .add_tag_attributes("source", ["src", "srcset", "type", "media", "sizes"])
        .add_tag_attributes("video", ["src", "poster", "width", "height", "controls"])
        .add_tag_attributes("audio", ["src", "controls"])
        .add_tag_attributes("track", ["src", "kind", "srclang", "label"])
        .add_tag_attributes("img", ["srcset", "sizes"])
        .add_tag_attributes("input", ["type", "checked"])
        .add_tag_attributes("iframe", ["src", "title"])
        .url_relative(UrlRelative::RewriteWithBase(base.clone()))
        .url_schemes(HashSet::from(ALLOWED_SCHEMES))
        .link_rel(None)
        .attribute_filter(move |_, attribute, value| match attribute {
            "href" => url_rewrite::resolve_url(value, &base_url),
            "src" | "poster" => url_rewrite::resolve_resource_url(value, &base_url),
            "srcset" => resolve_srcset(value, &base_url).map(Cow::Owned),
            // ammonia does not resolve `cite`, but browsers treat it as a URL.
            "cite" => resolve_web_url(value, &base_url).map(Cow::Owned),
            _ => Some(Cow::Borrowed(value)),
        });
    builder.clean(html).to_string()
}

fn resolve_web_url(value: &str, base: &Url) -> Option<String> {
    let url = base.join(value.trim()).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| escape_url(url.into()))
}

/// Decodes a text with character references but no tags. Special characters are written back as references.
pub(super) fn normalize_references(references: &str) -> String {
    Builder::empty().clean(references).to_string()
}

/// Maximum number of candidates of a `srcset`, as each is parsed. Generators write about twenty.
const MAX_SRCSET_CANDIDATES: usize = 500;

/// Makes the candidates of a `srcset` absolute (HTML §4.8.4.2.1). Drops those without a web URL, and those after
/// the first `MAX_SRCSET_CANDIDATES`.
fn resolve_srcset(value: &str, base: &Url) -> Option<String> {
    let mut candidates = Vec::new();
    let mut rest = value.trim_start_matches([' ', '\t', '\n', '\r', ',']);
    while !rest.is_empty() && candidates.len() < MAX_SRCSET_CANDIDATES {
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (address, after) = rest.split_at_checked(end)?;
        // A comma at the end of the URL ends the candidate; a comma within it does not.
        let (address, descriptor, next) = match address.strip_suffix(',') {
            Some(address) => (address.trim_end_matches(','), "", after),
            None => {
                let (descriptor, next) = after.split_once(',').unwrap_or((after, ""));
                (address, descriptor.trim(), next)
            }
        };
        if let Some(url) = resolve_web_url(address, base).filter(|url| !is_same_document(url, base))
        {
            // A comma at the end of a URL would read as a separator.
            let url = url.trim_end_matches(',').to_owned();
            candidates.push(if descriptor.is_empty() {
                url
            } else {
                format!("{url} {descriptor}")
            });
        }
        rest = next.trim_start_matches([' ', '\t', '\n', '\r', ',']);
    }
    (!candidates.is_empty()).then(|| candidates.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sanitize_post(html: &str) -> String {
        sanitize_html(html, &Url::parse("https://e.org/blog/post").unwrap())
    }

    #[test]
    fn scripts_are_removed() {
        for html in [
            "<script>alert(1)</script>",
            "<style>*{}</style>",
            "<img src=x onerror=alert(1)>",
            "<a href=\"javascript:alert(1)\">x</a>",
            "<a href=\" JaVaScRiPt:alert(1)\">x</a>",
            "<svg onload=alert(1)><script>alert(1)</script></svg>",
            "<math><mi xlink:href=\"javascript:alert(1)\">x</mi></math>",
            "<form action=\"javascript:alert(1)\"><button>x</button></form>",
            "<video poster=\"javascript:alert(1)\"></video>",
            "<p style=\"background:url(javascript:alert(1))\">x</p>",
            "<object data=\"javascript:alert(1)\">x</object>",
            "<blockquote cite=\"javascript:alert(1)\">x</blockquote>",
            "<base href=\"https://evil.example/\">",
            "<iframe srcdoc=\"<script>alert(1)</script>\"></iframe>",
        ] {
            let out = sanitize_post(html).to_lowercase();
            for bad in [
                "script", "alert", "onerror", "onload", "style", "<form", "<base", "evil",
            ] {
                assert!(!out.contains(bad), "{bad} in {out} from {html}");
            }
        }
    }

    #[test]
    fn every_url_is_absolute() {
        assert_eq!(
            sanitize_post("<img src=\"/img/a.jpg\">"),
            "<img src=\"https://e.org/img/a.jpg\">"
        );
        assert_eq!(
            sanitize_post("<a href=\"../b\">x</a>"),
            "<a href=\"https://e.org/b\">x</a>"
        );
        assert_eq!(
            sanitize_post("<a href=\"#c\">x</a>"),
            "<a href=\"https://e.org/blog/post#c\">x</a>"
        );
        assert_eq!(
            sanitize_post("<video poster=\"p.jpg\" src=\"v.mp4\"></video>"),
            "<video poster=\"https://e.org/blog/p.jpg\" src=\"https://e.org/blog/v.mp4\"></video>"
        );
        assert_eq!(
            sanitize_post("<img srcset=\"a.jpg 1x, /b.jpg?x=1,2 2x,c.jpg\">"),
            "<img srcset=\"https://e.org/blog/a.jpg 1x, https://e.org/b.jpg?x=1,2 2x, https://e.org/blog/c.jpg\">"
        );
    }

    #[test]
    fn inlined_images_lose_their_source() {
        assert_eq!(
            sanitize_post("<img alt=\"a\" src=\"data:image/png;base64,AAAA\">"),
            "<img alt=\"a\">"
        );
        assert_eq!(
            sanitize_post("<img srcset=\"data:image/png;base64,AAAA 2x\">"),
            "<img>"
        );
    }
}
