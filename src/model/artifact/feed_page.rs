//! Defines the pages of a feed that is longer than one document (RFC 5005), and their URLs.

use super::{ArtifactKey, LazyBody, Link};

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

/// Query parameters that select a page.
const PAGE_PARAMETERS: [(&str, PageConstructor); 2] = [
    ("page", FeedPageId::Number),
    ("archive", FeedPageId::Archive),
];

impl FeedPageId {
    /// Parses the page in a query; `None` if the query has none. An invalid number is page 0, which never exists.
    pub fn from_query(query: &str) -> Option<FeedPageId> {
        query.split('&').find_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (_, page) = PAGE_PARAMETERS.iter().find(|(known, _)| *known == name)?;
            let digits = value.bytes().all(|byte| byte.is_ascii_digit()) && !value.starts_with('0');
            Some(page(value.parse().ok().filter(|_| digits).unwrap_or(0)))
        })
    }

    /// Returns the absolute URL of a page. Page 1 is the feed itself.
    pub fn page_url(self, key: &ArtifactKey, public_url: &str) -> String {
        match self {
            FeedPageId::Number(1) => key.absolute_url(public_url),
            _ => self.explicit_page_url(key, public_url),
        }
    }

    /// Returns the absolute URL with an explicit page number, also for page 1. Such a URL never returns the HTML page.
    pub fn explicit_page_url(self, key: &ArtifactKey, public_url: &str) -> String {
        let url = key.absolute_url(public_url);
        match self {
            FeedPageId::Number(number) => format!("{url}?page={number}"),
            FeedPageId::Archive(number) => format!("{url}?archive={number}"),
        }
    }
}

/// Page of a feed, or its HTML page, that is rendered on request.
#[derive(Debug, Clone)]
pub struct LazyPage {
    /// Body of the page.
    pub body: LazyBody,
    /// Links of the `Link` header.
    pub links: Vec<Link>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::artifact::{FeedFormat, FeedScope};

    #[test]
    fn page_is_parsed_from_its_own_url() {
        let key = ArtifactKey::Feed(FeedScope::Site, FeedFormat::Rss);
        for page in [FeedPageId::Number(2), FeedPageId::Archive(17)] {
            let url = page.page_url(&key, "https://e.org");
            assert_eq!(
                FeedPageId::from_query(url.split_once('?').unwrap().1),
                Some(page)
            );
        }
        assert_eq!(FeedPageId::Number(1).page_url(&key, ""), "/rss.xml");
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
