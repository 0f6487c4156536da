//! Limits the number of open connections, and closes idle ones when a new one needs a slot.
//!
//! The longest idle connections are closed first, as in nginx (`ngx_drain_connections`). A connection is registered
//! when it opens and removed when it closes; requests cost nothing, as idle connections are searched at the limit
//! only. Several are closed at once, so that one search makes room for several new ones.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::pin;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

/// Maximum connections closed per search. Each search visits all open connections.
const MAX_EVICTIONS_PER_SEARCH: usize = 32;
/// Divisor of the connection limit: at most this part of all connections is closed per search.
const EVICTION_DIVISOR: usize = 8;
/// Interval between searches for idle connections while a new one waits.
const EVICTION_SEARCH_INTERVAL: Duration = Duration::from_millis(50);

/// Connection that can be asked to close.
pub(crate) trait Evictable {
    /// Returns the time since which it is idle; `None` while a request arrives or is answered.
    fn idle_since(&self) -> Option<Instant>;
    /// Asks it to close. It stays open if a request comes before it does.
    fn request_close(&self);
    /// Returns true if it was asked to close and has neither closed nor begun to answer a request.
    fn is_close_pending(&self) -> bool;
}

/// Limit on open connections, with a registry of those that may be closed.
#[derive(Debug)]
pub(crate) struct ConnectionLimiter<C> {
    permits: Arc<Semaphore>,
    max_evictions: usize,
    registry: Mutex<ConnectionRegistry<C>>,
}

#[derive(Debug)]
struct ConnectionRegistry<C> {
    next_id: u64,
    connections: HashMap<u64, Arc<C>>,
}

/// Guard of a registered connection, which may be closed until this is dropped.
#[derive(Debug)]
pub(crate) struct RegisteredConnection<C> {
    limiter: Arc<ConnectionLimiter<C>>,
    id: u64,
}

impl<C: Evictable> ConnectionLimiter<C> {
    /// Allows `max` connections, at least one.
    pub(crate) fn new(max: usize) -> Arc<ConnectionLimiter<C>> {
        let max = max.clamp(1, Semaphore::MAX_PERMITS);
        Arc::new(ConnectionLimiter {
            permits: Arc::new(Semaphore::new(max)),
            max_evictions: (max / EVICTION_DIVISOR).clamp(1, MAX_EVICTIONS_PER_SEARCH),
            registry: Mutex::new(ConnectionRegistry {
                next_id: 0,
                connections: HashMap::new(),
            }),
        })
    }

    /// Waits for a permit. Closes idle connections while there is none.
    ///
    /// # Errors
    /// Never, as the semaphore is never closed.
    pub(crate) async fn acquire_or_evict(&self) -> Result<OwnedSemaphorePermit, AcquireError> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Ok(permit);
        }
        let permit = Arc::clone(&self.permits).acquire_owned();
        pin!(permit);
        loop {
            self.evict_longest_idle();
            if let Ok(permit) = timeout(EVICTION_SEARCH_INTERVAL, permit.as_mut()).await {
                return permit;
            }
        }
    }

    /// Waits for a permit without closing any connection.
    ///
    /// # Errors
    /// Never, as the semaphore is never closed.
    pub(super) async fn acquire_permit(&self) -> Result<OwnedSemaphorePermit, AcquireError> {
        Arc::clone(&self.permits).acquire_owned().await
    }

    /// Registers a connection, which may then be closed for a new one while it is idle.
    pub(crate) fn register_connection(
        self: &Arc<Self>,
        connection: Arc<C>,
    ) -> RegisteredConnection<C> {
        let mut registry = self.lock_registry();
        let id = registry.next_id;
        registry.next_id += 1;
        registry.connections.insert(id, connection);
        RegisteredConnection {
            limiter: Arc::clone(self),
            id,
        }
    }

    /// Asks the longest idle connections to close, unless an earlier request to close is still pending.
    fn evict_longest_idle(&self) {
        let registry = self.lock_registry();
        if registry
            .connections
            .values()
            .any(|one| one.is_close_pending())
        {
            return;
        }
        let idle = registry.connections.values();
        let mut idle: Vec<_> = idle
            .filter_map(|one| Some((one.idle_since()?, one)))
            .collect();
        if idle.len() > self.max_evictions {
            idle.select_nth_unstable_by_key(self.max_evictions, |(since, _)| *since);
        }
        for (_, connection) in idle.into_iter().take(self.max_evictions) {
            connection.request_close();
        }
    }
}

