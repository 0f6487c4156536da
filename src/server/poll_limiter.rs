//! Limits how often a client may request the same document without a condition.
//!
//! It allows a burst, then one request per interval ("generic cell rate algorithm", ITU-T I.371). The table has, per
//! client and document, the time at which the next request would be due if they came evenly. Its size is bounded. When
//! it is full, expired entries are removed, and if that frees less than half, all of them. Then a few requests too
//! many get through; no client is rejected because of another.
//!
//! `governor` does the same, but bounding its table takes more code than the algorithm, which is five lines.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustc_hash::FxHashMap;
use tokio::time::Instant;

use crate::config::PollLimit;

/// Maximum pairs of client and document in the table, which is then 1.6 MB.
const MAX_POLL_ENTRIES: usize = 50_000;

/// Rate limit for unconditional requests, per client address and document.
#[derive(Debug)]
pub(super) struct PollLimiter {
    /// Hasher with a random key, so that clients cannot choose colliding entries.
    hasher: RandomState,
    /// Due times by a hash of client and document, so that no address is stored. Times are counted from `start`.
    due_times: Mutex<FxHashMap<u64, Duration>>,
    start: Instant,
    interval: Duration,
    tolerance: Duration,
}

impl PollLimiter {
    pub(super) fn new(polls: PollLimit) -> PollLimiter {
        let burst = u32::try_from(polls.burst).unwrap_or(u32::MAX);
        PollLimiter {
            hasher: RandomState::new(),
            due_times: Mutex::default(),
            start: Instant::now(),
            interval: polls.interval,
            tolerance: polls.interval.saturating_mul(burst),
        }
    }

    /// Counts a request for a document. `Ok(true)` is a request that came less than one interval after the last.
    ///
    /// # Errors
    /// The request is rejected; the error is the time to wait. A rejected request does not extend the wait.
    pub(super) fn check_request(
        &self,
        address: IpAddr,
        document: impl Hash,
        now: Instant,
    ) -> Result<bool, Duration> {
        let key = self.hasher.hash_one((address, document));
        let now = now.duration_since(self.start);
        let mut entries = self.lock_due_times();
        if entries.len() >= MAX_POLL_ENTRIES {
            entries.retain(|_, due| *due > now);
            if entries.len() > MAX_POLL_ENTRIES / 2 {
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

    fn lock_due_times(&self) -> MutexGuard<'_, FxHashMap<u64, Duration>> {
        self.due_times
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test_limiter() -> (PollLimiter, Instant) {
        let limiter = PollLimiter::new(PollLimit {
            burst: 3,
            interval: Duration::from_secs(60),
        });
        let start = limiter.start;
        (limiter, start)
    }

    const A: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const B: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn allows_a_burst_and_then_one_per_interval() {
        let (limiter, start) = test_limiter();
        let check =
            |seconds| limiter.check_request(A, "/rss.xml", start + Duration::from_secs(seconds));
        assert_eq!(check(0), Ok(false));
        assert_eq!(check(0), Ok(true), "sooner than after a minute");
        assert_eq!(check(0), Ok(true));
        assert_eq!(check(0), Err(Duration::from_secs(60)));
        assert_eq!(check(59), Err(Duration::from_secs(1)));
        assert_eq!(check(60), Ok(true));
        assert_eq!(check(60), Err(Duration::from_secs(60)));
        assert_eq!(check(10_000), Ok(false));
        for _ in 0..2 {
            assert_eq!(check(10_000), Ok(true), "after a pause all are there again");
        }
        assert!(check(10_000).is_err());
    }

    #[test]
    fn polls_at_the_interval_are_never_rejected() {
        let (limiter, start) = test_limiter();
        for minute in 0..10_000 {
            let now = start + Duration::from_secs(60 * minute);
            assert_eq!(limiter.check_request(A, "/rss.xml", now), Ok(false));
        }
    }

    #[test]
    fn clients_and_documents_are_counted_separately() {
        let (limiter, start) = test_limiter();
        for _ in 0..3 {
            let _ = limiter.check_request(A, "/rss.xml", start);
        }
        assert!(limiter.check_request(A, "/rss.xml", start).is_err());
        assert_eq!(limiter.check_request(B, "/rss.xml", start), Ok(false));
        assert_eq!(limiter.check_request(A, "/atom.xml", start), Ok(false));
    }

    #[test]
    fn table_stays_within_its_bound() {
        let (limiter, start) = test_limiter();
        for number in 0..200_000_u32 {
            let address = IpAddr::from(number.to_be_bytes());
            assert_eq!(limiter.check_request(address, "/rss.xml", start), Ok(false));
            assert!(limiter.lock_due_times().len() <= MAX_POLL_ENTRIES);
        }
    }

    #[test]
    fn expired_entries_are_removed_first() {
        let (limiter, start) = test_limiter();
        for number in 2..MAX_POLL_ENTRIES as u32 {
            let _ = limiter.check_request(IpAddr::from(number.to_be_bytes()), "/rss.xml", start);
        }
        let now = start + Duration::from_secs(600);
        for _ in 0..3 {
            let _ = limiter.check_request(A, "/rss.xml", now);
        }
        assert_eq!(limiter.lock_due_times().len(), MAX_POLL_ENTRIES - 1);
        assert_eq!(limiter.check_request(B, "/rss.xml", now), Ok(false));
        assert_eq!(limiter.check_request(B, "/atom.xml", now), Ok(false));
        assert_eq!(limiter.lock_due_times().len(), 3);
        assert!(
            limiter.check_request(A, "/rss.xml", now).is_err(),
            "still limited"
        );
    }

    #[test]
    fn largest_configured_limits_do_not_overflow() {
        let limiter = PollLimiter::new(PollLimit {
            burst: 1_000_000,
            interval: Duration::from_secs(86_400),
        });
        for _ in 0..1_000 {
            assert!(limiter.check_request(A, "/rss.xml", limiter.start).is_ok());
        }
    }
}
