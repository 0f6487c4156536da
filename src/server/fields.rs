//! Finds the header fields of a request that an answer depends on, in one pass.
//!
//! To ask a table of fields for one by its name costs a hash each time, and most requests have a handful of
//! fields where some fifteen could matter.

use hyper::HeaderMap;
use hyper::header::{self, HeaderName};

/// A field that an answer, or what is counted of it, depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Accept,
    AcceptEncoding,
    AIm,
    Connection,
    ContentLength,
    Expect,
    Forwarded,
    Host,
    IfMatch,
    IfModifiedSince,
    IfNoneMatch,
    IfUnmodifiedSince,
    Referer,
    TransferEncoding,
    Upgrade,
    UserAgent,
    Via,
    XForwardedFor,
}

/// One more than the last of them.
const FIELDS: usize = Field::XForwardedFor as usize + 1;

/// The value of a line, without the blanks around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Value<'a>(&'a [u8]);

impl<'a> Value<'a> {
    pub(super) fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// As text, where it is nothing but visible ASCII, blanks and tabs.
    pub(super) fn text(self) -> Option<&'a str> {
        self.plain().and_then(|plain| str::from_utf8(plain).ok())
    }

    /// The same, byte by byte.
    pub(super) fn plain(self) -> Option<&'a [u8]> {
        let is_plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t');
        self.0.iter().all(is_plain).then_some(self.0)
    }
}

/// The fields of one request.
#[derive(Debug, Clone)]
pub(super) struct Fields<'a> {
    all: &'a HeaderMap,
    first: [Option<Value<'a>>; FIELDS],
    /// A bit for each that stands in several lines.
    several: u32,
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
            let (name, value) = (name.as_str().as_bytes(), value.as_bytes());
            fields.length += name.len() + value.len() + ": \r\n".len();
            let Some(field) = Field::named(name) else {
                continue;
            };
            match fields.first.get_mut(field as usize) {
                Some(first @ None) => *first = Some(Value(value)),
                _ => fields.several |= 1 << field as u32,
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
    pub(super) fn first(&self, field: Field) -> Option<Value<'a>> {
        self.first.get(field as usize).copied().flatten()
    }

    /// The value of its only line; none, where there are several.
    pub(super) fn only(&self, field: Field) -> Option<Value<'a>> {
        self.first(field).filter(|_| !self.is_several(field))
    }

    /// Whether it stands in more than one line.
    pub(super) fn is_several(&self, field: Field) -> bool {
        self.several & 1 << field as u32 != 0
    }

    /// The values of its lines, in their order.
    pub(super) fn lines(&self, field: Field) -> impl Iterator<Item = Value<'a>> {
        let further = self.is_several(field).then(|| self.further(field));
        let first = self.first(field).into_iter();
        first.chain(further.into_iter().flatten())
    }

    /// The values of its lines but the first. Hardly any field has such, so that they may cost something.
    fn further(&self, field: Field) -> impl Iterator<Item = Value<'a>> {
        let values = self.all.get_all(field.name()).iter().skip(1);
        values.map(|value| Value(value.as_bytes()))
    }

    /// Whether the request is one of those that cost next to nothing once they are answered before.
    pub(super) fn has_condition(&self) -> bool {
        self.has(Field::IfNoneMatch) || self.has(Field::IfModifiedSince)
    }
}

