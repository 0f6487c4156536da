//! Counts what an export wrote.

use std::fmt;

use crate::text::pluralize_count;

/// Result of an export, or of a dry run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportReport {
    /// Keys of new objects, sorted.
    pub created: Vec<String>,
    /// Keys of objects whose content changed, sorted.
    pub changed: Vec<String>,
    /// Keys of objects that are gone, sorted.
    pub deleted: Vec<String>,
    /// Keys that objects of others have; these were left as they are.
    pub conflicts: Vec<String>,
    /// Keys of outputs that could not be rendered, each with the reason. The next export tries again.
    pub failed: Vec<String>,
    /// Paths of outputs that no object can have.
    pub skipped: Vec<String>,
    /// Number of objects that were up to date.
    pub unchanged: usize,
    /// Bytes that were written.
    pub bytes: u64,
}

impl ExportReport {
    /// Returns true if nothing was written or deleted.
    pub fn is_unchanged(&self) -> bool {
        self.created.is_empty() && self.changed.is_empty() && self.deleted.is_empty()
    }
}

impl fmt::Display for ExportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} written, {} unchanged, {} deleted, {}",
            self.created.len() + self.changed.len(),
            self.unchanged,
            self.deleted.len(),
            pluralize_count(usize::try_from(self.bytes).unwrap_or(usize::MAX), "byte")
        )
    }
}
