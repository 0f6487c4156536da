//! What wakes a watch, and what it does then, into counts that grow.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts of one watch, since its start.
#[derive(Debug, Default)]
pub struct Counts {
    pub(super) events: AtomicU64,
    pub(super) looks: AtomicU64,
    pub(super) rescans: AtomicU64,
}

impl Counts {
    /// How many events were told of.
    pub fn events(&self) -> u64 {
        self.events.load(Relaxed)
    }

    /// How many looks there were, at a file or at everything.
    pub fn looks(&self) -> u64 {
        self.looks.load(Relaxed)
    }

    /// How many of them were at everything.
    pub fn rescans(&self) -> u64 {
        self.rescans.load(Relaxed)
    }
}

pub(super) fn count(of: &AtomicU64) {
    of.fetch_add(1, Relaxed);
}
