//! Keeps posts for a while after most of them were deleted at once.

use std::time::{Duration, Instant};

use crate::library::DeletionPolicy;

/// Time that posts stay after most were deleted at once: longer than a `git checkout` takes.
pub(super) const MASS_DELETION_GRACE: Duration = Duration::from_secs(5);

/// Start of the time for which deletions are held back.
#[derive(Debug, Default)]
pub(super) struct DeletionHold {
    since: Option<Instant>,
}

impl DeletionHold {
    /// Returns true while deletions are held back.
    pub(super) fn is_active(&self) -> bool {
        self.since.is_some()
    }

    /// Returns how a scan at `at` treats deletions.
    pub(super) fn deletion_policy(&self, at: Instant) -> DeletionPolicy {
        let is_over = self
            .since
            .is_some_and(|since| at.saturating_duration_since(since) >= MASS_DELETION_GRACE);
        if is_over {
            DeletionPolicy::AcceptMass(at)
        } else {
            DeletionPolicy::HoldMass(at)
        }
    }

    /// Records whether the last scan held deletions back.
    pub(super) fn record_scan(&mut self, is_holding: bool) {
        self.since = is_holding.then(|| self.since.unwrap_or_else(Instant::now));
    }
}
