//! Finds files that have a post's front matter but are not in a supported format.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;

use super::new_finding::warning_finding;
use super::read_post::read_prefix;
use super::scan::DirectoryScan;
use crate::file_stamp::{FileStamp, StampHash};
use crate::front_matter::{
    FrontMatterSplit, find_unfenced_field, is_restructured_post, split_front_matter,
};
use crate::model::finding::{Finding, Rule};

/// Maximum number of files that are examined. A directory of built pages has many, and none is a post.
const MAX_EXAMINED_FILES: usize = 1_000;
/// Number of bytes read from each file. Titles come first.
const READ_PREFIX_BYTES: u64 = 512;
/// Maximum number of findings. More files than that share one finding.
const MAX_FINDINGS: usize = 10;

/// Examined files by path: file stamp, and true if the file looks like a post.
pub(super) type UnsupportedFiles = BTreeMap<String, (StampHash, bool)>;

/// Examines the files that changed since `known`, and adds a finding for each that looks like a post.
pub(super) fn check_unsupported_files(scan: &mut DirectoryScan, known: &mut UnsupportedFiles) {
    let mut files = std::mem::take(&mut scan.unsupported_files);
    files.sort();
    files.truncate(MAX_EXAMINED_FILES);
    let examined: UnsupportedFiles = files
        .into_par_iter()
        .filter_map(|(path, file)| {
            let seal = FileStamp::from_metadata(&std::fs::metadata(&file).ok()?).to_hash();
            let before = known.get(&path).filter(|(before, _)| *before == seal);
            let is_post =
                before.map_or_else(|| has_post_front_matter(&file), |(_, is_post)| *is_post);
            Some((path, (seal, is_post)))
        })
        .collect();
    let posts: Vec<&str> = examined
        .iter()
        .filter(|(_, (_, is_post))| *is_post)
        .map(|(path, _)| path.as_str())
        .collect();
    scan.findings.extend(build_findings(&posts));
    match scan.covered {
        None => *known = examined,
        Some(_) => known.extend(examined),
    }
}

fn has_post_front_matter(file: &Path) -> bool {
    let bytes = read_prefix(file, READ_PREFIX_BYTES, READ_PREFIX_BYTES).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    // Org files have their own fields at the top.
    if is_restructured_post(&text) {
        return true;
    }
    let has_fields =
        split_front_matter(&text) != FrontMatterSplit::None || text.trim_start().starts_with("#+");
    has_fields && find_unfenced_field(&text).is_some()
}

fn build_findings(posts: &[&str]) -> Vec<Finding> {
    let hint = "save it as Markdown, or exclude it with `content.exclude`";
    let Some((first, more)) = posts.split_first() else {
        return Vec::new();
    };
    if posts.len() > MAX_FINDINGS {
        let message = format!(
            "has the front matter of a post but an unsupported format, like {} other files: {}",
            more.len(),
            format_some_paths(posts)
        );
        return vec![warning_finding(first, Rule::NotAPost, None, message, hint)];
    }
    posts
        .iter()
        .map(|path| {
            let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
            let message =
                format!("has the front matter of a post, but `.{extension}` files are not read");
            warning_finding(path, Rule::NotAPost, None, message, hint)
        })
        .collect()
}

/// Lists the first three paths, and the number of the rest.
pub(super) fn format_some_paths(paths: &[&str]) -> String {
    let mut names: Vec<String> = paths
        .iter()
        .take(3)
        .map(|path| format!("`{path}`"))
        .collect();
    if paths.len() > names.len() {
        names.push(format!("and {} more", paths.len() - names.len()));
    }
    names.join(", ")
}
