//! Describes what an update of the site index changed.

use std::sync::Arc;

use crate::model::artifact::FeedScope;
use crate::model::post_changes::{PostChange, PostChanges};
use crate::site::entry::Entry;

/// Changes that an update of the site index led to.
#[derive(Debug, Default)]
pub struct SiteChanges {
    /// Paths of cards that were added, changed or removed.
    pub card_paths: Vec<String>,
    /// Taxonomy feeds whose first document changed.
    pub taxonomy_feeds: Vec<FeedScope>,
    /// True if anything public changed.
    pub has_public_changes: bool,
    /// Changes of posts.
    pub posts: PostChanges,
}

impl SiteChanges {
    /// Records the change of one post. `has_post` is true if the file is still a post.
    pub(super) fn record_post(
        &mut self,
        path: &Arc<str>,
        has_post: bool,
        old: Option<&Arc<Entry>>,
        new: Option<&Arc<Entry>>,
    ) {
        if old == new {
            return;
        }
        self.has_public_changes = true;
        let entries = [old, new].into_iter().flatten();
        self.card_paths
            .extend(entries.filter_map(|entry| entry.card_path().map(str::to_owned)));
        self.posts.record_change(
            path,
            match new {
                Some(_) if old.is_none() => PostChange::New,
                Some(_) => PostChange::Changed,
                None if has_post => PostChange::Hidden,
                None => PostChange::Gone,
            },
        );
    }

    /// Merges the changes of a later update into these.
    pub fn merge_later_changes(&mut self, other: SiteChanges) {
        self.card_paths.extend(other.card_paths);
        self.taxonomy_feeds.extend(other.taxonomy_feeds);
        self.has_public_changes |= other.has_public_changes;
        self.posts.merge_later_changes(other.posts);
    }
}
