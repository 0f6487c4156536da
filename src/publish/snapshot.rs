//! Builds immutable generations of all artifacts, with validators and encodings, and swaps them atomically.
//!
//! A reader holds an `Arc<Snapshot>` as long as it needs it, so no response mixes two generations. An artifact whose
//! bytes and headers did not change is carried over: same allocation, same ETag, same Last-Modified.
//!
//! A large output is stored only as gzip once that exists, and decompressed for clients that do not accept gzip.

mod compressor;
mod content_coding;
mod encoded_body;
mod feed_history;

use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use rustc_hash::FxHashMap;

use crate::model::artifact::{
    Artifact, ArtifactBody, ArtifactKey, CacheClass, LazyArtifacts, LazyBody, Link, PublicUrl,
    SharedHeaderValue,
};
use crate::persistent::PersistentMap;
use content_coding::MAX_PLAIN_BYTES;
use feed_history::{FeedHistory, LazyGeneration};

pub use compressor::Compressor;
pub use content_coding::{ContentCoding, Encoding, EntityTags};
pub use encoded_body::{EncodedBody, Representation};

/// Artifacts of one generation, by path.
#[derive(Debug)]
pub struct Snapshot {
    generation: u64,
    /// Eager artifacts. The keys come from the site, so clients cannot cause hash collisions.
    eager: FxHashMap<String, Arc<Resource>>,
    lazy: Option<LazyGeneration>,
    feed_history: FeedHistory,
    /// Last-Modified of lazy artifacts, by path; all others have that of the next field.
    modified_at: PersistentMap<String, SystemTime>,
    default_modified_at: SystemTime,
    max_age: Duration,
    /// Longer outputs, in bytes, are stored only as gzip.
    gzip_only_above: usize,
}

impl Default for Snapshot {
    fn default() -> Snapshot {
        Snapshot {
            generation: 0,
            eager: FxHashMap::default(),
            lazy: None,
            feed_history: FeedHistory::default(),
            modified_at: PersistentMap::default(),
            default_modified_at: UNIX_EPOCH,
            max_age: CacheClass::MIN_FEED_MAX_AGE,
            gzip_only_above: MAX_PLAIN_BYTES,
        }
    }
}

/// Lazy artifacts that a new generation changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invalidated {
    /// Artifacts at these paths.
    Paths(Vec<String>),
    /// Possibly all of them.
    All,
}

/// Artifact as it is served.
#[derive(Debug)]
pub struct Resource {
    /// Key of the artifact.
    pub key: ArtifactKey,
    /// Value of the `Link` header; `None` without links.
    pub link_header: Option<SharedHeaderValue>,
    /// True if search engines must not index it.
    pub noindex: bool,
    /// Time of the last change of the bytes, in whole seconds. Increases whenever the bytes change
    /// (RFC 9110 §8.8.2). After two changes within one second it lies ahead of the clock, and is
    /// not sent until then.
    pub last_modified: SystemTime,
    /// Last-Modified, formatted as a header value.
    pub last_modified_header: SharedHeaderValue,
    /// Content to send.
    pub content: ResourceContent,
}

/// Content of a resource.
#[derive(Debug)]
pub enum ResourceContent {
    /// Rendered bytes and their encodings.
    Eager(EncodedBody),
    /// Body that is rendered on request: text, or an image that is already compressed.
    Lazy {
        /// Strong entity tags of the possible encodings.
        tags: EntityTags,
        /// Lazy body without content coding; `wrap_lazy_body` adds an encoding.
        body: LazyBody,
    },
    /// No content; it moved to this absolute URL.
    Moved(String),
    /// No content; it was withdrawn.
    Gone,
}

impl Snapshot {
    /// Creates the empty snapshot. It and all generations after it store outputs longer than `length` bytes only as
    /// gzip.
    pub fn with_gzip_only_above(length: usize) -> Snapshot {
        Snapshot {
            gzip_only_above: length,
            ..Snapshot::default()
        }
    }

