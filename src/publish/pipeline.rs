//! Scans the content and publishes the next snapshot if anything changed.
//!
//! If anything fails, the last good snapshot stays up. Outputs are published first; compression
//! and lints follow.

mod content_status;
mod findings_index;
mod lint_queue;
mod pending_changes;
mod pipeline_error;
mod publish_reason;
mod refresh_outcome;
mod site_publisher;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use crate::config::Config;
use crate::library::{DeletionPolicy, Library, LibraryError, PendingScan, ScanScope};
use crate::model::commit_dates::CommitDates;
use crate::model::parse_mode::ParseMode;
use crate::model::post::Post;
use crate::progress::Progress;
use crate::publish::snapshot::{Compressor, SnapshotHandle};
use crate::render::RenderError;
use crate::site::site_index::PostUpdate;
use crate::site::{Site, SiteEvaluation};
use crate::thread_priority::run_at_low_priority;
use crate::visibility::PostEvaluation;
use findings_index::{FindingSource, FindingsIndex};
use site_publisher::SitePublisher;

pub use crate::site::site_index::{PostChange, PostChanges};
pub use content_status::{ContentOverview, ContentStatus};
pub use findings_index::Findings;
pub use pipeline_error::PipelineError;
pub use publish_reason::PublishReason;
pub use refresh_outcome::RefreshOutcome;

/// Maximum bodies and cards linted right after publication. More of them wait for idle time.
const MAX_IMMEDIATE_LINTS: usize = 512;

/// Files read before the first and any later check for withdrawals. Reading a thousand takes about 20
/// milliseconds, and each snapshot a few.
const FIRST_READ_BATCH_FILES: usize = 128;
const MAX_READ_BATCH_FILES: usize = 1024;
/// Maximum changes in one snapshot after events, or this fraction of all posts if that is more.
///
/// A withdrawal waits for at most one such snapshot, which takes a few milliseconds. The fraction bounds
/// the number of snapshots when a large directory is moved in: each one costs more, the more posts there
/// are.
const MAX_BATCH_CHANGES: usize = 256;
const BATCH_POSTS_DIVISOR: usize = 64;

/// Builds snapshots and swaps them in.
#[derive(Debug)]
pub struct Pipeline {
    config: Arc<Config>,
    library: Library,
    publisher: SitePublisher,
    findings_index: FindingsIndex,
    needs_full_scan: bool,
    is_holding_deletions: bool,
    /// True if the next run evaluates visibility again even without changes.
    must_reevaluate: bool,
    changed_file_count: usize,
    /// Missing files that the last scan waits for, and since when.
    missing_files: Vec<(PathBuf, Instant)>,
}

/// Changes that a run publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PublishSelection {
    All,
    /// Withdrawals only.
    Withdrawals,
}

impl Pipeline {
    /// Creates a pipeline that has not scanned anything yet.
    pub fn new(config: Config, snapshot_handle: SnapshotHandle) -> Pipeline {
        let config = Arc::new(config);
        Pipeline {
            library: Library::new(ParseMode::Metadata),
            publisher: SitePublisher::new(&config, snapshot_handle),
            findings_index: FindingsIndex::default(),
            needs_full_scan: true,
            is_holding_deletions: false,
            must_reevaluate: false,
            changed_file_count: 0,
            missing_files: Vec::new(),
            config,
        }
    }

    /// Hands published snapshots to `compressor`.
    pub fn with_compressor(mut self, compressor: Compressor) -> Pipeline {
        self.publisher.set_compressor(compressor);
        self
    }

    /// Returns the active configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Returns the status of the content.
    pub fn content_status(&self) -> &ContentStatus {
        &self.publisher.status
    }

    /// Returns each post's visibility, sorted by path.
    pub fn post_verdicts(&self) -> Vec<PostEvaluation> {
        self.publisher.site_index.collect_evaluations()
    }

    /// Returns true if deleted posts are still served because most were deleted at once.
    pub fn is_holding_deletions(&self) -> bool {
        self.is_holding_deletions
    }

    /// Returns the paths that failed with a transient error and are to be scanned again soon.
    pub fn retry_scope(&self) -> Option<ScanScope> {
        self.library.retry_scope(&self.config)
    }

    /// Returns true if the last run left changes that the next one must publish without delay.
    pub fn has_backlog(&self) -> bool {
        self.publisher.pending_changes.has_backlog
    }

    /// Returns the number of files that the last scan found changed or missing.
    pub fn changed_file_count(&self) -> usize {
        self.changed_file_count
    }

    /// Returns the absolute paths of missing files that the last scan waits for, and since when.
    pub fn missing_files(&self) -> &[(PathBuf, Instant)] {
        &self.missing_files
    }

