//! Keeps a record of every file of the content directory from one scan to the next.
//!
//! A scan lists the directory and reads only changed files. A file that breaks keeps its last good
//! post unless the broken text hides it. A deleted file is dropped.

mod body_lints;
mod btree_extend;
mod copy_names;
mod delete_grace;
mod file_record;
mod file_table;
mod foreign_formats;
mod new_finding;
mod non_posts;
mod parallel_read;
mod pending_scan;
mod read_errors;
mod read_post;
pub(crate) mod scan;
mod scan_result;
mod scan_scope;
mod section_markers;
mod shared_findings;
mod site_files;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use rayon::prelude::*;

use crate::config::Config;
use crate::model::commit_dates::CommitDates;
use crate::model::finding::Finding;
use crate::model::parse_mode::ParseMode;
use crate::model::post::{Post, PostBody, PostInterner};
use crate::post::{BodyRenderer, id_lookup};
use crate::progress::{Progress, ScanStage};
use copy_names::FileCopy;
use delete_grace::MissingFileTracker;
use file_record::FileRecord;
use file_table::FileTable;
use foreign_formats::UnsupportedFiles;
use non_posts::{known_copies, lint_other_files};
use parallel_read::FileReader;
use pending_scan::ReadFile;
use read_post::ReadMode;
use scan::{DirectoryScan, scan_directory, scan_paths};
use section_markers::{SectionMarkers, posts_below_section};
use shared_findings::SharedFindings;
use site_files::SiteFileList;

pub use delete_grace::{DELETE_GRACE, DeletionPolicy};
pub use file_record::FileCounts;
pub use pending_scan::PendingScan;
pub use scan_result::ScanResult;
pub use scan_scope::ScanScope;

/// Texts compressed between two checks for other work: about ten milliseconds' worth.
const COMPRESS_BATCH_TEXTS: usize = 512;

/// All posts and findings of a content directory.
#[derive(Debug, Default)]
pub struct Library {
    files: FileTable,
    section_markers: SectionMarkers,
    shared_findings: SharedFindings,
    missing_files: MissingFileTracker,
    /// Files of unsupported formats whose front matter was checked.
    unsupported_files: UnsupportedFiles,
    /// Copies of posts, including those whose original is missing now.
    copies: BTreeMap<String, FileCopy>,
    /// Bodies whose texts are not compressed yet.
    uncompressed_bodies: Vec<PostBody>,
    /// Renderer of bodies.
    body_renderer: Option<Arc<BodyRenderer>>,
    /// Files of the site that the renderer holds.
    site_files: SiteFileList,
    has_scanned: bool,
    parse_mode: ParseMode,
    /// Dates of the last commits; empty unless they are read from git.
    commit_dates: Arc<CommitDates>,
    /// Interner of values that posts have in common.
    interner: PostInterner,
}

/// Error of scanning the content directory. The library keeps its former state.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// The directory cannot be listed.
    #[error("cannot read the content directory `{}`", dir.display())]
    Directory {
        /// Path of the content directory.
        dir: PathBuf,
        /// Error of the operating system.
        source: std::io::Error,
    },
}

impl Library {
    /// Creates an empty library.
    pub fn new(parse_mode: ParseMode) -> Library {
        Library {
            parse_mode,
            ..Library::default()
        }
    }

    /// Scans the whole directory and reports to `progress`. `now` only decides which file stamps are
    /// too recent to be trusted.
    ///
    /// # Errors
    /// The directory cannot be listed. The library stays as it is.
    pub fn scan_all(
        &mut self,
        config: &Config,
        deletions: DeletionPolicy,
        now: SystemTime,
        progress: &Progress,
    ) -> Result<ScanResult, LibraryError> {
        self.scan_scope(&ScanScope::All, config, deletions, now, progress)
    }

