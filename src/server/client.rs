//! The peer of a connection and what proxies say into the address of the client.
//!
//! A proxy that nobody has named as trusted is not believed, and is nobody's client either: who is behind it
//! must not be counted as one.

use std::net::IpAddr;

use super::fields::{Field, Fields, Value};
use crate::config::{SaysClient, TrustedProxies, household};

/// Who asks, as far as it can be told; `None` for one who is not to be counted: of this machine, or
/// behind a proxy that does not say who.
pub(super) fn address(
    peer: Option<IpAddr>,
    fields: &Fields<'_>,
    trusted: &TrustedProxies,
    says: SaysClient,
) -> Option<IpAddr> {
    let is_by_another = [Field::Forwarded, Field::XForwardedFor, Field::Via]
        .iter()
        .any(|field| fields.has(*field));
    if is_by_another && !trusted.trusts(peer) {
        return None;
    }
    named(peer, fields, trusted, says)
        .filter(|address| !address.is_loopback())
        .map(household)
}

/// The address that asks, as it is: that of whoever connects, or the one that a trusted proxy names.
pub(super) fn named(
    peer: Option<IpAddr>,
    fields: &Fields<'_>,
    trusted: &TrustedProxies,
    says: SaysClient,
) -> Option<IpAddr> {
    if !trusted.trusts(peer) {
        return peer;
    }
    let field = match says {
        SaysClient::Forwarded => Field::Forwarded,
        SaysClient::XForwardedFor => Field::XForwardedFor,
    };
    // A proxy that says nothing is met on each request.
    if !fields.has(field) {
        return None;
    }
    // Each proxy adds who came to it, so what is true begins at the end, and ends with the first who is
    // not trusted.
    let lines = fields.lines(field);
    let members = lines.filter_map(Value::text);
    let members: Vec<&str> = members.flat_map(|line| line.split(',')).collect();
    let mut address = None;
    for member in members.into_iter().rev() {
        address = match says {
            SaysClient::Forwarded => forwarded_for(member),
            SaysClient::XForwardedFor => node(member),
        };
        if address.is_none() || !trusted.trusts(address) {
            break;
        }
    }
    address
}

/// The `for` of one element, RFC 7239 §4.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    node(value.trim().trim_matches('"'))
}

/// An address with a port or without one, of IPv6 in brackets or not (RFC 7239 §6).
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix('[') {
        return rest.split_once(']')?.0.parse().ok();
    }
    match text.split_once(':') {
        // More than one colon: an address of IPv6 as it is.
        Some((address, port)) if !port.contains(':') => address.parse().ok(),
        _ => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    fn told(peer: &str, name: &'static str, lines: &[&str], says: SaysClient) -> Option<String> {
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
        let address = address(peer.parse().ok(), &Fields::of(&headers), &trusted, says);
        address.map(|address| address.to_string())
    }

    #[test]
    fn the_last_who_is_not_trusted_is_the_client() {
        use SaysClient::{Forwarded, XForwardedFor};
        type Case = (
            &'static str,
            &'static str,
            &'static [&'static str],
            SaysClient,
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
            let told = told(peer, name, lines, *says);
            assert_eq!(told.as_deref(), *expected, "{peer} {name} {lines:?}");
        }
    }

    #[test]
    fn who_is_of_this_machine_is_not_counted() {
        let nobody = TrustedProxies::default();
        let of = |peer: &str| {
            let says = SaysClient::XForwardedFor;
            address(
                peer.parse().ok(),
                &Fields::of(&hyper::HeaderMap::new()),
                &nobody,
                says,
            )
        };
        assert_eq!(of("127.0.0.1"), None);
        assert_eq!(of("::1"), None);
        assert_eq!(of("by a socket"), None);
    }
}
