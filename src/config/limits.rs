//! `[server.limits]` of `config.toml` into what one client may take.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use super::raw::{Faults, Table, Written};
use super::values::{DAY, with, within};

/// `[server.limits]`: what one client may take.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// The most connections of one address at a time; `None` is no limit.
    pub connections_per_address: Option<usize>,
    /// The most requests of one connection.
    pub requests_per_connection: usize,
    /// The most bytes of a request's head.
    pub header_size: usize,
    /// The most fields of a request's head.
    pub header_fields: usize,
    /// The most bytes of a request's target.
    pub target_length: usize,
    /// How long a client may take for 64 KiB of an answer.
    pub write_timeout: Duration,
    /// The most bytes that a client may send without asking anything and without taking an answer.
    pub idle_bytes: usize,
    /// The most requests of an HTTP/2 connection at a time.
    pub streams: usize,
    /// The most requests of an HTTP/2 connection that are taken back before they are looked at.
    pub resets: usize,
    /// How often the same may be asked for without a condition; `None` is no limit.
    pub polls: Option<Polls>,
}

/// How often one address may ask for the same without a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Polls {
    /// So often at once.
    pub burst: usize,
    /// And then once in this time.
    pub interval: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections_per_address: Some(1_024),
            requests_per_connection: 10_000,
            header_size: 16 * 1024,
            header_fields: 100,
            target_length: 8_000,
            write_timeout: Duration::from_secs(60),
            idle_bytes: 256 * 1024,
            streams: 100,
            resets: 20,
            polls: Some(Polls {
                burst: 20,
                interval: Duration::from_secs(60),
            }),
        }
    }
}

pub(super) fn limits(mut table: Table<'_, '_>, faults: &Faults<'_>) -> Limits {
    let usual = Limits::default();
    let mut count = |key, least: usize, most: usize, usual: usize| {
        let Some(written) = table.count(key) else {
            return usual;
        };
        if !(least..=most).contains(&written.value) {
            faults.at(
                &written,
                &format!("is {}", written.value),
                format!("write a number from {least} to {most}"),
            );
        }
        written.value
    };
    const MANY: usize = 1_000_000_000;
    let connections = count("connections_per_address", 0, MANY, 1_024);
    let requests_per_connection = count(
        "requests_per_connection",
        1,
        MANY,
        usual.requests_per_connection,
    );
    // Below that hyper would not read at all.
    let header_size = count("header_size", 8_192, 1 << 20, usual.header_size);
    let header_fields = count("header_fields", 10, 1_000, usual.header_fields);
    let target_length = count("target_length", 100, 60_000, usual.target_length);
    let idle_bytes = count("idle_bytes", 64 * 1024, MANY, usual.idle_bytes);
    let streams = count("streams", 1, 10_000, usual.streams);
    let resets = count("resets", 1, 10_000, usual.resets);
    let burst = count("polls", 0, 1_000_000, 20);
    let mut duration = |key, usual| {
        let bounds = Duration::from_millis(100)..=DAY;
        within(faults, table.duration(key), bounds, usual)
    };
    let write_timeout = duration("write_timeout", usual.write_timeout);
    let interval = duration("poll_interval", Duration::from_secs(60));
    table.finish();
    Limits {
        connections_per_address: Some(connections).filter(|most| *most > 0),
        requests_per_connection,
        header_size,
        header_fields,
        target_length,
        write_timeout,
        idle_bytes,
        streams,
        resets,
        polls: (burst > 0).then_some(Polls { burst, interval }),
    }
}

/// The field in which a proxy says who came to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SaysClient {
    /// `X-Forwarded-For`, as most have it.
    #[default]
    XForwardedFor,
    /// `Forwarded`, RFC 7239.
    Forwarded,
}

/// Whose word for the address of a client counts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TrustedProxies {
    networks: Vec<Network>,
    /// Whether those that connect by a Unix socket are.
    by_unix_socket: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    bits: u128,
    length: u32,
}

/// An IPv4 address and its place among those of IPv6 (RFC 4291 §2.5.5.2) are the same.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
    .to_bits()
}

