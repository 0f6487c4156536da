//! The further pages of a feed: how they are asked for, and what gives them.

use super::{ArtifactKey, Deferred, Link};

/// Which part of a feed that is longer than one document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Page {
    /// So many documents after the newest, which is 1 (RFC 5005 §3). A new entry moves all of them.
    Number(usize),
    /// So many full documents after the oldest, which is 1 (RFC 5005 §4). New entries change none.
    Archive(usize),
}

/// What makes a page of its number.
type Kind = fn(usize) -> Page;

/// The query parameters that name a page.
const PARAMETERS: [(&str, Kind); 2] = [("page", Page::Number), ("archive", Page::Archive)];

impl Page {
    /// The page that a query asks for; `None` where it asks for none. What is no number of a page
    /// is page 0, which nothing has.
    pub fn of_query(query: &str) -> Option<Page> {
        query.split('&').find_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (_, page) = PARAMETERS.iter().find(|(known, _)| *known == name)?;
            let digits = value.bytes().all(|byte| byte.is_ascii_digit()) && !value.starts_with('0');
            Some(page(value.parse().ok().filter(|_| digits).unwrap_or(0)))
        })
    }

    /// The absolute URL of a page. The first is the feed itself.
    pub fn url(self, key: &ArtifactKey, public_url: &str) -> String {
        match self {
            Page::Number(1) => key.url(public_url),
            _ => self.named_url(key, public_url),
        }
    }

    /// The same with the first named as well, where nobody is shown a page for people instead.
    pub fn named_url(self, key: &ArtifactKey, public_url: &str) -> String {
        let url = key.url(public_url);
        match self {
            Page::Number(number) => format!("{url}?page={number}"),
            Page::Archive(number) => format!("{url}?archive={number}"),
        }
    }
}

/// A page of a feed, or for people, that is not made yet.
#[derive(Debug, Clone)]
pub struct FurtherPage {
    /// How to make it.
    pub deferred: Deferred,
    /// What the `Link` header says of it.
    pub links: Vec<Link>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::{FeedFormat, FeedScope};

    #[test]
    fn a_page_is_asked_for_as_its_address_says() {
        let key = ArtifactKey::Feed(FeedScope::Site, FeedFormat::Rss);
        for page in [Page::Number(2), Page::Archive(17)] {
            let url = page.url(&key, "https://e.org");
            assert_eq!(Page::of_query(url.split_once('?').unwrap().1), Some(page));
        }
        assert_eq!(Page::Number(1).url(&key, ""), "/rss.xml");
        for none in ["", "v=1", "pages=2", "x=page=2"] {
            assert_eq!(Page::of_query(none), None, "{none}");
        }
        for bad in [
            "page",
            "page=",
            "page=x",
            "page=-1",
            "page=02",
            "page=99999999999999999999",
        ] {
            assert_eq!(Page::of_query(bad), Some(Page::Number(0)), "{bad}");
        }
    }
}
