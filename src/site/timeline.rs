//! Entries in the order in which every output has them, newest first, where one more or less costs
//! little however many there are.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use super::entry::Entry;
use crate::collection::Sequence;

/// More changes than one in so many entries are merged in one go.
const FEW: usize = 16;

/// Entries, newest first. A copy shares them.
#[derive(Debug, Clone, Default)]
pub struct Timeline(Sequence<Arc<Entry>>);

impl Timeline {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, newest first.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.0.iter()
    }

    /// The newest.
    pub fn first(&self) -> Option<&Arc<Entry>> {
        self.0.front()
    }

    /// Those at these places, the newest being at 0; fewer where there are fewer.
    pub fn range(&self, places: Range<usize>) -> Vec<Arc<Entry>> {
        let end = places.end.min(self.len());
        let start = places.start.min(end);
        self.0
            .focus()
            .narrow(start..end)
            .into_iter()
            .cloned()
            .collect()
    }

    /// Where an entry of this file is.
    pub fn place(&self, entry: &Entry) -> Option<usize> {
        self.0
            .binary_search_by(|other| newest_first(other, entry))
            .ok()
    }

    /// Takes some out, of which those that are not there are no matter, and puts others in.
    pub(super) fn change(&mut self, gone: &[Arc<Entry>], come: &[Arc<Entry>]) {
        if (gone.len() + come.len()) * FEW > self.len() {
            self.merge(gone, come);
            return;
        }
        for entry in gone {
            if let Some(place) = self.place(entry) {
                self.0.remove(place);
            }
        }
        for entry in come {
            match self.0.binary_search_by(|other| newest_first(other, entry)) {
                Ok(place) => drop(self.0.set(place, Arc::clone(entry))),
                Err(place) => self.0.insert(place, Arc::clone(entry)),
            }
        }
    }

    fn merge(&mut self, gone: &[Arc<Entry>], come: &[Arc<Entry>]) {
        let mut gone: Vec<_> = gone.iter().map(Arc::as_ptr).collect();
        gone.sort_unstable();
        let mut all: Vec<Arc<Entry>> = self
            .0
            .iter()
            .filter(|entry| gone.binary_search(&Arc::as_ptr(entry)).is_err())
            .chain(come)
            .cloned()
            .collect();
        all.sort_by(|a, b| newest_first(a, b));
        self.0 = all.into_iter().collect();
    }
}

/// The newest first; of one instant, in the order of the files.
pub(super) fn newest_first(a: &Entry, b: &Entry) -> Ordering {
    b.published()
        .cmp(&a.published())
        .then_with(|| a.source().cmp(b.source()))
}
