//! Chooses the content coding of a response from `Accept-Encoding` (RFC 9110 §12.5.3).
//!
//! A client that names no coding gets identity, so simple clients are never surprised. There is no 406: a client that
//! refuses every coding gets identity too. Members that cannot be parsed are ignored. Nothing is allocated.

use super::qvalue::parse_qvalue;
use super::request_headers::{HeaderValueBytes, KnownHeader, RequestHeaders};
use crate::publish::snapshot::ContentCoding;

/// Weight of each content coding in `Accept-Encoding`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AcceptedEncodings {
    identity: CodingWeight,
    gzip: CodingWeight,
    brotli: CodingWeight,
    zstd: CodingWeight,
}

impl AcceptedEncodings {
    /// Parses `Accept-Encoding`. If a coding is repeated, the first member counts.
    pub(super) fn from_headers(fields: &RequestHeaders<'_>) -> AcceptedEncodings {
        let [mut identity, mut gzip, mut brotli, mut zstd, mut wildcard] = [None; 5];
        for line in fields
            .all_values(KnownHeader::AcceptEncoding)
            .filter_map(HeaderValueBytes::as_ascii_bytes)
        {
            for member in line
                .split(|byte| *byte == b',')
                .filter_map(ListMember::parse_member)
            {
                let weight = match CodingName::from_bytes(member.coding) {
                    Some(CodingName::Gzip) => &mut gzip,
                    Some(CodingName::Brotli) => &mut brotli,
                    Some(CodingName::Zstd) => &mut zstd,
                    Some(CodingName::Identity) => &mut identity,
                    Some(CodingName::Wildcard) => &mut wildcard,
                    None => continue,
                };
                weight.get_or_insert(member.weight);
            }
        }
        let weight_of =
            |weight: Option<CodingWeight>| weight.or(wildcard).unwrap_or(CodingWeight::REFUSED);
        AcceptedEncodings {
            // Acceptable unless refused, but below every coding that is named.
            identity: identity.or(wildcard).unwrap_or(CodingWeight::FALLBACK),
            gzip: weight_of(gzip),
            brotli: weight_of(brotli),
            zstd: weight_of(zstd),
        }
    }

    /// Returns true if the client accepts this coding.
    pub(super) fn accepts_coding(self, coding: ContentCoding) -> bool {
        self.coding_weight(coding) > CodingWeight::REFUSED
    }

    /// Chooses the coding with the highest weight among those for which `length` returns a length. Of equal weights
    /// the shortest wins; identity, if none is accepted.
    pub(super) fn choose_coding(
        self,
        length: impl Fn(ContentCoding) -> Option<usize>,
    ) -> ContentCoding {
        let mut best = (CodingWeight::REFUSED, usize::MAX, ContentCoding::Identity);
        for coding in ContentCoding::ALL {
            let weight = self.coding_weight(coding);
            if weight == CodingWeight::REFUSED || weight < best.0 {
                continue;
            }
            if let Some(length) = length(coding)
                && (weight > best.0 || length < best.1)
            {
                best = (weight, length, coding);
            }
        }
        best.2
    }

    fn coding_weight(self, coding: ContentCoding) -> CodingWeight {
        match coding {
            ContentCoding::Identity => self.identity,
            ContentCoding::Gzip => self.gzip,
            ContentCoding::Brotli => self.brotli,
            ContentCoding::Zstd => self.zstd,
        }
    }
}

/// Weight of a coding: `q` in thousandths, doubled so that one value fits below the least `q`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct CodingWeight(u16);

impl CodingWeight {
    const REFUSED: CodingWeight = CodingWeight(0);
    const FALLBACK: CodingWeight = CodingWeight(1);
    const MAX: CodingWeight = CodingWeight(2000);

    fn from_qvalue(qvalue: &str) -> Option<CodingWeight> {
        parse_qvalue(qvalue).map(|thousandths| CodingWeight(2 * thousandths))
    }
}

/// Content coding of a list member.
enum CodingName {
    Gzip,
    Brotli,
    Zstd,
    Identity,
    Wildcard,
}

