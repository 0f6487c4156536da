//! A conditional request into whether it is answered in full, by 304, or by 412.
//!
//! RFC 9110 §13.2.2 fixes the order, and the code is in it:
//!
//! 1. `If-Match`, by strong comparison: none matches, 412.
//! 2. Without it `If-Unmodified-Since`: modified since, 412.
//! 3. `If-None-Match`, by weak comparison: one matches, 304.
//! 4. Without it `If-Modified-Since`: not modified since, 304.
//!
//! What cannot be read is no match and no date. So a mangled validator costs a body, never a
//! stale page.

use std::time::SystemTime;

use hyper::HeaderMap;
use hyper::header::{
    HeaderName, HeaderValue, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE,
};

/// What tells two versions of the selected representation apart, RFC 9110 §8.8.
#[derive(Debug, Clone, Copy)]
pub(super) struct Validators<'a> {
    /// A strong entity tag, in its quotes.
    pub(super) etag: &'a str,
    /// Whole seconds; `None` while there is none that could be told.
    pub(super) last_modified: Option<SystemTime>,
}

/// What the conditions of a GET or HEAD come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Precondition {
    /// The request is answered as if it had none.
    Holds,
    /// The client has it already: 304.
    NotModified,
    /// The client did not want this one: 412.
    Failed,
}

impl Precondition {
    /// Evaluates the conditions of a GET or HEAD.
    pub(super) fn evaluate(
        headers: &HeaderMap,
        validators: Validators<'_>,
        now: SystemTime,
    ) -> Precondition {
        let etag = validators.etag.as_bytes();
        if headers.contains_key(IF_MATCH) {
            if !any_tag(headers, IF_MATCH, |tag| !tag.weak && tag.opaque == etag) {
                return Precondition::Failed;
            }
        } else if let (Some(modified), Some(date)) =
            (validators.last_modified, date(headers, IF_UNMODIFIED_SINCE))
            && modified > date
        {
            return Precondition::Failed;
        }
        if headers.contains_key(IF_NONE_MATCH) {
            if any_tag(headers, IF_NONE_MATCH, |tag| tag.opaque == etag) {
                return Precondition::NotModified;
            }
        } else if let (Some(modified), Some(date)) =
            (validators.last_modified, date(headers, IF_MODIFIED_SINCE))
            // A date ahead of the clock was not learnt from us.
            && date <= now
            && modified <= date
        {
            return Precondition::NotModified;
        }
        Precondition::Holds
    }
}

/// The date of a field that may stand only once, in any of the three forms of §5.6.7.
fn date(headers: &HeaderMap, name: HeaderName) -> Option<SystemTime> {
    let mut lines = headers.get_all(name).iter();
    match (lines.next(), lines.next()) {
        (Some(line), None) => httpdate::parse_http_date(line.to_str().ok()?.trim()).ok(),
        _ => None,
    }
}

/// Whether a field is `*`, which any representation matches, or lists a tag that matches.
fn any_tag(headers: &HeaderMap, name: HeaderName, matches: impl Fn(EntityTag<'_>) -> bool) -> bool {
    let mut lines = headers.get_all(name).iter();
    let is_star = |line: &HeaderValue| line.as_bytes().trim_ascii() == b"*";
    lines.any(|line| is_star(line) || EntityTag::list(line.as_bytes()).any(&matches))
}

/// RFC 9110 §8.8.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct EntityTag<'a> {
    weak: bool,
    /// With its quotes.
    opaque: &'a [u8],
}

