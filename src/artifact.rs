//! Every named output, and what each is: its path, media type, caching policy.
//!
//! This is the one place that knows them. The router, the feeds' self links, the sitemap index,
//! the export and the lints all ask an [`ArtifactKey`]; a path literal anywhere else is a bug.
//! Paths are an interface: once published they never change.

mod caching;
mod deferred;
mod field;
mod output_bytes;
mod page;
mod payload;
mod shelf;

use std::fmt::Write as _;
use std::sync::Arc;

use crate::percent;

pub use caching::CacheClass;
pub use deferred::{Deferred, Draw, DrawError};
pub use field::FieldValue;
pub use output_bytes::OutputBytes;
pub use page::{FurtherPage, Page};
pub use payload::{Chunks, Damaged, Payload};
pub use shelf::Shelf;

/// The name of one output.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ArtifactKey {
    /// The page for people: what can be subscribed to, and the newest posts.
    Home,
    /// A feed of some posts in one of the three formats.
    Feed(FeedScope, FeedFormat),
    /// The page for people that is at a feed's address, for those who ask for HTML.
    FeedPage(FeedScope, FeedFormat),
    /// How browsers draw what is XML.
    XmlStyle,
    /// The sitemap, or the index over its parts.
    Sitemap,
    /// One part of a sitemap that needs an index; numbered from 1.
    SitemapPart(usize),
    /// The crawlers' rules.
    Robots,
    /// All feeds, as an outline.
    Opml,
    /// The HTML page that link-preview bots read. Holds the path of the post's permalink, with
    /// its leading slash, percent-encoded; `/` is the card of the site itself.
    CardPage(String),
    /// The picture of a card, as PNG. Holds the same path as the page.
    CardImage(String),
}

/// Which posts a feed holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FeedScope {
    /// All of them.
    Site,
    /// Those of one category, by its slug.
    Category(String),
    /// Those with one tag, by its slug.
    Tag(String),
    /// Those of one author, by the slug of the name.
    Author(String),
    /// Those that the configuration says, by the path that it gives.
    Own(String),
}

/// The format of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FeedFormat {
    /// RSS 2.0.
    Rss,
    /// Atom 1.0, RFC 4287.
    Atom,
    /// JSON Feed 1.1.
    Json,
}

impl FeedFormat {
    /// All formats, in the order in which they are offered.
    pub const ALL: [FeedFormat; 3] = [FeedFormat::Rss, FeedFormat::Atom, FeedFormat::Json];

    /// The media type without parameters, as used in `type` attributes.
    pub fn mime_type(self) -> &'static str {
        match self {
            FeedFormat::Rss => "application/rss+xml",
            FeedFormat::Atom => "application/atom+xml",
            FeedFormat::Json => "application/feed+json",
        }
    }

    /// The name people know the format by.
    pub fn name(self) -> &'static str {
        match self {
            FeedFormat::Rss => "RSS",
            FeedFormat::Atom => "Atom",
            FeedFormat::Json => "JSON Feed",
        }
    }

    /// The word that a configuration calls the format by.
    pub fn word(self) -> &'static str {
        match self {
            FeedFormat::Rss => "rss",
            FeedFormat::Atom => "atom",
            FeedFormat::Json => "json",
        }
    }

    /// The format that a file of this name most likely has.
    pub fn of_file_name(path: &str) -> FeedFormat {
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        if name.ends_with(".json") {
            FeedFormat::Json
        } else if name.contains("atom") {
            FeedFormat::Atom
        } else {
            FeedFormat::Rss
        }
    }

    fn file_name(self) -> &'static str {
        match self {
            FeedFormat::Rss => "rss.xml",
            FeedFormat::Atom => "atom.xml",
            FeedFormat::Json => "feed.json",
        }
    }
}

impl ArtifactKey {
    /// The path below `server.public_url`, with its leading slash, percent-encoded.
    pub fn path(&self) -> String {
        match self {
            ArtifactKey::Home => "/".to_owned(),
            ArtifactKey::Feed(scope, format) | ArtifactKey::FeedPage(scope, format) => {
                let mut path = match scope {
                    FeedScope::Own(path) => return path.clone(),
                    FeedScope::Site => "/".to_owned(),
                    FeedScope::Category(slug) => {
                        format!("/category/{}/", percent::normal_segment(slug))
                    }
                    FeedScope::Tag(slug) => format!("/tag/{}/", percent::normal_segment(slug)),
                    FeedScope::Author(slug) => {
                        format!("/author/{}/", percent::normal_segment(slug))
                    }
                };
                path.push_str(format.file_name());
                path
            }
            ArtifactKey::XmlStyle => "/feed.css".to_owned(),
            ArtifactKey::Sitemap => "/sitemap.xml".to_owned(),
            ArtifactKey::SitemapPart(number) => format!("/sitemap-{number}.xml"),
            ArtifactKey::Robots => "/robots.txt".to_owned(),
            ArtifactKey::Opml => "/opml.xml".to_owned(),
            ArtifactKey::CardPage(path) => format!("/cards{path}"),
            ArtifactKey::CardImage(path) => format!("/cards{path}{IMAGE_SUFFIX}"),
        }
    }

