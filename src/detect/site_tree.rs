//! Reads and lists the files of a site's directory, within limits and without writing.
//!
//! Paths are relative to the directory and separated by `/`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::model::markup::Markup;
use crate::text::{is_language_tag, without_extension};

/// Maximum size of a configuration file. The largest one seen has a hundredth of it.
const MAX_FILE_BYTES: u64 = 1024 * 1024;
/// Bytes read of a post, which begins with its front matter.
const MAX_BEGINNING_BYTES: u64 = 64 * 1024;
/// Maximum number of names listed below one directory, in case someone names `/`.
const MAX_LISTED_NAMES: usize = 200_000;
/// Maximum depth of directories. No content seen exceeds eight.
const MAX_DIRECTORY_DEPTH: usize = 16;

/// Languages of ISO 639-1. A file name may also end in two letters that are none, such as `js` in `node.js.md`.
const LANGUAGES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el \
    en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu \
    ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na \
    nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so \
    sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// Extensions of scripts. Most generators search for configuration files in this order.
const SCRIPT_EXTENSIONS: [&str; 6] = ["js", "ts", "mjs", "cjs", "mts", "cts"];
/// Directories at the top that hold build output or third-party files, not posts.
const NON_CONTENT_DIRS: [&str; 10] = [
    "bower_components",
    "vendor",
    "target",
    "dist",
    "build",
    "public",
    "output",
    "_site",
    "_includes",
    "themes",
];

/// File name if files of the site's directory may be published. Jekyll skips names with a leading
/// dot or underscore; Hugo (in its content), `MkDocs` and many static web servers only those with a
/// dot.
pub(crate) const UNPUBLISHED_NAME: &str = ".courant.toml";

/// Directory of a site.
#[derive(Debug)]
pub(crate) struct SiteTree {
    root: PathBuf,
}

/// Reason why a file has no text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ReadTextError {
    /// The file does not exist, or is not a regular file.
    Missing,
    /// The file exists and cannot be used.
    Unusable {
        /// Description of the fault.
        reason: String,
        /// Line of the fault, counted from 1, if known.
        line: Option<usize>,
    },
}

impl SiteTree {
    pub(crate) fn new(root: &Path) -> SiteTree {
        SiteTree {
            root: root.to_owned(),
        }
    }

