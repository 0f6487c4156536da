//! Estimates the number of distinct hashes of the last 24 hours, without storing any of them.
//!
//! Each hour has a `HyperLogLog` sketch of 512 registers; the estimate is that of their union. The standard error is
//! 4.6 %, or about 1 for a few dozen hashes. The registers do not reveal the hashes.

use std::collections::VecDeque;
use std::hash::BuildHasherDefault;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hyperloglockless::HyperLogLog;
use rustc_hash::FxHasher;

/// Logarithm of the number of registers: 2⁹ of one byte each.
const SKETCH_PRECISION: u8 = 9;
/// Number of hours in the estimate, the current one included.
const WINDOW_HOURS: u64 = 24;

/// Sketch of one hour. Hashes are inserted directly: the hasher is not used.
type HourSketch = HyperLogLog<BuildHasherDefault<FxHasher>>;

/// Sketches of the last 24 hours with the number of their hour, newest last. Takes at most 14 KiB.
#[derive(Debug, Default)]
pub(super) struct DailyUniques(Mutex<VecDeque<(u64, HourSketch)>>);

impl DailyUniques {
    /// Inserts a hash. Hours may be counted from any start, and must not decrease.
    pub(super) fn insert_hash(&self, hash: u64, hour: u64) {
        let mut hours = self.lock_hours();
        if hours.back().is_none_or(|(newest, _)| *newest < hour) {
            hours.retain(|(number, _)| is_within_window(*number, hour));
            hours.push_back((hour, new_sketch()));
        }
        if let Some((_, sketch)) = hours.back_mut() {
            sketch.insert_hash(hash);
        }
    }

    /// Estimates the number of distinct hashes in the 24 hours up to `hour`.
    pub(super) fn estimate_uniques(&self, hour: u64) -> u64 {
        let mut day = new_sketch();
        for (number, sketch) in self.lock_hours().iter() {
            if is_within_window(*number, hour) {
                // Fails only for sketches of a different precision.
                let _ = day.union(sketch);
            }
        }
        day.raw_count().round() as u64
    }

    fn lock_hours(&self) -> MutexGuard<'_, VecDeque<(u64, HourSketch)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn new_sketch() -> HourSketch {
    HourSketch::with_hasher(SKETCH_PRECISION, BuildHasherDefault::new())
}

fn is_within_window(number: u64, hour: u64) -> bool {
    hour.saturating_sub(number) < WINDOW_HOURS
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look like hashes ("splitmix64", Vigna).
    fn splitmix_hash(number: u64) -> u64 {
        let mut z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    #[test]
    fn estimates_are_within_the_stated_error() {
        for count in [0, 1, 2, 5, 10, 30, 100, 300, 1_000, 3_000, 10_000, 100_000] {
            let mut squares = 0.0;
            for seed in 0..10_u64 {
                let day = DailyUniques::default();
                for number in 0..count {
                    let hash = splitmix_hash(seed << 32 | number);
                    day.insert_hash(hash, 5);
                    day.insert_hash(hash, 5);
                }
                let off = day.estimate_uniques(5) as f64 - count as f64;
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
    fn repeated_hashes_count_once_and_expire_after_a_day() {
        let day = DailyUniques::default();
        for hour in 0..10 {
            day.insert_hash(splitmix_hash(1), hour);
            day.insert_hash(splitmix_hash(100 + hour), hour);
        }
        assert_eq!(day.estimate_uniques(9), 11);
        assert_eq!(
            day.estimate_uniques(23),
            11,
            "the first hour is within the day"
        );
        assert_eq!(day.estimate_uniques(24), 10, "and now it is not");
        assert_eq!(day.estimate_uniques(32), 2);
        assert_eq!(day.estimate_uniques(33), 0);
        day.insert_hash(splitmix_hash(7), 24);
        assert_eq!(
            day.estimate_uniques(24),
            11,
            "the new hour has its own sketch"
        );
        assert_eq!(day.estimate_uniques(u64::MAX / 2), 0);
    }

    #[test]
    fn extreme_hashes_are_counted() {
        let day = DailyUniques::default();
        for hash in [0, 1, u64::MAX, 511, 512] {
            day.insert_hash(hash, 0);
        }
        assert!(day.estimate_uniques(0) > 0);
    }
}
