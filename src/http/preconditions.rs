//! Evaluates the conditions of a GET or HEAD request: full response, 304 or 412.
//!
//! The code follows the order that RFC 9110 §13.2.2 requires:
//!
//! 1. `If-Match`, by strong comparison: 412 if no tag matches.
//! 2. Without it, `If-Unmodified-Since`: 412 if modified since.
//! 3. `If-None-Match`, by weak comparison: 304 if a tag matches.
//! 4. Without it, `If-Modified-Since`: 304 if not modified since.
//!
//! A tag matches if it belongs to the selected encoding, or to another encoding of the same content that the client
//! accepts. Compressed encodings are added over time and lost at a restart, and neither should make clients download a
//! body again.
//!
//! A malformed tag matches nothing and a malformed date is ignored. So a damaged validator costs a full response, but
//! never leaves a client with a stale copy.

use std::time::SystemTime;

use super::accept_encoding::AcceptedEncodings;
use super::request_headers::{KnownHeader, RequestHeaders};
use crate::publish::snapshot::{Encoding, EntityTags};

/// Validators of the selected representation (RFC 9110 §8.8).
#[derive(Debug, Clone, Copy)]
pub(super) struct Validators<'a> {
    /// Strong entity tags of all its encodings.
    pub(super) tags: &'a EntityTags,
    /// Encoding of a full response.
    pub(super) selected: Encoding,
    /// Content codings that the client accepts.
    pub(super) accepted: AcceptedEncodings,
    /// In whole seconds; `None` while it is in the future.
    pub(super) last_modified: Option<SystemTime>,
}

/// Result of evaluating the conditions of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PreconditionOutcome {
    /// Full response, as without conditions.
    Holds,
    /// The client already has the content, in this encoding: 304.
    NotModified(Encoding),
    /// A required condition is false: 412.
    Failed,
}

impl PreconditionOutcome {
    /// Evaluates the conditions of a GET or HEAD.
    pub(super) fn evaluate_conditions(
        fields: &RequestHeaders<'_>,
        validators: Validators<'_>,
        now: SystemTime,
    ) -> PreconditionOutcome {
        if fields.has_header(KnownHeader::IfMatch) {
            if validators
                .find_matching_encoding(fields, KnownHeader::IfMatch, false)
                .is_none()
            {
                return PreconditionOutcome::Failed;
            }
        } else if let (Some(modified), Some(date)) = (
            validators.last_modified,
            parse_date_header(fields, KnownHeader::IfUnmodifiedSince),
        ) && modified > date
        {
            return PreconditionOutcome::Failed;
        }
        if fields.has_header(KnownHeader::IfNoneMatch) {
            if let Some(encoding) =
                validators.find_matching_encoding(fields, KnownHeader::IfNoneMatch, true)
            {
                return PreconditionOutcome::NotModified(encoding);
            }
        } else if let (Some(modified), Some(date)) =
            (validators.last_modified, parse_date_header(fields, KnownHeader::IfModifiedSince))
            // A date in the future does not come from a response of this server.
            && date <= now
            && modified <= date
        {
            return PreconditionOutcome::NotModified(validators.selected);
        }
        PreconditionOutcome::Holds
    }
}

impl Validators<'_> {
    /// Returns the encoding of the first tag that matches. `*` matches the selected encoding.
    fn find_matching_encoding(
        &self,
        fields: &RequestHeaders<'_>,
        field: KnownHeader,
        allow_weak: bool,
    ) -> Option<Encoding> {
        fields.all_values(field).find_map(|line| {
            // Fast path: most clients send exactly the tag of the selected encoding.
            if self.tags.is_tag_of(line.as_bytes(), self.selected) {
                return Some(self.selected);
            }
            if line.as_bytes().trim_ascii() == b"*" {
                return Some(self.selected);
            }
            EntityTag::parse_list(line.as_bytes())
                .filter(|tag| allow_weak || !tag.is_weak)
                .find_map(|tag| {
                    self.tags
                        .find_encoding(tag.opaque)
                        .filter(|encoding| self.is_encoding_accepted(*encoding))
                })
        })
    }

    fn is_encoding_accepted(&self, encoding: Encoding) -> bool {
        encoding == self.selected || self.accepted.accepts_coding(encoding.content_coding())
    }
}

