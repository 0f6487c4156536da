//! What is wrong with files and directories, as far as it is known.

use std::sync::Arc;

use rayon::prelude::*;

use super::Library;
use crate::config::Config;
use crate::content::Depth;
use crate::content::known::State;
use crate::content::read::deepen;
use crate::content::scan::Scan;
use crate::finding::Finding;

impl Library {
    /// Looks for what only the bodies of some posts tell, of those whose files are as they were read.
    /// Nothing else of them is learned. Returns the files of which more is wrong.
    pub fn deepen(&mut self, paths: &[Arc<str>], config: &Config) -> Vec<Arc<str>> {
        let is_shallow = |path: &&Arc<str>| {
            let known = self.files.get(&***path);
            known.is_some_and(|known| known.state == State::Post && !known.is_deep)
        };
        let found: Vec<(Arc<str>, Vec<Finding>)> = paths
            .par_iter()
            .filter(|_| self.depth == Depth::Outline)
            .filter(is_shallow)
            .filter_map(|path| {
                let post = self.files.get(path)?.post.as_ref()?;
                Some((Arc::clone(path), deepen(path, post, config)?))
            })
            .collect();
        let mut changed = Vec::new();
        for (path, mut findings) in found {
            findings.sort();
            if let Some(known) = self.files.get_mut(&path) {
                known.is_deep = true;
                if *known.findings != *findings {
                    known.findings = findings.into();
                    changed.push(path);
                }
            }
        }
        changed
    }

    /// What is wrong with one file.
    pub fn findings_of(&self, path: &str) -> &[Finding] {
        self.files.get(path).map_or(&[], |known| &known.findings)
    }

    /// What is wrong with each file that has something wrong.
    pub fn findings_by_file(&self) -> impl Iterator<Item = (&Arc<str>, &[Finding])> {
        let files = self.files.iter();
        let wrong = files.filter(|(_, known)| !known.findings.is_empty());
        wrong.map(|(path, known)| (path, &*known.findings))
    }

    /// What is wrong with directories, and with the ledger of ids. Of what cannot be read for the moment, the first:
    /// the others have the same cause.
    pub fn other_findings(&self) -> impl Iterator<Item = &Finding> {
        let unread = self.unread.values().take(1);
        let of_directories = self.findings.iter().chain(&self.of_ledger);
        of_directories.chain(&self.of_others).chain(unread)
    }

    /// Everything that is wrong with the content, in the order of the paths.
    pub fn findings(&self) -> Vec<Finding> {
        let of_files = self.files.values().flat_map(|file| file.findings.iter());
        let mut findings: Vec<Finding> = self.other_findings().chain(of_files).cloned().collect();
        findings.sort();
        findings
    }

    /// Keeps what is wrong with directories, of those that were looked at as it is now.
    pub(super) fn note(&mut self, scan: Scan, is_all: bool) -> bool {
        let before = self.findings.clone();
        self.findings
            .retain(|finding| !is_all && !scan.covers(&finding.file));
        self.findings.extend(scan.findings);
        // The order in which parts were looked at is no change.
        self.findings.sort();
        self.findings != before
    }
}
