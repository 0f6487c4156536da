//! Fuzzes `Accept-Encoding`. A line feed starts a second field line. Invariants:
//!
//! * The status is 200: never 406.
//! * The client prefers no available coding to the one sent, by RFC 9110 §12.5.3. Malformed members
//!   are ignored, and of two members for one coding the first counts. A coding that the client
//!   excludes, or does not name, is never sent. If it excludes all codings, the identity form is
//!   sent.
//! * Each coding has its own ETag, and `Vary` lists `Accept-Encoding`.
//!
//! The list parser here is written from the RFC's grammar and shares no code with courant.

#![no_main]

mod site;

use std::sync::LazyLock;

use hyper::header::{ACCEPT_ENCODING, HeaderName, HeaderValue};
use hyper::{StatusCode, Uri};
use libfuzzer_sys::fuzz_target;
use site::{Answer, send_request};

/// The codings of the feed, each with its response.
static CODED_ANSWERS: LazyLock<Vec<(&str, Answer)>> = LazyLock::new(|| {
    let mut forms = Vec::new();
    for coding in ["identity", "gzip", "br", "zstd"] {
        let answer = get_feed(&[(ACCEPT_ENCODING, HeaderValue::from_static(coding))]);
        if answer.coding.as_deref().unwrap_or("identity") == coding {
            assert!(
                forms
                    .iter()
                    .all(|(_, other): &(_, Answer)| other.etag != answer.etag)
            );
            forms.push((coding, answer));
        }
    }
    assert!(forms.len() >= 2);
    forms
});

fuzz_target!(|lines: &[u8]| {
    let fields: Vec<(HeaderName, HeaderValue)> = lines
        .split(|byte| *byte == b'\n')
        // A line that no field can hold never reaches courant.
        .filter_map(|line| Some((ACCEPT_ENCODING, HeaderValue::from_bytes(line).ok()?)))
        .collect();
    let answer = get_feed(&fields);
    let sent = answer.coding.as_deref().unwrap_or("identity");
    let form = CODED_ANSWERS.iter().find(|(coding, _)| *coding == sent);
    assert_eq!(
        form.map(|(_, form)| form),
        Some(&answer),
        "{sent} is not a coding of the feed"
    );
    assert!(
        answer
            .vary
            .is_some_and(|vary| vary.to_ascii_lowercase().contains("accept-encoding"))
    );
    let preferences: Vec<Preference> = fields
        .iter()
        .filter_map(|(_, line)| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .filter_map(parse_preference)
        .collect();
    let weight = |coding: &str| doubled_weight(&preferences, coding);
    if sent != "identity" {
        assert!(weight(sent) > 0, "{sent} was not asked for");
    }
    for (other, _) in &*CODED_ANSWERS {
        assert!(
            weight(sent) >= weight(other),
            "{other} is wanted more than {sent}"
        );
    }
});

fn get_feed(fields: &[(HeaderName, HeaderValue)]) -> Answer {
    let answer = send_request(Uri::from_static("/rss.xml"), fields, "").expect("a rendered feed");
    assert_eq!(answer.status, StatusCode::OK);
    answer
}

/// A coding in lower case, and its weight in thousandths.
type Preference = (String, u32);

fn parse_preference(member: &str) -> Option<Preference> {
    let space = [' ', '\t'];
    let mut parts = member.splitn(2, ';').map(|part| part.trim_matches(space));
    let coding = parts.next()?.to_ascii_lowercase();
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if coding.is_empty() || !coding.bytes().all(is_token) {
        return None;
    }
    let Some(parameter) = parts.next() else {
        return Some((coding, 1000));
    };
    let value = parameter.strip_prefix(['q', 'Q'])?.strip_prefix('=')?;
    let (one, decimals) = match value.as_bytes() {
        [b'0'] | [b'0', b'.'] => (0, &[][..]),
        [b'1'] | [b'1', b'.'] => (1, &[][..]),
        [b'0', b'.', decimals @ ..] if decimals.len() <= 3 => (0, decimals),
        [b'1', b'.', decimals @ ..] if decimals.len() <= 3 => (1, decimals),
        _ => return None,
    };
    let mut thousandths = one * 1000;
    for (decimal, place) in decimals.iter().zip([100, 10, 1]) {
        thousandths += u32::from(decimal.checked_sub(b'0').filter(|digit| *digit < 10)?) * place;
    }
    (thousandths <= 1000).then_some((coding, thousandths))
}

/// Returns the doubled weight, so that an unnamed identity ranks below every named coding.
fn doubled_weight(preferences: &[Preference], coding: &str) -> u32 {
    let first = |name: &str| preferences.iter().find(|(coding, _)| coding == name);
    let named = match coding {
        "gzip" => preferences
            .iter()
            .find(|(coding, _)| matches!(&**coding, "gzip" | "x-gzip")),
        _ => first(coding),
    };
    match named.or_else(|| first("*")) {
        Some((_, thousandths)) => 2 * thousandths,
        None => u32::from(coding == "identity"),
    }
}