impl CodingName {
    fn from_bytes(coding: &[u8]) -> Option<CodingName> {
        // The length leaves at most one or two names to compare, as this runs for each request.
        let (name, expected): (CodingName, &[u8]) = match (coding.len(), coding.first()?) {
            (1, _) => (CodingName::Wildcard, b"*"),
            (2, _) => (CodingName::Brotli, b"br"),
            (4, b'g' | b'G') => (CodingName::Gzip, b"gzip"),
            (4, _) => (CodingName::Zstd, b"zstd"),
            // RFC 9110 §8.4.1.3: a recipient treats `x-gzip` as `gzip`.
            (6, _) => (CodingName::Gzip, b"x-gzip"),
            (8, _) => (CodingName::Identity, b"identity"),
            _ => return None,
        };
        coding.eq_ignore_ascii_case(expected).then_some(name)
    }
}

/// One member of `Accept-Encoding`.
struct ListMember<'a> {
    coding: &'a [u8],
    weight: CodingWeight,
}

impl ListMember<'_> {
    /// Parses a member, which must be visible ASCII, spaces and tabs. `None` if it is malformed.
    fn parse_member(member: &[u8]) -> Option<ListMember<'_>> {
        let mut parts = member.splitn(2, |byte| *byte == b';');
        let coding = parts.next()?.trim_ascii();
        let weight = match parts.next().map(<[u8]>::trim_ascii) {
            Some(q) => {
                let q = q.strip_prefix(b"q=").or_else(|| q.strip_prefix(b"Q="))?;
                CodingWeight::from_qvalue(str::from_utf8(q).ok()?)?
            }
            None => CodingWeight::MAX,
        };
        (!coding.is_empty()).then_some(ListMember { coding, weight })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;
    use proptest::prelude::*;

    fn accepted(lines: &[&[u8]]) -> AcceptedEncodings {
        let mut headers = hyper::HeaderMap::new();
        for line in lines {
            if let Ok(value) = HeaderValue::from_bytes(line) {
                headers.append(hyper::header::ACCEPT_ENCODING, value);
            }
        }
        AcceptedEncodings::from_headers(&RequestHeaders::from_map(&headers))
    }

    /// Chooses a coding while only gzip and identity exist.
    fn chosen(lines: &[&[u8]]) -> ContentCoding {
        accepted(lines).choose_coding(|coding| match coding {
            ContentCoding::Identity => Some(100),
            ContentCoding::Gzip => Some(30),
            ContentCoding::Brotli | ContentCoding::Zstd => None,
        })
    }

    #[test]
    fn highest_weight_wins_while_only_gzip_exists() {
        use self::ContentCoding::{Gzip, Identity};
        let cases: &[(&[&str], ContentCoding)] = &[
            (&[], Identity),
            (&[""], Identity),
            (&["gzip"], Gzip),
            (&["GZip"], Gzip),
            (&["x-gzip"], Gzip),
            (&["gzip, deflate, br, zstd"], Gzip),
            (&["br", "gzip"], Gzip),
            (&["br"], Identity),
            (&["*"], Gzip),
            (&["*;q=0"], Identity),
            (&["*;q=0, gzip"], Gzip),
            (&["gzip;q=0, *"], Identity),
            (&["gzip;q=0"], Identity),
            (&["gzip;q=0.000"], Identity),
            (&["gzip;q=0."], Identity),
            (&["gzip;q=0.001"], Gzip),
            (&["gzip;q=0.5"], Gzip),
            (&["gzip;q=0.5, identity"], Identity),
            (&["gzip;q=0.5, identity;q=0.5"], Gzip),
            (&["gzip;q=0.5, identity;q=0.51"], Identity),
            (&["gzip;q=0.2, *;q=0.5"], Identity),
            (&["identity;q=0"], Identity),
            (&["identity;q=0, gzip;q=0.1"], Gzip),
            (&["identity;q=0, gzip;q=0"], Identity),
            (&["gzip ; q=1.000"], Gzip),
            (&["gzip\t;\tQ=1"], Gzip),
            (&["gzip;q=1.001"], Identity),
            (&["gzip;q=2"], Identity),
            (&["gzip;q=0.1234"], Identity),
            (&["gzip;q=-1"], Identity),
            (&["gzip;q=+1"], Identity),
            (&["gzip;q="], Identity),
            (&["gzip;q =1"], Identity),
            (&["gzip;q=1;q=0"], Identity),
            (&["gzip;level=9"], Identity),
            (&["gzip;q=x, gzip"], Gzip),
            (&[",, ;q=1, gzip"], Gzip),
            (&["gzipped"], Identity),
        ];
        for (lines, coding) in cases {
            let bytes: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
            assert_eq!(chosen(&bytes), *coding, "{lines:?}");
        }
    }

    #[test]
    fn highest_weight_wins_then_the_smallest_size() {
        use self::ContentCoding::{Brotli, Gzip, Identity, Zstd};
        let cases: &[(&str, ContentCoding)] = &[
            ("gzip, deflate, br, zstd", Brotli),
            ("zstd, gzip, br", Brotli),
            ("gzip, zstd", Zstd),
            ("gzip, deflate", Gzip),
            ("br", Brotli),
            ("BR", Brotli),
            ("zstd", Zstd),
            ("ZStd", Zstd),
            ("x-br", Identity),
            ("brotli", Identity),
            ("zst", Identity),
            ("*", Brotli),
            ("*, br;q=0", Zstd),
            ("*;q=0, zstd", Zstd),
            ("*;q=0.5, gzip", Gzip),
            ("*;q=0.5, gzip;q=0.4", Brotli),
            ("br;q=0.9, gzip", Gzip),
            ("br;q=0.9, gzip;q=0.9, zstd;q=0.8", Brotli),
            ("br;q=0, gzip;q=0.1", Gzip),
            ("gzip;q=1.0, identity;q=0.5, *;q=0", Gzip),
            ("gzip;q=0.5, br;q=0.5, identity", Identity),
            ("br;q=0.5, br;q=1, gzip;q=0.7", Gzip),
            ("identity;q=0, zstd;q=0.001", Zstd),
            ("identity;q=0", Identity),
            ("identity", Identity),
            ("*;q=0", Identity),
            ("deflate", Identity),
        ];
        for (line, coding) in cases {
            let accepted = accepted(&[line.as_bytes()]);
            let length = |coding| {
                Some(match coding {
                    Identity => 100,
                    Gzip => 30,
                    Zstd => 28,
                    Brotli => 25,
                })
            };
            assert_eq!(accepted.choose_coding(length), *coding, "{line}");
        }
        let accepted = accepted(&[b"gzip, br, zstd"]);
        let early = |coding| match coding {
            Identity => Some(100),
            Gzip => Some(30),
            Brotli => Some(31),
            Zstd => None,
        };
        assert_eq!(accepted.choose_coding(early), Gzip, "what is smaller now");
        assert_eq!(accepted.choose_coding(|_| None), Identity);
        let only = |coding| (coding == Identity).then_some(100);
        assert_eq!(accepted.choose_coding(only), Identity);
    }

    #[test]
    fn every_accepted_coding_is_listed_not_only_the_best() {
        use self::ContentCoding::{Brotli, Gzip, Identity, Zstd};
        let cases: &[(&str, &[ContentCoding])] = &[
            ("", &[Identity]),
            ("gzip", &[Identity, Gzip]),
            ("gzip, br;q=0.1", &[Identity, Gzip, Brotli]),
            ("identity;q=0, br", &[Brotli]),
            ("*", &[Identity, Gzip, Brotli, Zstd]),
            ("*;q=0, zstd", &[Zstd]),
            ("gzip;q=0, *", &[Identity, Brotli, Zstd]),
        ];
        for (line, expected) in cases {
            let accepted = accepted(&[line.as_bytes()]);
            let taken = ContentCoding::ALL.into_iter();
            let taken: Vec<_> = taken
                .filter(|coding| accepted.accepts_coding(*coding))
                .collect();
            assert_eq!(taken, *expected, "{line}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_do_not_panic(line in any::<Vec<u8>>()) {
            let _ = chosen(&[&line]);
        }

        #[test]
        fn chosen_coding_is_accepted_unless_none_is(line in "(gzip|br|zstd|identity|\\*|;q=0|;q=0\\.[0-9]|, ){0,9}") {
            let accepted = accepted(&[line.as_bytes()]);
            let coding = accepted.choose_coding(|_| Some(1));
            let takes_none = ContentCoding::ALL.iter().all(|&coding| !accepted.accepts_coding(coding));
            prop_assert!(accepted.accepts_coding(coding) || takes_none && coding == ContentCoding::Identity);
        }

        #[test]
        fn gzip_is_never_sent_unless_named_or_wildcard(line in "[a-y;=0-9., ]{0,40}") {
            prop_assert_eq!(chosen(&[line.as_bytes()]), ContentCoding::Identity);
        }
    }
}
