//! Reads `[server.limits]` and `server.trusted_proxies` of `config.toml`.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use crate::config_table::values::{MAX_DURATION, check_duration, with_value};
use crate::config_table::{ConfigErrors, ConfigTable, Spanned};

/// `[server.limits]`: limits per client.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientLimits {
    /// Maximum number of concurrent connections per address; `None` is no limit.
    pub connections_per_address: Option<usize>,
    /// Maximum number of requests per connection.
    pub requests_per_connection: usize,
    /// Maximum size of a request's header section, in bytes.
    pub header_size: usize,
    /// Maximum number of header fields of a request.
    pub header_fields: usize,
    /// Maximum length of a request target, in bytes.
    pub target_length: usize,
    /// Maximum time in which a client takes 64 KiB of a response.
    pub write_timeout: Duration,
    /// Maximum number of bytes that a client may send without a request and without reading a response.
    pub idle_bytes: usize,
    /// Maximum number of concurrent HTTP/2 streams per connection.
    pub streams: usize,
    /// Maximum number of HTTP/2 streams that a client may reset before they are handled.
    pub resets: usize,
    /// Limit on unconditional requests for one resource; `None` is no limit.
    pub poll_limit: Option<PollLimit>,
}

/// Limit on unconditional requests of one address for one resource (token bucket).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PollLimit {
    /// Number of requests that are accepted at once.
    pub burst: usize,
    /// Interval in which one more request is accepted.
    pub interval: Duration,
}

impl Default for ClientLimits {
    fn default() -> ClientLimits {
        ClientLimits {
            connections_per_address: Some(1_024),
            requests_per_connection: 10_000,
            header_size: 16 * 1024,
            header_fields: 100,
            target_length: 8_000,
            write_timeout: Duration::from_secs(60),
            idle_bytes: 256 * 1024,
            streams: 100,
            resets: 20,
            poll_limit: Some(PollLimit {
                burst: 20,
                interval: Duration::from_secs(60),
            }),
        }
    }
}

pub(super) fn read_limits(
    mut table: ConfigTable<'_, '_>,
    faults: &ConfigErrors<'_>,
) -> ClientLimits {
    let usual = ClientLimits::default();
    let mut count = |key, least: usize, most: usize, usual: usize| {
        let Some(written) = table.take_usize(key) else {
            return usual;
        };
        if !(least..=most).contains(&written.value) {
            faults.report_at(
                &written,
                &format!("is {}", written.value),
                format!("write a number from {least} to {most}"),
            );
        }
        written.value
    };
    const MAX_COUNT: usize = 1_000_000_000;
    // 0 is no limit.
    let connections = count(
        "connections_per_address",
        0,
        MAX_COUNT,
        usual.connections_per_address.unwrap_or(0),
    );
    let requests_per_connection = count(
        "requests_per_connection",
        1,
        MAX_COUNT,
        usual.requests_per_connection,
    );
    // hyper accepts no smaller read buffer.
    let header_size = count("header_size", 8_192, 1 << 20, usual.header_size);
    let header_fields = count("header_fields", 10, 1_000, usual.header_fields);
    let target_length = count("target_length", 100, 60_000, usual.target_length);
    let idle_bytes = count("idle_bytes", 64 * 1024, MAX_COUNT, usual.idle_bytes);
    let streams = count("streams", 1, 10_000, usual.streams);
    let resets = count("resets", 1, 10_000, usual.resets);
    let burst = count(
        "polls",
        0,
        1_000_000,
        usual.poll_limit.map_or(0, |polls| polls.burst),
    );
    let mut duration = |key, usual| {
        let bounds = Duration::from_millis(100)..=MAX_DURATION;
        check_duration(faults, table.take_duration(key), bounds, usual)
    };
    let write_timeout = duration("write_timeout", usual.write_timeout);
    let interval = duration(
        "poll_interval",
        usual
            .poll_limit
            .map_or(MAX_DURATION, |polls| polls.interval),
    );
    table.reject_unknown();
    ClientLimits {
        connections_per_address: Some(connections).filter(|most| *most > 0),
        requests_per_connection,
        header_size,
        header_fields,
        target_length,
        write_timeout,
        idle_bytes,
        streams,
        resets,
        poll_limit: (burst > 0).then_some(PollLimit { burst, interval }),
    }
}

/// Header in which a proxy sends the client address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`, which most proxies send.
    #[default]
    XForwardedFor,
    /// `Forwarded`, RFC 7239.
    Forwarded,
}

/// Proxies whose forwarded client address is trusted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TrustedProxies {
    networks: Vec<Network>,
    /// True if every peer on a Unix socket is trusted.
    trusts_unix_sockets: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    bits: u128,
    prefix_length: u32,
}