impl Field {
    /// That of a name in small letters. No two of them have the same length and the same first letter, so that at most
    /// one is compared.
    fn named(name: &[u8]) -> Option<Field> {
        let first = *name.first()?;
        let (field, known): (Field, &[u8]) = match (name.len(), first) {
            (3, b'v') => (Field::Via, b"via"),
            (4, b'a') => (Field::AIm, b"a-im"),
            (4, b'h') => (Field::Host, b"host"),
            (6, b'a') => (Field::Accept, b"accept"),
            (6, b'e') => (Field::Expect, b"expect"),
            (7, b'r') => (Field::Referer, b"referer"),
            (7, b'u') => (Field::Upgrade, b"upgrade"),
            (8, b'i') => (Field::IfMatch, b"if-match"),
            (9, b'f') => (Field::Forwarded, b"forwarded"),
            (10, b'c') => (Field::Connection, b"connection"),
            (10, b'u') => (Field::UserAgent, b"user-agent"),
            (13, b'i') => (Field::IfNoneMatch, b"if-none-match"),
            (14, b'c') => (Field::ContentLength, b"content-length"),
            (15, b'a') => (Field::AcceptEncoding, b"accept-encoding"),
            (15, b'x') => (Field::XForwardedFor, b"x-forwarded-for"),
            (17, b'i') => (Field::IfModifiedSince, b"if-modified-since"),
            (17, b't') => (Field::TransferEncoding, b"transfer-encoding"),
            (19, b'i') => (Field::IfUnmodifiedSince, b"if-unmodified-since"),
            _ => return None,
        };
        (name == known).then_some(field)
    }

    fn name(self) -> HeaderName {
        match self {
            Field::Accept => header::ACCEPT,
            Field::AcceptEncoding => header::ACCEPT_ENCODING,
            Field::AIm => HeaderName::from_static("a-im"),
            Field::Connection => header::CONNECTION,
            Field::ContentLength => header::CONTENT_LENGTH,
            Field::Expect => header::EXPECT,
            Field::Forwarded => header::FORWARDED,
            Field::Host => header::HOST,
            Field::IfMatch => header::IF_MATCH,
            Field::IfModifiedSince => header::IF_MODIFIED_SINCE,
            Field::IfNoneMatch => header::IF_NONE_MATCH,
            Field::IfUnmodifiedSince => header::IF_UNMODIFIED_SINCE,
            Field::Referer => header::REFERER,
            Field::TransferEncoding => header::TRANSFER_ENCODING,
            Field::Upgrade => header::UPGRADE,
            Field::UserAgent => header::USER_AGENT,
            Field::Via => header::VIA,
            Field::XForwardedFor => HeaderName::from_static("x-forwarded-for"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;
    use proptest::prelude::*;

    const ALL: [Field; FIELDS] = [
        Field::Accept,
        Field::AcceptEncoding,
        Field::AIm,
        Field::Connection,
        Field::ContentLength,
        Field::Expect,
        Field::Forwarded,
        Field::Host,
        Field::IfMatch,
        Field::IfModifiedSince,
        Field::IfNoneMatch,
        Field::IfUnmodifiedSince,
        Field::Referer,
        Field::TransferEncoding,
        Field::Upgrade,
        Field::UserAgent,
        Field::Via,
        Field::XForwardedFor,
    ];

    #[test]
    fn each_is_known_by_its_name() {
        for (place, field) in ALL.into_iter().enumerate() {
            let name = field.name();
            assert_eq!(Field::named(name.as_str().as_bytes()), Some(field));
            assert_eq!(field as usize, place);
        }
        for other in ["", "hos", "hosts", "if-unmodified-since-", "x\u{212a}"] {
            assert_eq!(Field::named(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn text_is_what_a_table_calls_text() {
        for byte in 0..=255 {
            let bytes = [b'a', byte, b'z'];
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                assert_eq!(Value(&bytes).text(), value.to_str().ok(), "{byte}");
            }
        }
    }

    fn check(fields: &Fields<'_>, table: &HeaderMap, length: usize) -> Result<(), TestCaseError> {
        prop_assert_eq!(fields.length(), length);
        for field in ALL {
            let expected = table.get_all(field.name()).iter();
            let expected: Vec<_> = expected.map(|value| Value(value.as_bytes())).collect();
            let found: Vec<_> = fields.lines(field).collect();
            prop_assert_eq!(&found, &expected);
            prop_assert_eq!(fields.first(field), expected.first().copied());
            prop_assert_eq!(fields.has(field), !expected.is_empty());
            prop_assert_eq!(fields.is_several(field), expected.len() > 1);
            let only = expected.first().copied().filter(|_| expected.len() == 1);
            prop_assert_eq!(fields.only(field), only);
        }
        Ok(())
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
            check(&Fields::of(&table), &table, length)?;
        }
    }
}
