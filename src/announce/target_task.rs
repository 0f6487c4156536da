//! Tells one target of changes: waits for them, sends them, retries, and records what was accepted.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::Client;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{error, info, warn};

use super::delivery::{AttemptFailure, Delivery, send_request};
use super::published_urls::{PublishedUrls, UrlVersions};
use super::retry_schedule::{AnnounceTimings, RetrySchedule, wait_until};
use super::state::{AnnouncedVersions, SharedState, StateError};
use super::status::{AnnounceStatus, TargetStatus};
use super::target::{AnnounceTarget, UrlChange};

/// Rejections after which the rest of the changes is not sent: the target, not the feed, must be wrong.
const MAX_REJECTIONS: usize = 3;

/// Interval at which the state is saved while requests are sent. Saving after each would write a large state often.
const SAVE_INTERVAL: Duration = Duration::from_secs(1);

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
    pub(super) async fn run(self, mut published: watch::Receiver<Option<Arc<PublishedUrls>>>) {
        let mut newest: Option<UrlVersions> = None;
        let mut schedule = RetrySchedule::default();
        loop {
            tokio::select! {
                changed = published.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let urls = published.borrow_and_update().clone();
                    let urls = urls.map(|urls| self.target.select_urls(&urls));
                    // A generation that changed no such URL does not trigger what failed before.
                    if urls == newest {
                        continue;
                    }
                    newest = urls;
                    match self.has_changes(newest.as_ref()).await {
                        Ok(true) => schedule.schedule_change(self.delay),
                        Ok(false) => schedule.clear(),
                        Err(failure) => self.handle_failure(&mut schedule, failure),
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
    async fn has_changes(&self, published: Option<&UrlVersions>) -> Result<bool, AttemptFailure> {
        let Some(published) = published else {
            return Ok(false);
        };
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
        let all = published.iter();
        let all = all.filter_map(|(url, version)| Some((url.clone(), version.clone()?)));
        self.save_known_versions(all.collect()).await;
    }

    /// Announces all changes since what was announced last.
    async fn announce_changes(&self, published: &UrlVersions) -> Result<(), AttemptFailure> {
        let Some(mut known) = self.load_known_versions().await? else {
            // Another process removed the state.
            self.record_first_versions(published).await;
            return Ok(());
        };
        let before = known.clone();
        let mut changes = self.target.find_changes(published, &known);
        let silent = changes.extract_if(.., |change| change.is_silent);
        silent.for_each(|change| change.apply_to(&mut known));
        let sent = self.send_changes(&changes, &mut known).await;
        if known != before {
            self.save_known_versions(known).await;
        }
        sent
    }

    /// Sends changes, and records each that is accepted.
    async fn send_changes(
        &self,
        changes: &[UrlChange],
        known: &mut AnnouncedVersions,
    ) -> Result<(), AttemptFailure> {
        let (mut accepted, mut rejections, mut last_saved) = (0, 0, Instant::now());
        for batch in changes.chunks(self.target.max_urls_per_request()) {
            let request = self.target.build_request(batch);
            match send_request(&self.client, request, self.clock).await {
                Delivery::Accepted => {
                    batch.iter().for_each(|change| change.apply_to(known));
                    accepted += batch.len();
                    self.record_success(batch.len());
                    if last_saved.elapsed() >= SAVE_INTERVAL {
                        self.save_known_versions(known.clone()).await;
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

    async fn save_known_versions(&self, known: AnnouncedVersions) {
        self.state.save_target(self.target.state_key(), known).await;
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
