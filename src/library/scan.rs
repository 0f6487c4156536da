//! Lists the files of a directory that may be posts, with their stamps.
//!
//! Symlinks are followed, loops are not. No file is opened here: a hundred thousand `stat` calls take a
//! fraction of a second, and they alone decide which files are read again.

pub(crate) mod path_filter;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use walkdir::{DirEntry, WalkDir};

use super::btree_extend;
use super::copy_names::FileCopy;
use super::read_errors::{self, is_transient_error};
use crate::config;
use crate::file_stamp::FileStamp;
use crate::model::finding::{Finding, Rule, Severity};
use path_filter::{copy_finding, is_dot_file, is_foreign_format, is_post_candidate};

pub(crate) use path_filter::{copy_reason, find_original, ignore_reason, ignore_reason_by_name};

/// Number of directories that is enough to keep all cores busy.
const MIN_PARALLEL_DIRS: usize = 16;
/// Maximum levels descended to find that many.
const MAX_SPLIT_LEVELS: usize = 3;

/// File that may be a post.
#[derive(Debug, Clone)]
pub(super) struct ScannedFile {
    pub(super) file: PathBuf,
    pub(super) stamp: FileStamp,
}

/// Files of a directory, by path relative to it, and what could not be read.
#[derive(Debug, Default)]
pub(super) struct DirectoryScan {
    pub(super) files: BTreeMap<String, ScannedFile>,
    /// Files of unsupported formats, which may have the front matter of a post.
    pub(super) unsupported_files: Vec<(String, PathBuf)>,
    /// Copies of posts, by path.
    pub(super) copies: BTreeMap<String, FileCopy>,
    pub(super) findings: Vec<Finding>,
    /// Findings about transient errors.
    pub(super) unreadable: Vec<Finding>,
    /// Directories, with a trailing slash, that could not be listed.
    pub(super) unknown_dirs: Vec<String>,
    /// Paths that could not be read.
    pub(super) unknown_files: Vec<String>,
    /// Paths that were scanned with everything below them. `None` means all.
    pub(super) covered: Option<BTreeSet<String>>,
}

/// Lists a content directory.
///
/// # Errors
/// The directory cannot be listed, or was replaced meanwhile, so that the listing may mix two
/// directories.
pub(super) fn scan_directory(content: &config::ContentConfig) -> io::Result<DirectoryScan> {
    // Checked first, because `walk_directory` turns an unreadable directory into a finding.
    std::fs::read_dir(&content.dir)?;
    let before = FileStamp::from_metadata(&std::fs::metadata(&content.dir)?);
    let real = std::fs::canonicalize(&content.dir)?;
    let mut scan = DirectoryScan::default();
    scan.walk_directory(&content.dir, &[real], content)?;
    if !FileStamp::from_metadata(&std::fs::metadata(&content.dir)?).is_same_file(&before) {
        return Err(io::Error::other(
            "the directory was replaced while it was being listed",
        ));
    }
    Ok(scan)
}

/// Scans some paths and everything below them. `None` means that a full scan is needed.
///
/// `copies_of` returns the files whose names mark them as copies of a file. They are scanned, too:
/// whether they are posts depends on whether that file exists.
///
/// # Errors
/// The directory does not exist, or was replaced meanwhile.
pub(super) fn scan_paths(
    content: &config::ContentConfig,
    paths: &BTreeSet<PathBuf>,
    copies_of: impl Fn(&str) -> Vec<String>,
) -> io::Result<Option<DirectoryScan>> {
    let before = FileStamp::from_metadata(&std::fs::metadata(&content.dir)?);
    let real = std::fs::canonicalize(&content.dir)?;
    let absolute = std::path::absolute(&content.dir)?;
    let mut scan = DirectoryScan {
        covered: Some(BTreeSet::new()),
        ..DirectoryScan::default()
    };
    for path in paths {
        let roots = [&absolute, &real, &content.dir];
        let Some(within) = roots.iter().find_map(|root| path.strip_prefix(root).ok()) else {
            if roots.iter().any(|root| root.starts_with(path)) {
                return Ok(None);
            }
            continue;
        };
        if within.as_os_str().is_empty() {
            return Ok(None);
        }
        let mut dots = within.iter().filter(|part| is_dot_file(part));
        if let Some(dot) = dots.next() {
            // Kubernetes updates mounted files by swapping a link of such a name.
            if dot.as_encoded_bytes().starts_with(b"..") {
                return Ok(None);
            }
            continue;
        }
        let path = content.dir.join(within);
        scan.scan_path(&path, &real, content)?;
        for copy in relative_path(&path, &content.dir).map_or(Vec::new(), |name| copies_of(&name)) {
            scan.scan_path(&content.dir.join(copy), &real, content)?;
        }
    }
    let now = std::fs::metadata(&content.dir)?;
    if !now.is_dir() || !FileStamp::from_metadata(&now).is_same_file(&before) {
        return Err(io::Error::other(
            "the directory was replaced while it was being scanned",
        ));
    }
    Ok(Some(scan))
}

