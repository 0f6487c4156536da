//! Keeps which files and directories could not be read for the moment, until they can.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::Library;
use crate::config::Config;
use crate::content::Scope;
use crate::content::scan::Scan;
use crate::finding::Finding;

impl Library {
    /// What could not be read for the moment and is to be looked at again soon, if there is anything.
    pub fn unread(&self, config: &Config) -> Option<Scope> {
        let paths = self.unread.keys().map(|path| config.content.dir.join(path));
        let paths: BTreeSet<PathBuf> = paths.collect();
        (!paths.is_empty()).then_some(Scope::Paths(paths))
    }

    /// Keeps what could not be read this time in place of what could not be read before, as far as was looked. Returns
    /// whether what is told of it changed.
    pub(super) fn record_unread(&mut self, scan: &mut Scan, of_files: Vec<Finding>) -> bool {
        let told = self.unread.values().next().cloned();
        let covered = scan.covered.as_ref();
        self.unread
            .retain(|path, _| covered.is_some_and(|_| !scan.covers(path)));
        let of_directories = std::mem::take(&mut scan.unread);
        let unread = of_directories.into_iter().chain(of_files);
        let by_path: BTreeMap<String, Finding> = unread
            .map(|finding| (finding.file.clone(), finding))
            .collect();
        self.unread.extend(by_path);
        self.unread.values().next() != told.as_ref()
    }
}
