//! What a register knows besides what is public, for the operator.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{Change, Held, Register};
use crate::finding::Finding;
use crate::post::Post;
use crate::site::card::Card;
use crate::site::claims::is_the_sites;
use crate::site::entry::Entry;
use crate::site::faults;
use crate::site::visibility::{self, Shown, State, Verdict};

impl Register {
    /// The files of all posts, in no order.
    pub fn paths(&self) -> impl Iterator<Item = Arc<str>> {
        self.held.keys().cloned()
    }

    /// The post of a file as it is public, where it is.
    pub fn public_post(&self, path: &str) -> Option<&Arc<Post>> {
        self.entry_of(path).map(|entry| entry.post())
    }

    fn entry_of(&self, path: &str) -> Option<&Arc<Entry>> {
        self.held.get(path)?.entry.as_ref()
    }

    /// Whether a change takes a public post back, or out of all lists.
    pub fn takes_back(&self, (path, post): &Change, now: DateTime<Utc>) -> bool {
        let Some(entry) = self.entry_of(path) else {
            return false;
        };
        let shown = post
            .as_ref()
            .and_then(|post| visibility::judge(post, self.config.hidden, now).1);
        match shown {
            None => true,
            Some(Shown::Unlisted(_)) => entry.is_listed(),
            Some(Shown::Listed(_)) => false,
        }
    }

    /// The card of a file's post, where it has one.
    pub fn card_of(&self, path: &str) -> Option<Card> {
        let entry = self.held.get(path)?.entry.as_ref()?;
        entry.card_path().map(|_| self.site.card(entry))
    }

    /// Each post's state, in the order of the paths.
    pub fn verdicts(&self) -> Vec<Verdict> {
        let verdict = |held: &Held| {
            let (verdict, _) = visibility::judge(&held.post, self.config.hidden, self.now);
            match self.addresses.loss(&held.post) {
                Some(loss) if held.listing.is_some() => Verdict {
                    state: State::Shadowed {
                        by: loss.owner.to_string(),
                    },
                    ..verdict
                },
                _ => verdict,
            }
        };
        let mut verdicts: Vec<Verdict> = self.held.values().map(verdict).collect();
        verdicts.sort_by(|a, b| a.path.cmp(&b.path));
        verdicts
    }

    /// What is wrong between posts, sorted.
    pub fn findings(&self) -> Vec<Finding> {
        let post = |path: &str| self.held.get(path).map(|held| &*held.post);
        let of_addresses = self
            .addresses
            .losses()
            .filter_map(|(path, loss)| Some(faults::address(post(path)?, loss)));
        let of_cards = self
            .cards
            .losses()
            .filter_map(|(path, loss)| Some(faults::card(post(path)?, &loss.owner)));
        let odd = || self.odd.iter().filter_map(|path| post(path));
        let ahead = odd().filter(|post| post.updated.is_some_and(|updated| updated > self.now));
        let stray_dates = odd().flat_map(|post| {
            let dates = post.stray_dates().iter();
            let counts = dates.filter(|date| date.is_end == (date.at <= self.now));
            counts.map(|date| faults::stray_date(post, date))
        });
        let the_sites = odd().filter(|post| is_the_sites(post.permalink.path()));
        let mut findings: Vec<Finding> = of_addresses
            .chain(of_cards)
            .chain(ahead.map(faults::ahead))
            .chain(stray_dates)
            .chain(the_sites.map(|post| faults::card(post, "the site itself")))
            .chain(self.aliases.findings())
            .collect();
        findings.sort();
        findings
    }
}
