//! Models the links of a body to other posts, and the URLs that they resolve to.

use std::sync::Arc;

/// Link of a body to a file of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostLink {
    /// Target, as the room `links` writes it.
    pub target: Box<str>,
    /// Line of the file; `None` if it is not known.
    pub line: Option<usize>,
}

/// Target of a link, and its URL.
type TargetUrl = (Box<str>, Arc<str>);

/// URLs of those link targets of a body that are public. It is a pointer, because every entry has one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ResolvedLinks(Option<Arc<Vec<TargetUrl>>>);

impl ResolvedLinks {
    /// Creates the list from targets and their URLs.
    pub fn new(mut urls: Vec<TargetUrl>) -> ResolvedLinks {
        urls.sort();
        ResolvedLinks((!urls.is_empty()).then(|| Arc::new(urls)))
    }

    /// Returns the URL of a target; `None` if it is hidden or missing.
    pub fn find_url(&self, target: &str) -> Option<&str> {
        let urls = self.0.as_ref()?;
        let position = urls.binary_search_by(|(known, _)| (**known).cmp(target));
        urls.get(position.ok()?).map(|(_, url)| &**url)
    }
}
