//! Describes the target of a request for the poll limit and the counters.

use std::hash::Hash;
use std::sync::Arc;

use crate::model::artifact::ArtifactKey;
use crate::publish::snapshot::Resource;
use crate::stats::traffic::ResourceClass;

/// Target of a request.
#[derive(Debug)]
pub(crate) struct RequestTarget {
    pub(crate) class: ResourceClass,
    /// Resource at the path; `None` if there is none.
    pub(super) resource: Option<Arc<Resource>>,
    /// True if the response is the HTML page of that feed, or a redirect to one of its pages.
    pub(super) is_variant: bool,
}

impl RequestTarget {
    /// Creates the target of a request that matches no resource.
    pub(crate) fn without_resource() -> RequestTarget {
        RequestTarget {
            class: ResourceClass::Other,
            resource: None,
            is_variant: false,
        }
    }

    /// Returns an id of the document that does not depend on the spelling of path and query.
    pub(crate) fn document_id(&self) -> impl Hash {
        self.resource.as_ref().map(|resource| &resource.key)
    }

    /// Returns the feed, unless the response is another one or the request was for another resource.
    pub(crate) fn into_feed(self) -> Option<Arc<Resource>> {
        let resource = self.resource.filter(|_| !self.is_variant)?;
        matches!(resource.key, ArtifactKey::Feed(..)).then_some(resource)
    }
}
