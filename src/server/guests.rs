//! Connections into how many each address has.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::config::household;

/// How many connections each address has.
#[derive(Debug)]
pub(super) struct Guests {
    most: Option<usize>,
    counts: Mutex<HashMap<IpAddr, usize>>,
}

/// A place of a connection. It is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place(Option<(Arc<Guests>, IpAddr)>);

impl Guests {
    /// A house in which each address may have `most` connections at a time.
    pub(super) fn new(most: Option<usize>) -> Arc<Guests> {
        Arc::new(Guests {
            most,
            counts: Mutex::default(),
        })
    }

    /// A place for a connection from an address; `None` if it has as many as it may. All who have no
    /// address, are of this machine, or are `trusted`, as a proxy is that connects for many, are let in.
    pub(super) fn welcome(
        self: &Arc<Guests>,
        peer: Option<IpAddr>,
        trusted: bool,
    ) -> Option<Place> {
        let counted = peer.filter(|peer| !trusted && !peer.is_loopback());
        let (Some(most), Some(address)) = (self.most, counted.map(household)) else {
            return Some(Place(None));
        };
        let mut counts = self.counts();
        let count = counts.entry(address).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Place(Some((Arc::clone(self), address))))
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((guests, address)) = &self.0 else {
            return;
        };
        let mut counts = guests.counts();
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

    fn peer(text: &str) -> Option<IpAddr> {
        text.parse().ok()
    }

    #[test]
    fn each_address_has_its_places_and_leaves_them() {
        let guests = Guests::new(Some(2));
        let first = guests.welcome(peer("192.0.2.1"), false).unwrap();
        let second = guests.welcome(peer("192.0.2.1"), false).unwrap();
        assert!(guests.welcome(peer("192.0.2.1"), false).is_none());
        assert!(guests.welcome(peer("192.0.2.2"), false).is_some());
        drop(first);
        let third = guests.welcome(peer("192.0.2.1"), false);
        assert!(third.is_some());
        drop((second, third));
        assert!(guests.counts().is_empty(), "who is gone is forgotten");
    }

    #[test]
    fn proxies_and_this_machine_have_no_limit() {
        let guests = Guests::new(Some(0));
        assert!(guests.welcome(peer("192.0.2.1"), false).is_none());
        assert!(guests.welcome(peer("192.0.2.1"), true).is_some());
        assert!(guests.welcome(peer("127.0.0.1"), false).is_some());
        assert!(guests.welcome(None, false).is_some());
        assert!(
            Guests::new(None)
                .welcome(peer("192.0.2.1"), false)
                .is_some()
        );
    }

    #[test]
    fn the_addresses_of_an_ipv6_network_are_one() {
        let guests = Guests::new(Some(1));
        let first = guests.welcome(peer("2001:db8::1"), false);
        assert!(first.is_some());
        assert!(guests.welcome(peer("2001:db8::2"), false).is_none());
        assert!(guests.welcome(peer("2001:db8:0:1::2"), false).is_some());
    }
}