    /// Builds the generation after `previous`. `now` is used only as Last-Modified of changed artifacts.
    pub fn next_generation(
        previous: &Snapshot,
        artifacts: Vec<Artifact>,
        now: SystemTime,
    ) -> Snapshot {
        let now = truncate_to_seconds(now);
        let eager = artifacts
            .into_iter()
            .map(|artifact| {
                let path = artifact.key.url_path();
                let before = previous.eager.get(&path);
                let resource = match before {
                    Some(before) if before.is_same_artifact(&artifact) => Arc::clone(before),
                    _ => {
                        let age =
                            next_last_modified(before.map(|before| before.last_modified), now);
                        Arc::new(Resource::new(artifact, age, previous.gzip_only_above))
                    }
                };
                (path, resource)
            })
            .collect();
        Snapshot {
            generation: previous.generation.saturating_add(1),
            eager,
            // Replaced by `with_lazy_artifacts`, which moves it to the history.
            lazy: previous.lazy.clone(),
            feed_history: previous.feed_history.clone(),
            modified_at: previous.modified_at.clone(),
            default_modified_at: previous.default_modified_at,
            max_age: previous.max_age,
            gzip_only_above: previous.gzip_only_above,
        }
    }

    /// Adds the lazy artifacts. `invalidated` names those that changed since the generation before.
    pub fn with_lazy_artifacts(
        mut self,
        artifacts: Arc<dyn LazyArtifacts>,
        invalidated: Invalidated,
        now: SystemTime,
    ) -> Snapshot {
        let now = truncate_to_seconds(now);
        let before = self.lazy.take();
        let maps = before
            .as_ref()
            .map(|before| changed_sitemap_paths(&*before.artifacts, &*artifacts));
        self.feed_history = match (&invalidated, before) {
            (Invalidated::Paths(paths), Some(before)) => {
                self.feed_history.with_generation(before, paths.len())
            }
            _ => FeedHistory::default(),
        };
        match invalidated {
            Invalidated::Paths(paths) => {
                for path in paths.into_iter().chain(maps.unwrap_or_default()) {
                    let before = self
                        .modified_at
                        .get(&path)
                        .copied()
                        .unwrap_or(self.default_modified_at);
                    self.modified_at
                        .insert(path, next_last_modified(Some(before), now));
                }
            }
            Invalidated::All => {
                let before = self
                    .modified_at
                    .values()
                    .copied()
                    .chain([self.default_modified_at])
                    .max();
                self.default_modified_at = next_last_modified(before, now);
                self.modified_at = PersistentMap::default();
            }
        }
        self.max_age = Duration::from_secs(artifacts.feed_max_age_seconds());
        let made = self.eager.values();
        self.lazy = Some(LazyGeneration {
            artifacts,
            feed_tags: made
                .filter_map(|resource| resource.feed_entity_tags())
                .collect(),
        });
        self
    }

    /// Makes the missing encodings of all eager artifacts with little effort. Until they exist, identity is served.
    pub fn compress_fast(&self) {
        let all = self.smallest_first();
        // gzip first, because all clients accept it.
        all.iter().for_each(|ready| ready.encode_gzip());
        all.iter().for_each(|ready| ready.encode_fast());
    }

    /// Makes the smallest encodings of all eager artifacts. Returns false if `is_interrupted` stopped it; finished
    /// encodings are kept.
    pub fn compress_best(&self, is_interrupted: &mut dyn FnMut() -> bool) -> bool {
        let all = self.smallest_first();
        all.into_iter()
            .all(|ready| ready.encode_best(is_interrupted))
    }

    /// Returns the eager bodies, smallest first: polled feeds are encoded soon, and an edit interrupts only the slow
    /// rest.
    fn smallest_first(&self) -> Vec<&EncodedBody> {
        let contents = self.eager.values().map(|resource| &resource.content);
        let ready = contents.filter_map(|content| match content {
            ResourceContent::Eager(ready) => Some(ready),
            _ => None,
        });
        let mut ready: Vec<_> = ready.collect();
        ready.sort_by_key(|ready| ready.len_in_coding(ContentCoding::Identity));
        ready
    }

    /// Returns the resource at a path, as written by `ArtifactKey::path`, or at a former path of a feed.
    pub fn get(&self, path: &str) -> Option<Arc<Resource>> {
        self.find_output(path)
            .or_else(|| self.find_feed_alias(path))
    }

    /// Returns the resource of a feed that formerly had this path, or a redirect to it.
    fn find_feed_alias(&self, path: &str) -> Option<Arc<Resource>> {
        let (to, url) = self.lazy.as_ref()?.artifacts.resolve_feed_alias(path)?;
        let feed = self.find_output(&to)?;
        let Some(url) = url else {
            return Some(feed);
        };
        let redirect = Artifact {
            key: feed.key.clone(),
            body: ArtifactBody::Moved(url),
            links: Vec::new(),
            noindex: false,
        };
        let age = self.default_modified_at;
        Some(Arc::new(Resource::new(redirect, age, self.gzip_only_above)))
    }

