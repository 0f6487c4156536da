//! What could be asked for of generations before, for those who have a feed of one of them and want what is
//! new: feeds that are made when they are asked for have no pieces that could be compared.

use std::sync::Arc;

use super::Snapshot;
use super::coding::{Form, Tags};
use crate::artifact::{ArtifactKey, Body, Deferred, Shelf};

/// So many generations are known. Each that is asked costs the hash of a document.
const MOST: usize = 10;
/// What keeps more that is elsewhere no more is not remembered, in paths that were made stale.
const MOST_STALE: usize = 2_000;

/// Former shelves, the latest first. They share with one another, and with the one of now, what did not change.
#[derive(Debug, Clone, Default)]
pub(super) struct Former(Arc<[(usize, Arc<dyn Shelf>)]>);

impl Former {
    /// These, and the one that came after them, of which so much is another now.
    pub(super) fn and(&self, shelf: Arc<dyn Shelf>, stale: usize) -> Former {
        let mut weight = 0;
        let all = std::iter::once((stale, shelf)).chain(self.0.iter().cloned());
        let kept = all.take(MOST).take_while(|(stale, _)| {
            weight += stale;
            weight <= MOST_STALE
        });
        Former(kept.collect())
    }

    /// A feed of `now` without what is in the one that has one of these entity tags, in their quotes, and that
    /// tag; `None` where it is not known, or has nothing in common.
    pub(super) fn new_since<'a>(
        &self,
        now: &dyn Shelf,
        key: &ArtifactKey,
        tags: &[&'a [u8]],
    ) -> Option<(&'a [u8], Deferred)> {
        self.0.iter().find_map(|(_, former)| {
            let Body::Deferred(was) = former.artifact(key)?.body else {
                return None;
            };
            let names = Tags::new(&was.fingerprint, &Form::LATE);
            let tag = tags.iter().find(|tag| names.form(tag).is_some())?;
            Some((*tag, now.without(key, &former.entries(key)?)?))
        })
    }
}

impl Snapshot {
    /// What is new of a feed that is made late, since the generation that has one of these entity tags, and that
    /// tag.
    pub fn new_since<'a>(
        &self,
        key: &ArtifactKey,
        tags: &[&'a [u8]],
    ) -> Option<(&'a [u8], Deferred)> {
        self.former.new_since(&**self.shelf.as_ref()?, key, tags)
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

    fn new_since(former: &Former, tag: &str) -> Option<String> {
        let key = ArtifactKey::Feed(FeedScope::Tag("a".to_owned()), FeedFormat::Rss);
        let now = Fake("now", vec![1, 2, 3]);
        let (found, new) = former.new_since(&now, &key, &[b"\"other\"", tag.as_bytes()])?;
        assert_eq!(found, tag.as_bytes());
        Some(new.fingerprint)
    }

    #[test]
    fn what_is_new_is_what_was_not_in_it() {
        let former = Former::default().and(Arc::new(Fake("a", vec![3, 4])), 1);
        let former = former.and(Arc::new(Fake("b", vec![2, 3])), 1);
        assert_eq!(new_since(&former, "\"a\"").as_deref(), Some("[1, 2]"));
        assert_eq!(new_since(&former, "\"b-gzip\"").as_deref(), Some("[1]"));
        assert_eq!(new_since(&former, "\"c\""), None);
        let former = former.and(Arc::new(Fake("c", vec![7])), 1);
        assert_eq!(new_since(&former, "\"c\""), None, "nothing in common");
    }

    #[test]
    fn so_many_generations_are_known_and_so_much_of_them() {
        const NAMES: [&str; 12] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"];
        let all = |stale: usize| {
            let shelves = NAMES.map(|name| Fake(name, vec![3]));
            shelves
                .into_iter()
                .fold(Former::default(), |former, shelf| {
                    former.and(Arc::new(shelf), stale)
                })
        };
        let known = |former: &Former| {
            let is_known = |name: &&str| new_since(former, &format!("\"{name}\"")).is_some();
            NAMES.iter().filter(|name| is_known(name)).count()
        };
        assert_eq!(known(&all(1)), MOST);
        assert_eq!(known(&all(MOST_STALE / 3)), 3);
        assert_eq!(known(&all(MOST_STALE + 1)), 0);
    }
}
