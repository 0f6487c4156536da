//! Reads files on all cores.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rayon::prelude::*;

use super::file_table::FileTable;
use super::read_post::{FileContents, ReadMode, read_post_file};
use super::scan::ScannedFile;
use crate::config::Config;
use crate::model::commit_dates::CommitDates;
use crate::model::finding::Finding;
use crate::model::post::PostInterner;
use crate::post::parse::ParsedFile;
use crate::progress::Progress;

/// File contents by path.
type ContentsByPath = Vec<(Arc<str>, FileContents)>;

/// Reader of files, with all that their contents depend on.
pub(super) struct FileReader<'a> {
    pub(super) files: &'a FileTable,
    pub(super) interner: &'a PostInterner,
    pub(super) commit_dates: &'a CommitDates,
    pub(super) config: &'a Config,
    pub(super) mode: ReadMode<'a>,
    pub(super) now: SystemTime,
    /// True if texts are compressed as they are read.
    pub(super) compresses: bool,
    pub(super) progress: &'a Progress,
}

impl FileReader<'_> {
    /// Reads these files in parallel. Returns their contents in order, and a finding for each transient
    /// read error, after which the former record stays.
    pub(super) fn read_files(
        &self,
        stale: &[(String, ScannedFile)],
    ) -> (ContentsByPath, Vec<Finding>) {
        let unread = Mutex::new(Vec::new());
        let read_one = |(path, candidate): &(String, ScannedFile)| {
            let mut contents =
                match read_post_file(path, candidate, self.config, self.mode, self.now) {
                    Ok(reading) => reading,
                    Err(finding) => {
                        let mut unread = unread.lock().unwrap_or_else(PoisonError::into_inner);
                        unread.push(finding);
                        if self.files.contains(path) {
                            return None;
                        }
                        FileContents::unreadable()
                    }
                };
            let path = match &mut contents.parsed {
                ParsedFile::Post { post, .. } => {
                    if let Some(post) = Arc::get_mut(post) {
                        post.set_committed_at(self.commit_dates.get(path));
                        self.interner.intern_values(post);
                    }
                    if self.compresses {
                        post.body.compress_source();
                    }
                    Arc::clone(&post.path)
                }
                _ => Arc::from(path.as_str()),
            };
            self.progress.complete_step();
            Some((path, contents))
        };
        let readings = stale.par_iter().filter_map(read_one).collect();
        let unread = unread.into_inner().unwrap_or_else(PoisonError::into_inner);
        (readings, unread)
    }
}
