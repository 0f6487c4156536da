//! Work on many posts, each by itself, onto all cores; on few, onto none but the caller's.

use std::cmp::Ordering;

use rayon::prelude::*;

/// What takes microseconds for each is not worth waking anybody for.
const MANY: usize = 256;

/// Does the same to all, and keeps their order.
pub(super) fn map<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
    if items.len() < MANY {
        items.into_iter().map(work).collect()
    } else {
        items.into_par_iter().map(work).collect()
    }
}

/// Puts all in order. Those that are alike are in any.
pub(super) fn sort<T: Send>(items: &mut [T], order: impl Fn(&T, &T) -> Ordering + Sync + Send) {
    if items.len() < MANY {
        items.sort_unstable_by(order);
    } else {
        items.par_sort_unstable_by(order);
    }
}

/// Does both, beside one another where there is much to do.
pub(super) fn both<A: Send, B: Send>(
    items: usize,
    one: impl FnOnce() -> A + Send,
    other: impl FnOnce() -> B + Send,
) -> (A, B) {
    if items < MANY {
        (one(), other())
    } else {
        rayon::join(one, other)
    }
}
