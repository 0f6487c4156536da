//! Rejects ambiguous, unsupported or oversized requests before routing.
//!
//! hyper has read the message by then, and has refused what has no meaning at all (RFC 9112 §2.2, §5, §6.1).

use hyper::http::request::Parts;
use hyper::{Method, Uri, Version};

use super::fields::{Field, Fields};
use super::host;

/// Why a request is not answered by what it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Objection {
    /// The message is in doubt: 400.
    Malformed,
    /// It has a body where the method gives that no meaning, and which a proxy may take for the next
    /// request (RFC 9110 §9.3.1), or one whose end is in doubt: 400.
    HasContent,
    /// The target is longer than we read (RFC 9110 §15.5.15): 414.
    TooLong,
    /// Its fields are longer, together, than we read (RFC 6585 §5): 431.
    HeadTooLong,
    /// It expects what we do not know (RFC 9110 §10.1.1): 417.
    Expectation,
    /// A method that is known and not allowed here (RFC 9110 §15.5.6): 405.
    NotAllowed,
    /// A method that nobody has told us of (RFC 9110 §15.6.2): 501.
    NotImplemented,
    /// It asks what may be asked (RFC 9110 §9.3.7): answered without looking further.
    AsksOptions,
}

/// How long a request may be, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Longest {
    /// Its target.
    pub(super) target: usize,
    /// Its head.
    pub(super) head: usize,
}

/// Looks at the head of a request.
pub(super) fn object(request: &Parts, fields: &Fields<'_>, longest: Longest) -> Option<Objection> {
    let (method, uri, version) = (&request.method, &request.uri, request.version);
    if !host::is_acceptable(version, fields) || names_two_hosts(uri, version, fields) {
        return Some(Objection::Malformed);
    }
    let by_method = object_to_method(method);
    if has_content(fields) {
        let by_method = by_method.filter(|_| has_one_length(fields));
        return Some(by_method.unwrap_or(Objection::HasContent));
    }
    if !is_http_target(uri) && *method != Method::CONNECT {
        return Some(Objection::Malformed);
    }
    let query_length = uri.query().map_or(0, |query| query.len() + "?".len());
    if uri.path().len() + query_length > longest.target {
        return Some(Objection::TooLong);
    }
    // hyper reads on as long as there is room, and so a little more than it is told.
    if fields.length() > longest.head {
        return Some(Objection::HeadTooLong);
    }
    if !is_met(fields, version) {
        return Some(Objection::Expectation);
    }
    by_method.or_else(|| match *method {
        Method::OPTIONS => Some(Objection::AsksOptions),
        // RFC 9112 §3.2.4: the asterisk is for OPTIONS alone.
        _ => (uri.path() == "*").then_some(Objection::Malformed),
    })
}

/// Whether the target is a path, or the URL of one over HTTP that names no user (RFC 9112 §3.2; RFC 9110 §4.2.4). A
/// host alone is for CONNECT.
fn is_http_target(uri: &Uri) -> bool {
    match (uri.scheme_str(), uri.authority()) {
        (None, None) => true,
        (Some("http" | "https"), Some(authority)) => !authority.as_str().contains('@'),
        _ => false,
    }
}

/// Whether `:authority` and `Host` of HTTP/2 differ (RFC 9113 §8.3.1). Over HTTP/1 the target wins (RFC 9112 §3.2.2).
fn names_two_hosts(uri: &Uri, version: Version, fields: &Fields<'_>) -> bool {
    let authority = uri.authority().map(|authority| authority.as_str());
    version == Version::HTTP_2 && host::differs(authority, uri.scheme_str(), fields)
}

/// Objects to methods that nothing here has.
fn object_to_method(method: &Method) -> Option<Objection> {
    match *method {
        Method::GET | Method::HEAD | Method::OPTIONS => None,
        Method::POST
        | Method::PUT
        | Method::DELETE
        | Method::PATCH
        | Method::TRACE
        | Method::CONNECT => Some(Objection::NotAllowed),
        _ => Some(Objection::NotImplemented),
    }
}

/// Whether a body comes with it, or may (RFC 9112 §6.3). Several lengths are in doubt even when they agree. No body
/// is read, so that over HTTP/1.1 the connection closes after the answer.
pub(super) fn has_content(fields: &Fields<'_>) -> bool {
    let length = fields.only(Field::ContentLength);
    let is_nothing = length.is_some_and(|length| length.as_bytes() == b"0");
    let has_length = fields.has(Field::ContentLength) && !is_nothing;
    has_length || fields.has(Field::TransferEncoding)
}

