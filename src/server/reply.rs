//! What most responses are made of, and those that have nothing of a snapshot.

use bytes::Bytes;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

use crate::artifact::Pieces;
use crate::gallery::Refusal;

pub(super) fn refused(refusal: Refusal) -> Response<Pieces> {
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

pub(super) fn not_found() -> Response<Pieces> {
    let mut response = plain(StatusCode::NOT_FOUND, "not found\n");
    // Long enough to stop a herd, short enough for a post that is about to appear.
    set_static(
        response.headers_mut(),
        header::CACHE_CONTROL,
        "public, max-age=60",
    );
    response
}

pub(super) fn plain(code: StatusCode, text: &'static str) -> Response<Pieces> {
    let mut response = status(code, Bytes::from_static(text.as_bytes()).into());
    set_static(
        response.headers_mut(),
        header::CONTENT_TYPE,
        "text/plain; charset=utf-8",
    );
    response
}

pub(super) fn status(code: StatusCode, body: Pieces) -> Response<Pieces> {
    let mut response = Response::new(body);
    *response.status_mut() = code;
    response
}

pub(super) fn set_static(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}

/// A value that no field can hold is left out: better a header less than no answer.
pub(super) fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
