//! Derives cache lifetimes and polling intervals from the dates of the newest posts.
//!
//! They depend on the posts alone, so they are the same on every replica and at any time.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// Number of newest posts whose dates are used.
pub(crate) const SAMPLED_POSTS: usize = 11;

/// Usual interval between two posts; `None` with fewer than three posts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostingInterval(Option<Duration>);

impl PostingInterval {
    /// Computes the median interval between the dates, which are sorted newest first.
    pub(crate) fn from_dates(dates: &[DateTime<Utc>]) -> PostingInterval {
        let mut intervals: Vec<Duration> = dates
            .iter()
            .zip(dates.iter().skip(1))
            .filter_map(|(newer, older)| (*newer - *older).to_std().ok())
            .collect();
        intervals.sort_unstable();
        let median = intervals.get(intervals.len() / 2).copied();
        PostingInterval(median.filter(|_| intervals.len() > 1))
    }

    /// Returns how long a cached response stays fresh: a hundredth of the interval, between 5 and
    /// 15 minutes. The upper bound keeps withdrawn posts from staying in caches.
    pub fn cache_max_age(self) -> Duration {
        Duration::from_secs(self.largest_step_within(100, [300, 600, 900]))
    }

    /// Returns the polling interval for feed readers in minutes, the unit of RSS `ttl`. It is a
    /// twentieth of the interval, between one hour and one day.
    pub fn ttl_minutes(self) -> u64 {
        self.largest_step_within(
            20,
            [60, 120, 240, 480, 720, 1440].map(|minutes| minutes * 60),
        ) / 60
    }

    /// Returns the largest step, in seconds, within `1 / divisor` of the interval. Steps keep the
    /// result stable when the interval changes little.
    fn largest_step_within<const N: usize>(self, divisor: u64, steps: [u64; N]) -> u64 {
        let limit = self.0.map_or(0, |interval| interval.as_secs() / divisor);
        let largest = steps.iter().rev().find(|step| **step <= limit);
        largest.or(steps.first()).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval_of_hours(hours: &[i64]) -> PostingInterval {
        let begin = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let dates: Vec<_> = hours
            .iter()
            .map(|hour| begin - chrono::TimeDelta::hours(*hour))
            .collect();
        PostingInterval::from_dates(&dates)
    }

    #[test]
    fn lifetimes_follow_median_interval_within_bounds() {
        for (hours, max_age, ttl) in [
            (&[][..], 300, 60),
            (&[0], 300, 60),
            (&[0, 1_000], 300, 60),
            (&[0, 1, 2, 3], 300, 60),
            (&[0, 24, 48, 72], 600, 60),
            (&[0, 168, 336], 900, 480),
            (&[0, 720, 1_440], 900, 1_440),
            // The median ignores one long gap.
            (&[0, 1, 2, 9_000], 300, 60),
        ] {
            let rhythm = interval_of_hours(hours);
            assert_eq!(rhythm.cache_max_age().as_secs(), max_age, "{hours:?}");
            assert_eq!(rhythm.ttl_minutes(), ttl, "{hours:?}");
        }
    }
}
