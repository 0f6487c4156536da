//! Builds error responses and redirects, and has the helpers that set status and headers.

use bytes::Bytes;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

use crate::model::artifact::SharedHeaderValue;
use crate::publish::render_cache::RenderRefused;
use crate::url_path;

use super::response_body::ResponseBody;
use super::validate::Rejection;

/// Builds the response for a lazy body that could not be rendered: 503, or 500 if a retry cannot help.
pub(super) fn reject_unrendered(refusal: RenderRefused) -> Response<ResponseBody> {
    let (code, text, retry_after) = match refusal {
        RenderRefused::Busy => (
            StatusCode::SERVICE_UNAVAILABLE,
            "server is busy, retry shortly\n",
            Some("2"),
        ),
        RenderRefused::SourceChanged => (
            StatusCode::SERVICE_UNAVAILABLE,
            "content is being updated, retry shortly\n",
            Some("1"),
        ),
        RenderRefused::Failed => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "rendering failed\n",
            None,
        ),
    };
    let mut response = build_text_response(code, text);
    let headers = response.headers_mut();
    insert_static_header(headers, header::CACHE_CONTROL, "no-store");
    if let Some(seconds) = retry_after {
        insert_static_header(headers, header::RETRY_AFTER, seconds);
    }
    response
}

/// Methods that every resource allows.
const ALLOWED_METHODS: &str = "GET, HEAD, OPTIONS";

/// Builds the response to a request that failed validation, or to OPTIONS.
pub(super) fn reject_request(rejection: Rejection) -> Response<ResponseBody> {
    match rejection {
        Rejection::Malformed => build_text_response(StatusCode::BAD_REQUEST, "bad request\n"),
        Rejection::UnexpectedBody => {
            build_text_response(StatusCode::BAD_REQUEST, "request body not allowed\n")
        }
        Rejection::TargetTooLong => {
            build_text_response(StatusCode::URI_TOO_LONG, "request target too long\n")
        }
        Rejection::HeadTooLong => build_text_response(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "request header fields too large\n",
        ),
        Rejection::UnsupportedExpect => build_text_response(
            StatusCode::EXPECTATION_FAILED,
            "unsupported Expect header\n",
        ),
        Rejection::MethodNotAllowed => {
            let mut response =
                build_text_response(StatusCode::METHOD_NOT_ALLOWED, "method not allowed\n");
            insert_static_header(response.headers_mut(), header::ALLOW, ALLOWED_METHODS);
            response
        }
        Rejection::MethodNotImplemented => {
            build_text_response(StatusCode::NOT_IMPLEMENTED, "method not implemented\n")
        }
        Rejection::OptionsRequest => answer_options(),
    }
}

/// Answers OPTIONS, including CORS preflight requests, which browsers send before conditional requests.
fn answer_options() -> Response<ResponseBody> {
    let mut response = build_response(StatusCode::NO_CONTENT, ResponseBody::default());
    let headers = response.headers_mut();
    insert_static_header(headers, header::ALLOW, ALLOWED_METHODS);
    insert_static_header(headers, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    insert_static_header(
        headers,
        header::ACCESS_CONTROL_ALLOW_METHODS,
        ALLOWED_METHODS,
    );
    insert_static_header(
        headers,
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        "A-IM, Cache-Control, If-Modified-Since, If-None-Match",
    );
    insert_static_header(headers, header::ACCESS_CONTROL_MAX_AGE, "86400");
    response
}

/// Builds a redirect to a relative reference with status 308 or 301 (RFC 9110 §15.4.9, §15.4.2). Scripts on other
/// origins may follow it, because they may read feeds.
pub(super) fn redirect_permanently(
    status: StatusCode,
    mut relative: String,
    query: Option<&str>,
) -> Response<ResponseBody> {
    if let Some(query) = query {
        relative.push('?');
        relative.push_str(&url_path::escape_query(query));
    }
    let mut response = build_text_response(status, "moved\n");
    let headers = response.headers_mut();
    insert_static_header(headers, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    insert_header(headers, header::LOCATION, &relative.into());
    insert_static_header(headers, header::CACHE_CONTROL, "public, max-age=3600");
    response
}

pub(super) fn reject_not_found() -> Response<ResponseBody> {
    let mut response = build_text_response(StatusCode::NOT_FOUND, "not found\n");
    // Long enough to absorb a burst of requests, short enough for a post that is about to appear.
    insert_static_header(
        response.headers_mut(),
        header::CACHE_CONTROL,
        "public, max-age=60",
    );
    response
}

pub(super) fn build_text_response(code: StatusCode, text: &'static str) -> Response<ResponseBody> {
    let mut response = build_response(code, Bytes::from_static(text.as_bytes()));
    insert_static_header(
        response.headers_mut(),
        header::CONTENT_TYPE,
        "text/plain; charset=utf-8",
    );
    response
}

/// Maximum headers of a response; the map is allocated once with this capacity.
const MAX_RESPONSE_HEADERS: usize = 16;

pub(super) fn build_response(
    code: StatusCode,
    body: impl Into<ResponseBody>,
) -> Response<ResponseBody> {
    let mut response = Response::new(body.into());
    *response.status_mut() = code;
    *response.headers_mut() = HeaderMap::with_capacity(MAX_RESPONSE_HEADERS);
    response
}

pub(super) fn insert_static_header(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}

/// Inserts a header, unless the value is invalid: a missing header is better than no response.
pub(super) fn insert_header(headers: &mut HeaderMap, name: HeaderName, value: &SharedHeaderValue) {
    if let Some(value) = value.as_header_value() {
        headers.insert(name, value.clone());
    }
}

pub(super) fn reject_failed_precondition() -> Response<ResponseBody> {
    build_text_response(StatusCode::PRECONDITION_FAILED, "precondition failed\n")
}
