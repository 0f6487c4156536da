//! Fetches the repository at an interval and on request, in a thread of its own.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;
use tracing::{debug, info, warn};

use super::checkout::Checkout;
use super::command::GitError;
use super::git_thread::GitThread;
use super::status::GitStatus;
use crate::backoff::compute_backoff;

/// Waits after failures. The last is the longest, so that a forge that is back is asked soon.
const RETRY_WAITS: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(5)..=Duration::from_secs(10 * 60);
/// Maximum time of the first fetch if an earlier process left a checkout, which can be served.
const START_TIMEOUT: Duration = Duration::from_secs(30);
/// Digits of a commit that log lines show.
const SHOWN_COMMIT_DIGITS: usize = 12;

/// Requests a fetch. Requests during a fetch lead to one more.
#[derive(Debug, Clone, Default)]
pub struct FetchTrigger(Arc<Notify>);

impl FetchTrigger {
    /// Requests a fetch, and returns at once.
    pub fn request_fetch(&self) {
        self.0.notify_one();
    }
}

/// Loop of the thread.
struct FetchTask {
    checkout: Checkout,
    interval: Duration,
    trigger: FetchTrigger,
    status: GitStatus,
    clock: fn() -> SystemTime,
}

/// Starts a thread that fetches at an interval and on request. The first fetch is an interval after the start.
///
/// # Errors
/// The system lacks a thread.
pub fn start_fetching(
    checkout: Checkout,
    interval: Duration,
    trigger: FetchTrigger,
    status: GitStatus,
    clock: fn() -> SystemTime,
) -> io::Result<GitThread> {
    let task = FetchTask {
        checkout,
        interval,
        trigger,
        status,
        clock,
    };
    GitThread::start("git", task.run())
}

impl FetchTask {
    async fn run(mut self) {
        let figures = self.status.current_figures();
        // The fetch at the start may have failed.
        let mut failures = u32::from(figures.is_some_and(|figures| figures.last_error.is_some()));
        loop {
            let wait = match failures {
                0 => self.interval,
                failures => compute_backoff(failures, &RETRY_WAITS),
            };
            tokio::select! {
                () = self.trigger.0.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
            let result = self.checkout.update().await;
            record_fetch(&self.status, &result, &self.checkout, (self.clock)());
            failures = if result.is_ok() { 0 } else { failures + 1 };
        }
    }
}

/// Fetches before anything is served. If that fails, the last commit that was checked out is served.
///
/// # Errors
/// The repository cannot be fetched, and was never fetched before.
pub async fn fetch_at_start(
    checkout: &mut Checkout,
    status: &GitStatus,
    now: SystemTime,
) -> Result<(), GitError> {
    let has_former = checkout.exists();
    let result = if has_former {
        let fetched = tokio::time::timeout(START_TIMEOUT, checkout.update()).await;
        fetched.unwrap_or_else(|_| Err(GitError::timed_out()))
    } else {
        checkout.update().await
    };
    if !has_former {
        result?;
        record_fetch(status, &Ok(true), checkout, now);
        return Ok(());
    }
    record_fetch(status, &result, checkout, now);
    match result {
        Err(error) => checkout.restore().await.map_err(|_| error),
        Ok(_) => Ok(()),
    }
}

/// Records the result of a fetch, and logs what changed.
fn record_fetch(
    status: &GitStatus,
    result: &Result<bool, GitError>,
    checkout: &Checkout,
    now: SystemTime,
) {
    let url = checkout.shown_url();
    let former_error = status
        .current_figures()
        .and_then(|figures| figures.last_error);
    let commit: String = checkout
        .commit()
        .unwrap_or_default()
        .chars()
        .take(SHOWN_COMMIT_DIGITS)
        .collect();
    match result {
        Ok(is_changed) => {
            if *is_changed {
                info!(commit, "content checked out");
            } else if former_error.is_some() {
                info!(commit, "content can be fetched again");
            }
            status.update(|figures| {
                figures.fetches += 1;
                figures.commit = commit;
                figures.url = url;
                figures.last_success = Some(now);
                figures.last_error = None;
            });
        }
        Err(error) => {
            let text = error.to_string();
            if former_error.as_ref() == Some(&text) {
                debug!("{text}");
            } else {
                warn!(
                    hint = error.hint,
                    "{text}; the content that was fetched last is still served"
                );
            }
            status.update(|figures| {
                figures.failures += 1;
                figures.url = url;
                figures.last_error = Some(text);
            });
        }
    }
}
