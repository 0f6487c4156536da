//! The fields of a request into those that an answer depends on, found by going through them once.
//!
//! To ask a table of fields for one by its name costs a hash each time, and most requests have a handful of
//! fields where some fifteen could matter.

use hyper::HeaderMap;
use hyper::header::{self, HeaderName, HeaderValue};

/// A field that an answer, or what is counted of it, depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Accept,
    AcceptEncoding,
    AIm,
    ContentLength,
    Expect,
    Forwarded,
    Host,
    IfMatch,
    IfModifiedSince,
    IfNoneMatch,
    IfUnmodifiedSince,
    TransferEncoding,
    UserAgent,
    Via,
    XForwardedFor,
}

/// One more than the last of them.
const FIELDS: usize = Field::XForwardedFor as usize + 1;

/// The fields of one request.
#[derive(Debug, Clone)]
pub(super) struct Fields<'a> {
    all: &'a HeaderMap,
    first: [Option<&'a HeaderValue>; FIELDS],
    /// A bit for each that stands in several lines.
    several: u16,
    length: usize,
}

impl<'a> Fields<'a> {
    /// Goes through them.
    pub(super) fn of(all: &'a HeaderMap) -> Fields<'a> {
        let mut fields = Fields {
            all,
            first: [None; FIELDS],
            several: 0,
            length: 0,
        };
        for (name, value) in all {
            let name = name.as_str();
            fields.length += name.len() + value.len() + ": \r\n".len();
            let Some(field) = Field::named(name) else {
                continue;
            };
            match fields.first.get_mut(field as usize) {
                Some(first @ None) => *first = Some(value),
                _ => fields.several |= 1 << field as u16,
            }
        }
        fields
    }

    /// How many bytes all of them take together, those that nothing depends on among them.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// Whether there is a line of it.
    pub(super) fn has(&self, field: Field) -> bool {
        self.first(field).is_some()
    }

    /// The value of its first line.
    pub(super) fn first(&self, field: Field) -> Option<&'a HeaderValue> {
        self.first.get(field as usize).copied().flatten()
    }

    /// The value of its only line; none, where there are several.
    pub(super) fn only(&self, field: Field) -> Option<&'a HeaderValue> {
        self.first(field).filter(|_| !self.is_several(field))
    }

    /// Whether it stands in more than one line.
    pub(super) fn is_several(&self, field: Field) -> bool {
        self.several & 1 << field as u16 != 0
    }

    /// The values of its lines, in their order.
    pub(super) fn lines(&self, field: Field) -> impl Iterator<Item = &'a HeaderValue> {
        let further = self.is_several(field).then(|| {
            let lines = self.all.get_all(field.name()).iter();
            lines.skip(1)
        });
        let further = further.into_iter().flatten();
        self.first(field).into_iter().chain(further)
    }

    /// Whether the request is one of those that cost next to nothing once they are answered before.
    pub(super) fn has_condition(&self) -> bool {
        self.has(Field::IfNoneMatch) || self.has(Field::IfModifiedSince)
    }
}

impl Field {
    /// That of a name in small letters, as all of a table are.
    fn named(name: &str) -> Option<Field> {
        Some(match name {
            "accept" => Field::Accept,
            "accept-encoding" => Field::AcceptEncoding,
            "a-im" => Field::AIm,
            "content-length" => Field::ContentLength,
            "expect" => Field::Expect,
            "forwarded" => Field::Forwarded,
            "host" => Field::Host,
            "if-match" => Field::IfMatch,
            "if-modified-since" => Field::IfModifiedSince,
            "if-none-match" => Field::IfNoneMatch,
            "if-unmodified-since" => Field::IfUnmodifiedSince,
            "transfer-encoding" => Field::TransferEncoding,
            "user-agent" => Field::UserAgent,
            "via" => Field::Via,
            "x-forwarded-for" => Field::XForwardedFor,
            _ => return None,
        })
    }

    fn name(self) -> HeaderName {
        match self {
            Field::Accept => header::ACCEPT,
            Field::AcceptEncoding => header::ACCEPT_ENCODING,
            Field::AIm => HeaderName::from_static("a-im"),
            Field::ContentLength => header::CONTENT_LENGTH,
            Field::Expect => header::EXPECT,
            Field::Forwarded => header::FORWARDED,
            Field::Host => header::HOST,
            Field::IfMatch => header::IF_MATCH,
            Field::IfModifiedSince => header::IF_MODIFIED_SINCE,
            Field::IfNoneMatch => header::IF_NONE_MATCH,
            Field::IfUnmodifiedSince => header::IF_UNMODIFIED_SINCE,
            Field::TransferEncoding => header::TRANSFER_ENCODING,
            Field::UserAgent => header::USER_AGENT,
            Field::Via => header::VIA,
            Field::XForwardedFor => HeaderName::from_static("x-forwarded-for"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Field; FIELDS] = [
        Field::Accept,
        Field::AcceptEncoding,
        Field::AIm,
        Field::ContentLength,
        Field::Expect,
        Field::Forwarded,
        Field::Host,
        Field::IfMatch,
        Field::IfModifiedSince,
        Field::IfNoneMatch,
        Field::IfUnmodifiedSince,
        Field::TransferEncoding,
        Field::UserAgent,
        Field::Via,
        Field::XForwardedFor,
    ];

    #[test]
    fn each_is_known_by_its_name() {
        for (place, field) in ALL.into_iter().enumerate() {
            assert_eq!(Field::named(field.name().as_str()), Some(field));
            assert_eq!(field as usize, place);
        }
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_the_table_has(
            lines in proptest::collection::vec((0..FIELDS + 2, "[ -~]{0,3}"), 0..12)
        ) {
            let mut table = HeaderMap::new();
            let mut length = 0;
            for (place, value) in &lines {
                let other = ["x-other", "x-another"];
                let name = ALL.get(*place).map(|field| field.name());
                let name = name.unwrap_or_else(|| HeaderName::from_static(other[*place - FIELDS]));
                length += name.as_str().len() + value.len() + 4;
                table.append(name, HeaderValue::from_str(value).unwrap());
            }
            let fields = Fields::of(&table);
            prop_assert_eq!(fields.length(), length);
            for field in ALL {
                let expected: Vec<_> = table.get_all(field.name()).iter().collect();
                let found: Vec<_> = fields.lines(field).collect();
                prop_assert_eq!(&found, &expected);
                prop_assert_eq!(fields.first(field), expected.first().copied());
                prop_assert_eq!(fields.has(field), !expected.is_empty());
                prop_assert_eq!(fields.is_several(field), expected.len() > 1);
                let only = expected.first().copied().filter(|_| expected.len() == 1);
                prop_assert_eq!(fields.only(field), only);
            }
        }
    }
}
