//! Holds the changes of posts that are not published yet, and picks those that are published next.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::SystemTime;

use crate::library::Library;
use crate::model::post::Post;
use crate::site::site_index::{PostUpdate, SiteIndex};

/// Changes that are not published yet.
#[derive(Debug, Default)]
pub(super) struct PendingChanges {
    changes: Vec<PostUpdate>,
    /// True if some of the changes were left over by the batch size, not held back on purpose.
    pub(super) has_backlog: bool,
}

impl PendingChanges {
    pub(super) fn len(&self) -> usize {
        self.changes.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    pub(super) fn extend(&mut self, changes: Vec<PostUpdate>) {
        self.changes.extend(changes);
    }

    /// Replaces all changes.
    pub(super) fn replace(&mut self, changes: Vec<PostUpdate>) {
        self.changes = changes;
    }

    /// Drops the changes of files for which other changes are published first.
    pub(super) fn drop_superseded(&mut self, others: &[PostUpdate]) {
        let paths: HashSet<&str> = others.iter().map(|(path, _)| &**path).collect();
        self.changes.retain(|(path, _)| !paths.contains(&**path));
    }

    /// Removes the next batch of pending changes, at most `max_changes`. Takes all of them with `takes_all`, or if a file was
    /// moved, so that its post does not disappear in between.
    pub(super) fn take_next_batch(
        &mut self,
        max_changes: usize,
        takes_all: bool,
    ) -> Vec<PostUpdate> {
        let takes_all = takes_all || self.changes.iter().any(|(_, post)| post.is_none());
        let batch = if takes_all || self.changes.len() <= max_changes {
            std::mem::take(&mut self.changes)
        } else {
            self.changes.drain(..max_changes).collect()
        };
        self.has_backlog = !self.changes.is_empty();
        batch
    }

    /// Removes the withdrawals from the pending changes and sorts the rest by path.
    ///
    /// A deleted file stays pending if a new post has its id, its address, an alias of it or the same
    /// text: it was moved, and its post must not disappear in between. With `with_successors`, the same
    /// holds for a hidden post.
    pub(super) fn take_withdrawals(
        &mut self,
        site_index: &SiteIndex,
        library: &Library,
        now: SystemTime,
        with_successors: bool,
    ) -> Vec<PostUpdate> {
        // Of several changes of one file, the last one counts.
        let changes: BTreeMap<Arc<str>, Option<Arc<Post>>> =
            std::mem::take(&mut self.changes).into_iter().collect();
        let (hides, rest): (Vec<PostUpdate>, Vec<PostUpdate>) = changes
            .into_iter()
            .partition(|change| site_index.is_withdrawal(change, now.into()));
        let may_move = |(path, post): &PostUpdate| {
            with_successors || post.is_none() && !library.has_file(path)
        };
        if !hides.iter().any(may_move) {
            self.changes = rest;
            return hides;
        }
        let coming = || rest.iter().filter_map(|(_, post)| post.as_deref());
        let alike: HashSet<_> = coming().map(Post::rename_invariants).collect();
        let names: HashSet<&str> = coming()
            .flat_map(|post| {
                let aliases = post.aliases().iter().map(String::as_str);
                aliases.chain([post.id(), &*post.permalink.url])
            })
            .collect();
        let is_moved = |(path, _): &PostUpdate| {
            let post = site_index.public_post(path);
            post.is_some_and(|post| {
                let own = [post.id(), &*post.permalink.url, post.permalink.url_path()];
                own.iter().any(|name| names.contains(name))
                    || alike.contains(&post.rename_invariants())
            })
        };
        let (moved, hides): (Vec<PostUpdate>, Vec<PostUpdate>) = hides
            .into_iter()
            .partition(|change| may_move(change) && is_moved(change));
        drop((names, alike));
        self.changes = rest;
        self.changes.extend(moved);
        hides
    }
}
