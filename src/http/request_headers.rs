//! Finds the request headers that responses and statistics depend on, in one pass.
//!
//! A lookup in `HeaderMap` hashes the name each time. Most requests have only a handful of headers, so one pass over
//! them is cheaper than a lookup of each known header.

use hyper::HeaderMap;
use hyper::header::{self, HeaderName};

/// Request header that responses or statistics depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KnownHeader {
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

/// Number of known headers.
const KNOWN_HEADER_COUNT: usize = KnownHeader::XForwardedFor as usize + 1;

/// Value of one header line, without surrounding whitespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeaderValueBytes<'a>(&'a [u8]);

impl<'a> HeaderValueBytes<'a> {
    pub(crate) fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// Returns the value as text if it is only visible ASCII, spaces and tabs.
    pub(super) fn as_ascii_str(self) -> Option<&'a str> {
        self.as_ascii_bytes()
            .and_then(|plain| str::from_utf8(plain).ok())
    }

    /// Returns the value as bytes if it is only visible ASCII, spaces and tabs.
    pub(super) fn as_ascii_bytes(self) -> Option<&'a [u8]> {
        self.0
            .iter()
            .all(|byte| matches!(byte, b' '..=b'~' | b'\t'))
            .then_some(self.0)
    }
}

/// Known headers of one request.
#[derive(Debug, Clone)]
pub(crate) struct RequestHeaders<'a> {
    map: &'a HeaderMap,
    first: [Option<HeaderValueBytes<'a>>; KNOWN_HEADER_COUNT],
    /// One bit for each header that is repeated.
    repeated: u32,
    /// Bytes of all header lines, unknown ones included.
    total_bytes: usize,
}

impl<'a> RequestHeaders<'a> {
    /// Scans all header lines once.
    pub(crate) fn from_map(all: &'a HeaderMap) -> RequestHeaders<'a> {
        let mut fields = RequestHeaders {
            map: all,
            first: [None; KNOWN_HEADER_COUNT],
            repeated: 0,
            total_bytes: 0,
        };
        for (name, value) in all {
            let (name, value) = (name.as_str().as_bytes(), value.as_bytes());
            fields.total_bytes += name.len() + value.len() + ": \r\n".len();
            let Some(field) = KnownHeader::from_lowercase_name(name) else {
                continue;
            };
            match fields.first.get_mut(field as usize) {
                Some(first @ None) => *first = Some(HeaderValueBytes(value)),
                _ => fields.repeated |= 1 << field as u32,
            }
        }
        fields
    }

    /// Returns the bytes of all header lines, unknown ones included.
    pub(super) fn total_bytes(&self) -> usize {
        self.total_bytes
    }

    /// Returns true if the header is present.
    pub(super) fn has_header(&self, field: KnownHeader) -> bool {
        self.first_value(field).is_some()
    }

    /// Returns the value of the header's first line.
    pub(crate) fn first_value(&self, field: KnownHeader) -> Option<HeaderValueBytes<'a>> {
        self.first.get(field as usize).copied().flatten()
    }

    /// Returns the value of the header's only line; `None` if it is absent or repeated.
    pub(super) fn single_value(&self, field: KnownHeader) -> Option<HeaderValueBytes<'a>> {
        self.first_value(field).filter(|_| !self.is_repeated(field))
    }

    /// Returns true if the header has more than one line.
    pub(super) fn is_repeated(&self, field: KnownHeader) -> bool {
        self.repeated & 1 << field as u32 != 0
    }

    /// Returns the values of all lines of the header, in order.
    pub(super) fn all_values(
        &self,
        field: KnownHeader,
    ) -> impl Iterator<Item = HeaderValueBytes<'a>> {
        let further = self.is_repeated(field).then(|| self.further_values(field));
        let first = self.first_value(field).into_iter();
        first.chain(further.into_iter().flatten())
    }

    /// Returns the values of all lines but the first. Repeated headers are rare, so a lookup in the map is acceptable.
    fn further_values(&self, field: KnownHeader) -> impl Iterator<Item = HeaderValueBytes<'a>> {
        let values = self.map.get_all(field.header_name()).iter().skip(1);
        values.map(|value| HeaderValueBytes(value.as_bytes()))
    }

    /// Returns true if the request has a condition that can lead to 304 (Not Modified).
    pub(crate) fn is_conditional(&self) -> bool {
        self.has_header(KnownHeader::IfNoneMatch) || self.has_header(KnownHeader::IfModifiedSince)
    }
}

impl KnownHeader {
    /// Returns the header with this lowercase name. No two names share both length and first letter, so at most one is
    /// compared.
    fn from_lowercase_name(name: &[u8]) -> Option<KnownHeader> {
        let first = *name.first()?;
        let (field, known): (KnownHeader, &[u8]) = match (name.len(), first) {
            (3, b'v') => (KnownHeader::Via, b"via"),
            (4, b'a') => (KnownHeader::AIm, b"a-im"),
            (4, b'h') => (KnownHeader::Host, b"host"),
            (6, b'a') => (KnownHeader::Accept, b"accept"),
            (6, b'e') => (KnownHeader::Expect, b"expect"),
            (7, b'r') => (KnownHeader::Referer, b"referer"),
            (7, b'u') => (KnownHeader::Upgrade, b"upgrade"),
            (8, b'i') => (KnownHeader::IfMatch, b"if-match"),
            (9, b'f') => (KnownHeader::Forwarded, b"forwarded"),
            (10, b'c') => (KnownHeader::Connection, b"connection"),
            (10, b'u') => (KnownHeader::UserAgent, b"user-agent"),
            (13, b'i') => (KnownHeader::IfNoneMatch, b"if-none-match"),
            (14, b'c') => (KnownHeader::ContentLength, b"content-length"),
            (15, b'a') => (KnownHeader::AcceptEncoding, b"accept-encoding"),
            (15, b'x') => (KnownHeader::XForwardedFor, b"x-forwarded-for"),
            (17, b'i') => (KnownHeader::IfModifiedSince, b"if-modified-since"),
            (17, b't') => (KnownHeader::TransferEncoding, b"transfer-encoding"),
            (19, b'i') => (KnownHeader::IfUnmodifiedSince, b"if-unmodified-since"),
            _ => return None,
        };
        (name == known).then_some(field)
    }

