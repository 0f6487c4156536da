//! What is at a feed's address besides the feed: its further pages, its archive, and the page for people.
//!
//! None of it has a `Last-Modified`: nobody looked when it changed. The tag says it.

use std::time::{Duration, SystemTime};

use hyper::header::{self, HeaderName};
use hyper::{Response, StatusCode, Uri};

use super::accept::prefers_html;
use super::caching::Caching;
use super::describe::{describe_content, guard_page};
use super::fields::Fields;
use super::negotiate::Accepted;
use super::precondition::{Precondition, Validators};
use super::reply::{set, set_static, status};
use super::respond::precondition_failed;
use super::select::late;
use super::sending::Body;
use crate::artifact::{ArtifactKey, FurtherPage, Link, Page};
use crate::snapshot::{Form, Resource, Snapshot, Tags};

/// What the answer depends on where there is a page for people.
const VARY: &str = "Accept, Accept-Encoding";

/// What a request means besides the resource itself.
pub(super) enum Beside {
    /// It means the resource.
    Nothing,
    /// A page that is not there.
    NotFound,
    /// This page, of this name.
    Page(ArtifactKey, FurtherPage),
}

/// What is meant. The first page by its number is the feed itself, whoever asks.
pub(super) fn beside(
    (uri, fields): (&Uri, &Fields<'_>),
    snapshot: &Snapshot,
    resource: &Resource,
) -> Beside {
    let key = &resource.key;
    if !matches!(key, ArtifactKey::Feed(..)) {
        return Beside::Nothing;
    }
    match uri.query().and_then(Page::of_query) {
        Some(Page::Number(1)) => Beside::Nothing,
        Some(number) => match snapshot.page(key, number) {
            Some(page) => Beside::Page(key.clone(), page),
            None => Beside::NotFound,
        },
        None if prefers_html(fields) => match key.for_people().zip(snapshot.for_people(key)) {
            Some((key, page)) => Beside::Page(key, page),
            None => Beside::Nothing,
        },
        None => Beside::Nothing,
    }
}

/// The answer with it.
pub(super) fn answer(
    fields: &Fields<'_>,
    (key, page): (&ArtifactKey, FurtherPage),
    (caching, max_age): (&Caching, Duration),
    now: SystemTime,
) -> Response<Body> {
    let accepted = Accepted::of(fields);
    let selected = late(accepted, &Form::LATE);
    let tags = Tags::new(&page.deferred.fingerprint, &Form::LATE);
    let validators = Validators {
        tags: &tags,
        selected,
        accepted,
        last_modified: None,
    };
    let (mut response, form) = match Precondition::evaluate(fields, validators, now) {
        Precondition::Failed => return precondition_failed(),
        Precondition::NotModified(form) => {
            (status(StatusCode::NOT_MODIFIED, Body::default()), form)
        }
        Precondition::Holds => {
            let body = Body::deferred(selected.of(page.deferred));
            let mut response = status(StatusCode::OK, body);
            describe_content(response.headers_mut(), key, selected.coding());
            (response, selected)
        }
    };
    let headers = response.headers_mut();
    set(headers, header::ETAG, &tags.get(form));
    caching.tell(headers, key, max_age);
    if let Some(link) = Link::header_value(&page.links) {
        set(headers, header::LINK, &link.into());
    }
    if let ArtifactKey::FeedPage(..) = key {
        set_static(headers, header::VARY, VARY);
        set_static(headers, HeaderName::from_static("x-robots-tag"), "noindex");
        guard_page(headers);
    } else {
        set_static(headers, header::VARY, "Accept-Encoding");
        set_static(headers, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    }
    response
}
