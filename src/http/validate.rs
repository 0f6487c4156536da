//! Rejects ambiguous, unsupported or oversized requests before routing.
//!
//! hyper has parsed the message before and has rejected malformed syntax (RFC 9112 §2.2, §5, §6.1).

use hyper::http::request::Parts;
use hyper::{Method, Uri, Version};

use super::host_header;
use super::request_headers::{KnownHeader, RequestHeaders};

/// Reason for not serving the requested resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rejection {
    /// Ambiguous message: 400.
    Malformed,
    /// Body that has no defined meaning for the method, or whose length is ambiguous: 400. A proxy may take it for
    /// the next request (RFC 9110 §9.3.1).
    UnexpectedBody,
    /// Target longer than the limit (RFC 9110 §15.5.15): 414.
    TargetTooLong,
    /// Header fields longer, in total, than the limit (RFC 6585 §5): 431.
    HeadTooLong,
    /// Unsupported `Expect` header (RFC 9110 §10.1.1): 417.
    UnsupportedExpect,
    /// Known method that no resource allows (RFC 9110 §15.5.6): 405.
    MethodNotAllowed,
    /// Unknown method (RFC 9110 §15.6.2): 501.
    MethodNotImplemented,
    /// OPTIONS request, which is answered without a lookup (RFC 9110 §9.3.7).
    OptionsRequest,
}

/// Maximum sizes of a request, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct SizeLimits {
    pub(super) target_bytes: usize,
    pub(super) head_bytes: usize,
}

/// Validates the head of a request. Returns the first reason to reject it, or `None`.
pub(super) fn validate_request(
    request: &Parts,
    fields: &RequestHeaders<'_>,
    limits: SizeLimits,
) -> Option<Rejection> {
    let (method, uri, version) = (&request.method, &request.uri, request.version);
    if !host_header::has_valid_host(version, fields) || has_conflicting_hosts(uri, version, fields)
    {
        return Some(Rejection::Malformed);
    }
    let method_rejection = validate_method(method);
    if has_request_body(fields) {
        let by_method = method_rejection.filter(|_| has_single_body_length(fields));
        return Some(by_method.unwrap_or(Rejection::UnexpectedBody));
    }
    if !is_http_target(uri) && *method != Method::CONNECT {
        return Some(Rejection::Malformed);
    }
    let query_length = uri.query().map_or(0, |query| query.len() + "?".len());
    if uri.path().len() + query_length > limits.target_bytes {
        return Some(Rejection::TargetTooLong);
    }
    // hyper reads until its buffer is full, so it accepts slightly more than its limit.
    if fields.total_bytes() > limits.head_bytes {
        return Some(Rejection::HeadTooLong);
    }
    if !is_expect_supported(fields, version) {
        return Some(Rejection::UnsupportedExpect);
    }
    method_rejection.or_else(|| match *method {
        Method::OPTIONS => Some(Rejection::OptionsRequest),
        // RFC 9112 §3.2.4: the asterisk form is for OPTIONS only.
        _ => (uri.path() == "*").then_some(Rejection::Malformed),
    })
}

/// Returns true if the target is a path or an HTTP URL without user information (RFC 9112 §3.2; RFC 9110 §4.2.4).
/// The authority form is for CONNECT only.
fn is_http_target(uri: &Uri) -> bool {
    match (uri.scheme_str(), uri.authority()) {
        (None, None) => true,
        (Some("http" | "https"), Some(authority)) => !authority.as_str().contains('@'),
        _ => false,
    }
}

/// Returns true if `:authority` and `Host` of an HTTP/2 request differ (RFC 9113 §8.3.1). Over HTTP/1 the target wins
/// (RFC 9112 §3.2.2).
fn has_conflicting_hosts(uri: &Uri, version: Version, fields: &RequestHeaders<'_>) -> bool {
    let authority = uri.authority().map(|authority| authority.as_str());
    version == Version::HTTP_2
        && host_header::has_conflicting_authority(authority, uri.scheme_str(), fields)
}

/// Rejects all methods except GET, HEAD and OPTIONS.
fn validate_method(method: &Method) -> Option<Rejection> {
    match *method {
        Method::GET | Method::HEAD | Method::OPTIONS => None,
        Method::POST
        | Method::PUT
        | Method::DELETE
        | Method::PATCH
        | Method::TRACE
        | Method::CONNECT => Some(Rejection::MethodNotAllowed),
        _ => Some(Rejection::MethodNotImplemented),
    }
}

/// Returns true if the request has, or may have, a body (RFC 9112 §6.3). Repeated lengths count even when they agree.
/// Bodies are never read, so an HTTP/1.1 connection closes after the response.
pub(crate) fn has_request_body(fields: &RequestHeaders<'_>) -> bool {
    let length = fields.single_value(KnownHeader::ContentLength);
    let is_nothing = length.is_some_and(|length| length.as_bytes() == b"0");
    let has_length = fields.has_header(KnownHeader::ContentLength) && !is_nothing;
    has_length || fields.has_header(KnownHeader::TransferEncoding)
}

