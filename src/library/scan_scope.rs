//! Defines what a scan covers: everything, or the paths that events named.

use std::collections::BTreeSet;
use std::path::PathBuf;

/// Files and directories that a scan covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScanScope {
    /// All files.
    All,
    /// These paths and everything below them. Paths outside the content directory are ignored.
    Paths(BTreeSet<PathBuf>),
}

impl Default for ScanScope {
    /// Returns the empty scope.
    fn default() -> ScanScope {
        ScanScope::Paths(BTreeSet::new())
    }
}

impl ScanScope {
    /// Adds the paths of another scope.
    pub fn merge(&mut self, other: ScanScope) {
        match (&mut *self, other) {
            (ScanScope::All, _) => {}
            (ScanScope::Paths(paths), ScanScope::Paths(more)) => paths.extend(more),
            (ScanScope::Paths(_), ScanScope::All) => *self = ScanScope::All,
        }
    }

    /// Returns true if there is nothing to scan.
    pub fn is_empty(&self) -> bool {
        matches!(self, ScanScope::Paths(paths) if paths.is_empty())
    }
}
