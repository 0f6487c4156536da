//! Posts that claim what only one can have, into who has it: the first of those who can be seen.
//!
//! Who loses claims nothing, so one that goes may let another in, and that one keep out a third. All
//! that can matter is reached from what changed by way of shared claims, and nothing else is
//! looked at.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHasher};

use crate::post::Post;

/// What a post claims, in the order in which it is told what it lost by.
pub(super) type Claims = fn(&Post) -> Vec<Claim<'_>>;

/// One thing that only one can have: its kind, and its name.
pub(super) type Claim<'a> = (u8, Cow<'a, str>);

/// Who claims what, and who has lost.
#[derive(Debug)]
pub(super) struct Contest {
    claims: Claims,
    claimants: HashMap<u64, Claimants, FxBuildHasher>,
    lost: HashMap<Arc<str>, Loss>,
}

/// Those who claim one thing, or things whose hash is one.
#[derive(Debug)]
#[expect(
    clippy::box_collection,
    reason = "there are several for each post, and nearly all are one"
)]
enum Claimants {
    One(Arc<Post>),
    Many(Box<Vec<Arc<Post>>>),
}

/// Why a post has lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Loss {
    /// Who has what it claims.
    pub(super) owner: Arc<str>,
    /// Which of its claims, by its place.
    pub(super) claim: usize,
}

impl Claimants {
    fn all(&self) -> &[Arc<Post>] {
        match self {
            Claimants::One(post) => std::slice::from_ref(post),
            Claimants::Many(posts) => posts,
        }
    }
}

impl Contest {
    pub(super) fn new(claims: Claims) -> Contest {
        Contest {
            claims,
            claimants: HashMap::default(),
            lost: HashMap::new(),
        }
    }

    /// What a post claims, as hashes, each once.
    pub(super) fn keys(&self, post: &Post) -> Vec<u64> {
        let mut keys: Vec<u64> = (self.claims)(post).iter().map(hash).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Lets a post claim what it does, `keys`. Returns whether others claim anything of it, so that
    /// it is to be settled.
    pub(super) fn insert(&mut self, post: &Arc<Post>, keys: &[u64]) -> bool {
        let mut is_contested = false;
        for key in keys.iter().copied() {
            match self.claimants.entry(key) {
                Entry::Vacant(vacant) => {
                    vacant.insert(Claimants::One(Arc::clone(post)));
                    continue;
                }
                Entry::Occupied(mut occupied) => match occupied.get_mut() {
                    Claimants::Many(posts) => posts.push(Arc::clone(post)),
                    Claimants::One(one) => {
                        let posts = vec![Arc::clone(one), Arc::clone(post)];
                        occupied.insert(Claimants::Many(Box::new(posts)));
                    }
                },
            }
            is_contested = true;
        }
        is_contested
    }

    /// Lets a post claim nothing, and returns what it claimed as hashes.
    pub(super) fn remove(&mut self, post: &Arc<Post>) -> Vec<u64> {
        let keys = self.keys(post);
        for key in &keys {
            let is_empty = match self.claimants.get_mut(key) {
                None => false,
                Some(Claimants::One(one)) => Arc::ptr_eq(one, post),
                Some(Claimants::Many(posts)) => {
                    if let Some(place) = posts.iter().position(|one| Arc::ptr_eq(one, post)) {
                        posts.swap_remove(place);
                    }
                    posts.is_empty()
                }
            };
            if is_empty {
                self.claimants.remove(key);
            }
        }
        self.lost.remove(&post.path);
        keys
    }

    /// Decides again on all whom these claims may concern, and returns them. `before` is whether the
    /// first goes before the second.
    pub(super) fn settle(
        &mut self,
        keys: impl IntoIterator<Item = u64>,
        mut order: impl FnMut(&Arc<Post>, &Arc<Post>) -> std::cmp::Ordering,
    ) -> Vec<Arc<Post>> {
        let mut seen: HashSet<u64, FxBuildHasher> = HashSet::default();
        let mut known: HashSet<*const Post, FxBuildHasher> = HashSet::default();
        let mut concerned = Vec::new();
        for key in keys {
            if !seen.insert(key) {
                continue;
            }
            let before = concerned.len();
            let mut open = vec![key];
            while let Some(key) = open.pop() {
                let claimants = self.claimants.get(&key).map_or(&[][..], Claimants::all);
                for post in claimants {
                    if known.insert(Arc::as_ptr(post)) {
                        concerned.push(Arc::clone(post));
                        open.extend(self.keys(post).into_iter().filter(|key| seen.insert(*key)));
                    }
                }
            }
            if let Some(group) = concerned.get_mut(before..) {
                group.sort_by(&mut order);
                self.decide(group);
            }
        }
        concerned
    }

    /// Decides on posts that share claims among themselves and with no others, in their order.
    fn decide(&mut self, group: &[Arc<Post>]) {
        if let [only] = group {
            self.lost.remove(&only.path);
            return;
        }
        let mut owners: HashMap<Claim<'_>, &Arc<str>> = HashMap::new();
        for post in group {
            let claims = (self.claims)(post);
            let taken = claims
                .iter()
                .enumerate()
                .find_map(|(place, claim)| Some((place, *owners.get(claim)?)));
            if let Some((claim, owner)) = taken {
                let owner = Arc::clone(owner);
                self.lost.insert(post.path.clone(), Loss { owner, claim });
                continue;
            }
            self.lost.remove(&post.path);
            owners.extend(claims.into_iter().map(|claim| (claim, &post.path)));
        }
    }

    /// Whether a post, which claims, has lost, and why.
    pub(super) fn loss(&self, post: &Post) -> Option<&Loss> {
        self.lost.get(&post.path)
    }

    /// All that have lost.
    pub(super) fn losses(&self) -> impl Iterator<Item = (&str, &Loss)> {
        self.lost.iter().map(|(path, loss)| (&**path, loss))
    }

    /// Who has something, or a part of it.
    pub(super) fn owner(&self, claim: &Claim<'_>) -> Option<&Arc<Post>> {
        let claimants = self.claimants.get(&hash(claim))?.all();
        let has =
            |post: &&Arc<Post>| self.loss(post).is_none() && (self.claims)(post).contains(claim);
        claimants.iter().find(has)
    }
}

/// Of the name alone: the id of most posts is their address, and they are found by both at once.
fn hash((_, name): &Claim<'_>) -> u64 {
    let mut hasher = FxHasher::default();
    name.hash(&mut hasher);
    hasher.finish()
}
