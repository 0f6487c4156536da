//! Rendered artifacts into one immutable generation with validators and codings, swapped in by
//! one pointer.
//!
//! A reader holds an `Arc<Snapshot>` for as long as it needs it, so no answer mixes two
//! generations. An artifact whose bytes and headers did not change is carried over: same
//! allocation, same ETag, same Last-Modified.
//!
//! What is large is kept in its gzip form only, once it has one, and decompressed for those who ask for the
//! plain one.

mod coding;
mod compressor;
mod former;
mod people;
mod ready;

use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use rustc_hash::FxHashMap;

use crate::artifact::{
    Artifact, ArtifactKey, Body, CacheClass, Deferred, FieldValue, FurtherPage, Link, Page, Shelf,
};
use crate::collection::Map;
use coding::MAX_PLAIN_BYTES;
use former::{Former, Generation};

pub use coding::{Coding, Form, Tags};
pub use compressor::Compressor;
pub use ready::{Ready, Representation};

/// All artifacts of one generation, by path.
#[derive(Debug)]
pub struct Snapshot {
    generation: u64,
    /// Its names are the site's own, so that nobody can make them collide.
    made: FxHashMap<String, Arc<Resource>>,
    late: Option<Generation>,
    former: Former,
    /// Since when that which is made late is what it is, by path; all else since `since`.
    ages: Map<String, SystemTime>,
    since: SystemTime,
    max_age: Duration,
    /// Of an output that is longer, in bytes, only the gzip form is kept.
    packed_above: usize,
}

impl Default for Snapshot {
    fn default() -> Snapshot {
        Snapshot {
            generation: 0,
            made: FxHashMap::default(),
            late: None,
            former: Former::default(),
            ages: Map::default(),
            since: UNIX_EPOCH,
            max_age: CacheClass::SHORTEST,
            packed_above: MAX_PLAIN_BYTES,
        }
    }
}

/// What is another than it was of that which is made when it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stale {
    /// What is at these paths.
    Paths(Vec<String>),
    /// It may be all of it.
    All,
}

/// One artifact as it is served.
#[derive(Debug)]
pub struct Resource {
    /// Which artifact it is.
    pub key: ArtifactKey,
    /// The value of the `Link` header field, if there is one.
    pub link: Option<FieldValue>,
    /// Whether search engines are told to leave it out of their index.
    pub noindex: bool,
    /// When the bytes last changed, in whole seconds since the Unix epoch. Never less than it
    /// was, and changes whenever the bytes do (RFC 9110 §8.8.2); it may therefore lie a second
    /// ahead of the clock after two changes within one second, and is not sent until then.
    pub last_modified: SystemTime,
    /// The same, as it is sent.
    pub last_modified_field: FieldValue,
    /// What there is to send.
    pub content: Content,
}

/// What there is of an artifact.
#[derive(Debug)]
pub enum Content {
    /// Its bytes.
    Ready(Ready),
    /// The name of its bytes, and how to make them. What is made late is compressed already, or text.
    Deferred {
        /// The strong entity tags of the forms that can be made.
        tags: Tags,
        /// How to make the bytes as they are; see [`Form::of`] for the others.
        deferred: Deferred,
    },
    /// Nothing: what was there is at this absolute URL now.
    Moved(String),
    /// Nothing: what was there was taken back.
    Gone,
}

impl Snapshot {
    /// The empty snapshot, of which and of those that follow it an output that is longer, in bytes, is
    /// kept in its gzip form only.
    pub fn packing_above(length: usize) -> Snapshot {
        Snapshot {
            packed_above: length,
            ..Snapshot::default()
        }
    }

    /// Makes the generation that follows `previous`. `now` is used only as the modification time
    /// of what is new.
    pub fn next(previous: &Snapshot, artifacts: Vec<Artifact>, now: SystemTime) -> Snapshot {
        let now = whole_seconds(now);
        let made = artifacts
            .into_iter()
            .map(|artifact| {
                let path = artifact.key.path();
                let before = previous.made.get(&path);
                let resource = match before {
                    Some(before) if before.is(&artifact) => Arc::clone(before),
                    _ => {
                        let age = later(before.map(|before| before.last_modified), now);
                        Arc::new(Resource::new(artifact, age, previous.packed_above))
                    }
                };
                (path, resource)
            })
            .collect();
        Snapshot {
            generation: previous.generation.saturating_add(1),
            made,
            // Until `with_shelf`, which makes a former one of it.
            late: previous.late.clone(),
            former: previous.former.clone(),
            ages: previous.ages.clone(),
            since: previous.since,
            max_age: previous.max_age,
            packed_above: previous.packed_above,
        }
    }

