//! Collects the events of the watch in a status for admin pages, health checks and metrics.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use crate::publish::pipeline::{ContentStatus, PostChanges, PublishReason, RefreshOutcome};
use crate::watch::WatchEvent;

/// Maximum generations in the history.
const MAX_HISTORY: usize = 20;

/// Latest status of the watch, shared by all clones, which can be subscribed to.
#[derive(Debug, Clone, Default)]
pub struct StatusBoard(watch::Sender<WatchStatus>);

/// Status of the content and of the watch. Clones share the large parts.
#[derive(Debug, Clone, Default)]
pub struct WatchStatus {
    /// Number of recorded events and notifications.
    pub version: u64,
    /// File counts, findings, and the next due time.
    pub content: ContentStatus,
    /// Most recent generations, newest first.
    pub history: VecDeque<PublishedGeneration>,
    /// Reasons why the site differs from the files on disk.
    pub degradations: Degradations,
    /// Way in which changes are detected.
    pub change_detection: ChangeDetection,
}

/// Published generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedGeneration {
    /// Number, counted from 1.
    pub number: u64,
    /// Time of publication.
    pub published_at: SystemTime,
    /// Reason for publishing it.
    pub reason: PublishReason,
    /// Posts that changed with it.
    pub post_changes: PostChanges,
}

/// Reasons why the site differs from the files on disk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Degradations {
    /// Reason why the content cannot be read.
    pub content: Option<String>,
    /// True while a mass deletion is held: the posts stay published until it is confirmed.
    pub mass_deletion_held: bool,
    /// Reason why the configuration on disk is not active.
    pub config: Option<String>,
    /// Changed configuration keys that take effect after a restart only.
    pub needs_restart: Vec<&'static str>,
}

/// Way in which changes are detected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ChangeDetection {
    /// File events.
    #[default]
    Events,
    /// Polling, as events are unavailable: reason, hint, and interval.
    Polling(String, &'static str, Duration),
    /// Events and polling, as events are incomplete: file system and interval.
    EventsAndPolling(&'static str, Duration),
}

impl Degradations {
    /// Returns a message for each reason.
    pub fn to_messages(&self) -> Vec<String> {
        let mut messages = Vec::new();
        if let Some(reason) = &self.content {
            messages.push(format!(
                "the content cannot be read, and the last good version stays published: {reason}"
            ));
        }
        if self.mass_deletion_held {
            messages.push(
                "most posts disappeared at once; they stay published until this is confirmed"
                    .to_owned(),
            );
        }
        if let Some(reason) = &self.config {
            messages.push(format!(
                "the configuration on disk was rejected, and the previous one stays active: {reason}"
            ));
        }
        if !self.needs_restart.is_empty() {
            messages.push(format!(
                "the configuration changed since the start; restart courant to apply {}",
                self.needs_restart.join(", ")
            ));
        }
        messages
    }
}

impl WatchStatus {
    /// Returns true once a first snapshot is published.
    pub fn is_ready(&self) -> bool {
        self.content.generation > 0
    }
}

impl StatusBoard {
    /// Returns the current status.
    pub fn current_status(&self) -> WatchStatus {
        self.0.borrow().clone()
    }

    /// Returns a receiver that is notified of each change.
    pub fn subscribe(&self) -> watch::Receiver<WatchStatus> {
        self.0.subscribe()
    }

    /// Notifies subscribers of a change outside of the watch.
    pub fn notify_subscribers(&self) {
        self.0.send_modify(|now| now.version += 1);
    }

    /// Records the first scan.
    pub fn record_first_scan(&self, status: &ContentStatus, at: SystemTime) {
        self.0.send_modify(|now| {
            now.version += 1;
            now.apply_scan(RefreshOutcome::Published, status, at);
        });
    }

    /// Records an event of the watch, and notifies subscribers if it changes the status.
    pub fn record_event(&self, event: &WatchEvent<'_>, at: SystemTime) {
        if matches!(
            event,
            WatchEvent::TurnStarted | WatchEvent::Reloading | WatchEvent::Recovered
        ) {
            return;
        }
        self.0.send_modify(|now| {
            now.version += 1;
            now.apply_event(event, at);
        });
    }
}

impl WatchStatus {
    /// Applies an event of the watch.
    fn apply_event(&mut self, event: &WatchEvent<'_>, at: SystemTime) {
        match event {
            WatchEvent::TurnStarted | WatchEvent::Reloading | WatchEvent::Recovered => {}
            WatchEvent::Scanned(outcome, status) => self.apply_scan(*outcome, status, at),
            WatchEvent::LintsFinished(status) | WatchEvent::MissedEvents(_, status) => {
                self.content = (*status).clone()
            }
            WatchEvent::ScanFailed(error) => {
                self.degradations.content = Some(error.message_with_causes())
            }
            WatchEvent::MassDeletionHeld(_) => self.degradations.mass_deletion_held = true,
            WatchEvent::EventsUnavailable(cause, interval) => {
                self.change_detection =
                    ChangeDetection::Polling(cause.reason.clone(), cause.hint, *interval);
            }
            WatchEvent::SharedFilesystem(file_system, interval) => {
                self.change_detection = ChangeDetection::EventsAndPolling(file_system, *interval);
            }
            WatchEvent::EventsAvailable => self.change_detection = ChangeDetection::Events,
            WatchEvent::Reloaded {
                needs_restart,
                config: _,
                status,
            } => {
                self.degradations.config = None;
                self.degradations.needs_restart = needs_restart.to_vec();
                self.apply_scan(RefreshOutcome::Published, status, at);
            }
            WatchEvent::ConfigRejected(error) => self.degradations.config = Some(error.to_string()),
            WatchEvent::ConfigUnusable(error) => {
                self.degradations.config = Some(error.message_with_causes())
            }
        }
    }

    /// Applies the result of a scan that succeeded.
    fn apply_scan(&mut self, outcome: RefreshOutcome, status: &ContentStatus, at: SystemTime) {
        self.degradations.content = None;
        self.degradations.mass_deletion_held = false;
        self.content = status.clone();
        let is_new = self
            .history
            .front()
            .is_none_or(|last| last.number != status.generation);
        if outcome == RefreshOutcome::Published && is_new {
            self.history.truncate(MAX_HISTORY - 1);
            self.history.push_front(PublishedGeneration {
                number: status.generation,
                published_at: at,
                reason: status.publish_reason,
                post_changes: status.post_changes.clone(),
            });
        }
    }
}
