//! Defines which posts a feed has, its formats, and its path.

use crate::url_path;

/// Selection of posts in a feed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FeedScope {
    /// All posts.
    Site,
    /// Posts of one category, by its slug.
    Category(String),
    /// Posts with one tag, by its slug.
    Tag(String),
    /// Posts of one author, by the slug of the name.
    Author(String),
    /// Posts that a feed in the configuration selects, by the path of that feed.
    Custom(String),
    /// Part of the posts of one of the site's further languages, by the language's path segment.
    InLanguage(String, Box<FeedScope>),
}

impl FeedScope {
    /// Returns the path segment of the language if it is not the site's default one, and the scope within the language.
    pub fn split_language(&self) -> (Option<&str>, &FeedScope) {
        match self {
            FeedScope::InLanguage(language, scope) => (Some(language), scope),
            scope => (None, scope),
        }
    }

    /// Parses the path of a feed of the site or of one category, tag or author, also within a language.
    pub(super) fn from_feed_path(path: &str) -> Option<(FeedScope, FeedFormat)> {
        let path = path.strip_prefix('/')?;
        parse_feed_path(path).or_else(|| {
            let (language, path) = path.split_once('/')?;
            let language = url_path::decode_path(language)?;
            let (scope, format) = parse_feed_path(path)?;
            Some((FeedScope::InLanguage(language, Box::new(scope)), format))
        })
    }

    /// Returns the path of the feed in a format.
    pub(super) fn feed_path(&self, format: FeedFormat) -> String {
        match self {
            FeedScope::Custom(path) => path.clone(),
            _ => self.directory().unwrap_or_default() + format.file_name(),
        }
    }

    /// Returns the path of the directory that holds the feeds of the scope; `None` for a configured feed.
    fn directory(&self) -> Option<String> {
        let encode = url_path::encode_normalized_segment;
        Some(match self {
            FeedScope::Custom(_) => return None,
            FeedScope::Site => "/".to_owned(),
            FeedScope::Category(slug) => format!("/category/{}/", encode(slug)),
            FeedScope::Tag(slug) => format!("/tag/{}/", encode(slug)),
            FeedScope::Author(slug) => format!("/author/{}/", encode(slug)),
            FeedScope::InLanguage(language, scope) => {
                format!("/{}{}", encode(language), scope.directory()?)
            }
        })
    }
}

/// Format of a feed.
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

    /// Returns the media type without parameters, as used in `type` attributes.
    pub fn mime_type(self) -> &'static str {
        match self {
            FeedFormat::Rss => "application/rss+xml",
            FeedFormat::Atom => "application/atom+xml",
            FeedFormat::Json => "application/feed+json",
        }
    }

    /// Returns the display name.
    pub fn display_name(self) -> &'static str {
        match self {
            FeedFormat::Rss => "RSS",
            FeedFormat::Atom => "Atom",
            FeedFormat::Json => "JSON Feed",
        }
    }

    /// Returns the name of the format in the configuration.
    pub fn config_name(self) -> &'static str {
        match self {
            FeedFormat::Rss => "rss",
            FeedFormat::Atom => "atom",
            FeedFormat::Json => "json",
        }
    }

    /// Guesses the format from a file name; RSS if in doubt.
    pub fn guess_from_file_name(path: &str) -> FeedFormat {
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        if name.ends_with(".json") {
            FeedFormat::Json
        } else if name.contains("atom") {
            FeedFormat::Atom
        } else {
            FeedFormat::Rss
        }
    }

    pub(super) fn file_extension(self) -> &'static str {
        match self {
            FeedFormat::Rss | FeedFormat::Atom => "xml",
            FeedFormat::Json => "json",
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

/// Parses `rss.xml` and `category/news/rss.xml`, also of tags and authors.
fn parse_feed_path(path: &str) -> Option<(FeedScope, FeedFormat)> {
    let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
    let mut formats = FeedFormat::ALL.into_iter();
    let format = formats.find(|format| format.file_name() == name)?;
    if directory.is_empty() {
        return Some((FeedScope::Site, format));
    }
    let (kind, slug) = directory.split_once('/')?;
    let scope = match kind {
        "category" => FeedScope::Category,
        "tag" => FeedScope::Tag,
        "author" => FeedScope::Author,
        _ => return None,
    };
    Some((scope(url_path::decode_path(slug)?), format))
}
