//! What is told of a resource in the fields of an answer, put together once where it is told again and again.
//!
//! Nine answers in ten are the same 304. All that is in their fields follows from the resource, the form, the
//! second, and little else, so the fields that were made for one are kept for the next, by each thread for
//! itself, as long as the resource is there.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{self, HeaderMap};
use rustc_hash::FxHashMap;

use super::caching::Caching;
use super::date;
use super::delta;
use super::describe::{describe, describe_content, describe_fully};
use super::lending::Lendable;
use super::reply::{set, set_static};
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
    /// Whether the client accepts a delta of a feed.
    pub(super) takes_delta: bool,
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
        if let ArtifactKey::Feed(..) = resource.key {
            set_static(headers, header::VARY, delta::vary(self.has_pages));
            if self.takes_delta {
                delta::keep_from_shared_caches(headers);
            }
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
            takes_delta: self.takes_delta,
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
    takes_delta: bool,
    is_coded: bool,
    max_age: u64,
}

/// Fields that are kept. Cloning it gives another handle on the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Heads(Arc<Sets<Mutex<Table>>>);

#[derive(Debug, Default)]
struct Table {
    /// With a handle on each resource: as long as there is one, nothing else is where that was.
    kinds: FxHashMap<Kind, Kept>,
    /// The second in which something was last told, since the epoch.
    second: Option<u64>,
}

#[derive(Debug)]
struct Kept {
    resource: Weak<Resource>,
    told: Arc<Told>,
    /// Of which second the date is, since the epoch.
    second: Option<u64>,
}

/// All that is said before a body.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// The same as it is over HTTP/1.1, see [`written`].
    pub(super) written: Bytes,
    /// The same with the body that comes after it, which is the same each time.
    pub(super) lendable: Lendable,
}

impl Told {
    /// The same with the date of an instant.
    fn at(status: StatusCode, mut headers: HeaderMap, now: SystemTime) -> Arc<Told> {
        match date::field(now) {
            Some(date) => drop(headers.insert(header::DATE, date)),
            None => drop(headers.remove(header::DATE)),
        }
        Arc::new(Told {
            written: written(status, &headers),
            lendable: Lendable::default(),
            status,
            headers,
        })
    }
}

/// A head as it is over HTTP/1.1, from its status line to the empty line (RFC 9112 §4, §5).
pub(super) fn written(status: StatusCode, headers: &HeaderMap) -> Bytes {
    let mut bytes = Vec::with_capacity(512);
    bytes.extend_from_slice(b"HTTP/1.1 ");
    bytes.extend_from_slice(status.as_str().as_bytes());
    bytes.push(b' ');
    bytes.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    bytes.extend_from_slice(b"\r\n");
    for (name, value) in headers {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.into()
}

impl Heads {
    /// All that is said of it, where it is the same each time.
    pub(super) fn of(&self, head: &Head<'_>, now: SystemTime) -> Option<Arc<Told>> {
        let kind = head.kind()?;
        let second = date::second(now);
        let mut table = self.0.own().lock().unwrap_or_else(PoisonError::into_inner);
        if table.second != second {
            table.second = second;
            table.let_go(second, now);
        }
        let kinds = &mut table.kinds;
        if let Some(kept) = kinds.get_mut(&kind) {
            if kept.second != second {
                kept.tell_anew(second, now);
            }
            return Some(Arc::clone(&kept.told));
        }
        if kinds.len() >= MOST {
            kinds.retain(|_, kept| kept.resource.strong_count() > 0);
        }
        if kinds.len() >= MOST {
            kinds.clear();
        }
        let mut headers = HeaderMap::new();
        head.tell(&mut headers);
        if kind.status == StatusCode::OK {
            set_static(&mut headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        }
        let told = Told::at(head.status, headers, now);
        let kept = Kept {
            resource: Arc::downgrade(head.resource),
            told: Arc::clone(&told),
            second,
        };
        kinds.insert(kind, kept);
        Some(told)
    }
}

impl Table {
    /// Lets go of the files that have another second's date: there are few that there may be, and what was asked for
    /// a thousand times a moment ago may not be asked for again today.
    fn let_go(&mut self, second: Option<u64>, now: SystemTime) {
        for kept in self.kinds.values_mut() {
            if kept.second != second && kept.told.lendable.is_lent() {
                kept.tell_anew(second, now);
            }
        }
    }
}

impl Kept {
    fn tell_anew(&mut self, second: Option<u64>, now: SystemTime) {
        self.second = second;
        self.told = Told::at(self.told.status, self.told.headers.clone(), now);
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::Pieces;

    fn kind(resource: usize) -> Kind {
        Kind {
            resource,
            status: 200,
            form: Form::Gzip,
            is_dated: true,
            has_pages: false,
            takes_delta: false,
            is_coded: true,
            max_age: 0,
        }
    }

    #[test]
    fn files_of_a_second_that_is_over_are_let_go() {
        let at = |second| SystemTime::UNIX_EPOCH + Duration::from_secs(second);
        let body = Pieces::from(Bytes::from(vec![0; 20_000]));
        let mut table = Table::default();
        for second in [7, 8] {
            let told = Told::at(StatusCode::OK, HeaderMap::new(), at(second));
            let lend = |_| told.lendable.lend(&told.written, &body);
            assert!((0..100).filter_map(lend).count() > 0);
            let kept = Kept {
                resource: Weak::new(),
                told,
                second: Some(second),
            };
            table.kinds.insert(kind(second as usize), kept);
        }
        table.let_go(Some(8), at(8));
        let old = &table.kinds[&kind(7)];
        assert!(!old.told.lendable.is_lent());
        let date = old.told.headers.get(header::DATE).unwrap();
        assert_eq!((old.second, date), (Some(8), &date::field(at(8)).unwrap()));
        assert!(
            table.kinds[&kind(8)].told.lendable.is_lent(),
            "it is asked for now"
        );
    }
}
