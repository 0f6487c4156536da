//! The dates of the newest posts into how long it is worth to wait before one asks again.
//!
//! It is read off the posts alone, and so is the same on every replica and at every time.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// So many of the newest posts are looked at.
pub(super) const NEWEST: usize = 11;

/// How long the site usually is silent between two posts; `None` with too few to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rhythm(Option<Duration>);

impl Rhythm {
    /// That of posts by their dates, newest first: the middle one of the pauses between them.
    pub(super) fn of(dates: &[DateTime<Utc>]) -> Rhythm {
        let pause =
            |(newer, older): (&DateTime<Utc>, &DateTime<Utc>)| (*newer - *older).to_std().ok();
        let mut pauses: Vec<Duration> = dates
            .iter()
            .zip(dates.iter().skip(1))
            .filter_map(pause)
            .collect();
        pauses.sort_unstable();
        let middle = pauses.get(pauses.len() / 2).copied();
        Rhythm(middle.filter(|_| pauses.len() > 1))
    }

    /// How long an answer may be used without asking again: a hundredth of a pause, but never so long that a
    /// post that is taken back goes on being read from caches.
    pub fn max_age(self) -> Duration {
        Duration::from_secs(self.part(100, [300, 600, 900]))
    }

    /// How long a reader may wait before it asks again, in minutes, as RSS has it: a twentieth of a pause, an
    /// hour at least and a day at most.
    pub fn ttl_minutes(self) -> u64 {
        self.part(
            20,
            [60, 120, 240, 480, 720, 1440].map(|minutes| minutes * 60),
        ) / 60
    }

    /// The longest of some steps, in seconds, that is within a part of a pause. Steps, so that it is
    /// another only when the rhythm really is.
    fn part<const N: usize>(self, part: u64, steps: [u64; N]) -> u64 {
        let within = self.0.map_or(0, |pause| pause.as_secs() / part);
        let fits = steps.iter().rev().find(|step| **step <= within);
        fits.or(steps.first()).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rhythm(hours: &[i64]) -> Rhythm {
        let begin = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let dates: Vec<_> = hours
            .iter()
            .map(|hour| begin - chrono::TimeDelta::hours(*hour))
            .collect();
        Rhythm::of(&dates)
    }

    #[test]
    fn it_follows_the_middle_pause_within_bounds() {
        for (hours, max_age, ttl) in [
            (&[][..], 300, 60),
            (&[0], 300, 60),
            (&[0, 1_000], 300, 60),
            (&[0, 1, 2, 3], 300, 60),
            (&[0, 24, 48, 72], 600, 60),
            (&[0, 168, 336], 900, 480),
            (&[0, 720, 1_440], 900, 1_440),
            // One long silence is no rhythm.
            (&[0, 1, 2, 9_000], 300, 60),
        ] {
            let rhythm = rhythm(hours);
            assert_eq!(rhythm.max_age().as_secs(), max_age, "{hours:?}");
            assert_eq!(rhythm.ttl_minutes(), ttl, "{hours:?}");
        }
    }
}
