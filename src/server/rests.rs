//! Connections that went to rest into memory that the system has back, when there were many of them.
//!
//! What a connection lets go of is kept by the allocator for the next one, which is right as long as there is a
//! next one soon.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

use crate::allocator;

/// So many are worth a millisecond: they held some three megabytes.
const MANY: usize = 256;
/// How long others may follow before it is done.
const PAUSE: Duration = Duration::from_secs(1);

/// How many went to rest on a thread since memory was last given back.
#[derive(Debug, Default)]
pub(super) struct Rests {
    count: AtomicUsize,
    are_many: Notify,
}

impl Rests {
    /// None yet.
    pub(super) fn new() -> Arc<Rests> {
        Arc::default()
    }

    /// Notes one more.
    pub(super) fn note(&self) {
        if self.count.fetch_add(1, Relaxed) + 1 == MANY {
            self.are_many.notify_one();
        }
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.count.load(Relaxed)
    }

    /// Gives back what the thread that this runs on has kept, whenever there were many, for ever.
    pub(super) async fn give_back(self: Arc<Rests>) {
        self.whenever_many(allocator::give_back_own).await;
    }

    async fn whenever_many(&self, give_back: impl Fn()) {
        loop {
            self.are_many.notified().await;
            sleep(PAUSE).await;
            self.count.store(0, Relaxed);
            give_back();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::Instant;

    #[tokio::test(start_paused = true)]
    async fn it_is_given_back_for_many_at_once_and_not_for_few() {
        let rests = Rests::new();
        let given = Arc::new(AtomicUsize::new(0));
        let (giving, counted) = (Arc::clone(&rests), Arc::clone(&given));
        tokio::spawn(async move {
            giving
                .whenever_many(|| {
                    counted.fetch_add(1, Relaxed);
                })
                .await;
        });
        let start = Instant::now();
        for (more, expected) in [(MANY - 1, 0), (1, 1), (MANY - 1, 1), (5 * MANY, 2)] {
            (0..more).for_each(|_| rests.note());
            sleep(2 * PAUSE).await;
            assert_eq!(given.load(Relaxed), expected, "{:?}", start.elapsed());
        }
    }
}
