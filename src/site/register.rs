//! Posts that come, go and change into what is public, step by step: the cost of a step follows what
//! it changes, and its result is that of judging everything anew.
//!
//! In a step, who may be seen is judged first; then who has which address, who has which card, and who
//! has which former address; then entries are made of those who won, and put where they belong.

mod bulk;
mod difference;
mod map;
mod single;
mod told;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rustc_hash::FxHashMap as HashMap;

use super::Site;
use super::aliases::Aliases;
use super::claims::{ID, addresses, card_claims, cards, is_the_sites};
use super::contest::Contest;
use super::entry::Entry;
use super::languages::Languages;
use super::timeline::newest_first;
use super::trail::Trail;
use super::words::Words;
use crate::config::Config;
use crate::post::Post;

use map::Map;
use single::{Before, Judged, Past, Plan};

pub use difference::{Changed, Difference, Fate};

/// All posts, and what has been decided on them.
#[derive(Debug)]
pub struct Register {
    config: Arc<Config>,
    now: DateTime<Utc>,
    held: HashMap<Arc<str>, Held>,
    due: BTreeSet<(DateTime<Utc>, Arc<str>)>,
    addresses: Contest,
    cards: Contest,
    aliases: Aliases,
    languages: Languages,
    words: Words,
    trail: Trail,
    /// The files of entries that have something wrong by themselves.
    odd: BTreeSet<Arc<str>>,
    site: Site,
}

/// What is held of one post.
#[derive(Debug)]
struct Held {
    post: Arc<Post>,
    listing: Option<Listing>,
    due: Option<DateTime<Utc>>,
    entry: Option<Arc<Entry>>,
}

/// Where a post may be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Listing {
    Listed,
    Unlisted,
}

/// A post that is another, or gone.
pub type Change = (Arc<str>, Option<Arc<Post>>);

impl Register {
    /// A register of no posts. `trail` is what is remembered of former ones.
    pub fn new(config: Arc<Config>, trail: Trail) -> Register {
        Register {
            now: DateTime::UNIX_EPOCH,
            held: HashMap::default(),
            due: BTreeSet::new(),
            addresses: Contest::new(addresses),
            cards: Contest::new(cards),
            aliases: Aliases::default(),
            languages: Languages::default(),
            words: Words::default(),
            trail,
            odd: BTreeSet::new(),
            site: Site::new(&config),
            config,
        }
    }

    /// What is public as of the last step. A copy shares what does not change.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// When the site will next differ though no file does.
    pub fn next_change(&self) -> Option<DateTime<Utc>> {
        self.due.first().map(|(at, _)| *at)
    }

    /// What is remembered of cards that were, with all that are.
    pub fn into_trail(mut self) -> Trail {
        self.trail.leave(&self.site);
        self.trail
    }

    /// Judges what has changed, and what is due by `now`. The order of the changes makes no
    /// difference; of several of one file the last counts.
    pub fn step(&mut self, changes: Vec<Change>, now: DateTime<Utc>) -> Difference {
        let due = self.due.iter().take_while(|(at, _)| *at <= now);
        let mut due: Vec<Arc<str>> = due.map(|(_, path)| Arc::clone(path)).collect();
        if now < self.now {
            // A clock that was set back makes dates lie ahead again.
            let is_ahead = |date: DateTime<Utc>| date > now && date <= self.now;
            let lies_ahead = |held: &&Held| held.post.dates().any(is_ahead);
            let ahead = self.held.values().filter(lies_ahead);
            due.extend(ahead.map(|held| Arc::clone(&held.post.path)));
        }
        self.now = now;
        let of_due = due.into_iter().filter_map(|path| {
            let post = Arc::clone(&self.held.get(&path)?.post);
            Some((path, Some(post)))
        });
        // What changed comes after what is only due, and so counts.
        let changes = in_order(of_due.chain(changes).collect());
        let mut past = self.judge(changes);
        self.compete_for_cards(&mut past);
        let difference = self.replace(past);
        self.words.sweep();
        difference
    }