    fn find_output(&self, path: &str) -> Option<Arc<Resource>> {
        if let Some(made) = self.eager.get(path) {
            return Some(Arc::clone(made));
        }
        let artifacts = &self.lazy.as_ref()?.artifacts;
        let artifact = ArtifactKey::candidates_for_path(path)
            .iter()
            .filter_map(|key| artifacts.find_artifact(key))
            .find(|artifact| artifact.key.url_path() == path)?;
        let age = self
            .modified_at
            .get(path)
            .copied()
            .unwrap_or(self.default_modified_at);
        Some(Arc::new(Resource::new(artifact, age, self.gzip_only_above)))
    }

    /// Returns `max-age` of feeds.
    pub fn feed_max_age(&self) -> Duration {
        self.max_age
    }

    /// Returns the generation number, from 1; 0 is the empty snapshot.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Returns the eager resource at exactly this path.
    pub fn eager_resource(&self, path: &str) -> Option<&Arc<Resource>> {
        self.eager.get(path)
    }

    /// Returns the paths of eager resources, in no particular order.
    pub fn eager_paths(&self) -> impl Iterator<Item = &str> {
        self.eager.keys().map(String::as_str)
    }

    /// Returns the paths of all resources, in no particular order.
    pub fn all_paths(&self) -> Vec<String> {
        let late = self
            .lazy
            .iter()
            .flat_map(|late| late.artifacts.artifact_keys());
        let late = late.map(|key| key.url_path());
        self.eager.keys().cloned().chain(late).collect()
    }

    /// Returns true if both have the same eager resources: equal paths with shared allocations.
    pub fn has_same_eager_resources(&self, other: &Snapshot) -> bool {
        self.eager.len() == other.eager.len()
            && self.eager.iter().all(|(path, resource)| {
                other
                    .eager
                    .get(path)
                    .is_some_and(|there| Arc::ptr_eq(there, resource))
            })
    }
}

impl Resource {
    fn new(artifact: Artifact, last_modified: SystemTime, packed_above: usize) -> Resource {
        let is_text = !matches!(artifact.key, ArtifactKey::CardImage(_));
        let content = match artifact.body {
            ArtifactBody::Eager(output) => {
                ResourceContent::Eager(EncodedBody::new(output, packed_above, is_text))
            }
            ArtifactBody::Lazy(deferred) => {
                let forms = Encoding::possible_for_lazy(&deferred, is_text);
                ResourceContent::Lazy {
                    tags: EntityTags::new(&deferred.fingerprint, forms),
                    body: deferred,
                }
            }
            ArtifactBody::Moved(url) => ResourceContent::Moved(url),
            ArtifactBody::Gone => ResourceContent::Gone,
        };
        Resource {
            link_header: Link::format_link_header(&artifact.links).map(SharedHeaderValue::from),
            key: artifact.key,
            noindex: artifact.noindex,
            last_modified,
            last_modified_header: httpdate::fmt_http_date(last_modified).into(),
            content,
        }
    }

    /// Returns the bytes without content coding; `None` if the resource is not eager.
    pub fn identity_encoding(&self) -> Option<Arc<Representation>> {
        match &self.content {
            ResourceContent::Eager(ready) => Some(ready.identity_encoding()),
            _ => None,
        }
    }

    /// Returns the gzip encoding; `None` if it does not exist yet.
    pub fn gzip_encoding(&self) -> Option<&Representation> {
        match &self.content {
            ResourceContent::Eager(ready) => ready.gzip_encoding(),
            _ => None,
        }
    }

    /// Returns key and entity tags of an eager feed, for deltas.
    fn feed_entity_tags(&self) -> Option<(ArtifactKey, EntityTags)> {
        match (&self.key, &self.content) {
            (ArtifactKey::Feed(..), ResourceContent::Eager(ready)) => {
                Some((self.key.clone(), ready.entity_tags().clone()))
            }
            _ => None,
        }
    }

    /// Returns true if it has, or may get, more than one encoding.
    pub fn has_encodings(&self) -> bool {
        match &self.content {
            ResourceContent::Eager(ready) => ready.has_encodings(),
            ResourceContent::Lazy { tags, .. } => tags.possible_encodings().len() > 1,
            ResourceContent::Moved(_) | ResourceContent::Gone => false,
        }
    }