    /// Counts file changes that no event announced.
    pub fn record_missed_changes(&mut self, files: usize) {
        let files = u64::try_from(files).unwrap_or(u64::MAX);
        self.publisher.status.missed_change_count = self
            .publisher
            .status
            .missed_change_count
            .saturating_add(files);
    }

    /// Makes the next run evaluate visibility again even without changes, because the clock was set
    /// back.
    pub fn request_reevaluation(&mut self) {
        self.must_reevaluate = true;
    }

    /// Makes the next scan read every file again, because a replaced file may have the same stamp.
    pub fn invalidate_files(&mut self) {
        self.library.invalidate_all();
    }

    /// Replaces the dates of commits, which the next full scan applies.
    pub fn replace_commit_dates(&mut self, dates: Arc<CommitDates>) {
        self.library.replace_commit_dates(dates);
    }

    /// Builds an overview of the current state.
    pub fn build_overview(&self) -> ContentOverview {
        let site: Arc<Site> = Arc::new(self.publisher.site_index.current_site().clone());
        ContentOverview {
            config: Arc::clone(&self.config),
            posts: self.library.published_posts().map(Arc::clone).collect(),
            evaluated: SiteEvaluation {
                site,
                post_evaluations: self.publisher.site_index.collect_evaluations(),
                findings: Vec::new(),
                next_change: self.publisher.site_index.next_change(),
            },
            status: self.publisher.status.clone(),
            pictures: self.publisher.card_source.pictures(),
        }
    }

    /// Scans all content, publishes the site as of `now` and runs lints if few are queued.
    ///
    /// # Errors
    /// The content directory cannot be listed, or an output cannot be written. Known content is
    /// published all the same: posts become due and expire even if the disk fails.
    pub fn refresh_all(
        &mut self,
        now: SystemTime,
        loss: DeletionPolicy,
    ) -> Result<RefreshOutcome, PipelineError> {
        let outcome = self.refresh_scope(&ScanScope::All, now, loss)?;
        self.lint_if_few();
        Ok(outcome)
    }

    /// Scans `scope` and publishes the changes, without lints.
    ///
    /// # Errors
    /// As [`Pipeline::refresh_all`].
    pub fn refresh_scope(
        &mut self,
        scope: &ScanScope,
        now: SystemTime,
        loss: DeletionPolicy,
    ) -> Result<RefreshOutcome, PipelineError> {
        self.refresh_with_priority(scope, now, loss, PublishSelection::All)
    }

    /// Scans `scope` and publishes withdrawals only. Other changes are published with the next
    /// [`Pipeline::refresh_scope`].
    ///
    /// # Errors
    /// As [`Pipeline::refresh_all`].
    pub fn refresh_withdrawals(
        &mut self,
        scope: &ScanScope,
        now: SystemTime,
        loss: DeletionPolicy,
    ) -> Result<RefreshOutcome, PipelineError> {
        self.refresh_with_priority(scope, now, loss, PublishSelection::Withdrawals)
    }

    fn refresh_with_priority(
        &mut self,
        scope: &ScanScope,
        now: SystemTime,
        loss: DeletionPolicy,
        what: PublishSelection,
    ) -> Result<RefreshOutcome, PipelineError> {
        // A withdrawal may be among the changes that events named, so those run at normal priority. A
        // full scan runs at low priority, except for the first, which nothing else competes with.
        let is_from_events = *scope != ScanScope::All;
        // After a failed scan, or while deletions are held back, anything may have changed.
        let scope = if self.needs_full_scan {
            &ScanScope::All
        } else {
            scope
        };
        match is_from_events || self.publisher.status.generation == 0 {
            true => self.refresh_inner(scope, now, loss, (what, is_from_events)),
            false => run_at_low_priority(|| self.refresh_inner(scope, now, loss, (what, false))),
        }
    }