impl<'a> EntityTag<'a> {
    /// The well-formed members of a list. A comma within quotes is part of a tag.
    fn list(mut rest: &'a [u8]) -> impl Iterator<Item = EntityTag<'a>> {
        std::iter::from_fn(move || {
            while !rest.is_empty() {
                let (member, after) = split_member(rest);
                rest = after;
                if let Some(tag) = EntityTag::parse(member.trim_ascii()) {
                    return Some(tag);
                }
            }
            None
        })
    }

    fn parse(member: &'a [u8]) -> Option<EntityTag<'a>> {
        let (weak, opaque) = match member.strip_prefix(b"W/") {
            Some(opaque) => (true, opaque),
            None => (false, member),
        };
        let inner = opaque.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        let is_etagc = |byte: &u8| matches!(byte, 0x21 | 0x23..=0x7e | 0x80..);
        inner
            .iter()
            .all(is_etagc)
            .then_some(EntityTag { weak, opaque })
    }
}

/// Splits at the first comma outside quotes.
fn split_member(list: &[u8]) -> (&[u8], &[u8]) {
    let mut quoted = false;
    let comma = list.iter().position(|&byte| {
        quoted ^= byte == b'"';
        byte == b',' && !quoted
    });
    match comma.and_then(|at| list.split_at_checked(at)) {
        Some((member, comma_on)) => (member, comma_on.get(1..).unwrap_or_default()),
        None => (list, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::Precondition::{Failed, Holds, NotModified};
    use super::*;
    use proptest::prelude::*;
    use std::time::{Duration, UNIX_EPOCH};

    const INM: &str = "if-none-match";
    const IMS: &str = "if-modified-since";
    const IM: &str = "if-match";
    const IUS: &str = "if-unmodified-since";
    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const SAME: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const AFTER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";
    const AHEAD: &str = "Sun, 06 Nov 1994 10:00:00 GMT";

    fn modified() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(784_111_777)
    }

    fn evaluated(fields: &[(&str, &[u8])], last_modified: Option<SystemTime>) -> Precondition {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            if let Ok(value) = HeaderValue::from_bytes(value) {
                headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value);
            }
        }
        let validators = Validators {
            etag: "\"a,b\"",
            last_modified,
        };
        Precondition::evaluate(&headers, validators, modified() + Duration::from_secs(60))
    }

    #[test]
    fn each_condition_is_judged_in_its_turn() {
        let cases: &[(&[(&str, &str)], Precondition)] = &[
            (&[], Holds),
            // 3. If-None-Match
            (&[(INM, "\"a,b\"")], NotModified),
            (&[(INM, "W/\"a,b\"")], NotModified),
            (&[(INM, "*")], NotModified),
            (&[(INM, " * ")], NotModified),
            (&[(INM, "\"x\", \"a,b\"")], NotModified),
            (&[(INM, ",, \"x\",W/\"a,b\" ,")], NotModified),
            (&[(INM, "\"x\""), (INM, "\"a,b\"")], NotModified),
            (&[(INM, "\"x\"")], Holds),
            (&[(INM, "")], Holds),
            (&[(INM, "a,b")], Holds),
            (&[(INM, "\"a,b")], Holds),
            (&[(INM, "a,b\"")], Holds),
            (&[(INM, "\"")], Holds),
            (&[(INM, "\"\"")], Holds),
            (&[(INM, "w/\"a,b\"")], Holds),
            (&[(INM, "\"a,b\"x")], Holds),
            (&[(INM, "W/W/\"a,b\"")], Holds),
            (&[(INM, "\"A,B\"")], Holds),
            (&[(INM, "*, \"x\"")], Holds),
            (&[(INM, "bad, \"a,b\"")], NotModified),
            // 3 before 4
            (&[(INM, "\"x\""), (IMS, SAME)], Holds),
            (&[(INM, "broken"), (IMS, SAME)], Holds),
            (&[(INM, "\"a,b\""), (IMS, BEFORE)], NotModified),
            // 4. If-Modified-Since
            (&[(IMS, BEFORE)], Holds),
            (&[(IMS, SAME)], NotModified),
            (&[(IMS, AFTER)], NotModified),
            (&[(IMS, AHEAD)], Holds),
            (&[(IMS, "Sunday, 06-Nov-94 08:49:37 GMT")], NotModified),
            (&[(IMS, "Sun Nov  6 08:49:37 1994")], NotModified),
            (&[(IMS, "yesterday")], Holds),
            (&[(IMS, "")], Holds),
            (&[(IMS, SAME), (IMS, SAME)], Holds),
            // 1. If-Match
            (&[(IM, "\"a,b\"")], Holds),
            (&[(IM, "*")], Holds),
            (&[(IM, "\"x\""), (IM, "\"a,b\"")], Holds),
            (&[(IM, "W/\"a,b\"")], Failed),
            (&[(IM, "\"x\"")], Failed),
            (&[(IM, "broken")], Failed),
            (&[(IM, "\"x\""), (INM, "\"a,b\"")], Failed),
            (&[(IM, "\"a,b\""), (INM, "\"a,b\"")], NotModified),
            (&[(IM, "\"a,b\""), (IMS, SAME)], NotModified),
            // 1 before 2
            (&[(IM, "\"a,b\""), (IUS, BEFORE)], Holds),
            // 2. If-Unmodified-Since
            (&[(IUS, BEFORE)], Failed),
            (&[(IUS, SAME)], Holds),
            (&[(IUS, AHEAD)], Holds),
            (&[(IUS, "never")], Holds),
            (&[(IUS, SAME), (IMS, SAME)], NotModified),
            (&[(IUS, BEFORE), (INM, "\"a,b\"")], Failed),
        ];
        for (fields, expected) in cases {
            let bytes: Vec<_> = fields.iter().map(|(n, v)| (*n, v.as_bytes())).collect();
            assert_eq!(evaluated(&bytes, Some(modified())), *expected, "{fields:?}");
        }
    }

    #[test]
    fn without_a_modification_date_dates_say_nothing() {
        assert_eq!(evaluated(&[(IMS, AFTER.as_bytes())], None), Holds);
        assert_eq!(evaluated(&[(IUS, BEFORE.as_bytes())], None), Holds);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(a in any::<Vec<u8>>(), b in "[W/\"ab,* ]{0,16}") {
            for name in [INM, IMS, IM, IUS] {
                let _ = evaluated(&[(name, &a), (name, b.as_bytes())], Some(modified()));
            }
        }

        #[test]
        fn what_does_not_hold_the_tag_does_not_match(line in "[W/\"ab, x]{0,24}") {
            prop_assume!(!line.contains("\"a,b\""));
            prop_assert_eq!(evaluated(&[(INM, line.as_bytes())], None), Holds);
        }
    }
}
