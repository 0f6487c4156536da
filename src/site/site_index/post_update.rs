//! Evaluates the visibility of one post, and builds its entry: the form that feeds and the sitemap use.
//!
//! Neither step looks at other posts, so that many posts can be processed in parallel.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::indexed_post::Listing;
use crate::config::{Config, HiddenPostsMode};
use crate::conflicts::UniqueKeys;
use crate::links::LinkIndex;
use crate::model::post::{Post, ResolvedLinks};
use crate::site::entry::Entry;
use crate::term_interner::PostTerms;
use crate::visibility::{self, Visible};

/// Entry of a file before an update.
pub(super) struct PreviousEntry {
    pub(super) entry: Option<Arc<Entry>>,
    /// True if this update evaluated the post again, so that its entry may change.
    pub(super) is_evaluated: bool,
}

/// Previous entries of all posts that an update may affect.
#[derive(Default)]
pub(super) struct AffectedPosts {
    /// Evaluated posts, sorted by path.
    evaluated: Vec<(Arc<str>, PreviousEntry)>,
    /// Posts that an evaluated one may affect through a shared URL, id or card path, or a link.
    others: BTreeMap<Arc<str>, PreviousEntry>,
}

impl AffectedPosts {
    /// Creates the set from evaluated posts, which must be sorted by path.
    pub(super) fn from_evaluated(evaluated: Vec<(Arc<str>, PreviousEntry)>) -> AffectedPosts {
        AffectedPosts {
            evaluated,
            others: BTreeMap::new(),
        }
    }

    /// Adds a post that was not evaluated, with its entry, unless the set has it already.
    pub(super) fn add_unevaluated(&mut self, path: &Arc<str>, entry: Option<&Arc<Entry>>) {
        let evaluated = self
            .evaluated
            .binary_search_by(|(known, _)| known.cmp(path));
        if evaluated.is_err() {
            self.others
                .entry(Arc::clone(path))
                .or_insert_with(|| PreviousEntry {
                    entry: entry.cloned(),
                    is_evaluated: false,
                });
        }
    }

    /// Adds posts with a link to a post whose URL changed. `find_public` returns the post at a path if it is public now.
    pub(super) fn add_referrers<'p>(
        &mut self,
        links: &LinkIndex,
        find_public: impl Fn(&str) -> Option<&'p Arc<Post>>,
        find_entry: impl Fn(&str) -> Option<&'p Arc<Entry>>,
    ) {
        if !links.is_active() {
            return;
        }
        let mut referrers = Vec::new();
        for (path, before) in self.iter() {
            let target = |post: &'p Arc<Post>| (&*post.permalink.url, post.language());
            let before = before.entry.as_ref().map(|entry| entry.post());
            let before = before.map(|post| (&*post.permalink.url, post.language()));
            if before != find_public(path).map(target) {
                referrers.extend(links.find_referrers(path));
            }
        }
        for path in referrers {
            self.add_unevaluated(path, find_entry(path));
        }
    }

    /// Iterates over the evaluated posts, then over all others.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &PreviousEntry)> {
        let evaluated = self.evaluated.iter().map(|(path, before)| (path, before));
        evaluated.chain(&self.others)
    }

    /// Iterates by value over the evaluated posts, then over all others.
    pub(super) fn into_iter(self) -> impl Iterator<Item = (Arc<str>, PreviousEntry)> {
        self.evaluated.into_iter().chain(self.others)
    }
}

/// Post with its visibility and the hashes of its unique keys: its URL and its id.
pub(super) struct EvaluatedPost {
    pub(super) post: Arc<Post>,
    pub(super) listing: Option<Listing>,
    pub(super) next_change: Option<DateTime<Utc>>,
    pub(super) key_hashes: Vec<u64>,
}

impl EvaluatedPost {
    pub(super) fn evaluate_post(
        post: Arc<Post>,
        hidden: HiddenPostsMode,
        now: DateTime<Utc>,
        unique_addresses: &UniqueKeys,
    ) -> EvaluatedPost {
        let (evaluation, visible) = visibility::evaluate_visibility(&post, hidden, now);
        let listing = visible.map(|shown| match shown {
            Visible::Listed(_) => Listing::Listed,
            Visible::Unlisted(_) => Listing::Unlisted,
        });
        EvaluatedPost {
            key_hashes: match listing {
                Some(_) => unique_addresses.hash_keys(&post),
                None => Vec::new(),
            },
            listing,
            next_change: evaluation.next_change,
            post,
        }
    }
}

/// Plan for the entry of a file.
pub(super) enum EntryPlan {
    Reuse(Arc<Entry>),
    Build {
        post: Arc<Post>,
        has_card: bool,
        lists: PostTerms,
        links: ResolvedLinks,
    },
}

impl EntryPlan {
    /// Builds the entry, or returns the previous one if it is equal.
    pub(super) fn build_entry(
        self,
        previous: &PreviousEntry,
        config: &Config,
        now: DateTime<Utc>,
    ) -> Option<Arc<Entry>> {
        let (post, has_card, lists, links) = match self {
            EntryPlan::Reuse(entry) => return Some(entry),
            EntryPlan::Build {
                post,
                has_card,
                lists,
                links,
            } => (post, has_card, lists, links),
        };
        let (_, visible) = visibility::evaluate_visibility(&post, config.hidden_posts, now);
        let entry = Entry::new(&visible?, has_card, lists, links, config, now);
        // An equal entry keeps its allocation, so that everything derived from it stays valid.
        let unchanged = previous
            .entry
            .as_ref()
            .filter(|old| ***old == entry && old.is_built_from(&post));
        Some(match unchanged {
            Some(old) => Arc::clone(old),
            None => Arc::new(entry),
        })
    }
}

/// Sorts changes by path; of several changes of one file the last stays.
pub(super) fn sort_changes(
    mut changes: Vec<(Arc<str>, Option<Arc<Post>>)>,
) -> Vec<(Arc<str>, Option<Arc<Post>>)> {
    changes.sort_by(|(a, _), (b, _)| a.cmp(b));
    changes.dedup_by(|next, kept| {
        let is_same = next.0 == kept.0;
        if is_same {
            std::mem::swap(next, kept);
        }
        is_same
    });
    changes
}