impl Network {
    fn contains_address(self, address: u128) -> bool {
        let host_bits = 128 - self.prefix_length;
        address.checked_shr(host_bits) == self.bits.checked_shr(host_bits)
    }
}

/// Returns the bits of an address. An IPv4 address equals its IPv4-mapped IPv6 address (RFC 4291
/// §2.5.5.2).
fn address_bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
    .to_bits()
}

impl TrustedProxies {
    /// Returns true if a peer is a trusted proxy; `None` is a peer on a Unix socket.
    pub fn is_trusted(&self, peer: Option<IpAddr>) -> bool {
        match peer {
            None => self.trusts_unix_sockets,
            Some(address) => {
                let address = address_bits(address);
                self.networks
                    .iter()
                    .any(|network| network.contains_address(address))
            }
        }
    }

    /// Parses a list of addresses, networks and `unix`.
    ///
    /// # Errors
    /// The first text that is not an address, a network or `unix`.
    pub fn parse(texts: &[String]) -> Result<TrustedProxies, String> {
        let mut trusted = TrustedProxies::default();
        for text in texts {
            if text == "unix" {
                trusted.trusts_unix_sockets = true;
            } else {
                let network = parse_network(text).ok_or_else(|| text.clone())?;
                trusted.networks.push(network);
            }
        }
        Ok(trusted)
    }
}

fn parse_network(text: &str) -> Option<Network> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let width = if address.is_ipv4() { 32 } else { 128 };
    let length = length.unwrap_or(width);
    (length <= width).then(|| Network {
        bits: address_bits(address),
        prefix_length: length + 128 - width,
    })
}

pub(super) fn read_trusted_proxies(
    faults: &ConfigErrors<'_>,
    written: Option<Spanned<Vec<String>>>,
) -> TrustedProxies {
    let Some(written) = written else {
        return TrustedProxies::default();
    };
    TrustedProxies::parse(&written.value).unwrap_or_else(|text| {
        faults.report_at(
            &with_value(&written, ()),
            &format!("has `{text}`, which is not an address or a network"),
            "write addresses or networks, such as `10.0.0.1` or `10.0.0.0/8`, or `unix` for peers \
             on a Unix socket",
        );
        TrustedProxies::default()
    })
}

/// Returns the address that a client is counted under: the /64 network for IPv6, because each site
/// has at least 2^64 addresses (RFC 6177).
pub fn client_limit_key(address: IpAddr) -> IpAddr {
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

    fn is_trusted_by(list: &[&str], peer: &str) -> bool {
        let list: Vec<String> = list.iter().map(|text| (*text).to_owned()).collect();
        let trusted = TrustedProxies::parse(&list).unwrap();
        trusted.is_trusted(peer.parse().ok())
    }

    #[test]
    fn proxy_is_trusted_only_within_its_networks() {
        assert!(is_trusted_by(&["10.0.0.0/8"], "10.255.0.1"));
        assert!(!is_trusted_by(&["10.0.0.0/8"], "11.0.0.1"));
        assert!(is_trusted_by(&["10.0.0.1"], "10.0.0.1"));
        assert!(!is_trusted_by(&["10.0.0.1"], "10.0.0.2"));
        assert!(is_trusted_by(&["10.0.0.1"], "::ffff:10.0.0.1"));
        assert!(is_trusted_by(&["2001:db8::/32"], "2001:db8:1::1"));
        assert!(!is_trusted_by(&["2001:db8::/32"], "2001:db9::1"));
        assert!(!is_trusted_by(&["2001:db8::/32"], "10.0.0.1"));
        assert!(is_trusted_by(&["0.0.0.0/0"], "8.8.8.8"));
        assert!(!is_trusted_by(&["0.0.0.0/0"], "2001:db8::1"));
        assert!(is_trusted_by(&["::/0"], "2001:db8::1"));
        assert!(!is_trusted_by(&[], "127.0.0.1"));
        assert!(is_trusted_by(&["unix"], "by a socket"));
        assert!(!is_trusted_by(&["127.0.0.1"], "by a socket"));
    }

    #[test]
    fn invalid_networks_are_rejected() {
        for text in ["", "a", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0/8"] {
            let rejected = TrustedProxies::parse(&[text.to_owned()]).unwrap_err();
            assert_eq!(rejected, text);
        }
    }

    #[test]
    fn ipv6_addresses_of_one_network_count_as_one() {
        let counted = |text: &str| client_limit_key(text.parse().unwrap()).to_string();
        assert_eq!(counted("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(counted("::ffff:10.0.0.1"), "10.0.0.1");
        assert_eq!(counted("10.0.0.1"), "10.0.0.1");
    }
}