    /// The page for people that is at the same address, of a feed.
    pub fn for_people(&self) -> Option<ArtifactKey> {
        match self {
            ArtifactKey::Feed(scope, format) => Some(ArtifactKey::FeedPage(scope.clone(), *format)),
            _ => None,
        }
    }

    /// The names that a path below `server.public_url` may have, in its one spelling, of those outputs
    /// that are made when they are asked for; the likeliest last.
    pub fn of_path(path: &str) -> Vec<ArtifactKey> {
        if let Some(card) = path.strip_prefix("/cards") {
            let picture = ArtifactKey::card_path_of_picture(card);
            let picture = picture.map(|card| ArtifactKey::CardImage(card.to_owned()));
            let page = ArtifactKey::CardPage(card.to_owned());
            return picture.into_iter().chain([page]).collect();
        }
        if let Some(part) = path.strip_prefix("/sitemap-") {
            let number = part.strip_suffix(".xml").and_then(|part| part.parse().ok());
            return number.map(ArtifactKey::SitemapPart).into_iter().collect();
        }
        for fixed in [ArtifactKey::XmlStyle, ArtifactKey::Sitemap] {
            if path == fixed.path() {
                return vec![fixed];
            }
        }
        let of_term = || {
            let (kind, rest) = path.strip_prefix('/')?.split_once('/')?;
            let (slug, name) = rest.split_once('/')?;
            let scope = match kind {
                "category" => FeedScope::Category,
                "tag" => FeedScope::Tag,
                "author" => FeedScope::Author,
                _ => return None,
            };
            let mut formats = FeedFormat::ALL.into_iter();
            let format = formats.find(|format| format.file_name() == name)?;
            Some(ArtifactKey::Feed(scope(percent::decode(slug)?), format))
        };
        of_term().into_iter().collect()
    }

    /// The `Content-Type`, of text with exactly one charset. JSON Feed is UTF-8 by RFC 8259 §8.1, but
    /// clients exist that guess without being told.
    pub fn media_type(&self) -> &'static str {
        match self {
            ArtifactKey::Home | ArtifactKey::CardPage(_) | ArtifactKey::FeedPage(..) => {
                "text/html; charset=utf-8"
            }
            ArtifactKey::XmlStyle => "text/css; charset=utf-8",
            ArtifactKey::Feed(_, FeedFormat::Rss) => "application/rss+xml; charset=utf-8",
            ArtifactKey::Feed(_, FeedFormat::Atom) => "application/atom+xml; charset=utf-8",
            ArtifactKey::Feed(_, FeedFormat::Json) => "application/feed+json; charset=utf-8",
            ArtifactKey::Sitemap | ArtifactKey::SitemapPart(_) => "application/xml; charset=utf-8",
            ArtifactKey::Robots => "text/plain; charset=utf-8",
            ArtifactKey::Opml => "text/x-opml; charset=utf-8",
            ArtifactKey::CardImage(_) => "image/png",
        }
    }

    /// What caches are told of it is that of its class.
    pub fn cache_class(&self) -> CacheClass {
        match self {
            ArtifactKey::Home | ArtifactKey::Feed(..) | ArtifactKey::Opml => CacheClass::Feeds,
            ArtifactKey::Sitemap
            | ArtifactKey::SitemapPart(_)
            | ArtifactKey::Robots
            | ArtifactKey::XmlStyle => CacheClass::Maps,
            ArtifactKey::FeedPage(..) => CacheClass::ForPeople,
            ArtifactKey::CardPage(_) | ArtifactKey::CardImage(_) => CacheClass::Cards,
        }
    }

    /// The name under which caches can be told to let go of it.
    pub fn cache_tag(&self) -> &'static str {
        match self {
            ArtifactKey::Home => "home",
            ArtifactKey::Feed(..) | ArtifactKey::FeedPage(..) => "feeds",
            ArtifactKey::Sitemap | ArtifactKey::SitemapPart(_) => "sitemap",
            ArtifactKey::Robots => "robots",
            ArtifactKey::Opml => "opml",
            ArtifactKey::XmlStyle => "style",
            ArtifactKey::CardPage(_) | ArtifactKey::CardImage(_) => "cards",
        }
    }

    /// The `Cache-Control` of an answer to the URL that [`ArtifactKey::versioned_url`] writes: what
    /// has its fingerprint in its address never changes (RFC 8246).
    pub fn versioned_cache_control() -> &'static str {
        "public, max-age=31536000, immutable"
    }

    /// The absolute URL with the fingerprint of what is there now.
    pub fn versioned_url(&self, public_url: &str, fingerprint: &str) -> String {
        format!("{}?{VERSION}={fingerprint}", self.url(public_url))
    }

    /// Whether a query names the fingerprint, as [`ArtifactKey::versioned_url`] writes it.
    pub fn is_versioned(query: &str, fingerprint: &str) -> bool {
        query
            .split('&')
            .any(|pair| pair.split_once('=') == Some((VERSION, fingerprint)))
    }

    /// The card path whose page is where the image of `card_path` is, should a post have it.
    pub fn card_path_of_image(card_path: &str) -> String {
        format!("{card_path}{IMAGE_SUFFIX}")
    }

    /// The card path whose image is where the page of `card_path` is, should a post have it.
    pub fn card_path_of_picture(card_path: &str) -> Option<&str> {
        card_path.strip_suffix(IMAGE_SUFFIX)
    }

    /// Whether a path is one of those that are made of content or always there, or looks as one that
    /// may be some day.
    pub fn is_reserved(path: &str) -> bool {
        let fixed = [
            ArtifactKey::Home,
            ArtifactKey::Sitemap,
            ArtifactKey::Robots,
            ArtifactKey::Opml,
            ArtifactKey::XmlStyle,
        ];
        let feeds = FeedFormat::ALL.map(|format| ArtifactKey::Feed(FeedScope::Site, format));
        let below = [
            "/cards/",
            "/category/",
            "/tag/",
            "/author/",
            "/.well-known/",
        ];
        fixed.iter().chain(&feeds).any(|key| key.path() == path)
            || below
                .iter()
                .any(|start| format!("{path}/").starts_with(start))
            || path.starts_with("/sitemap-")
            || path == "/favicon.ico"
    }

    /// The absolute URL under `public_url`, which has no trailing slash.
    pub fn url(&self, public_url: &str) -> String {
        format!("{public_url}{}", self.path())
    }
}