impl TrustedProxies {
    /// Whether the word of who connects from here counts; `None` is a Unix socket.
    pub fn trusts(&self, peer: Option<IpAddr>) -> bool {
        match peer {
            None => self.by_unix_socket,
            Some(address) => {
                let address = bits(address);
                let is_within = |network: &Network| {
                    let host = 128 - network.length;
                    address.checked_shr(host) == network.bits.checked_shr(host)
                };
                self.networks.iter().any(is_within)
            }
        }
    }

    /// Those of a list as it is written in a configuration; what is none is told by its place.
    ///
    /// # Errors
    /// The first text that is neither an address, a network, nor `unix`.
    pub fn parse(texts: &[String]) -> Result<TrustedProxies, String> {
        let mut trusted = TrustedProxies::default();
        for text in texts {
            if text == "unix" {
                trusted.by_unix_socket = true;
            } else {
                let network = network(text).ok_or_else(|| text.clone())?;
                trusted.networks.push(network);
            }
        }
        Ok(trusted)
    }
}

fn network(text: &str) -> Option<Network> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let width = if address.is_ipv4() { 32 } else { 128 };
    let length = length.unwrap_or(width);
    (length <= width).then(|| Network {
        bits: bits(address),
        length: length + 128 - width,
    })
}

pub(super) fn trusted_proxies(
    faults: &Faults<'_>,
    written: Option<Written<Vec<String>>>,
) -> TrustedProxies {
    let Some(written) = written else {
        return TrustedProxies::default();
    };
    TrustedProxies::parse(&written.value).unwrap_or_else(|text| {
        faults.at(
            &with(&written, ()),
            &format!("has `{text}`, which is no address"),
            "write addresses or networks, such as `10.0.0.1` or `10.0.0.0/8`, or `unix` for those \
             that connect by a Unix socket",
        );
        TrustedProxies::default()
    })
}

/// The address under which clients of one household or host are counted: of IPv6 the network, for each has
/// 2^64 addresses (RFC 6177).
pub fn household(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => v4.into(),
            None => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusts(list: &[&str], peer: &str) -> bool {
        let list: Vec<String> = list.iter().map(|text| (*text).to_owned()).collect();
        let trusted = TrustedProxies::parse(&list).unwrap();
        trusted.trusts(peer.parse().ok())
    }

    #[test]
    fn an_address_is_within_its_networks_only() {
        assert!(trusts(&["10.0.0.0/8"], "10.255.0.1"));
        assert!(!trusts(&["10.0.0.0/8"], "11.0.0.1"));
        assert!(trusts(&["10.0.0.1"], "10.0.0.1"));
        assert!(!trusts(&["10.0.0.1"], "10.0.0.2"));
        assert!(trusts(&["10.0.0.1"], "::ffff:10.0.0.1"));
        assert!(trusts(&["2001:db8::/32"], "2001:db8:1::1"));
        assert!(!trusts(&["2001:db8::/32"], "2001:db9::1"));
        assert!(!trusts(&["2001:db8::/32"], "10.0.0.1"));
        assert!(trusts(&["0.0.0.0/0"], "8.8.8.8"));
        assert!(!trusts(&["0.0.0.0/0"], "2001:db8::1"));
        assert!(trusts(&["::/0"], "2001:db8::1"));
        assert!(!trusts(&[], "127.0.0.1"));
        assert!(trusts(&["unix"], "by a socket"));
        assert!(!trusts(&["127.0.0.1"], "by a socket"));
    }

    #[test]
    fn what_is_no_network_is_told() {
        for text in ["", "a", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0/8"] {
            let told = TrustedProxies::parse(&[text.to_owned()]).unwrap_err();
            assert_eq!(told, text);
        }
    }

    #[test]
    fn all_addresses_of_an_ipv6_host_are_one() {
        let of = |text: &str| household(text.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(of("::ffff:10.0.0.1"), "10.0.0.1");
        assert_eq!(of("10.0.0.1"), "10.0.0.1");
    }
}