    fn header_name(self) -> HeaderName {
        match self {
            KnownHeader::Accept => header::ACCEPT,
            KnownHeader::AcceptEncoding => header::ACCEPT_ENCODING,
            KnownHeader::AIm => HeaderName::from_static("a-im"),
            KnownHeader::Connection => header::CONNECTION,
            KnownHeader::ContentLength => header::CONTENT_LENGTH,
            KnownHeader::Expect => header::EXPECT,
            KnownHeader::Forwarded => header::FORWARDED,
            KnownHeader::Host => header::HOST,
            KnownHeader::IfMatch => header::IF_MATCH,
            KnownHeader::IfModifiedSince => header::IF_MODIFIED_SINCE,
            KnownHeader::IfNoneMatch => header::IF_NONE_MATCH,
            KnownHeader::IfUnmodifiedSince => header::IF_UNMODIFIED_SINCE,
            KnownHeader::Referer => header::REFERER,
            KnownHeader::TransferEncoding => header::TRANSFER_ENCODING,
            KnownHeader::Upgrade => header::UPGRADE,
            KnownHeader::UserAgent => header::USER_AGENT,
            KnownHeader::Via => header::VIA,
            KnownHeader::XForwardedFor => HeaderName::from_static("x-forwarded-for"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;
    use proptest::prelude::*;

    const ALL: [KnownHeader; KNOWN_HEADER_COUNT] = [
        KnownHeader::Accept,
        KnownHeader::AcceptEncoding,
        KnownHeader::AIm,
        KnownHeader::Connection,
        KnownHeader::ContentLength,
        KnownHeader::Expect,
        KnownHeader::Forwarded,
        KnownHeader::Host,
        KnownHeader::IfMatch,
        KnownHeader::IfModifiedSince,
        KnownHeader::IfNoneMatch,
        KnownHeader::IfUnmodifiedSince,
        KnownHeader::Referer,
        KnownHeader::TransferEncoding,
        KnownHeader::Upgrade,
        KnownHeader::UserAgent,
        KnownHeader::Via,
        KnownHeader::XForwardedFor,
    ];

    #[test]
    fn each_header_is_found_by_its_name() {
        for (place, field) in ALL.into_iter().enumerate() {
            let name = field.header_name();
            assert_eq!(
                KnownHeader::from_lowercase_name(name.as_str().as_bytes()),
                Some(field)
            );
            assert_eq!(field as usize, place);
        }
        for other in ["", "hos", "hosts", "if-unmodified-since-", "x\u{212a}"] {
            assert_eq!(
                KnownHeader::from_lowercase_name(other.as_bytes()),
                None,
                "{other}"
            );
        }
    }

    #[test]
    fn as_ascii_str_agrees_with_header_value_to_str() {
        for byte in 0..=255 {
            let bytes = [b'a', byte, b'z'];
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                assert_eq!(
                    HeaderValueBytes(&bytes).as_ascii_str(),
                    value.to_str().ok(),
                    "{byte}"
                );
            }
        }
    }

    fn check(
        fields: &RequestHeaders<'_>,
        table: &HeaderMap,
        length: usize,
    ) -> Result<(), TestCaseError> {
        prop_assert_eq!(fields.total_bytes(), length);
        for field in ALL {
            let expected = table.get_all(field.header_name()).iter();
            let expected: Vec<_> = expected
                .map(|value| HeaderValueBytes(value.as_bytes()))
                .collect();
            let found: Vec<_> = fields.all_values(field).collect();
            prop_assert_eq!(&found, &expected);
            prop_assert_eq!(fields.first_value(field), expected.first().copied());
            prop_assert_eq!(fields.has_header(field), !expected.is_empty());
            prop_assert_eq!(fields.is_repeated(field), expected.len() > 1);
            let only = expected.first().copied().filter(|_| expected.len() == 1);
            prop_assert_eq!(fields.single_value(field), only);
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn lookups_agree_with_the_header_map(
            lines in proptest::collection::vec((0..KNOWN_HEADER_COUNT + 2, "[ -~]{0,3}"), 0..12)
        ) {
            let mut table = HeaderMap::new();
            let mut length = 0;
            for (place, value) in &lines {
                let other = ["x-other", "x-another"];
                let name = ALL.get(*place).map(|field| field.header_name());
                let name = name.unwrap_or_else(|| HeaderName::from_static(other[*place - KNOWN_HEADER_COUNT]));
                length += name.as_str().len() + value.len() + 4;
                table.append(name, HeaderValue::from_str(value).unwrap());
            }
            check(&RequestHeaders::from_map(&table), &table, length)?;
        }
    }
}
