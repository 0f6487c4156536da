//! Fuzzes the request target. Invariants:
//!
//! * A target finds a resource if and only if it spells the resource's path, with or without the
//!   prefix of `public_url`. Escapes are decoded once, and an escaped `/` or other reserved
//!   character differs from the plain one. No dot segment, NUL, broken escape or invalid UTF-8
//!   finds a resource.
//! * A target in authority-form is rejected. So is one in absolute-form with a scheme other than
//!   HTTP or with userinfo (RFC 9110 §4.2.4).
//! * A redirect stays on the site, does not point to itself, and its target answers 200.
//! * All 404 responses are equal, so nothing of the request is reflected.
//!
//! The decoder here is written from RFC 3986 and shares no code with courant.

#![no_main]

mod site;

use std::collections::HashMap;
use std::sync::LazyLock;

use hyper::{StatusCode, Uri};
use libfuzzer_sys::fuzz_target;
use site::{Answer, SNAPSHOT, send_request};

const PREFIX: &str = "/feeds/of";

/// The ETag of each resource, by its decoded path.
static RESOURCES: LazyLock<HashMap<PathOctets, Option<String>>> = LazyLock::new(|| {
    let paths = SNAPSHOT.all_paths();
    let resources = paths.iter().filter_map(|path| {
        let answer = send_request(
            path.parse().expect("a resource path is a valid target"),
            &[],
            "",
        )?;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        Some((
            decode_path(path).expect("a resource path can be decoded"),
            answer.etag,
        ))
    });
    resources.collect()
});
static NOT_FOUND_ANSWER: LazyLock<Answer> = LazyLock::new(|| get_path("/no-such-thing", ""));

fuzz_target!(|target: &[u8]| {
    // With an odd first byte the site is served below a prefix.
    let Some((first, target)) = target.split_first() else {
        return;
    };
    let prefix = if first % 2 == 1 { PREFIX } else { "" };
    // A target that hyper rejects never reaches courant.
    let Ok(uri) = Uri::try_from(target) else {
        return;
    };
    let path = uri.path().to_owned();
    // This target has no feed renderer, so further pages are 404.
    let is_further = uri
        .query()
        .is_some_and(|query| query.contains("page") || query.contains("archive"));
    // RFC 9112 §3.2.3: authority-form is for CONNECT only.
    let is_authority = uri.scheme().is_none() && uri.authority().is_some();
    let scheme = uri.scheme_str().map(str::to_ascii_lowercase);
    let is_foreign = scheme.is_some_and(|scheme| scheme != "http" && scheme != "https")
        || uri
            .authority()
            .is_some_and(|authority| authority.as_str().contains('@'));
    let Some(answer) = send_request(uri, &[], prefix) else {
        return;
    };
    if is_authority || is_foreign {
        assert!(answer.status.is_client_error(), "{}", answer.status);
        return;
    }
    let named = decode_path(&path).and_then(|octets| find_resource(&octets, prefix));
    match answer.status {
        StatusCode::OK => {
            let etag = named.expect("the target names no resource");
            assert_eq!(&answer.etag, etag);
        }
        StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT => {
            let location = answer.location.expect("a redirect has a location");
            let there = resolve_reference(&path, location.split('?').next().unwrap_or_default());
            assert!(
                there.starts_with('/') && !there.starts_with("//"),
                "{location}"
            );
            assert_ne!(there, path);
            assert_eq!(
                get_path(&there, prefix).status,
                StatusCode::OK,
                "{location}"
            );
        }
        StatusCode::NOT_FOUND => {
            assert!(named.is_none() || is_further, "the named resource exists");
            assert_eq!(answer, *NOT_FOUND_ANSWER);
        }
        StatusCode::BAD_REQUEST => assert!(named.is_none(), "the named resource exists"),
        other => panic!("{other}"),
    }
});

/// Resolves a relative reference that may begin with dots, RFC 3986 §5.2.
fn resolve_reference(from: &str, mut reference: &str) -> String {
    let mut above: Vec<&str> = from.split('/').collect();
    above.pop();
    reference = reference.strip_prefix("./").unwrap_or(reference);
    while let Some(rest) = reference.strip_prefix("../") {
        above.pop();
        reference = rest;
    }
    // `..` at the root stays at the root.
    let above = if above.is_empty() {
        String::new()
    } else {
        above.join("/")
    };
    format!("{above}/{reference}")
}

fn get_path(path: &str, prefix: &str) -> Answer {
    send_request(path.parse().expect("a valid path"), &[], prefix).expect("a rendered response")
}

fn find_resource(octets: &PathOctets, prefix: &str) -> Option<&'static Option<String>> {
    let above = decode_path(prefix).expect("the prefix can be decoded");
    let root = decode_path("/").expect("the root can be decoded");
    let below = octets.strip_prefix(&above[..]);
    let below = below.map(|below| if below.is_empty() { &root[..] } else { below });
    below
        .and_then(|below| RESOURCES.get(below))
        .or_else(|| RESOURCES.get(octets))
}

/// The octets of a path. The flag is true for an escaped reserved character.
type PathOctets = Vec<(u8, bool)>;

fn decode_path(path: &str) -> Option<PathOctets> {
    let bytes = path.as_bytes();
    let (mut octets, mut at) = (Vec::new(), 0);
    while let Some(&byte) = bytes.get(at) {
        if byte == b'%' {
            let digits = path.get(at + 1..at + 3)?;
            if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return None;
            }
            let byte = u8::from_str_radix(digits, 16).ok()?;
            octets.push((byte, b"/:@!$&'()*+,;=?#[]".contains(&byte)));
            at += 3;
        } else {
            octets.push((byte, false));
            at += 1;
        }
    }
    let bytes: Vec<u8> = octets.iter().map(|(byte, _)| *byte).collect();
    let is_text = std::str::from_utf8(&bytes).is_ok() && !bytes.contains(&0);
    let has_dots = octets
        .split(|octet| *octet == (b'/', false))
        .any(|segment| matches!(segment, [(b'.', _)] | [(b'.', _), (b'.', _)]));
    (is_text && !has_dots).then_some(octets)
}
