//! Defines every named output with its path, media type and cache policy.
//!
//! The router, the feeds' self links, the sitemap index, the export and the lints all ask an [`ArtifactKey`]; a path
//! literal anywhere else is a bug. Paths are an interface: once published they never change.

mod cache_class;
mod feed_aliases;
mod feed_page;
mod feed_scope;
mod header_value;
mod lazy_artifacts;
mod lazy_body;
mod output_bytes;
mod payload;

use std::fmt::Write as _;
use std::sync::Arc;

use crate::url_path;

pub use cache_class::CacheClass;
pub use feed_aliases::{FeedAlias, is_feed_path, may_be_output};
pub use feed_page::{FeedPageId, can_share_path};
pub use feed_scope::{FeedFormat, FeedScope};
pub use header_value::SharedHeaderValue;
pub use lazy_artifacts::{LazyArtifacts, PublicUrl};
pub use lazy_body::{LazyBody, LazyRenderError, RenderBody};
pub use output_bytes::OutputBytes;
pub use payload::{CorruptGzip, Payload, PayloadReader};

/// Version of all rendered bytes, part of the fingerprint of everything that is rendered on request and of every body.
///
/// Must be raised when the same input gives different bytes; else clients keep the old ones. A test compares samples with
/// recorded hashes.
pub const OUTPUT_VERSION: u32 = 8;

/// Key of one output.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ArtifactKey {
    /// HTML home page with the feeds and the newest posts.
    Home,
    /// The same for one of the site's further languages, by its path segment.
    LanguageHome(String),
    /// Feed in one of the three formats.
    Feed(FeedScope, FeedFormat),
    /// Further page, or archive page, of a feed.
    FeedPage(FeedScope, FeedFormat, FeedPageId),
    /// HTML page at a feed's path, for browsers.
    FeedHtml(FeedScope, FeedFormat),
    /// Stylesheet with which browsers show XML feeds.
    FeedStylesheet,
    /// Sitemap, or the index of its parts.
    Sitemap,
    /// Part of a sitemap that needs an index; numbered from 1.
    SitemapPart(usize),
    /// Sitemap of the newest posts, for Google News.
    NewsSitemap,
    /// robots.txt.
    Robots,
    /// Key file of IndexNow. Holds the key.
    IndexNowKey(String),
    /// Markdown list of the newest posts for agents (llmstxt.org).
    LlmsTxt,
    /// OPML outline of all feeds.
    Opml,
    /// HTML page for link previews. Holds the path of the post's permalink, with its leading slash,
    /// percent-encoded; `/` is the card of the site itself.
    CardPage(String),
    /// PNG image of a card. Holds the same path as the page.
    CardImage(String),
}

impl ArtifactKey {
    /// Returns the path below `server.public_url`, with its leading slash, percent-encoded.
    pub fn url_path(&self) -> String {
        match self {
            ArtifactKey::Home => "/".to_owned(),
            ArtifactKey::LanguageHome(language) => {
                format!("/{}/", url_path::encode_normalized_segment(language))
            }
            ArtifactKey::Feed(scope, format) | ArtifactKey::FeedHtml(scope, format) => {
                scope.feed_path(*format)
            }
            ArtifactKey::FeedPage(scope, format, page) => {
                page.page_path(&scope.feed_path(*format), *format)
            }
            ArtifactKey::FeedStylesheet => "/feed.css".to_owned(),
            ArtifactKey::Sitemap => "/sitemap.xml".to_owned(),
            ArtifactKey::SitemapPart(number) => format!("/sitemap-{number}.xml"),
            ArtifactKey::NewsSitemap => "/news-sitemap.xml".to_owned(),
            ArtifactKey::Robots => "/robots.txt".to_owned(),
            ArtifactKey::IndexNowKey(key) => format!("/{key}.txt"),
            ArtifactKey::LlmsTxt => "/llms.txt".to_owned(),
            ArtifactKey::Opml => "/opml.xml".to_owned(),
            ArtifactKey::CardPage(path) => format!("/cards{path}"),
            ArtifactKey::CardImage(path) => {
                format!("/cards{}", ArtifactKey::image_path_of_card(path))
            }
        }
    }

