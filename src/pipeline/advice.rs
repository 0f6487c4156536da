//! Posts that are served into what only the operator is told of them: what a body and a card lack.

use std::sync::Arc;

use super::Pipeline;
use super::account::Origin;
use crate::priority::in_bulk;
use crate::site::Site;

/// So many bodies and cards are looked at right after they are served; more of them when there is
/// nothing else to do.
const MOST_AT_ONCE: usize = 512;

impl Pipeline {
    /// Looks at the bodies and cards that nobody has looked at yet, if they are few.
    pub fn advise_on_few(&mut self) {
        self.advise_on_at_most(MOST_AT_ONCE);
    }

    /// The same, where they are no more than so many.
    pub fn advise_on_at_most(&mut self, most: usize) {
        if self.unseen.len() <= most {
            self.advise(most);
        }
    }

    /// Looks at some of the bodies and cards that nobody has looked at yet, for what the operator is
    /// told; whether there are more.
    pub fn advise(&mut self, most: usize) -> bool {
        // One is looked at in a millisecond or two.
        match self.unseen.len().min(most) {
            0 => {}
            1 => self.look_at_some(most),
            _ => in_bulk(|| self.look_at_some(most)),
        }
        !self.unseen.is_empty()
    }

    /// Compresses some of the texts that the start left as they are; whether there are more.
    pub fn compress_some(&mut self) -> bool {
        self.library.has_uncompressed() && in_bulk(|| self.library.compress_some())
    }

    fn look_at_some(&mut self, most: usize) {
        let some = std::iter::from_fn(|| self.unseen.pop_first());
        let paths: Vec<Arc<str>> = some.take(most).collect();
        for path in self.library.deepen(&paths, &self.config) {
            let findings = self.library.findings_of(&path);
            self.account.set(Origin::File(path), findings);
        }
        let site = Arc::new(self.register.site().clone());
        let mut cards = Vec::new();
        for path in paths {
            match self.register.card_of(&path) {
                Some(card) => cards.push(card),
                None if *path == *self.config.file => cards.push(site.own_card()),
                None => self.account.set(Origin::Card(path), []),
            }
        }
        let faults = self.studio.faults(&site, &cards);
        for (card, faults) in cards.into_iter().zip(faults) {
            self.account.set(Origin::Card(card.source.into()), &faults);
        }
        self.status.findings = self.account.all();
    }

    /// All cards are to be looked at again.
    pub(super) fn see_all(&mut self) {
        self.unseen.extend(self.register.paths());
    }

    pub(super) fn see_site(&mut self, site: &Site) {
        self.unseen.insert(site.own_card().source.into());
    }
}
