//! One post into its part of a step, without looking at the others: many are worked on at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::Listing;
use crate::config::{Config, HiddenPosts};
use crate::post::Post;
use crate::site::contest::Contest;
use crate::site::entry::Entry;
use crate::site::visibility::{self, Shown};
use crate::site::words::Lists;

/// What was there of a post before a step.
pub(super) struct Before {
    pub(super) entry: Option<Arc<Entry>>,
    /// Whether it was judged in this step, so that its entry may say something else.
    pub(super) is_judged: bool,
}

/// What was there before a step of all posts that it may concern.
#[derive(Default)]
pub(super) struct Past {
    /// Those that are judged, in the order of the paths.
    judged: Vec<(Arc<str>, Before)>,
    others: BTreeMap<Arc<str>, Before>,
}

impl Past {
    /// `judged` are in the order of the paths.
    pub(super) fn of(judged: Vec<(Arc<str>, Before)>) -> Past {
        Past {
            judged,
            others: BTreeMap::new(),
        }
    }

    /// Adds a post that is not judged, if it is not known, with its entry.
    pub(super) fn add(&mut self, path: &Arc<str>, entry: Option<&Arc<Entry>>) {
        let is_judged = self.judged.binary_search_by(|(other, _)| other.cmp(path));
        if is_judged.is_err() {
            let before = || Before {
                entry: entry.cloned(),
                is_judged: false,
            };
            self.others.entry(Arc::clone(path)).or_insert_with(before);
        }
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Before)> {
        let judged = self.judged.iter().map(|(path, before)| (path, before));
        judged.chain(&self.others)
    }

    /// All of them.
    pub(super) fn into_iter(self) -> impl Iterator<Item = (Arc<str>, Before)> {
        self.judged.into_iter().chain(self.others)
    }
}

/// A post by itself, and what it claims.
pub(super) struct Judged {
    pub(super) post: Arc<Post>,
    pub(super) listing: Option<Listing>,
    pub(super) due: Option<DateTime<Utc>>,
    pub(super) claimed: Vec<u64>,
}

impl Judged {
    pub(super) fn new(
        post: Arc<Post>,
        hidden: HiddenPosts,
        now: DateTime<Utc>,
        addresses: &Contest,
    ) -> Judged {
        let (verdict, shown) = visibility::judge(&post, hidden, now);
        let listing = shown.map(|shown| match shown {
            Shown::Listed(_) => Listing::Listed,
            Shown::Unlisted(_) => Listing::Unlisted,
        });
        Judged {
            claimed: match listing {
                Some(_) => addresses.keys(&post),
                None => Vec::new(),
            },
            listing,
            due: verdict.next_change,
            post,
        }
    }
}

/// What becomes of the entry of a file.
pub(super) enum Plan {
    Kept(Arc<Entry>),
    Made {
        post: Arc<Post>,
        has_card: bool,
        lists: Lists,
    },
}

impl Plan {
    pub(super) fn entry(
        self,
        before: &Before,
        config: &Config,
        now: DateTime<Utc>,
    ) -> Option<Arc<Entry>> {
        let (post, has_card, lists) = match self {
            Plan::Kept(entry) => return Some(entry),
            Plan::Made {
                post,
                has_card,
                lists,
            } => (post, has_card, lists),
        };
        let (_, shown) = visibility::judge(&post, config.hidden, now);
        let entry = Entry::new(&shown?, has_card, lists, config, now);
        // The same stays the same allocation, so that what is made of it can stay.
        let same = before
            .entry
            .as_ref()
            .filter(|old| ***old == entry && old.is_of(&post));
        Some(match same {
            Some(same) => Arc::clone(same),
            None => Arc::new(entry),
        })
    }
}
