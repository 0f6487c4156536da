//! Sanitizes untrusted HTML with an allow-list and makes every URL absolute.
//!
//! Scripts, styles, event handlers and `javascript:` URLs are removed, like everything else that is not on the list.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use url::Url;

use super::url_rewrite::{self, ALLOWED_SCHEMES, escape_url, is_same_document};
use crate::links::LINK_SCHEME;

/// Tags allowed in addition to ammonia's defaults.
const ADDITIONAL_TAGS: [&str; 9] = [
    "picture", "source", "video", "audio", "track", "input", "iframe", "button", "embed",
];

/// Elements of formulas (`MathML` Core) without links, styles and `annotation`, which repeats the formula.
const MATH_TAGS: &str = "math mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms mspace \
    msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover semantics";

/// Elements that are dropped with their content, which is not text of the post.
const DROPPED_WITH_CONTENT: [&str; 9] = [
    "script",
    "style",
    "template",
    "noscript",
    "select",
    "datalist",
    "metadata",
    "annotation",
    "annotation-xml",
];

/// Attributes in which scripts that load images late keep the address.
pub(super) const LAZY_SOURCES: [&str; 3] = ["data-src", "data-original", "data-lazy-src"];
/// Attributes in which such scripts keep the candidates of a `srcset`.
pub(super) const LAZY_SRCSETS: [&str; 2] = ["data-srcset", "data-lazy-srcset"];
/// Beginning of the address of a script that shows a gist.
const GIST_URL: &str = "https://gist.github.com/";
/// Maximum bytes of the start tag of a `noscript`, an object, or a script that shows a gist.
const MAX_UNWRAPPED_TAG_BYTES: usize = 500;

/// The allowed tags. `iframe` and `embed` are allowed because later processing turns them into links.
/// `button` is allowed so that its text stays in the body but does not become part of the first paragraph.
static ALLOWED_TAGS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let mut tags = Builder::default().clone_tags();
    tags.extend(ADDITIONAL_TAGS);
    tags.extend(MATH_TAGS.split(' '));
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
        .add_tag_attributes("img", LAZY_SOURCES)
        .add_tag_attributes("img", LAZY_SRCSETS)
        .add_tag_attributes("source", LAZY_SRCSETS)
        .add_tag_attributes("embed", ["src"])
        .add_tag_attributes("math", ["display"])
        .add_tag_attributes("input", ["type", "checked"])
        .add_tag_attributes("iframe", ["src", "title"])
        .url_relative(UrlRelative::RewriteWithBase(base.clone()))
        .url_schemes(
            ALLOWED_SCHEMES
                .into_iter()
                .chain([LINK_SCHEME.trim_end_matches(':')])
                .collect(),
        )
        .link_rel(None)
        .attribute_filter(move |_, attribute, value| match attribute {
            "href" => url_rewrite::resolve_link_url(value, &base_url),
            "src" | "poster" | "data-src" | "data-original" | "data-lazy-src" => {
                url_rewrite::resolve_resource_url(value, &base_url)
            }
            "srcset" | "data-srcset" | "data-lazy-srcset" => {
                resolve_srcset(value, &base_url).map(Cow::Owned)
            }
            // ammonia does not resolve `cite`, but browsers treat it as a URL.
            "cite" => resolve_web_url(value, &base_url).map(Cow::Owned),
            _ => Some(Cow::Borrowed(value)),
        });
    builder.clean(html).to_string()
}