impl DirectoryScan {
    /// Scans one path and adds what it finds.
    fn scan_path(
        &mut self,
        path: &Path,
        real: &Path,
        content: &config::ContentConfig,
    ) -> io::Result<()> {
        let Some(name) = relative_path(path, &content.dir) else {
            return Ok(());
        };
        let mut above = name.match_indices('/').filter_map(|(at, _)| name.get(..at));
        let covered = self.covered.as_ref();
        if covered.is_some_and(|covered| above.any(|above| covered.contains(above))) {
            return Ok(());
        }
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                let own = std::fs::canonicalize(path)?;
                // A link to an ancestor is a loop, which a full scan does not follow either.
                let is_link = std::fs::symlink_metadata(path)?.is_symlink();
                if is_link && real.starts_with(&own) {
                    self.record_loop(name.clone());
                } else {
                    self.walk_directory(path, &[real.to_owned(), own], content)?;
                }
            }
            Ok(metadata) if metadata.is_file() => {
                if let Some(copy) = find_original(path, content) {
                    self.record_copy(&name, &copy, content);
                } else if is_post_candidate(&name, content) {
                    let candidate = ScannedFile {
                        file: path.to_owned(),
                        stamp: FileStamp::from_metadata(&metadata),
                    };
                    self.files.insert(name.clone(), candidate);
                }
            }
            Ok(_) => {}
            Err(error) => self.record_error(&name, Some(&error)),
        }
        if let Some(covered) = &mut self.covered {
            covered.insert(name);
        }
        Ok(())
    }

    /// Adds everything below a directory. No link is followed to the real paths in `above` or their
    /// ancestors.
    fn walk_directory(
        &mut self,
        dir: &Path,
        above: &[PathBuf],
        content: &config::ContentConfig,
    ) -> io::Result<()> {
        let mut roots = vec![(dir.to_owned(), above.to_vec())];
        let mut lists = Vec::new();
        // With few directories, their subdirectories are listed in parallel instead.
        for _ in 0..MAX_SPLIT_LEVELS {
            if roots.len() >= MIN_PARALLEL_DIRS {
                break;
            }
            for (root, above) in std::mem::take(&mut roots) {
                let list = DirectoryListing::list_directory(
                    &root,
                    &above,
                    content,
                    Recursion::DirectEntries,
                )?;
                let real = std::fs::canonicalize(&root).ok();
                let above: Vec<PathBuf> = above.into_iter().chain(real).collect();
                roots.extend(list.dirs.iter().map(|dir| (dir.clone(), above.clone())));
                lists.push(list);
            }
        }
        let below: io::Result<Vec<DirectoryListing>> = roots
            .into_par_iter()
            .map(|(root, above)| {
                DirectoryListing::list_directory(&root, &above, content, Recursion::Full)
            })
            .collect();
        lists.extend(below?);
        let mut candidates = Vec::new();
        for list in lists {
            for (path, problem) in list.problems {
                match problem {
                    ScanProblem::Loop => self.record_loop(path),
                    ScanProblem::Error(error) => self.record_error(&path, error.as_ref()),
                }
            }
            candidates.extend(list.files);
            self.unsupported_files.extend(list.unsupported_files);
            for (path, copy) in list.copies {
                self.record_copy(&path, &copy, content);
            }
        }
        candidates.par_sort_by(|(a, _), (b, _)| a.cmp(b));
        btree_extend::bulk_extend_btree(&mut self.files, candidates);
        Ok(())
    }

    fn record_copy(&mut self, path: &str, copy: &FileCopy, content: &config::ContentConfig) {
        if is_post_candidate(path, content) {
            self.findings.push(copy_finding(path, copy));
            self.copies.insert(path.to_owned(), copy.clone());
        }
    }

    /// Keeps treating known copies as copies. If the original is missing for a moment or was deleted, an
    /// old version of it must not become a post.
    pub(super) fn keep_known_copies(
        &mut self,
        known: &BTreeMap<String, FileCopy>,
        content: &config::ContentConfig,
    ) {
        for (path, copy) in known {
            if self.files.remove(path).is_some() {
                self.record_copy(path, copy, content);
            }
        }
    }

    fn record_loop(&mut self, file: String) {
        self.findings.push(Finding {
            file,
            line: None,
            highlight: None,
            severity: Severity::Warning,
            rule: Rule::UnreadableDirectory,
            message: "a symlink points to a directory above it and is not followed".to_owned(),
            hint: "remove the link, or exclude it with `content.exclude`".to_owned(),
        });
    }

    fn record_error(&mut self, path: &str, error: Option<&io::Error>) {
        if error.is_some_and(|error| error.kind() == io::ErrorKind::NotFound) {
            // A dangling link, or deleted since it was listed.
            return;
        }
        self.unknown_dirs.push(format!("{path}/"));
        self.unknown_files.push(path.to_owned());
        match error.filter(|error| is_transient_error(error)) {
            Some(error) => self
                .unreadable
                .push(read_errors::transient_error_finding(path, error)),
            None => self
                .findings
                .push(read_errors::unreadable_directory_finding(path, error)),
        }
    }

    /// Returns true if a partial scan covered this path.
    pub(super) fn covers(&self, file: &str) -> bool {
        self.covered.iter().flatten().any(|covered| {
            let rest = file.strip_prefix(covered.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// Returns true if a path could not be read, so that its absence means nothing.
    pub(super) fn is_unknown(&self, path: &str) -> bool {
        self.unknown_dirs
            .iter()
            .any(|dir| path.starts_with(dir.as_str()))
            || self.unknown_files.iter().any(|file| file == path)
    }
}

/// Contents of a directory.
#[derive(Default)]
struct DirectoryListing {
    files: Vec<(String, ScannedFile)>,
    unsupported_files: Vec<(String, PathBuf)>,
    copies: Vec<(String, FileCopy)>,
    /// Subdirectories that are not listed yet.
    dirs: Vec<PathBuf>,
    /// Entries that could not be listed, by path.
    problems: Vec<(String, ScanProblem)>,
}

enum ScanProblem {
    /// Symlink to an ancestor.
    Loop,
    /// Entry that cannot be read.
    Error(Option<io::Error>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Recursion {
    /// Direct entries only.
    DirectEntries,
    /// Everything below, too.
    Full,
}

impl DirectoryListing {
    fn list_directory(
        dir: &Path,
        above: &[PathBuf],
        content: &config::ContentConfig,
        recursion: Recursion,
    ) -> io::Result<DirectoryListing> {
        let mut list = DirectoryListing::default();
        let mut files = Vec::new();
        let max_depth = match recursion {
            Recursion::DirectEntries => 1,
            Recursion::Full => usize::MAX,
        };
        let mut walk = WalkDir::new(dir)
            .follow_links(true)
            .min_depth(1)
            .max_depth(max_depth)
            .into_iter()
            .filter_entry(|entry| !is_dot_file(entry.file_name()));
        while let Some(entry) = walk.next() {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => {
                    let leads_up = entry.path_is_symlink()
                        && std::fs::canonicalize(entry.path())
                            .is_ok_and(|target| above.iter().any(|dir| dir.starts_with(&target)));
                    if leads_up {
                        walk.skip_current_dir();
                        let path = relative_path(entry.path(), &content.dir).unwrap_or_default();
                        list.problems.push((path, ScanProblem::Loop));
                    } else if recursion == Recursion::DirectEntries {
                        list.dirs.push(entry.into_path());
                    }
                }
                Ok(entry) if entry.file_type().is_file() => {
                    let Some(path) = relative_path(entry.path(), &content.dir) else {
                        continue;
                    };
                    if is_post_candidate(&path, content) {
                        match find_original(entry.path(), content) {
                            Some(copy) => list.copies.push((path, copy)),
                            None => files.push((path, entry)),
                        }
                    } else if is_foreign_format(&path, content) {
                        list.unsupported_files.push((path, entry.into_path()));
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    let path = error
                        .path()
                        .and_then(|path| relative_path(path, &content.dir))
                        .unwrap_or_default();
                    if error.loop_ancestor().is_some() {
                        list.problems.push((path, ScanProblem::Loop));
                    } else if path.is_empty() {
                        // An error of the directory itself, or in mid-listing: any entry may be
                        // missing.
                        return Err(error.into_io_error().unwrap_or_else(|| {
                            io::Error::other("the directory cannot be listed")
                        }));
                    } else {
                        let problem = ScanProblem::Error(error.into_io_error());
                        list.problems.push((path, problem));
                    }
                }
            }
        }
        list.add_files(files);
        Ok(list)
    }

    /// Adds files with their stamps. Runs the `stat` calls on all cores, as there may be many.
    fn add_files(&mut self, files: Vec<(String, DirEntry)>) {
        let stamped: Vec<_> = files
            .into_par_iter()
            .with_min_len(64)
            .map(|(path, entry)| match entry.metadata() {
                Ok(metadata) => {
                    let stamp = FileStamp::from_metadata(&metadata);
                    let file = entry.into_path();
                    Ok((path, ScannedFile { file, stamp }))
                }
                Err(error) => Err((path, ScanProblem::Error(error.into_io_error()))),
            })
            .collect();
        self.files.reserve(stamped.len());
        for stamped in stamped {
            match stamped {
                Ok(candidate) => self.files.push(candidate),
                // A file deleted since it was listed is dropped later, in `record_error`.
                Err(problem) => self.problems.push(problem),
            }
        }
    }
}

/// Returns the path relative to `dir`, with `/` as separator. Bytes that are not UTF-8 are
/// percent-encoded, so that different names stay different.
fn relative_path(path: &Path, dir: &Path) -> Option<String> {
    let path = path.strip_prefix(dir).ok()?;
    let mut parts = String::with_capacity(path.as_os_str().len());
    for part in path {
        if !parts.is_empty() {
            parts.push('/');
        }
        push_escaped(part.as_encoded_bytes(), &mut parts);
    }
    Some(parts)
}

fn push_escaped(name: &[u8], text: &mut String) {
    for chunk in name.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
}
