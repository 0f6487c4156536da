//! Names of programs into how often each asked for feeds, and how.

use std::collections::BTreeMap;
use std::ops::Deref;

use rustc_hash::FxHashMap;

use super::agent::harmless;
use super::{Pace, Poll};

/// So many names are known to a thread.
const MOST_NAMES: usize = 256;
/// So many programs are told of.
const MOST_TOLD: usize = 100;

/// What is known of programs.
#[derive(Debug, Default)]
pub(super) struct Programs {
    /// Those that collide cost little, for there are few.
    known: FxHashMap<Box<str>, Asked>,
    /// Those that there was no room for.
    others: Asked,
    /// In which hour the table was last made smaller.
    thinned: u64,
}

#[derive(Debug, Default, Clone, Copy)]
struct Asked {
    requests: u64,
    conditional: u64,
    not_modified: u64,
    hasty: u64,
    refused: u64,
}

impl Programs {
    /// Notes a request of the program that is called so.
    pub(super) fn note(&mut self, name: &str, poll: Poll<'_>, hour: u64) {
        match self.known.get_mut(name) {
            Some(asked) => asked.note(poll),
            None => self.new_place(name, hour).note(poll),
        }
    }

    /// That of a name that is not known. Where there is no room for it, the table is made smaller once in an
    /// hour, so that a flood of names takes no place for long from those that are many.
    fn new_place(&mut self, name: &str, hour: u64) -> &mut Asked {
        if self.known.len() >= MOST_NAMES {
            if self.thinned >= hour {
                return &mut self.others;
            }
            self.thinned = hour;
            self.thin();
        }
        self.known.entry(name.into()).or_default()
    }

    /// Lets go of the rarer half of the names.
    fn thin(&mut self) {
        let mut all: Vec<_> = self.known.drain().collect();
        all.sort_by_key(|(_, asked)| std::cmp::Reverse(asked.requests));
        for (_, asked) in all.split_off(all.len() / 2) {
            self.others.add(&asked);
        }
        self.known.extend(all);
    }
}

impl Asked {
    fn note(&mut self, poll: Poll<'_>) {
        self.requests += 1;
        self.conditional += u64::from(poll.is_conditional);
        self.not_modified += u64::from(poll.is_not_modified);
        self.hasty += u64::from(poll.pace == Pace::Hasty);
        self.refused += u64::from(poll.pace == Pace::Refused);
    }

    fn add(&mut self, other: &Asked) {
        self.requests += other.requests;
        self.conditional += other.conditional;
        self.not_modified += other.not_modified;
        self.hasty += other.hasty;
        self.refused += other.refused;
    }
}

/// What is told of programs.
pub(super) struct Told {
    pub(super) agents: Vec<OfAgent>,
    pub(super) hasty: Vec<OfAgent>,
    /// How many requests came from others than `agents`.
    pub(super) others: u64,
}

/// What several tables know together.
pub(super) fn told<T>(tables: impl Iterator<Item = impl Deref<Target = (T, Programs)>>) -> Told {
    let mut all: BTreeMap<String, Asked> = BTreeMap::new();
    let mut others = 0;
    for table in tables {
        let (_, programs) = &*table;
        for (name, asked) in &programs.known {
            all.entry(harmless(name)).or_default().add(asked);
        }
        others += programs.others.requests;
    }
    let mut agents: Vec<OfAgent> = all.into_iter().map(OfAgent::of).collect();
    let mut hasty = agents.clone();
    hasty.retain(|of| of.hasty + of.refused > 0);
    hasty.sort_by_key(|of| std::cmp::Reverse(of.hasty + of.refused));
    hasty.truncate(MOST_TOLD);
    agents.sort_by_key(|of| std::cmp::Reverse(of.requests));
    let untold = agents.iter().skip(MOST_TOLD).map(|of| of.requests);
    others += untold.sum::<u64>();
    agents.truncate(MOST_TOLD);
    Told {
        agents,
        hasty,
        others,
    }
}

/// How one program asks for feeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfAgent {
    /// What it is called, without its version. Holds nothing but letters, digits, signs of ASCII and blanks,
    /// and is short.
    pub name: String,
    /// How many requests there were.
    pub requests: u64,
    /// How many of them had a condition.
    pub conditional: u64,
    /// How many were answered with 304.
    pub not_modified: u64,
    /// How many had no condition and came from an address sooner than one in `limits.poll_interval` after the
    /// one before.
    pub hasty: u64,
    /// How many were refused with 429 for that.
    pub refused: u64,
}

impl OfAgent {
    fn of((name, asked): (String, Asked)) -> OfAgent {
        OfAgent {
            name,
            requests: asked.requests,
            conditional: asked.conditional,
            not_modified: asked.not_modified,
            hasty: asked.hasty,
            refused: asked.refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_names_takes_no_place_for_long_from_those_that_are_many() {
        let mut programs = Programs::default();
        let poll = Poll {
            client: None,
            agent: b"",
            is_conditional: false,
            pace: Pace::Calm,
            is_not_modified: false,
        };
        for number in 0..1_000 {
            programs.note(&format!("flood-{number}"), poll, 0);
        }
        programs.note("Reader", poll, 0);
        assert!(!programs.known.contains_key("Reader"), "there is no room");
        for _ in 0..3 {
            programs.note("Reader", poll, 1);
        }
        for hour in 2..5 {
            for number in 0..1_000 {
                programs.note(&format!("flood-{hour}-{number}"), poll, hour);
            }
        }
        assert!(programs.known.len() <= MOST_NAMES);
        assert_eq!(programs.known["Reader"].requests, 3);
        let table = ((), programs);
        let told = told([&table].into_iter());
        let known: u64 = told.agents.iter().map(|of| of.requests).sum();
        assert_eq!(known + told.others, 4_004, "no request is forgotten");
        assert_eq!(told.agents[0].name, "Reader");
    }
}
