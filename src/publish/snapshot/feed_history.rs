//! Finds the version of a feed that a client has among earlier generations, and the entries added since: the instance
//! manipulation `feed` of RFC 3229.

use std::sync::Arc;

use super::content_coding::{Encoding, EntityTags};
use crate::model::artifact::{ArtifactBody, ArtifactKey, LazyArtifacts, LazyBody};

/// Maximum earlier generations. To look up a lazy feed costs the hash of a document in each.
const MAX_GENERATIONS: usize = 20;
/// Maximum invalidated paths of all earlier generations together, which bounds the memory that only they keep.
const MAX_INVALIDATED_PATHS: usize = 2_000;

/// Lazy artifacts and feed tags of one generation.
#[derive(Debug, Clone)]
pub(super) struct LazyGeneration {
    /// Lazy artifacts.
    pub(super) artifacts: Arc<dyn LazyArtifacts>,
    /// Entity tags of the eager feeds.
    pub(super) feed_tags: Arc<[(ArtifactKey, EntityTags)]>,
}

impl LazyGeneration {
    /// Returns the first of `tags`, with quotes, that is a tag of the feed in this generation.
    fn find_tag_of_feed<'a>(&self, key: &ArtifactKey, tags: &[&'a [u8]]) -> Option<&'a [u8]> {
        let is_one = |names: &EntityTags| {
            tags.iter()
                .find(|tag| names.find_encoding(tag).is_some())
                .copied()
        };
        if let Some((_, names)) = self.feed_tags.iter().find(|(made, _)| made == key) {
            return is_one(names);
        }
        match self.artifacts.find_artifact(key)?.body {
            ArtifactBody::Lazy(late) => is_one(&EntityTags::new(
                &late.fingerprint,
                Encoding::possible_for_lazy(&late, true),
            )),
            _ => None,
        }
    }
}

/// Earlier generations, the latest first, each with the number of paths it invalidated. They share unchanged data with
/// each other and with the current one.
#[derive(Debug, Clone, Default)]
pub(super) struct FeedHistory(Arc<[(usize, LazyGeneration)]>);

impl FeedHistory {
    /// Returns a history with `generation` added at the front. `stale` is the number of paths that changed since.
    pub(super) fn with_generation(&self, generation: LazyGeneration, stale: usize) -> FeedHistory {
        let mut weight = 0;
        let all = std::iter::once((stale, generation)).chain(self.0.iter().cloned());
        let kept = all.take(MAX_GENERATIONS).take_while(|(stale, _)| {
            weight += stale;
            weight <= MAX_INVALIDATED_PATHS
        });
        FeedHistory(kept.collect())
    }

