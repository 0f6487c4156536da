//! Any bytes as `Accept-Encoding`, in one line or, at each line feed, in several. What holds:
//!
//! * It is answered by 200: never 406, and never by nothing.
//! * The coding that is sent is one that the client wants no less than any other that is at hand, by
//!   RFC 9110 §12.5.3, where a member that is not well formed counts as not written and of two about the
//!   same coding the first counts. One that it rules out, or has not named, is never sent; if it rules out all,
//!   the bytes go as they are.
//! * The same coding has the same ETag, another coding another, and `Vary` says why.
//!
//! The reader of the list here is written from the RFC's grammar and shares nothing with courant's.

#![no_main]

mod site;

use std::sync::LazyLock;

use hyper::header::{ACCEPT_ENCODING, HeaderName, HeaderValue};
use hyper::{StatusCode, Uri};
use libfuzzer_sys::fuzz_target;
use site::{Answer, ask};

/// The codings that the feed has, each with its answer.
static FORMS: LazyLock<Vec<(&str, Answer)>> = LazyLock::new(|| {
    let mut forms = Vec::new();
    for coding in ["identity", "gzip", "br", "zstd"] {
        let answer = get(&[(ACCEPT_ENCODING, HeaderValue::from_static(coding))]);
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
        // What no field can hold does not reach us.
        .filter_map(|line| Some((ACCEPT_ENCODING, HeaderValue::from_bytes(line).ok()?)))
        .collect();
    let answer = get(&fields);
    let sent = answer.coding.as_deref().unwrap_or("identity");
    let form = FORMS.iter().find(|(coding, _)| *coding == sent);
    assert_eq!(
        form.map(|(_, form)| form),
        Some(&answer),
        "{sent} is no form of the feed"
    );
    assert!(
        answer
            .vary
            .is_some_and(|vary| vary.to_ascii_lowercase().contains("accept-encoding"))
    );
    let wishes: Vec<Wish> = fields
        .iter()
        .filter_map(|(_, line)| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .filter_map(wish)
        .collect();
    let of = |coding: &str| weight(&wishes, coding);
    if sent != "identity" {
        assert!(of(sent) > 0, "{sent} was not asked for");
    }
    for (other, _) in &*FORMS {
        assert!(of(sent) >= of(other), "{other} is wanted more than {sent}");
    }
});

fn get(fields: &[(HeaderName, HeaderValue)]) -> Answer {
    let answer = ask(Uri::from_static("/rss.xml"), fields, "").expect("the feed is whole");
    assert_eq!(answer.status, StatusCode::OK);
    answer
}

/// A coding in lower case and a weight, in thousandths.
type Wish = (String, u32);

fn wish(member: &str) -> Option<Wish> {
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

/// Doubled, so that identity has a place behind all that was asked for.
fn weight(wishes: &[Wish], coding: &str) -> u32 {
    let first = |name: &str| wishes.iter().find(|(coding, _)| coding == name);
    let named = match coding {
        "gzip" => wishes
            .iter()
            .find(|(coding, _)| matches!(&**coding, "gzip" | "x-gzip")),
        _ => first(coding),
    };
    match named.or_else(|| first("*")) {
        Some((_, thousandths)) => 2 * thousandths,
        None => u32::from(coding == "identity"),
    }
}
