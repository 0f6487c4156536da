//! Any bytes as the target of a request. What holds:
//!
//! * A target leads to a resource if and only if it says the resource's path: its escapes decoded once,
//!   an escaped `/` and other reserved characters not taken for themselves, with or without the prefix
//!   of `public_url`. Nothing else is found by any spelling; above all nothing by a dot segment, a
//!   NUL, a broken escape or bytes that are not UTF-8.
//! * A target in authority-form is refused, and so is one in absolute-form that is not of HTTP or names a user
//!   (RFC 9110 §4.2.4).
//! * A redirect stays on the site, is not to where it came from, and leads to an answer at once.
//! * All who are answered that there is nothing are answered the same: nothing is reflected.
//!
//! The decoder here is written from RFC 3986 and shares nothing with courant's.

#![no_main]

mod site;

use std::collections::HashMap;
use std::sync::LazyLock;

use hyper::{StatusCode, Uri};
use libfuzzer_sys::fuzz_target;
use site::{Answer, SNAPSHOT, ask};

const PREFIX: &str = "/feeds/of";

/// The ETag of each resource, by what its path says.
static RESOURCES: LazyLock<HashMap<Said, Option<String>>> = LazyLock::new(|| {
    let paths = SNAPSHOT.paths();
    let resources = paths.iter().filter_map(|path| {
        let answer = ask(path.parse().expect("a path of ours is one"), &[], "")?;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        Some((
            said(path).expect("a path of ours says something"),
            answer.etag,
        ))
    });
    resources.collect()
});
static NOTHING: LazyLock<Answer> = LazyLock::new(|| get("/no-such-thing", ""));

fuzz_target!(|target: &[u8]| {
    // An odd first byte: the site is served below a prefix.
    let Some((first, target)) = target.split_first() else {
        return;
    };
    let prefix = if first % 2 == 1 { PREFIX } else { "" };
    // What hyper makes of the target; what it refuses does not reach us.
    let Ok(uri) = Uri::try_from(target) else {
        return;
    };
    let path = uri.path().to_owned();
    // Further pages of a feed are made by what is not here, so there are none.
    let is_further = uri
        .query()
        .is_some_and(|query| query.contains("page") || query.contains("archive"));
    // RFC 9112 §3.2.3: for CONNECT, and no address of ours.
    let is_authority = uri.scheme().is_none() && uri.authority().is_some();
    let scheme = uri.scheme_str().map(str::to_ascii_lowercase);
    let is_foreign = scheme.is_some_and(|scheme| scheme != "http" && scheme != "https")
        || uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
    let Some(answer) = ask(uri, &[], prefix) else {
        return;
    };
    if is_authority || is_foreign {
        assert!(answer.status.is_client_error(), "{}", answer.status);
        return;
    }
    let meant = said(&path).and_then(|said| found(&said, prefix));
    match answer.status {
        StatusCode::OK => {
            let etag = meant.expect("nothing was meant that is there");
            assert_eq!(&answer.etag, etag);
        }
        StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT => {
            let location = answer.location.expect("a redirect says where");
            let there = resolved(&path, location.split('?').next().unwrap_or_default());
            assert!(
                there.starts_with('/') && !there.starts_with("//"),
                "{location}"
            );
            assert_ne!(there, path);
            assert_eq!(get(&there, prefix).status, StatusCode::OK, "{location}");
        }
        StatusCode::NOT_FOUND => {
            assert!(meant.is_none() || is_further, "what was meant is there");
            assert_eq!(answer, *NOTHING);
        }
        StatusCode::BAD_REQUEST => assert!(meant.is_none(), "what was meant is there"),
        other => panic!("{other}"),
    }
});

/// Where a relative reference leads that begins with dots, RFC 3986 §5.2.
fn resolved(from: &str, mut reference: &str) -> String {
    let mut above: Vec<&str> = from.split('/').collect();
    above.pop();
    reference = reference.strip_prefix("./").unwrap_or(reference);
    while let Some(rest) = reference.strip_prefix("../") {
        above.pop();
        reference = rest;
    }
    // Nothing is above the root.
    let above = if above.is_empty() {
        String::new()
    } else {
        above.join("/")
    };
    format!("{above}/{reference}")
}

fn get(path: &str, prefix: &str) -> Answer {
    ask(path.parse().expect("it is a path"), &[], prefix).expect("it is whole")
}

fn found(said: &Said, prefix: &str) -> Option<&'static Option<String>> {
    let above = self::said(prefix).expect("the prefix says something");
    let root = self::said("/").expect("the root says something");
    let below = said.strip_prefix(&above[..]);
    let below = below.map(|below| if below.is_empty() { &root[..] } else { below });
    below
        .and_then(|below| RESOURCES.get(below))
        .or_else(|| RESOURCES.get(said))
}

/// The octets of a path, each with whether it is a reserved one that was escaped.
type Said = Vec<(u8, bool)>;

fn said(path: &str) -> Option<Said> {
    let bytes = path.as_bytes();
    let (mut said, mut at) = (Vec::new(), 0);
    while let Some(&byte) = bytes.get(at) {
        if byte == b'%' {
            let digits = path.get(at + 1..at + 3)?;
            if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return None;
            }
            let byte = u8::from_str_radix(digits, 16).ok()?;
            said.push((byte, b"/:@!$&'()*+,;=?#[]".contains(&byte)));
            at += 3;
        } else {
            said.push((byte, false));
            at += 1;
        }
    }
    let octets: Vec<u8> = said.iter().map(|(byte, _)| *byte).collect();
    let is_text = std::str::from_utf8(&octets).is_ok() && !octets.contains(&0);
    let has_dots = said
        .split(|octet| *octet == (b'/', false))
        .any(|segment| matches!(segment, [(b'.', _)] | [(b'.', _), (b'.', _)]));
    (is_text && !has_dots).then_some(said)
}