    /// Who may be seen, and who has which address. The changes are in the order of the paths.
    fn judge(&mut self, changes: Vec<Change>) -> Past {
        let (hidden, now, addresses) = (self.config.hidden, self.now, &self.addresses);
        let judged = bulk::map(changes, |(path, post): Change| {
            let judge = |post: Arc<Post>| Judged::new(post, hidden, now, addresses);
            (path, post.map(judge))
        });
        let mut keys = Vec::new();
        let mut past = Vec::with_capacity(judged.len());
        for (path, judged) in judged {
            let old = self.held.remove(&path);
            if let Some(old) = &old {
                if old.listing.is_some() {
                    keys.extend(self.addresses.remove(&old.post));
                }
                if let Some(at) = old.due {
                    self.due.remove(&(at, Arc::clone(&path)));
                }
            }
            let entry = old.and_then(|old| old.entry);
            if let Some(Judged {
                post,
                listing,
                due,
                claimed,
            }) = judged
            {
                if self.addresses.insert(&post, &claimed) {
                    keys.extend(claimed);
                }
                if let Some(at) = due {
                    self.due.insert((at, Arc::clone(&path)));
                }
                let held = Held {
                    post,
                    listing,
                    due,
                    entry: entry.clone(),
                };
                self.held.insert(Arc::clone(&path), held);
            }
            let is_judged = true;
            past.push((path, Before { entry, is_judged }));
        }
        let held = &self.held;
        let concerned = self.addresses.settle(keys, |a, b| order(held, a, b));
        let mut past = Past::of(past);
        self.remember(&concerned, &mut past);
        past
    }

    /// Adds posts that others' changes may concern.
    fn remember(&self, concerned: &[Arc<Post>], past: &mut Past) {
        for post in concerned {
            if let Some((path, held)) = self.held.get_key_value(&post.path) {
                past.add(path, held.entry.as_ref());
            }
        }
    }

    /// The post of a file, if it may be seen and has its address.
    fn winner(&self, path: &str) -> Option<&Held> {
        let held = self.held.get(path).filter(|held| held.listing.is_some())?;
        self.addresses.loss(&held.post).is_none().then_some(held)
    }

    fn compete_for_cards(&mut self, past: &mut Past) {
        let (mut keys, mut come) = (Vec::new(), Vec::new());
        for (path, before) in past.iter() {
            let after = self.winner(path).map(|held| Arc::clone(&held.post));
            let entry = before.entry.as_ref();
            if let (Some(entry), Some(post)) = (entry, &after)
                && entry.is_of(post)
            {
                continue;
            }
            if let Some(entry) = entry {
                keys.extend(self.cards.remove(entry.post()));
            }
            come.extend(after);
        }
        let cards = &self.cards;
        let claiming = bulk::map(come, |post: Arc<Post>| (cards.keys(&post), post));
        for (claimed, post) in claiming {
            if self.cards.insert(&post, &claimed) {
                keys.extend(claimed);
            }
        }
        let held = &self.held;
        let concerned = self.cards.settle(keys, |a, b| order(held, a, b));
        self.remember(&concerned, past);
    }

