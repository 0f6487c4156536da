//! Says how long the watch may wait until there is something to do without an event.

use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, Utc};

use super::Watch;

/// When to do what is done from time to time.
pub(super) struct Ticks {
    pub(super) tick: Instant,
    pub(super) retry: Instant,
    pub(super) poll: Instant,
    pub(super) rescan: Instant,
}

impl Watch {
    /// How long until the site differs though no file does.
    pub(super) fn due_in(&self, now: SystemTime) -> Option<Duration> {
        let due = self.status().next_change?;
        Some(
            (due - DateTime::<Utc>::from(now))
                .to_std()
                .unwrap_or_default(),
        )
    }

    /// How long until there is something to do without an event.
    pub(super) fn wait(&self, ticks: &Ticks, now: SystemTime) -> Duration {
        let at = Instant::now();
        let until = |instant: Instant| instant.saturating_duration_since(at);
        let is_restless = self.is_restless();
        [
            // What is due is not forgotten meanwhile, and is not asked for without end either.
            (is_restless || self.pipeline.unread().is_some()).then(|| until(ticks.retry)),
            self.due_in(now).filter(|_| !is_restless),
            self.pipeline.has_backlog().then_some(Duration::ZERO),
            Some(until(ticks.tick)),
            self.pace.next().map(until),
            self.sight.polls().then(|| until(ticks.poll)),
            (!self.sight.is_off()).then(|| until(ticks.rescan)),
            self.reread.map(|(due, _)| until(due)),
        ]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or_default()
    }

    /// Whether to look often until something changes.
    pub(super) fn is_restless(&self) -> bool {
        self.failing || self.doubt_since.is_some()
    }
}
