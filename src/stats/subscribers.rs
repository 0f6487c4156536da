//! Estimates the audience of each feed for the operator, without storing addresses.
//!
//! * *Subscribers* are the numbers that feed-reading services report in their `User-Agent`. A service that requests a
//!   feed from several hosts, or several times, counts once: per name and feed id, the latest number of the last 24
//!   hours. The numbers are not verified.
//! * *Pollers* are all other clients of the last 24 hours: distinct pairs of address and `User-Agent`, estimated by
//!   [`DailyUniques`]. Pairs are hashed with a random key of this process. An IPv6 network counts as one address.
//!   Clients behind an untrusted proxy have no address, and differ by `User-Agent` only. A client whose address
//!   changes is counted again.
//! * *Agents* are programs by name. Each thread has its own table, so that threads do not wait for each other.
//!
//! Memory is bounded: there are limits on feeds of categories, tags and authors (further ones are counted together),
//! on services per feed, and on names of agents.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use rustc_hash::FxHashMap;
use tokio::time::Instant;

use super::agent_cache::AgentCache;
use super::agent_counts::AgentStats;
use super::agent_counts::{AgentCounts, collect_top_agents};
use super::feed_request::FeedRequest;
use super::sharded::PerThread;
use super::unique_sketch::DailyUniques;
use super::user_agent::sanitize_name;
use crate::model::artifact::{ArtifactKey, FeedScope};

/// Maximum term feeds (of a category, tag or author) with their own counters. The number of other feeds is bounded by
/// the configuration.
const MAX_TERM_FEEDS: usize = 128;
/// Maximum services per feed. A service that reports several feed ids counts once for each.
const MAX_SERVICES_PER_FEED: usize = 128;

const HOUR_SECONDS: u64 = 3_600;
const DAY_SECONDS: u64 = 24 * HOUR_SECONDS;

/// Audience of all feeds.
#[derive(Debug)]
pub(crate) struct FeedAudience {
    start: Instant,
    /// Hasher with a random key.
    hasher: RandomState,
    /// Counters by feed. A fast hasher is safe, as clients cannot choose the keys.
    feeds: ArcSwap<FxHashMap<ArtifactKey, Arc<FeedCounters>>>,
    /// Held while a feed is inserted.
    insert_lock: Mutex<()>,
    /// Counters of all term feeds beyond `MAX_TERM_FEEDS`.
    overflow: Arc<FeedCounters>,
    agents: PerThread<Mutex<(AgentCache, AgentCounts)>>,
}

#[derive(Debug, Default)]
struct FeedCounters {
    counts: PerThread<FeedRequestCounters>,
    pollers: DailyUniques,
    services: Mutex<HashMap<u64, SubscriberService>>,
}

#[derive(Debug, Default)]
struct FeedRequestCounters {
    requests: AtomicU64,
    conditional: AtomicU64,
    not_modified: AtomicU64,
    body_bytes: AtomicU64,
}

#[derive(Debug)]
struct SubscriberService {
    name: String,
    subscribers: u32,
    /// Time of the last report, in seconds since the start.
    reported_at: u64,
}

impl Default for FeedAudience {
    fn default() -> FeedAudience {
        FeedAudience {
            start: Instant::now(),
            hasher: RandomState::new(),
            feeds: ArcSwap::default(),
            insert_lock: Mutex::default(),
            overflow: Arc::default(),
            agents: PerThread::default(),
        }
    }
}

impl FeedAudience {
    /// Records a request for a feed.
    pub(crate) fn record_request(&self, key: &ArtifactKey, request: FeedRequest<'_>, now: Instant) {
        let seconds = now.duration_since(self.start).as_secs();
        let mut agents = lock_mutex(self.agents.current_shard());
        let (cache, counts) = &mut *agents;
        let (agent_hash, parsed) = cache.get_or_parse(request.agent, &self.hasher);
        self.update_feed(key, |feed| {
            let counts = feed.counts.current_shard();
            counts.requests.fetch_add(1, Relaxed);
            if request.is_conditional {
                counts.conditional.fetch_add(1, Relaxed);
            }
            if request.is_not_modified {
                counts.not_modified.fetch_add(1, Relaxed);
            }
            match &parsed.reported_subscribers {
                Some((subscribers, hash)) => {
                    feed.record_subscribers(*hash, &parsed.product, *subscribers, seconds);
                }
                None => {
                    let hash = self.hasher.hash_one((request.client, agent_hash));
                    feed.pollers.insert_hash(hash, seconds / HOUR_SECONDS);
                }
            }
        });
        counts.record_request(&parsed.product, request, seconds / HOUR_SECONDS);
    }

