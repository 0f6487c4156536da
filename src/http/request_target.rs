//! Describes the target of a request for the poll limit and the counters.

use std::hash::Hash;
use std::sync::Arc;

use crate::model::artifact::{ArtifactKey, FeedPageId};
use crate::publish::snapshot::Resource;
use crate::stats::traffic::ResourceClass;

/// Target of a request.
#[derive(Debug)]
pub(crate) struct RequestTarget {
    pub(crate) class: ResourceClass,
    /// Resource at the path; `None` if there is none.
    pub(super) resource: Option<Arc<Resource>>,
    /// True if the response is a page of that feed, or its HTML page, instead of the feed itself.
    pub(super) is_variant: bool,
    /// Feed page that the query names.
    pub(super) page: Option<FeedPageId>,
}

impl RequestTarget {
    /// Creates the target of a request that matches no resource.
    pub(crate) fn without_resource() -> RequestTarget {
        RequestTarget {
            class: ResourceClass::Other,
            resource: None,
            is_variant: false,
            page: None,
        }
    }

    /// Returns an id of the document that does not depend on the spelling of path and query.
    pub(crate) fn document_id(&self) -> impl Hash {
        let resource = self.resource.as_ref();
        (resource.map(|resource| &resource.key), self.page)
    }

    /// Returns the feed, unless the request was for one of its variants or for another resource.
    pub(crate) fn into_feed(self) -> Option<Arc<Resource>> {
        let resource = self.resource.filter(|_| !self.is_variant)?;
        matches!(resource.key, ArtifactKey::Feed(..)).then_some(resource)
    }
}