    fn is_same_artifact(&self, artifact: &Artifact) -> bool {
        let same = match (&self.content, &artifact.body) {
            (ResourceContent::Eager(ready), ArtifactBody::Eager(output)) => {
                ready.is_same_output(output)
            }
            (ResourceContent::Lazy { body: deferred, .. }, ArtifactBody::Lazy(other)) => {
                deferred == other
            }
            (ResourceContent::Moved(url), ArtifactBody::Moved(other)) => url == other,
            (ResourceContent::Gone, ArtifactBody::Gone) => true,
            _ => false,
        };
        let link = Link::format_link_header(&artifact.links);
        same && self.noindex == artifact.noindex && self.link_header.as_deref() == link.as_deref()
    }
}

/// Returns the paths of the sitemap and its parts that changed.
fn changed_sitemap_paths(before: &dyn LazyArtifacts, now: &dyn LazyArtifacts) -> Vec<String> {
    let key = |part| match part {
        0 => ArtifactKey::Sitemap,
        part => ArtifactKey::SitemapPart(part),
    };
    let maps = (0..)
        .map(key)
        .map_while(|key| Some((now.find_artifact(&key)?, before.find_artifact(&key))));
    maps.filter(|(now, before)| before.as_ref().map(|before| &before.body) != Some(&now.body))
        .map(|(now, _)| now.key.url_path())
        .collect()
}

/// Returns a Last-Modified at least one second after the previous one, even if the clock was set back.
fn next_last_modified(before: Option<SystemTime>, now: SystemTime) -> SystemTime {
    match before {
        Some(before) => now.max(before + Duration::from_secs(1)),
        None => now,
    }
}

/// Handle on the current snapshot. A clone shares the pointer.
#[derive(Debug, Clone, Default)]
pub struct SnapshotHandle(Arc<ArcSwap<Snapshot>>);

impl SnapshotHandle {
    /// Returns the current snapshot.
    pub fn load_snapshot(&self) -> Arc<Snapshot> {
        self.0.load_full()
    }

    /// Borrows the current snapshot for a short time. Unlike `load_snapshot`, threads do not contend for one reference count.
    pub fn borrow_snapshot(&self) -> impl Deref<Target = Arc<Snapshot>> {
        self.0.load()
    }

    /// Replaces the current snapshot. Requests that hold the previous one finish with it.
    pub fn publish_snapshot(&self, snapshot: Snapshot) {
        self.0.store(Arc::new(snapshot));
    }
}

/// Truncates to whole seconds, the resolution of HTTP dates (RFC 9110 §5.6.7).
fn truncate_to_seconds(time: SystemTime) -> SystemTime {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    UNIX_EPOCH + Duration::from_secs(since.as_secs())
}

impl Snapshot {
    /// Returns the absolute URL of each feed, with the entity tag of its uncoded bytes.
    pub fn feed_versions(&self) -> Vec<(String, SharedHeaderValue)> {
        let lazy = self.lazy.iter();
        let feeds = lazy.flat_map(|lazy| lazy.artifacts.feed_urls());
        feeds
            .filter_map(|(key, url)| {
                let tag = match &self.get(&key.url_path())?.content {
                    ResourceContent::Eager(ready) => ready.entity_tags().get(Encoding::Identity),
                    ResourceContent::Lazy { tags, .. } => tags.get(Encoding::Identity),
                    ResourceContent::Moved(_) | ResourceContent::Gone => return None,
                };
                Some((url, tag))
            })
            .collect()
    }

    /// Returns the URLs of all public posts, and of the pages in the sitemap.
    pub fn public_urls(&self) -> Vec<PublicUrl> {
        let lazy = self.lazy.as_ref();
        lazy.map(|lazy| lazy.artifacts.public_urls())
            .unwrap_or_default()
    }
}

impl Snapshot {
    /// Returns the HTML page at the path of a feed; `None` if there is none.
    pub fn html_variant(&self, key: &ArtifactKey) -> Option<Arc<Resource>> {
        let artifact = self
            .lazy
            .as_ref()?
            .artifacts
            .find_artifact(&key.html_variant()?)?;
        let age = self.default_modified_at;
        Some(Arc::new(Resource::new(artifact, age, self.gzip_only_above)))
    }

    /// Returns true if feeds have HTML pages at their paths.
    pub fn has_html_variants(&self) -> bool {
        let late = self.lazy.as_ref();
        late.is_some_and(|late| late.artifacts.has_html_variants())
    }
}

