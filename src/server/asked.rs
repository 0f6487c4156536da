//! What a request was about, for the poll limit and the counters.

use std::hash::Hash;
use std::sync::Arc;

use super::traffic::Class;
use crate::artifact::{ArtifactKey, Page};
use crate::snapshot::Resource;

/// What a request was about.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) class: Class,
    /// What is at the path.
    pub(super) resource: Option<Arc<Resource>>,
    /// Whether the answer is a further page of that feed, or its page for people.
    pub(super) is_beside: bool,
    /// The further page that the query names.
    pub(super) page: Option<Page>,
}

impl Asked {
    /// A request about nothing that is here.
    pub(super) fn nothing() -> Asked {
        Asked {
            class: Class::Other,
            resource: None,
            is_beside: false,
            page: None,
        }
    }

    /// Names the document, however its path and query were spelled.
    pub(super) fn document(&self) -> impl Hash {
        let resource = self.resource.as_ref();
        (resource.map(|resource| &resource.key), self.page)
    }

    /// The feed, if it was about that and none of its further pages.
    pub(super) fn into_feed(self) -> Option<Arc<Resource>> {
        let resource = self.resource.filter(|_| !self.is_beside)?;
        matches!(resource.key, ArtifactKey::Feed(..)).then_some(resource)
    }
}
