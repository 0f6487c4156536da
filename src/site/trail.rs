//! Where the cards were that are elsewhere now, or nowhere: what is left behind by posts that moved or
//! were taken back while this process ran.

use std::collections::{HashMap, HashSet};

use super::Site;
use super::card::Card;

/// Addresses that nobody has any more are forgotten past so many for each that somebody has.
const MOST_PER_CARD: usize = 4;
/// So many are kept in any case.
const LEAST: usize = 1_000;

/// The paths of all cards that were, each with whose it was.
#[derive(Debug, Default)]
pub struct Trail {
    known: HashMap<String, Was>,
}

impl Trail {
    /// Adds to the site what became of cards that it no longer has, and remembers those it has.
    pub fn follow(&mut self, site: &mut Site) {
        let taken: HashSet<&str> = site
            .cards
            .iter()
            .map(|card| card.path.as_str())
            .chain(site.moved.iter().map(|moved| moved.from.as_str()))
            .collect();
        let lost: Vec<_> = self
            .known
            .iter()
            .filter(|(path, _)| !taken.contains(path.as_str()))
            .collect();
        let mut heirs = HashMap::new();
        if !lost.is_empty() {
            for card in &site.cards {
                heirs.insert((true, card.id.as_str()), card);
                heirs.insert((false, card.source.as_str()), card);
            }
        }
        let (mut moved, mut gone) = (Vec::new(), Vec::new());
        let mut inherited = Vec::new();
        for (path, was) in lost {
            let heir = heirs
                .get(&(true, was.id.as_str()))
                .or_else(|| heirs.get(&(false, was.source.as_str())));
            match heir {
                Some(card) => {
                    moved.push(Moved {
                        from: path.clone(),
                        to: card.path.clone(),
                    });
                    // So that the way goes on when the heir moves.
                    if !was.is_of(card) {
                        inherited.push((path.clone(), Was::of(card)));
                    }
                }
                None => gone.push(path.clone()),
            }
        }
        moved.sort();
        gone.sort();
        if self.known.len() > LEAST + site.cards.len() * MOST_PER_CARD {
            self.known.clear();
        }
        self.known.extend(inherited);
        for card in site.cards.iter().filter(|card| card.article.is_some()) {
            let known = self.known.get(&card.path);
            if !known.is_some_and(|was| was.is_of(card)) {
                self.known.insert(card.path.clone(), Was::of(card));
            }
        }
        site.moved.extend(moved);
        site.gone = gone;
    }
}

/// Whose a card was.
#[derive(Debug)]
struct Was {
    source: String,
    id: String,
}

impl Was {
    fn of(card: &Card) -> Was {
        Was {
            source: card.source.clone(),
            id: card.id.clone(),
        }
    }

    fn is_of(&self, card: &Card) -> bool {
        self.source == card.source && self.id == card.id
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
