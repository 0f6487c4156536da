//! Builds the responses that have nothing of a snapshot, and the parts of the others.

use bytes::Bytes;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

use crate::artifact::FieldValue;
use crate::gallery::Refusal;
use crate::percent;

use super::sending::Body;
use super::strict::Objection;

pub(super) fn refused(refusal: Refusal) -> Response<Body> {
    let (code, text, again) = match refusal {
        Refusal::Busy => (
            StatusCode::SERVICE_UNAVAILABLE,
            "too much is asked for at once\n",
            Some("2"),
        ),
        Refusal::Stale => (
            StatusCode::SERVICE_UNAVAILABLE,
            "what is asked for is being replaced\n",
            Some("1"),
        ),
        Refusal::Failed => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "what is asked for cannot be made\n",
            None,
        ),
    };
    let mut response = plain(code, text);
    let headers = response.headers_mut();
    set_static(headers, header::CACHE_CONTROL, "no-store");
    if let Some(seconds) = again {
        set_static(headers, header::RETRY_AFTER, seconds);
    }
    response
}

/// What a server of ours can be asked.
const METHODS: &str = "GET, HEAD, OPTIONS";

/// The answer to what is not answered by what is here.
pub(super) fn objected(objection: Objection) -> Response<Body> {
    match objection {
        Objection::Malformed => plain(StatusCode::BAD_REQUEST, "bad request\n"),
        Objection::HasContent => plain(StatusCode::BAD_REQUEST, "a request here has no content\n"),
        Objection::TooLong => plain(StatusCode::URI_TOO_LONG, "the target is too long\n"),
        Objection::HeadTooLong => plain(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "the header is too long\n",
        ),
        Objection::Expectation => plain(
            StatusCode::EXPECTATION_FAILED,
            "that is not to be expected\n",
        ),
        Objection::NotAllowed => {
            let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "method not allowed\n");
            set_static(response.headers_mut(), header::ALLOW, METHODS);
            response
        }
        Objection::NotImplemented => plain(StatusCode::NOT_IMPLEMENTED, "unknown method\n"),
        Objection::AsksOptions => options(),
    }
}

/// What may be asked: of scripts of other sites, too, which ask before they send a condition.
fn options() -> Response<Body> {
    let mut response = status(StatusCode::NO_CONTENT, Body::default());
    let headers = response.headers_mut();
    set_static(headers, header::ALLOW, METHODS);
    set_static(headers, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    set_static(headers, header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    set_static(
        headers,
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        "A-IM, Cache-Control, If-Modified-Since, If-None-Match",
    );
    set_static(headers, header::ACCESS_CONTROL_MAX_AGE, "86400");
    response
}

/// Where what was asked for is, as a way from there (RFC 9110 §15.4.9).
pub(super) fn moved_for_good(mut relative: String, query: Option<&str>) -> Response<Body> {
    if let Some(query) = query {
        relative.push('?');
        relative.push_str(&percent::query(query));
    }
    let mut response = plain(StatusCode::PERMANENT_REDIRECT, "moved\n");
    let headers = response.headers_mut();
    set(headers, header::LOCATION, &relative.into());
    set_static(headers, header::CACHE_CONTROL, "public, max-age=3600");
    response
}

pub(super) fn not_found() -> Response<Body> {
    let mut response = plain(StatusCode::NOT_FOUND, "not found\n");
    // Long enough to stop a herd, short enough for a post that is about to appear.
    set_static(
        response.headers_mut(),
        header::CACHE_CONTROL,
        "public, max-age=60",
    );
    response
}

pub(super) fn plain(code: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = status(code, Bytes::from_static(text.as_bytes()));
    set_static(
        response.headers_mut(),
        header::CONTENT_TYPE,
        "text/plain; charset=utf-8",
    );
    response
}

/// How many header fields a response has at most, so that their table is allocated once.
const MAX_FIELDS: usize = 16;

pub(super) fn status(code: StatusCode, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = code;
    *response.headers_mut() = HeaderMap::with_capacity(MAX_FIELDS);
    response
}

pub(super) fn set_static(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}

/// A value that no field can hold is left out: better a header less than no answer.
pub(super) fn set(headers: &mut HeaderMap, name: HeaderName, value: &FieldValue) {
    if let Some(value) = value.header() {
        headers.insert(name, value.clone());
    }
}
