//! Declares the interface through which the snapshot finds lazy outputs.

use std::fmt::Debug;

use super::{Artifact, ArtifactKey, LazyBody};

/// URL of a page of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    /// Absolute URL, percent-encoded.
    pub url: String,
    /// Hash of the post's public content, or 0 for other pages; `None` if the sitemap does not list the URL.
    pub content_hash: Option<u64>,
}

/// Provider of outputs that are rendered on request.
pub trait LazyArtifacts: Debug + Send + Sync {
    /// Returns an output without rendering it; `None` if it does not exist.
    fn find_artifact(&self, key: &ArtifactKey) -> Option<Artifact>;

    /// Returns the path of the feed that formerly had this path, and the absolute URL that it redirects to; `None` in its
    /// place if the feed is served at the former path.
    fn resolve_feed_alias(&self, path: &str) -> Option<(String, Option<String>)>;

    /// Returns hashes of the entries in a feed's first document; a hash changes with its entry. `None` if there are too
    /// many for a delta.
    fn entry_hashes(&self, key: &ArtifactKey) -> Option<Vec<u128>>;

    /// Returns the first document of a feed without the entries of these hashes; `None` if it has none of them.
    fn find_feed_delta(&self, key: &ArtifactKey, known: &[u128]) -> Option<LazyBody>;

    /// Returns true if feeds have HTML pages at their paths.
    fn has_html_variants(&self) -> bool;

    /// Returns `max-age` of feeds in seconds, which follows the site's posting interval.
    fn feed_max_age_seconds(&self) -> u64;

    /// Returns the keys of all lazy outputs, in no particular order.
    fn artifact_keys(&self) -> Vec<ArtifactKey>;

    /// Returns key and absolute URL of each feed's first document, eager ones included.
    fn feed_urls(&self) -> Vec<(ArtifactKey, String)>;

    /// Returns the URLs of all public posts, and of the pages in the sitemap.
    fn public_urls(&self) -> Vec<PublicUrl>;
}
