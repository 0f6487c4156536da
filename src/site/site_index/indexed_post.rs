//! Defines the site index's record of one post.

use crate::model::post::Post;
use crate::site::entry::Entry;
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// Post with its derived state.
#[derive(Debug)]
pub(super) struct IndexedPost {
    pub(super) post: Arc<Post>,
    pub(super) listing: Option<Listing>,
    pub(super) next_change: Option<DateTime<Utc>>,
    pub(super) entry: Option<Arc<Entry>>,
}

/// Kind of visibility; listed posts take precedence over unlisted ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Listing {
    Listed,
    Unlisted,
}
