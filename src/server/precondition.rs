//! A conditional request into whether it is answered in full, by 304, or by 412.
//!
//! RFC 9110 §13.2.2 fixes the order, and the code is in it:
//!
//! 1. `If-Match`, by strong comparison: none matches, 412.
//! 2. Without it `If-Unmodified-Since`: modified since, 412.
//! 3. `If-None-Match`, by weak comparison: one matches, 304.
//! 4. Without it `If-Modified-Since`: not modified since, 304.
//!
//! A tag matches that is of the selected form, or of another form of the same content that the client takes:
//! whoever has the bytes in any coding has them. Codings come and go, with the process and with what it has had
//! time for, and none of that is to cost a body.
//!
//! What cannot be read is no match and no date. So a mangled validator costs a body, never a
//! stale page.

use std::time::SystemTime;

use super::fields::{Field, Fields};
use super::negotiate::Accepted;
use crate::snapshot::{Form, Tags};

/// What tells two versions of the selected representation apart, RFC 9110 §8.8.
#[derive(Debug, Clone, Copy)]
pub(super) struct Validators<'a> {
    /// The strong entity tags of all its forms.
    pub(super) tags: &'a Tags,
    /// The form that an answer in full has.
    pub(super) selected: Form,
    /// The codings that the client takes.
    pub(super) accepted: Accepted,
    /// Whole seconds; `None` while there is none that could be told.
    pub(super) last_modified: Option<SystemTime>,
}

/// What the conditions of a GET or HEAD come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Precondition {
    /// The request is answered as if it had none.
    Holds,
    /// The client has it already, in this form: 304.
    NotModified(Form),
    /// The client did not want this one: 412.
    Failed,
}

impl Precondition {
    /// Evaluates the conditions of a GET or HEAD.
    pub(super) fn evaluate(
        fields: &Fields<'_>,
        validators: Validators<'_>,
        now: SystemTime,
    ) -> Precondition {
        if fields.has(Field::IfMatch) {
            if validators.named(fields, Field::IfMatch, false).is_none() {
                return Precondition::Failed;
            }
        } else if let (Some(modified), Some(date)) = (
            validators.last_modified,
            date(fields, Field::IfUnmodifiedSince),
        ) && modified > date
        {
            return Precondition::Failed;
        }
        if fields.has(Field::IfNoneMatch) {
            if let Some(form) = validators.named(fields, Field::IfNoneMatch, true) {
                return Precondition::NotModified(form);
            }
        } else if let (Some(modified), Some(date)) =
            (validators.last_modified, date(fields, Field::IfModifiedSince))
            // A date ahead of the clock was not learnt from us.
            && date <= now
            && modified <= date
        {
            return Precondition::NotModified(validators.selected);
        }
        Precondition::Holds
    }
}

impl Validators<'_> {
    /// The form that a field names first: `*` is the selected one.
    fn named(&self, fields: &Fields<'_>, field: Field, may_be_weak: bool) -> Option<Form> {
        fields.lines(field).find_map(|line| {
            // Most name one, and it is that.
            if self.tags.is(line.as_bytes(), self.selected) {
                return Some(self.selected);
            }
            if line.as_bytes().trim_ascii() == b"*" {
                return Some(self.selected);
            }
            EntityTag::list(line.as_bytes())
                .filter(|tag| may_be_weak || !tag.weak)
                .find_map(|tag| {
                    self.tags
                        .form(tag.opaque)
                        .filter(|form| self.is_taken(*form))
                })
        })
    }

    fn is_taken(&self, form: Form) -> bool {
        form == self.selected || self.accepted.takes(form.coding())
    }
}

/// The strong tags, in their quotes, of what a client says that it has.
pub(super) fn strong_tags<'a>(fields: &Fields<'a>) -> impl Iterator<Item = &'a [u8]> {
    let lines = fields.lines(Field::IfNoneMatch);
    let tags = lines.flat_map(|line| EntityTag::list(line.as_bytes()));
    tags.filter(|tag| !tag.weak).map(|tag| tag.opaque)
}

