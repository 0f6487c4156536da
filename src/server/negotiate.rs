//! `Accept-Encoding` into the content coding to answer in, RFC 9110 §12.5.3.
//!
//! A client that asked for nothing gets the bytes as they are: no small client is ever surprised.
//! There is no 406: a client that rules out everything gets the bytes as they are too. What is
//! not understood counts as not written.

use hyper::HeaderMap;
use hyper::header::ACCEPT_ENCODING;

/// A content coding, RFC 9110 §8.4.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// The bytes as they are.
    Identity,
    /// RFC 1952.
    Gzip,
}

/// Chooses among the codings on offer, of which the earlier wins where the client is indifferent.
pub(super) fn negotiate(headers: &HeaderMap, offered: &[Coding]) -> Coding {
    let members: Vec<Member<'_>> = headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .filter_map(Member::parse)
        .collect();
    let mut best = (Weight::NEVER, Coding::Identity);
    for &coding in offered {
        let weight = coding.weight(&members);
        if weight > best.0 {
            best = (weight, coding);
        }
    }
    best.1
}

impl Coding {
    /// Its name in `Content-Encoding`; the bytes as they are have none.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Coding::Identity => None,
            Coding::Gzip => Some("gzip"),
        }
    }

    fn is_called(self, name: &str) -> bool {
        let names: &[&str] = match self {
            Coding::Identity => &["identity"],
            // RFC 9110 §8.4.1.3: a recipient treats `x-gzip` as `gzip`.
            Coding::Gzip => &["gzip", "x-gzip"],
        };
        names.iter().any(|own| own.eq_ignore_ascii_case(name))
    }

    fn weight(self, members: &[Member<'_>]) -> Weight {
        let of = |matches: &dyn Fn(&str) -> bool| {
            members
                .iter()
                .find(|member| matches(member.coding))
                .map(|member| member.weight)
        };
        let unnamed = match self {
            // Acceptable unless ruled out, and behind all that was asked for.
            Coding::Identity => Weight::BARELY,
            Coding::Gzip => Weight::NEVER,
        };
        of(&|name| self.is_called(name))
            .or_else(|| of(&|name| name == "*"))
            .unwrap_or(unnamed)
    }
}

/// How much a coding is wanted: thousandths, doubled to make room below the least `q`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Weight(u16);

impl Weight {
    const NEVER: Weight = Weight(0);
    const BARELY: Weight = Weight(1);
    const FULL: Weight = Weight(2000);

    /// RFC 9110 §12.4.2: `0` or `1` with at most three decimals, and not above 1.
    fn parse(qvalue: &str) -> Option<Weight> {
        let (whole, decimals) = qvalue.split_once('.').unwrap_or((qvalue, ""));
        if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let thousandths = format!("{decimals:0<3}").parse::<u16>().ok()?;
        match (whole, thousandths) {
            ("0", _) => Some(Weight(2 * thousandths)),
            ("1", 0) => Some(Weight::FULL),
            _ => None,
        }
    }
}

/// One member of the list.
struct Member<'a> {
    coding: &'a str,
    weight: Weight,
}

impl Member<'_> {
    fn parse(member: &str) -> Option<Member<'_>> {
        let is_space = |c| matches!(c, ' ' | '\t');
        let (coding, parameter) = match member.split_once(';') {
            Some((coding, parameter)) => (coding, Some(parameter.trim_matches(is_space))),
            None => (member, None),
        };
        let weight = match parameter {
            Some(q) => Weight::parse(q.strip_prefix("q=").or_else(|| q.strip_prefix("Q="))?)?,
            None => Weight::FULL,
        };
        let coding = coding.trim_matches(is_space);
        (!coding.is_empty()).then_some(Member { coding, weight })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;
    use proptest::prelude::*;

    const OFFERED: [Coding; 2] = [Coding::Gzip, Coding::Identity];

    fn chosen(lines: &[&[u8]]) -> Coding {
        let mut headers = HeaderMap::new();
        for line in lines {
            if let Ok(value) = HeaderValue::from_bytes(line) {
                headers.append(ACCEPT_ENCODING, value);
            }
        }
        negotiate(&headers, &OFFERED)
    }

    #[test]
    fn the_client_s_wish_decides() {
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
    fn what_is_not_offered_is_not_chosen() {
        let mut headers = HeaderMap::new();
        headers.append(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        assert_eq!(negotiate(&headers, &[Coding::Identity]), Coding::Identity);
        assert_eq!(negotiate(&headers, &[]), Coding::Identity);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(line in any::<Vec<u8>>()) {
            let _ = chosen(&[&line]);
        }

        #[test]
        fn a_list_that_names_neither_gzip_nor_a_star_never_gets_gzip(line in "[a-y;=0-9., ]{0,40}") {
            prop_assert_eq!(chosen(&[line.as_bytes()]), Coding::Identity);
        }
    }
}