/// Returns the strong tags of `If-None-Match`, with their quotes.
pub(super) fn strong_if_none_match_tags<'a>(
    fields: &RequestHeaders<'a>,
) -> impl Iterator<Item = &'a [u8]> {
    let lines = fields.all_values(KnownHeader::IfNoneMatch);
    let tags = lines.flat_map(|line| EntityTag::parse_list(line.as_bytes()));
    tags.filter(|tag| !tag.is_weak).map(|tag| tag.opaque)
}

/// Parses the value of a header as an HTTP date, in any of the three formats of RFC 9110 §5.6.7; `None` if the header
/// is repeated.
fn parse_date_header(fields: &RequestHeaders<'_>, field: KnownHeader) -> Option<SystemTime> {
    let line = fields.single_value(field)?;
    httpdate::parse_http_date(line.as_ascii_str()?.trim()).ok()
}

/// Entity tag (RFC 9110 §8.8.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct EntityTag<'a> {
    is_weak: bool,
    /// The opaque tag with its quotes.
    opaque: &'a [u8],
}

impl<'a> EntityTag<'a> {
    /// Parses the well-formed tags of a list and skips all other members. A comma within quotes is part of a tag.
    fn parse_list(mut rest: &'a [u8]) -> impl Iterator<Item = EntityTag<'a>> {
        std::iter::from_fn(move || {
            while !rest.is_empty() {
                let (member, after) = split_list_member(rest);
                rest = after;
                if let Some(tag) = EntityTag::parse_tag(member.trim_ascii()) {
                    return Some(tag);
                }
            }
            None
        })
    }

    fn parse_tag(member: &'a [u8]) -> Option<EntityTag<'a>> {
        let (weak, opaque) = match member.strip_prefix(b"W/") {
            Some(opaque) => (true, opaque),
            None => (false, member),
        };
        let inner = opaque.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        let is_etagc = |byte: &u8| matches!(byte, 0x21 | 0x23..=0x7e | 0x80..);
        inner.iter().all(is_etagc).then_some(EntityTag {
            is_weak: weak,
            opaque,
        })
    }
}

/// Splits a list at the first comma outside quotes, and drops the comma.
fn split_list_member(list: &[u8]) -> (&[u8], &[u8]) {
    let mut quoted = false;
    let comma = list.iter().position(|&byte| {
        quoted ^= byte == b'"';
        byte == b',' && !quoted
    });
    match comma.and_then(|at| list.split_at_checked(at)) {
        Some((member, from_comma)) => (member, from_comma.get(1..).unwrap_or_default()),
        None => (list, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::PreconditionOutcome::{Failed, Holds};
    use super::*;
    use hyper::HeaderMap;
    use hyper::header::{ACCEPT_ENCODING, HeaderName, HeaderValue};
    use proptest::prelude::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[expect(
        non_upper_case_globals,
        reason = "it reads like the variants that are imported"
    )]
    const NotModified: PreconditionOutcome = PreconditionOutcome::NotModified(Encoding::Identity);
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

    fn evaluated(
        fields: &[(&str, &[u8])],
        last_modified: Option<SystemTime>,
    ) -> PreconditionOutcome {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            if let Ok(value) = HeaderValue::from_bytes(value) {
                headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value);
            }
        }
        let tags = EntityTags::new("a,b", &Encoding::ALL);
        let validators = Validators {
            tags: &tags,
            selected: Encoding::Identity,
            accepted: AcceptedEncodings::from_headers(&RequestHeaders::from_map(&headers)),
            last_modified,
        };
        PreconditionOutcome::evaluate_conditions(
            &RequestHeaders::from_map(&headers),
            validators,
            modified() + Duration::from_secs(60),
        )
    }

    #[test]
    fn conditions_are_evaluated_in_rfc_order() {
        let cases: &[(&[(&str, &str)], PreconditionOutcome)] = &[
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
    fn tag_of_another_encoding_matches_if_its_coding_is_accepted() {
        use self::Encoding::{Br5, Br11, Gzip, Identity, Zstd3, Zstd19};
        let not_modified = PreconditionOutcome::NotModified;
        // `Accept-Encoding`, selected encoding, header name, header value, expected result.
        let cases: &[(Option<&str>, Encoding, &str, &str, PreconditionOutcome)] = &[
            (None, Identity, INM, "\"c\"", not_modified(Identity)),
            (None, Identity, INM, "\"c-gzip\"", Holds),
            (None, Identity, INM, "\"c-br11\"", Holds),
            (Some("gzip"), Gzip, INM, "\"c-gzip\"", not_modified(Gzip)),
            (Some("gzip"), Gzip, INM, "W/\"c-gzip\"", not_modified(Gzip)),
            (Some("gzip"), Gzip, INM, "\"c\"", not_modified(Identity)),
            (
                Some("gzip"),
                Identity,
                INM,
                "\"c-gzip\"",
                not_modified(Gzip),
            ),
            (Some("gzip"), Gzip, INM, "\"c-br5\"", Holds),
            (Some("br"), Br11, INM, "\"c-br5\"", not_modified(Br5)),
            (Some("br"), Br5, INM, "\"c-br11\"", not_modified(Br11)),
            (Some("br"), Identity, INM, "\"c-br11\"", not_modified(Br11)),
            (Some("br;q=0"), Identity, INM, "\"c-br11\"", Holds),
            (
                Some("zstd, br"),
                Br11,
                INM,
                "\"c-zstd3\"",
                not_modified(Zstd3),
            ),
            (Some("*"), Br11, INM, "\"c-zstd19\"", not_modified(Zstd19)),
            (Some("*;q=0"), Identity, INM, "\"c-zstd19\"", Holds),
            (Some("br"), Br5, INM, "\"d-br5\", \"c-br\"", Holds),
            (
                Some("br, gzip"),
                Br5,
                INM,
                "\"d\", \"c-gzip\", \"c-br5\"",
                not_modified(Gzip),
            ),
            (Some("br, gzip"), Br5, INM, "*", not_modified(Br5)),
            (Some("identity;q=0, gzip"), Gzip, INM, "\"c\"", Holds),
            // No other encoding exists yet, so identity would be sent.
            (
                Some("identity;q=0, gzip"),
                Identity,
                INM,
                "\"c\"",
                not_modified(Identity),
            ),
            (
                Some("identity;q=0"),
                Identity,
                INM,
                "\"c\"",
                not_modified(Identity),
            ),
            (Some("br"), Br11, IM, "\"c-br5\"", Holds),
            (Some("br"), Br11, IM, "\"c\"", Holds),
            (Some("br"), Br11, IM, "W/\"c-br5\"", Failed),
            (Some("br"), Br11, IM, "\"c-gzip\"", Failed),
            (None, Identity, IM, "\"c-br11\"", Failed),
            (Some("br"), Br11, IMS, SAME, not_modified(Br11)),
        ];
        let tags = EntityTags::new("c", &Encoding::ALL);
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
                accepted: AcceptedEncodings::from_headers(&RequestHeaders::from_map(&headers)),
                last_modified: Some(modified()),
            };
            let now = modified() + Duration::from_secs(60);
            let outcome = PreconditionOutcome::evaluate_conditions(
                &RequestHeaders::from_map(&headers),
                validators,
                now,
            );
            assert_eq!(outcome, expected, "{headers:?}, {selected:?}");
        }
    }

    #[test]
    fn date_conditions_are_ignored_without_last_modified() {
        assert_eq!(evaluated(&[(IMS, AFTER.as_bytes())], None), Holds);
        assert_eq!(evaluated(&[(IUS, BEFORE.as_bytes())], None), Holds);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_do_not_panic(a in any::<Vec<u8>>(), b in "[W/\"ab,* ]{0,16}") {
            for name in [INM, IMS, IM, IUS] {
                let _ = evaluated(&[(name, &a), (name, b.as_bytes())], Some(modified()));
            }
        }

        #[test]
        fn list_without_the_tag_does_not_match(line in "[W/\"ab, x]{0,24}") {
            prop_assume!(!line.contains("\"a,b\""));
            prop_assert_eq!(evaluated(&[(INM, line.as_bytes())], None), Holds);
        }
    }
}
