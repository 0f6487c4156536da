//! Counts the requests for feeds of each program, by name.

use std::collections::BTreeMap;
use std::ops::Deref;

use rustc_hash::FxHashMap;

use super::feed_request::{FeedRequest, PollRate};
use super::user_agent::sanitize_name;

/// Maximum names in one thread's table.
const MAX_NAMES_PER_THREAD: usize = 256;
/// Maximum programs in the statistics.
const MAX_REPORTED_AGENTS: usize = 100;

/// One thread's counters by program name.
#[derive(Debug, Default)]
pub(super) struct AgentCounts {
    /// Counters by name. Collisions cost little, as the table is small.
    by_name: FxHashMap<Box<str>, AgentRequestCounts>,
    /// Counters of the names that have none of their own.
    overflow: AgentRequestCounts,
    /// Hour in which rare names were last evicted.
    last_eviction_hour: u64,
}

#[derive(Debug, Default, Clone, Copy)]
struct AgentRequestCounts {
    requests: u64,
    conditional: u64,
    not_modified: u64,
    too_frequent: u64,
    rate_limited: u64,
}

impl AgentCounts {
    /// Records a request of the program `name`.
    pub(super) fn record_request(&mut self, name: &str, request: FeedRequest<'_>, hour: u64) {
        match self.by_name.get_mut(name) {
            Some(asked) => asked.record_request(request),
            None => self.insert_or_overflow(name, hour).record_request(request),
        }
    }

    /// Inserts counters for a new name. If the table is full, evicts rare names at most once per hour, so that a
    /// flood of names does not displace frequent ones for long. Else returns the counters of the rest.
    fn insert_or_overflow(&mut self, name: &str, hour: u64) -> &mut AgentRequestCounts {
        if self.by_name.len() >= MAX_NAMES_PER_THREAD {
            if self.last_eviction_hour >= hour {
                return &mut self.overflow;
            }
            self.last_eviction_hour = hour;
            self.evict_rare();
        }
        self.by_name.entry(name.into()).or_default()
    }

    /// Evicts the rarer half of the names.
    fn evict_rare(&mut self) {
        let mut all: Vec<_> = self.by_name.drain().collect();
        all.sort_by_key(|(_, asked)| std::cmp::Reverse(asked.requests));
        for (_, asked) in all.split_off(all.len() / 2) {
            self.overflow.add_counts(&asked);
        }
        self.by_name.extend(all);
    }
}

impl AgentRequestCounts {
    fn record_request(&mut self, request: FeedRequest<'_>) {
        self.requests += 1;
        self.conditional += u64::from(request.is_conditional);
        self.not_modified += u64::from(request.is_not_modified);
        self.too_frequent += u64::from(request.rate == PollRate::TooFrequent);
        self.rate_limited += u64::from(request.rate == PollRate::RateLimited);
    }

    fn add_counts(&mut self, other: &AgentRequestCounts) {
        self.requests += other.requests;
        self.conditional += other.conditional;
        self.not_modified += other.not_modified;
        self.too_frequent += other.too_frequent;
        self.rate_limited += other.rate_limited;
    }
}

/// Statistics of the most frequent programs.
pub(super) struct TopAgents {
    pub(super) agents: Vec<AgentStats>,
    pub(super) too_frequent: Vec<AgentStats>,
    /// Number of requests from programs that are not among `agents`.
    pub(super) other_requests: u64,
}

/// Merges the counters of all threads. The first part of each pair is not used.
pub(super) fn collect_top_agents<T>(
    tables: impl Iterator<Item = impl Deref<Target = (T, AgentCounts)>>,
) -> TopAgents {
    let mut all: BTreeMap<String, AgentRequestCounts> = BTreeMap::new();
    let mut other_requests = 0;
    for table in tables {
        let (_, programs) = &*table;
        for (name, asked) in &programs.by_name {
            all.entry(sanitize_name(name))
                .or_default()
                .add_counts(asked);
        }
        other_requests += programs.overflow.requests;
    }
    let mut agents: Vec<AgentStats> = all
        .into_iter()
        .map(|(name, asked)| AgentStats::from_counts(name, asked))
        .collect();
    let mut too_frequent = agents.clone();
    too_frequent.retain(|agent| agent.too_frequent + agent.rate_limited > 0);
    too_frequent.sort_by_key(|agent| std::cmp::Reverse(agent.too_frequent + agent.rate_limited));
    too_frequent.truncate(MAX_REPORTED_AGENTS);
    agents.sort_by_key(|agent| std::cmp::Reverse(agent.requests));
    let unlisted = agents
        .iter()
        .skip(MAX_REPORTED_AGENTS)
        .map(|agent| agent.requests);
    other_requests += unlisted.sum::<u64>();
    agents.truncate(MAX_REPORTED_AGENTS);
    TopAgents {
        agents,
        too_frequent,
        other_requests,
    }
}

/// Request statistics of one program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentStats {
    /// Short name without the version. Consists of letters, digits, ASCII punctuation and spaces.
    pub name: String,
    /// Number of requests.
    pub requests: u64,
    /// Number of requests with a condition.
    pub conditional: u64,
    /// Number of requests answered with 304.
    pub not_modified: u64,
    /// Number of requests without a condition that came less than `limits.poll_interval` after the last one from
    /// the same address.
    pub too_frequent: u64,
    /// Number of requests rejected with 429.
    pub rate_limited: u64,
}

impl AgentStats {
    fn from_counts(name: String, asked: AgentRequestCounts) -> AgentStats {
        AgentStats {
            name,
            requests: asked.requests,
            conditional: asked.conditional,
            not_modified: asked.not_modified,
            too_frequent: asked.too_frequent,
            rate_limited: asked.rate_limited,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flood_of_names_does_not_displace_frequent_agents() {
        let mut programs = AgentCounts::default();
        let poll = FeedRequest {
            client: None,
            agent: b"",
            is_conditional: false,
            rate: PollRate::Normal,
            is_not_modified: false,
        };
        for number in 0..1_000 {
            programs.record_request(&format!("flood-{number}"), poll, 0);
        }
        programs.record_request("Reader", poll, 0);
        assert!(!programs.by_name.contains_key("Reader"), "there is no room");
        for _ in 0..3 {
            programs.record_request("Reader", poll, 1);
        }
        for hour in 2..5 {
            for number in 0..1_000 {
                programs.record_request(&format!("flood-{hour}-{number}"), poll, hour);
            }
        }
        assert!(programs.by_name.len() <= MAX_NAMES_PER_THREAD);
        assert_eq!(programs.by_name["Reader"].requests, 3);
        let table = ((), programs);
        let top = collect_top_agents([&table].into_iter());
        let known: u64 = top.agents.iter().map(|of| of.requests).sum();
        assert_eq!(known + top.other_requests, 4_004, "no request is forgotten");
        assert_eq!(top.agents[0].name, "Reader");
    }
}
