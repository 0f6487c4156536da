//! Finds the client's IP address behind trusted proxies.
//!
//! The headers of an untrusted proxy are ignored. Its requests have no countable address either, as its clients must
//! not be counted as one.

use std::net::IpAddr;

use super::request_headers::{HeaderValueBytes, KnownHeader, RequestHeaders};
use crate::config::{ForwardedHeader, TrustedProxies, client_limit_key};

/// Finds the address under which a client is counted and limited. `None` for clients that are not counted: those on
/// this machine, and those behind a proxy that is untrusted or does not name them.
pub(crate) fn countable_client_ip(
    peer: Option<IpAddr>,
    fields: &RequestHeaders<'_>,
    trusted: &TrustedProxies,
    header: ForwardedHeader,
) -> Option<IpAddr> {
    let is_proxied = [
        KnownHeader::Forwarded,
        KnownHeader::XForwardedFor,
        KnownHeader::Via,
    ]
    .iter()
    .any(|field| fields.has_header(*field));
    if is_proxied && !trusted.is_trusted(peer) {
        return None;
    }
    find_client_ip(peer, fields, trusted, header)
        .filter(|address| !address.is_loopback())
        .map(client_limit_key)
}

/// Finds the client's full address: that of the peer, or the one that a trusted proxy names.
pub(crate) fn find_client_ip(
    peer: Option<IpAddr>,
    fields: &RequestHeaders<'_>,
    trusted: &TrustedProxies,
    header: ForwardedHeader,
) -> Option<IpAddr> {
    if !trusted.is_trusted(peer) {
        return peer;
    }
    let field = match header {
        ForwardedHeader::Forwarded => KnownHeader::Forwarded,
        ForwardedHeader::XForwardedFor => KnownHeader::XForwardedFor,
    };
    // Avoids the work below for proxies that send no such header.
    if !fields.has_header(field) {
        return None;
    }
    // Each proxy appends its own peer. So the list is read from the end, up to the first address that is not a
    // trusted proxy.
    let lines = fields
        .all_values(field)
        .filter_map(HeaderValueBytes::as_ascii_str);
    let members: Vec<&str> = lines.flat_map(|line| line.split(',')).collect();
    let mut address = None;
    for member in members.into_iter().rev() {
        address = match header {
            ForwardedHeader::Forwarded => parse_forwarded_for(member),
            ForwardedHeader::XForwardedFor => parse_node(member),
        };
        if address.is_none() || !trusted.is_trusted(address) {
            break;
        }
    }
    address
}

/// Parses the `for` parameter of one element of `Forwarded` (RFC 7239 §4).
fn parse_forwarded_for(element: &str) -> Option<IpAddr> {
    let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    parse_node(value.trim().trim_matches('"'))
}

