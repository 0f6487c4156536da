//! Where the cards were that are elsewhere now, or nowhere: what is left behind by posts that moved or
//! were taken back while this process ran.

use std::collections::HashMap;
use std::sync::Arc;

use super::Site;
use super::aliases::Ways;
use super::entry::Entry;

/// Addresses that nobody has any more are forgotten past so many for each that somebody has.
const MOST_PER_CARD: usize = 4;
/// So many are kept in any case.
const LEAST: usize = 1_000;

/// The paths of cards that were and are no more, each with whose it was.
#[derive(Debug, Default)]
pub struct Trail {
    lost: HashMap<String, Was>,
    ways: Vec<Moved>,
    gone: Vec<String>,
}

/// Whose a card was.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Was {
    source: String,
    id: String,
}

impl Was {
    fn of(entry: &Entry) -> Was {
        Was {
            source: entry.source().to_owned(),
            id: entry.id().to_owned(),
        }
    }
}

/// The card of a post that has another address now.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moved {
    /// The path it had.
    pub from: String,
    /// The path of the card that has taken its place.
    pub to: String,
}

impl Trail {
    /// Remembers all cards of a site, for one that follows it.
    pub(super) fn leave(&mut self, site: &Site) {
        let cards = site.all().filter(|entry| entry.card_path().is_some());
        self.lost
            .extend(cards.map(|entry| (entry.path().to_owned(), Was::of(entry))));
        (self.ways, self.gone) = (Vec::new(), Vec::new());
    }

    /// Adds to the site what became of cards that it no longer has, and whether that is news. `heir` is
    /// the entry, with a card, of an id or else of a file.
    pub(super) fn follow(
        &mut self,
        site: &mut Site,
        aliases: Ways,
        (gone, come): (&[Arc<Entry>], &[Arc<Entry>]),
        heir: impl Fn(&str, &str) -> Option<Arc<Entry>>,
    ) -> bool {
        let is_news = aliases.gone != aliases.come;
        for way in &aliases.gone {
            site.moved.remove(&way.from);
        }
        let is_card = |entry: &&Arc<Entry>| entry.card_path().is_some();
        for entry in gone.iter().filter(is_card) {
            if site.cards.get(entry.path()).is_none() {
                self.lost.insert(entry.path().to_owned(), Was::of(entry));
            }
        }
        if self.lost.is_empty() {
            let came = aliases.come.into_iter();
            site.moved.extend(came.map(|way| (way.from, way.to)));
            return is_news;
        }
        for entry in come.iter().filter(is_card) {
            self.lost.remove(entry.path());
        }
        if self.lost.len() > LEAST + site.cards.len() * MOST_PER_CARD {
            self.lost.clear();
        }
        for way in &self.ways {
            site.moved.remove(&way.from);
        }
        for path in &self.gone {
            site.gone.remove(path);
        }
        let came = aliases.come.into_iter();
        site.moved.extend(came.map(|way| (way.from, way.to)));
        let (mut ways, mut nowhere) = (Vec::new(), Vec::new());
        for (path, was) in &mut self.lost {
            if site.moved.contains_key(path) || site.cards.get(path).is_some() {
                continue;
            }
            match heir(&was.id, &was.source) {
                Some(heir) => {
                    ways.push(Moved {
                        from: path.clone(),
                        to: heir.path().to_owned(),
                    });
                    // So that the way goes on when the heir moves.
                    *was = Was::of(&heir);
                }
                None => nowhere.push(path.clone()),
            }
        }
        ways.sort();
        nowhere.sort();
        let is_news = is_news || ways != self.ways || nowhere != self.gone;
        let moved = ways.iter().cloned();
        site.moved.extend(moved.map(|way| (way.from, way.to)));
        site.gone.extend(nowhere.iter().cloned());
        (self.ways, self.gone) = (ways, nowhere);
        is_news
    }
}
