//! Requests for feeds into who reads them, for the operator; addresses are not kept.
//!
//! * *Subscribers* are those that services speak of in their `User-Agent`. A service that asks from several
//!   places, or several times, counts once: of each name, and each id that it has for the feed, the latest
//!   word of the last day counts. It is their word, and anybody can say anything.
//! * *Pollers* are all others, of the last 24 hours: different pairs of address and `User-Agent`, estimated
//!   from sketches, see `sketch`. The hash that goes into one has a key of this process that is told to
//!   nobody. A network of IPv6 is one address. Who comes by a proxy that is not named as trusted has none,
//!   and is known by the `User-Agent` alone. Who has another address each day counts each day.
//! * *Agents* are programs by name. Each thread has a table of its own, so that nobody waits for another.
//!
//! All of it is bounded: so many feeds of terms (those beyond are counted together), so many services of a
//! feed, so many names.

mod agent;
mod programs;
mod said;
mod sketch;

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use rustc_hash::FxHashMap;
use tokio::time::Instant;

use super::traffic::Sets;
use crate::artifact::{ArtifactKey, FeedScope};
use agent::harmless;
use programs::{Programs, Told, told};
use said::Known;
use sketch::Day;

pub use programs::OfAgent;

/// So many feeds of terms are counted each by itself; there are never more of the others than are
/// configured.
const MOST_TERMS: usize = 128;
/// So many pairs of service and id are known of a feed.
const MOST_SERVICES: usize = 128;

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

/// Who reads which feed.
#[derive(Debug)]
pub(super) struct Readers {
    start: Instant,
    /// With a key that nobody knows.
    hasher: RandomState,
    /// Their names are the site's own, so that nobody can make them collide.
    feeds: ArcSwap<FxHashMap<ArtifactKey, Arc<Feed>>>,
    /// Held while a feed is added.
    growing: Mutex<()>,
    others: Arc<Feed>,
    programs: Sets<Mutex<(Known, Programs)>>,
}

/// One request for a feed, and what was answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Poll<'a> {
    pub(super) client: Option<IpAddr>,
    /// What it says of itself, as it came.
    pub(super) agent: &'a [u8],
    pub(super) is_conditional: bool,
    pub(super) pace: Pace,
    pub(super) is_not_modified: bool,
}

/// How a request comes after the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// Nothing is known against it.
    Calm,
    /// Sooner than it should, without a condition.
    Hasty,
    /// So often that it was refused.
    Refused,
}

#[derive(Debug, Default)]
struct Feed {
    counts: Sets<Counts>,
    pollers: Day,
    services: Mutex<HashMap<u64, Service>>,
}

#[derive(Debug, Default)]
struct Counts {
    requests: AtomicU64,
    conditional: AtomicU64,
    not_modified: AtomicU64,
    body_bytes: AtomicU64,
}

#[derive(Debug)]
struct Service {
    name: String,
    subscribers: u32,
    /// In seconds since the start.
    told: u64,
}

impl Default for Readers {
    fn default() -> Readers {
        Readers {
            start: Instant::now(),
            hasher: RandomState::new(),
            feeds: ArcSwap::default(),
            growing: Mutex::default(),
            others: Arc::default(),
            programs: Sets::default(),
        }
    }
}

impl Readers {
    /// Notes a request for a feed.
    pub(super) fn polled(&self, key: &ArtifactKey, poll: Poll<'_>, now: Instant) {
        let seconds = now.duration_since(self.start).as_secs();
        let mut programs = lock(self.programs.own());
        let (known, programs) = &mut *programs;
        let (agent, said) = known.said(poll.agent, &self.hasher);
        self.with(key, |feed| {
            let counts = feed.counts.own();
            counts.requests.fetch_add(1, Relaxed);
            if poll.is_conditional {
                counts.conditional.fetch_add(1, Relaxed);
            }
            if poll.is_not_modified {
                counts.not_modified.fetch_add(1, Relaxed);
            }
            match &said.claim {
                Some((subscribers, hash)) => {
                    feed.told(*hash, &said.product, *subscribers, seconds);
                }
                None => {
                    let hash = self.hasher.hash_one((poll.client, agent));
                    feed.pollers.insert(hash, seconds / HOUR);
                }
            }
        });
        programs.note(&said.product, poll, seconds / HOUR);
    }

