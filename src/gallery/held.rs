//! Counts the bytes of finished drawings that the cache or an answer still holds.
//!
//! A drawing is counted once, however many answers share it, and until the last of them is through. So the count is
//! what is in memory, and answers that clients do not take cannot grow it without a bound.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bytes::Bytes;

/// How many bytes are held, and how many may be.
#[derive(Debug)]
pub(super) struct HeldBytes {
    held: AtomicU64,
    max: u64,
}

impl HeldBytes {
    pub(super) fn new(max: u64) -> Arc<HeldBytes> {
        Arc::new(HeldBytes {
            held: AtomicU64::new(0),
            max,
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_count_once_and_until_the_last_is_dropped() {
        let held = HeldBytes::new(100);
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