    /// Reads a whole file.
    pub(crate) fn read_text(&self, path: &str) -> Result<String, ReadTextError> {
        let file = self.root.join(path);
        let unusable = |reason: String| ReadTextError::Unusable { reason, line: None };
        match fs::metadata(&file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(ReadTextError::Missing);
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
                return Err(ReadTextError::Missing);
            }
            Err(error) => return Err(unusable(error.to_string().to_lowercase())),
            // Reading a device may block or never end.
            Ok(metadata) if !metadata.is_file() => return Err(ReadTextError::Missing),
            Ok(metadata) if metadata.len() > MAX_FILE_BYTES => {
                return Err(unusable("it is larger than 1 MiB".to_owned()));
            }
            Ok(_) => {}
        }
        let bytes = read_at_most(&file, MAX_FILE_BYTES)
            .map_err(|error| unusable(error.to_string().to_lowercase()))?;
        String::from_utf8(bytes).map_err(|error| {
            let good = error.utf8_error().valid_up_to();
            let before = error.as_bytes().get(..good).unwrap_or_default();
            ReadTextError::Unusable {
                reason: "it is not UTF-8".to_owned(),
                line: Some(before.iter().filter(|byte| **byte == b'\n').count() + 1),
            }
        })
    }

    /// Reads the beginning of a post. Bytes that are not UTF-8 are replaced.
    pub(crate) fn read_beginning(&self, path: &str) -> Option<String> {
        let file = self.root.join(path);
        fs::metadata(&file).ok().filter(fs::Metadata::is_file)?;
        let bytes = read_at_most(&file, MAX_BEGINNING_BYTES).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Opens a regular file.
    pub(crate) fn open_file(&self, path: &str) -> Option<fs::File> {
        self.is_file(path).then_some(())?;
        fs::File::open(self.root.join(path)).ok()
    }

    /// Returns the first of some files that exists.
    pub(crate) fn first_existing_file<'n>(&self, names: &[&'n str]) -> Option<&'n str> {
        names
            .iter()
            .find(|name| self.root.join(name).is_file())
            .copied()
    }

    /// Returns the first of some scripts that exists. The paths have no extension.
    pub(crate) fn find_script(&self, stems: &[&str]) -> Option<String> {
        stems.iter().find_map(|stem| {
            let mut files = SCRIPT_EXTENSIONS
                .iter()
                .map(|kind| format!("{stem}.{kind}"));
            files.find(|file| self.is_file(file))
        })
    }

    /// Returns true if the fields of posts need no fence, as in Pelican.
    pub(crate) fn has_field_lines(&self) -> bool {
        self.is_file("pelicanconf.py")
    }

    pub(crate) fn is_file(&self, path: &str) -> bool {
        self.root.join(path).is_file()
    }

    pub(crate) fn is_dir(&self, path: &str) -> bool {
        self.root.join(path).is_dir()
    }

    /// Returns the names of the directories in a directory, sorted.
    pub(crate) fn list_dirs(&self, path: &str) -> Vec<String> {
        self.list_directory(path)
            .into_iter()
            .filter(|(_, is_dir)| *is_dir)
            .map(|(name, _)| name)
            .collect()
    }

    /// Returns the names of the files in a directory, sorted.
    pub(crate) fn list_files(&self, path: &str) -> Vec<String> {
        self.list_directory(path)
            .into_iter()
            .filter(|(_, is_dir)| !*is_dir)
            .map(|(name, _)| name)
            .collect()
    }

    /// Returns the paths of the files that may be posts below a directory, relative to it and sorted. Names
    /// with a leading dot, `node_modules`, and build output at the top of the site are skipped.
    pub(crate) fn list_post_files(&self, dir: &str) -> Vec<String> {
        self.list_files_below(dir, is_post_file)
    }

    /// Returns the paths of the files below a directory whose names are wanted, as [`SiteTree::list_post_files`] does.
    pub(crate) fn list_files_below(
        &self,
        dir: &str,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Vec<String> {
        let mut found = self.walk_files(dir, is_wanted);
        found.sort();
        found
    }

    /// Returns these paths as they are found: the files of a directory before those of its directories.
    pub(crate) fn walk_files(&self, dir: &str, is_wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let mut found = Vec::new();
        let mut seen = 0;
        let mut pending = vec![(String::new(), 0)];
        while let Some((below, depth)) = pending.pop().filter(|_| seen < MAX_LISTED_NAMES) {
            let at_top = dir.is_empty() && below.is_empty();
            for (name, is_dir) in self.list_directory(&join_paths(dir, &below)) {
                seen += 1;
                let path = join_paths(&below, &name);
                let is_skipped =
                    name == "node_modules" || (at_top && NON_CONTENT_DIRS.contains(&name.as_str()));
                if is_dir && depth < MAX_DIRECTORY_DEPTH && !is_skipped {
                    pending.push((path, depth + 1));
                } else if !is_dir && is_wanted(&name) {
                    found.push(path);
                }
            }
        }
        found
    }

    /// Lists the directories below a directory that have files of posts below them; each comes before its children.
    pub(crate) fn list_post_dirs(&self, top: &str) -> BTreeSet<String> {
        let mut dirs = BTreeSet::new();
        for file in self.list_post_files(top) {
            let mut path = file.as_str();
            while let Some((dir, _)) = path.rsplit_once('/') {
                if !dirs.insert(join_paths(top, dir)) {
                    break;
                }
                path = dir;
            }
        }
        dirs
    }

    /// Lists the languages that names of at least `min_files` translations end in: `a.de.md` beside `a.md` or `a.fr.md`.
    pub(crate) fn list_suffix_languages(&self, dir: &str, min_files: usize) -> BTreeSet<String> {
        let files = self.list_post_files(dir);
        let mut tags_by_name: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for stem in files.iter().map(|file| without_extension(file)) {
            let (name, tag) = stem.rsplit_once('.').unwrap_or((stem, ""));
            let primary = tag.split('-').next().unwrap_or_default();
            let is_tag = LANGUAGES
                .split(' ')
                .any(|language| language.eq_ignore_ascii_case(primary));
            if tag.is_empty() || (is_tag && is_language_tag(tag)) {
                tags_by_name.entry(name).or_default().insert(tag);
            }
        }
        let translated = tags_by_name.into_values().filter(|tags| tags.len() > 1);
        let mut tags: Vec<&str> = translated.flatten().filter(|tag| !tag.is_empty()).collect();
        tags.sort_unstable();
        let common = tags
            .chunk_by(|a, b| a == b)
            .filter(|same| same.len() >= min_files);
        common.flatten().map(|tag| (*tag).to_owned()).collect()
    }

    /// Lists a directory: names, and true for each directory. Names with a leading dot or that are
    /// not UTF-8 are skipped, and symlinks to directories, which may form a cycle.
    fn list_directory(&self, path: &str) -> Vec<(String, bool)> {
        let Ok(entries) = fs::read_dir(self.root.join(path)) else {
            return Vec::new();
        };
        let mut names: Vec<_> = entries
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let name = entry.file_name().into_string().ok()?;
                let kind = entry.file_type().ok()?;
                let is_file = kind.is_file() || (kind.is_symlink() && entry.path().is_file());
                let fits = !name.starts_with('.') && (kind.is_dir() || is_file);
                fits.then_some((name, kind.is_dir()))
            })
            .collect();
        names.sort();
        names
    }
}

/// Joins two paths, either of which may be empty.
pub(crate) fn join_paths(dir: &str, path: &str) -> String {
    match (dir, path) {
        ("", path) => path.to_owned(),
        (dir, "") => dir.to_owned(),
        (dir, path) => format!("{dir}/{path}"),
    }
}

/// Normalizes a path of a configuration to one relative to the site's directory; `None` if it leads
/// out of it.
pub(crate) fn normalize_path(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Returns the part of a path below a directory; `None` if the path is not below it.
pub(crate) fn path_below<'p>(path: &'p str, dir: &str) -> Option<&'p str> {
    if dir.is_empty() {
        return Some(path);
    }
    match path.strip_prefix(dir)? {
        "" => Some(""),
        rest => rest.strip_prefix('/'),
    }
}

fn is_post_file(name: &str) -> bool {
    Markup::from_path(name).is_some()
}

fn read_at_most(file: &Path, max_bytes: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(file)?
        .take(max_bytes)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalized_paths_never_lead_out() {
        for (written, expected) in [
            ("./src/pages/", Some("src/pages")),
            ("/content", Some("content")),
            ("a/../b", Some("b")),
            ("", Some("")),
            (".", Some("")),
            ("../posts", None),
            ("a/../../b", None),
        ] {
            assert_eq!(normalize_path(written).as_deref(), expected, "{written}");
        }
    }

    #[test]
    fn path_below_compares_whole_names() {
        assert_eq!(path_below("src/pages/blog", "src/pages"), Some("blog"));
        assert_eq!(path_below("src/pages", "src/pages"), Some(""));
        assert_eq!(path_below("src/pages-old", "src/pages"), None);
        assert_eq!(path_below("a", ""), Some("a"));
    }
}
