//! Counts announcements for the operator: accepted, failed, retried, and the next attempt.

use std::collections::BTreeMap;
use std::time::SystemTime;

use tokio::sync::watch;

/// Status of all targets, shared by all clones, which can be subscribed to.
#[derive(Debug, Clone, Default)]
pub struct AnnounceStatus(watch::Sender<BTreeMap<String, TargetStatus>>);

/// Status of one target: a hub by its URL, or `indexnow`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetStatus {
    /// Feeds or URLs that the target accepted.
    pub accepted: u64,
    /// Requests that failed or were rejected.
    pub failed: u64,
    /// Further attempts after a failure.
    pub retries: u64,
    /// Time of the last accepted request.
    pub last_success: Option<SystemTime>,
    /// Error of the last request; `None` if it was accepted.
    pub last_error: Option<String>,
    /// Time of the next request; `None` if nothing is to be sent.
    pub next_attempt: Option<SystemTime>,
}

impl AnnounceStatus {
    /// Returns the status of all targets; none if announcements are disabled.
    pub fn current_targets(&self) -> BTreeMap<String, TargetStatus> {
        self.0.borrow().clone()
    }

    /// Returns a receiver that is notified of each change.
    pub fn subscribe(&self) -> watch::Receiver<BTreeMap<String, TargetStatus>> {
        self.0.subscribe()
    }

    pub(super) fn add_target(&self, target: &str) {
        self.update_target(target, |_| {});
    }

    pub(super) fn update_target(&self, target: &str, update: impl FnOnce(&mut TargetStatus)) {
        self.0
            .send_modify(|targets| update(targets.entry(target.to_owned()).or_default()));
    }
}
