//! Finds the feed that a client has among former generations, and from it what is new of the feed: the instance
//! manipulation `feed` of RFC 3229.

use std::sync::Arc;

use super::Snapshot;
use super::coding::{Form, Tags};
use crate::artifact::{ArtifactKey, Body, Deferred, Shelf};

/// So many generations are known. Each that is asked for a feed that is made late costs the hash of a document.
const MOST: usize = 20;
/// What keeps more that is elsewhere no more is not remembered, in paths that were made stale.
const MOST_STALE: usize = 2_000;

/// What can be asked for of one generation.
#[derive(Debug, Clone)]
pub(super) struct Generation {
    /// What is made late.
    pub(super) shelf: Arc<dyn Shelf>,
    /// The entity tags of the feeds that are made.
    pub(super) tags: Arc<[(ArtifactKey, Tags)]>,
}

impl Generation {
    /// The first of these entity tags, in their quotes, that is one of a feed's.
    fn tag_of<'a>(&self, key: &ArtifactKey, tags: &[&'a [u8]]) -> Option<&'a [u8]> {
        let is_one = |names: &Tags| tags.iter().find(|tag| names.form(tag).is_some()).copied();
        if let Some((_, names)) = self.tags.iter().find(|(made, _)| made == key) {
            return is_one(names);
        }
        match self.shelf.artifact(key)?.body {
            Body::Deferred(late) => is_one(&Tags::new(&late.fingerprint, &Form::LATE)),
            _ => None,
        }
    }
}

/// Former generations, the latest first. They share with one another, and with the one of now, what did not change.
#[derive(Debug, Clone, Default)]
pub(super) struct Former(Arc<[(usize, Generation)]>);

impl Former {
    /// These, and the one that came after them, of which so much is another now.
    pub(super) fn and(&self, generation: Generation, stale: usize) -> Former {
        let mut weight = 0;
        let all = std::iter::once((stale, generation)).chain(self.0.iter().cloned());
        let kept = all.take(MOST).take_while(|(stale, _)| {
            weight += stale;
            weight <= MOST_STALE
        });
        Former(kept.collect())
    }

    /// A feed of `now` without what is in the one that has one of these entity tags, in their quotes, and that
    /// tag; `None` where it is not known, or has nothing in common.
    fn new_since<'a>(
        &self,
        now: &dyn Shelf,
        key: &ArtifactKey,
        tags: &[&'a [u8]],
    ) -> Option<(&'a [u8], Deferred)> {
        self.0.iter().find_map(|(_, former)| {
            let tag = former.tag_of(key, tags)?;
            Some((tag, now.without(key, &former.shelf.entries(key)?)?))
        })
    }
}

impl Snapshot {
    /// What is new of a feed since the generation that has one of these entity tags, and that tag.
    pub fn new_since<'a>(
        &self,
        key: &ArtifactKey,
        tags: &[&'a [u8]],
    ) -> Option<(&'a [u8], Deferred)> {
        if tags.is_empty() {
            return None;
        }
        self.former
            .new_since(&*self.late.as_ref()?.shelf, key, tags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::{Artifact, Draw, DrawError, FeedFormat, FeedScope, FurtherPage, Page};

    /// A shelf with one feed, of these entries.
    #[derive(Debug)]
    struct Fake(&'static str, Vec<u128>);

    #[derive(Debug)]
    struct Nothing;

    impl Draw for Nothing {
        fn draw(&self) -> Result<Vec<u8>, DrawError> {
            Ok(Vec::new())
        }
    }

    fn deferred(fingerprint: &str) -> Deferred {
        Deferred {
            fingerprint: fingerprint.to_owned(),
            draw: Arc::new(Nothing),
        }
    }

    impl Shelf for Fake {
        fn artifact(&self, key: &ArtifactKey) -> Option<Artifact> {
            Some(Artifact {
                key: key.clone(),
                body: Body::Deferred(deferred(self.0)),
                links: Vec::new(),
                noindex: false,
            })
        }

        fn entries(&self, _: &ArtifactKey) -> Option<Vec<u128>> {
            Some(self.1.clone())
        }

        fn without(&self, _: &ArtifactKey, known: &[u128]) -> Option<Deferred> {
            let new: Vec<_> = self.1.iter().filter(|name| !known.contains(name)).collect();
            (new.len() < self.1.len()).then(|| deferred(&format!("{new:?}")))
        }

        fn page(&self, _: &ArtifactKey, _: Page) -> Option<FurtherPage> {
            None
        }

        fn for_people(&self, _: &ArtifactKey) -> Option<FurtherPage> {
            None
        }

        fn has_pages_for_people(&self) -> bool {
            false
        }

        fn max_age(&self) -> u64 {
            0
        }

        fn keys(&self) -> Vec<ArtifactKey> {
            Vec::new()
        }
    }

    fn generation(fake: Fake) -> Generation {
        Generation {
            shelf: Arc::new(fake),
            tags: Arc::default(),
        }
    }

    fn feed() -> ArtifactKey {
        ArtifactKey::Feed(FeedScope::Tag("a".to_owned()), FeedFormat::Rss)
    }

    fn new_since(former: &Former, tag: &str) -> Option<String> {
        let now = Fake("now", vec![1, 2, 3]);
        let (found, new) = former.new_since(&now, &feed(), &[b"\"other\"", tag.as_bytes()])?;
        assert_eq!(found, tag.as_bytes());
        Some(new.fingerprint)
    }

    #[test]
    fn what_is_new_is_what_was_not_in_it() {
        let former = Former::default().and(generation(Fake("a", vec![3, 4])), 1);
        let former = former.and(generation(Fake("b", vec![2, 3])), 1);
        assert_eq!(new_since(&former, "\"a\"").as_deref(), Some("[1, 2]"));
        assert_eq!(new_since(&former, "\"b-gzip\"").as_deref(), Some("[1]"));
        assert_eq!(new_since(&former, "\"c\""), None);
        let former = former.and(generation(Fake("c", vec![7])), 1);
        assert_eq!(new_since(&former, "\"c\""), None, "nothing in common");
    }

    #[test]
    fn feed_that_is_made_is_known_by_the_tags_that_it_had() {
        let made = Generation {
            tags: Arc::from([(feed(), Tags::new("made", &Form::ALL))]),
            ..generation(Fake("a", vec![3, 4]))
        };
        let former = Former::default().and(made, 1);
        let new = new_since(&former, "\"made-br11\"");
        assert_eq!(new.as_deref(), Some("[1, 2]"));
        assert_eq!(new_since(&former, "\"a\""), None);
    }

    #[test]
    fn so_many_generations_are_known_and_so_much_of_them() {
        let names = "a b c d e f g h i j k l m n o p q r s t u v w".split(' ');
        let names: Vec<&'static str> = names.collect();
        assert!(names.len() > MOST);
        let all = |stale: usize| {
            let shelves = names.iter().map(|name| generation(Fake(name, vec![3])));
            shelves.fold(Former::default(), |former, shelf| former.and(shelf, stale))
        };
        let known = |former: &Former| {
            let is_known = |name: &&str| new_since(former, &format!("\"{name}\"")).is_some();
            names.iter().filter(|name| is_known(name)).count()
        };
        assert_eq!(known(&all(1)), MOST);
        assert_eq!(known(&all(MOST_STALE / 3)), 3);
        assert_eq!(known(&all(MOST_STALE + 1)), 0);
    }
}
