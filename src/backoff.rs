//! Computes the waits between attempts, and waits.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::ops::RangeInclusive;
use std::time::Duration;

use tokio::time::Instant;

/// Returns the wait after this many failures in a row. It begins at the first limit, doubles up to the second, and is
/// less by up to half of it at random, so that not all clients of a restarted service come at once.
pub(crate) fn compute_backoff(failures: u32, limits: &RangeInclusive<Duration>) -> Duration {
    let factor = 2_u32
        .saturating_pow(failures.saturating_sub(1))
        .min(1 << 16);
    let wait = (*limits.start() * factor).min(*limits.end());
    // Each `RandomState` has random keys.
    let random = RandomState::new().build_hasher().finish();
    wait - wait * (random % 1024) as u32 / 2048
}

/// Waits until the time; forever without one.
pub(crate) async fn wait_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