    /// Scans only `scope`.
    ///
    /// # Errors
    /// As [`Library::scan_all`].
    pub fn scan_scope(
        &mut self,
        scope: &ScanScope,
        config: &Config,
        deletions: DeletionPolicy,
        now: SystemTime,
        progress: &Progress,
    ) -> Result<ScanResult, LibraryError> {
        let mut pending = self.begin_scan(scope, config, &|_| false, progress)?;
        while self.read_batch(&mut pending, usize::MAX, (config, now), progress) {}
        Ok(self.finish_scan(pending, config, deletions, now))
    }

    /// Lists the files to read. Section files, and files of posts for which `is_public` returns true,
    /// come first.
    ///
    /// # Errors
    /// The directory cannot be listed. The library stays as it is.
    pub fn begin_scan(
        &mut self,
        scope: &ScanScope,
        config: &Config,
        is_public: &dyn Fn(&str) -> bool,
        progress: &Progress,
    ) -> Result<PendingScan, LibraryError> {
        progress.begin_stage(ScanStage::Listing, 0);
        let scan = self.list_directory(scope, config);
        let mut scan = scan.inspect_err(|_| self.body_renderer = None)?;
        if scan.covered.is_none() || self.body_renderer.is_none() {
            let site_files = SiteFileList::list_files(config);
            if site_files != self.site_files {
                // Any post may use them.
                self.invalidate_all();
                self.site_files = site_files;
            }
        }
        let rendering = match &self.body_renderer {
            Some(rendering) => Arc::clone(rendering),
            None => {
                let files = Arc::new(self.site_files.read_files(config));
                Arc::new(BodyRenderer::with_site_files(config, files))
            }
        };
        self.body_renderer = Some(Arc::clone(&rendering));
        let deleted_files = self.files.missing_from(&scan);
        self.missing_files.forget_found(&scan);
        let candidates = std::mem::take(&mut scan.files);
        let stale = candidates.into_iter().filter(|(path, candidate)| {
            let known = self.files.get(path);
            known.is_none_or(|known| known.stamp != Some(candidate.stamp.to_hash()))
        });
        let pending = PendingScan::new(
            scan,
            deleted_files,
            rendering,
            stale,
            is_public,
            !self.has_scanned,
        );
        progress.begin_stage(ScanStage::Reading, pending.remaining_count());
        Ok(pending)
    }

    /// Reads at most `max_files` of the remaining files. Returns false if none were left.
    pub fn read_batch(
        &mut self,
        pending: &mut PendingScan,
        max_files: usize,
        (config, now): (&Config, SystemTime),
        progress: &Progress,
    ) -> bool {
        let Some(batch) = pending.take_batch(max_files) else {
            return false;
        };
        let reader = FileReader {
            files: &self.files,
            interner: &self.interner,
            commit_dates: &self.commit_dates,
            config,
            mode: ReadMode {
                parse_mode: self.parse_mode,
                renderer: &pending.body_renderer,
            },
            now,
            compresses: !pending.defers_compression,
            progress,
        };
        let (read, unread) = reader.read_files(&batch);
        pending.unreadable.extend(unread);
        for (path, contents) in read {
            let record = FileRecord::from_contents(self.files.get(&path), &path, contents);
            pending.read_files.push(ReadFile { path, record });
        }
        true
    }

    /// Returns the posts that the last batch read, and the posts below section files in it whose markers
    /// changed. The markers of sections are not applied to the former yet.
    pub fn last_batch_posts(&self, pending: &PendingScan) -> Vec<(Arc<str>, Option<Arc<Post>>)> {
        let step = pending.last_batch();
        let mut posts = Vec::with_capacity(step.len());
        for ReadFile {
            path,
            record: known,
        } in step
        {
            let before = self.files.get(path);
            let withheld = before.map_or(&[][..], |before| &*before.section_markers);
            if !known.section_markers.is_empty() && *known.section_markers != *withheld {
                posts.extend(posts_below_section(
                    &self.files,
                    path,
                    &known.section_markers,
                ));
            }
            posts.push((Arc::clone(path), known.post.clone()));
        }
        posts
    }

