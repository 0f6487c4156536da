//! Notifies systemd of the service's state, with the protocol of `sd_notify(3)`.
//!
//! Does nothing unless `NOTIFY_SOCKET` is set. Notifications come from the watch's own turns: a watch that
//! hangs sends no `WATCHDOG=1`, so systemd restarts the service even if other threads are alive.
//!
//! The only place that names the `sd_notify` crate.

use std::time::{Duration, Instant};

use sd_notify::NotifyState;
use tracing::{debug, warn};

use crate::publish::pipeline::ContentStatus;
use crate::text::pluralize_count;
use crate::watch::WatchEvent;

/// Shortest useful watchdog. An idle watch turns once a second, so a shorter one would fire at random.
const MIN_WATCHDOG: Duration = Duration::from_secs(3);

/// Sends the watch's state to systemd and remembers what was sent.
#[derive(Debug)]
pub struct SystemdNotifier {
    sent_status: String,
    generation: u64,
    watchdog: Option<Duration>,
    last_ping: Option<Instant>,
    is_reloading: bool,
}

impl SystemdNotifier {
    /// Creates the notifier and sends the status of the first scan.
    pub fn new(status: &ContentStatus) -> SystemdNotifier {
        let watchdog = sd_notify::watchdog_enabled();
        if let Some(watchdog) = watchdog.filter(|watchdog| *watchdog < MIN_WATCHDOG) {
            warn!(
                seconds = watchdog.as_secs_f64(),
                hint = "set `WatchdogSec=` to ten seconds or more",
                "the service manager's watchdog is shorter than one turn of the watch may take"
            );
        }
        let mut supervisor = SystemdNotifier {
            sent_status: String::new(),
            generation: 0,
            watchdog,
            last_ping: None,
            is_reloading: false,
        };
        supervisor.send_content_status(status);
        supervisor
    }

    /// Sends the notification for an event of the watch, if it needs one.
    pub fn on_watch_event(&mut self, turn: &WatchEvent<'_>) {
        match turn {
            WatchEvent::TurnStarted => self.start_turn(),
            WatchEvent::Reloading => {
                self.is_reloading = true;
                let now = NotifyState::monotonic_usec_now();
                let now = now.unwrap_or(NotifyState::MonotonicUsec(0));
                send_notification(&[NotifyState::Reloading, now]);
            }
            WatchEvent::Scanned(_, status)
            | WatchEvent::LintsFinished(status)
            | WatchEvent::MissedEvents(_, status)
            | WatchEvent::Reloaded { status, .. } => self.send_content_status(status),
            WatchEvent::ScanFailed(_) => {
                let generation = self.generation;
                self.send_status_text(format!(
                    "the content cannot be read, generation {generation} stays served"
                ));
            }
            WatchEvent::Recovered
            | WatchEvent::MassDeletionHeld(_)
            | WatchEvent::EventsUnavailable(..)
            | WatchEvent::SharedFilesystem(..)
            | WatchEvent::EventsAvailable
            | WatchEvent::ConfigRejected(_)
            | WatchEvent::ConfigUnusable(_) => {}
        }
    }

    /// Ends a reload and sends the watchdog ping when a turn begins.
    fn start_turn(&mut self) {
        if std::mem::take(&mut self.is_reloading) {
            send_notification(&[NotifyState::Ready]);
        }
        // Half of the watchdog interval, as `sd_watchdog_enabled(3)` advises.
        let Some(interval) = self.watchdog.map(|watchdog| watchdog / 2) else {
            return;
        };
        if self
            .last_ping
            .is_none_or(|alive| alive.elapsed() >= interval)
        {
            self.last_ping = Some(Instant::now());
            send_notification(&[NotifyState::Watchdog]);
        }
    }

    fn send_content_status(&mut self, status: &ContentStatus) {
        self.generation = status.generation;
        let posts = status.file_counts.posts + status.file_counts.last_good;
        let findings = status.findings.iter().count();
        self.send_status_text(format!(
            "generation {}: {}, {}",
            self.generation,
            pluralize_count(posts, "post"),
            pluralize_count(findings, "finding"),
        ));
    }

    fn send_status_text(&mut self, status: String) {
        if self.sent_status != status {
            send_notification(&[NotifyState::Status(&status)]);
            self.sent_status = status;
        }
    }
}

/// Notifies systemd that the service is ready.
pub fn notify_ready() {
    send_notification(&[NotifyState::Ready]);
}

/// Notifies systemd that the service is stopping: only requests in progress are still answered.
pub fn notify_stopping() {
    send_notification(&[NotifyState::Stopping]);
}

/// Sends a notification. A failure is logged only: systemd itself stops a service that never reports.
fn send_notification(state: &[NotifyState<'_>]) {
    match sd_notify::notify(state) {
        Ok(()) => {}
        Err(error) if matches!(state, [NotifyState::Ready]) => {
            warn!(
                %error,
                hint = "`NOTIFY_SOCKET` must be the path of a Unix datagram socket",
                "cannot notify the service manager that courant is ready"
            );
        }
        Err(error) => debug!(%error, "cannot notify the service manager"),
    }
}
