//! `Accept-Encoding` into the content coding to answer in, RFC 9110 §12.5.3.
//!
//! A client that asked for nothing gets the bytes as they are: no small client is ever surprised.
//! There is no 406: a client that rules out everything gets the bytes as they are too. What is
//! not understood counts as not written. Nothing is allocated.

use super::fields::{Field, Fields, Value};
use super::qvalue::thousandths;
use crate::snapshot::Coding;

/// How much a client wants each content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Accepted {
    identity: Weight,
    gzip: Weight,
    brotli: Weight,
    zstd: Weight,
}

impl Accepted {
    /// Reads what a request says. Of a coding that is named twice the first counts.
    pub(super) fn of(fields: &Fields<'_>) -> Accepted {
        let [mut identity, mut gzip, mut brotli, mut zstd, mut others] = [None; 5];
        for line in fields.lines(Field::AcceptEncoding).filter_map(Value::plain) {
            for member in line.split(|byte| *byte == b',').filter_map(Member::parse) {
                let weight = match Named::of(member.coding) {
                    Some(Named::Gzip) => &mut gzip,
                    Some(Named::Brotli) => &mut brotli,
                    Some(Named::Zstd) => &mut zstd,
                    Some(Named::Identity) => &mut identity,
                    Some(Named::Others) => &mut others,
                    None => continue,
                };
                weight.get_or_insert(member.weight);
            }
        }
        let coded = |weight: Option<Weight>| weight.or(others).unwrap_or(Weight::NEVER);
        Accepted {
            // Acceptable unless ruled out, and behind all that was asked for.
            identity: identity.or(others).unwrap_or(Weight::BARELY),
            gzip: coded(gzip),
            brotli: coded(brotli),
            zstd: coded(zstd),
        }
    }

    /// Whether an answer may be in this coding.
    pub(super) fn takes(self, coding: Coding) -> bool {
        self.weight(coding) > Weight::NEVER
    }

    /// The coding that is wanted most among those that `length` knows a length of, and of equals the
    /// smallest; identity, where none is wanted.
    pub(super) fn choose(self, length: impl Fn(Coding) -> Option<usize>) -> Coding {
        let mut best = (Weight::NEVER, usize::MAX, Coding::Identity);
        for coding in Coding::ALL {
            let weight = self.weight(coding);
            if weight == Weight::NEVER || weight < best.0 {
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

    fn weight(self, coding: Coding) -> Weight {
        match coding {
            Coding::Identity => self.identity,
            Coding::Gzip => self.gzip,
            Coding::Brotli => self.brotli,
            Coding::Zstd => self.zstd,
        }
    }
}

/// How much a coding is wanted: thousandths, doubled to make room below the least `q`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Weight(u16);

impl Weight {
    const NEVER: Weight = Weight(0);
    const BARELY: Weight = Weight(1);
    const FULL: Weight = Weight(2000);

    fn parse(qvalue: &str) -> Option<Weight> {
        thousandths(qvalue).map(|thousandths| Weight(2 * thousandths))
    }
}

/// What a member of the list names.
enum Named {
    Gzip,
    Brotli,
    Zstd,
    Identity,
    Others,
}

impl Named {
    fn of(coding: &[u8]) -> Option<Named> {
        // As few are compared as have that length: this is done for each request.
        let (named, known): (Named, &[u8]) = match (coding.len(), coding.first()?) {
            (1, _) => (Named::Others, b"*"),
            (2, _) => (Named::Brotli, b"br"),
            (4, b'g' | b'G') => (Named::Gzip, b"gzip"),
            (4, _) => (Named::Zstd, b"zstd"),
            // RFC 9110 §8.4.1.3: a recipient treats `x-gzip` as `gzip`.
            (6, _) => (Named::Gzip, b"x-gzip"),
            (8, _) => (Named::Identity, b"identity"),
            _ => return None,
        };
        coding.eq_ignore_ascii_case(known).then_some(named)
    }
}

/// One member of the list.
struct Member<'a> {
    coding: &'a [u8],
    weight: Weight,
}

impl Member<'_> {
    /// Of visible ASCII, blanks and tabs.
    fn parse(member: &[u8]) -> Option<Member<'_>> {
        let mut parts = member.splitn(2, |byte| *byte == b';');
        let coding = parts.next()?.trim_ascii();
        let weight = match parts.next().map(<[u8]>::trim_ascii) {
            Some(q) => {
                let q = q.strip_prefix(b"q=").or_else(|| q.strip_prefix(b"Q="))?;
                Weight::parse(str::from_utf8(q).ok()?)?
            }
            None => Weight::FULL,
        };
        (!coding.is_empty()).then_some(Member { coding, weight })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;
    use proptest::prelude::*;

    fn accepted(lines: &[&[u8]]) -> Accepted {
        let mut headers = hyper::HeaderMap::new();
        for line in lines {
            if let Ok(value) = HeaderValue::from_bytes(line) {
                headers.append(hyper::header::ACCEPT_ENCODING, value);
            }
        }
        Accepted::of(&Fields::of(&headers))
    }

    /// What is chosen while there is nothing but gzip.
    fn chosen(lines: &[&[u8]]) -> Coding {
        accepted(lines).choose(|coding| match coding {
            Coding::Identity => Some(100),
            Coding::Gzip => Some(30),
            Coding::Brotli | Coding::Zstd => None,
        })
    }

    #[test]
    fn the_client_s_wish_decides_while_there_is_only_gzip() {
        use Coding::{Gzip, Identity};
        let cases: &[(&[&str], Coding)] = &[
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
    fn the_client_s_wish_decides_and_then_the_size() {
        use Coding::{Brotli, Gzip, Identity, Zstd};
        let cases: &[(&str, Coding)] = &[
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
            assert_eq!(accepted.choose(length), *coding, "{line}");
        }
        let accepted = accepted(&[b"gzip, br, zstd"]);
        let early = |coding| match coding {
            Identity => Some(100),
            Gzip => Some(30),
            Brotli => Some(31),
            Zstd => None,
        };
        assert_eq!(accepted.choose(early), Gzip, "what is smaller now");
        assert_eq!(accepted.choose(|_| None), Identity);
        let only = |coding| (coding == Identity).then_some(100);
        assert_eq!(accepted.choose(only), Identity);
    }

    #[test]
    fn what_may_be_answered_is_told_apart_from_what_is_chosen() {
        use Coding::{Brotli, Gzip, Identity, Zstd};
        let cases: &[(&str, &[Coding])] = &[
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
            let taken = Coding::ALL.into_iter();
            let taken: Vec<_> = taken.filter(|coding| accepted.takes(*coding)).collect();
            assert_eq!(taken, *expected, "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(line in any::<Vec<u8>>()) {
            let _ = chosen(&[&line]);
        }

        #[test]
        fn what_is_chosen_is_taken_unless_nothing_is(line in "(gzip|br|zstd|identity|\\*|;q=0|;q=0\\.[0-9]|, ){0,9}") {
            let accepted = accepted(&[line.as_bytes()]);
            let coding = accepted.choose(|_| Some(1));
            let takes_none = Coding::ALL.iter().all(|&coding| !accepted.takes(coding));
            prop_assert!(accepted.takes(coding) || takes_none && coding == Coding::Identity);
        }

        #[test]
        fn a_list_that_names_neither_gzip_nor_a_star_never_gets_gzip(line in "[a-y;=0-9., ]{0,40}") {
            prop_assert_eq!(chosen(&[line.as_bytes()]), Coding::Identity);
        }
    }
}