/// Parses an address with or without a port; IPv6 may be in brackets (RFC 7239 §6).
fn parse_node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix('[') {
        return rest.split_once(']')?.0.parse().ok();
    }
    match text.split_once(':') {
        // More than one colon: an IPv6 address without brackets.
        Some((address, port)) if !port.contains(':') => address.parse().ok(),
        _ => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    fn countable_ip_text(
        peer: &str,
        name: &'static str,
        lines: &[&str],
        says: ForwardedHeader,
    ) -> Option<String> {
        let mut headers = hyper::HeaderMap::new();
        for line in lines {
            headers.append(name, HeaderValue::from_str(line).unwrap());
        }
        let trusted = [
            "10.0.0.0/8".to_owned(),
            "127.0.0.1".to_owned(),
            "unix".to_owned(),
        ];
        let trusted = TrustedProxies::parse(&trusted).unwrap();
        let address = countable_client_ip(
            peer.parse().ok(),
            &RequestHeaders::from_map(&headers),
            &trusted,
            says,
        );
        address.map(|address| address.to_string())
    }

    #[test]
    fn last_untrusted_address_is_the_client() {
        use self::ForwardedHeader::{Forwarded, XForwardedFor};
        type Case = (
            &'static str,
            &'static str,
            &'static [&'static str],
            ForwardedHeader,
            Option<&'static str>,
        );
        const XFF: &str = "x-forwarded-for";
        const FWD: &str = "forwarded";
        let cases: &[Case] = &[
            ("192.0.2.1", XFF, &[], XForwardedFor, Some("192.0.2.1")),
            ("192.0.2.1", XFF, &["192.0.2.9"], XForwardedFor, None),
            (
                "10.0.0.1",
                XFF,
                &["192.0.2.9"],
                XForwardedFor,
                Some("192.0.2.9"),
            ),
            (
                "unix",
                XFF,
                &["192.0.2.9"],
                XForwardedFor,
                Some("192.0.2.9"),
            ),
            (
                "10.0.0.1",
                XFF,
                &["192.0.2.8, 192.0.2.9"],
                XForwardedFor,
                Some("192.0.2.9"),
            ),
            (
                "10.0.0.1",
                XFF,
                &["192.0.2.9, 10.0.0.2"],
                XForwardedFor,
                Some("192.0.2.9"),
            ),
            (
                "10.0.0.1",
                XFF,
                &["192.0.2.8", "192.0.2.9"],
                XForwardedFor,
                Some("192.0.2.9"),
            ),
            ("10.0.0.1", XFF, &["192.0.2.9, x"], XForwardedFor, None),
            (
                "10.0.0.1",
                XFF,
                &["x, 192.0.2.9:4711"],
                XForwardedFor,
                Some("192.0.2.9"),
            ),
            (
                "10.0.0.1",
                XFF,
                &["2001:db8:0:1::5"],
                XForwardedFor,
                Some("2001:db8:0:1::"),
            ),
            (
                "10.0.0.1",
                XFF,
                &["[2001:db8::5]:80"],
                XForwardedFor,
                Some("2001:db8::"),
            ),
            ("192.0.2.1", "via", &["1.1 proxy"], XForwardedFor, None),
            ("10.0.0.1", XFF, &[], XForwardedFor, None),
            ("10.0.0.1", FWD, &["for=192.0.2.9"], XForwardedFor, None),
            (
                "10.0.0.1",
                FWD,
                &["for=192.0.2.9;proto=https"],
                Forwarded,
                Some("192.0.2.9"),
            ),
            (
                "10.0.0.1",
                FWD,
                &["proto=http; For=\"[2001:db8::5]:80\""],
                Forwarded,
                Some("2001:db8::"),
            ),
            (
                "10.0.0.1",
                FWD,
                &["for=192.0.2.8, for=\"192.0.2.9:80\""],
                Forwarded,
                Some("192.0.2.9"),
            ),
            ("10.0.0.1", FWD, &["for=_hidden"], Forwarded, None),
            ("10.0.0.1", FWD, &["for=unknown"], Forwarded, None),
            ("10.0.0.1", FWD, &["by=192.0.2.9"], Forwarded, None),
            (
                "127.0.0.1",
                XFF,
                &["192.0.2.9"],
                XForwardedFor,
                Some("192.0.2.9"),
            ),
            ("127.0.0.1", XFF, &["127.0.0.1"], XForwardedFor, None),
        ];
        for (peer, name, lines, says, expected) in cases {
            let found = countable_ip_text(peer, name, lines, *says);
            assert_eq!(found.as_deref(), *expected, "{peer} {name} {lines:?}");
        }
    }

    #[test]
    fn loopback_and_unix_clients_are_not_counted() {
        let nobody = TrustedProxies::default();
        let countable_ip = |peer: &str| {
            let says = ForwardedHeader::XForwardedFor;
            countable_client_ip(
                peer.parse().ok(),
                &RequestHeaders::from_map(&hyper::HeaderMap::new()),
                &nobody,
                says,
            )
        };
        assert_eq!(countable_ip("127.0.0.1"), None);
        assert_eq!(countable_ip("::1"), None);
        assert_eq!(countable_ip("by a socket"), None);
    }
}
