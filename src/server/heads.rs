//! What is told of a resource in the fields of an answer, put together once where it is told again and again.
//!
//! Nine answers in ten are the same 304. All that is in their fields but the date follows from the resource,
//! the form, and little else, so the fields that were made for one are kept for the next, by each thread for
//! itself, as long as the resource is there.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{self, HeaderMap, HeaderValue};
use rustc_hash::FxHashMap;

use super::caching::Caching;
use super::describe::{describe, describe_content, describe_fully};
use super::late;
use super::reply::{FIELDS, set, set_static};
use super::traffic::Sets;
use crate::artifact::{ArtifactKey, FieldValue};
use crate::snapshot::{Content, Form, Resource, Tags};

/// So many are kept by a thread; there are two for each form of what is made ahead.
const MOST: usize = 256;

/// What is told of a resource, but for the date.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head<'a> {
    pub(super) status: StatusCode,
    pub(super) resource: &'a Arc<Resource>,
    pub(super) tags: &'a Tags,
    pub(super) form: Form,
    /// Whether `Last-Modified` is told.
    pub(super) is_dated: bool,
    /// Whether there is a page for people beside each feed.
    pub(super) has_pages: bool,
    /// How long a feed is good for.
    pub(super) max_age: Duration,
    /// How long the body is, where that is known now.
    pub(super) content_length: Option<&'a FieldValue>,
    pub(super) caching: &'a Caching,
}

impl Head<'_> {
    /// Says it.
    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        let resource = &**self.resource;
        let has_body = self.status != StatusCode::NOT_MODIFIED;
        if has_body {
            describe_content(headers, &resource.key, self.form.coding());
        }
        if let Some(length) = self.content_length {
            set(headers, header::CONTENT_LENGTH, length);
        }
        describe(headers, resource, &self.tags.get(self.form), self.is_dated);
        if has_body {
            describe_fully(headers, resource);
        }
        self.caching.tell(headers, &resource.key, self.max_age);
        if let ArtifactKey::Feed(..) = resource.key
            && self.has_pages
        {
            set_static(headers, header::VARY, late::VARY);
        }
    }

    /// All that it follows from, where that is no other each time.
    fn kind(&self) -> Option<Kind> {
        let is_the_same_again = matches!(self.resource.content, Content::Ready(_))
            && matches!(self.status, StatusCode::OK | StatusCode::NOT_MODIFIED);
        is_the_same_again.then(|| Kind {
            resource: Arc::as_ptr(self.resource).addr(),
            status: self.status.as_u16(),
            form: self.form,
            is_dated: self.is_dated,
            has_pages: self.has_pages,
            is_coded: self.resource.is_coded(),
            max_age: self.max_age.as_secs(),
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Kind {
    /// Where it is.
    resource: usize,
    status: u16,
    form: Form,
    is_dated: bool,
    has_pages: bool,
    is_coded: bool,
    max_age: u64,
}

/// Fields that are kept. Cloning it gives another handle on the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Heads(Arc<Sets<Mutex<Table>>>);

/// With a handle on each resource: as long as there is one, nothing else is where that was.
type Table = FxHashMap<Kind, (Weak<Resource>, HeaderMap)>;

impl Heads {
    /// The fields that say it. One for the date is among them where they are kept, for there is no room for
    /// another in a copy.
    pub(super) fn of(&self, head: &Head<'_>) -> HeaderMap {
        let make = || {
            let mut headers = HeaderMap::with_capacity(FIELDS);
            head.tell(&mut headers);
            headers
        };
        let Some(kind) = head.kind() else {
            return make();
        };
        let mut table = self.0.own().lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, headers)) = table.get(&kind) {
            return headers.clone();
        }
        if table.len() >= MOST {
            table.retain(|_, (resource, _)| resource.strong_count() > 0);
        }
        if table.len() >= MOST {
            table.clear();
        }
        let mut headers = make();
        headers.insert(header::DATE, HeaderValue::from_static(""));
        if kind.status == StatusCode::OK {
            set_static(&mut headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        }
        table.insert(kind, (Arc::downgrade(head.resource), headers.clone()));
        headers
    }
}
