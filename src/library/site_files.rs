//! Reads the files of a site that its posts use: `_config.yml` of Jekyll, and Markdown in `_includes`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::read_post::read_regular_file;
use crate::config::Config;
use crate::file_stamp::{FileStamp, StampHash};
use crate::front_matter::data_file::{FrontMatterFormat, FrontMatterValue, Node, parse_data_file};
use crate::front_matter::shown_fields::shown_text;
use crate::post::SiteFiles;
use crate::post::broken_visibility::{VisibilityLimits, scan_for_limits};
use crate::post::parse::normalize_text;

/// Number of directories above the posts that may be the root of the site: `source/_posts`.
const MAX_ROOT_LEVELS: usize = 2;
/// Maximum bytes of a file. A longer one is left out.
const MAX_FILE_BYTES: u64 = 256 * 1024;
/// Maximum number of files in `_includes`, and of entries that are looked at. Large sites have some hundred.
const MAX_FILES: usize = 1_000;
/// Maximum bytes of all files, which stay in memory.
const MAX_TOTAL_BYTES: usize = 4 * 1024 * 1024;
/// Maximum depth of directories in `_includes`, and of maps in `_config.yml`.
const MAX_DEPTH: usize = 4;
/// Settings of Hexo, whose file has the same name as that of Jekyll.
const HEXO_SETTINGS: [&str; 3] = ["source_dir", "public_dir", "new_post_name"];

/// Files of a site, with the stamps by which a change is seen.
#[derive(Debug, Default, PartialEq)]
pub(super) struct SiteFileList {
    config_file: Option<(PathBuf, StampHash)>,
    /// Markdown files by path below `_includes`.
    includes: Vec<(String, PathBuf, StampHash)>,
}

impl SiteFileList {
    /// Lists the files of the site that the content directory belongs to. Symlinks are not followed.
    pub(super) fn list_files(config: &Config) -> SiteFileList {
        let mut list = SiteFileList::default();
        let Ok(dir) = std::path::absolute(&config.content.dir) else {
            return list;
        };
        for root in dir.ancestors().take(1 + MAX_ROOT_LEVELS) {
            let file = root.join("_config.yml");
            list.config_file = stamp_file(&file).map(|stamp| (file, stamp));
            list.list_includes(&root.join("_includes"), "", 0, &mut 0);
            if list != SiteFileList::default() {
                break;
            }
        }
        list.includes.sort_by(|a, b| a.0.cmp(&b.0));
        list
    }

    fn list_includes(&mut self, dir: &Path, prefix: &str, depth: usize, seen: &mut usize) {
        let is_dir = std::fs::symlink_metadata(dir).is_ok_and(|found| found.is_dir());
        let entries = std::fs::read_dir(dir)
            .ok()
            .filter(|_| is_dir && depth < MAX_DEPTH);
        for entry in entries.into_iter().flatten().flatten() {
            *seen += 1;
            let name = entry.file_name();
            let Some(name) = name.to_str().filter(|name| !name.starts_with(['.', '_'])) else {
                continue;
            };
            if *seen > MAX_FILES {
                return;
            }
            let (file, path) = (entry.path(), format!("{prefix}{name}"));
            if [".md", ".markdown"]
                .iter()
                .any(|extension| name.ends_with(extension))
            {
                let stamp = stamp_file(&file);
                self.includes.extend(stamp.map(|stamp| (path, file, stamp)));
            } else {
                self.list_includes(&file, &format!("{path}/"), depth + 1, seen);
            }
        }
    }

    /// Reads the files. Leaves out a file that may be hidden: one with front matter, with a field or a date that limits
    /// a post, or with the marks of a merge conflict.
    pub(super) fn read_files(&self, config: &Config) -> SiteFiles {
        let mut files = SiteFiles::default();
        let mut total_bytes = 0;
        if let Some((file, _)) = &self.config_file
            && let Some(text) = read_text(file)
            && let Ok(root) = parse_data_file(FrontMatterFormat::Yaml, &text)
        {
            let parser = root
                .get("markdown")
                .and_then(Node::as_text)
                .unwrap_or("kramdown");
            files.uses_kramdown = parser.to_ascii_lowercase().contains("kramdown")
                && HEXO_SETTINGS.iter().all(|name| root.get(name).is_none());
            collect_values(&root, &root, "", config, &mut files.values);
        }
        for (path, file, _) in &self.includes {
            let Some(text) = read_text(file) else {
                continue;
            };
            total_bytes += text.len();
            let mut fences = ["---", "+++", ";;;"].into_iter();
            let has_front_matter = fences.any(|fence| text.trim_start().starts_with(fence));
            if total_bytes > MAX_TOTAL_BYTES
                || has_front_matter
                || scan_for_limits(&text, config) != VisibilityLimits::NONE
                || has_conflict_marks(&text)
            {
                continue;
            }
            files.includes.insert(path.clone(), text);
        }
        files
    }
}

/// Returns true if a line is a mark of a merge conflict.
fn has_conflict_marks(text: &str) -> bool {
    let mut lines = text.lines();
    lines.any(|line| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> "))
}

/// Returns the stamp of a regular file.
fn stamp_file(file: &Path) -> Option<StampHash> {
    let metadata = std::fs::symlink_metadata(file).ok()?;
    metadata
        .is_file()
        .then(|| FileStamp::from_metadata(&metadata).to_hash())
}

fn read_text(file: &Path) -> Option<String> {
    let bytes = read_regular_file(file, MAX_FILE_BYTES)?;
    let text = String::from_utf8(bytes).ok()?;
    Some(normalize_text(&text).into_owned())
}

/// Collects the texts of a map and the maps in it by dotted path in lower case.
fn collect_values(
    root: &Node,
    map: &Node,
    prefix: &str,
    config: &Config,
    values: &mut BTreeMap<String, String>,
) {
    let FrontMatterValue::Map(fields) = &map.value else {
        return;
    };
    for (name, node) in fields {
        let path = format!("{prefix}{name}");
        if let Some(text) = shown_text(root, &path, config) {
            values.insert(path.to_ascii_lowercase(), text.to_owned());
        }
        if prefix.matches('.').count() < MAX_DEPTH {
            collect_values(root, node, &format!("{path}."), config, values);
        }
    }
}
