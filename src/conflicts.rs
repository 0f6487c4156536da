//! Resolves conflicts between posts that share a unique key, such as a URL.
//!
//! The visible post that comes first in the order of precedence wins. A losing post holds none of
//! its keys, so removing one post may admit a second, which then excludes a third. A change
//! therefore reevaluates all posts that are connected to it through shared keys, and no others.

pub(crate) mod conflict_findings;
pub(crate) mod unique_keys;

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHasher};

use crate::model::post::Post;

/// Lists the unique keys of a post. The first one in conflict is the one that is reported.
pub(crate) type KeyLister = fn(&Post) -> Vec<UniqueKey<'_>>;

/// Unique key: its kind and its name.
pub(crate) type UniqueKey<'a> = (u8, Cow<'a, str>);

/// Index of unique keys, the posts that use them, and the posts that lost a conflict.
#[derive(Debug)]
pub(crate) struct UniqueKeys {
    key_lister: KeyLister,
    holders: HashMap<u64, KeyHolders, FxBuildHasher>,
    conflicts: HashMap<Arc<str>, KeyConflict>,
}

/// Posts whose keys have the same hash.
#[derive(Debug)]
#[expect(
    clippy::box_collection,
    reason = "each post has several of these, and nearly all hold a single post"
)]
enum KeyHolders {
    One(Arc<Post>),
    Many(Box<Vec<Arc<Post>>>),
}

/// Conflict that a post lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyConflict {
    /// Path of the post that holds the key.
    pub(crate) winner_path: Arc<str>,
    /// Index of the key among those of the losing post.
    pub(crate) key_index: usize,
}

impl KeyHolders {
    fn as_slice(&self) -> &[Arc<Post>] {
        match self {
            KeyHolders::One(post) => std::slice::from_ref(post),
            KeyHolders::Many(posts) => posts,
        }
    }
}

impl UniqueKeys {
    pub(crate) fn new(key_lister: KeyLister) -> UniqueKeys {
        UniqueKeys {
            key_lister,
            holders: HashMap::default(),
            conflicts: HashMap::new(),
        }
    }

    /// Returns the hashes of the keys of a post, sorted, each once.
    pub(crate) fn hash_keys(&self, post: &Post) -> Vec<u64> {
        let mut keys: Vec<u64> = (self.key_lister)(post).iter().map(hash_key_name).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Adds a post under its key hashes. Returns true if another post has one of them, so that
    /// [`UniqueKeys::resolve_conflicts`] must be called.
    pub(crate) fn insert_post(&mut self, post: &Arc<Post>, keys: &[u64]) -> bool {
        let mut is_contested = false;
        for key in keys.iter().copied() {
            match self.holders.entry(key) {
                Entry::Vacant(vacant) => {
                    vacant.insert(KeyHolders::One(Arc::clone(post)));
                    continue;
                }
                Entry::Occupied(mut occupied) => match occupied.get_mut() {
                    KeyHolders::Many(posts) => posts.push(Arc::clone(post)),
                    KeyHolders::One(one) => {
                        let posts = vec![Arc::clone(one), Arc::clone(post)];
                        occupied.insert(KeyHolders::Many(Box::new(posts)));
                    }
                },
            }
            is_contested = true;
        }
        is_contested
    }

    /// Removes a post and returns its key hashes.
    pub(crate) fn remove_post(&mut self, post: &Arc<Post>) -> Vec<u64> {
        let keys = self.hash_keys(post);
        for key in &keys {
            let is_empty = match self.holders.get_mut(key) {
                None => false,
                Some(KeyHolders::One(one)) => Arc::ptr_eq(one, post),
                Some(KeyHolders::Many(posts)) => {
                    if let Some(index) = posts.iter().position(|one| Arc::ptr_eq(one, post)) {
                        posts.swap_remove(index);
                    }
                    posts.is_empty()
                }
            };
            if is_empty {
                self.holders.remove(key);
            }
        }
        self.conflicts.remove(&post.path);
        keys
    }

    /// Reevaluates all posts that are connected to these key hashes, and returns them. `order` is
    /// the order of precedence.
    pub(crate) fn resolve_conflicts(
        &mut self,
        keys: impl IntoIterator<Item = u64>,
        mut order: impl FnMut(&Arc<Post>, &Arc<Post>) -> std::cmp::Ordering,
    ) -> Vec<Arc<Post>> {
        let mut seen: HashSet<u64, FxBuildHasher> = HashSet::default();
        let mut visited: HashSet<*const Post, FxBuildHasher> = HashSet::default();
        let mut affected = Vec::new();
        for key in keys {
            if !seen.insert(key) {
                continue;
            }
            let group_start = affected.len();
            let mut open = vec![key];
            while let Some(key) = open.pop() {
                let holders = self.holders.get(&key).map_or(&[][..], KeyHolders::as_slice);
                for post in holders {
                    if visited.insert(Arc::as_ptr(post)) {
                        affected.push(Arc::clone(post));
                        open.extend(
                            self.hash_keys(post)
                                .into_iter()
                                .filter(|key| seen.insert(*key)),
                        );
                    }
                }
            }
            if let Some(group) = affected.get_mut(group_start..) {
                group.sort_by(&mut order);
                self.pick_winners(group);
            }
        }
        affected
    }

    /// Picks the winners in a group of posts, sorted by precedence. The group shares no key with
    /// posts outside of it.
    fn pick_winners(&mut self, group: &[Arc<Post>]) {
        if let [only] = group {
            self.conflicts.remove(&only.path);
            return;
        }
        let mut owners: HashMap<UniqueKey<'_>, &Arc<str>> = HashMap::new();
        for post in group {
            let keys = (self.key_lister)(post);
            let taken = keys
                .iter()
                .enumerate()
                .find_map(|(index, key)| Some((index, *owners.get(key)?)));
            if let Some((index, owner)) = taken {
                let conflict = KeyConflict {
                    winner_path: Arc::clone(owner),
                    key_index: index,
                };
                self.conflicts.insert(post.path.clone(), conflict);
                continue;
            }
            self.conflicts.remove(&post.path);
            owners.extend(keys.into_iter().map(|key| (key, &post.path)));
        }
    }

    /// Returns the conflict that a post lost; `None` if it holds its keys.
    pub(crate) fn find_conflict(&self, post: &Post) -> Option<&KeyConflict> {
        self.conflicts.get(&post.path)
    }

    /// Iterates over all posts that lost a conflict.
    pub(crate) fn all_conflicts(&self) -> impl Iterator<Item = (&str, &KeyConflict)> {
        self.conflicts
            .iter()
            .map(|(path, conflict)| (&**path, conflict))
    }

    /// Finds the post that holds a key.
    pub(crate) fn find_holder(&self, key: &UniqueKey<'_>) -> Option<&Arc<Post>> {
        let holders = self.holders.get(&hash_key_name(key))?.as_slice();
        holders.iter().find(|post| {
            self.find_conflict(post).is_none() && (self.key_lister)(post).contains(key)
        })
    }
}

/// Hashes the name of a key without its kind. The id of most posts is their URL, so both keys need
/// one table entry.
fn hash_key_name(key: &UniqueKey<'_>) -> u64 {
    let mut hasher = FxHasher::default();
    key.1.hash(&mut hasher);
    hasher.finish()
}
