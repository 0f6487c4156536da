//! Selects the findings of some files, such as those of a commit.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::model::finding::{Finding, Rule};

/// Files and directories whose findings are wanted.
#[derive(Debug, Default)]
pub struct FileSelection {
    /// Real paths, so that the same file is found by another name.
    selected: Vec<PathBuf>,
}

impl FileSelection {
    /// Adds a path, relative to the working directory or to the content directory. Returns false if nothing is there.
    pub fn add_path(&mut self, path: &Path, config: &Config) -> bool {
        let named = [path.to_owned(), config.content.dir.join(path)];
        let real = named.iter().find_map(|path| fs::canonicalize(path).ok());
        let is_found = real.is_some();
        self.selected.extend(real);
        is_found
    }

    /// Keeps the findings of the files, and of posts that have a conflict with one of them.
    pub fn retain_findings(&self, findings: &mut Vec<Finding>, config: &Config) {
        let mut known: HashMap<String, bool> = HashMap::new();
        let mut is_selected = |file: &str| match known.get(file) {
            Some(is) => *is,
            None => {
                let paths = [config.content.dir.join(file), PathBuf::from(file)];
                let real = paths.iter().find_map(|path| fs::canonicalize(path).ok());
                let is =
                    real.is_some_and(|real| self.selected.iter().any(|it| real.starts_with(it)));
                known.insert(file.to_owned(), is);
                is
            }
        };
        findings.retain(|finding| {
            let conflict = is_conflict(finding.rule).then_some(finding.message.as_str());
            // The message names the other post in backticks.
            let mut others = conflict.into_iter().flat_map(|text| text.split('`'));
            is_selected(&finding.file) || others.any(&mut is_selected)
        });
    }
}

fn is_conflict(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::DuplicateAlias | Rule::DuplicateCard | Rule::DuplicateId | Rule::DuplicatePermalink
    )
}