    /// Notes bytes of a feed that got under way.
    pub(super) fn sent(&self, key: &ArtifactKey, bytes: usize) {
        self.with(key, |feed| {
            let counts = feed.counts.own();
            counts.body_bytes.fetch_add(bytes as u64, Relaxed);
        });
    }

    fn with(&self, key: &ArtifactKey, note: impl FnOnce(&Feed)) {
        if let Some(feed) = self.feeds.load().get(key) {
            return note(feed);
        }
        let _growing = self.growing.lock().unwrap_or_else(PoisonError::into_inner);
        let feeds = self.feeds.load_full();
        if let Some(feed) = feeds.get(key) {
            return note(feed);
        }
        if is_of_term(key) && feeds.keys().filter(|key| is_of_term(key)).count() >= MOST_TERMS {
            return note(&self.others);
        }
        let feed = Arc::new(Feed::default());
        let mut more = FxHashMap::clone(&feeds);
        more.insert(key.clone(), Arc::clone(&feed));
        self.feeds.store(Arc::new(more));
        note(&feed);
    }

    /// What is known at an instant.
    pub(super) fn figures(&self, now: Instant) -> ReaderFigures {
        let seconds = now.duration_since(self.start).as_secs();
        let feeds = self.feeds.load_full();
        let others = &*self.others;
        let named = feeds
            .iter()
            .map(|(key, feed)| (Some(key.path()), &**feed))
            .chain([(None, others)]);
        let mut feeds: Vec<OfFeed> = named
            .map(|(path, feed)| feed.figures(path, seconds))
            .filter(|of| of.requests > 0)
            .collect();
        feeds.sort_by(|a, b| (a.path.is_none(), &a.path).cmp(&(b.path.is_none(), &b.path)));
        let Told {
            agents,
            hasty,
            others,
        } = told(self.programs.iter().map(|table| lock(table)));
        ReaderFigures {
            feeds,
            agents,
            hasty,
            other_agents: others,
        }
    }
}

fn is_of_term(key: &ArtifactKey) -> bool {
    !matches!(
        key,
        ArtifactKey::Feed(FeedScope::Site | FeedScope::Own(_), _)
    )
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Feed {
    /// Notes what a service says.
    fn told(&self, hash: u64, name: &str, subscribers: u32, now: u64) {
        let mut services = lock(&self.services);
        if let Some(service) = services.get_mut(&hash) {
            (service.subscribers, service.told) = (subscribers, now);
            return;
        }
        if services.len() >= MOST_SERVICES {
            services.retain(|_, service| service.is_valid(now));
        }
        if services.len() < MOST_SERVICES {
            let service = Service {
                name: harmless(name),
                subscribers,
                told: now,
            };
            services.insert(hash, service);
        }
    }

    fn figures(&self, path: Option<String>, now: u64) -> OfFeed {
        let sum = |of: fn(&Counts) -> &AtomicU64| -> u64 {
            let counts = self.counts.iter();
            counts.map(|counts| of(counts).load(Relaxed)).sum()
        };
        let mut services: BTreeMap<String, u64> = BTreeMap::new();
        for service in lock(&self.services).values() {
            if service.is_valid(now) {
                let name = service.name.clone();
                *services.entry(name).or_default() += u64::from(service.subscribers);
            }
        }
        let mut services: Vec<(String, u64)> = services.into_iter().collect();
        services.sort_by_key(|(_, subscribers)| std::cmp::Reverse(*subscribers));
        OfFeed {
            path,
            subscribers: services.iter().map(|(_, subscribers)| subscribers).sum(),
            services,
            pollers: self.pollers.estimate(now / HOUR),
            requests: sum(|counts| &counts.requests),
            conditional: sum(|counts| &counts.conditional),
            not_modified: sum(|counts| &counts.not_modified),
            body_bytes: sum(|counts| &counts.body_bytes),
        }
    }
}

impl Service {
    fn is_valid(&self, now: u64) -> bool {
        now.saturating_sub(self.told) < DAY
    }
}

/// Who reads, as of one moment. Counts are since the start, but where something else is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderFigures {
    /// Of each feed that was asked for, in the order of the paths; last those that there was no room for.
    pub feeds: Vec<OfFeed>,
    /// Of the programs that asked for feeds most often, the most frequent first.
    pub agents: Vec<OfAgent>,
    /// Of those that asked too often, the worst first.
    pub hasty: Vec<OfAgent>,
    /// How many requests came from programs that are not among `agents`.
    pub other_agents: u64,
}

