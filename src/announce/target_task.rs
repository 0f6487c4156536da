//! Tells one target of changes: waits for them, sends them, retries, and records what was accepted.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::Client;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{error, info, warn};

use super::delivery::{AttemptFailure, Delivery, send_request};
use super::published_urls::{Published, UrlVersions};
use super::retry_schedule::{AnnounceTimings, RetrySchedule};
use super::state::{AnnouncedVersions, SharedState, StateError, UrlChange};
use super::status::{AnnounceStatus, TargetStatus};
use super::target::AnnounceTarget;
use crate::backoff::wait_until;

/// Rejections after which the rest of the changes is not sent: the target, not the feed, must be wrong.
const MAX_REJECTIONS: usize = 3;

/// Interval at which the state is saved while requests are sent. With 100,000 posts it has about ten megabytes.
const SAVE_INTERVAL: Duration = Duration::from_secs(10);

/// Task of one target.
pub(super) struct TargetTask {
    pub(super) target: AnnounceTarget,
    pub(super) client: Client,
    pub(super) clock: fn() -> SystemTime,
    /// Time without a further change after which the target is told.
    pub(super) delay: Duration,
    pub(super) timings: AnnounceTimings,
    pub(super) state: Arc<SharedState>,
    pub(super) status: AnnounceStatus,
}

impl TargetTask {
    /// Runs until there are no more snapshots.
    pub(super) async fn run(self, mut published: watch::Receiver<Published>) {
        let mut newest: Option<UrlVersions> = None;
        let (mut is_first, mut seen_announcements) = (true, 0);
        let mut schedule = RetrySchedule::default();
        loop {
            tokio::select! {
                changed = published.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let Published { urls, announcements } = published.borrow_and_update().clone();
                    let urls = urls.map(|urls| self.target.select_urls(&urls));
                    let is_scheduled = announcements != seen_announcements;
                    seen_announcements = announcements;
                    // A generation that changed no such URL does not trigger what failed before.
                    if urls == newest {
                        continue;
                    }
                    newest = urls;
                    match &newest {
                        None => schedule.clear(),
                        Some(urls) if std::mem::take(&mut is_first) => {
                            match self.has_changes(urls).await {
                                Ok(true) => schedule.schedule_change(self.delay),
                                Ok(false) => {}
                                Err(failure) => self.handle_failure(&mut schedule, failure),
                            }
                        }
                        Some(_) if is_scheduled => schedule.schedule_change(self.delay),
                        // What waits already is compared with the newest generation when it is due.
                        Some(_) => schedule.postpone_change(self.delay + self.timings.replica_delay),
                    }
                }
                () = wait_until(schedule.due) => {
                    if schedule.has_failed() {
                        self.update_status(|status| status.retries += 1);
                    }
                    let attempt = match &newest {
                        Some(urls) => self.announce_changes(urls).await,
                        None => Ok(()),
                    };
                    match attempt {
                        Ok(()) => schedule.clear(),
                        Err(failure) => self.handle_failure(&mut schedule, failure),
                    }
                }
            }
            self.report_next_attempt(&schedule);
        }
    }

    /// Returns true if there are changes to announce or to record.
    async fn has_changes(&self, published: &UrlVersions) -> Result<bool, AttemptFailure> {
        match self.load_known_versions().await? {
            Some(known) => Ok(!self.target.find_changes(published, &known).is_empty()),
            None => {
                self.record_first_versions(published).await;
                Ok(false)
            }
        }
    }

    /// Records all URLs without announcing them, because nothing was ever recorded: the first start must not flood the
    /// target.
    async fn record_first_versions(&self, published: &UrlVersions) {
        let all = self
            .target
            .find_changes(published, &AnnouncedVersions::new());
        self.save_changes(all).await;
    }

    /// Announces all changes since what was announced last.
    async fn announce_changes(&self, published: &UrlVersions) -> Result<(), AttemptFailure> {
        let Some(known) = self.load_known_versions().await? else {
            // Another process removed the state.
            self.record_first_versions(published).await;
            return Ok(());
        };
        let mut changes = self.target.find_changes(published, &known);
        let mut unsaved: Vec<UrlChange> =
            changes.extract_if(.., |change| change.is_silent).collect();
        let sent = self.send_changes(&changes, &mut unsaved).await;
        if !unsaved.is_empty() {
            self.save_changes(unsaved).await;
        }
        sent
    }

    /// Sends changes, and adds each that is accepted to those that are to be saved.
    async fn send_changes(
        &self,
        changes: &[UrlChange],
        unsaved: &mut Vec<UrlChange>,
    ) -> Result<(), AttemptFailure> {
        let (mut accepted, mut rejections, mut last_saved) = (0, 0, Instant::now());
        for batch in changes.chunks(self.target.max_urls_per_request()) {
            let request = self.target.build_request(batch);
            match send_request(&self.client, request, self.clock).await {
                Delivery::Accepted => {
                    unsaved.extend_from_slice(batch);
                    accepted += batch.len();
                    self.record_success(batch.len());
                    if last_saved.elapsed() >= SAVE_INTERVAL {
                        self.save_changes(std::mem::take(unsaved)).await;
                        last_saved = Instant::now();
                    }
                }
                Delivery::Failed(failure) => return Err(failure),
                Delivery::Rejected(reason, status) => {
                    self.record_error(&reason);
                    error!(
                        to = self.target.state_key(),
                        url = batch.first().map(|change| &change.url),
                        hint = self.target.rejection_hint(status),
                        "announcement rejected: {reason}"
                    );
                    rejections += 1;
                    if rejections == MAX_REJECTIONS {
                        break;
                    }
                }
            }
        }
        if accepted > 0 {
            info!(to = self.target.state_key(), urls = accepted, "announced");
        }
        Ok(())
    }

    async fn load_known_versions(&self) -> Result<Option<AnnouncedVersions>, AttemptFailure> {
        let loaded = self.state.load_target(self.target.state_key()).await;
        loaded.map_err(|error: StateError| AttemptFailure {
            reason: format!("{error} (hint: {})", error.hint),
            retry_after: None,
        })
    }

    async fn save_changes(&self, changes: Vec<UrlChange>) {
        self.state
            .save_changes(self.target.state_key(), changes)
            .await;
    }

    fn handle_failure(&self, schedule: &mut RetrySchedule, failure: AttemptFailure) {
        self.record_error(&failure.reason);
        let reason = failure.reason;
        match schedule.schedule_retry(&self.timings, failure.retry_after) {
            Some(wait) => warn!(
                to = self.target.state_key(),
                seconds = wait.as_secs(),
                "announcement failed, waiting before the next attempt: {reason}"
            ),
            None => error!(
                to = self.target.state_key(),
                hint = "it is sent with the next change",
                "announcement failed, giving up after {} attempts: {reason}",
                self.timings.max_attempts
            ),
        }
    }

    fn update_status(&self, update: impl FnOnce(&mut TargetStatus)) {
        self.status.update_target(self.target.state_key(), update);
    }

    fn record_success(&self, urls: usize) {
        let now = (self.clock)();
        self.update_status(|status| {
            status.accepted += urls as u64;
            status.last_success = Some(now);
            status.last_error = None;
        });
    }

    fn record_error(&self, reason: &str) {
        self.update_status(|status| {
            status.failed += 1;
            status.last_error = Some(reason.to_owned());
        });
    }

    fn report_next_attempt(&self, schedule: &RetrySchedule) {
        let wait = schedule
            .due
            .map(|due| due.saturating_duration_since(Instant::now()));
        let next = wait.map(|wait| (self.clock)() + wait);
        self.update_status(|status| status.next_attempt = next);
    }
}