impl<C> ConnectionLimiter<C> {
    fn lock_registry(&self) -> MutexGuard<'_, ConnectionRegistry<C>> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C> Drop for RegisteredConnection<C> {
    fn drop(&mut self) {
        self.limiter.lock_registry().connections.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

    use super::*;

    /// A connection that is idle since a fixed time; `None` if it is busy.
    #[derive(Debug)]
    struct FakeConnection {
        since: Option<Instant>,
        evicted: AtomicBool,
    }

    impl Evictable for FakeConnection {
        fn idle_since(&self) -> Option<Instant> {
            self.since
        }

        fn request_close(&self) {
            self.evicted.store(true, Relaxed);
        }

        fn is_close_pending(&self) -> bool {
            self.evicted.load(Relaxed)
        }
    }

    fn fake_connections(start: Instant, seconds: &[Option<u64>]) -> Vec<Arc<FakeConnection>> {
        let fake = |after: &Option<u64>| {
            Arc::new(FakeConnection {
                since: after.map(|after| start + Duration::from_secs(after)),
                evicted: AtomicBool::new(false),
            })
        };
        seconds.iter().map(fake).collect()
    }

    fn evicted_indices(fakes: &[Arc<FakeConnection>]) -> Vec<usize> {
        let evicted = fakes
            .iter()
            .enumerate()
            .filter(|(_, one)| one.is_close_pending());
        evicted.map(|(place, _)| place).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn longest_idle_connection_is_evicted_first() {
        let capacity = ConnectionLimiter::new(4);
        let fakes = fake_connections(Instant::now(), &[Some(3), None, Some(1), Some(2)]);
        let mut open: Vec<_> = fakes
            .iter()
            .map(|one| Some(capacity.register_connection(Arc::clone(one))))
            .collect();
        capacity.evict_longest_idle();
        assert_eq!(evicted_indices(&fakes), [2]);
        capacity.evict_longest_idle();
        assert_eq!(evicted_indices(&fakes), [2], "one is about to close");
        open[2] = None;
        capacity.evict_longest_idle();
        assert_eq!(evicted_indices(&fakes), [2, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn large_limits_evict_many_at_once() {
        let capacity = ConnectionLimiter::new(1_000);
        let seconds: Vec<_> = (0..1_000).rev().map(Some).collect();
        let fakes = fake_connections(Instant::now(), &seconds);
        let _open: Vec<_> = fakes
            .iter()
            .map(|one| capacity.register_connection(Arc::clone(one)))
            .collect();
        capacity.evict_longest_idle();
        assert_eq!(
            evicted_indices(&fakes),
            Vec::from_iter(1_000 - MAX_EVICTIONS_PER_SEARCH..1_000),
            "the longest idle of all"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn new_connection_waits_until_one_is_idle() {
        let capacity: Arc<ConnectionLimiter<FakeConnection>> = ConnectionLimiter::new(1);
        let permit = capacity.acquire_or_evict().await.unwrap();
        let busy = fake_connections(Instant::now(), &[None]);
        let registered = capacity.register_connection(Arc::clone(&busy[0]));
        let waiting = tokio::spawn({
            let capacity = Arc::clone(&capacity);
            async move { capacity.acquire_or_evict().await }
        });
        tokio::time::sleep(EVICTION_SEARCH_INTERVAL * 3).await;
        assert!(evicted_indices(&busy).is_empty() && !waiting.is_finished());
        drop(registered);
        let idle = fake_connections(Instant::now(), &[Some(0)]);
        let _registered = capacity.register_connection(Arc::clone(&idle[0]));
        tokio::time::sleep(EVICTION_SEARCH_INTERVAL * 2).await;
        assert_eq!(evicted_indices(&idle), [0]);
        drop(permit);
        assert!(waiting.await.unwrap().is_ok());
    }
}