    /// Records body bytes of a feed that were sent.
    pub(crate) fn record_body_bytes(&self, key: &ArtifactKey, bytes: usize) {
        self.update_feed(key, |feed| {
            let counts = feed.counts.current_shard();
            counts.body_bytes.fetch_add(bytes as u64, Relaxed);
        });
    }

    /// Passes a feed's counters to `update`; creates them if there are none.
    fn update_feed(&self, key: &ArtifactKey, update: impl FnOnce(&FeedCounters)) {
        if let Some(feed) = self.feeds.load().get(key) {
            return update(feed);
        }
        let _insert_guard = self
            .insert_lock
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let feeds = self.feeds.load_full();
        if let Some(feed) = feeds.get(key) {
            return update(feed);
        }
        if is_term_feed(key)
            && feeds.keys().filter(|key| is_term_feed(key)).count() >= MAX_TERM_FEEDS
        {
            return update(&self.overflow);
        }
        let feed = Arc::new(FeedCounters::default());
        let mut extended = FxHashMap::clone(&feeds);
        extended.insert(key.clone(), Arc::clone(&feed));
        self.feeds.store(Arc::new(extended));
        update(&feed);
    }

    /// Returns the statistics as of `now`.
    pub(super) fn collect_stats(&self, now: Instant) -> AudienceStats {
        let seconds = now.duration_since(self.start).as_secs();
        let feeds = self.feeds.load_full();
        let overflow = &*self.overflow;
        let all_feeds = feeds
            .iter()
            .map(|(key, feed)| (Some(key.url_path()), &**feed))
            .chain([(None, overflow)]);
        let mut feeds: Vec<FeedStats> = all_feeds
            .map(|(path, feed)| feed.collect_stats(path, seconds))
            .filter(|stats| stats.requests > 0)
            .collect();
        feeds.sort_by(|a, b| (a.path.is_none(), &a.path).cmp(&(b.path.is_none(), &b.path)));
        let top = collect_top_agents(self.agents.iter().map(|table| lock_mutex(table)));
        AudienceStats {
            feeds,
            agents: top.agents,
            fast_pollers: top.too_frequent,
            other_agent_requests: top.other_requests,
        }
    }
}

fn is_term_feed(key: &ArtifactKey) -> bool {
    let ArtifactKey::Feed(scope, _) = key else {
        return true;
    };
    !matches!(
        scope.split_language().1,
        FeedScope::Site | FeedScope::Custom(_)
    )
}

fn lock_mutex<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FeedCounters {
    /// Records the number of subscribers that a service reports.
    fn record_subscribers(&self, hash: u64, name: &str, subscribers: u32, now: u64) {
        let mut services = lock_mutex(&self.services);
        if let Some(service) = services.get_mut(&hash) {
            (service.subscribers, service.reported_at) = (subscribers, now);
            return;
        }
        if services.len() >= MAX_SERVICES_PER_FEED {
            services.retain(|_, service| service.is_valid(now));
        }
        if services.len() < MAX_SERVICES_PER_FEED {
            let service = SubscriberService {
                name: sanitize_name(name),
                subscribers,
                reported_at: now,
            };
            services.insert(hash, service);
        }
    }

    fn collect_stats(&self, path: Option<String>, now: u64) -> FeedStats {
        let sum = |counter: fn(&FeedRequestCounters) -> &AtomicU64| -> u64 {
            let counts = self.counts.iter();
            counts.map(|counts| counter(counts).load(Relaxed)).sum()
        };
        let mut services: BTreeMap<String, u64> = BTreeMap::new();
        for service in lock_mutex(&self.services).values() {
            if service.is_valid(now) {
                let name = service.name.clone();
                *services.entry(name).or_default() += u64::from(service.subscribers);
            }
        }
        let mut services: Vec<(String, u64)> = services.into_iter().collect();
        services.sort_by_key(|(_, subscribers)| std::cmp::Reverse(*subscribers));
        FeedStats {
            path,
            subscribers: services.iter().map(|(_, subscribers)| subscribers).sum(),
            services,
            pollers: self.pollers.estimate_uniques(now / HOUR_SECONDS),
            requests: sum(|counts| &counts.requests),
            conditional: sum(|counts| &counts.conditional),
            not_modified: sum(|counts| &counts.not_modified),
            body_bytes: sum(|counts| &counts.body_bytes),
        }
    }
}