/// The query parameter that holds a fingerprint.
const VERSION: &str = "v";
/// What the path of a card's picture has after that of its page.
const IMAGE_SUFFIX: &str = ".png";

/// One output as rendered, before it has validators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Its name.
    pub key: ArtifactKey,
    /// Its bytes, or how to make them.
    pub body: Body,
    /// What the `Link` header says of it, RFC 8288.
    pub links: Vec<Link>,
    /// Sent as `X-Robots-Tag: noindex` when true.
    pub noindex: bool,
}

/// The bytes of an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Made, uncoded.
    Ready(Arc<OutputBytes>),
    /// Made when they are first asked for.
    Deferred(Deferred),
    /// None: what was there is at this absolute URL now.
    Moved(String),
    /// None: what was there was taken back.
    Gone,
}

/// One link of a `Link` header, RFC 8288.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The absolute target URL, percent-encoded.
    pub target: String,
    /// The relation type.
    pub rel: &'static str,
    /// The target's media type, where it is known.
    pub mime_type: Option<&'static str>,
}

impl Link {
    /// Writes links as the value of one `Link` header field; `None` when there is nothing to say.
    /// What a field value cannot hold is percent-encoded, so the result is visible ASCII.
    pub fn header_value(links: &[Link]) -> Option<String> {
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
    fn slugs_of_any_script_are_percent_encoded_in_paths() {
        let key = ArtifactKey::Feed(FeedScope::Category("новости".into()), FeedFormat::Rss);
        assert_eq!(
            key.path(),
            "/category/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8/rss.xml"
        );
    }

    #[test]
    fn a_link_header_cannot_be_broken_out_of() {
        let links = [Link {
            target: "https://e.org/a>\r\nX: \"é".into(),
            rel: "self",
            mime_type: None,
        }];
        assert_eq!(
            Link::header_value(&links).unwrap(),
            "<https://e.org/a%3E%0D%0AX:%20%22%C3%A9>; rel=\"self\""
        );
        assert_eq!(Link::header_value(&[]), None);
    }

    #[test]
    fn a_picture_stands_beside_its_page_and_is_named_by_its_fingerprint() {
        let of = |path: &str| ArtifactKey::CardImage(path.into()).path();
        assert_eq!(of("/"), "/cards/.png");
        assert_eq!(of("/blog/a"), "/cards/blog/a.png");
        assert_eq!(of("/blog/a/"), "/cards/blog/a/.png");
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
    fn each_media_type_names_the_charset_once() {
        let keys = [
            ArtifactKey::Home,
            ArtifactKey::Sitemap,
            ArtifactKey::SitemapPart(1),
            ArtifactKey::Robots,
            ArtifactKey::Opml,
            ArtifactKey::CardPage("/a".into()),
            ArtifactKey::Feed(FeedScope::Site, FeedFormat::Rss),
            ArtifactKey::Feed(FeedScope::Site, FeedFormat::Atom),
            ArtifactKey::Feed(FeedScope::Site, FeedFormat::Json),
            ArtifactKey::FeedPage(FeedScope::Site, FeedFormat::Json),
            ArtifactKey::XmlStyle,
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
