//! Caches parsed `User-Agent` headers.

use std::hash::BuildHasher;

use rustc_hash::FxHashMap;

use super::user_agent::{parse_subscribers, product_name};

/// Maximum entries in one thread's cache.
const MAX_CACHED_AGENTS: usize = 256;

/// Parsed `User-Agent`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ParsedAgent {
    /// Name of the program.
    pub(super) product: Box<str>,
    /// Number of subscribers, and a hash of the program's name and its feed id; `None` if it reports no subscribers.
    pub(super) reported_subscribers: Option<(u32, u64)>,
}

impl ParsedAgent {
    fn from_header(agent: &[u8], hasher: &impl BuildHasher) -> ParsedAgent {
        let text = str::from_utf8(agent).unwrap_or_default();
        let product = product_name(text);
        let reported_subscribers = parse_subscribers(text).map(|claim| {
            let hash = hasher.hash_one((product, claim.feed_id));
            (claim.subscribers, hash)
        });
        ParsedAgent {
            product: product.into(),
            reported_subscribers,
        }
    }
}

/// Recent agents by a keyed hash of their `User-Agent`. Of the header only the name is kept.
#[derive(Debug, Default)]
pub(super) struct AgentCache(FxHashMap<u64, ParsedAgent>);

impl AgentCache {
    /// Returns the hash of a `User-Agent` and its parsed form. The hasher must have a secret key.
    pub(super) fn get_or_parse(
        &mut self,
        agent: &[u8],
        hasher: &impl BuildHasher,
    ) -> (u64, &ParsedAgent) {
        let hash = hasher.hash_one(agent);
        if self.0.len() >= MAX_CACHED_AGENTS && !self.0.contains_key(&hash) {
            // Active agents are soon in the cache again.
            self.0.clear();
        }
        let parsed = self
            .0
            .entry(hash)
            .or_insert_with(|| ParsedAgent::from_header(agent, hasher));
        (hash, parsed)
    }
}

#[cfg(test)]
mod tests {
    use std::hash::RandomState;

    use super::*;

    #[test]
    fn agents_are_cached_within_the_bound() {
        let (hasher, mut known) = (RandomState::new(), AgentCache::default());
        let service = b"Feedly/1.0 (16 subscribers; feed-id=7)";
        for _ in 0..2 {
            let (hash, said) = known.get_or_parse(service, &hasher);
            assert_eq!(hash, hasher.hash_one(&service[..]));
            assert_eq!(&*said.product, "Feedly");
            assert_eq!(
                said.reported_subscribers,
                Some((16, hasher.hash_one(("Feedly", "7"))))
            );
        }
        assert_eq!(known.0.len(), 1);
        for number in 0..1_000 {
            let agent = format!("Agent-{number}/2");
            let (_, said) = known.get_or_parse(agent.as_bytes(), &hasher);
            assert_eq!(*said.product, *format!("Agent-{number}"));
            assert_eq!(said.reported_subscribers, None);
            assert!(known.0.len() <= MAX_CACHED_AGENTS);
        }
        let (_, said) = known.get_or_parse(b"\xff", &hasher);
        assert_eq!(&*said.product, product_name(""));
    }
}
