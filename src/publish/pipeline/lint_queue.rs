//! Queues the posts whose bodies and cards are not linted yet.

use std::collections::BTreeSet;
use std::sync::Arc;

/// Paths of the files whose bodies and cards are not linted yet.
#[derive(Debug, Default)]
pub(super) struct LintQueue {
    paths: BTreeSet<Arc<str>>,
}

impl LintQueue {
    pub(super) fn len(&self) -> usize {
        self.paths.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    pub(super) fn add_paths(&mut self, paths: impl IntoIterator<Item = Arc<str>>) {
        if self.paths.is_empty() {
            // Building the set at once is much cheaper than inserting one by one.
            self.paths = paths.into_iter().collect();
        } else {
            self.paths.extend(paths);
        }
    }

    /// Removes the next paths, at most `max_paths`.
    pub(super) fn take_batch(&mut self, max_paths: usize) -> Vec<Arc<str>> {
        let next = std::iter::from_fn(|| self.paths.pop_first());
        next.take(max_paths).collect()
    }
}
