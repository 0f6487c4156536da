//! Sanitises HTML from anywhere so that it harms no reader, and makes every URL absolute.
//!
//! An allow-list: no script, style, event handler or `javascript:` address comes through, nor
//! anything else that is not on it.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use url::Url;

use super::absolute::{self, SCHEMES, escaped, is_same_document};

const MORE_TAGS: [&str; 8] = [
    "picture", "source", "video", "audio", "track", "input", "iframe", "button",
];

/// Whole elements that are dropped with what is in them: none of it is text of the post.
const DROPPED_WITH_CONTENT: [&str; 9] = [
    "script", "style", "template", "noscript", "svg", "math", "object", "select", "datalist",
];

/// `iframe` is on the list only for [`super::markup`], which makes a link of it, and `button` for its words,
/// which stay in the body and are no words of its paragraph.
static TAGS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let mut tags = Builder::default().clone_tags();
    tags.extend(MORE_TAGS);
    tags
});

/// Sanitises HTML; relative URLs are resolved against `base`. What is left has its attributes in
/// double quotes and its tags balanced.
pub(super) fn sanitize(html: &str, base: &Url) -> String {
    let mut builder = Builder::default();
    let owned = base.clone();
    builder
        .tags(TAGS.clone())
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
        .url_schemes(HashSet::from(SCHEMES))
        .link_rel(None)
        .attribute_filter(move |_, attribute, value| match attribute {
            "href" => absolute::absolute(value, &owned),
            "src" | "poster" => absolute::of_resource(value, &owned),
            "srcset" => srcset(value, &owned).map(Cow::Owned),
            // No address to ammonia, and one to a browser.
            "cite" => web_address(value, &owned).map(Cow::Owned),
            _ => Some(Cow::Borrowed(value)),
        });
    builder.clean(html).to_string()
}

fn web_address(value: &str, base: &Url) -> Option<String> {
    let url = base.join(value.trim()).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| escaped(url.into()))
}

/// The text of HTML whose only markup are references.
pub(super) fn decoded(references: &str) -> String {
    Builder::empty().clean(references).to_string()
}

/// Candidates of a `srcset`, each of which is parsed and made absolute. Generators write twenty.
const MAX_CANDIDATES: usize = 500;

/// The candidates of a `srcset` (HTML §4.8.4.2.1), each made absolute; those that cannot be go, as do those
/// after the first [`MAX_CANDIDATES`].
fn srcset(value: &str, base: &Url) -> Option<String> {
    let mut candidates = Vec::new();
    let mut rest = value.trim_start_matches([' ', '\t', '\n', '\r', ',']);
    while !rest.is_empty() && candidates.len() < MAX_CANDIDATES {
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (address, after) = rest.split_at_checked(end)?;
        // A comma at the end of the address ends the candidate; one within it does not.
        let (address, descriptor, next) = match address.strip_suffix(',') {
            Some(address) => (address.trim_end_matches(','), "", after),
            None => {
                let (descriptor, next) = after.split_once(',').unwrap_or((after, ""));
                (address, descriptor.trim(), next)
            }
        };
        if let Some(url) = web_address(address, base).filter(|url| !is_same_document(url, base)) {
            // A comma at either end of an address would read as a separator.
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

    fn clean(html: &str) -> String {
        sanitize(html, &Url::parse("https://e.org/blog/post").unwrap())
    }

    #[test]
    fn nothing_that_runs_comes_through() {
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
            let out = clean(html).to_lowercase();
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
            clean("<img src=\"/img/a.jpg\">"),
            "<img src=\"https://e.org/img/a.jpg\">"
        );
        assert_eq!(
            clean("<a href=\"../b\">x</a>"),
            "<a href=\"https://e.org/b\">x</a>"
        );
        assert_eq!(
            clean("<a href=\"#c\">x</a>"),
            "<a href=\"https://e.org/blog/post#c\">x</a>"
        );
        assert_eq!(
            clean("<video poster=\"p.jpg\" src=\"v.mp4\"></video>"),
            "<video poster=\"https://e.org/blog/p.jpg\" src=\"https://e.org/blog/v.mp4\"></video>"
        );
        assert_eq!(
            clean("<img srcset=\"a.jpg 1x, /b.jpg?x=1,2 2x,c.jpg\">"),
            "<img srcset=\"https://e.org/blog/a.jpg 1x, https://e.org/b.jpg?x=1,2 2x, https://e.org/blog/c.jpg\">"
        );
    }

    #[test]
    fn inlined_images_lose_their_source() {
        assert_eq!(
            clean("<img alt=\"a\" src=\"data:image/png;base64,AAAA\">"),
            "<img alt=\"a\">"
        );
        assert_eq!(
            clean("<img srcset=\"data:image/png;base64,AAAA 2x\">"),
            "<img>"
        );
    }
}
