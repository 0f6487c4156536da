//! Writes the header fields that describe a resource.

use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

use super::reply::{set, set_static};
use super::sending::Body;
use crate::artifact::{ArtifactKey, FieldValue};
use crate::snapshot::{Coding, Form, Resource};

const ANY_ORIGIN: HeaderValue = HeaderValue::from_static("*");
const CODED: HeaderValue = HeaderValue::from_static("Accept-Encoding");

/// What 200 says and 304 need not: RFC 9110 §15.4.5 wants no metadata of the body there.
pub(super) fn describe_content(headers: &mut HeaderMap, key: &ArtifactKey, coding: Coding) {
    set_static(headers, header::CONTENT_TYPE, key.media_type());
    if let Some(name) = coding.name() {
        set_static(headers, header::CONTENT_ENCODING, name);
    }
}

/// Describes what is sent of a resource, or is not modified, in this form.
pub(super) fn describe(
    response: &mut Response<Body>,
    resource: &Resource,
    (form, etag): (Form, &FieldValue),
    is_dated: bool,
) {
    let has_body = response.status() != StatusCode::NOT_MODIFIED;
    let headers = response.headers_mut();
    set(headers, header::ETAG, etag);
    if is_dated {
        let last_modified = &resource.last_modified_field;
        set(headers, header::LAST_MODIFIED, last_modified);
    }
    if resource.is_coded() {
        // Of the identity form too: a cache must not hand it to those who asked for gzip, nor
        // the other way round.
        headers.insert(header::VARY, CODED);
    }
    if resource.noindex {
        set_static(headers, HeaderName::from_static("x-robots-tag"), "noindex");
    }
    if let ArtifactKey::Feed(..) | ArtifactKey::CardImage(_) = resource.key {
        // Public, and read by scripts of other sites.
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY_ORIGIN);
    }
    if !has_body {
        return;
    }
    describe_content(headers, &resource.key, form.coding());
    if let Some(link) = &resource.link {
        set(headers, header::LINK, link);
    }
    if resource.key.media_type().starts_with("text/html") {
        guard_page(headers);
    }
}

/// What every page for people says.
pub(super) fn guard_page(headers: &mut HeaderMap) {
    set_static(headers, header::CONTENT_SECURITY_POLICY, PAGE_POLICY);
    set_static(
        headers,
        header::REFERRER_POLICY,
        "strict-origin-when-cross-origin",
    );
}

/// Pages have a style of their own and pictures from anywhere, and nothing else.
pub(super) const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; \
    img-src http: https: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
