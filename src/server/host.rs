//! The `Host` of a request into whether the request may be answered, RFC 9112 §3.2.
//!
//! No answer depends on it: courant knows its own name from the configuration. It is checked
//! because a message that two readers could take for two hosts is how requests are smuggled past
//! a proxy.

use hyper::Version;

use super::fields::{Field, Fields};

/// Whether the fields name at most one host and a well-formed one; HTTP/1.1 must name one.
pub(super) fn is_acceptable(version: Version, fields: &Fields<'_>) -> bool {
    if !fields.has(Field::Host) {
        return version != Version::HTTP_11;
    }
    let host = fields.only(Field::Host);
    host.is_some_and(|host| is_host(host.as_bytes()))
}

/// Whether `:authority` names another host or port than `Host` does, where both are there.
pub(super) fn differs(authority: Option<&str>, scheme: Option<&str>, fields: &Fields<'_>) -> bool {
    let (Some(authority), Some(host)) = (authority, fields.first(Field::Host)) else {
        return false;
    };
    let authority = without_default_port(authority.as_bytes(), scheme);
    let host = without_default_port(host.as_bytes(), scheme);
    !authority.eq_ignore_ascii_case(host)
}

/// A port that is empty or the scheme's own says nothing (RFC 3986 §3.2.3).
fn without_default_port<'a>(host: &'a [u8], scheme: Option<&str>) -> &'a [u8] {
    let default: &[u8] = match scheme {
        Some("https") => b":443",
        _ => b":80",
    };
    let stripped = host.strip_suffix(default);
    stripped.or_else(|| host.strip_suffix(b":")).unwrap_or(host)
}

/// `uri-host [ ":" port ]`, RFC 9110 §7.2. Empty is right where the target has no authority.
fn is_host(value: &[u8]) -> bool {
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

/// RFC 3986 §3.2.2, `IPv6address / IPvFuture`, by its alphabet.
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

/// `unreserved / sub-delims`. RFC 3986 has no `_` in host names of its own; it is unreserved.
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

    fn accepted(version: Version, hosts: &[&[u8]]) -> bool {
        let mut headers = hyper::HeaderMap::new();
        for host in hosts {
            if let Ok(value) = HeaderValue::from_bytes(host) {
                headers.append(hyper::header::HOST, value);
            }
        }
        is_acceptable(version, &Fields::of(&headers))
    }

    #[test]
    fn one_well_formed_host() {
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
            assert!(accepted(Version::HTTP_11, &[host.as_bytes()]), "{host}");
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
            assert!(!accepted(Version::HTTP_11, &[host.as_bytes()]), "{host}");
            assert!(!accepted(Version::HTTP_10, &[host.as_bytes()]), "{host}");
        }
    }

    #[test]
    fn not_none_and_not_two() {
        assert!(!accepted(Version::HTTP_11, &[]));
        assert!(accepted(Version::HTTP_10, &[]));
        assert!(accepted(Version::HTTP_2, &[]), "it has `:authority`");
        for version in [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2] {
            assert!(!accepted(version, &[b"e.org", b"e.org"]));
        }
    }

    #[test]
    fn authority_and_host_name_the_same_or_differ() {
        let differs = |authority, scheme, host: &'static str| {
            let mut headers = hyper::HeaderMap::new();
            headers.append(hyper::header::HOST, HeaderValue::from_static(host));
            super::differs(authority, scheme, &Fields::of(&headers))
        };
        for host in ["e.org", "E.org", "e.org:80", "e.org:"] {
            assert!(!differs(Some("e.org"), Some("http"), host), "{host}");
            assert!(!differs(Some("E.ORG:80"), Some("http"), host), "{host}");
            assert!(!differs(None, None, host), "{host}");
        }
        assert!(!differs(Some("e.org:443"), Some("https"), "e.org"));
        for host in ["f.org", "e.org:8080", "", "www.e.org", "e.org:443"] {
            assert!(differs(Some("e.org"), Some("http"), host), "{host}");
        }
        assert!(differs(Some("e.org"), Some("https"), "e.org:80"));
        let headers = hyper::HeaderMap::new();
        assert!(!super::differs(Some("e.org"), None, &Fields::of(&headers)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(host in any::<Vec<u8>>()) {
            let _ = is_host(&host);
        }
    }
}