impl Snapshot {
    /// Returns the new entries of a feed since the version that has one of `tags`, and that tag. `None` if no version
    /// matches.
    pub fn feed_entries_since<'a>(
        &self,
        key: &ArtifactKey,
        tags: &[&'a [u8]],
    ) -> Option<(&'a [u8], LazyBody)> {
        if tags.is_empty() {
            return None;
        }
        self.feed_history
            .find_new_entries(&*self.lazy.as_ref()?.artifacts, key, tags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::artifact::OutputBytes;

    fn artifact(body: &str) -> Artifact {
        Artifact {
            key: ArtifactKey::Robots,
            body: ArtifactBody::Eager(OutputBytes::new(body.as_bytes().to_vec())),
            links: Vec::new(),
            noindex: false,
        }
    }

    fn at(millis: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(millis)
    }

    #[test]
    fn unchanged_bytes_keep_allocation_and_validators() {
        let first = Snapshot::next_generation(&Snapshot::default(), vec![artifact("a")], at(5_000));
        let second = Snapshot::next_generation(&first, vec![artifact("a")], at(9_000));
        assert_eq!(second.generation(), 2);
        assert!(second.has_same_eager_resources(&first));
        assert_eq!(second.get("/robots.txt").unwrap().last_modified, at(5_000));
    }

    #[test]
    fn last_modified_increases_with_every_change_of_bytes() {
        let first = Snapshot::next_generation(&Snapshot::default(), vec![artifact("a")], at(5_100));
        let second = Snapshot::next_generation(&first, vec![artifact("b")], at(5_900));
        let third = Snapshot::next_generation(&second, vec![artifact("c")], at(2_000));
        let modified = |snapshot: &Snapshot| snapshot.get("/robots.txt").unwrap().last_modified;
        assert_eq!(modified(&first), at(5_000));
        assert_eq!(modified(&second), at(6_000));
        assert_eq!(modified(&third), at(7_000), "even if the clock is set back");
        assert!(!second.has_same_eager_resources(&first));
    }

    #[test]
    fn each_encoding_has_its_own_tag() {
        let long = "the same line again and again\n".repeat(100);
        let snapshot =
            Snapshot::next_generation(&Snapshot::default(), vec![artifact(&long)], at(0));
        snapshot.compress_fast();
        let resource = snapshot.get("/robots.txt").unwrap();
        let (gzip, identity) = (
            resource.gzip_encoding().unwrap(),
            resource.identity_encoding().unwrap(),
        );
        assert!(gzip.payload.len() < identity.payload.len());
        assert_ne!(gzip.etag, identity.etag);
    }

    /// Returns the bytes in memory of the identity encoding.
    fn held(snapshot: &Snapshot) -> usize {
        let resource = snapshot.get("/robots.txt").unwrap();
        resource
            .identity_encoding()
            .unwrap()
            .payload
            .resident_bytes()
    }

    #[test]
    fn large_output_is_stored_only_as_gzip() {
        let long = "the same line again\n".repeat(50);
        for (packed_above, is_packed) in [(long.len(), false), (long.len() - 1, true)] {
            let empty = Snapshot::with_gzip_only_above(packed_above);
            let first = Snapshot::next_generation(&empty, vec![artifact(&long)], at(0));
            let tag = |snapshot: &Snapshot| {
                let resource = snapshot.get("/robots.txt").unwrap();
                let identity = resource.identity_encoding().unwrap();
                assert_eq!(identity.payload.to_vec().unwrap(), long.as_bytes());
                assert_eq!(*identity.content_length, long.len().to_string());
                identity.etag.clone()
            };
            let etag = tag(&first);
            assert_eq!(held(&first), long.len());
            first.compress_fast();
            assert_eq!(held(&first) < long.len() / 2, is_packed);
            assert_eq!(tag(&first), etag, "the tag is the same in either form");
            let linked = Artifact {
                noindex: true,
                ..artifact(&long)
            };
            let second = Snapshot::next_generation(&first, vec![linked], at(0));
            second.compress_fast();
            assert_eq!(tag(&second), etag);
            assert_eq!(held(&second) < long.len() / 2, is_packed);
        }
    }

    #[test]
    fn incompressible_output_varies_until_all_encodings_were_tried() {
        let snapshot = Snapshot::next_generation(&Snapshot::default(), vec![artifact("a")], at(0));
        let resource = snapshot.get("/robots.txt").unwrap();
        assert!(resource.has_encodings());
        snapshot.compress_fast();
        assert!(resource.has_encodings(), "more effort may shrink it");
        assert!(snapshot.compress_best(&mut || false));
        assert!(!resource.has_encodings());
        for coding in [
            ContentCoding::Gzip,
            ContentCoding::Brotli,
            ContentCoding::Zstd,
        ] {
            assert_eq!(form_in(&snapshot, "/robots.txt", coding), None);
        }
    }

    fn form_in(snapshot: &Snapshot, path: &str, coding: ContentCoding) -> Option<Encoding> {
        let resource = snapshot.get(path).unwrap();
        let ResourceContent::Eager(ready) = &resource.content else {
            panic!("{path} is made");
        };
        let there = ready.smallest_in_coding(coding);
        assert_eq!(
            ready.len_in_coding(coding),
            there.as_ref().map(|it| it.payload.len())
        );
        there.map(|representation| representation.encoding)
    }

    /// Returns words in pseudo-random order, which compress better with more effort.
    fn text(words: usize) -> String {
        let all = "the harbour is as quiet on a morning of March that nobody leaves it for sea";
        let all: Vec<&str> = all.split_inclusive(' ').collect();
        let mut seed = 1_u32;
        let word = |_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            all[(seed >> 28) as usize % all.len()]
        };
        (0..words).map(word).collect()
    }

    /// Builds a snapshot with a small output and one of several encoder chunks.
    fn small_and_long() -> Snapshot {
        let of = |key, words| Artifact {
            key,
            body: ArtifactBody::Eager(OutputBytes::new(text(words).into())),
            ..artifact("")
        };
        let artifacts = vec![
            of(ArtifactKey::Robots, 1_000),
            of(ArtifactKey::Opml, 30_000),
        ];
        Snapshot::next_generation(&Snapshot::default(), artifacts, at(0))
    }

    #[test]
    fn best_encodings_replace_the_fast_ones() {
        let snapshot = small_and_long();
        let forms = || {
            ["/robots.txt", "/opml.xml"].map(|path| {
                [ContentCoding::Brotli, ContentCoding::Zstd]
                    .map(|coding| form_in(&snapshot, path, coding))
            })
        };
        assert_eq!(forms(), [[None; 2]; 2]);
        snapshot.compress_fast();
        assert_eq!(forms(), [[Some(Encoding::Br5), Some(Encoding::Zstd3)]; 2]);
        assert!(snapshot.compress_best(&mut || false));
        assert_eq!(forms(), [[Some(Encoding::Br11), Some(Encoding::Zstd19)]; 2]);
        let next = Snapshot::next_generation(&snapshot, vec![artifact("other")], at(0));
        assert!(
            next.compress_best(&mut || false),
            "the next generation starts again"
        );
    }

    #[test]
    fn interruption_stops_inside_an_output_and_keeps_finished_encodings() {
        let snapshot = small_and_long();
        snapshot.compress_fast();
        let mut asked = 0;
        let is_whole = snapshot.compress_best(&mut || {
            asked += 1;
            asked > 4
        });
        assert!(!is_whole);
        assert_eq!(asked, 6, "both encoders stopped at once");
        let best = form_in(&snapshot, "/robots.txt", ContentCoding::Brotli);
        assert_eq!(best, Some(Encoding::Br11), "the small one came first");
        let early = form_in(&snapshot, "/opml.xml", ContentCoding::Brotli);
        assert_eq!(early, Some(Encoding::Br5));
        assert!(
            snapshot.compress_best(&mut || false),
            "a second run completes it"
        );
        let best = form_in(&snapshot, "/opml.xml", ContentCoding::Brotli);
        assert_eq!(best, Some(Encoding::Br11));
    }

    fn until(is: impl Fn() -> bool) {
        let end = std::time::Instant::now() + Duration::from_secs(60);
        while !is() {
            assert!(std::time::Instant::now() < end, "timed out");
            std::thread::yield_now();
        }
    }

    #[test]
    fn compressor_makes_best_encodings_and_ends_when_dropped() {
        let compressor = Compressor::new().unwrap();
        let snapshot = Arc::new(small_and_long());
        compressor.enqueue_snapshot(Arc::clone(&snapshot));
        let best =
            || form_in(&snapshot, "/opml.xml", ContentCoding::Zstd) == Some(Encoding::Zstd19);
        until(|| {
            best() && form_in(&snapshot, "/opml.xml", ContentCoding::Brotli) == Some(Encoding::Br11)
        });
        drop(compressor);
        until(|| Arc::strong_count(&snapshot) == 1);
    }
}
