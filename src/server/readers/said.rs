//! What programs say of themselves into what that means, which is found out once for those that come again.

use std::hash::BuildHasher;

use rustc_hash::FxHashMap;

use super::agent::{claim, product};

/// So many are known to a thread.
const MOST: usize = 256;

/// What a program says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// What it is called.
    pub(super) product: Box<str>,
    /// How many it reads for, and a hash of its name and of that which it has for the feed, if it is a service.
    pub(super) claim: Option<(u32, u64)>,
}

impl Said {
    fn of(agent: &[u8], hasher: &impl BuildHasher) -> Said {
        let text = str::from_utf8(agent).unwrap_or_default();
        let product = product(text);
        let claim = claim(text).map(|claim| {
            let hash = hasher.hash_one((product, claim.feed_id));
            (claim.subscribers, hash)
        });
        Said {
            product: product.into(),
            claim,
        }
    }
}

/// Those that came of late, by a hash that nobody outside knows. Of what they sent no more is kept than a name.
#[derive(Debug, Default)]
pub(super) struct Known(FxHashMap<u64, Said>);

impl Known {
    /// What an agent says. The hasher has a key that nobody outside knows.
    pub(super) fn said(&mut self, agent: &[u8], hasher: &impl BuildHasher) -> (u64, &Said) {
        let hash = hasher.hash_one(agent);
        if self.0.len() >= MOST && !self.0.contains_key(&hash) {
            // Those who still come are known again soon.
            self.0.clear();
        }
        let said = self
            .0
            .entry(hash)
            .or_insert_with(|| Said::of(agent, hasher));
        (hash, said)
    }
}

#[cfg(test)]
mod tests {
    use std::hash::RandomState;

    use super::*;

    #[test]
    fn what_was_said_is_known_and_never_more_than_there_is_room_for() {
        let (hasher, mut known) = (RandomState::new(), Known::default());
        let service = b"Feedly/1.0 (16 subscribers; feed-id=7)";
        for _ in 0..2 {
            let (hash, said) = known.said(service, &hasher);
            assert_eq!(hash, hasher.hash_one(&service[..]));
            assert_eq!(&*said.product, "Feedly");
            assert_eq!(said.claim, Some((16, hasher.hash_one(("Feedly", "7")))));
        }
        assert_eq!(known.0.len(), 1);
        for number in 0..1_000 {
            let agent = format!("Agent-{number}/2");
            let (_, said) = known.said(agent.as_bytes(), &hasher);
            assert_eq!(*said.product, *format!("Agent-{number}"));
            assert_eq!(said.claim, None);
            assert!(known.0.len() <= MOST);
        }
        let (_, said) = known.said(b"\xff", &hasher);
        assert_eq!(&*said.product, product(""));
    }
}
