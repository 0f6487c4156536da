//! Counts the rendered bytes that the cache or unsent responses still hold.
//!
//! A render is counted once, however many responses share it, until the last of them is sent. So the count is the
//! memory in use, and clients that do not read cannot grow it beyond the limit. Each client may hold only a part of the
//! limit, so that a stalled client leaves room for others.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

/// Number of held bytes, and its limits.
#[derive(Debug)]
pub(super) struct HeldBytes {
    held: AtomicU64,
    max: u64,
    /// Maximum bytes that responses to one client may hold.
    max_per_client: u64,
    /// Bytes held by responses to each client; clients that hold none are removed.
    by_client: Mutex<HashMap<IpAddr, u64>>,
}

impl HeldBytes {
    pub(super) fn new(max: u64, max_of_client: u64) -> Arc<HeldBytes> {
        Arc::new(HeldBytes {
            held: AtomicU64::new(0),
            max,
            max_per_client: max_of_client,
            by_client: Mutex::default(),
        })
    }

    /// Counts `bytes` as held by a response to `client` until the last copy of the result is dropped. `None` if the
    /// client would exceed its limit. An unknown client has no limit of its own.
    pub(super) fn hold_for_client(
        self: &Arc<HeldBytes>,
        client: Option<IpAddr>,
        bytes: Bytes,
    ) -> Option<Bytes> {
        let Some(client) = client else {
            return Some(bytes);
        };
        let size = bytes.len() as u64;
        let mut by_client = self.lock_by_client();
        let held = by_client.entry(client).or_default();
        // A client always gets one body, however large it is.
        if *held > 0 && *held + size > self.max_per_client {
            return None;
        }
        *held += size;
        drop(by_client);
        Some(Bytes::from_owner(ClientBody {
            bytes,
            client,
            count: Arc::clone(self),
        }))
    }

    fn lock_by_client(&self) -> MutexGuard<'_, HashMap<IpAddr, u64>> {
        self.by_client
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns true if no render should start. Renders that are running may still exceed the limit.
    pub(super) fn is_full(&self) -> bool {
        self.held_bytes() >= self.max
    }

    pub(super) fn held_bytes(&self) -> u64 {
        self.held.load(Relaxed)
    }

    /// Counts `bytes` until the last copy of the result is dropped.
    pub(super) fn hold_rendered(self: &Arc<HeldBytes>, bytes: Vec<u8>) -> Bytes {
        self.held.fetch_add(bytes.capacity() as u64, Relaxed);
        Bytes::from_owner(CountedRender {
            bytes,
            count: Arc::clone(self),
        })
    }
}

struct CountedRender {
    bytes: Vec<u8>,
    count: Arc<HeldBytes>,
}

impl AsRef<[u8]> for CountedRender {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for CountedRender {
    fn drop(&mut self) {
        let size = self.bytes.capacity() as u64;
        self.count.held.fetch_sub(size, Relaxed);
    }
}

/// Body that a response to a client holds.
struct ClientBody {
    bytes: Bytes,
    client: IpAddr,
    count: Arc<HeldBytes>,
}

impl AsRef<[u8]> for ClientBody {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for ClientBody {
    fn drop(&mut self) {
        let mut by_client = self.count.lock_by_client();
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
    fn stalled_client_leaves_room_for_others() {
        let held = HeldBytes::new(100, 30);
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|ip| ip.parse::<IpAddr>().ok());
        let body = held.hold_rendered(vec![1; 20]);
        let lent = held.hold_for_client(one, body.clone());
        assert!(lent.is_some());
        assert_eq!(
            held.hold_for_client(one, body.clone()),
            None,
            "its share is used up"
        );
        assert!(held.hold_for_client(other, body.clone()).is_some());
        assert!(held.hold_for_client(None, body.clone()).is_some());
        drop(lent);
        assert!(
            held.hold_for_client(one, body).is_some(),
            "it has read the first"
        );
        assert!(held.lock_by_client().is_empty());
    }

    #[test]
    fn copies_count_once_and_until_the_last_is_dropped() {
        let held = HeldBytes::new(100, 100);
        let first = held.hold_rendered(vec![1; 60]);
        let (copy, part) = (first.clone(), first.slice(10..20));
        assert!(!held.is_full());
        let second = held.hold_rendered(vec![2; 40]);
        assert!(held.is_full());
        drop((first, copy));
        assert!(held.is_full(), "a part of it is still held");
        assert_eq!(part, vec![1; 10]);
        drop(part);
        assert!(!held.is_full());
        drop(second);
        assert_eq!(held.held_bytes(), 0);
    }
}