/// Returns true if exactly one header delimits the body.
fn has_single_body_length(fields: &RequestHeaders<'_>) -> bool {
    let has_length = fields.single_value(KnownHeader::ContentLength).is_some();
    let is_chunked = fields.single_value(KnownHeader::TransferEncoding).is_some();
    let [length, chunks] = [KnownHeader::ContentLength, KnownHeader::TransferEncoding]
        .map(|field| fields.has_header(field));
    (has_length && !chunks) || (is_chunked && !length)
}

/// Returns true if `Expect` is absent or only `100-continue`, which needs no reply without a body. HTTP/1.0 has no
/// such header.
fn is_expect_supported(fields: &RequestHeaders<'_>, version: Version) -> bool {
    version == Version::HTTP_10
        || !fields.has_header(KnownHeader::Expect)
        || fields
            .all_values(KnownHeader::Expect)
            .all(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

#[cfg(test)]
mod tests {
    use self::Rejection::*;
    use super::*;
    use hyper::Request;

    const LIMITS: SizeLimits = SizeLimits {
        target_bytes: 10,
        head_bytes: 100,
    };

    /// Fills a head of the maximum size, together with `Host`.
    const MAX_VALUE: &str =
        "1234567890123456789012345678901234567890123456789012345678901234567890123456789012";

    #[test]
    fn each_invalid_request_gets_its_rejection() {
        type Case = (
            &'static str,
            &'static str,
            &'static [(&'static str, &'static str)],
            Option<Rejection>,
        );
        let cases: &[Case] = &[
            ("GET", "/", &[], None),
            ("HEAD", "/", &[], None),
            ("GET", "http://e.org/rss.xml", &[], None),
            ("GET", "/", &[("content-length", "0")], None),
            ("GET", "/", &[("content-length", "1")], Some(UnexpectedBody)),
            (
                "GET",
                "/",
                &[("content-length", "00")],
                Some(UnexpectedBody),
            ),
            (
                "GET",
                "/",
                &[("content-length", "+0")],
                Some(UnexpectedBody),
            ),
            (
                "GET",
                "/",
                &[("content-length", "0"), ("content-length", "0")],
                Some(UnexpectedBody),
            ),
            (
                "GET",
                "/",
                &[("transfer-encoding", "chunked")],
                Some(UnexpectedBody),
            ),
            (
                "GET",
                "/",
                &[("transfer-encoding", "identity"), ("content-length", "0")],
                Some(UnexpectedBody),
            ),
            (
                "POST",
                "/",
                &[("content-length", "1")],
                Some(MethodNotAllowed),
            ),
            (
                "POST",
                "/",
                &[("transfer-encoding", "chunked")],
                Some(MethodNotAllowed),
            ),
            (
                "POST",
                "/",
                &[("content-length", "1"), ("content-length", "1")],
                Some(UnexpectedBody),
            ),
            (
                "POST",
                "/",
                &[("content-length", "1"), ("transfer-encoding", "chunked")],
                Some(UnexpectedBody),
            ),
            (
                "BREW",
                "/",
                &[("content-length", "1")],
                Some(MethodNotImplemented),
            ),
            (
                "OPTIONS",
                "/",
                &[("content-length", "1")],
                Some(UnexpectedBody),
            ),
            ("GET", "/", &[("expect", "100-continue")], None),
            ("GET", "/", &[("expect", "100-Continue")], None),
            ("GET", "/", &[("expect", "200-ok")], Some(UnsupportedExpect)),
            ("GET", "*", &[], Some(Malformed)),
            ("GET", "+", &[], Some(Malformed)),
            ("GET", "example.org", &[], Some(Malformed)),
            ("GET", "example.org:80", &[], Some(Malformed)),
            ("OPTIONS", "example.org", &[], Some(Malformed)),
            ("GET", "http://u@e.org/rss.xml", &[], Some(Malformed)),
            ("GET", "ftp://e.org/rss.xml", &[], Some(Malformed)),
            ("GET", "https://e.org/", &[], None),
            ("OPTIONS", "*", &[], Some(OptionsRequest)),
            ("OPTIONS", "/rss.xml", &[], Some(OptionsRequest)),
            ("POST", "/", &[], Some(MethodNotAllowed)),
            ("TRACE", "/", &[], Some(MethodNotAllowed)),
            ("CONNECT", "e.org:443", &[], Some(MethodNotAllowed)),
            ("PROPFIND", "/", &[], Some(MethodNotImplemented)),
            ("get", "/", &[], Some(MethodNotImplemented)),
            ("GET", "/", &[("x", MAX_VALUE)], None),
            ("GET", "/", &[("xy", MAX_VALUE)], Some(HeadTooLong)),
            ("GET", "/?23456789", &[], None),
            ("GET", "/?234567890", &[], Some(TargetTooLong)),
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
                validate_request(
                    &request,
                    &RequestHeaders::from_map(&request.headers),
                    LIMITS
                ),
                *expected,
                "{method} {target} {fields:?}"
            );
        }
    }
}
