//! Answers for the variants at a feed's URL: the HTML page for browsers, and redirects to further pages.
//!
//! The HTML page has no `Last-Modified`, because its changes are not tracked; the entity tag is the validator.

use std::time::{Duration, SystemTime};

use hyper::header::{self, HeaderName};
use hyper::{Response, StatusCode, Uri};

use super::accept_encoding::AcceptedEncodings;
use super::cache_control::CacheHeaders;
use super::canonical_path::relative_reference;
use super::choose_encoding::choose_lazy_encoding;
use super::error_response::reject_failed_precondition;
use super::error_response::{build_response, insert_header, insert_static_header};
use super::html_preference::prefers_html;
use super::preconditions::{PreconditionOutcome, Validators};
use super::request_headers::RequestHeaders;
use super::response_body::ResponseBody;
use super::response_headers::{write_content_headers, write_html_security_headers};
use crate::model::artifact::{ArtifactKey, FeedPageId, LazyPage, Link};
use crate::publish::snapshot::{Encoding, EntityTags, Resource, Snapshot};

/// `Vary` of a feed's URL that also has an HTML page.
const VARY_WITH_HTML: &str = "Accept, Accept-Encoding";

/// Variant of a resource that a request selects.
pub(super) enum FeedVariant {
    /// The resource itself.
    ResourceItself,
    /// A page that does not exist.
    NotFound,
    /// The page of a feed that the query names, as a relative reference to its path.
    Moved(String),
    /// The HTML page, with its key.
    Html(ArtifactKey, LazyPage),
}

/// Selects the variant of a resource. Page 1 is always the feed itself, even for browsers.
pub(super) fn resolve_variant(
    (uri, fields): (&Uri, &RequestHeaders<'_>),
    snapshot: &Snapshot,
    resource: &Resource,
) -> FeedVariant {
    let key = &resource.key;
    if !matches!(key, ArtifactKey::Feed(..)) {
        return FeedVariant::ResourceItself;
    }
    match uri.query().and_then(FeedPageId::from_query) {
        Some(FeedPageId::Number(1)) => FeedVariant::ResourceItself,
        Some(page) => {
            let path = page.page_key(key).url_path();
            match snapshot.get(&path) {
                Some(_) => FeedVariant::Moved(relative_reference(&key.url_path(), &path)),
                None => FeedVariant::NotFound,
            }
        }
        None if prefers_html(fields) => match key.html_variant().zip(snapshot.html_variant(key)) {
            Some((key, page)) => FeedVariant::Html(key, page),
            None => FeedVariant::ResourceItself,
        },
        None => FeedVariant::ResourceItself,
    }
}

/// Answers with the HTML page.
pub(super) fn answer_variant(
    fields: &RequestHeaders<'_>,
    (key, page): (&ArtifactKey, LazyPage),
    (caching, max_age): (&CacheHeaders, Duration),
    now: SystemTime,
) -> Response<ResponseBody> {
    let accepted = AcceptedEncodings::from_headers(fields);
    let forms = Encoding::possible_for_lazy(&page.body, true);
    let selected = choose_lazy_encoding(accepted, forms);
    let tags = EntityTags::new(&page.body.fingerprint, forms);
    let validators = Validators {
        tags: &tags,
        selected,
        accepted,
        last_modified: None,
    };
    let (mut response, form) =
        match PreconditionOutcome::evaluate_conditions(fields, validators, now) {
            PreconditionOutcome::Failed => return reject_failed_precondition(),
            PreconditionOutcome::NotModified(form) => (
                build_response(StatusCode::NOT_MODIFIED, ResponseBody::default()),
                form,
            ),
            PreconditionOutcome::Holds => {
                let body = ResponseBody::from_lazy(selected.wrap_lazy_body(page.body));
                let mut response = build_response(StatusCode::OK, body);
                write_content_headers(response.headers_mut(), key, selected.content_coding());
                (response, selected)
            }
        };
    let headers = response.headers_mut();
    insert_header(headers, header::ETAG, &tags.get(form));
    caching.write_cache_headers(headers, key, max_age);
    if let Some(link) = Link::format_link_header(&page.links) {
        insert_header(headers, header::LINK, &link.into());
    }
    insert_static_header(headers, header::VARY, VARY_WITH_HTML);
    insert_static_header(headers, HeaderName::from_static("x-robots-tag"), "noindex");
    write_html_security_headers(headers);
    response
}