    /// The same with what is made when it is asked for.
    pub fn with_shelf(mut self, shelf: Arc<dyn Shelf>, stale: Stale, now: SystemTime) -> Snapshot {
        let now = whole_seconds(now);
        let before = self.late.take();
        let maps = before
            .as_ref()
            .map(|before| changed_maps(&*before.shelf, &*shelf));
        self.former = match (&stale, before) {
            (Stale::Paths(paths), Some(before)) => self.former.and(before, paths.len()),
            _ => Former::default(),
        };
        match stale {
            Stale::Paths(paths) => {
                for path in paths.into_iter().chain(maps.unwrap_or_default()) {
                    let before = self.ages.get(&path).copied().unwrap_or(self.since);
                    self.ages.insert(path, later(Some(before), now));
                }
            }
            Stale::All => {
                let before = self.ages.values().copied().chain([self.since]).max();
                self.since = later(before, now);
                self.ages = Map::default();
            }
        }
        self.max_age = Duration::from_secs(shelf.max_age());
        let made = self.made.values();
        self.late = Some(Generation {
            shelf,
            tags: made.filter_map(|resource| resource.feed_tags()).collect(),
        });
        self
    }

    /// Makes the codings of all that has none yet, as there are at once. What is served meanwhile goes
    /// uncoded.
    pub fn compress(&self) {
        let all = self.by_length();
        // First what all clients take.
        all.iter().for_each(|ready| ready.compress());
        all.iter().for_each(|ready| ready.hurry());
    }

    /// Makes the codings of all as small as can be, until it is given up; whether it was not. What was made
    /// stays.
    pub fn refine(&self, is_given_up: &mut dyn FnMut() -> bool) -> bool {
        let all = self.by_length();
        all.into_iter().all(|ready| ready.refine(is_given_up))
    }

    /// What is polled is done soon; what takes seconds comes last, and is what an edit interrupts.
    fn by_length(&self) -> Vec<&Ready> {
        let contents = self.made.values().map(|resource| &resource.content);
        let ready = contents.filter_map(|content| match content {
            Content::Ready(ready) => Some(ready),
            _ => None,
        });
        let mut ready: Vec<_> = ready.collect();
        ready.sort_by_key(|ready| ready.len_in(Coding::Identity));
        ready
    }

    /// A further page of a feed.
    pub fn page(&self, key: &ArtifactKey, page: Page) -> Option<FurtherPage> {
        self.late.as_ref()?.shelf.page(key, page)
    }

    /// The artifact at a path as [`ArtifactKey::path`] writes it.
    pub fn get(&self, path: &str) -> Option<Arc<Resource>> {
        if let Some(made) = self.made.get(path) {
            return Some(Arc::clone(made));
        }
        let shelf = &self.late.as_ref()?.shelf;
        let artifact = ArtifactKey::of_path(path)
            .iter()
            .filter_map(|key| shelf.artifact(key))
            .find(|artifact| artifact.key.path() == path)?;
        let age = self.ages.get(path).copied().unwrap_or(self.since);
        Some(Arc::new(Resource::new(artifact, age, self.packed_above)))
    }

    /// How long a feed is good for without asking again.
    pub fn max_age(&self) -> Duration {
        self.max_age
    }

    /// Counts up from 1; 0 is the empty snapshot before the first.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// What is made ahead, at exactly this path.
    pub fn made_at(&self, path: &str) -> Option<&Arc<Resource>> {
        self.made.get(path)
    }

    /// The paths of what is made ahead, in no order.
    pub fn made(&self) -> impl Iterator<Item = &str> {
        self.made.keys().map(String::as_str)
    }

    /// All paths, in no order.
    pub fn paths(&self) -> Vec<String> {
        let late = self.late.iter().flat_map(|late| late.shelf.keys());
        let late = late.map(|key| key.path());
        self.made.keys().cloned().chain(late).collect()
    }

    /// Whether of what is made both serve the same: each path with the very same resource.
    pub fn makes_the_same_as(&self, other: &Snapshot) -> bool {
        self.made.len() == other.made.len()
            && self.made.iter().all(|(path, resource)| {
                other
                    .made
                    .get(path)
                    .is_some_and(|there| Arc::ptr_eq(there, resource))
            })
    }
}

