//! Collects the keys that exports wrote or deleted, for the cache in front of the store.

use std::collections::BTreeSet;

use super::write_plan::WritePlan;

/// Keys that exports wrote or deleted.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct TouchedKeys {
    /// Keys of objects that were written.
    pub(super) written: BTreeSet<String>,
    /// Keys of objects that were deleted, such as those of a hidden post.
    pub(super) deleted: BTreeSet<String>,
}

impl TouchedKeys {
    /// Adds the keys of an export.
    pub(super) fn add_plan(&mut self, plan: &WritePlan) {
        let written = plan.created.iter().chain(&plan.changed);
        self.written.extend(written.cloned());
        self.deleted.extend(plan.deleted.iter().cloned());
    }

    /// Returns true if nothing was written or deleted.
    pub(super) fn is_empty(&self) -> bool {
        self.written.is_empty() && self.deleted.is_empty()
    }
}