    /// Applies everything that a scan found.
    pub fn finish_scan(
        &mut self,
        pending: PendingScan,
        config: &Config,
        deletions: DeletionPolicy,
        now: SystemTime,
    ) -> ScanResult {
        let PendingScan {
            mut scan,
            deleted_files: deleted,
            read_files: read,
            unreadable: read_errors,
            defers_compression: is_deferred,
            ..
        } = pending;
        if is_deferred {
            let posts = read.iter().filter_map(|fresh| fresh.record.post.as_ref());
            self.uncompressed_bodies
                .extend(posts.map(|post| post.body.clone()));
        }
        let unread_changed = self
            .shared_findings
            .record_unreadable(&mut scan, read_errors);
        self.copies
            .retain(|path, _| scan.covered.is_some() && !scan.covers(path));
        self.copies.append(&mut scan.copies);
        self.missing_files
            .record_post_count(self.files.counts(), now);
        let missing =
            self.missing_files
                .resolve_missing_files(&self.files, deleted, &read, deletions);
        let mut result = ScanResult {
            changed: !self.has_scanned || unread_changed,
            is_holding_deletions: missing.is_holding_deletions,
            files_read: read.len(),
            changed_files: missing.newly_missing_count,
            missing: missing.kept,
            ..ScanResult::default()
        };
        let mut sections_changed = false;
        let before = self.files.len();
        for path in missing.withdrawn {
            if let Some(known) = self.files.remove_file(&path) {
                sections_changed |= !known.section_markers.is_empty();
                if known.post.is_some() {
                    result.changed_posts.push((Arc::clone(&path), None));
                }
                result.changed_findings.push(path);
                result.changed = true;
            }
        }
        let mut fresh = Vec::with_capacity(read.len());
        for change in self.files.replace_files(read) {
            result.changed |= change.is_changed;
            result.changed_files += usize::from(change.is_changed);
            sections_changed |= change.markers_changed;
            fresh.push((change.path, change.previous_post));
        }
        self.interner.remove_unused();
        self.section_markers
            .apply_to_posts(&mut self.files, sections_changed, fresh, &mut result);
        let is_full_scan = scan.covered.is_none();
        if is_full_scan
            || self.files.len() != before
            || !result.changed_posts.is_empty()
            || !self.has_scanned
        {
            let is_there = |path: &str| self.files.contains(path) || scan.is_unknown(path);
            self.shared_findings.id_map = id_lookup::lint_id_map(&config.site.ids, is_there);
        }
        foreign_formats::check_unsupported_files(&mut scan, &mut self.unsupported_files);
        result.changed |= self.shared_findings.record_directories(scan, is_full_scan);
        if self.parse_mode == ParseMode::Lint {
            self.shared_findings.other_files = lint_other_files(&self.files);
        }
        self.has_scanned = true;
        result
    }

    /// Compresses some of the texts that the first scan left uncompressed. Returns true if there were
    /// any.
    pub fn compress_batch(&mut self) -> bool {
        let from = self
            .uncompressed_bodies
            .len()
            .saturating_sub(COMPRESS_BATCH_TEXTS);
        let batch = self.uncompressed_bodies.split_off(from);
        batch.par_iter().for_each(PostBody::compress_source);
        if self.uncompressed_bodies.is_empty() {
            self.uncompressed_bodies.shrink_to_fit();
        }
        !batch.is_empty()
    }

    /// Returns true if any texts are still uncompressed.
    pub fn has_uncompressed_bodies(&self) -> bool {
        !self.uncompressed_bodies.is_empty()
    }

    /// Makes the next scan read every file again, for example with another configuration. Keeps the
    /// posts as the last good version of files that turn out broken.
    pub fn invalidate_all(&mut self) {
        self.body_renderer = None;
        for known in self.files.records_mut() {
            known.stamp = None;
        }
    }

