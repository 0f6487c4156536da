//! Keeps the deadlines of a watch's periodic work, and notices a clock that was set back.

use std::time::{Duration, Instant, SystemTime};

use crate::config::WatchConfig;

/// Interval of checks for a clock that was set back and for watched directories that were replaced: a
/// mount causes no event.
pub(super) const CLOCK_CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// Interval of retries while the content directory is missing.
const RETRY_INTERVAL: Duration = Duration::from_millis(150);

/// Deadlines of periodic work.
pub(super) struct Deadlines {
    pub(super) clock_check: Instant,
    pub(super) retry: Instant,
    pub(super) poll: Instant,
    pub(super) rescan: Instant,
}

impl Deadlines {
    /// Sets each deadline one interval after `at`.
    pub(super) fn new(at: Instant, config: &WatchConfig) -> Deadlines {
        Deadlines {
            clock_check: at + CLOCK_CHECK_INTERVAL,
            retry: at + RETRY_INTERVAL,
            poll: at + config.poll,
            rescan: at + config.rescan,
        }
    }

    /// Postpones retries and polling, because everything is scanned at `at`.
    pub(super) fn record_full_scan(&mut self, at: Instant, config: &WatchConfig) {
        self.retry = at + RETRY_INTERVAL;
        self.poll = at + config.poll;
    }
}

/// Notices a clock that was set back.
#[derive(Debug, Default)]
pub(super) struct ClockMonitor {
    last: Option<SystemTime>,
}

impl ClockMonitor {
    /// Records the time of a turn. Returns true if the clock was set back since the last one.
    pub(super) fn record_time(&mut self, now: SystemTime) -> bool {
        let last = self.last.replace(now);
        last.is_some_and(|last| now + CLOCK_CHECK_INTERVAL < last)
    }
}
