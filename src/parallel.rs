//! Runs work on many items on all cores, and on few items on the caller's thread.

use std::cmp::Ordering;

use rayon::prelude::*;

/// From this many items on, work is parallel. Each item takes microseconds, so waking other threads
/// for fewer costs more than it saves.
const PARALLEL_ITEM_THRESHOLD: usize = 256;

/// Maps all items and keeps their order.
pub(super) fn map_items<T: Send, R: Send>(
    items: Vec<T>,
    work: impl Fn(T) -> R + Sync + Send,
) -> Vec<R> {
    if items.len() < PARALLEL_ITEM_THRESHOLD {
        items.into_iter().map(work).collect()
    } else {
        items.into_par_iter().map(work).collect()
    }
}

/// Sorts all items; equal ones end up in any order.
pub(super) fn sort_items<T: Send>(
    items: &mut [T],
    order: impl Fn(&T, &T) -> Ordering + Sync + Send,
) {
    if items.len() < PARALLEL_ITEM_THRESHOLD {
        items.sort_unstable_by(order);
    } else {
        items.par_sort_unstable_by(order);
    }
}

/// Runs both closures, in parallel if `items` is large.
pub(super) fn join_closures<A: Send, B: Send>(
    items: usize,
    one: impl FnOnce() -> A + Send,
    other: impl FnOnce() -> B + Send,
) -> (A, B) {
    if items < PARALLEL_ITEM_THRESHOLD {
        (one(), other())
    } else {
        rayon::join(one, other)
    }
}
