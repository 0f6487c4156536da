//! What becomes of the service into what its manager is told: systemd, by the protocol of `sd_notify(3)`.
//!
//! Without `NOTIFY_SOCKET` in the environment nobody is told anything. The watch tells, in its own turns: a watch
//! that hangs sends no `WATCHDOG=1`, whatever else is alive, and is restarted.
//!
//! The only place that names the `sd_notify` crate.

use std::time::{Duration, Instant};

use sd_notify::NotifyState;
use tracing::{debug, warn};

use crate::pipeline::Status;
use crate::text::plural;
use crate::watch::Turn;

/// The watch turns once a second where nothing happens; so a shorter watchdog would bite at random.
const SHORTEST: Duration = Duration::from_secs(3);

/// Tells the manager what the watch does, and remembers what it was told.
#[derive(Debug)]
pub struct Supervisor {
    status: String,
    generation: u64,
    watchdog: Option<Duration>,
    alive: Option<Instant>,
    reloading: bool,
}

impl Supervisor {
    /// Begins with what the first look led to.
    pub fn new(status: &Status) -> Supervisor {
        let watchdog = sd_notify::watchdog_enabled();
        if let Some(watchdog) = watchdog.filter(|watchdog| *watchdog < SHORTEST) {
            warn!(
                seconds = watchdog.as_secs_f64(),
                hint = "set `WatchdogSec=` to ten seconds or more",
                "the watchdog of the service manager is shorter than a turn of the watch may take"
            );
        }
        let mut supervisor = Supervisor {
            status: String::new(),
            generation: 0,
            watchdog,
            alive: None,
            reloading: false,
        };
        supervisor.knows(status);
        supervisor
    }

    /// Tells what a turn of the watch led to.
    pub fn turn(&mut self, turn: &Turn<'_>) {
        match turn {
            Turn::Awake => self.awake(),
            Turn::Rereading => {
                self.reloading = true;
                let now = NotifyState::monotonic_usec_now();
                let now = now.unwrap_or(NotifyState::MonotonicUsec(0));
                tell(&[NotifyState::Reloading, now]);
            }
            Turn::Looked(_, status)
            | Turn::Advised(status)
            | Turn::Missed(_, status)
            | Turn::Reloaded { status, .. } => self.knows(status),
            Turn::Failed(_) => {
                let generation = self.generation;
                self.says(format!(
                    "the content cannot be read, generation {generation} goes on being served"
                ));
            }
            Turn::Recovered
            | Turn::InDoubt(_)
            | Turn::NoEvents(..)
            | Turn::Shared(..)
            | Turn::Events
            | Turn::Refused(_)
            | Turn::Unusable(_) => {}
        }
    }

    /// A turn begins, so the one before is over.
    fn awake(&mut self) {
        if std::mem::take(&mut self.reloading) {
            tell(&[NotifyState::Ready]);
        }
        // Twice in the time that it may take, as `sd_watchdog_enabled(3)` advises.
        let Some(pause) = self.watchdog.map(|watchdog| watchdog / 2) else {
            return;
        };
        if self.alive.is_none_or(|alive| alive.elapsed() >= pause) {
            self.alive = Some(Instant::now());
            tell(&[NotifyState::Watchdog]);
        }
    }

    fn knows(&mut self, status: &Status) {
        self.generation = status.generation;
        let posts = status.tally.posts + status.tally.kept;
        let findings = status.findings.iter().count();
        self.says(format!(
            "generation {}: {}, {}",
            self.generation,
            plural(posts, "post"),
            plural(findings, "finding"),
        ));
    }

    fn says(&mut self, status: String) {
        if self.status != status {
            tell(&[NotifyState::Status(&status)]);
            self.status = status;
        }
    }
}

/// Requests are answered.
pub fn ready() {
    tell(&[NotifyState::Ready]);
}

/// No more than what has begun will be answered.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// A manager that does not listen is no reason to end: it will end us.
fn tell(state: &[NotifyState<'_>]) {
    match sd_notify::notify(state) {
        Ok(()) => {}
        Err(error) if matches!(state, [NotifyState::Ready]) => {
            warn!(
                %error,
                hint = "`NOTIFY_SOCKET` is to name a Unix datagram socket by its path",
                "cannot tell the service manager that courant is ready"
            );
        }
        Err(error) => debug!(%error, "cannot tell the service manager"),
    }
}
