//! Limits how many connections are open at a time, and closes idle ones when a new one needs the place.
//!
//! The longest idle go first, as in nginx (`ngx_drain_connections`). An open connection pays for that when it is
//! opened and when it is closed, and not for each request: who is idle is only looked up at the limit. Several are
//! closed at once, so that a look at all of them serves several new ones.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::pin;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

/// The most connections that are closed at once. Each look goes through all that are open.
const MAX_BATCH: usize = 32;
/// A batch is at most this part of all connections.
const BATCH_PART: usize = 8;
/// How often idle connections are looked for while a new one waits.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// A connection that can be asked to close.
pub(crate) trait Evictable {
    /// Since when nothing is asked on it; `None` while a request arrives or is answered.
    fn idle_since(&self) -> Option<Instant>;
    /// Asks it to close. It stays open if a request comes before it does.
    fn evict(&self);
    /// Whether it was asked to close and has neither closed nor begun to answer a request.
    fn is_evicted(&self) -> bool;
}

/// The places for connections, and the connections that have one.
#[derive(Debug)]
pub(crate) struct Capacity<C> {
    permits: Arc<Semaphore>,
    batch: usize,
    open: Mutex<Open<C>>,
}

#[derive(Debug)]
struct Open<C> {
    next_id: u64,
    connections: HashMap<u64, Arc<C>>,
}

/// A connection that may be closed for a new one, until this is dropped.
#[derive(Debug)]
pub(crate) struct Registered<C> {
    capacity: Arc<Capacity<C>>,
    id: u64,
}

impl<C: Evictable> Capacity<C> {
    /// Has places for `max` connections, at least one.
    pub(crate) fn new(max: usize) -> Arc<Capacity<C>> {
        let max = max.clamp(1, Semaphore::MAX_PERMITS);
        Arc::new(Capacity {
            permits: Arc::new(Semaphore::new(max)),
            batch: (max / BATCH_PART).clamp(1, MAX_BATCH),
            open: Mutex::new(Open {
                next_id: 0,
                connections: HashMap::new(),
            }),
        })
    }

    /// Waits for a place. While there is none, idle connections are closed.
    ///
    /// # Errors
    /// Never: nobody closes the semaphore.
    pub(crate) async fn admit(&self) -> Result<OwnedSemaphorePermit, AcquireError> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Ok(permit);
        }
        let permit = Arc::clone(&self.permits).acquire_owned();
        pin!(permit);
        loop {
            self.evict_idle();
            if let Ok(permit) = timeout(LOOK_INTERVAL, permit.as_mut()).await {
                return permit;
            }
        }
    }

    /// Waits for a place until somebody leaves.
    ///
    /// # Errors
    /// Never, as above.
    pub(crate) async fn wait(&self) -> Result<OwnedSemaphorePermit, AcquireError> {
        Arc::clone(&self.permits).acquire_owned().await
    }

    /// Lets a connection be closed for a new one while it is idle.
    pub(crate) fn register(self: &Arc<Self>, connection: Arc<C>) -> Registered<C> {
        let mut open = self.open();
        let id = open.next_id;
        open.next_id += 1;
        open.connections.insert(id, connection);
        Registered {
            capacity: Arc::clone(self),
            id,
        }
    }

    /// Asks the longest idle connections to close, if none that was asked before is still about to.
    fn evict_idle(&self) {
        let open = self.open();
        if open.connections.values().any(|one| one.is_evicted()) {
            return;
        }
        let idle = open.connections.values();
        let mut idle: Vec<_> = idle
            .filter_map(|one| Some((one.idle_since()?, one)))
            .collect();
        if idle.len() > self.batch {
            idle.select_nth_unstable_by_key(self.batch, |(since, _)| *since);
        }
        for (_, connection) in idle.into_iter().take(self.batch) {
            connection.evict();
        }
    }
}

impl<C> Capacity<C> {
    fn open(&self) -> MutexGuard<'_, Open<C>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C> Drop for Registered<C> {
    fn drop(&mut self) {
        self.capacity.open().connections.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

    use super::*;

    /// A connection that has been idle since so many seconds after the start, if it is.
    #[derive(Debug)]
    struct Fake {
        since: Option<Instant>,
        evicted: AtomicBool,
    }

    impl Evictable for Fake {
        fn idle_since(&self) -> Option<Instant> {
            self.since
        }

        fn evict(&self) {
            self.evicted.store(true, Relaxed);
        }

        fn is_evicted(&self) -> bool {
            self.evicted.load(Relaxed)
        }
    }

    fn fakes(start: Instant, seconds: &[Option<u64>]) -> Vec<Arc<Fake>> {
        let fake = |after: &Option<u64>| {
            Arc::new(Fake {
                since: after.map(|after| start + Duration::from_secs(after)),
                evicted: AtomicBool::new(false),
            })
        };
        seconds.iter().map(fake).collect()
    }

    fn evicted(fakes: &[Arc<Fake>]) -> Vec<usize> {
        let evicted = fakes.iter().enumerate().filter(|(_, one)| one.is_evicted());
        evicted.map(|(place, _)| place).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn longest_idle_connection_is_evicted_first() {
        let capacity = Capacity::new(4);
        let fakes = fakes(Instant::now(), &[Some(3), None, Some(1), Some(2)]);
        let mut open: Vec<_> = fakes
            .iter()
            .map(|one| Some(capacity.register(Arc::clone(one))))
            .collect();
        capacity.evict_idle();
        assert_eq!(evicted(&fakes), [2]);
        capacity.evict_idle();
        assert_eq!(evicted(&fakes), [2], "one is about to close");
        open[2] = None;
        capacity.evict_idle();
        assert_eq!(evicted(&fakes), [2, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn many_are_evicted_at_once_where_there_are_many() {
        let capacity = Capacity::new(1_000);
        let seconds: Vec<_> = (0..1_000).rev().map(Some).collect();
        let fakes = fakes(Instant::now(), &seconds);
        let _open: Vec<_> = fakes
            .iter()
            .map(|one| capacity.register(Arc::clone(one)))
            .collect();
        capacity.evict_idle();
        assert_eq!(
            evicted(&fakes),
            Vec::from_iter(1_000 - MAX_BATCH..1_000),
            "the longest idle of all"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn newcomer_waits_until_a_connection_becomes_idle() {
        let capacity: Arc<Capacity<Fake>> = Capacity::new(1);
        let permit = capacity.admit().await.unwrap();
        let busy = fakes(Instant::now(), &[None]);
        let registered = capacity.register(Arc::clone(&busy[0]));
        let waiting = tokio::spawn({
            let capacity = Arc::clone(&capacity);
            async move { capacity.admit().await }
        });
        tokio::time::sleep(LOOK_INTERVAL * 3).await;
        assert!(evicted(&busy).is_empty() && !waiting.is_finished());
        drop(registered);
        let idle = fakes(Instant::now(), &[Some(0)]);
        let _registered = capacity.register(Arc::clone(&idle[0]));
        tokio::time::sleep(LOOK_INTERVAL * 2).await;
        assert_eq!(evicted(&idle), [0]);
        drop(permit);
        assert!(waiting.await.unwrap().is_ok());
    }
}