    /// Returns the key of the home page of a language, by its path segment; `None` is the default language.
    pub fn home_of_language(language: Option<&str>) -> ArtifactKey {
        language.map_or(ArtifactKey::Home, |language| {
            ArtifactKey::LanguageHome(language.to_owned())
        })
    }

    /// Returns the key of the HTML page at the same path; `None` if this is not a feed.
    pub fn html_variant(&self) -> Option<ArtifactKey> {
        match self {
            ArtifactKey::Feed(scope, format) => Some(ArtifactKey::FeedHtml(scope.clone(), *format)),
            _ => None,
        }
    }

    /// Returns the keys of lazy outputs that a normalized path below `server.public_url` may stand for, the most
    /// likely last.
    pub fn candidates_for_path(path: &str) -> Vec<ArtifactKey> {
        if let Some(card) = path.strip_prefix("/cards") {
            let picture = ArtifactKey::card_path_from_image_path(card);
            let picture = picture.map(|card| ArtifactKey::CardImage(card.to_owned()));
            let page = ArtifactKey::CardPage(card.to_owned());
            return picture.into_iter().chain([page]).collect();
        }
        if let Some(part) = path.strip_prefix("/sitemap-") {
            let number = part.strip_suffix(".xml").and_then(|part| part.parse().ok());
            return number.map(ArtifactKey::SitemapPart).into_iter().collect();
        }
        for fixed in [ArtifactKey::FeedStylesheet, ArtifactKey::Sitemap] {
            if path == fixed.url_path() {
                return vec![fixed];
            }
        }
        let pages = FeedPageId::candidates_for_path(path).into_iter();
        let pages = pages.flat_map(|(feed_path, page)| {
            let built_in = FeedScope::from_feed_path(&feed_path);
            let custom =
                FeedFormat::ALL.map(|format| (FeedScope::Custom(feed_path.clone()), format));
            let feeds = custom.into_iter().chain(built_in);
            feeds.map(move |(scope, format)| ArtifactKey::Feed(scope, format).page_key(page))
        });
        let feed = FeedScope::from_feed_path(path);
        pages
            .chain(feed.map(|(scope, format)| ArtifactKey::Feed(scope, format)))
            .collect()
    }

    /// Returns the key of a page of this feed. Page 1 is the feed itself.
    pub fn page_key(&self, page: FeedPageId) -> ArtifactKey {
        match self {
            ArtifactKey::Feed(scope, format) if page != FeedPageId::Number(1) => {
                ArtifactKey::FeedPage(scope.clone(), *format, page)
            }
            _ => self.clone(),
        }
    }

    /// Returns the absolute URL of a page of this feed.
    pub fn page_url(&self, page: FeedPageId, public_url: &str) -> String {
        self.page_key(page).absolute_url(public_url)
    }

    /// Returns the absolute URL of a feed that never answers with the HTML page.
    pub fn url_without_html(&self, public_url: &str) -> String {
        format!("{}?page=1", self.absolute_url(public_url))
    }

