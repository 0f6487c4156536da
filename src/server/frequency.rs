//! Limits how often a client may ask for the same document without a condition.
//!
//! A burst, then one request in each interval ("generic cell rate algorithm", ITU-T I.371): per client and document, the
//! table has the time at which the next request would be due had they come evenly. The table is bounded: when it is
//! full, entries that limit nothing any more are removed, and if that frees less than half, all of them. Then a few
//! requests too many get through; no client is refused because of another.
//!
//! `governor` does the same, and was no gain: bounding its table takes more code than the algorithm, which is five lines.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustc_hash::FxHashMap;
use tokio::time::Instant;

use crate::config::Polls;

/// The most pairs of client and document that are counted: 1.6 MB.
const MAX_ENTRIES: usize = 50_000;

/// The limit of polls, per client address and document.
#[derive(Debug)]
pub(super) struct Frequency {
    /// Has a random key, so that clients cannot choose what collides.
    hasher: RandomState,
    /// By a hash of client and document, so that no address is kept. Times are counted from `start`.
    due: Mutex<FxHashMap<u64, Duration>>,
    start: Instant,
    interval: Duration,
    tolerance: Duration,
}

impl Frequency {
    pub(super) fn new(polls: Polls) -> Frequency {
        let burst = u32::try_from(polls.burst).unwrap_or(u32::MAX);
        Frequency {
            hasher: RandomState::new(),
            due: Mutex::default(),
            start: Instant::now(),
            interval: polls.interval,
            tolerance: polls.interval.saturating_mul(burst),
        }
    }

    /// Counts a request for a document. `Err` is how long to wait, if it is refused; a refused request does not
    /// extend the wait. `Ok(true)` is a request that came sooner than one interval after the last.
    pub(super) fn note(
        &self,
        address: IpAddr,
        document: impl Hash,
        now: Instant,
    ) -> Result<bool, Duration> {
        let key = self.hasher.hash_one((address, document));
        let now = now.duration_since(self.start);
        let mut entries = self.lock();
        if entries.len() >= MAX_ENTRIES {
            entries.retain(|_, due| *due > now);
            if entries.len() > MAX_ENTRIES / 2 {
                entries.clear();
            }
        }
        let due = entries.get(&key).copied().unwrap_or_default();
        let next = due.max(now) + self.interval;
        let wait = next.saturating_sub(now + self.tolerance);
        if !wait.is_zero() {
            return Err(wait);
        }
        entries.insert(key, next);
        Ok(due > now)
    }

    fn lock(&self) -> MutexGuard<'_, FxHashMap<u64, Duration>> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frequency() -> (Frequency, Instant) {
        let frequency = Frequency::new(Polls {
            burst: 3,
            interval: Duration::from_secs(60),
        });
        let start = frequency.start;
        (frequency, start)
    }

    const A: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const B: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn so_many_at_once_and_then_one_in_an_interval() {
        let (frequency, start) = frequency();
        let note = |seconds| frequency.note(A, "/rss.xml", start + Duration::from_secs(seconds));
        assert_eq!(note(0), Ok(false));
        assert_eq!(note(0), Ok(true), "sooner than after a minute");
        assert_eq!(note(0), Ok(true));
        assert_eq!(note(0), Err(Duration::from_secs(60)));
        assert_eq!(note(59), Err(Duration::from_secs(1)));
        assert_eq!(note(60), Ok(true));
        assert_eq!(note(60), Err(Duration::from_secs(60)));
        assert_eq!(note(10_000), Ok(false));
        for _ in 0..2 {
            assert_eq!(note(10_000), Ok(true), "after a pause all are there again");
        }
        assert!(note(10_000).is_err());
    }

    #[test]
    fn who_polls_once_an_interval_is_never_refused() {
        let (frequency, start) = frequency();
        for minute in 0..10_000 {
            let now = start + Duration::from_secs(60 * minute);
            assert_eq!(frequency.note(A, "/rss.xml", now), Ok(false));
        }
    }

    #[test]
    fn others_and_other_documents_are_counted_by_themselves() {
        let (frequency, start) = frequency();
        for _ in 0..3 {
            let _ = frequency.note(A, "/rss.xml", start);
        }
        assert!(frequency.note(A, "/rss.xml", start).is_err());
        assert_eq!(frequency.note(B, "/rss.xml", start), Ok(false));
        assert_eq!(frequency.note(A, "/atom.xml", start), Ok(false));
    }

    #[test]
    fn many_addresses_stay_within_the_bound() {
        let (frequency, start) = frequency();
        for number in 0..200_000_u32 {
            let address = IpAddr::from(number.to_be_bytes());
            assert_eq!(frequency.note(address, "/rss.xml", start), Ok(false));
            assert!(frequency.lock().len() <= MAX_ENTRIES);
        }
    }

    #[test]
    fn entries_that_limit_nothing_make_room_and_others_stay() {
        let (frequency, start) = frequency();
        for number in 2..MAX_ENTRIES as u32 {
            let _ = frequency.note(IpAddr::from(number.to_be_bytes()), "/rss.xml", start);
        }
        let now = start + Duration::from_secs(600);
        for _ in 0..3 {
            let _ = frequency.note(A, "/rss.xml", now);
        }
        assert_eq!(frequency.lock().len(), MAX_ENTRIES - 1);
        assert_eq!(frequency.note(B, "/rss.xml", now), Ok(false));
        assert_eq!(frequency.note(B, "/atom.xml", now), Ok(false));
        assert_eq!(frequency.lock().len(), 3);
        assert!(frequency.note(A, "/rss.xml", now).is_err(), "still limited");
    }

    #[test]
    fn largest_configured_limits_do_not_overflow() {
        let frequency = Frequency::new(Polls {
            burst: 1_000_000,
            interval: Duration::from_secs(86_400),
        });
        for _ in 0..1_000 {
            assert!(frequency.note(A, "/rss.xml", frequency.start).is_ok());
        }
    }
}