    /// Makes the entries, and puts them in the places of those that were.
    fn replace(&mut self, past: Past) -> Difference {
        let mut difference = Difference::default();
        let (mut gone, mut come) = (Vec::new(), Vec::new());
        let planned: Vec<_> = past
            .into_iter()
            .map(|(path, before)| {
                let plan = self.plan(&path, &before);
                (path, before, plan)
            })
            .collect();
        let (config, now) = (&self.config, self.now);
        let made = bulk::map(planned, |(path, before, plan)| {
            let after = plan.and_then(|plan| plan.entry(&before, config, now));
            (path, before, after)
        });
        for (path, before, after) in made {
            let held = self.held.get_mut(&path);
            let is_there = held.is_some();
            let mut has_stray_date = false;
            if let Some(held) = held {
                held.entry.clone_from(&after);
                has_stray_date = !held.post.stray_dates().is_empty();
            }
            let is_odd = |entry: &Arc<Entry>| {
                entry.updated_is_ahead() || has_stray_date || is_the_sites(entry.path())
            };
            if after.as_ref().is_some_and(is_odd) {
                self.odd.insert(Arc::clone(&path));
            } else {
                self.odd.remove(&path);
            }
            let (old, new) = (before.entry, after);
            if let (Some(old), Some(new)) = (&old, &new)
                && Arc::ptr_eq(old, new)
            {
                continue;
            }
            difference.note(&path, is_there, (old.as_ref(), new.as_ref()));
            gone.extend(old);
            come.extend(new);
        }
        // So that every list they come to finds them in its order.
        bulk::sort(&mut come, |a, b| newest_first(a, b));
        let listed = |entries: &[Arc<Entry>], is: bool| -> Vec<Arc<Entry>> {
            let wanted = |entry: &&Arc<Entry>| entry.is_listed() == is;
            entries.iter().filter(wanted).cloned().collect()
        };
        let (lists_gone, lists_come) = (listed(&gone, true), listed(&come, true));
        let Register { site, config, .. } = self;
        let Site {
            feeds,
            unlisted,
            cards,
            ..
        } = site;
        let mut map = Map {
            urls: &mut site.urls,
            translations: &mut site.translations,
            pages: &site.settings.pages,
            languages: &mut self.languages,
            language: &config.site.language,
            addresses: &self.addresses,
            held: &self.held,
        };
        let (of_feeds, ()) = bulk::both(
            gone.len() + come.len(),
            || {
                unlisted.change(&listed(&gone, false), &listed(&come, false));
                cards.change(&gone, &come);
                feeds.change(&lists_gone, &lists_come, config)
            },
            || map.change(&lists_gone, &lists_come),
        );
        difference.feeds = of_feeds;
        self.leave_behind(&gone, &come, &mut difference);
        difference
    }

    /// What becomes the entry of a file, if its post has one.
    fn plan(&mut self, path: &str, before: &Before) -> Option<Plan> {
        let held = self.winner(path)?;
        let has_card =
            self.cards.loss(&held.post).is_none() && !is_the_sites(held.post.permalink.path());
        if let Some(entry) = before.entry.as_ref().filter(|_| !before.is_judged)
            && entry.is_of(&held.post)
            && entry.card_path().is_some() == has_card
        {
            return Some(Plan::Kept(Arc::clone(entry)));
        }
        let post = Arc::clone(&held.post);
        let lists = self.words.lists(&post, &self.config.authors);
        Some(Plan::Made {
            post,
            has_card,
            lists,
        })
    }

    /// What is where cards were.
    fn leave_behind(
        &mut self,
        gone: &[Arc<Entry>],
        come: &[Arc<Entry>],
        difference: &mut Difference,
    ) {
        let (held, cards) = (&self.held, &self.cards);
        let taken = |path: &str| {
            if is_the_sites(path) {
                return Some("the site itself".to_owned());
            }
            let owner = card_claims(path)
                .iter()
                .find_map(|claim| cards.owner(claim).cloned());
            owner.map(|post| post.path.to_string())
        };
        let aliases =
            self.aliases
                .change(gone, come, |a, b| order(held, a.post(), b.post()), taken);
        let addresses = &self.addresses;
        let entry_of = |path: &str| held.get(path).and_then(|held| held.entry.as_ref());
        let heir = |id: &str, source: &str| {
            let of_id = addresses.owner(&(ID, Cow::Borrowed(id)));
            let of_id = of_id.and_then(|post| entry_of(&post.path));
            let of_source = || entry_of(source);
            let has_card = |entry: &&Arc<Entry>| entry.card_path().is_some();
            let heir = of_id
                .filter(has_card)
                .or_else(|| of_source().filter(has_card));
            heir.cloned()
        };
        difference.is_visible |= self
            .trail
            .follow(&mut self.site, aliases, (gone, come), heir);
    }
}

/// Puts changes in the order of the paths; of several of one file the last stays.
fn in_order(mut changes: Vec<Change>) -> Vec<Change> {
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

/// Who is in the lists goes before who is not, or a hidden revision would shadow the public one; then
/// the newest.
fn order(held: &HashMap<Arc<str>, Held>, a: &Arc<Post>, b: &Arc<Post>) -> Ordering {
    let listing = |post: &Post| held.get(&post.path).and_then(|held| held.listing);
    listing(a)
        .cmp(&listing(b))
        .then_with(|| b.published.cmp(&a.published))
        .then_with(|| a.path.cmp(&b.path))
}
