//! Decides when a target is told: some time after the first change, and later after each failure.

use std::time::Duration;

use tokio::time::Instant;

use crate::backoff::compute_backoff;

/// Factor by which further changes can extend the delay, so that constant edits are announced too.
const MAX_DELAY_FACTOR: u32 = 4;

/// Maximum wait that a response may ask for. A longer one is probably an error.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Durations and limits of announcements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnnounceTimings {
    /// Time without a further change after which hubs are told.
    pub hub_delay: Duration,
    /// Further wait if another process announces a change: by then, it has recorded what it sent.
    pub replica_delay: Duration,
    /// Maximum time for a response.
    pub request_timeout: Duration,
    /// Wait after the first failure; it doubles with each further one.
    pub min_backoff: Duration,
    /// Maximum wait after a failure.
    pub max_backoff: Duration,
    /// Failures in a row after which nothing is sent until the next change.
    pub max_attempts: u32,
}

impl Default for AnnounceTimings {
    fn default() -> AnnounceTimings {
        AnnounceTimings {
            // An edit is published as withdrawals and then the rest, milliseconds apart.
            hub_delay: Duration::from_secs(1),
            replica_delay: Duration::from_secs(10),
            request_timeout: Duration::from_secs(10),
            min_backoff: Duration::from_secs(5),
            // With it, ten attempts take 16 to 31 minutes, plus the time for responses.
            max_backoff: Duration::from_secs(600),
            max_attempts: 10,
        }
    }
}

/// Time of the next attempt.
#[derive(Debug, Default)]
pub(super) struct RetrySchedule {
    /// `None` if nothing is to be sent.
    pub(super) due: Option<Instant>,
    latest: Option<Instant>,
    failures: u32,
}

impl RetrySchedule {
    /// Returns true if the last attempt failed.
    pub(super) fn has_failed(&self) -> bool {
        self.failures > 0
    }

    /// Schedules an attempt after a change. A wait after a failure is not shortened.
    pub(super) fn schedule_change(&mut self, delay: Duration) {
        if self.failures > 0 {
            return;
        }
        let now = Instant::now();
        let latest = *self.latest.get_or_insert(now + delay * MAX_DELAY_FACTOR);
        self.due = Some(latest.min(now + delay));
    }

    /// Postpones what waits, because another process announces a change. A wait after a failure is kept.
    pub(super) fn postpone_change(&mut self, delay: Duration) {
        if self.failures == 0 && self.due.is_some() {
            self.due = Some(Instant::now() + delay);
            self.latest = None;
        }
    }

    /// Clears the schedule after a success, or if nothing is left to send.
    pub(super) fn clear(&mut self) {
        *self = RetrySchedule::default();
    }

    /// Schedules a retry, and returns the wait. Returns `None` after too many failures.
    pub(super) fn schedule_retry(
        &mut self,
        timings: &AnnounceTimings,
        retry_after: Option<Duration>,
    ) -> Option<Duration> {
        self.failures += 1;
        if self.failures >= timings.max_attempts {
            self.clear();
            return None;
        }
        let limits = timings.min_backoff..=timings.max_backoff;
        let asked = retry_after.unwrap_or_default().min(MAX_RETRY_AFTER);
        let wait = compute_backoff(self.failures, &limits).max(asked);
        self.due = Some(Instant::now() + wait);
        Some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waits_double_with_jitter_and_end() {
        let timings = AnnounceTimings::default();
        let mut schedule = RetrySchedule::default();
        for doubled in [5, 10, 20, 40, 80, 160, 320, 600, 600] {
            let wait = schedule.schedule_retry(&timings, None).unwrap();
            let full = Duration::from_secs(doubled);
            assert!(full / 2 <= wait && wait <= full, "{wait:?} of {full:?}");
        }
        assert_eq!(schedule.schedule_retry(&timings, None), None);
        assert_eq!(schedule.due, None);
    }

    #[tokio::test(start_paused = true)]
    async fn retry_after_is_kept_up_to_a_day() {
        let timings = AnnounceTimings::default();
        let mut schedule = RetrySchedule::default();
        let day = Duration::from_secs(86_400);
        for (asked, waits) in [(day / 2, day / 2), (day * 9, day)] {
            assert_eq!(schedule.schedule_retry(&timings, Some(asked)), Some(waits));
        }
        let due = schedule.due;
        schedule.schedule_change(Duration::ZERO);
        assert_eq!(schedule.due, due, "a change does not shorten the wait");
    }

    #[tokio::test(start_paused = true)]
    async fn changes_extend_the_delay_up_to_four_times() {
        let (start, delay) = (Instant::now(), Duration::from_secs(10));
        let mut schedule = RetrySchedule::default();
        for due in [10, 15, 20, 25, 30, 35, 40, 40, 40] {
            schedule.schedule_change(delay);
            assert_eq!(schedule.due, Some(start + Duration::from_secs(due)));
            tokio::time::advance(delay / 2).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn change_that_another_process_announces_waits_longer() {
        let (start, delay) = (Instant::now(), Duration::from_secs(10));
        let mut schedule = RetrySchedule::default();
        schedule.postpone_change(delay);
        assert_eq!(schedule.due, None, "nothing waits");
        schedule.schedule_change(delay);
        schedule.postpone_change(delay * 9);
        assert_eq!(schedule.due, Some(start + delay * 9));
        // A later change of this process has its usual delay.
        tokio::time::advance(delay * 5).await;
        schedule.schedule_change(delay);
        assert_eq!(schedule.due, Some(start + delay * 6));
    }
}
