//! Selects the variants at a feed's URL: the HTML page for browsers, and redirects to further pages.

use std::sync::Arc;

use hyper::Uri;

use super::canonical_path::relative_reference;
use super::html_preference::prefers_html;
use super::request_headers::RequestHeaders;
use crate::model::artifact::{ArtifactKey, FeedPageId};
use crate::publish::snapshot::{Resource, Snapshot};

/// Variant of a resource that a request selects.
pub(super) enum FeedVariant {
    /// The resource itself.
    ResourceItself,
    /// A page that does not exist.
    NotFound,
    /// The page of a feed that the query names, as a relative reference to its path.
    Moved(String),
    /// The HTML page.
    Html(Arc<Resource>),
}

/// Selects the variant of a resource. Page 1 is always the feed itself, even for browsers.
pub(super) fn resolve_variant(
    (uri, fields): (&Uri, &RequestHeaders<'_>),
    snapshot: &Snapshot,
    resource: &Resource,
) -> FeedVariant {
    let key = &resource.key;
    if !matches!(key, ArtifactKey::Feed(..)) {
        return FeedVariant::ResourceItself;
    }
    match uri.query().and_then(FeedPageId::from_query) {
        Some(FeedPageId::Number(1)) => FeedVariant::ResourceItself,
        Some(page) => {
            let path = key.page_key(page).url_path();
            match snapshot.get(&path) {
                Some(_) => FeedVariant::Moved(relative_reference(&key.url_path(), &path)),
                None => FeedVariant::NotFound,
            }
        }
        None if prefers_html(fields) => snapshot
            .html_variant(key)
            .map_or(FeedVariant::ResourceItself, FeedVariant::Html),
        None => FeedVariant::ResourceItself,
    }
}
