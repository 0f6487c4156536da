//! Holds the URL of a post, with the position of its path and the field that it came from.

use std::sync::Arc;

use url::Url;

/// URL at which a post is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permalink {
    /// Absolute URL, percent-encoded.
    pub url: Arc<str>,
    /// Byte offsets of the start and the end of the path in `url`.
    path_range: (u32, u32),
    /// True if the URL has the site's origin.
    pub is_on_site: bool,
    /// Front matter field of the URL; `None` if it was derived from the permalink pattern.
    pub field: Option<Arc<FrontMatterField>>,
}

/// Field of the front matter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FrontMatterField {
    /// Name, as it is looked up.
    pub name: Box<str>,
    /// Line of the field.
    pub line: usize,
}

impl Permalink {
    /// Creates a permalink from a URL without a fragment.
    pub fn new(url: Url, is_on_site: bool, field: Option<FrontMatterField>) -> Permalink {
        let end = url.as_str().find(['?', '#']).unwrap_or(url.as_str().len());
        let start = end.saturating_sub(url.path().len());
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Permalink {
            path_range: (offset(start), offset(end)),
            url: String::from(url).into(),
            is_on_site,
            field: field.map(Arc::new),
        }
    }

    /// Returns the path of the URL, with its leading slash.
    pub fn url_path(&self) -> &str {
        let (start, end) = self.path_range;
        self.url
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }

    /// Returns the line of the field that the URL came from.
    pub fn field_line(&self) -> Option<usize> {
        self.field.as_ref().map(|field| field.line)
    }
}

/// Maximum bytes of a URL, escaped for HTML. Crawlers do not follow longer ones, and a card page's head must hold it.
pub(crate) const MAX_URL_BYTES: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_is_slice_of_url() {
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
            assert_eq!(permalink.url_path(), url.path(), "{address}");
            assert_eq!(&*permalink.url, url.as_str());
        }
    }
}