    /// Returns the `Content-Type`; text has exactly one charset. JSON Feed is UTF-8 by RFC 8259 §8.1, but some clients
    /// guess the charset unless it is sent.
    pub fn media_type(&self) -> &'static str {
        match self {
            ArtifactKey::Home
            | ArtifactKey::LanguageHome(_)
            | ArtifactKey::CardPage(_)
            | ArtifactKey::FeedHtml(..) => "text/html; charset=utf-8",
            ArtifactKey::FeedStylesheet => "text/css; charset=utf-8",
            ArtifactKey::Feed(_, format) | ArtifactKey::FeedPage(_, format, _) => match format {
                FeedFormat::Rss => "application/rss+xml; charset=utf-8",
                FeedFormat::Atom => "application/atom+xml; charset=utf-8",
                FeedFormat::Json => "application/feed+json; charset=utf-8",
            },
            ArtifactKey::Sitemap | ArtifactKey::SitemapPart(_) | ArtifactKey::NewsSitemap => {
                "application/xml; charset=utf-8"
            }
            ArtifactKey::Robots | ArtifactKey::IndexNowKey(_) | ArtifactKey::LlmsTxt => {
                "text/plain; charset=utf-8"
            }
            ArtifactKey::Opml => "text/x-opml; charset=utf-8",
            ArtifactKey::CardImage(_) => "image/png",
        }
    }

    /// Returns true if the time of the last change is known, for `Last-Modified`.
    pub fn is_change_tracked(&self) -> bool {
        !matches!(self, ArtifactKey::FeedPage(..) | ArtifactKey::FeedHtml(..))
    }

    /// Returns the class that decides `Cache-Control`.
    pub fn cache_class(&self) -> CacheClass {
        match self {
            ArtifactKey::Home
            | ArtifactKey::LanguageHome(_)
            | ArtifactKey::Feed(..)
            | ArtifactKey::FeedPage(..)
            | ArtifactKey::NewsSitemap
            | ArtifactKey::Opml => CacheClass::Feeds,
            ArtifactKey::Sitemap
            | ArtifactKey::SitemapPart(_)
            | ArtifactKey::Robots
            | ArtifactKey::IndexNowKey(_)
            | ArtifactKey::LlmsTxt
            | ArtifactKey::FeedStylesheet => CacheClass::CrawlerFiles,
            ArtifactKey::FeedHtml(..) => CacheClass::HtmlPages,
            ArtifactKey::CardPage(_) | ArtifactKey::CardImage(_) => CacheClass::Cards,
        }
    }

    /// Returns the tag by which a CDN can purge the output.
    pub fn cache_tag(&self) -> &'static str {
        match self {
            ArtifactKey::Home | ArtifactKey::LanguageHome(_) => "home",
            ArtifactKey::Feed(..) | ArtifactKey::FeedPage(..) | ArtifactKey::FeedHtml(..) => {
                "feeds"
            }
            ArtifactKey::Sitemap | ArtifactKey::SitemapPart(_) | ArtifactKey::NewsSitemap => {
                "sitemap"
            }
            ArtifactKey::Robots | ArtifactKey::IndexNowKey(_) => "robots",
            ArtifactKey::LlmsTxt => "llms",
            ArtifactKey::Opml => "opml",
            ArtifactKey::FeedStylesheet => "style",
            ArtifactKey::CardPage(_) | ArtifactKey::CardImage(_) => "cards",
        }
    }

    /// Returns `Cache-Control` for URLs from [`ArtifactKey::versioned_url`]. Content whose URL has its fingerprint
    /// never changes (RFC 8246).
    pub fn versioned_cache_control() -> &'static str {
        "public, max-age=31536000, immutable"
    }

    /// Returns the absolute URL with the fingerprint of the current content.
    pub fn versioned_url(&self, public_url: &str, fingerprint: &str) -> String {
        format!(
            "{}?{VERSION_PARAMETER}={fingerprint}",
            self.absolute_url(public_url)
        )
    }

    /// Returns true if a query has this fingerprint, as written by [`ArtifactKey::versioned_url`].
    pub fn is_versioned(query: &str, fingerprint: &str) -> bool {
        query
            .split('&')
            .any(|pair| pair.split_once('=') == Some((VERSION_PARAMETER, fingerprint)))
    }

    /// Returns the image path of a card. A post with that permalink would have its card page there.
    ///
    /// The image of `/a/` is `/a/card.png`, so the image of `/a/card` is `/a/card.card.png`, and so on.
    pub fn image_path_of_card(card_path: &str) -> String {
        let suffix = match card_path.rsplit('/').next() {
            None | Some("") => DIRECTORY_IMAGE_NAME,
            Some(name) if is_directory_image_name(name) => ".card",
            Some(_) => "",
        };
        format!("{card_path}{suffix}{IMAGE_SUFFIX}")
    }

    /// Returns the card path whose image has this path, or had it in a former version; `None` if it is not the path
    /// of an image.
    pub fn card_path_from_image_path(image_path: &str) -> Option<&str> {
        let path = image_path.strip_suffix(IMAGE_SUFFIX)?;
        if !path.rsplit('/').next().is_some_and(is_directory_image_name) {
            return Some(path);
        }
        let path = path.strip_suffix(DIRECTORY_IMAGE_NAME)?;
        Some(path.strip_suffix('.').unwrap_or(path))
    }

    /// Returns the path of an output that had this path in a former version; `None` if no output had it.
    pub fn renamed_path(path: &str) -> Option<String> {
        let card = path.strip_prefix("/cards")?.strip_suffix(IMAGE_SUFFIX)?;
        let image = || ArtifactKey::CardImage(card.to_owned()).url_path();
        card.ends_with('/').then(image)
    }

    /// Returns true if generated outputs other than pages of feeds use the path or may use it later.
    pub fn is_reserved(path: &str) -> bool {
        let fixed = [
            ArtifactKey::Home,
            ArtifactKey::Sitemap,
            ArtifactKey::NewsSitemap,
            ArtifactKey::Robots,
            ArtifactKey::LlmsTxt,
            ArtifactKey::Opml,
            ArtifactKey::FeedStylesheet,
        ];
        let feeds = FeedFormat::ALL.map(|format| ArtifactKey::Feed(FeedScope::Site, format));
        let below = ["/cards/", "/.well-known/"].into_iter();
        let mut below = below.chain(TERM_DIRECTORIES);
        fixed.iter().chain(&feeds).any(|key| key.url_path() == path)
            || below.any(|start| format!("{path}/").starts_with(start))
            || path.starts_with("/sitemap-")
            || path == "/favicon.ico"
    }

    /// Returns the absolute URL under `public_url`, which must not end in a slash.
    pub fn absolute_url(&self, public_url: &str) -> String {
        format!("{public_url}{}", self.url_path())
    }
}