    fn refresh_inner(
        &mut self,
        scope: &ScanScope,
        now: SystemTime,
        loss: DeletionPolicy,
        (what, is_of_events): (PublishSelection, bool),
    ) -> Result<RefreshOutcome, PipelineError> {
        self.changed_file_count = 0;
        self.missing_files.clear();
        let scanned = self.scan_content(scope, now, loss);
        self.needs_full_scan = scanned.is_err() || self.is_holding_deletions;
        let paths = match scope {
            ScanScope::All => None,
            ScanScope::Paths(paths) => Some(paths),
        };
        if self.publisher.rescan_card_files(paths, now) {
            self.queue_all_lints();
        }
        let is_due = self.publisher.is_due(now);
        if what == PublishSelection::Withdrawals
            && !self.publisher.is_invalidated()
            && !is_due
            && !self.must_reevaluate
        {
            let outcome = self
                .publisher
                .publish_withdrawals_only(&self.library, now)?;
            if outcome != RefreshOutcome::Unchanged {
                self.update_status();
            }
            scanned?;
            return Ok(outcome);
        }
        let must_reevaluate = std::mem::take(&mut self.must_reevaluate);
        let outcome = if self.publisher.is_invalidated()
            || !self.publisher.pending_changes.is_empty()
            || is_due
            || must_reevaluate
        {
            let max_changes = match is_of_events {
                true => self.max_batch_size(),
                false => usize::MAX,
            };
            self.publish_batch(now, max_changes)?
        } else {
            self.update_status();
            if matches!(&scanned, Ok(true)) {
                RefreshOutcome::SameOutputs
            } else {
                RefreshOutcome::Unchanged
            }
        };
        scanned?;
        Ok(outcome)
    }