    /// Replaces the dates of commits. The next scan reads the posts whose date changed.
    pub fn replace_commit_dates(&mut self, dates: Arc<CommitDates>) {
        for record in self.files.records_mut() {
            let post = record.post.as_ref();
            if post.is_some_and(|post| post.committed_at() != dates.get(&post.path)) {
                record.stamp = None;
            }
        }
        self.commit_dates = dates;
    }

    fn list_directory(
        &self,
        scope: &ScanScope,
        config: &Config,
    ) -> Result<DirectoryScan, LibraryError> {
        let failed = |source| LibraryError::Directory {
            dir: config.content.dir.clone(),
            source,
        };
        let partial_scan = match scope {
            ScanScope::Paths(paths) if self.has_scanned => {
                let copies_of = |path: &str| known_copies(&self.files, &self.shared_findings, path);
                scan_paths(&config.content, paths, copies_of).map_err(failed)?
            }
            _ => None,
        };
        let mut scan = match partial_scan {
            Some(scan) => scan,
            None => scan_directory(&config.content).map_err(failed)?,
        };
        scan.keep_known_copies(&self.copies, &config.content);
        Ok(scan)
    }

    /// Returns true if the last scan found this file.
    pub fn has_file(&self, path: &str) -> bool {
        self.files.contains(path)
    }

    /// Returns the paths with transient read errors, to be scanned again soon.
    pub fn retry_scope(&self, config: &Config) -> Option<ScanScope> {
        self.shared_findings.retry_scope(config)
    }

    /// Lints the bodies of some posts whose files did not change since they were read. Updates nothing
    /// but findings. Returns the files whose findings changed.
    pub fn lint_bodies(&mut self, paths: &[Arc<str>], config: &Config) -> Vec<Arc<str>> {
        match (self.parse_mode, &self.body_renderer) {
            (ParseMode::Metadata, Some(renderer)) => {
                body_lints::lint_bodies(&mut self.files, paths, config, renderer)
            }
            _ => Vec::new(),
        }
    }

    /// Returns the findings of one file.
    pub fn file_findings(&self, path: &str) -> &[Finding] {
        self.files.get(path).map_or(&[], |known| &known.findings)
    }

    /// Returns the findings of each file that has any.
    pub fn findings_by_file(&self) -> impl Iterator<Item = (&Arc<str>, &[Finding])> {
        self.files
            .iter()
            .filter(|(_, known)| !known.findings.is_empty())
            .map(|(path, known)| (path, &*known.findings))
    }

    /// Returns the findings of directories, of the id map and of files that are not posts. Of transient
    /// read errors only the first, because the others have the same cause.
    pub fn shared_findings(&self) -> impl Iterator<Item = &Finding> {
        self.shared_findings.iter()
    }

    /// Returns all findings, sorted by path.
    pub fn all_findings(&self) -> Vec<Finding> {
        let of_files = self.files.iter().flat_map(|(_, file)| file.findings.iter());
        let mut findings: Vec<Finding> = self.shared_findings().chain(of_files).cloned().collect();
        findings.sort();
        findings
    }

    /// Returns every post, sorted by path. A broken file yields its last good post.
    pub fn published_posts(&self) -> impl Iterator<Item = &Arc<Post>> {
        self.files
            .iter()
            .filter_map(|(_, file)| file.effective_post())
    }

    /// Returns the number of files by state.
    pub fn file_counts(&self) -> FileCounts {
        self.files.counts()
    }
}

/// Returns why a file at this path below the content directory is ignored; `None` if it is read.
pub fn ignore_reason(path: &str, config: &Config) -> Option<&'static str> {
    scan::ignore_reason(path, &config.content)
}

/// Returns true if a file at this path can be a post under some configuration.
pub fn is_post_path(path: &str) -> bool {
    scan::ignore_reason_by_name(path).is_none()
}

/// Returns why a file is ignored as a copy of the post beside it; `None` if it is not.
pub fn copy_reason(file: &std::path::Path, config: &Config) -> Option<String> {
    scan::find_original(file, &config.content).map(|copy| scan::copy_reason(&copy))
}
