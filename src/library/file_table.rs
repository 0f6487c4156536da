//! Keeps the records of all files, sorted by path, and counts them by state.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use super::btree_extend;
use super::file_record::{FileCounts, FileRecord};
use super::pending_scan::ReadFile;
use super::scan::DirectoryScan;
use crate::model::post::Post;

/// Records of all files.
#[derive(Debug, Default)]
pub(super) struct FileTable {
    records: BTreeMap<Arc<str>, FileRecord>,
    counts: FileCounts,
}

/// Change of one file between two scans.
pub(super) struct FileChange {
    pub(super) path: Arc<str>,
    pub(super) is_changed: bool,
    /// True if the markers for the posts below it changed.
    pub(super) markers_changed: bool,
    /// Post before the change.
    pub(super) previous_post: Option<Arc<Post>>,
}

impl FileTable {
    pub(super) fn get(&self, path: &str) -> Option<&FileRecord> {
        self.records.get(path)
    }

    /// Returns the record for a change that does not affect the counts.
    pub(super) fn get_mut(&mut self, path: &str) -> Option<&mut FileRecord> {
        self.records.get_mut(path)
    }

    pub(super) fn contains(&self, path: &str) -> bool {
        self.records.contains_key(path)
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &FileRecord)> {
        self.records.iter()
    }

    /// Iterates in the order of paths, for changes that do not affect the counts.
    pub(super) fn records_mut(&mut self) -> impl Iterator<Item = &mut FileRecord> {
        self.records.values_mut()
    }

    /// Iterates over the files whose paths start with a text.
    pub(super) fn with_prefix(
        &self,
        prefix: String,
    ) -> impl Iterator<Item = (&Arc<str>, &FileRecord)> {
        let from = (Bound::Included(prefix.as_str()), Bound::Unbounded);
        self.records
            .range::<str, _>(from)
            .take_while(move |(path, _)| path.starts_with(&prefix))
    }

    /// Returns the number of files by state.
    pub(super) fn counts(&self) -> FileCounts {
        self.counts
    }

    /// Returns the known files that are missing in the scanned part.
    pub(super) fn missing_from(&self, scan: &DirectoryScan) -> Vec<Arc<str>> {
        let is_gone =
            |path: &&Arc<str>| !scan.files.contains_key(&***path) && !scan.is_unknown(path);
        let Some(covered) = &scan.covered else {
            return self.records.keys().filter(is_gone).cloned().collect();
        };
        let below = |covered: &String| {
            let own = self.records.get_key_value(covered.as_str());
            let within = self.with_prefix(format!("{covered}/"));
            let paths = own.into_iter().chain(within).map(|(path, _)| path);
            paths.filter(is_gone).cloned().collect::<Vec<_>>()
        };
        covered.iter().flat_map(below).collect()
    }

    pub(super) fn remove_file(&mut self, path: &str) -> Option<FileRecord> {
        let known = self.records.remove(path)?;
        self.counts.subtract_file(&known);
        Some(known)
    }

    /// Replaces the records of files that were read. Returns what changed, in the same order.
    pub(super) fn replace_files(&mut self, files: Vec<ReadFile>) -> Vec<FileChange> {
        let changes = files.iter().map(|file| self.count_change(file)).collect();
        let records = files.into_iter().map(|file| (file.path, file.record));
        btree_extend::bulk_extend_btree(&mut self.records, records.collect());
        changes
    }

    /// Compares a file that was read with its former record, and updates the counts.
    fn count_change(&mut self, fresh: &ReadFile) -> FileChange {
        let before = self.records.get(&fresh.path);
        let file = &fresh.record;
        let change = FileChange {
            path: Arc::clone(&fresh.path),
            is_changed: !before.is_some_and(|before| {
                before.state == file.state
                    && before.post == file.post
                    && before.findings == file.findings
            }),
            markers_changed: before
                .map_or(&[][..], |before| &*before.section_markers)
                .ne(&*file.section_markers),
            previous_post: before.and_then(FileRecord::effective_post).cloned(),
        };
        if let Some(before) = before {
            self.counts.subtract_file(before);
        }
        self.counts.add_file(file);
        change
    }
}