impl Resource {
    fn new(artifact: Artifact, last_modified: SystemTime, packed_above: usize) -> Resource {
        let is_text = !matches!(artifact.key, ArtifactKey::CardImage(_));
        let content = match artifact.body {
            Body::Ready(output) => Content::Ready(Ready::new(output, packed_above, is_text)),
            Body::Deferred(deferred) => {
                let forms: &'static [Form] = match is_text {
                    true => Form::of_late(&deferred),
                    false => &Form::AS_IT_IS,
                };
                Content::Deferred {
                    tags: Tags::new(&deferred.fingerprint, forms),
                    deferred,
                }
            }
            Body::Moved(url) => Content::Moved(url),
            Body::Gone => Content::Gone,
        };
        Resource {
            link: Link::header_value(&artifact.links).map(FieldValue::from),
            key: artifact.key,
            noindex: artifact.noindex,
            last_modified,
            last_modified_field: httpdate::fmt_http_date(last_modified).into(),
            content,
        }
    }

    /// The bytes as rendered, where they are made already.
    pub fn identity(&self) -> Option<Arc<Representation>> {
        match &self.content {
            Content::Ready(ready) => Some(ready.identity()),
            _ => None,
        }
    }

    /// The bytes in gzip coding, where there are any yet.
    pub fn gzip(&self) -> Option<&Representation> {
        match &self.content {
            Content::Ready(ready) => ready.gzip(),
            _ => None,
        }
    }

    /// The entity tags of a feed that is made, for deltas.
    fn feed_tags(&self) -> Option<(ArtifactKey, Tags)> {
        match (&self.key, &self.content) {
            (ArtifactKey::Feed(..), Content::Ready(ready)) => {
                Some((self.key.clone(), ready.tags().clone()))
            }
            _ => None,
        }
    }

    /// Whether it is, or may come to be, in several codings.
    pub fn is_coded(&self) -> bool {
        match &self.content {
            Content::Ready(ready) => ready.is_coded(),
            Content::Deferred { tags, .. } => tags.forms().len() > 1,
            Content::Moved(_) | Content::Gone => false,
        }
    }

    fn is(&self, artifact: &Artifact) -> bool {
        let same = match (&self.content, &artifact.body) {
            (Content::Ready(ready), Body::Ready(output)) => ready.is(output),
            (Content::Deferred { deferred, .. }, Body::Deferred(other)) => deferred == other,
            (Content::Moved(url), Body::Moved(other)) => url == other,
            (Content::Gone, Body::Gone) => true,
            _ => false,
        };
        let link = Link::header_value(&artifact.links);
        same && self.noindex == artifact.noindex && self.link.as_deref() == link.as_deref()
    }
}

/// The paths of the sitemap and its parts, as far as they changed.
fn changed_maps(before: &dyn Shelf, now: &dyn Shelf) -> Vec<String> {
    let key = |part| match part {
        0 => ArtifactKey::Sitemap,
        part => ArtifactKey::SitemapPart(part),
    };
    let maps = (0..)
        .map(key)
        .map_while(|key| Some((now.artifact(&key)?, before.artifact(&key))));
    maps.filter(|(now, before)| before.as_ref().map(|before| &before.body) != Some(&now.body))
        .map(|(now, _)| now.key.path())
        .collect()
}

