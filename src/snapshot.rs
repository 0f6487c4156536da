//! Rendered artifacts into one immutable generation with validators and codings, swapped in by
//! one pointer.
//!
//! A reader holds an `Arc<Snapshot>` for as long as it needs it, so no answer mixes two
//! generations. An artifact whose bytes and headers did not change is carried over: same
//! allocation, same ETag, same Last-Modified.

mod coding;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use bytes::Bytes;
use rayon::prelude::*;

use crate::artifact::{Artifact, ArtifactKey, Body, Deferred, FurtherPage, Link, Page, Pages};
use crate::fingerprint;

/// All artifacts of one generation, by path.
#[derive(Debug, Default)]
pub struct Snapshot {
    generation: u64,
    by_path: HashMap<String, Arc<Resource>>,
    pages: Option<Arc<dyn Pages>>,
}

/// One artifact as it is served.
#[derive(Debug, PartialEq, Eq)]
pub struct Resource {
    /// Which artifact it is.
    pub key: ArtifactKey,
    /// The value of the `Link` header field, if there is one.
    pub link: Option<String>,
    /// Whether search engines are told to leave it out of their index.
    pub noindex: bool,
    /// When the bytes last changed, in whole seconds since the Unix epoch. Never less than it
    /// was, and changes whenever the bytes do (RFC 9110 §8.8.2); it may therefore lie a second
    /// ahead of the clock after two changes within one second, and is not sent until then.
    pub last_modified: SystemTime,
    /// What there is to send.
    pub content: Content,
}

/// What there is of an artifact.
#[derive(Debug, PartialEq, Eq)]
pub enum Content {
    /// Its bytes.
    Ready {
        /// As rendered.
        identity: Representation,
        /// In gzip coding, where that is smaller.
        gzip: Option<Representation>,
    },
    /// The name of its bytes, and how to make them. What is made late is compressed already.
    Deferred {
        /// A strong entity tag of the bytes that will be made, in its quotes.
        etag: String,
        /// How to make them.
        deferred: Deferred,
    },
    /// Nothing: what was there is at this absolute URL now.
    Moved(String),
    /// Nothing: what was there was taken back.
    Gone,
}

/// Bytes in one content coding, with their validator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Representation {
    /// The bytes that go over the wire.
    pub body: Bytes,
    /// A strong entity tag of exactly these bytes, in its quotes (RFC 9110 §8.8.3).
    pub etag: String,
}

impl Snapshot {
    /// Makes the generation that follows `previous`. `now` is used only as the modification time
    /// of what is new.
    pub fn next(previous: &Snapshot, artifacts: Vec<Artifact>, now: SystemTime) -> Snapshot {
        let now = whole_seconds(now);
        // Compressing is most of the work, and each artifact is its own.
        let by_path = artifacts
            .into_par_iter()
            .map(|artifact| {
                let path = artifact.key.path();
                let before = previous.by_path.get(&path);
                let resource = match before {
                    Some(before) if before.is(&artifact) => Arc::clone(before),
                    _ => Arc::new(Resource::new(artifact, before.map(Arc::as_ref), now)),
                };
                (path, resource)
            })
            .collect();
        Snapshot {
            generation: previous.generation.saturating_add(1),
            by_path,
            pages: None,
        }
    }

    /// The same with the further pages of its feeds.
    pub fn with_pages(self, pages: Arc<dyn Pages>) -> Snapshot {
        Snapshot {
            pages: Some(pages),
            ..self
        }
    }

    /// A further page of a feed, in gzip coding or as rendered.
    pub fn page(&self, key: &ArtifactKey, page: Page, is_gzip: bool) -> Option<FurtherPage> {
        let page = self.pages.as_ref()?.page(key, page)?;
        if !is_gzip {
            return Some(page);
        }
        Some(FurtherPage {
            deferred: coding::deferred(page.deferred),
            ..page
        })
    }

    /// The artifact at a path as [`ArtifactKey::path`] writes it.
    pub fn get(&self, path: &str) -> Option<&Arc<Resource>> {
        self.by_path.get(path)
    }

    /// Counts up from 1; 0 is the empty snapshot before the first.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// All artifacts with their paths, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Arc<Resource>)> {
        self.by_path
            .iter()
            .map(|(path, resource)| (path.as_str(), resource))
    }

    /// Whether both serve the same: each path with the very same resource.
    pub fn serves_the_same_as(&self, other: &Snapshot) -> bool {
        self.by_path.len() == other.by_path.len()
            && self.by_path.iter().all(|(path, resource)| {
                other
                    .by_path
                    .get(path)
                    .is_some_and(|there| Arc::ptr_eq(there, resource))
            })
    }
}