    /// Reads changed files. Returns true if anything changed.
    fn scan_content(
        &mut self,
        scope: &ScanScope,
        now: SystemTime,
        loss: DeletionPolicy,
    ) -> Result<bool, LibraryError> {
        let scan = self.read_changed_files(scope, now)?;
        let result = self.library.finish_scan(scan, &self.config, loss, now);
        self.is_holding_deletions = result.is_holding_deletions;
        self.changed_file_count = result.changed_files;
        for path in result.changed_findings {
            let findings = self.library.file_findings(&path);
            self.findings_index
                .replace_findings(FindingSource::File(path), findings);
        }
        self.publisher.pending_changes.extend(result.changed_posts);
        let dir = &self.config.content.dir;
        let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.clone());
        let file = |(path, since): (Arc<str>, Instant)| {
            // A name that is not UTF-8 is escaped here, so the whole directory is scanned for it.
            let is_sure = !path.contains('%');
            (
                if is_sure {
                    dir.join(&*path)
                } else {
                    dir.clone()
                },
                since,
            )
        };
        self.missing_files
            .extend(result.missing.into_iter().map(file));
        Ok(result.changed)
    }

    /// Lists and reads changed files. If there are many or a large one, the files of public posts are
    /// read first and their withdrawals are published before the rest is read.
    fn read_changed_files(
        &mut self,
        scope: &ScanScope,
        now: SystemTime,
    ) -> Result<PendingScan, LibraryError> {
        let progress = Progress::default();
        let site_index = &self.publisher.site_index;
        let is_public = |path: &str| site_index.public_post(path).is_some();
        let config = Arc::clone(&self.config);
        let mut scan = self
            .library
            .begin_scan(scope, &config, &is_public, &progress)?;
        let mut max_batch = FIRST_READ_BATCH_FILES;
        while !self.publisher.is_invalidated()
            && let Some(batch_size) = scan.next_batch_size(max_batch)
        {
            self.library
                .read_batch(&mut scan, batch_size, (&config, now), &progress);
            max_batch = (max_batch * 2).min(MAX_READ_BATCH_FILES);
            let withdrawals: Vec<PostUpdate> = self
                .library
                .last_batch_posts(&scan)
                .into_iter()
                .filter(|change| self.publisher.site_index.is_withdrawal(change, now.into()))
                .collect();
            if !withdrawals.is_empty() {
                // Earlier pending changes of these posts are obsolete.
                self.publisher.pending_changes.drop_superseded(&withdrawals);
                // A failed render is retried with the rest.
                let _ = self.publisher.publish_unreported(withdrawals, now);
            }
        }
        while self
            .library
            .read_batch(&mut scan, usize::MAX, (&config, now), &progress)
        {}
        Ok(scan)
    }

    /// Returns the maximum number of changes in one snapshot after events.
    fn max_batch_size(&self) -> usize {
        MAX_BATCH_CHANGES.max(self.library.file_counts().posts / BATCH_POSTS_DIVISOR)
    }

    /// Publishes all withdrawals, then at most `max_changes` others. The rest is left for the next run.
    fn publish_batch(
        &mut self,
        now: SystemTime,
        max_changes: usize,
    ) -> Result<RefreshOutcome, RenderError> {
        let outcome = self
            .publisher
            .publish_batch(&self.library, now, max_changes)?;
        self.update_status();
        Ok(outcome)
    }

    /// Updates findings, file counts and the next due time in the status.
    fn update_status(&mut self) {
        let mut shared_findings: Vec<_> = self.library.shared_findings().cloned().collect();
        shared_findings.extend(self.publisher.site_index.collect_findings());
        shared_findings.extend(self.publisher.card_source.asset_findings().iter().cloned());
        self.findings_index
            .replace_findings(FindingSource::Shared, &shared_findings);
        self.publisher.status.findings = self.findings_index.all_findings();
        self.publisher.status.file_counts = self.library.file_counts();
        self.publisher.status.next_change_at = self.publisher.site_index.next_change();
    }

    /// Applies a changed configuration and publishes the content with it as of `now`. Unchanged outputs
    /// keep their validators.
    ///
    /// # Errors
    /// The content directory cannot be listed: the old configuration stays active. Or an output cannot
    /// be written: the next run tries again.
    pub fn apply_config(
        &mut self,
        config: Config,
        now: SystemTime,
    ) -> Result<RefreshOutcome, PipelineError> {
        run_at_low_priority(|| self.apply_config_inner(config, now))
    }

    fn apply_config_inner(
        &mut self,
        config: Config,
        now: SystemTime,
    ) -> Result<RefreshOutcome, PipelineError> {
        let progress = Progress::default();
        if config.content.dir == self.config.content.dir {
            self.library.invalidate_all();
            self.library
                .scan_all(&config, DeletionPolicy::Immediate, now, &progress)?;
        } else {
            let mut library = Library::new(ParseMode::Metadata);
            library.scan_all(&config, DeletionPolicy::Immediate, now, &progress)?;
            self.library = library;
        }
        let config = Arc::new(config);
        self.publisher.replace_config(&config, now);
        self.config = config;
        self.findings_index = FindingsIndex::default();
        for (path, findings) in self.library.findings_by_file() {
            self.findings_index
                .replace_findings(FindingSource::File(Arc::clone(path)), findings);
        }
        let change = |post: &Arc<Post>| (Arc::clone(&post.path), Some(Arc::clone(post)));
        let changes = self.library.published_posts().map(change).collect();
        self.publisher.pending_changes.replace(changes);
        self.is_holding_deletions = false;
        let outcome = self.publish_batch(now, usize::MAX)?;
        if outcome == RefreshOutcome::Published {
            self.publisher.status.publish_reason = PublishReason::Configuration;
            self.publisher.status.post_changes = PostChanges::default();
        }
        self.queue_all_lints();
        self.lint_if_few();
        Ok(outcome)
    }

    /// Lints all queued bodies and cards if they are few.
    pub fn lint_if_few(&mut self) {
        self.lint_if_at_most(MAX_IMMEDIATE_LINTS);
    }

    /// Lints all queued bodies and cards if there are at most `max_lints`.
    pub fn lint_if_at_most(&mut self, max_lints: usize) {
        if self.publisher.lint_queue.len() <= max_lints {
            self.lint_some(max_lints);
        }
    }

    /// Lints at most `max_lints` queued bodies and cards. Returns true if more are queued.
    pub fn lint_some(&mut self, max_lints: usize) -> bool {
        // A single lint takes a millisecond or two, not worth a thread.
        match self.publisher.lint_queue.len().min(max_lints) {
            0 => {}
            1 => self.lint_batch(max_lints),
            _ => run_at_low_priority(|| self.lint_batch(max_lints)),
        }
        !self.publisher.lint_queue.is_empty()
    }

    /// Compresses some of the texts that the start left uncompressed. Returns true if there were any.
    pub fn compress_batch(&mut self) -> bool {
        self.library.has_uncompressed_bodies()
            && run_at_low_priority(|| self.library.compress_batch())
    }

    fn lint_batch(&mut self, max_lints: usize) {
        let paths = self.publisher.lint_queue.take_batch(max_lints);
        for path in self.library.lint_bodies(&paths, &self.config) {
            let findings = self.library.file_findings(&path);
            self.findings_index
                .replace_findings(FindingSource::File(path), findings);
        }
        let site = Arc::new(self.publisher.site_index.current_site().clone());
        let mut cards = Vec::new();
        for path in paths {
            match self.publisher.site_index.build_card(&path) {
                Some(card) => cards.push(card),
                None if *path == *self.config.file => cards.push(site.build_site_card()),
                None => self
                    .findings_index
                    .replace_findings(FindingSource::Card(path), []),
            }
        }
        let card_findings = self.publisher.card_source.lint_cards(&site, &cards);
        for (card, faults) in cards.into_iter().zip(card_findings) {
            self.findings_index
                .replace_findings(FindingSource::Card(card.source_path.into()), &faults);
        }
        self.publisher.status.findings = self.findings_index.all_findings();
    }

    /// Queues every body and card for linting.
    fn queue_all_lints(&mut self) {
        self.publisher
            .lint_queue
            .add_paths(self.publisher.site_index.post_paths());
    }
}