    /// Returns the feed without the entries of the version that has one of `tags`, and that tag, with quotes. `None`
    /// if no version matches, or it has no entries in common.
    pub(super) fn find_new_entries<'a>(
        &self,
        now: &dyn LazyArtifacts,
        key: &ArtifactKey,
        tags: &[&'a [u8]],
    ) -> Option<(&'a [u8], LazyBody)> {
        self.0.iter().find_map(|(_, former)| {
            let tag = former.find_tag_of_feed(key, tags)?;
            Some((
                tag,
                now.find_feed_delta(key, &former.artifacts.entry_hashes(key)?)?,
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::artifact::{
        Artifact, FeedFormat, FeedScope, LazyRenderError, PublicUrl, RenderBody,
    };

    /// Provider of one feed: its fingerprint and its entries.
    #[derive(Debug)]
    struct OneFeed(&'static str, Vec<u128>);

    #[derive(Debug)]
    struct EmptyRenderer;

    impl RenderBody for EmptyRenderer {
        fn render_body(&self) -> Result<Vec<u8>, LazyRenderError> {
            Ok(Vec::new())
        }
    }

    fn deferred(fingerprint: &str) -> LazyBody {
        LazyBody {
            fingerprint: fingerprint.to_owned(),
            renderer: Arc::new(EmptyRenderer),
        }
    }

    impl LazyArtifacts for OneFeed {
        fn resolve_feed_alias(&self, _: &str) -> Option<(String, Option<String>)> {
            None
        }

        fn find_artifact(&self, key: &ArtifactKey) -> Option<Artifact> {
            Some(Artifact {
                key: key.clone(),
                body: ArtifactBody::Lazy(deferred(self.0)),
                links: Vec::new(),
                noindex: false,
            })
        }

        fn entry_hashes(&self, _: &ArtifactKey) -> Option<Vec<u128>> {
            Some(self.1.clone())
        }

        fn find_feed_delta(&self, _: &ArtifactKey, known: &[u128]) -> Option<LazyBody> {
            let new: Vec<_> = self.1.iter().filter(|name| !known.contains(name)).collect();
            (new.len() < self.1.len()).then(|| deferred(&format!("{new:?}")))
        }

        fn has_html_variants(&self) -> bool {
            false
        }

        fn feed_urls(&self) -> Vec<(ArtifactKey, String)> {
            Vec::new()
        }

        fn public_urls(&self) -> Vec<PublicUrl> {
            Vec::new()
        }

        fn feed_max_age_seconds(&self) -> u64 {
            0
        }

        fn artifact_keys(&self) -> Vec<ArtifactKey> {
            Vec::new()
        }
    }

    fn generation(fake: OneFeed) -> LazyGeneration {
        LazyGeneration {
            artifacts: Arc::new(fake),
            feed_tags: Arc::default(),
        }
    }

    fn feed() -> ArtifactKey {
        ArtifactKey::Feed(FeedScope::Tag("a".to_owned()), FeedFormat::Rss)
    }

    fn new_since(former: &FeedHistory, tag: &str) -> Option<String> {
        let now = OneFeed("now", vec![1, 2, 3]);
        let (found, new) =
            former.find_new_entries(&now, &feed(), &[b"\"other\"", tag.as_bytes()])?;
        assert_eq!(found, tag.as_bytes());
        Some(new.fingerprint)
    }

    #[test]
    fn delta_has_only_entries_missing_in_the_old_version() {
        let former =
            FeedHistory::default().with_generation(generation(OneFeed("a", vec![3, 4])), 1);
        let former = former.with_generation(generation(OneFeed("b", vec![2, 3])), 1);
        assert_eq!(new_since(&former, "\"a\"").as_deref(), Some("[1, 2]"));
        assert_eq!(new_since(&former, "\"b-gzip\"").as_deref(), Some("[1]"));
        assert_eq!(new_since(&former, "\"c\""), None);
        let former = former.with_generation(generation(OneFeed("c", vec![7])), 1);
        assert_eq!(new_since(&former, "\"c\""), None, "nothing in common");
    }

    #[test]
    fn eager_feed_is_found_by_its_old_tags() {
        let made = LazyGeneration {
            feed_tags: Arc::from([(feed(), EntityTags::new("made", &Encoding::ALL))]),
            ..generation(OneFeed("a", vec![3, 4]))
        };
        let former = FeedHistory::default().with_generation(made, 1);
        let new = new_since(&former, "\"made-br11\"");
        assert_eq!(new.as_deref(), Some("[1, 2]"));
        assert_eq!(new_since(&former, "\"a\""), None);
    }

    #[test]
    fn history_is_bounded_in_generations_and_paths() {
        let names = "a b c d e f g h i j k l m n o p q r s t u v w".split(' ');
        let names: Vec<&'static str> = names.collect();
        assert!(names.len() > MAX_GENERATIONS);
        let all = |stale: usize| {
            let shelves = names.iter().map(|name| generation(OneFeed(name, vec![3])));
            shelves.fold(FeedHistory::default(), |former, shelf| {
                former.with_generation(shelf, stale)
            })
        };
        let known = |former: &FeedHistory| {
            let is_known = |name: &&str| new_since(former, &format!("\"{name}\"")).is_some();
            names.iter().filter(|name| is_known(name)).count()
        };
        assert_eq!(known(&all(1)), MAX_GENERATIONS);
        assert_eq!(known(&all(MAX_INVALIDATED_PATHS / 3)), 3);
        assert_eq!(known(&all(MAX_INVALIDATED_PATHS + 1)), 0);
    }
}