/// Whether the end of a body is told in one way only.
fn has_one_length(fields: &Fields<'_>) -> bool {
    let has_length = fields.only(Field::ContentLength).is_some();
    let is_chunked = fields.only(Field::TransferEncoding).is_some();
    let [length, chunks] =
        [Field::ContentLength, Field::TransferEncoding].map(|field| fields.has(field));
    (has_length && !chunks) || (is_chunked && !length)
}

/// Whether nothing is expected but `100-continue`, of which there is nothing to be sent without a body. HTTP/1.0
/// has no such field.
fn is_met(fields: &Fields<'_>, version: Version) -> bool {
    version == Version::HTTP_10
        || !fields.has(Field::Expect)
        || fields
            .lines(Field::Expect)
            .all(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Objection::*;
    use hyper::Request;

    const LONGEST: Longest = Longest {
        target: 10,
        head: 100,
    };

    /// With a `Host` of its length this fills a head.
    const LONG: &str =
        "1234567890123456789012345678901234567890123456789012345678901234567890123456789012";

    #[test]
    fn each_doubt_has_its_answer() {
        type Case = (
            &'static str,
            &'static str,
            &'static [(&'static str, &'static str)],
            Option<Objection>,
        );
        let cases: &[Case] = &[
            ("GET", "/", &[], None),
            ("HEAD", "/", &[], None),
            ("GET", "http://e.org/rss.xml", &[], None),
            ("GET", "/", &[("content-length", "0")], None),
            ("GET", "/", &[("content-length", "1")], Some(HasContent)),
            ("GET", "/", &[("content-length", "00")], Some(HasContent)),
            ("GET", "/", &[("content-length", "+0")], Some(HasContent)),
            (
                "GET",
                "/",
                &[("content-length", "0"), ("content-length", "0")],
                Some(HasContent),
            ),
            (
                "GET",
                "/",
                &[("transfer-encoding", "chunked")],
                Some(HasContent),
            ),
            (
                "GET",
                "/",
                &[("transfer-encoding", "identity"), ("content-length", "0")],
                Some(HasContent),
            ),
            ("POST", "/", &[("content-length", "1")], Some(NotAllowed)),
            (
                "POST",
                "/",
                &[("transfer-encoding", "chunked")],
                Some(NotAllowed),
            ),
            (
                "POST",
                "/",
                &[("content-length", "1"), ("content-length", "1")],
                Some(HasContent),
            ),
            (
                "POST",
                "/",
                &[("content-length", "1"), ("transfer-encoding", "chunked")],
                Some(HasContent),
            ),
            (
                "BREW",
                "/",
                &[("content-length", "1")],
                Some(NotImplemented),
            ),
            ("OPTIONS", "/", &[("content-length", "1")], Some(HasContent)),
            ("GET", "/", &[("expect", "100-continue")], None),
            ("GET", "/", &[("expect", "100-Continue")], None),
            ("GET", "/", &[("expect", "200-ok")], Some(Expectation)),
            ("GET", "*", &[], Some(Malformed)),
            ("GET", "+", &[], Some(Malformed)),
            ("GET", "example.org", &[], Some(Malformed)),
            ("GET", "example.org:80", &[], Some(Malformed)),
            ("OPTIONS", "example.org", &[], Some(Malformed)),
            ("GET", "http://u@e.org/rss.xml", &[], Some(Malformed)),
            ("GET", "ftp://e.org/rss.xml", &[], Some(Malformed)),
            ("GET", "https://e.org/", &[], None),
            ("OPTIONS", "*", &[], Some(AsksOptions)),
            ("OPTIONS", "/rss.xml", &[], Some(AsksOptions)),
            ("POST", "/", &[], Some(NotAllowed)),
            ("TRACE", "/", &[], Some(NotAllowed)),
            ("CONNECT", "e.org:443", &[], Some(NotAllowed)),
            ("PROPFIND", "/", &[], Some(NotImplemented)),
            ("get", "/", &[], Some(NotImplemented)),
            ("GET", "/", &[("x", LONG)], None),
            ("GET", "/", &[("xy", LONG)], Some(HeadTooLong)),
            ("GET", "/?23456789", &[], None),
            ("GET", "/?234567890", &[], Some(TooLong)),
        ];
        for (method, target, fields, expected) in cases {
            let mut request = Request::builder()
                .method(*method)
                .uri(*target)
                .header("host", "e.org");
            for (name, value) in *fields {
                request = request.header(*name, *value);
            }
            let (request, ()) = request.body(()).unwrap().into_parts();
            assert_eq!(
                object(&request, &Fields::of(&request.headers), LONGEST),
                *expected,
                "{method} {target} {fields:?}"
            );
        }
    }
}