impl Resource {
    fn new(artifact: Artifact, before: Option<&Resource>, now: SystemTime) -> Resource {
        let last_modified = match before {
            Some(before) => now.max(before.last_modified + Duration::from_secs(1)),
            None => now,
        };
        let content = match artifact.body {
            Body::Ready(bytes) => Content::Ready {
                gzip: coding::gzip(&bytes).map(Representation::new),
                identity: Representation::new(bytes),
            },
            Body::Deferred(deferred) => Content::Deferred {
                etag: format!("\"{}\"", deferred.fingerprint),
                deferred,
            },
            Body::Moved(url) => Content::Moved(url),
            Body::Gone => Content::Gone,
        };
        Resource {
            link: Link::header_value(&artifact.links),
            key: artifact.key,
            noindex: artifact.noindex,
            last_modified,
            content,
        }
    }

    /// The bytes as rendered, where they are made already.
    pub fn identity(&self) -> Option<&Representation> {
        match &self.content {
            Content::Ready { identity, .. } => Some(identity),
            _ => None,
        }
    }

    /// The bytes in gzip coding, where there are any.
    pub fn gzip(&self) -> Option<&Representation> {
        match &self.content {
            Content::Ready { gzip, .. } => gzip.as_ref(),
            _ => None,
        }
    }

    fn is(&self, artifact: &Artifact) -> bool {
        let same = match (&self.content, &artifact.body) {
            (Content::Ready { identity, .. }, Body::Ready(bytes)) => identity.body == *bytes,
            (Content::Deferred { deferred, .. }, Body::Deferred(other)) => deferred == other,
            (Content::Moved(url), Body::Moved(other)) => url == other,
            (Content::Gone, Body::Gone) => true,
            _ => false,
        };
        same && self.noindex == artifact.noindex && self.link == Link::header_value(&artifact.links)
    }
}

impl Representation {
    fn new(body: Vec<u8>) -> Representation {
        Representation {
            etag: format!("\"{}\"", fingerprint::hex(&body)),
            body: Bytes::from(body),
        }
    }
}

/// The pointer to the generation that is served now.
///
/// Cloning it gives another handle on the same pointer.
#[derive(Debug, Clone, Default)]
pub struct Current(Arc<ArcSwap<Snapshot>>);

impl Current {
    /// The generation that is served now.
    pub fn load(&self) -> Arc<Snapshot> {
        self.0.load_full()
    }

    /// Swaps the next generation in; requests that hold the one before finish with it.
    pub fn publish(&self, snapshot: Snapshot) {
        self.0.store(Arc::new(snapshot));
    }
}

/// HTTP dates have a grain of one second (RFC 9110 §5.6.7).
fn whole_seconds(time: SystemTime) -> SystemTime {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    UNIX_EPOCH + Duration::from_secs(since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(body: &str) -> Artifact {
        Artifact {
            key: ArtifactKey::Robots,
            body: Body::Ready(body.as_bytes().to_vec()),
            links: Vec::new(),
            noindex: false,
        }
    }

    fn at(millis: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(millis)
    }

    #[test]
    fn unchanged_bytes_keep_allocation_and_validators() {
        let first = Snapshot::next(&Snapshot::default(), vec![artifact("a")], at(5_000));
        let second = Snapshot::next(&first, vec![artifact("a")], at(9_000));
        assert_eq!(second.generation(), 2);
        assert!(second.serves_the_same_as(&first));
        assert_eq!(second.get("/robots.txt").unwrap().last_modified, at(5_000));
    }

    #[test]
    fn last_modified_moves_with_every_change_of_bytes_even_within_a_second() {
        let first = Snapshot::next(&Snapshot::default(), vec![artifact("a")], at(5_100));
        let second = Snapshot::next(&first, vec![artifact("b")], at(5_900));
        let third = Snapshot::next(&second, vec![artifact("c")], at(2_000));
        let modified = |snapshot: &Snapshot| snapshot.get("/robots.txt").unwrap().last_modified;
        assert_eq!(modified(&first), at(5_000));
        assert_eq!(modified(&second), at(6_000));
        assert_eq!(
            modified(&third),
            at(7_000),
            "not even a clock that jumps back moves it back"
        );
        assert!(!second.serves_the_same_as(&first));
    }

    #[test]
    fn each_coding_has_a_tag_of_its_own_bytes() {
        let long = "the same line again and again\n".repeat(100);
        let snapshot = Snapshot::next(&Snapshot::default(), vec![artifact(&long)], at(0));
        let resource = snapshot.get("/robots.txt").unwrap();
        let (gzip, identity) = (resource.gzip().unwrap(), resource.identity().unwrap());
        assert!(gzip.body.len() < identity.body.len());
        assert_ne!(gzip.etag, identity.etag);
    }

    #[test]
    fn what_does_not_shrink_has_no_gzip_form() {
        let snapshot = Snapshot::next(&Snapshot::default(), vec![artifact("a")], at(0));
        assert!(snapshot.get("/robots.txt").unwrap().gzip().is_none());
    }
}
