//! Fuzzes `If-None-Match`. The bytes 1 and 2 stand for the feed's own tags. Invariants:
//!
//! * 304 only if the field contains the quoted tag of a coding that the client accepts, or is `*`.
//! * 304 always if the field is well formed by RFC 9110 §13.1.2 and has such a tag, weak or not, or
//!   is `*`.
//! * Otherwise the response is the same as without the field: never 412, and never an error.
//! * A 304 has such a tag and the `Vary` of the 200, and no body.
//!
//! An even first byte requests the identity form and accepts only its tag. An odd one requests
//! gzip, which has a different tag, and accepts both. The grammar here is written from the RFC and
//! shares no code with courant.

#![no_main]

mod site;

use std::sync::LazyLock;

use hyper::header::{ACCEPT_ENCODING, HeaderName, HeaderValue, IF_NONE_MATCH};
use hyper::{StatusCode, Uri};
use libfuzzer_sys::fuzz_target;
use site::{Answer, send_request};

static PLAIN: LazyLock<Answer> = LazyLock::new(|| get_feed("identity", None));
static CODED: LazyLock<Answer> = LazyLock::new(|| get_feed("gzip", None));

fuzz_target!(|field: &[u8]| {
    let Some((first, field)) = field.split_first() else {
        return;
    };
    let (coding, whole) = match first % 2 {
        0 => ("identity", &*PLAIN),
        _ => ("gzip", &*CODED),
    };
    assert_ne!(PLAIN.etag, CODED.etag);
    let tag = whole
        .etag
        .as_deref()
        .expect("the feed has a tag")
        .as_bytes();
    // The field may name the tag of either coding.
    let plain = PLAIN
        .etag
        .as_deref()
        .expect("the feed has a tag")
        .as_bytes();
    let field: Vec<u8> = field
        .iter()
        .flat_map(|byte| match byte {
            1 => tag.to_vec(),
            2 => plain.to_vec(),
            other => vec![*other],
        })
        .collect();
    let Ok(value) = HeaderValue::from_bytes(&field) else {
        return;
    };
    let taken: &[&[u8]] = if first % 2 == 0 {
        &[tag]
    } else {
        &[tag, plain]
    };
    let answer = get_feed(coding, Some(value));
    let is_any = field.trim_ascii() == b"*";
    match answer.status {
        StatusCode::NOT_MODIFIED => {
            let is_there = |tag: &&[u8]| field.windows(tag.len()).any(|window| window == *tag);
            assert!(
                is_any || taken.iter().any(is_there),
                "304 without a matching tag"
            );
            let named = answer
                .etag
                .as_deref()
                .expect("a 304 has the tag")
                .as_bytes();
            assert!(taken.contains(&named) && (is_any || is_there(&named)));
            assert_eq!(answer.vary, whole.vary);
            assert_eq!((answer.length, &answer.coding), (0, &None));
        }
        StatusCode::OK => {
            assert_eq!(&answer, whole);
            let is_taken = |named: &&[u8]| taken.contains(named);
            let holds = is_any || parse_tags(&field).is_some_and(|tags| tags.iter().any(is_taken));
            assert!(!holds, "a matching tag without 304");
        }
        other => panic!("{other}"),
    }
});

fn get_feed(coding: &'static str, condition: Option<HeaderValue>) -> Answer {
    let mut fields: Vec<(HeaderName, HeaderValue)> =
        vec![(ACCEPT_ENCODING, HeaderValue::from_static(coding))];
    fields.extend(condition.map(|condition| (IF_NONE_MATCH, condition)));
    send_request(Uri::from_static("/rss.xml"), &fields, "").expect("a rendered feed")
}

/// Parses a list of entity tags. Returns the opaque tags, or `None` for a malformed list.
fn parse_tags(mut rest: &[u8]) -> Option<Vec<&[u8]>> {
    let mut tags = Vec::new();
    loop {
        while let [b' ' | b'\t' | b',', after @ ..] = rest {
            rest = after;
        }
        if rest.is_empty() {
            return Some(tags);
        }
        let opaque = rest.strip_prefix(b"W/").unwrap_or(rest);
        let length = opaque
            .strip_prefix(b"\"")?
            .iter()
            .position(|byte| *byte == b'"')?
            + 2;
        let (tag, after) = opaque.split_at(length);
        let is_etagc = |byte: &u8| matches!(byte, 0x21 | 0x23..=0x7e | 0x80..);
        if !tag[1..length - 1].iter().all(is_etagc) {
            return None;
        }
        tags.push(tag);
        rest = after.trim_ascii_start();
        if !rest.is_empty() && !rest.starts_with(b",") {
            return None;
        }
    }
}