/// The date of a field that may stand only once, in any of the three forms of §5.6.7.
fn date(fields: &Fields<'_>, field: Field) -> Option<SystemTime> {
    let line = fields.only(field)?;
    httpdate::parse_http_date(line.text()?.trim()).ok()
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
    use super::Precondition::{Failed, Holds};
    use super::*;
    use hyper::HeaderMap;
    use hyper::header::{ACCEPT_ENCODING, HeaderName, HeaderValue};
    use proptest::prelude::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[expect(non_upper_case_globals, reason = "it stands beside the others")]
    const NotModified: Precondition = Precondition::NotModified(Form::Identity);
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
        let tags = Tags::new("a,b", &Form::ALL);
        let validators = Validators {
            tags: &tags,
            selected: Form::Identity,
            accepted: Accepted::of(&Fields::of(&headers)),
            last_modified,
        };
        Precondition::evaluate(
            &Fields::of(&headers),
            validators,
            modified() + Duration::from_secs(60),
        )
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
    fn a_tag_of_another_form_matches_where_its_coding_is_taken() {
        use Form::{Br5, Br11, Gzip, Identity, Zstd3, Zstd19};
        let is = Precondition::NotModified;
        // What is taken, what would be sent, `If-None-Match` or `If-Match`, and what it comes to.
        let cases: &[(Option<&str>, Form, &str, &str, Precondition)] = &[
            (None, Identity, INM, "\"c\"", is(Identity)),
            (None, Identity, INM, "\"c-gzip\"", Holds),
            (None, Identity, INM, "\"c-br11\"", Holds),
            (Some("gzip"), Gzip, INM, "\"c-gzip\"", is(Gzip)),
            (Some("gzip"), Gzip, INM, "W/\"c-gzip\"", is(Gzip)),
            (Some("gzip"), Gzip, INM, "\"c\"", is(Identity)),
            (Some("gzip"), Identity, INM, "\"c-gzip\"", is(Gzip)),
            (Some("gzip"), Gzip, INM, "\"c-br5\"", Holds),
            (Some("br"), Br11, INM, "\"c-br5\"", is(Br5)),
            (Some("br"), Br5, INM, "\"c-br11\"", is(Br11)),
            (Some("br"), Identity, INM, "\"c-br11\"", is(Br11)),
            (Some("br;q=0"), Identity, INM, "\"c-br11\"", Holds),
            (Some("zstd, br"), Br11, INM, "\"c-zstd3\"", is(Zstd3)),
            (Some("*"), Br11, INM, "\"c-zstd19\"", is(Zstd19)),
            (Some("*;q=0"), Identity, INM, "\"c-zstd19\"", Holds),
            (Some("br"), Br5, INM, "\"d-br5\", \"c-br\"", Holds),
            (
                Some("br, gzip"),
                Br5,
                INM,
                "\"d\", \"c-gzip\", \"c-br5\"",
                is(Gzip),
            ),
            (Some("br, gzip"), Br5, INM, "*", is(Br5)),
            (Some("identity;q=0, gzip"), Gzip, INM, "\"c\"", Holds),
            // There is nothing else yet, so that is what would be sent.
            (
                Some("identity;q=0, gzip"),
                Identity,
                INM,
                "\"c\"",
                is(Identity),
            ),
            (Some("identity;q=0"), Identity, INM, "\"c\"", is(Identity)),
            (Some("br"), Br11, IM, "\"c-br5\"", Holds),
            (Some("br"), Br11, IM, "\"c\"", Holds),
            (Some("br"), Br11, IM, "W/\"c-br5\"", Failed),
            (Some("br"), Br11, IM, "\"c-gzip\"", Failed),
            (None, Identity, IM, "\"c-br11\"", Failed),
            (Some("br"), Br11, IMS, SAME, is(Br11)),
        ];
        let tags = Tags::new("c", &Form::ALL);
        for &(accept, selected, name, value, expected) in cases {
            let mut headers = HeaderMap::new();
            let value = HeaderValue::from_static(value);
            headers.append(HeaderName::from_static(name), value);
            if let Some(accept) = accept {
                headers.append(ACCEPT_ENCODING, HeaderValue::from_static(accept));
            }
            let validators = Validators {
                tags: &tags,
                selected,
                accepted: Accepted::of(&Fields::of(&headers)),
                last_modified: Some(modified()),
            };
            let now = modified() + Duration::from_secs(60);
            let is = Precondition::evaluate(&Fields::of(&headers), validators, now);
            assert_eq!(is, expected, "{headers:?}, {selected:?}");
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