impl SubscriberService {
    fn is_valid(&self, now: u64) -> bool {
        now.saturating_sub(self.reported_at) < DAY_SECONDS
    }
}

/// Statistics of all feeds and agents. Counts are since the start, unless stated otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudienceStats {
    /// Requested feeds, sorted by path; last the feeds that are counted together.
    pub feeds: Vec<FeedStats>,
    /// Agents with the most requests for feeds, most frequent first.
    pub agents: Vec<AgentStats>,
    /// Agents that requested too often, worst first.
    pub fast_pollers: Vec<AgentStats>,
    /// Number of requests from agents that are not among `agents`.
    pub other_agent_requests: u64,
}

/// Statistics of one feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedStats {
    /// Path below `server.public_url`; `None` for the feeds that are counted together.
    pub path: Option<String>,
    /// Number of subscribers that services reported in the last 24 hours.
    pub subscribers: u64,
    /// Services with their numbers of subscribers, largest first. Names consist of letters, digits, ASCII
    /// punctuation and spaces.
    pub services: Vec<(String, u64)>,
    /// Estimated number of other clients in the last 24 hours.
    pub pollers: u64,
    /// Number of requests, without those for further pages.
    pub requests: u64,
    /// Number of conditional requests.
    pub conditional: u64,
    /// Number of requests answered with 304.
    pub not_modified: u64,
    /// Body bytes sent.
    pub body_bytes: u64,
}

impl FeedStats {
    /// Returns the share of conditional requests, from 0 to 1.
    pub fn conditional_share(&self) -> f64 {
        share_of_requests(self.conditional, self.requests)
    }

    /// Returns the share of requests answered with 304, from 0 to 1.
    pub fn not_modified_share(&self) -> f64 {
        share_of_requests(self.not_modified, self.requests)
    }
}

