//! Counts the bytes of finished drawings that the cache or an answer still holds.
//!
//! A drawing is counted once, however many answers share it, and until the last of them is through. So the count is
//! what is in memory, and answers that clients do not take cannot grow it without a bound. Besides, each client may
//! hold a part of that only, so that one which takes nothing leaves room for others.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

/// How many bytes are held, and how many may be.
#[derive(Debug)]
pub(super) struct HeldBytes {
    held: AtomicU64,
    max: u64,
    /// How many bytes the answers to one client may hold.
    max_of_client: u64,
    /// How many the answers to each hold, where they hold any.
    by_client: Mutex<HashMap<IpAddr, u64>>,
}

impl HeldBytes {
    pub(super) fn new(max: u64, max_of_client: u64) -> Arc<HeldBytes> {
        Arc::new(HeldBytes {
            held: AtomicU64::new(0),
            max,
            max_of_client,
            by_client: Mutex::default(),
        })
    }

    /// Counts `bytes` as held by an answer to `client` until the last copy of the result is dropped. `None` where
    /// its answers hold as much as they may. A client that is not known has no bound of its own.
    pub(super) fn lend(
        self: &Arc<HeldBytes>,
        client: Option<IpAddr>,
        bytes: Bytes,
    ) -> Option<Bytes> {
        let Some(client) = client else {
            return Some(bytes);
        };
        let size = bytes.len() as u64;
        let mut by_client = self.by_client();
        let held = by_client.entry(client).or_default();
        // One body is lent however large it is.
        if *held > 0 && *held + size > self.max_of_client {
            return None;
        }
        *held += size;
        drop(by_client);
        Some(Bytes::from_owner(Lent {
            bytes,
            client,
            count: Arc::clone(self),
        }))
    }

    fn by_client(&self) -> MutexGuard<'_, HashMap<IpAddr, u64>> {
        self.by_client
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nothing more should be drawn. What is being drawn at that moment still comes on top.
    pub(super) fn is_full(&self) -> bool {
        self.count() >= self.max
    }

    pub(super) fn count(&self) -> u64 {
        self.held.load(Relaxed)
    }

    /// Counts `bytes` until the last copy of the result is dropped.
    pub(super) fn hold(self: &Arc<HeldBytes>, bytes: Vec<u8>) -> Bytes {
        self.held.fetch_add(bytes.capacity() as u64, Relaxed);
        Bytes::from_owner(Held {
            bytes,
            count: Arc::clone(self),
        })
    }
}

struct Held {
    bytes: Vec<u8>,
    count: Arc<HeldBytes>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let size = self.bytes.capacity() as u64;
        self.count.held.fetch_sub(size, Relaxed);
    }
}

/// A body that an answer to a client holds.
struct Lent {
    bytes: Bytes,
    client: IpAddr,
    count: Arc<HeldBytes>,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let mut by_client = self.count.by_client();
        if let Some(held) = by_client.get_mut(&self.client) {
            *held = held.saturating_sub(self.bytes.len() as u64);
            if *held == 0 {
                by_client.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_that_takes_nothing_leaves_room_for_others() {
        let held = HeldBytes::new(100, 30);
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|ip| ip.parse::<IpAddr>().ok());
        let body = held.hold(vec![1; 20]);
        let lent = held.lend(one, body.clone());
        assert!(lent.is_some());
        assert_eq!(held.lend(one, body.clone()), None, "its share is taken");
        assert!(held.lend(other, body.clone()).is_some());
        assert!(held.lend(None, body.clone()).is_some());
        drop(lent);
        assert!(held.lend(one, body).is_some(), "it took the first");
        assert!(held.by_client().is_empty());
    }

    #[test]
    fn copies_count_once_and_until_the_last_is_dropped() {
        let held = HeldBytes::new(100, 100);
        let first = held.hold(vec![1; 60]);
        let (copy, part) = (first.clone(), first.slice(10..20));
        assert!(!held.is_full());
        let second = held.hold(vec![2; 40]);
        assert!(held.is_full());
        drop((first, copy));
        assert!(held.is_full(), "a part of it is still held");
        assert_eq!(part, vec![1; 10]);
        drop(part);
        assert!(!held.is_full());
        drop(second);
        assert_eq!(held.count(), 0);
    }
}
