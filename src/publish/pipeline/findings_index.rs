//! Indexes findings, the problems in files, by source and keeps them sorted. An update costs time proportional to the
//! change.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::finding::{Finding, Severity};
use crate::persistent::PersistentSortedMap;

/// All findings, sorted by path. Clones are cheap and share their contents.
#[derive(Debug, Clone, Default)]
pub struct Findings(PersistentSortedMap<Finding, usize>);

impl Findings {
    /// Returns all findings in order, duplicates included.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.0
            .iter()
            .flat_map(|(finding, count)| std::iter::repeat_n(finding, *count))
    }

    /// Copies all findings to a vector.
    pub fn to_vec(&self) -> Vec<Finding> {
        self.iter().cloned().collect()
    }

    /// Returns the findings that are not in `others`, each once.
    pub fn difference(&self, others: &Findings) -> Vec<Finding> {
        if self.0.ptr_eq(&others.0) {
            return Vec::new();
        }
        self.0
            .iter()
            .filter(|(finding, _)| !others.0.contains_key(*finding))
            .map(|(finding, _)| finding.clone())
            .collect()
    }

    fn insert_finding(&mut self, finding: Finding) {
        *self.0.entry(finding).or_insert(0) += 1;
    }

    fn remove_finding(&mut self, finding: &Finding) {
        match self.0.get_mut(finding) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(self.0.remove(finding)),
        }
    }
}

/// Source of findings. All findings of a source are replaced together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum FindingSource {
    /// File of a post, by path.
    File(Arc<str>),
    /// Social card of a post, by the path of the post's file.
    Card(Arc<str>),
    /// Directories, conflicts between posts, and the files that all cards use.
    Shared,
}

/// Findings by source, and all of them sorted.
#[derive(Debug, Default)]
pub(super) struct FindingsIndex {
    by_source: HashMap<FindingSource, Vec<Finding>>,
    all: Findings,
}

impl FindingsIndex {
    /// Replaces the findings of one source. Notes are left out.
    pub(super) fn replace_findings<'a>(
        &mut self,
        source: FindingSource,
        findings: impl IntoIterator<Item = &'a Finding>,
    ) {
        // Only the `check` command reports notes.
        let findings: Vec<Finding> = findings
            .into_iter()
            .filter(|finding| finding.severity != Severity::Note)
            .cloned()
            .collect();
        let previous = self.by_source.get(&source).map_or(&[][..], Vec::as_slice);
        if previous == findings {
            return;
        }
        for finding in previous {
            self.all.remove_finding(finding);
        }
        for finding in &findings {
            self.all.insert_finding(finding.clone());
        }
        if findings.is_empty() {
            self.by_source.remove(&source);
        } else {
            self.by_source.insert(source, findings);
        }
    }

    /// Returns all findings.
    pub(super) fn all_findings(&self) -> Findings {
        self.all.clone()
    }
}