fn share_of_requests(part: u64, requests: u64) -> f64 {
    part as f64 / requests.max(1) as f64
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::time::Duration;

    use super::super::feed_request::PollRate;
    use super::*;
    use crate::model::artifact::FeedFormat;

    const PLAIN_REQUEST: FeedRequest<'_> = FeedRequest {
        client: None,
        agent: b"Reader/1.0",
        is_conditional: false,
        rate: PollRate::Normal,
        is_not_modified: false,
    };

    fn site_feed() -> ArtifactKey {
        ArtifactKey::Feed(FeedScope::Site, FeedFormat::Rss)
    }

    fn request_from(number: u8, agent: &str) -> FeedRequest<'_> {
        FeedRequest {
            client: Some(IpAddr::from([192, 0, 2, number])),
            agent: agent.as_bytes(),
            ..PLAIN_REQUEST
        }
    }

    #[test]
    fn service_counts_once_with_its_latest_report() {
        let audience = FeedAudience::default();
        let at = |hours| audience.start + Duration::from_secs(hours * HOUR_SECONDS);
        let poll = |number, agent: &str, hours| {
            audience.record_request(&site_feed(), request_from(number, agent), at(hours));
        };
        for number in 1..5 {
            poll(number, "Feedly/1.0 (16 subscribers)", 0);
        }
        poll(9, "Feedly/1.0 (18 subscribers)", 1);
        poll(1, "Feedbin feed-id:1 - 4 subscribers", 1);
        poll(1, "Feedbin feed-id:2 - 3 subscribers", 2);
        poll(1, "Feedbin feed-id:2 - 5 subscribers", 3);
        let stats = &audience.collect_stats(at(3)).feeds[0];
        assert_eq!(stats.subscribers, 18 + 4 + 5);
        let expected = [("Feedly".to_owned(), 18), ("Feedbin".to_owned(), 9)];
        assert_eq!(stats.services, expected);
        assert_eq!(stats.pollers, 0, "services are not counted as pollers too");
        assert_eq!(stats.requests, 8);
        assert_eq!(audience.collect_stats(at(24)).feeds[0].subscribers, 27);
        assert_eq!(
            audience.collect_stats(at(25)).feeds[0].subscribers,
            5,
            "services without a report for a day do not count"
        );
        assert_eq!(audience.collect_stats(at(27)).feeds[0].subscribers, 0);
    }

    #[test]
    fn pollers_are_distinct_addresses_and_agents() {
        let audience = FeedAudience::default();
        for _ in 0..3 {
            for number in 0..20 {
                audience.record_request(
                    &site_feed(),
                    request_from(number, "Reader/1.0"),
                    audience.start,
                );
                audience.record_request(
                    &site_feed(),
                    request_from(number, "Other/1.0"),
                    audience.start,
                );
            }
            audience.record_request(&site_feed(), PLAIN_REQUEST, audience.start);
        }
        let stats = &audience.collect_stats(audience.start).feeds[0];
        assert!((34..=48).contains(&stats.pollers), "{}", stats.pollers);
        assert_eq!(stats.path, Some(site_feed().url_path()));
        let day = audience.start + Duration::from_secs(DAY_SECONDS);
        assert_eq!(audience.collect_stats(day).feeds[0].pollers, 0);
    }

    #[test]
    fn shares_and_bytes_are_counted_per_feed() {
        let audience = FeedAudience::default();
        let other = ArtifactKey::Feed(FeedScope::Site, FeedFormat::Atom);
        let not_modified = FeedRequest {
            is_conditional: true,
            is_not_modified: true,
            ..PLAIN_REQUEST
        };
        let changed = FeedRequest {
            is_conditional: true,
            ..PLAIN_REQUEST
        };
        for request in [PLAIN_REQUEST, not_modified, not_modified, changed] {
            audience.record_request(&site_feed(), request, audience.start);
        }
        audience.record_body_bytes(&site_feed(), 70);
        audience.record_body_bytes(&other, 7);
        audience.record_request(&other, PLAIN_REQUEST, audience.start);
        let feeds = audience.collect_stats(audience.start).feeds;
        assert_eq!(feeds.len(), 2);
        assert_eq!((feeds[0].requests, feeds[0].body_bytes), (1, 7));
        assert_eq!((feeds[1].requests, feeds[1].body_bytes), (4, 70));
        assert_eq!(feeds[1].conditional_share(), 0.75);
        assert_eq!(feeds[1].not_modified_share(), 0.5);
    }

    #[test]
    fn agents_are_listed_by_name_and_by_rate() {
        let audience = FeedAudience::default();
        let poll = |agent: &'static str, rate| {
            let request = FeedRequest {
                rate,
                agent: agent.as_bytes(),
                ..PLAIN_REQUEST
            };
            audience.record_request(&site_feed(), request, audience.start);
        };
        poll("Calm/1.0", PollRate::Normal);
        poll("Calm/2.0", PollRate::Normal);
        poll("Calm/2.0", PollRate::Normal);
        poll("Quick/1.0", PollRate::TooFrequent);
        poll("Wild\u{202e}/1.0", PollRate::TooFrequent);
        poll("Wild\u{202e}/1.0", PollRate::RateLimited);
        let stats = audience.collect_stats(audience.start);
        let names: Vec<&str> = stats.agents.iter().map(|agent| &*agent.name).collect();
        assert_eq!(names, ["Calm", "Wild?", "Quick"]);
        let too_frequent: Vec<_> = stats
            .fast_pollers
            .iter()
            .map(|agent| (&*agent.name, agent.too_frequent, agent.rate_limited))
            .collect();
        assert_eq!(too_frequent, [("Wild?", 1, 1), ("Quick", 1, 0)]);
    }

    #[test]
    fn memory_is_bounded() {
        let audience = FeedAudience::default();
        for number in 0..1_000 {
            let term = FeedScope::Tag(format!("tag-{number}"));
            let key = ArtifactKey::Feed(term, FeedFormat::Rss);
            audience.record_request(&key, PLAIN_REQUEST, audience.start);
            let agent = format!("Agent-{number}/1.0 (5 subscribers; feed-id={number})");
            audience.record_request(&site_feed(), request_from(1, &agent), audience.start);
        }
        let stats = audience.collect_stats(audience.start);
        assert_eq!(stats.feeds.len(), MAX_TERM_FEEDS + 2);
        let last = stats.feeds.last().unwrap();
        assert_eq!(last.path, None);
        assert_eq!(last.requests, (1_000 - MAX_TERM_FEEDS) as u64);
        let site = stats
            .feeds
            .iter()
            .find(|feed| feed.path == Some(site_feed().url_path()))
            .unwrap();
        assert_eq!(site.subscribers, 5 * MAX_SERVICES_PER_FEED as u64);
        assert_eq!(site.requests, 1_000);
        let agents: u64 = stats.agents.iter().map(|agent| agent.requests).sum();
        assert_eq!(agents + stats.other_agent_requests, 2_000);
        assert!(stats.agents.len() <= 100);
    }
}