/// Directories of terms, where feeds are the only outputs.
const TERM_DIRECTORIES: [&str; 3] = ["/category/", "/tag/", "/author/"];
/// Query parameter with the fingerprint.
const VERSION_PARAMETER: &str = "v";
/// Suffix of an image's path after the path of its card page.
const IMAGE_SUFFIX: &str = ".png";
/// Name of a card's image, without its suffix, if the card's path ends with a slash. Without a name it would be a dot
/// file, which many servers do not send.
const DIRECTORY_IMAGE_NAME: &str = "card";

/// Returns true for `card`, `card.card` and so on: names that the image of a directory would take from another card.
fn is_directory_image_name(name: &str) -> bool {
    name.split('.').all(|part| part == DIRECTORY_IMAGE_NAME)
}

/// Output of the renderer, before it has validators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Key of the output.
    pub key: ArtifactKey,
    /// Bytes, or the means to render them.
    pub body: ArtifactBody,
    /// Links of the `Link` header (RFC 8288).
    pub links: Vec<Link>,
    /// Sent as `X-Robots-Tag: noindex` when true.
    pub noindex: bool,
}

/// Body of an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArtifactBody {
    /// Rendered bytes, without content coding.
    Eager(Arc<OutputBytes>),
    /// Bytes that are rendered on the first request.
    Lazy(LazyBody),
    /// No body; the content moved to this absolute URL.
    Moved(String),
    /// No body; the content was withdrawn.
    Gone,
}

/// One link of a `Link` header, RFC 8288.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Absolute target URL, percent-encoded.
    pub target: String,
    /// Relation type.
    pub rel: &'static str,
    /// Media type of the target, if it is known.
    pub mime_type: Option<&'static str>,
}

