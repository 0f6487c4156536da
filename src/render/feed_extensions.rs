//! Defines the namespaces of Media RSS and of RFC 5005, which RSS and Atom share.

use crate::model::artifact::FeedPageId;
use crate::site::feed::FeedDocument;

/// Namespace of Media RSS.
pub(super) const MEDIA_RSS_NAMESPACE: &str = "http://search.yahoo.com/mrss/";

/// Prefix of the elements of RFC 5005 (feed paging and archiving).
pub(super) const HISTORY_PREFIX: &str = "fh";

/// Namespace of the elements of RFC 5005.
pub(super) const HISTORY_NAMESPACE: &str = "http://purl.org/syndication/history/1.0";

/// Returns the element of RFC 5005 that marks a document as a complete feed (§2) or as an archive
/// document (§4).
pub(super) fn history_element(document: &FeedDocument) -> Option<&'static str> {
    match document.page {
        FeedPageId::Archive(_) => Some("archive"),
        FeedPageId::Number(_) => document.is_complete().then_some("complete"),
    }
}
