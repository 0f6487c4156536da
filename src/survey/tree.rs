//! A site's directory into texts and lists of files: bounded, read-only, whatever is in there.
//!
//! Paths are below the directory, with `/` between their parts.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The largest configuration seen has a hundredth of it.
const MAX_SIZE: u64 = 1024 * 1024;
/// Front matter stands at the beginning of a post.
const BEGINNING: u64 = 64 * 1024;
/// How many names are looked at below one directory: somebody may name `/`.
const MAX_NAMES: usize = 200_000;
/// How deep; no content seen goes below eight.
const MAX_DEPTH: usize = 16;

/// Directories at the top that hold no posts of the site: what is built or borrowed.
const NOT_CONTENT: [&str; 9] = [
    "bower_components",
    "vendor",
    "target",
    "dist",
    "build",
    "public",
    "_site",
    "_includes",
    "themes",
];

/// The directory of a site.
#[derive(Debug)]
pub(super) struct Tree {
    root: PathBuf,
}

/// Why a file has no text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoText {
    /// It is not there.
    Missing,
    /// It is there and cannot be used.
    Unusable {
        /// Why.
        reason: String,
        /// Where the text ends that could be read.
        line: Option<usize>,
    },
}

impl Tree {
    pub(super) fn new(root: &Path) -> Tree {
        Tree {
            root: root.to_owned(),
        }
    }

    /// The whole text of a file.
    pub(super) fn text(&self, path: &str) -> Result<String, NoText> {
        let file = self.root.join(path);
        let unusable = |reason: String| NoText::Unusable { reason, line: None };
        match fs::metadata(&file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(NoText::Missing);
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
                return Err(NoText::Missing);
            }
            Err(error) => return Err(unusable(error.to_string().to_lowercase())),
            // A device would be waited for, or have no end.
            Ok(metadata) if !metadata.is_file() => return Err(NoText::Missing),
            Ok(metadata) if metadata.len() > MAX_SIZE => {
                return Err(unusable("it is larger than 1 MiB".to_owned()));
            }
            Ok(_) => {}
        }
        let bytes = beginning(&file, MAX_SIZE)
            .map_err(|error| unusable(error.to_string().to_lowercase()))?;
        String::from_utf8(bytes).map_err(|error| {
            let good = error.utf8_error().valid_up_to();
            let before = error.as_bytes().get(..good).unwrap_or_default();
            NoText::Unusable {
                reason: "it is not UTF-8".to_owned(),
                line: Some(before.iter().filter(|byte| **byte == b'\n').count() + 1),
            }
        })
    }

    /// The beginning of a post's text, as far as it is UTF-8.
    pub(super) fn beginning(&self, path: &str) -> Option<String> {
        let file = self.root.join(path);
        fs::metadata(&file).ok().filter(fs::Metadata::is_file)?;
        let bytes = beginning(&file, BEGINNING).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The first of some files that is there.
    pub(super) fn first_file<'n>(&self, names: &[&'n str]) -> Option<&'n str> {
        names
            .iter()
            .find(|name| self.root.join(name).is_file())
            .copied()
    }

    pub(super) fn is_file(&self, path: &str) -> bool {
        self.root.join(path).is_file()
    }

    pub(super) fn is_dir(&self, path: &str) -> bool {
        self.root.join(path).is_dir()
    }

    /// The names of the directories in a directory, sorted.
    pub(super) fn dirs(&self, path: &str) -> Vec<String> {
        self.list(path)
            .into_iter()
            .filter(|(_, is_dir)| *is_dir)
            .map(|(name, _)| name)
            .collect()
    }

    /// The names of the files in a directory, sorted.
    pub(super) fn files(&self, path: &str) -> Vec<String> {
        self.list(path)
            .into_iter()
            .filter(|(_, is_dir)| !*is_dir)
            .map(|(name, _)| name)
            .collect()
    }

    /// The Markdown files below a directory, by their paths below it, sorted. What is installed,
    /// and what begins with a dot, is left out, and so is what is built at the top of a site.
    pub(super) fn markdown(&self, dir: &str) -> Vec<String> {
        let is_wanted = |name: &str, below: &str| {
            let at_top = dir.is_empty() && below.is_empty();
            name != "node_modules" && !(at_top && NOT_CONTENT.contains(&name))
        };
        let mut found = Vec::new();
        let mut seen = 0;
        let mut open = vec![(String::new(), 0)];
        while let Some((below, depth)) = open.pop().filter(|_| seen < MAX_NAMES) {
            for (name, is_dir) in self.list(&join(dir, &below)) {
                seen += 1;
                let path = join(&below, &name);
                if is_dir && depth < MAX_DEPTH && is_wanted(&name, &below) {
                    open.push((path, depth + 1));
                } else if !is_dir && is_markdown(&name) {
                    found.push(path);
                }
            }
        }
        found.sort();
        found
    }

    /// Names with whether each is a directory, without those that begin with a dot. Links to
    /// directories are not followed, for they may lead back; names that are not UTF-8 are left out.
    fn list(&self, path: &str) -> Vec<(String, bool)> {
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

/// Two paths as one, either of which may be empty.
pub(super) fn join(dir: &str, path: &str) -> String {
    match (dir, path) {
        ("", path) => path.to_owned(),
        (dir, "") => dir.to_owned(),
        (dir, path) => format!("{dir}/{path}"),
    }
}

/// A path as a configuration writes it, to one below the site's directory; `None` for one that
/// leads out of it.
pub(super) fn tidy(path: &str) -> Option<String> {
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

/// What a path is below a directory; all of it where the directory is the site's.
pub(super) fn below<'p>(path: &'p str, dir: &str) -> Option<&'p str> {
    if dir.is_empty() {
        return Some(path);
    }
    match path.strip_prefix(dir)? {
        "" => Some(""),
        rest => rest.strip_prefix('/'),
    }
}

/// A file's name without its extension.
pub(super) fn stem(path: &str) -> &str {
    let start = path.rfind('/').map_or(0, |at| at + 1);
    let name = path.get(start..).unwrap_or_default();
    match name.rfind('.').filter(|at| *at > 0) {
        Some(at) => path.get(..start + at).unwrap_or(path),
        None => path,
    }
}

fn is_markdown(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, extension)| {
        ["md", "markdown", "mdx"]
            .iter()
            .any(|known| extension.eq_ignore_ascii_case(known))
    })
}

fn beginning(file: &Path, most: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(file)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_tidied_and_never_lead_out() {
        for (written, expected) in [
            ("./src/pages/", Some("src/pages")),
            ("/content", Some("content")),
            ("a/../b", Some("b")),
            ("", Some("")),
            (".", Some("")),
            ("../posts", None),
            ("a/../../b", None),
        ] {
            assert_eq!(tidy(written).as_deref(), expected, "{written}");
        }
    }

    #[test]
    fn a_path_is_below_a_directory_by_whole_names() {
        assert_eq!(below("src/pages/blog", "src/pages"), Some("blog"));
        assert_eq!(below("src/pages", "src/pages"), Some(""));
        assert_eq!(below("src/pages-old", "src/pages"), None);
        assert_eq!(below("a", ""), Some("a"));
    }

    #[test]
    fn a_stem_keeps_its_directories() {
        assert_eq!(stem("a.b/c.fr.md"), "a.b/c.fr");
        assert_eq!(stem("a.b/c"), "a.b/c");
    }
}
