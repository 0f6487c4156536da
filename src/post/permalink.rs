//! Where a post is read: an address, of which the path is a part.

use std::sync::Arc;

use url::Url;

/// Where a post is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permalink {
    /// The absolute URL, percent-encoded.
    pub url: Arc<str>,
    /// Where in that the path begins and ends.
    path: (u32, u32),
    /// Whether the URL lies on the site's origin.
    pub on_site: bool,
    /// The field that it was read from; `None` where the pattern gave it.
    pub field: Option<Arc<Field>>,
}

/// A field of a front matter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Field {
    /// Its name, as it is looked up.
    pub name: Box<str>,
    /// Its line.
    pub line: usize,
}

impl Permalink {
    /// That of an address without a fragment.
    pub fn new(url: Url, on_site: bool, field: Option<Field>) -> Permalink {
        let end = url.as_str().find(['?', '#']).unwrap_or(url.as_str().len());
        let begin = end.saturating_sub(url.path().len());
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Permalink {
            path: (place(begin), place(end)),
            url: String::from(url).into(),
            on_site,
            field: field.map(Arc::new),
        }
    }

    /// The path of the URL, with its leading slash.
    pub fn path(&self) -> &str {
        let (begin, end) = self.path;
        self.url
            .get(begin as usize..end as usize)
            .unwrap_or_default()
    }

    /// The line of its field.
    pub fn line(&self) -> Option<usize> {
        self.field.as_ref().map(|field| field.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_a_part_of_the_address() {
        for address in [
            "https://e.org",
            "https://e.org/",
            "https://e.org:8080/a/b",
            "https://u:p@e.org/a%3Fb?c=/d",
            "http://[::1]/x?",
            "http://e.org/%C3%A9//?/a?b",
        ] {
            let url = Url::parse(address).unwrap();
            let permalink = Permalink::new(url.clone(), true, None);
            assert_eq!(permalink.path(), url.path(), "{address}");
            assert_eq!(&*permalink.url, url.as_str());
        }
    }
}
