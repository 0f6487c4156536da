//! Keeps counters per thread.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

/// Number of shards. More threads than this share them.
pub(super) const SHARD_COUNT: usize = 16;

/// Shards of `T`, one for each of up to [`SHARD_COUNT`] threads.
#[derive(Debug, Default)]
pub(super) struct PerThread<T>([CachePadded<T>; SHARD_COUNT]);

/// Value on cache lines of its own. 128 bytes, as processors prefetch lines in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
struct CachePadded<T>(T);

impl<T> PerThread<T> {
    /// Returns the shard of the current thread. Other threads may share it.
    pub(super) fn current_shard(&self) -> &T {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static NUMBER: usize = THREADS.fetch_add(1, Relaxed);
        }
        let number = NUMBER.try_with(|number| *number).unwrap_or_default();
        let [first, ..] = &self.0;
        &self.0.get(number % SHARD_COUNT).unwrap_or(first).0
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|CachePadded(set)| set)
    }
}
