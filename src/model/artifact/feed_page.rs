//! Defines the pages of a feed that is longer than one document (RFC 5005), and their paths.
//!
//! The path of a page is that of the feed with the number before the extension: `/rss/2.xml`, `/rss/archive/1.xml`.
//! A static export thus has a file for each page.

use super::feed_scope::FeedFormat;

/// Page of a feed that is longer than one document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FeedPageId {
    /// Paged feed (RFC 5005 §3): 1 is the newest page. A new entry shifts all pages.
    Number(usize),
    /// Archived feed (RFC 5005 §4): 1 is the oldest page. New entries change no page.
    Archive(usize),
}

/// Constructor of a page from its number.
type PageConstructor = fn(usize) -> FeedPageId;

/// Query parameters that select a page. Such URLs redirect to the path of the page.
const PAGE_PARAMETERS: [(&str, PageConstructor); 2] = [
    ("page", FeedPageId::Number),
    ("archive", FeedPageId::Archive),
];

/// Directory of the archive, below that of the pages.
const ARCHIVE_DIRECTORY: &str = "/archive";

impl FeedPageId {
    /// Parses the page in a query; `None` if the query has none. An invalid number is page 0, which never exists.
    pub fn from_query(query: &str) -> Option<FeedPageId> {
        query.split('&').find_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (_, page) = PAGE_PARAMETERS.iter().find(|(known, _)| *known == name)?;
            Some(page(parse_page_number(value).unwrap_or(0)))
        })
    }

    /// Returns the path of a page of the feed at `feed_path`. A feed without an extension gets that of its format.
    pub(super) fn page_path(self, feed_path: &str, format: FeedFormat) -> String {
        let (directory, number) = match self {
            FeedPageId::Number(number) => ("", number),
            FeedPageId::Archive(number) => (ARCHIVE_DIRECTORY, number),
        };
        let split = feed_path.rsplit_once('.');
        let split = split.filter(|(stem, rest)| !stem.ends_with('/') && !rest.contains('/'));
        let (stem, extension) = split.unwrap_or((feed_path, format.file_extension()));
        format!("{stem}{directory}/{number}.{extension}")
    }

    /// Returns the pages that a path may stand for, each with a path that its feed may have.
    pub(super) fn candidates_for_path(path: &str) -> Vec<(String, FeedPageId)> {
        let Some((directory, number, extension)) = split_page_path(path) else {
            return Vec::new();
        };
        let page = (number > 1).then_some((directory, FeedPageId::Number(number)));
        let archive = directory.strip_suffix(ARCHIVE_DIRECTORY);
        let archive = archive.map(|directory| (directory, FeedPageId::Archive(number)));
        let found = page.into_iter().chain(archive);
        found
            .flat_map(|(feed, page)| {
                [feed.to_owned(), format!("{feed}.{extension}")].map(|feed| (feed, page))
            })
            .collect()
    }
}

/// Returns true if a feed, or a page of it, may have the path of the other feed or of one of its pages.
pub fn can_share_path(one: (&str, FeedFormat), other: (&str, FeedFormat)) -> bool {
    let number = |path| split_page_path(path).map_or(2, |(_, number, _)| number);
    [number(one.0), number(other.0)].into_iter().any(|number| {
        let pages = [FeedPageId::Number(number), FeedPageId::Archive(number)];
        let [own, others] = [one, other].map(|(path, format)| {
            let [page, archive] = pages.map(|page| page.page_path(path, format));
            [path.to_owned(), page, archive]
        });
        own.iter().any(|path| others.contains(path))
    })
}

/// Splits a path such as `/rss/2.xml` in the directory, the number and the extension.
fn split_page_path(path: &str) -> Option<(&str, usize, &str)> {
    let (directory, name) = path.rsplit_once('/')?;
    let (number, extension) = name.split_once('.')?;
    Some((directory, parse_page_number(number)?, extension))
}

