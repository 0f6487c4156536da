//! What is at an address into the fields that say so.

use hyper::header::{self, HeaderMap, HeaderName};

use super::reply::{set, set_static};
use crate::artifact::{ArtifactKey, FieldValue};
use crate::snapshot::{Coding, Resource};

/// What 200 says and 304 need not: RFC 9110 §15.4.5 wants no metadata of the body there.
pub(super) fn describe_content(headers: &mut HeaderMap, key: &ArtifactKey, coding: Coding) {
    set_static(headers, header::CONTENT_TYPE, key.media_type());
    if let Some(name) = coding.name() {
        set_static(headers, header::CONTENT_ENCODING, name);
    }
}

/// What 200 and 304 both say.
pub(super) fn describe(
    headers: &mut HeaderMap,
    resource: &Resource,
    etag: &FieldValue,
    is_dated: bool,
) {
    set(headers, header::ETAG, etag);
    if is_dated {
        set(
            headers,
            header::LAST_MODIFIED,
            &resource.last_modified_field,
        );
    }
    if resource.is_coded() {
        // Of the identity form too: a cache must not hand it to those who asked for gzip, nor
        // the other way round.
        set_static(headers, header::VARY, "Accept-Encoding");
    }
    if resource.noindex {
        set_static(headers, HeaderName::from_static("x-robots-tag"), "noindex");
    }
    if let ArtifactKey::Feed(..) | ArtifactKey::CardImage(_) = resource.key {
        // Public, and read by scripts of other sites.
        set_static(headers, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    }
}

/// What 200 says besides: who has the body has it (RFC 9110 §15.4.5).
pub(super) fn describe_fully(headers: &mut HeaderMap, resource: &Resource) {
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