/// A time of change after an earlier one: by a second at least, whatever the clock does.
fn later(before: Option<SystemTime>, now: SystemTime) -> SystemTime {
    match before {
        Some(before) => now.max(before + Duration::from_secs(1)),
        None => now,
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

    /// The same, for a moment: threads do not meet at the count of its handles.
    pub fn read(&self) -> impl Deref<Target = Arc<Snapshot>> {
        self.0.load()
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
    use crate::artifact::OutputBytes;

    fn artifact(body: &str) -> Artifact {
        Artifact {
            key: ArtifactKey::Robots,
            body: Body::Ready(OutputBytes::new(body.as_bytes().to_vec())),
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
        assert!(second.makes_the_same_as(&first));
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
        assert!(!second.makes_the_same_as(&first));
    }

    #[test]
    fn each_coding_has_a_tag_of_its_own_bytes() {
        let long = "the same line again and again\n".repeat(100);
        let snapshot = Snapshot::next(&Snapshot::default(), vec![artifact(&long)], at(0));
        snapshot.compress();
        let resource = snapshot.get("/robots.txt").unwrap();
        let (gzip, identity) = (resource.gzip().unwrap(), resource.identity().unwrap());
        assert!(gzip.body.len() < identity.body.len());
        assert_ne!(gzip.etag, identity.etag);
    }

    /// How many bytes of the plain form are in memory.
    fn held(snapshot: &Snapshot) -> usize {
        let resource = snapshot.get("/robots.txt").unwrap();
        resource.identity().unwrap().body.held()
    }

    #[test]
    fn only_the_gzip_form_of_a_large_output_is_kept() {
        let long = "the same line again\n".repeat(50);
        for (packed_above, is_packed) in [(long.len(), false), (long.len() - 1, true)] {
            let empty = Snapshot::packing_above(packed_above);
            let first = Snapshot::next(&empty, vec![artifact(&long)], at(0));
            let tag = |snapshot: &Snapshot| {
                let resource = snapshot.get("/robots.txt").unwrap();
                let identity = resource.identity().unwrap();
                assert_eq!(identity.body.to_vec().unwrap(), long.as_bytes());
                assert_eq!(*identity.content_length, long.len().to_string());
                identity.etag.clone()
            };
            let etag = tag(&first);
            assert_eq!(held(&first), long.len());
            first.compress();
            assert_eq!(held(&first) < long.len() / 2, is_packed);
            assert_eq!(tag(&first), etag, "the tag does not depend on it");
            let linked = Artifact {
                noindex: true,
                ..artifact(&long)
            };
            let second = Snapshot::next(&first, vec![linked], at(0));
            second.compress();
            assert_eq!(tag(&second), etag);
            assert_eq!(held(&second) < long.len() / 2, is_packed);
        }
    }

    #[test]
    fn what_does_not_shrink_has_no_other_form_and_varies_until_that_is_known() {
        let snapshot = Snapshot::next(&Snapshot::default(), vec![artifact("a")], at(0));
        let resource = snapshot.get("/robots.txt").unwrap();
        assert!(resource.is_coded());
        snapshot.compress();
        assert!(resource.is_coded(), "with more effort it may");
        assert!(snapshot.refine(&mut || false));
        assert!(!resource.is_coded());
        for coding in [Coding::Gzip, Coding::Brotli, Coding::Zstd] {
            assert_eq!(form_in(&snapshot, "/robots.txt", coding), None);
        }
    }

    fn form_in(snapshot: &Snapshot, path: &str, coding: Coding) -> Option<Form> {
        let resource = snapshot.get(path).unwrap();
        let Content::Ready(ready) = &resource.content else {
            panic!("{path} is made");
        };
        let there = ready.in_coding(coding);
        assert_eq!(ready.len_in(coding), there.as_ref().map(|it| it.body.len()));
        there.map(|representation| representation.form)
    }

    /// Words in no order, which more effort makes smaller.
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

    /// An output that is small, and one of some pieces of the coders.
    fn small_and_long() -> Snapshot {
        let of = |key, words| Artifact {
            key,
            body: Body::Ready(OutputBytes::new(text(words).into())),
            ..artifact("")
        };
        let artifacts = vec![
            of(ArtifactKey::Robots, 1_000),
            of(ArtifactKey::Opml, 30_000),
        ];
        Snapshot::next(&Snapshot::default(), artifacts, at(0))
    }

    #[test]
    fn what_is_best_takes_the_place_of_what_was_made_at_once() {
        let snapshot = small_and_long();
        let forms = || {
            ["/robots.txt", "/opml.xml"].map(|path| {
                [Coding::Brotli, Coding::Zstd].map(|coding| form_in(&snapshot, path, coding))
            })
        };
        assert_eq!(forms(), [[None; 2]; 2]);
        snapshot.compress();
        assert_eq!(forms(), [[Some(Form::Br5), Some(Form::Zstd3)]; 2]);
        assert!(snapshot.refine(&mut || false));
        assert_eq!(forms(), [[Some(Form::Br11), Some(Form::Zstd19)]; 2]);
        let next = Snapshot::next(&snapshot, vec![artifact("other")], at(0));
        assert!(next.refine(&mut || false), "and the next begins anew");
    }

    #[test]
    fn what_is_newer_interrupts_in_the_middle_of_an_output_and_what_was_made_stays() {
        let snapshot = small_and_long();
        snapshot.compress();
        let mut asked = 0;
        let is_whole = snapshot.refine(&mut || {
            asked += 1;
            asked > 4
        });
        assert!(!is_whole);
        assert_eq!(asked, 6, "both coders heard of it at once");
        let best = form_in(&snapshot, "/robots.txt", Coding::Brotli);
        assert_eq!(best, Some(Form::Br11), "the small one came first");
        let early = form_in(&snapshot, "/opml.xml", Coding::Brotli);
        assert_eq!(early, Some(Form::Br5));
        assert!(snapshot.refine(&mut || false), "it is taken up again");
        let best = form_in(&snapshot, "/opml.xml", Coding::Brotli);
        assert_eq!(best, Some(Form::Br11));
    }

    fn until(is: impl Fn() -> bool) {
        let end = std::time::Instant::now() + Duration::from_secs(60);
        while !is() {
            assert!(std::time::Instant::now() < end, "in vain");
            std::thread::yield_now();
        }
    }

    #[test]
    fn the_thread_that_compresses_comes_to_what_is_best_and_ends_with_its_owner() {
        let compressor = Compressor::new().unwrap();
        let snapshot = Arc::new(small_and_long());
        compressor.take(Arc::clone(&snapshot));
        let best = || form_in(&snapshot, "/opml.xml", Coding::Zstd) == Some(Form::Zstd19);
        until(|| best() && form_in(&snapshot, "/opml.xml", Coding::Brotli) == Some(Form::Br11));
        drop(compressor);
        until(|| Arc::strong_count(&snapshot) == 1);
    }
}
