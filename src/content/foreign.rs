//! Finds files of formats that are not read and have the front matter of a post.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;

use super::front_matter::{Split, looks_like_fields, split};
use super::known::warning;
use super::read::read_beginning;
use super::scan::Scan;
use crate::finding::{Finding, Rule};
use crate::stamp::{Seal, Stamp};

/// How many files are looked into at most: a directory of pages that were built has many, and none is a post.
const MAX_FILES: usize = 1_000;
/// How much of each is read, in bytes. Titles stand at the beginning.
const BEGINNING: u64 = 512;
/// More than so many files are one finding.
const MAX_FINDINGS: usize = 10;

/// Which files were looked into, and whether they look like posts.
pub(super) type Foreign = BTreeMap<String, (Seal, bool)>;

/// Looks into the files that changed since `known`, and adds a finding for each that looks like a post.
pub(super) fn look_into(scan: &mut Scan, known: &mut Foreign) {
    let mut files = std::mem::take(&mut scan.foreign);
    files.sort();
    files.truncate(MAX_FILES);
    let looked: Foreign = files
        .into_par_iter()
        .filter_map(|(path, file)| {
            let seal = Stamp::of(&std::fs::metadata(&file).ok()?).seal();
            let before = known.get(&path).filter(|(before, _)| *before == seal);
            let is_post = before.map_or_else(|| begins_as_post(&file), |(_, is_post)| *is_post);
            Some((path, (seal, is_post)))
        })
        .collect();
    let posts: Vec<&str> = looked
        .iter()
        .filter(|(_, (_, is_post))| *is_post)
        .map(|(path, _)| path.as_str())
        .collect();
    scan.findings.extend(findings(&posts));
    match scan.covered {
        None => *known = looked,
        Some(_) => known.extend(looked),
    }
}

fn begins_as_post(file: &Path) -> bool {
    let bytes = read_beginning(file, BEGINNING, BEGINNING).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    // Org files have fields of their own at the top.
    let has_fields = split(&text) != Split::None || text.trim_start().starts_with("#+");
    has_fields && looks_like_fields(&text).is_some()
}

fn findings(posts: &[&str]) -> Vec<Finding> {
    let hint = "save it as Markdown, or leave it out with `content.exclude`";
    let Some((first, more)) = posts.split_first() else {
        return Vec::new();
    };
    if posts.len() > MAX_FINDINGS {
        let message = format!(
            "has the front matter of a post, as {} other files have, in a format that is not read: {}",
            more.len(),
            some_names(posts)
        );
        return vec![warning(first, Rule::NotAPost, None, message, hint)];
    }
    posts
        .iter()
        .map(|path| {
            let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
            let message =
                format!("has the front matter of a post, and `.{extension}` files are not read");
            warning(path, Rule::NotAPost, None, message, hint)
        })
        .collect()
}

/// The first names of a list, and how many more there are.
pub(super) fn some_names(paths: &[&str]) -> String {
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
