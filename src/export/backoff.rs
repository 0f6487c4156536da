//! Computes the waits between attempts.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

/// Wait after the first failure; it doubles with each further one.
const MIN_BACKOFF: Duration = Duration::from_millis(500);
/// Maximum wait after a failure: an operator who repaired the store does not wait for long.
pub(super) const MAX_BACKOFF: Duration = Duration::from_secs(30);

/// Returns the wait after this many failures in a row, at most `max`, less up to half of it at random.
pub(super) fn backoff(failures: u32, max: Duration) -> Duration {
    let wait = MIN_BACKOFF
        * 2_u32
            .saturating_pow(failures.saturating_sub(1))
            .min(1 << 11);
    // Each `RandomState` has random keys.
    let random = RandomState::new().build_hasher().finish();
    let wait = wait.min(max);
    wait - wait * (random % 1024) as u32 / 2048
}