/// Parses a number from 1. Only one spelling of it is valid, so that each page has one URL.
fn parse_page_number(text: &str) -> Option<usize> {
    let is_canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| is_canonical)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::artifact::{ArtifactKey, FeedScope};

    fn custom(path: &str, format: FeedFormat) -> ArtifactKey {
        ArtifactKey::Feed(FeedScope::Custom(path.to_owned()), format)
    }

    #[test]
    fn page_has_a_path_beside_its_feed() {
        let (rss, json) = (FeedFormat::Rss, FeedFormat::Json);
        let category = FeedScope::Category("новости".to_owned());
        let french = FeedScope::InLanguage("fr".to_owned(), Box::new(FeedScope::Site));
        for (feed, pages) in [
            (
                ArtifactKey::Feed(FeedScope::Site, rss),
                ["/rss/2.xml", "/rss/archive/1.xml"],
            ),
            (
                ArtifactKey::Feed(FeedScope::Site, FeedFormat::Atom),
                ["/atom/2.xml", "/atom/archive/1.xml"],
            ),
            (
                ArtifactKey::Feed(FeedScope::Site, json),
                ["/feed/2.json", "/feed/archive/1.json"],
            ),
            (
                ArtifactKey::Feed(french, rss),
                ["/fr/rss/2.xml", "/fr/rss/archive/1.xml"],
            ),
            (
                ArtifactKey::Feed(category, json),
                [
                    "/category/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8/feed/2.json",
                    "/category/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8/feed/archive/1.json",
                ],
            ),
            (
                custom("/podcast.xml", rss),
                ["/podcast/2.xml", "/podcast/archive/1.xml"],
            ),
            (
                custom("/podcast", rss),
                ["/podcast/2.xml", "/podcast/archive/1.xml"],
            ),
            (
                custom("/podcast", json),
                ["/podcast/2.json", "/podcast/archive/1.json"],
            ),
            (
                custom("/a.b/c", json),
                ["/a.b/c/2.json", "/a.b/c/archive/1.json"],
            ),
            (custom("/a/.b", rss), ["/a/.b/2.xml", "/a/.b/archive/1.xml"]),
            (
                custom("/fr.atom", FeedFormat::Atom),
                ["/fr/2.atom", "/fr/archive/1.atom"],
            ),
        ] {
            let ids = [FeedPageId::Number(2), FeedPageId::Archive(1)];
            for (id, path) in ids.into_iter().zip(pages) {
                let key = feed.page_key(id);
                assert_eq!(key.url_path(), path);
                let candidates = ArtifactKey::candidates_for_path(path);
                assert!(candidates.contains(&key), "{path}: {candidates:?}");
                assert_eq!(key.media_type(), feed.media_type());
            }
            assert_eq!(feed.page_key(FeedPageId::Number(1)), feed);
        }
    }

    #[test]
    fn page_has_one_spelling() {
        for path in [
            "/rss/1.xml",
            "/rss/0.xml",
            "/rss/02.xml",
            "/rss/+2.xml",
            "/rss/2",
            "/rss/.xml",
            "/rss/x.xml",
            "/rss/99999999999999999999.xml",
            "/rss/archive/0.xml",
        ] {
            assert_eq!(ArtifactKey::candidates_for_path(path), [], "{path}");
        }
    }

    #[test]
    fn feeds_share_page_paths_in_either_order() {
        let (rss, json) = (FeedFormat::Rss, FeedFormat::Json);
        for (one, other, is_shared) in [
            (("/a.xml", rss), ("/a/2.xml", rss), true),
            (("/a.xml", rss), ("/a/archive/2.xml", rss), true),
            (("/a.xml", rss), ("/a", rss), true),
            (("/a.xml", rss), ("/a/archive.xml", rss), true),
            (("/a.xml", rss), ("/a", json), false),
            (("/a.xml", rss), ("/a.json", json), false),
            (("/a.xml", rss), ("/a/b.xml", rss), false),
            (("/a.xml", rss), ("/a/2.json", json), false),
            (("/a/2.xml", rss), ("/a/3.xml", rss), false),
        ] {
            assert_eq!(can_share_path(one, other), is_shared, "{one:?} {other:?}");
            assert_eq!(can_share_path(other, one), is_shared, "{other:?} {one:?}");
        }
    }

    #[test]
    fn page_is_parsed_from_a_query() {
        for (query, page) in [
            ("page=1", FeedPageId::Number(1)),
            ("x=1&page=2", FeedPageId::Number(2)),
            ("archive=17", FeedPageId::Archive(17)),
        ] {
            assert_eq!(FeedPageId::from_query(query), Some(page), "{query}");
        }
        for none in ["", "v=1", "pages=2", "x=page=2"] {
            assert_eq!(FeedPageId::from_query(none), None, "{none}");
        }
        for bad in [
            "page",
            "page=",
            "page=x",
            "page=-1",
            "page=02",
            "page=99999999999999999999",
        ] {
            assert_eq!(
                FeedPageId::from_query(bad),
                Some(FeedPageId::Number(0)),
                "{bad}"
            );
        }
    }
}
