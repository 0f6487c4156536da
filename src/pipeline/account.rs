//! What is wrong, by where that was found, into one list in order; a change costs what it changes.

use std::collections::HashMap;
use std::sync::Arc;

use crate::collection::Sorted;
use crate::finding::{Finding, Severity};

/// Everything that is wrong, in the order of the paths. A copy shares what is in it.
#[derive(Debug, Clone, Default)]
pub struct Findings(Sorted<Finding, usize>);

impl Findings {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.0
            .iter()
            .flat_map(|(finding, times)| std::iter::repeat_n(finding, *times))
    }

    /// All of them.
    pub fn to_vec(&self) -> Vec<Finding> {
        self.iter().cloned().collect()
    }

    /// Those that others do not have.
    pub fn without(&self, others: &Findings) -> Vec<Finding> {
        if self.0.ptr_eq(&others.0) {
            return Vec::new();
        }
        let is_new = |(finding, _): &(&Finding, &usize)| !others.0.contains_key(*finding);
        let new = self.0.iter().filter(is_new);
        new.map(|(finding, _)| finding.clone()).collect()
    }

    fn add(&mut self, finding: Finding) {
        *self.0.entry(finding).or_insert(0) += 1;
    }

    fn remove(&mut self, finding: &Finding) {
        match self.0.get_mut(finding) {
            Some(times) if *times > 1 => *times -= 1,
            _ => drop(self.0.remove(finding)),
        }
    }
}

/// Where something was found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    /// In a file.
    File(Arc<str>),
    /// In the card of a file.
    Card(Arc<str>),
    /// In directories, between posts, and in what all cards are drawn with.
    Other,
}

/// What was found where.
#[derive(Debug, Default)]
pub(super) struct Account {
    found: HashMap<Origin, Vec<Finding>>,
    all: Findings,
}

impl Account {
    /// Replaces what was found in one place.
    pub(super) fn set<'a>(
        &mut self,
        origin: Origin,
        findings: impl IntoIterator<Item = &'a Finding>,
    ) {
        // What could do better is for who asks.
        let is_told = |finding: &&Finding| finding.severity != Severity::Note;
        let findings: Vec<Finding> = findings.into_iter().filter(is_told).cloned().collect();
        let before = self.found.get(&origin).map_or(&[][..], Vec::as_slice);
        if before == findings {
            return;
        }
        for finding in before {
            self.all.remove(finding);
        }
        for finding in &findings {
            self.all.add(finding.clone());
        }
        if findings.is_empty() {
            self.found.remove(&origin);
        } else {
            self.found.insert(origin, findings);
        }
    }

    /// All that was found.
    pub(super) fn all(&self) -> Findings {
        self.all.clone()
    }
}
