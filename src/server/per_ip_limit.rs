//! Limits the concurrent connections of each client IP address. An IPv6 /64 network counts as one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::config::client_limit_key;

/// Limiter that counts the open connections of each client address.
#[derive(Debug)]
pub(super) struct PerIpLimiter {
    max_connections: Option<usize>,
    counts: Mutex<HashMap<IpAddr, usize>>,
}

/// Permit for one connection. When it is dropped, the connection is no longer counted.
#[derive(Debug)]
pub(super) struct ConnectionPermit(Option<(Arc<PerIpLimiter>, IpAddr)>);

impl PerIpLimiter {
    /// Allows at most `max_connections` concurrent connections per client address; `None` is no limit.
    pub(super) fn new(max_connections: Option<usize>) -> Arc<PerIpLimiter> {
        Arc::new(PerIpLimiter {
            max_connections,
            counts: Mutex::default(),
        })
    }

    /// Counts a connection from `peer`; `None` if that address is at its limit. Unix sockets, which have no address,
    /// loopback addresses and trusted peers, such as proxies that connect for many clients, are not limited.
    pub(super) fn try_acquire(
        self: &Arc<PerIpLimiter>,
        peer: Option<IpAddr>,
        is_trusted: bool,
    ) -> Option<ConnectionPermit> {
        let counted = peer.filter(|peer| !is_trusted && !peer.is_loopback());
        let (Some(max_connections), Some(address)) =
            (self.max_connections, counted.map(client_limit_key))
        else {
            return Some(ConnectionPermit(None));
        };
        let mut counts = self.lock_counts();
        let count = counts.entry(address).or_default();
        if *count >= max_connections {
            return None;
        }
        *count += 1;
        Some(ConnectionPermit(Some((Arc::clone(self), address))))
    }

    fn lock_counts(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let Some((limiter, address)) = &self.0 else {
            return;
        };
        let mut counts = limiter.lock_counts();
        if let Some(count) = counts.get_mut(address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_peer(text: &str) -> Option<IpAddr> {
        text.parse().ok()
    }

    #[test]
    fn each_address_has_its_own_limit() {
        let limiter = PerIpLimiter::new(Some(2));
        let first = limiter.try_acquire(parse_peer("192.0.2.1"), false).unwrap();
        let second = limiter.try_acquire(parse_peer("192.0.2.1"), false).unwrap();
        assert!(
            limiter
                .try_acquire(parse_peer("192.0.2.1"), false)
                .is_none()
        );
        assert!(
            limiter
                .try_acquire(parse_peer("192.0.2.2"), false)
                .is_some()
        );
        drop(first);
        let third = limiter.try_acquire(parse_peer("192.0.2.1"), false);
        assert!(third.is_some());
        drop((second, third));
        assert!(
            limiter.lock_counts().is_empty(),
            "closed connections leave no entry"
        );
    }

    #[test]
    fn proxies_and_loopback_are_not_limited() {
        let limiter = PerIpLimiter::new(Some(0));
        assert!(
            limiter
                .try_acquire(parse_peer("192.0.2.1"), false)
                .is_none()
        );
        assert!(limiter.try_acquire(parse_peer("192.0.2.1"), true).is_some());
        assert!(
            limiter
                .try_acquire(parse_peer("127.0.0.1"), false)
                .is_some()
        );
        assert!(limiter.try_acquire(None, false).is_some());
        assert!(
            PerIpLimiter::new(None)
                .try_acquire(parse_peer("192.0.2.1"), false)
                .is_some()
        );
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address() {
        let limiter = PerIpLimiter::new(Some(1));
        let first = limiter.try_acquire(parse_peer("2001:db8::1"), false);
        assert!(first.is_some());
        assert!(
            limiter
                .try_acquire(parse_peer("2001:db8::2"), false)
                .is_none()
        );
        assert!(
            limiter
                .try_acquire(parse_peer("2001:db8:0:1::2"), false)
                .is_some()
        );
    }
}
