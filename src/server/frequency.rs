//! Requests without a condition into those that come too often.
//!
//! Each address may ask for the same so often at once, and then once in an interval: what is counted is when
//! the next one would have been due had they come evenly ("generic cell rate algorithm", ITU-T I.371). The
//! table has one word for each of many places and never grows. Two that fall into one place forget each
//! other, which lets one too many through and never refuses anybody for another's sake.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::net::IpAddr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::config::Polls;

/// Half a megabyte, where all are needed.
const PLACES: usize = 1 << 16;
/// So many are made together, when the first of them is needed: a page of memory.
const TOGETHER: usize = 512;
/// So many bits of a word are a time, in milliseconds; it lasts for 34 years.
const TIME: u32 = 40;

/// Who asked for what, of late.
#[derive(Debug)]
pub(super) struct Frequency {
    /// Nobody outside knows which fall into one place.
    hasher: RandomState,
    places: Box<[OnceLock<Box<[AtomicU64]>>]>,
    start: Instant,
    interval: u64,
    tolerance: u64,
}

impl Frequency {
    pub(super) fn new(polls: Polls) -> Frequency {
        let interval = millis(polls.interval).max(1);
        Frequency {
            hasher: RandomState::new(),
            places: (0..PLACES / TOGETHER).map(|_| OnceLock::new()).collect(),
            start: Instant::now(),
            interval,
            tolerance: interval.saturating_mul(polls.burst as u64),
        }
    }

    /// Notes that an address asks for a document; how long it is to wait if that is too often, and else whether
    /// it comes sooner than in an even row.
    pub(super) fn note(
        &self,
        address: IpAddr,
        document: impl Hash,
        now: Instant,
    ) -> Result<bool, Duration> {
        let hash = self.hasher.hash_one((address, document));
        let Some(place) = self.place(hash as usize % PLACES) else {
            return Ok(false);
        };
        let tag = hash >> TIME;
        let now = millis(now.duration_since(self.start));
        let (mut wait, mut is_early) = (None, false);
        let note = |word: u64| {
            let is_same = word >> TIME == tag;
            let due = if is_same { word & ((1 << TIME) - 1) } else { 0 };
            is_early = due > now;
            let next = due.max(now) + self.interval;
            wait = next
                .checked_sub(now + self.tolerance)
                .filter(|wait| *wait > 0);
            match wait {
                // Who is refused is not made to wait longer for having asked.
                Some(_) => None,
                None => Some(tag << TIME | next & ((1 << TIME) - 1)),
            }
        };
        let _ = place.fetch_update(Ordering::Relaxed, Ordering::Relaxed, note);
        match wait {
            Some(wait) => Err(Duration::from_millis(wait)),
            None => Ok(is_early),
        }
    }

    fn place(&self, number: usize) -> Option<&AtomicU64> {
        let places = self.places.get(number / TOGETHER)?;
        let places = places.get_or_init(|| (0..TOGETHER).map(|_| AtomicU64::new(0)).collect());
        places.get(number % TOGETHER)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX) & ((1 << TIME) - 1)
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
    fn there_is_no_more_of_the_table_than_was_needed() {
        let (frequency, start) = frequency();
        let there = || {
            frequency
                .places
                .iter()
                .filter(|places| places.get().is_some())
                .count()
        };
        assert_eq!(there(), 0);
        let _ = frequency.note(A, "/rss.xml", start);
        let _ = frequency.note(A, "/rss.xml", start);
        assert_eq!(there(), 1);
        let all = frequency.places.len() * TOGETHER;
        assert_eq!(all, PLACES);
        assert!((0..PLACES).all(|number| frequency.place(number).is_some()));
    }
}
