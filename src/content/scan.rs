//! A directory into the list of files that may be posts, each with its stamp.
//!
//! Links are followed, loops are not. Nothing is opened here; a hundred thousand stats take a
//! fraction of a second, and they alone decide what is read again.

mod wanted;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use walkdir::{DirEntry, WalkDir};

use super::copies::FileCopy;
use super::tree;
use super::unread::{self, is_transient};
use crate::config;
use crate::finding::{Finding, Rule, Severity};
use crate::stamp::Stamp;
use wanted::{copy_finding, is_dot_file, is_foreign, is_wanted};

pub(super) use wanted::{copy_beside, copy_reason, left_out, left_out_by_name};

/// So many directories keep all cores at work.
const ENOUGH: usize = 16;
/// How deep so many are looked for.
const MOST_ROUNDS: usize = 3;

/// A file that may be a post.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    /// Where it is.
    pub(super) file: PathBuf,
    /// Its stamp.
    pub(super) stamp: Stamp,
}

/// All files of a directory, by their path below it, and what could not be looked at.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) candidates: BTreeMap<String, Candidate>,
    /// Files of other formats, which may have the front matter of a post.
    pub(super) foreign: Vec<(String, PathBuf)>,
    /// Copies of posts, by their names.
    pub(super) copies: BTreeMap<String, FileCopy>,
    pub(super) findings: Vec<Finding>,
    /// The same, where that is for the moment only.
    pub(super) unread: Vec<Finding>,
    /// Directories, with a trailing slash, of whose files nothing is known this time.
    pub(super) unknown: Vec<String>,
    /// Files, of which nothing is known this time.
    pub(super) unknown_files: Vec<String>,
    /// The paths that were looked at, with all below them; `None` where all were.
    pub(super) covered: Option<BTreeSet<String>>,
}

/// Lists a content directory.
///
/// # Errors
/// The directory cannot be listed, or became another one meanwhile: what was found is then half
/// of one and half of the other, or of nothing.
pub(super) fn scan(content: &config::Content) -> io::Result<Scan> {
    // Asked first and alone: below, a directory that cannot be listed is only a finding.
    std::fs::read_dir(&content.dir)?;
    let before = Stamp::of(&std::fs::metadata(&content.dir)?);
    let real = std::fs::canonicalize(&content.dir)?;
    let mut scan = Scan::default();
    scan.walk(&content.dir, &[real], content)?;
    if !Stamp::of(&std::fs::metadata(&content.dir)?).is_of_the_same_file(&before) {
        return Err(io::Error::other("it was replaced while it was listed"));
    }
    Ok(scan)
}

/// Looks at what is at some paths now, and below them. `None` where that is the whole directory. `copies_of`
/// gives the files whose names are those of copies of a file: whether they are posts depends on whether it
/// is there.
///
/// # Errors
/// The directory is not there, or became another one meanwhile.
pub(super) fn scan_paths(
    content: &config::Content,
    paths: &BTreeSet<PathBuf>,
    copies_of: impl Fn(&str) -> Vec<String>,
) -> io::Result<Option<Scan>> {
    let before = Stamp::of(&std::fs::metadata(&content.dir)?);
    let real = std::fs::canonicalize(&content.dir)?;
    let absolute = std::path::absolute(&content.dir)?;
    let mut scan = Scan {
        covered: Some(BTreeSet::new()),
        ..Scan::default()
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
            // As containers have their files changed: links lead through it.
            if dot.as_encoded_bytes().starts_with(b"..") {
                return Ok(None);
            }
            continue;
        }
        let path = content.dir.join(within);
        scan.look_at(&path, &real, content)?;
        for copy in below(&path, &content.dir).map_or(Vec::new(), |name| copies_of(&name)) {
            scan.look_at(&content.dir.join(copy), &real, content)?;
        }
    }
    let now = std::fs::metadata(&content.dir)?;
    if !now.is_dir() || !Stamp::of(&now).is_of_the_same_file(&before) {
        return Err(io::Error::other("it was replaced while it was looked at"));
    }
    Ok(Some(scan))
}

