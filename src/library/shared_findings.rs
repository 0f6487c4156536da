//! Collects the findings about directories, the id map, transient read errors, and files that are not posts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::scan::DirectoryScan;
use super::scan_scope::ScanScope;
use crate::config::Config;
use crate::model::finding::Finding;

/// Findings that do not belong to the record of a file.
#[derive(Debug, Default)]
pub(super) struct SharedFindings {
    directories: Vec<Finding>,
    pub(super) id_map: Vec<Finding>,
    /// Files and directories with a transient read error, by path.
    unreadable: BTreeMap<String, Finding>,
    /// Findings of `check` about files that are not posts.
    pub(super) other_files: Vec<Finding>,
}

impl SharedFindings {
    /// Iterates over all findings. Of transient read errors only the first is included, because the others
    /// have the same cause.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Finding> {
        let unread = self.unreadable.values().take(1);
        let of_directories = self.directories.iter().chain(&self.id_map);
        of_directories.chain(&self.other_files).chain(unread)
    }

    /// Returns the files and directories with a finding of their own.
    pub(super) fn directory_paths(&self) -> impl Iterator<Item = &str> {
        self.directories.iter().map(|finding| finding.file.as_str())
    }

    /// Returns the paths with transient read errors, to be scanned again soon.
    pub(super) fn retry_scope(&self, config: &Config) -> Option<ScanScope> {
        let paths = self
            .unreadable
            .keys()
            .map(|path| config.content.dir.join(path));
        let paths: BTreeSet<PathBuf> = paths.collect();
        (!paths.is_empty()).then_some(ScanScope::Paths(paths))
    }

    /// Replaces the transient read errors of the scanned part. Returns true if the reported finding
    /// changed.
    pub(super) fn record_unreadable(
        &mut self,
        scan: &mut DirectoryScan,
        of_files: Vec<Finding>,
    ) -> bool {
        let reported = self.unreadable.values().next().cloned();
        let covered = scan.covered.as_ref();
        self.unreadable
            .retain(|path, _| covered.is_some_and(|_| !scan.covers(path)));
        let of_directories = std::mem::take(&mut scan.unreadable);
        let unread = of_directories.into_iter().chain(of_files);
        let by_path: BTreeMap<String, Finding> = unread
            .map(|finding| (finding.file.clone(), finding))
            .collect();
        self.unreadable.extend(by_path);
        self.unreadable.values().next() != reported.as_ref()
    }

    /// Replaces the findings of the scanned directories. Returns true if any changed.
    pub(super) fn record_directories(&mut self, scan: DirectoryScan, is_full_scan: bool) -> bool {
        let before = self.directories.clone();
        self.directories
            .retain(|finding| !is_full_scan && !scan.covers(&finding.file));
        self.directories.extend(scan.findings);
        // A different scan order is not a change.
        self.directories.sort();
        self.directories != before
    }
}
