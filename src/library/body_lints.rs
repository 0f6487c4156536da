//! Lints the bodies of posts that were read without them.

use std::sync::Arc;

use rayon::prelude::*;

use super::file_record::FileState;
use super::file_table::FileTable;
use super::read_post::lint_file;
use crate::config::Config;
use crate::model::finding::Finding;
use crate::post::BodyRenderer;

/// Lints the bodies of some posts whose files did not change since they were read. Updates nothing
/// but findings. Returns the files whose findings changed.
pub(super) fn lint_bodies(
    files: &mut FileTable,
    paths: &[Arc<str>],
    config: &Config,
    renderer: &Arc<BodyRenderer>,
) -> Vec<Arc<str>> {
    let needs_lint = |path: &&Arc<str>| {
        let known = files.get(path);
        known.is_some_and(|known| known.state == FileState::Post && !known.is_linted)
    };
    let found: Vec<(Arc<str>, Vec<Finding>)> = paths
        .par_iter()
        .filter(needs_lint)
        .filter_map(|path| {
            let post = files.get(path)?.post.as_ref()?;
            Some((Arc::clone(path), lint_file(path, post, config, renderer)?))
        })
        .collect();
    let mut changed = Vec::new();
    for (path, mut findings) in found {
        findings.sort();
        if let Some(known) = files.get_mut(&path) {
            known.is_linted = true;
            if *known.findings != *findings {
                known.findings = findings.into();
                changed.push(path);
            }
        }
    }
    changed
}
