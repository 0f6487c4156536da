//! Writes the response headers that describe a resource.

use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

use super::error_response::{insert_header, insert_static_header};
use super::response_body::ResponseBody;
use crate::model::artifact::{ArtifactKey, SharedHeaderValue};
use crate::publish::snapshot::{ContentCoding, Encoding, Resource};

const ANY_ORIGIN: HeaderValue = HeaderValue::from_static("*");
const VARY_ACCEPT_ENCODING: HeaderValue = HeaderValue::from_static("Accept-Encoding");

/// Writes the headers that only a response with content has. RFC 9110 §15.4.5 advises against representation
/// metadata in a 304.
pub(super) fn write_content_headers(
    headers: &mut HeaderMap,
    key: &ArtifactKey,
    coding: ContentCoding,
) {
    insert_static_header(headers, header::CONTENT_TYPE, key.media_type());
    if let Some(name) = coding.coding_name() {
        insert_static_header(headers, header::CONTENT_ENCODING, name);
    }
}

/// Writes the headers of a resource in this encoding, for a full response or a 304.
pub(super) fn write_representation_headers(
    response: &mut Response<ResponseBody>,
    resource: &Resource,
    (form, etag): (Encoding, &SharedHeaderValue),
    has_last_modified: bool,
) {
    let has_body = response.status() != StatusCode::NOT_MODIFIED;
    let headers = response.headers_mut();
    insert_header(headers, header::ETAG, etag);
    if has_last_modified {
        let last_modified = &resource.last_modified_header;
        insert_header(headers, header::LAST_MODIFIED, last_modified);
    }
    if resource.has_encodings() {
        // Also for identity: a cache must not serve it to clients that asked for gzip, nor the
        // other way round.
        headers.insert(header::VARY, VARY_ACCEPT_ENCODING);
    }
    if resource.noindex {
        insert_static_header(headers, HeaderName::from_static("x-robots-tag"), "noindex");
    }
    if let ArtifactKey::Feed(..) | ArtifactKey::FeedPage(..) | ArtifactKey::CardImage(_) =
        resource.key
    {
        // Public content that scripts on other origins may read.
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY_ORIGIN);
    }
    if has_body {
        write_content_headers(headers, &resource.key, form.content_coding());
    } else if !matches!(resource.key, ArtifactKey::FeedHtml(..)) {
        return;
    }
    if let Some(link) = &resource.link_header {
        insert_header(headers, header::LINK, link);
    }
    if resource.key.media_type().starts_with("text/html") {
        write_html_security_headers(headers);
    }
}

/// Writes the security headers of an HTML page.
pub(super) fn write_html_security_headers(headers: &mut HeaderMap) {
    insert_static_header(
        headers,
        header::CONTENT_SECURITY_POLICY,
        HTML_CONTENT_SECURITY_POLICY,
    );
    insert_static_header(
        headers,
        header::REFERRER_POLICY,
        "strict-origin-when-cross-origin",
    );
}

/// Content security policy of HTML pages: inline styles, images from any origin, nothing else.
pub(super) const HTML_CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; \
    img-src http: https: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
