//! Estimates how many different hashes came in the last 24 hours, without keeping any of them.
//!
//! Each hour has a `HyperLogLog` sketch of 512 registers; the estimate is that of their union. The standard error is
//! 4.6 %, and about one where there are some dozen. The registers do not tell which hashes they have seen.

use std::collections::VecDeque;
use std::hash::BuildHasherDefault;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hyperloglockless::HyperLogLog;
use rustc_hash::FxHasher;

/// 2⁹ registers of one byte each.
const PRECISION: u8 = 9;
/// The hours that are counted. The oldest of them may have begun already.
const HOURS: u64 = 24;

/// Hashes are inserted as they are: the hasher is not used.
type Sketch = HyperLogLog<BuildHasherDefault<FxHasher>>;

/// The sketches of the last 24 hours by the number of their hour, the newest last. Takes 14 KiB at most.
#[derive(Debug, Default)]
pub(super) struct Day(Mutex<VecDeque<(u64, Sketch)>>);

impl Day {
    /// Inserts a hash at an hour. Hours are counted from any one, and do not go back.
    pub(super) fn insert(&self, hash: u64, hour: u64) {
        let mut hours = self.hours();
        if hours.back().is_none_or(|(newest, _)| *newest < hour) {
            hours.retain(|(number, _)| is_recent(*number, hour));
            hours.push_back((hour, new_sketch()));
        }
        if let Some((_, sketch)) = hours.back_mut() {
            sketch.insert_hash(hash);
        }
    }

    /// Estimates how many different hashes came in the 24 hours up to this one.
    pub(super) fn estimate(&self, hour: u64) -> u64 {
        let mut day = new_sketch();
        for (number, sketch) in self.hours().iter() {
            if is_recent(*number, hour) {
                // Fails only for sketches of another precision.
                let _ = day.union(sketch);
            }
        }
        day.raw_count().round() as u64
    }

    fn hours(&self) -> MutexGuard<'_, VecDeque<(u64, Sketch)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn new_sketch() -> Sketch {
    Sketch::with_hasher(PRECISION, BuildHasherDefault::new())
}

fn is_recent(number: u64, hour: u64) -> bool {
    hour.saturating_sub(number) < HOURS
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look like hashes ("splitmix64", Vigna).
    fn hash(number: u64) -> u64 {
        let mut z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    #[test]
    fn an_estimate_is_as_near_as_is_promised() {
        for count in [0, 1, 2, 5, 10, 30, 100, 300, 1_000, 3_000, 10_000, 100_000] {
            let mut squares = 0.0;
            for seed in 0..10_u64 {
                let day = Day::default();
                for number in 0..count {
                    let hash = hash(seed << 32 | number);
                    day.insert(hash, 5);
                    day.insert(hash, 5);
                }
                let off = day.estimate(5) as f64 - count as f64;
                if count <= 10 {
                    assert!(off.abs() <= 1.0, "{count}: {off}");
                }
                squares += (off / (count as f64).max(1.0)).powi(2);
            }
            let error = (squares / 10.0).sqrt();
            assert!(error < 0.08, "{count}: {error}");
        }
    }

    #[test]
    fn who_comes_in_several_hours_is_one_and_who_came_a_day_ago_is_none() {
        let day = Day::default();
        for hour in 0..10 {
            day.insert(hash(1), hour);
            day.insert(hash(100 + hour), hour);
        }
        assert_eq!(day.estimate(9), 11);
        assert_eq!(day.estimate(23), 11, "the first hour is within the day");
        assert_eq!(day.estimate(24), 10, "and now it is not");
        assert_eq!(day.estimate(32), 2);
        assert_eq!(day.estimate(33), 0);
        day.insert(hash(7), 24);
        assert_eq!(day.estimate(24), 11, "the new hour has its own sketch");
        assert_eq!(day.estimate(u64::MAX / 2), 0);
    }

    #[test]
    fn extreme_hashes_are_counted() {
        let day = Day::default();
        for hash in [0, 1, u64::MAX, 511, 512] {
            day.insert(hash, 0);
        }
        assert!(day.estimate(0) > 0);
    }
}
