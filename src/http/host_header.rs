//! Validates the `Host` header of a request (RFC 9112 §3.2).
//!
//! No response depends on it, as courant's own name is in the configuration. It is checked because a request
//! that two servers read as two different hosts can be smuggled past a proxy.

use hyper::Version;

use super::request_headers::{KnownHeader, RequestHeaders};

/// Returns true if there is at most one `Host`, and it is well-formed. HTTP/1.1 requires one.
pub(super) fn has_valid_host(version: Version, fields: &RequestHeaders<'_>) -> bool {
    if !fields.has_header(KnownHeader::Host) {
        return version != Version::HTTP_11;
    }
    let host = fields.single_value(KnownHeader::Host);
    host.is_some_and(|host| is_well_formed_host(host.as_bytes()))
}

/// Returns true if `:authority` and `Host` are both there and name different hosts or ports.
pub(super) fn has_conflicting_authority(
    authority: Option<&str>,
    scheme: Option<&str>,
    fields: &RequestHeaders<'_>,
) -> bool {
    let (Some(authority), Some(host)) = (authority, fields.first_value(KnownHeader::Host)) else {
        return false;
    };
    let authority = strip_default_port(authority.as_bytes(), scheme);
    let host = strip_default_port(host.as_bytes(), scheme);
    !authority.eq_ignore_ascii_case(host)
}

/// Removes a port that is empty or the scheme's default (RFC 3986 §3.2.3).
fn strip_default_port<'a>(host: &'a [u8], scheme: Option<&str>) -> &'a [u8] {
    let default: &[u8] = match scheme {
        Some("https") => b":443",
        _ => b":80",
    };
    let stripped = host.strip_suffix(default);
    stripped.or_else(|| host.strip_suffix(b":")).unwrap_or(host)
}

/// Matches `uri-host [ ":" port ]` (RFC 9110 §7.2). An empty value is valid if the target has no authority.
fn is_well_formed_host(value: &[u8]) -> bool {
    let (name, after) = match value.strip_prefix(b"[") {
        Some(literal) => {
            let mut parts = literal.splitn(2, |&byte| byte == b']');
            match (parts.next(), parts.next()) {
                (Some(address), Some(after)) if is_ip_literal(address) => (&[][..], after),
                _ => return false,
            }
        }
        None => match value.iter().position(|&byte| byte == b':') {
            Some(colon) => value.split_at_checked(colon).unwrap_or_default(),
            None => (value, &[][..]),
        },
    };
    let port = after.strip_prefix(b":").unwrap_or_default();
    is_reg_name(name)
        && (after.is_empty() || after.starts_with(b":"))
        && port.iter().all(u8::is_ascii_digit)
}

/// Matches the characters of `IPv6address / IPvFuture` (RFC 3986 §3.2.2), not their grammar.
fn is_ip_literal(address: &[u8]) -> bool {
    let is_future = matches!(address.first(), Some(b'v' | b'V'));
    !address.is_empty()
        && address.iter().all(|&byte| match byte {
            b':' | b'.' => true,
            _ if is_future => is_reg_name_byte(byte),
            _ => byte.is_ascii_hexdigit(),
        })
}

fn is_reg_name(name: &[u8]) -> bool {
    let mut bytes = name.iter();
    while let Some(&byte) = bytes.next() {
        let valid = match byte {
            b'%' => [bytes.next(), bytes.next()]
                .iter()
                .all(|digit| digit.is_some_and(u8::is_ascii_hexdigit)),
            _ => is_reg_name_byte(byte),
        };
        if !valid {
            return false;
        }
    }
    true
}

/// Matches `unreserved / sub-delims` (RFC 3986 §2), which includes `_`.
fn is_reg_name_byte(byte: u8) -> bool {
    matches!(
        byte,
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9'
            | b'-' | b'.' | b'_' | b'~'
            | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'='
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;
    use proptest::prelude::*;

    fn is_host_accepted(version: Version, hosts: &[&[u8]]) -> bool {
        let mut headers = hyper::HeaderMap::new();
        for host in hosts {
            if let Ok(value) = HeaderValue::from_bytes(host) {
                headers.append(hyper::header::HOST, value);
            }
        }
        has_valid_host(version, &RequestHeaders::from_map(&headers))
    }

    #[test]
    fn host_must_be_well_formed() {
        let good = [
            "e.org",
            "e.org:",
            "e.org:8080",
            "",
            "[::1]",
            "[::1]:80",
            "[v1.a]",
            "127.0.0.1:1",
            "a_b",
            "%C3%A9",
        ];
        for host in good {
            assert!(
                is_host_accepted(Version::HTTP_11, &[host.as_bytes()]),
                "{host}"
            );
        }
        let bad = [
            "e.org/",
            "a b",
            "u@e.org",
            "e.org:x",
            "a:1:2",
            "[::1",
            "::1]",
            "[]",
            "[::1]x",
            "[g]",
            "%4",
            "é",
            "a,b?",
            "http://e.org",
        ];
        for host in bad {
            assert!(
                !is_host_accepted(Version::HTTP_11, &[host.as_bytes()]),
                "{host}"
            );
            assert!(
                !is_host_accepted(Version::HTTP_10, &[host.as_bytes()]),
                "{host}"
            );
        }
    }

    #[test]
    fn exactly_one_host_is_required() {
        assert!(!is_host_accepted(Version::HTTP_11, &[]));
        assert!(is_host_accepted(Version::HTTP_10, &[]));
        assert!(
            is_host_accepted(Version::HTTP_2, &[]),
            "it has `:authority`"
        );
        for version in [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2] {
            assert!(!is_host_accepted(version, &[b"e.org", b"e.org"]));
        }
    }

    #[test]
    fn conflicting_authority_and_host_are_detected() {
        let is_conflicting = |authority, scheme, host: &'static str| {
            let mut headers = hyper::HeaderMap::new();
            headers.append(hyper::header::HOST, HeaderValue::from_static(host));
            super::has_conflicting_authority(authority, scheme, &RequestHeaders::from_map(&headers))
        };
        for host in ["e.org", "E.org", "e.org:80", "e.org:"] {
            assert!(!is_conflicting(Some("e.org"), Some("http"), host), "{host}");
            assert!(
                !is_conflicting(Some("E.ORG:80"), Some("http"), host),
                "{host}"
            );
            assert!(!is_conflicting(None, None, host), "{host}");
        }
        assert!(!is_conflicting(Some("e.org:443"), Some("https"), "e.org"));
        for host in ["f.org", "e.org:8080", "", "www.e.org", "e.org:443"] {
            assert!(is_conflicting(Some("e.org"), Some("http"), host), "{host}");
        }
        assert!(is_conflicting(Some("e.org"), Some("https"), "e.org:80"));
        let headers = hyper::HeaderMap::new();
        assert!(!super::has_conflicting_authority(
            Some("e.org"),
            None,
            &RequestHeaders::from_map(&headers)
        ));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(host in any::<Vec<u8>>()) {
            let _ = is_well_formed_host(&host);
        }
    }
}
