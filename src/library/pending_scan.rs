//! Holds a scan in progress: the files to read, in their order, and those that were read.
//!
//! Files of public posts are read first, so that a hidden one can be withdrawn before the rest is read.

use std::sync::Arc;

use super::file_record::FileRecord;
use super::scan::{DirectoryScan, ScannedFile};
use crate::model::finding::Finding;
use crate::post::BodyRenderer;
use crate::post::post_builder::is_section_file;

/// Maximum text left uncompressed by the first scan. Compression lengthens a start by half, so it runs
/// after the first snapshot is served. Beyond this size, texts are compressed as they are read.
const MAX_UNCOMPRESSED_BYTES: u64 = 1 << 30;

/// Up to this many files are read in one batch, which takes a millisecond or two.
const MAX_FILES_IN_ONE_BATCH: usize = 32;
/// A file above this size may take long to parse: the time grows with the body.
const LARGE_FILE_BYTES: u64 = 16 * 1024;

/// Scan in progress. The library stays unchanged until `finish_scan`.
#[derive(Debug)]
pub struct PendingScan {
    pub(super) scan: DirectoryScan,
    pub(super) deleted_files: Vec<Arc<str>>,
    pub(super) body_renderer: Arc<BodyRenderer>,
    /// True if texts are compressed later instead of as they are read.
    pub(super) defers_compression: bool,
    /// Files to read, in reverse order.
    files_to_read: Vec<(String, ScannedFile)>,
    /// Number of files to read that may hide a public post.
    priority_count: usize,
    /// Number of large files among them. They come after the small ones.
    large_count: usize,
    /// True if any file is large, so that reading it may take long.
    has_large_files: bool,
    /// Files read so far.
    pub(super) read_files: Vec<ReadFile>,
    /// Files with a transient read error.
    pub(super) unreadable: Vec<Finding>,
    /// Index in `read_files` of the first file of the last batch.
    batch_start: usize,
}

/// A file that was read.
#[derive(Debug)]
pub(super) struct ReadFile {
    pub(super) path: Arc<str>,
    pub(super) record: FileRecord,
}

impl PendingScan {
    /// Orders the `stale` files, which changed or are new: first section files and those for which
    /// `is_public` returns true, as they may hide a public post.
    pub(super) fn new(
        scan: DirectoryScan,
        deleted_files: Vec<Arc<str>>,
        body_renderer: Arc<BodyRenderer>,
        stale: impl Iterator<Item = (String, ScannedFile)>,
        is_public: &dyn Fn(&str) -> bool,
        is_first_scan: bool,
    ) -> PendingScan {
        let may_hide =
            |(path, _): &(String, ScannedFile)| is_section_file(file_name(path)) || is_public(path);
        let (mut first, mut rest): (Vec<_>, Vec<_>) = stale.partition(may_hide);
        let may_hide = first.len();
        let is_large = |(_, file): &(String, ScannedFile)| file.stamp.size > LARGE_FILE_BYTES;
        first.sort_by_key(is_large);
        let large = first.iter().filter(|file| is_large(file)).count();
        let has_large = large > 0 || rest.iter().any(is_large);
        // `take_batch` takes files from the end.
        first.reverse();
        rest.reverse();
        rest.append(&mut first);
        let bytes: u64 = rest.iter().map(|(_, file)| file.stamp.size).sum();
        PendingScan {
            scan,
            deleted_files,
            body_renderer,
            defers_compression: is_first_scan && bytes <= MAX_UNCOMPRESSED_BYTES,
            read_files: Vec::with_capacity(rest.len()),
            files_to_read: rest,
            priority_count: may_hide,
            large_count: large,
            has_large_files: has_large,
            unreadable: Vec::new(),
            batch_start: 0,
        }
    }

    /// Returns how many files to read, at most `max_files`, before their withdrawals are published. `None`
    /// means that all remaining files may be read at once.
    pub fn next_batch_size(&self, max_files: usize) -> Option<usize> {
        let small = self.priority_count.saturating_sub(self.large_count);
        if self.has_large_files && small > 0 {
            return Some(small.min(max_files));
        }
        (self.priority_count > MAX_FILES_IN_ONE_BATCH).then(|| self.priority_count.min(max_files))
    }

    /// Returns the number of files that are still to be read.
    pub(super) fn remaining_count(&self) -> usize {
        self.files_to_read.len()
    }

    /// Removes the next files to read, at most `max_files`. `None` if there are none.
    pub(super) fn take_batch(&mut self, max_files: usize) -> Option<Vec<(String, ScannedFile)>> {
        if self.files_to_read.is_empty() {
            return None;
        }
        let mut batch = self
            .files_to_read
            .split_off(self.files_to_read.len().saturating_sub(max_files));
        batch.reverse();
        self.priority_count = self.priority_count.saturating_sub(batch.len());
        self.batch_start = self.read_files.len();
        Some(batch)
    }

    /// Returns the files of the last batch that was read.
    pub(super) fn last_batch(&self) -> &[ReadFile] {
        self.read_files.get(self.batch_start..).unwrap_or_default()
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}
