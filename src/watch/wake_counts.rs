//! Counts the events and scans of a watch.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counters of one watch since its start.
#[derive(Debug, Default)]
pub struct WatchCounters {
    pub(super) events: AtomicU64,
    pub(super) scans: AtomicU64,
    pub(super) full_scans: AtomicU64,
}

impl WatchCounters {
    /// Returns the number of file events received.
    pub fn event_count(&self) -> u64 {
        self.events.load(Relaxed)
    }

    /// Returns the number of scans, partial and full.
    pub fn scan_count(&self) -> u64 {
        self.scans.load(Relaxed)
    }

    /// Returns the number of full scans.
    pub fn full_scan_count(&self) -> u64 {
        self.full_scans.load(Relaxed)
    }
}

pub(super) fn increment_counter(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}
