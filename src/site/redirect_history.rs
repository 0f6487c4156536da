//! Remembers cards that moved or were withdrawn since the start of the process.
//!
//! A moved card is redirected from its former path, and a withdrawn one is answered with 410 Gone.

use std::collections::HashMap;
use std::sync::Arc;

use super::entry::Entry;
use super::public_site::Site;
use crate::model::moved_card::CardRedirect;

/// Maximum number of former cards per current card. The history is cleared beyond that, so that
/// its memory stays proportional to the site.
const MAX_FORMER_PER_CARD: usize = 4;
/// Number of former cards that are kept in any case.
const MIN_FORMER_CARDS: usize = 1_000;

/// Paths of former cards with the posts that they belonged to.
#[derive(Debug, Default)]
pub struct RedirectHistory {
    former_cards: HashMap<String, FormerCard>,
    redirects: Vec<CardRedirect>,
    withdrawn: Vec<String>,
}

/// Post that a former card belonged to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FormerCard {
    source_path: String,
    entry_id: String,
}

impl FormerCard {
    fn from_entry(entry: &Entry) -> FormerCard {
        FormerCard {
            source_path: entry.source_path().to_owned(),
            entry_id: entry.id().to_owned(),
        }
    }
}

impl RedirectHistory {
    /// Records all cards of a site, so that the next site index can redirect from them.
    pub(super) fn record_all_cards(&mut self, site: &Site) {
        let cards = site
            .all_entries()
            .filter(|entry| entry.card_path().is_some());
        self.former_cards.extend(
            cards.map(|entry| (entry.url_path().to_owned(), FormerCard::from_entry(entry))),
        );
        (self.redirects, self.withdrawn) = (Vec::new(), Vec::new());
    }

    /// Updates the site's redirects and withdrawn paths. Returns true if any changed. `successor`
    /// finds the entry with a card by its id, or else by its file.
    pub(super) fn update_site(
        &mut self,
        site: &mut Site,
        aliases: RedirectChanges,
        removed: &[Arc<Entry>],
        added: &[Arc<Entry>],
        successor: impl Fn(&str, &str) -> Option<Arc<Entry>>,
    ) -> bool {
        let aliases_changed = aliases.removed != aliases.added;
        for alias in &aliases.removed {
            site.moved_cards.remove(&alias.from);
        }
        let has_card = |entry: &&Arc<Entry>| entry.card_path().is_some();
        for entry in removed.iter().filter(has_card) {
            if site.cards.get_by_path(entry.url_path()).is_none() {
                self.former_cards
                    .insert(entry.url_path().to_owned(), FormerCard::from_entry(entry));
            }
        }
        if self.former_cards.is_empty() {
            let aliases = aliases.added.into_iter();
            site.moved_cards
                .extend(aliases.map(|alias| (alias.from, alias.to)));
            return aliases_changed;
        }
        for entry in added.iter().filter(has_card) {
            self.former_cards.remove(entry.url_path());
        }
        if self.former_cards.len() > MIN_FORMER_CARDS + site.cards.len() * MAX_FORMER_PER_CARD {
            self.former_cards.clear();
        }
        for redirect in &self.redirects {
            site.moved_cards.remove(&redirect.from);
        }
        for path in &self.withdrawn {
            site.withdrawn_cards.remove(path);
        }
        let aliases = aliases.added.into_iter();
        site.moved_cards
            .extend(aliases.map(|alias| (alias.from, alias.to)));
        let (mut moved, mut withdrawn) = (Vec::new(), Vec::new());
        for (path, former) in &mut self.former_cards {
            if site.moved_cards.contains_key(path) || site.cards.get_by_path(path).is_some() {
                continue;
            }
            match successor(&former.entry_id, &former.source_path) {
                Some(entry) => {
                    moved.push(CardRedirect {
                        from: path.clone(),
                        to: entry.url_path().to_owned(),
                    });
                    // The redirect follows the successor when that one moves.
                    *former = FormerCard::from_entry(&entry);
                }
                None => withdrawn.push(path.clone()),
            }
        }
        moved.sort();
        withdrawn.sort();
        let has_changed = aliases_changed || moved != self.redirects || withdrawn != self.withdrawn;
        let redirects = moved.iter().cloned();
        site.moved_cards
            .extend(redirects.map(|redirect| (redirect.from, redirect.to)));
        site.withdrawn_cards.extend(withdrawn.iter().cloned());
        (self.redirects, self.withdrawn) = (moved, withdrawn);
        has_changed
    }
}

/// Redirects that an update removed, and those that it added.
#[derive(Debug, Default)]
pub(super) struct RedirectChanges {
    pub(super) removed: Vec<CardRedirect>,
    pub(super) added: Vec<CardRedirect>,
}
