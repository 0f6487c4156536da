//! Keeps entries sorted, newest first; inserting or removing one costs logarithmic time.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use super::entry::Entry;
use crate::persistent::PersistentVec;

/// Ratio of entries to changes below which the whole list is rebuilt. A rebuild is linear, and
/// cheaper than many single insertions.
const MERGE_RATIO: usize = 16;

/// List of entries, newest first. A clone is cheap and shares them.
#[derive(Debug, Clone, Default)]
pub struct Timeline(PersistentVec<Arc<Entry>>);

impl Timeline {
    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns true if there are no entries.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Iterates over all entries, newest first.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.0.iter()
    }

    /// Returns the newest entry.
    pub fn newest_entry(&self) -> Option<&Arc<Entry>> {
        self.0.front()
    }

    /// Returns the entries at these positions, the newest at 0. A range beyond the end is cut.
    pub fn entries_in_range(&self, positions: Range<usize>) -> Vec<Arc<Entry>> {
        let end = positions.end.min(self.len());
        let start = positions.start.min(end);
        self.0
            .focus()
            .narrow(start..end)
            .into_iter()
            .cloned()
            .collect()
    }

    /// Finds the position of the entry with the same publication date and file.
    pub fn find_position(&self, entry: &Entry) -> Option<usize> {
        self.0
            .binary_search_by(|other| compare_newest_first(other, entry))
            .ok()
    }

    /// Removes entries, ignoring those that are not in the list, and adds others.
    pub(super) fn update_entries(&mut self, removed: &[Arc<Entry>], added: &[Arc<Entry>]) {
        if (removed.len() + added.len()) * MERGE_RATIO > self.len() {
            self.merge_entries(removed, added);
            return;
        }
        for entry in removed {
            if let Some(position) = self.find_position(entry) {
                self.0.remove(position);
            }
        }
        for entry in added {
            match self
                .0
                .binary_search_by(|other| compare_newest_first(other, entry))
            {
                Ok(position) => drop(self.0.set(position, Arc::clone(entry))),
                Err(position) => self.0.insert(position, Arc::clone(entry)),
            }
        }
    }

    /// Rebuilds the list in linear time.
    fn merge_entries(&mut self, removed: &[Arc<Entry>], added: &[Arc<Entry>]) {
        let mut removed: Vec<_> = removed.iter().map(Arc::as_ptr).collect();
        removed.sort_unstable();
        let mut all: Vec<Arc<Entry>> = self
            .0
            .iter()
            .filter(|entry| removed.binary_search(&Arc::as_ptr(entry)).is_err())
            .chain(added)
            .cloned()
            .collect();
        all.sort_by(|a, b| compare_newest_first(a, b));
        self.0 = all.into_iter().collect();
    }
}

/// Returns the entries for which `is_selected` is true; the list itself if they are all.
pub(super) fn select_entries(
    entries: &[Arc<Entry>],
    is_selected: impl Fn(&Entry) -> bool,
) -> Cow<'_, [Arc<Entry>]> {
    if entries.iter().all(|entry| is_selected(entry)) {
        return Cow::Borrowed(entries);
    }
    let entries = entries.iter().filter(|entry| is_selected(entry));
    Cow::Owned(entries.cloned().collect())
}

/// Compares entries so that the newest comes first; entries of the same time are sorted by path.
pub(super) fn compare_newest_first(a: &Entry, b: &Entry) -> Ordering {
    b.published_at()
        .cmp(&a.published_at())
        .then_with(|| a.source_path().cmp(b.source_path()))
}