impl Link {
    /// Formats links as the value of one `Link` header; `None` without links. Bytes that a header value cannot hold
    /// are percent-encoded, so the result is visible ASCII and spaces.
    pub fn format_link_header(links: &[Link]) -> Option<String> {
        let mut value = String::new();
        for link in links {
            if !value.is_empty() {
                value.push_str(", ");
            }
            value.push('<');
            for byte in link.target.bytes() {
                match byte {
                    b'<' | b'>' | b'"' | b'\\' | ..=b' ' | 0x7f.. => {
                        let _ = write!(value, "%{byte:02X}");
                    }
                    _ => value.push(char::from(byte)),
                }
            }
            let _ = write!(value, ">; rel=\"{}\"", link.rel);
            if let Some(mime_type) = link.mime_type {
                let _ = write!(value, "; type=\"{mime_type}\"");
            }
        }
        (!value.is_empty()).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_percent_encoded_in_paths() {
        let key = ArtifactKey::Feed(FeedScope::Category("новости".into()), FeedFormat::Rss);
        assert_eq!(
            key.url_path(),
            "/category/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8/rss.xml"
        );
    }

    #[test]
    fn link_header_cannot_be_injected() {
        let links = [Link {
            target: "https://e.org/a>\r\nX: \"é".into(),
            rel: "self",
            mime_type: None,
        }];
        assert_eq!(
            Link::format_link_header(&links).unwrap(),
            "<https://e.org/a%3E%0D%0AX:%20%22%C3%A9>; rel=\"self\""
        );
        assert_eq!(Link::format_link_header(&[]), None);
    }

    #[test]
    fn image_url_extends_the_card_path_with_a_fingerprint() {
        let of = |path: &str| ArtifactKey::CardImage(path.into()).url_path();
        assert_eq!(of("/"), "/cards/card.png");
        assert_eq!(of("/blog/a"), "/cards/blog/a.png");
        assert_eq!(of("/blog/a/"), "/cards/blog/a/card.png");
        assert_eq!(of("/blog/a/card"), "/cards/blog/a/card.card.png");
        assert_eq!(of("/card.card"), "/cards/card.card.card.png");
        assert_eq!(of("/card.png"), "/cards/card.png.png");
        assert_eq!(of("/card.a"), "/cards/card.a.png");
        for path in [
            "/",
            "/a",
            "/a/",
            "/card",
            "/card/",
            "/a/card.card",
            "/a/card.png",
        ] {
            let image = ArtifactKey::image_path_of_card(path);
            let card = ArtifactKey::card_path_from_image_path(&image);
            assert_eq!(card, Some(path), "{image}");
            let key = ArtifactKey::CardImage(path.into());
            assert!(ArtifactKey::candidates_for_path(&key.url_path()).contains(&key));
        }
        let url = ArtifactKey::CardImage("/a".into()).versioned_url("https://e.org", "f00");
        assert_eq!(url, "https://e.org/cards/a.png?v=f00");
        for (query, is) in [
            ("v=f00", true),
            ("utm=1&v=f00", true),
            ("v=f0", false),
            ("v", false),
            ("vv=f00", false),
        ] {
            assert_eq!(ArtifactKey::is_versioned(query, "f00"), is, "{query}");
        }
    }

    #[test]
    fn each_media_type_has_one_charset() {
        let keys = [
            ArtifactKey::Home,
            ArtifactKey::Sitemap,
            ArtifactKey::SitemapPart(1),
            ArtifactKey::NewsSitemap,
            ArtifactKey::Robots,
            ArtifactKey::IndexNowKey("0123456789".into()),
            ArtifactKey::LlmsTxt,
            ArtifactKey::Opml,
            ArtifactKey::CardPage("/a".into()),
            ArtifactKey::Feed(FeedScope::Site, FeedFormat::Rss),
            ArtifactKey::Feed(FeedScope::Site, FeedFormat::Atom),
            ArtifactKey::Feed(FeedScope::Site, FeedFormat::Json),
            ArtifactKey::FeedPage(FeedScope::Site, FeedFormat::Json, FeedPageId::Number(2)),
            ArtifactKey::FeedHtml(FeedScope::Site, FeedFormat::Json),
            ArtifactKey::FeedStylesheet,
        ];
        for key in keys {
            assert_eq!(
                key.media_type().matches("charset=utf-8").count(),
                1,
                "{key:?}"
            );
        }
    }
}