impl Scan {
    /// Adds what is at a path.
    fn look_at(&mut self, path: &Path, real: &Path, content: &config::Content) -> io::Result<()> {
        let Some(name) = below(path, &content.dir) else {
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
                // A link that leads to where it is would not be followed from above either.
                let is_link = std::fs::symlink_metadata(path)?.is_symlink();
                if is_link && real.starts_with(&own) {
                    self.note_loop(name.clone());
                } else {
                    self.walk(path, &[real.to_owned(), own], content)?;
                }
            }
            Ok(metadata) if metadata.is_file() => {
                if let Some(copy) = copy_beside(path, &content.dir) {
                    self.note_copy(&name, &copy, content);
                } else if is_wanted(&name, content) {
                    let candidate = Candidate {
                        file: path.to_owned(),
                        stamp: Stamp::of(&metadata),
                    };
                    self.candidates.insert(name.clone(), candidate);
                }
            }
            Ok(_) => {}
            Err(error) => self.note(&name, Some(&error)),
        }
        if let Some(covered) = &mut self.covered {
            covered.insert(name);
        }
        Ok(())
    }

    /// Adds all that is below a directory. `above` are the real ones that no link may lead to or above.
    fn walk(&mut self, dir: &Path, above: &[PathBuf], content: &config::Content) -> io::Result<()> {
        let mut roots = vec![(dir.to_owned(), above.to_vec())];
        let mut lists = Vec::new();
        // Where there are few directories, those in them are listed each by itself.
        for _ in 0..MOST_ROUNDS {
            if roots.len() >= ENOUGH {
                break;
            }
            for (root, above) in std::mem::take(&mut roots) {
                let list = List::of(&root, &above, content, Reach::Itself)?;
                let real = std::fs::canonicalize(&root).ok();
                let above: Vec<PathBuf> = above.into_iter().chain(real).collect();
                roots.extend(list.dirs.iter().map(|dir| (dir.clone(), above.clone())));
                lists.push(list);
            }
        }
        let below: io::Result<Vec<List>> = roots
            .into_par_iter()
            .map(|(root, above)| List::of(&root, &above, content, Reach::AllBelow))
            .collect();
        lists.extend(below?);
        let mut candidates = Vec::new();
        for list in lists {
            for (path, trouble) in list.troubles {
                match trouble {
                    Trouble::Loop => self.note_loop(path),
                    Trouble::Error(error) => self.note(&path, error.as_ref()),
                }
            }
            candidates.extend(list.candidates);
            self.foreign.extend(list.foreign);
            for (path, copy) in list.copies {
                self.note_copy(&path, &copy, content);
            }
        }
        candidates.par_sort_by(|(a, _), (b, _)| a.cmp(b));
        tree::add(&mut self.candidates, candidates);
        Ok(())
    }

    fn note_copy(&mut self, path: &str, copy: &FileCopy, content: &config::Content) {
        if is_wanted(path, content) {
            self.findings.push(copy_finding(path, copy));
            self.copies.insert(path.to_owned(), copy.clone());
        }
    }

    /// Takes files that were copies before for copies still: an original that is away for a moment, or was deleted,
    /// makes no post of an old version of it.
    pub(super) fn hold_copies(
        &mut self,
        known: &BTreeMap<String, FileCopy>,
        content: &config::Content,
    ) {
        for (path, copy) in known {
            if self.candidates.remove(path).is_some() {
                self.note_copy(path, copy, content);
            }
        }
    }

    fn note_loop(&mut self, file: String) {
        self.findings.push(Finding {
            file,
            line: None,
            mark: None,
            severity: Severity::Warning,
            rule: Rule::UnreadableDirectory,
            message: "a link leads back to a directory above it and is not followed".to_owned(),
            hint: "remove the link, or leave it out with `content.exclude`".to_owned(),
        });
    }

    fn note(&mut self, path: &str, error: Option<&io::Error>) {
        if error.is_some_and(|error| error.kind() == io::ErrorKind::NotFound) {
            // A dangling link, or gone since it was listed.
            return;
        }
        self.unknown.push(format!("{path}/"));
        self.unknown_files.push(path.to_owned());
        match error.filter(|error| is_transient(error)) {
            Some(error) => self.unread.push(unread::finding(path, error)),
            None => self.findings.push(unread::directory(path, error)),
        }
    }

    /// Whether a path was looked at, where not all were.
    pub(super) fn covers(&self, file: &str) -> bool {
        self.covered.iter().flatten().any(|covered| {
            let rest = file.strip_prefix(covered.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// Whether a path could not be looked at, so that its absence means nothing.
    pub(super) fn is_unknown(&self, path: &str) -> bool {
        self.unknown
            .iter()
            .any(|dir| path.starts_with(dir.as_str()))
            || self.unknown_files.iter().any(|file| file == path)
    }
}

/// What is in a directory.
#[derive(Default)]
struct List {
    candidates: Vec<(String, Candidate)>,
    foreign: Vec<(String, PathBuf)>,
    copies: Vec<(String, FileCopy)>,
    /// Those that are yet to be listed.
    dirs: Vec<PathBuf>,
    /// What is not listed, by its path.
    troubles: Vec<(String, Trouble)>,
}

enum Trouble {
    /// It leads back to where it is.
    Loop,
    /// It cannot be looked at.
    Error(Option<io::Error>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// What is in a directory itself.
    Itself,
    /// And all below.
    AllBelow,
}

impl List {
    fn of(
        dir: &Path,
        above: &[PathBuf],
        content: &config::Content,
        reach: Reach,
    ) -> io::Result<List> {
        let mut list = List::default();
        let mut files = Vec::new();
        let walk = WalkDir::new(dir).follow_links(true).min_depth(1);
        let walk = match reach {
            Reach::Itself => walk.max_depth(1),
            Reach::AllBelow => walk,
        };
        let mut walk = walk
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
                        let path = below(entry.path(), &content.dir).unwrap_or_default();
                        list.troubles.push((path, Trouble::Loop));
                    } else if reach == Reach::Itself {
                        list.dirs.push(entry.into_path());
                    }
                }
                Ok(entry) if entry.file_type().is_file() => {
                    let Some(path) = below(entry.path(), &content.dir) else {
                        continue;
                    };
                    if is_wanted(&path, content) {
                        match copy_beside(entry.path(), &content.dir) {
                            Some(copy) => list.copies.push((path, copy)),
                            None => files.push((path, entry)),
                        }
                    } else if is_foreign(&path, content) {
                        list.foreign.push((path, entry.into_path()));
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    let path = error
                        .path()
                        .and_then(|path| below(path, &content.dir))
                        .unwrap_or_default();
                    if error.loop_ancestor().is_some() {
                        list.troubles.push((path, Trouble::Loop));
                    } else if path.is_empty() {
                        // Of the directory itself, or in the middle of a listing: anything may be
                        // missing.
                        return Err(error
                            .into_io_error()
                            .unwrap_or_else(|| io::Error::other("it cannot be listed")));
                    } else {
                        let trouble = Trouble::Error(error.into_io_error());
                        list.troubles.push((path, trouble));
                    }
                }
            }
        }
        list.add(files);
        Ok(list)
    }

    /// Adds files, of which there may be many: the system is asked for their stamps on all cores.
    fn add(&mut self, files: Vec<(String, DirEntry)>) {
        let stamped: Vec<_> = files
            .into_par_iter()
            .with_min_len(64)
            .map(|(path, entry)| match entry.metadata() {
                Ok(metadata) => {
                    let stamp = Stamp::of(&metadata);
                    let file = entry.into_path();
                    Ok((path, Candidate { file, stamp }))
                }
                Err(error) => Err((path, Trouble::Error(error.into_io_error()))),
            })
            .collect();
        self.candidates.reserve(stamped.len());
        for stamped in stamped {
            match stamped {
                Ok(candidate) => self.candidates.push(candidate),
                // One that is gone since it was listed is simply not there.
                Err(trouble) => self.troubles.push(trouble),
            }
        }
    }
}

/// The path below the directory with `/` between its parts. What is not UTF-8 is written as
/// percent-escapes, so that two names stay two.
fn below(path: &Path, dir: &Path) -> Option<String> {
    let path = path.strip_prefix(dir).ok()?;
    let mut parts = String::with_capacity(path.as_os_str().len());
    for part in path {
        if !parts.is_empty() {
            parts.push('/');
        }
        readable(part.as_encoded_bytes(), &mut parts);
    }
    Some(parts)
}

fn readable(name: &[u8], text: &mut String) {
    for chunk in name.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
}