/// Who reads one feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfFeed {
    /// Its path below `server.public_url`; `None` for all those that there was no room for.
    pub path: Option<String>,
    /// How many read it by way of services, by what these said in the last day.
    pub subscribers: u64,
    /// The services with how many each, the largest first. Their names hold nothing but letters, digits, signs
    /// of ASCII and blanks.
    pub services: Vec<(String, u64)>,
    /// About how many others asked for it in the last day.
    pub pollers: u64,
    /// How many requests there were. Those for further pages are not among them.
    pub requests: u64,
    /// How many of them had a condition.
    pub conditional: u64,
    /// How many were answered with 304.
    pub not_modified: u64,
    /// How many bytes of bodies got under way.
    pub body_bytes: u64,
}

impl OfFeed {
    /// Which part of the requests had a condition, from 0 to 1.
    pub fn conditional_share(&self) -> f64 {
        share(self.conditional, self.requests)
    }

    /// Which part of the requests was answered with 304, from 0 to 1.
    pub fn not_modified_share(&self) -> f64 {
        share(self.not_modified, self.requests)
    }
}

fn share(part: u64, of: u64) -> f64 {
    part as f64 / of.max(1) as f64
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::artifact::FeedFormat;

    const PLAIN: Poll<'_> = Poll {
        client: None,
        agent: b"Reader/1.0",
        is_conditional: false,
        pace: Pace::Calm,
        is_not_modified: false,
    };

    fn feed() -> ArtifactKey {
        ArtifactKey::Feed(FeedScope::Site, FeedFormat::Rss)
    }

    fn from(number: u8, agent: &str) -> Poll<'_> {
        Poll {
            client: Some(IpAddr::from([192, 0, 2, number])),
            agent: agent.as_bytes(),
            ..PLAIN
        }
    }

    #[test]
    fn a_service_counts_once_with_what_it_said_last() {
        let readers = Readers::default();
        let at = |hours| readers.start + Duration::from_secs(hours * HOUR);
        let poll = |number, agent: &str, hours| {
            readers.polled(&feed(), from(number, agent), at(hours));
        };
        for number in 1..5 {
            poll(number, "Feedly/1.0 (16 subscribers)", 0);
        }
        poll(9, "Feedly/1.0 (18 subscribers)", 1);
        poll(1, "Feedbin feed-id:1 - 4 subscribers", 1);
        poll(1, "Feedbin feed-id:2 - 3 subscribers", 2);
        poll(1, "Feedbin feed-id:2 - 5 subscribers", 3);
        let of = &readers.figures(at(3)).feeds[0];
        assert_eq!(of.subscribers, 18 + 4 + 5);
        let named = [("Feedly".to_owned(), 18), ("Feedbin".to_owned(), 9)];
        assert_eq!(of.services, named);
        assert_eq!(of.pollers, 0, "they are not counted twice");
        assert_eq!(of.requests, 8);
        assert_eq!(readers.figures(at(24)).feeds[0].subscribers, 27);
        assert_eq!(
            readers.figures(at(25)).feeds[0].subscribers,
            5,
            "who has not asked for a day"
        );
        assert_eq!(readers.figures(at(27)).feeds[0].subscribers, 0);
    }

    #[test]
    fn pollers_are_pairs_of_address_and_program() {
        let readers = Readers::default();
        for _ in 0..3 {
            for number in 0..20 {
                readers.polled(&feed(), from(number, "Reader/1.0"), readers.start);
                readers.polled(&feed(), from(number, "Other/1.0"), readers.start);
            }
            readers.polled(&feed(), PLAIN, readers.start);
        }
        let of = &readers.figures(readers.start).feeds[0];
        assert!((34..=48).contains(&of.pollers), "{}", of.pollers);
        assert_eq!(of.path, Some(feed().path()));
        let day = readers.start + Duration::from_secs(DAY);
        assert_eq!(readers.figures(day).feeds[0].pollers, 0);
    }

    #[test]
    fn shares_and_bytes_are_those_of_the_feed() {
        let readers = Readers::default();
        let other = ArtifactKey::Feed(FeedScope::Site, FeedFormat::Atom);
        let again = Poll {
            is_conditional: true,
            is_not_modified: true,
            ..PLAIN
        };
        let changed = Poll {
            is_conditional: true,
            ..PLAIN
        };
        for poll in [PLAIN, again, again, changed] {
            readers.polled(&feed(), poll, readers.start);
        }
        readers.sent(&feed(), 70);
        readers.sent(&other, 7);
        readers.polled(&other, PLAIN, readers.start);
        let feeds = readers.figures(readers.start).feeds;
        assert_eq!(feeds.len(), 2);
        assert_eq!((feeds[0].requests, feeds[0].body_bytes), (1, 7));
        assert_eq!((feeds[1].requests, feeds[1].body_bytes), (4, 70));
        assert_eq!(feeds[1].conditional_share(), 0.75);
        assert_eq!(feeds[1].not_modified_share(), 0.5);
    }

    #[test]
    fn programs_are_told_by_name_and_who_asks_too_often_is_told_of() {
        let readers = Readers::default();
        let poll = |agent: &'static str, pace| {
            let poll = Poll {
                pace,
                agent: agent.as_bytes(),
                ..PLAIN
            };
            readers.polled(&feed(), poll, readers.start);
        };
        poll("Calm/1.0", Pace::Calm);
        poll("Calm/2.0", Pace::Calm);
        poll("Calm/2.0", Pace::Calm);
        poll("Quick/1.0", Pace::Hasty);
        poll("Wild\u{202e}/1.0", Pace::Hasty);
        poll("Wild\u{202e}/1.0", Pace::Refused);
        let told = readers.figures(readers.start);
        let names: Vec<&str> = told.agents.iter().map(|of| &*of.name).collect();
        assert_eq!(names, ["Calm", "Wild?", "Quick"]);
        let hasty: Vec<_> = told
            .hasty
            .iter()
            .map(|of| (&*of.name, of.hasty, of.refused))
            .collect();
        assert_eq!(hasty, [("Wild?", 1, 1), ("Quick", 1, 0)]);
    }

    #[test]
    fn nothing_grows_without_end() {
        let readers = Readers::default();
        for number in 0..1_000 {
            let term = FeedScope::Tag(format!("tag-{number}"));
            let key = ArtifactKey::Feed(term, FeedFormat::Rss);
            readers.polled(&key, PLAIN, readers.start);
            let agent = format!("Agent-{number}/1.0 (5 subscribers; feed-id={number})");
            readers.polled(&feed(), from(1, &agent), readers.start);
        }
        let told = readers.figures(readers.start);
        assert_eq!(told.feeds.len(), MOST_TERMS + 2);
        let last = told.feeds.last().unwrap();
        assert_eq!(last.path, None);
        assert_eq!(last.requests, (1_000 - MOST_TERMS) as u64);
        let site = told
            .feeds
            .iter()
            .find(|of| of.path == Some(feed().path()))
            .unwrap();
        assert_eq!(site.subscribers, 5 * MOST_SERVICES as u64);
        assert_eq!(site.requests, 1_000);
        let agents: u64 = told.agents.iter().map(|of| of.requests).sum();
        assert_eq!(agents + told.other_agents, 2_000);
        assert!(told.agents.len() <= 100);
    }
}