/// Removes the tags of `noscript` and `object`, and makes a drawing its text. An object without fallback, or a script
/// that shows a gist, becomes a link.
pub(super) fn unwrap_fallbacks(html: &str) -> Cow<'_, str> {
    let is_any = ["<noscript", "<script", "<svg", "<object"]
        .iter()
        .any(|tag| html.contains(tag));
    if !is_any {
        return Cow::Borrowed(html);
    }
    let mut output = String::with_capacity(html.len());
    let mut rest = html;
    let mut drawing_ends = html.matches("</svg").count();
    while let Some((text, tag)) = rest.split_once('<') {
        output.push_str(text);
        rest = tag;
        drawing_ends = drawing_ends.saturating_sub(usize::from(tag.starts_with("/svg")));
        let end = tag
            .bytes()
            .take(MAX_UNWRAPPED_TAG_BYTES)
            .position(|byte| byte == b'>');
        let start_tag = end.and_then(|end| tag.get(..end)).unwrap_or_default();
        let name = start_tag.strip_prefix('/').unwrap_or(start_tag);
        if name.starts_with("noscript") || name.starts_with("object") {
            rest = tag.get(start_tag.len() + 1..).unwrap_or_default();
            let is_empty = rest.trim_start().starts_with("</object");
            let data = name.split_once("data=\"").filter(|_| is_empty);
            if let Some((url, _)) = data.and_then(|(_, value)| value.split_once('"')) {
                output.push_str(&format!("<a href=\"{url}\">{url}</a>"));
            }
            continue;
        }
        if tag.starts_with("svg")
            && drawing_ends > 0
            && let Some((drawing, after)) = tag.split_once("</svg")
        {
            push_labels(&mut output, drawing);
            drawing_ends = drawing_ends.saturating_sub(1);
            rest = after.trim_start().strip_prefix('>').unwrap_or(after);
            continue;
        }
        if start_tag.starts_with("script")
            && let Some(at) = start_tag.find(GIST_URL)
        {
            let url = start_tag.get(at..).unwrap_or_default();
            let url = url.split(['"', '\'', ' ']).next().unwrap_or(url);
            let url = url.split(".js").next().unwrap_or(url);
            output.push_str(&format!("<a href=\"{url}\">{url}</a>"));
        }
        output.push('<');
    }
    output.push_str(rest);
    Cow::Owned(output)
}

/// Writes the text of a drawing without its tags, except for elements whose text no reader sees.
fn push_labels(output: &mut String, drawing: &str) {
    for part in drawing.split('<') {
        let name = part.strip_prefix('/').unwrap_or(part);
        if ["!", "style", "script", "metadata"]
            .iter()
            .any(|kind| name.starts_with(kind))
        {
            output.push('<');
            output.push_str(part);
        } else if let Some((_, text)) = part.split_once('>') {
            output.push(' ');
            output.push_str(text.trim());
        }
    }
    output.push(' ');
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
            "<math><annotation-xml encoding=\"text/html\"><img src=x onerror=alert(1)></annotation-xml></math>",
            "<svg><a xlink:href=\"javascript:alert(1)\"><style>alert(1)</style></a></svg>",
            "<embed src=\"javascript:alert(1)\">",
            "<img data-src=\"javascript:alert(1)\" data-srcset=\"javascript:alert(1) 2x\">",
        ] {
            let out = sanitize_post(&unwrap_fallbacks(html)).to_lowercase();
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
    fn attribute_never_becomes_a_tag() {
        for html in [
            "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1&gt;\">",
            "<noscript><p title=\"</noscript><img src=1>\"></noscript>",
            "<svg><p title=\"</svg><img src=1>\"></svg>",
            "<p title=\"<script src=https://gist.github.com/a/b><img src=1>\">",
        ] {
            let once = sanitize_post(&unwrap_fallbacks(html));
            assert_eq!(sanitize_post(&once), once, "{html}");
        }
    }

    #[test]
    fn text_of_embedded_content_stays() {
        for (html, shown) in [
            (
                "<math display=\"block\"><mi>x</mi><mo>=</mo><mn>1</mn></math>",
                "<math display=\"block\"><mi>x</mi><mo>=</mo><mn>1</mn></math>",
            ),
            (
                "<math><semantics><mi href=\"a\" style=\"b\">x</mi><annotation>y</annotation></semantics></math>",
                "<math><semantics><mi>x</mi></semantics></math>",
            ),
            (
                "a<svg viewBox=\"0 0 9 9\"><title>T</title><style>b > c</style><path d=\"m\"/><text>Of a</text><text>chart</text><!-- d > e --></svg>f",
                "a  T   Of a  chart  f",
            ),
            ("<svg><text>unclosed", ""),
            (
                "<noscript><img src=\"/a.png\"></noscript>",
                "<img src=\"https://e.org/a.png\">",
            ),
            (
                "<script async src='https://gist.github.com/ada/abc.js?file=d'></script>",
                "<a href=\"https://gist.github.com/ada/abc\">https://gist.github.com/ada/abc</a>",
            ),
            ("<script>https://gist.github.com/ada/abc.js</script>", ""),
            (
                "<p><object data=\"/d.pdf\"><p>Read it.</p></object><embed src=\"/e.pdf\"><object data=\"/f.pdf\"> </object>",
                "<p></p><p>Read it.</p><embed src=\"https://e.org/e.pdf\"><a href=\"https://e.org/f.pdf\">/f.pdf</a> ",
            ),
            (
                "<img data-src=\"a.png\" src=\"data:image/gif;base64,AA\">",
                "<img data-src=\"https://e.org/blog/a.png\">",
            ),
        ] {
            let out = sanitize_post(&unwrap_fallbacks(html));
            assert_eq!(out, shown, "{html}");
        }
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
