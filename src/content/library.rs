//! What is known of every file of the content directory, kept from one look to the next.
//!
//! A look lists the directory and reads again only what changed. A file that breaks keeps its
//! last good post, unless its text says that it is hidden; a file that goes is forgotten.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use rayon::prelude::*;

use super::parse::Parsed;
use super::read::{Reading, read};
use super::scan::{Candidate, Scan, scan};
use super::{Depth, ledger};
use crate::config::Config;
use crate::finding::{Finding, Rule, Severity};
use crate::post::{Marker, Post};
use crate::progress::{Progress, Stage};
use crate::stamp::Stamp;

/// Every post of a content directory, and everything wrong with it.
#[derive(Debug, Default)]
pub struct Library {
    files: BTreeMap<String, Known>,
    findings: Vec<Finding>,
    looked: bool,
    depth: Depth,
}

/// What is known of one file.
#[derive(Debug)]
struct Known {
    stamp: Option<Stamp>,
    state: State,
    /// As it was read.
    post: Option<Arc<Post>>,
    /// The same with what the sections above it say, where they say anything.
    below: Option<Arc<Post>>,
    /// What the file says of all posts below its directory.
    withholds: Vec<Marker>,
    findings: Vec<Finding>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Post,
    NoPost,
    Broken,
}

/// How many files are what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Files that are posts now.
    pub posts: usize,
    /// Files that are broken and nowhere.
    pub broken: usize,
    /// Files that are broken and served as they last parsed.
    pub kept: usize,
    /// Files that are none of ours.
    pub others: usize,
}

/// Why the content directory could not be looked at. What was known stays known.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// It cannot be listed.
    #[error("cannot read the content directory `{}`", dir.display())]
    Directory {
        /// The directory.
        dir: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// What is made of it when most posts are gone at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// The directory is being replaced, and they are about to come back: they stay for now.
    IsDoubted,
    /// They are gone.
    IsBelieved,
}

/// What a look found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looked {
    /// Whether anything is other than it was.
    pub changed: bool,
    /// Whether posts are kept whose files are gone.
    pub in_doubt: bool,
    /// How many files were read.
    pub read: usize,
    /// How many files are other than they were, or gone.
    pub changed_files: usize,
}

impl Library {
    /// A library that knows nothing yet.
    pub fn new(depth: Depth) -> Library {
        Library {
            depth,
            ..Library::default()
        }
    }

    /// Looks at the directory, and tells `progress` how far it is. `now` tells only which stamps are
    /// too fresh to be trusted.
    ///
    /// # Errors
    /// The directory cannot be listed; what was known stays as it is.
    pub fn look(
        &mut self,
        config: &Config,
        loss: Loss,
        now: SystemTime,
        progress: &Progress,
    ) -> Result<Looked, LibraryError> {
        let dir = &config.content.dir;
        progress.begin(Stage::Listing, 0);
        let mut scan = scan(&config.content).map_err(|source| LibraryError::Directory {
            dir: dir.clone(),
            source,
        })?;
        let of_ledger = ledger::findings(&config.site.ids, &scan);
        scan.findings.extend(of_ledger);
        let stale: Vec<(&String, &Candidate)> = scan
            .candidates
            .iter()
            .filter(|(path, candidate)| {
                let known = self.files.get(*path);
                known.is_none_or(|known| known.stamp.as_ref() != Some(&candidate.stamp))
            })
            .collect();
        progress.begin(Stage::Reading, stale.len());
        let read: Vec<(String, Reading)> = stale
            .into_par_iter()
            .map(|(path, candidate)| {
                let reading = read(path, candidate, config, self.depth, now);
                progress.step();
                (path.clone(), reading)
            })
            .collect();

        let in_doubt = loss == Loss::IsDoubted && self.has_lost_most(&scan);
        let before = self.files.len();
        if !in_doubt {
            self.files
                .retain(|path, _| scan.candidates.contains_key(path) || scan.is_unknown(path));
        }
        let mut looked = Looked {
            changed: !self.looked || self.files.len() != before || self.findings != scan.findings,
            in_doubt,
            read: read.len(),
            changed_files: before - self.files.len(),
        };
        for (path, reading) in read {
            let is_other = self.take(path, reading);
            looked.changed |= is_other;
            looked.changed_files += usize::from(is_other);
        }
        looked.changed |= self.withhold();
        self.findings = scan.findings;
        self.looked = true;
        Ok(looked)
    }

    /// Reads every file again at the next look, as they are to be read otherwise. What a file was stays
    /// known, for the case that it is broken.
    pub fn read_again(&mut self) {
        for known in self.files.values_mut() {
            known.stamp = None;
        }
    }

    /// Whether fewer than half of the posts are left, counting those that came in the meantime: a
    /// directory that was moved within the content has its posts elsewhere.
    fn has_lost_most(&self, scan: &Scan) -> bool {
        let posts = self.files.iter().filter(|(_, known)| known.post.is_some());
        let (mut before, mut left) = (0, 0);
        for (path, _) in posts {
            before += 1;
            left += usize::from(scan.candidates.contains_key(path) || scan.is_unknown(path));
        }
        let new = scan
            .candidates
            .keys()
            .filter(|path| !self.files.contains_key(*path))
            .count();
        (left + new) * 2 < before
    }

    /// Every post there is, in the order of the paths. A post of a broken file is its last good.
    pub fn posts(&self) -> impl Iterator<Item = &Arc<Post>> {
        self.files
            .values()
            .filter_map(|file| file.below.as_ref().or(file.post.as_ref()))
    }

    /// Gives posts what the files of the sections above them say; returns whether that differs.
    fn withhold(&mut self) -> bool {
        let sections: Vec<(String, Vec<Marker>)> = self
            .files
            .iter()
            .filter(|(_, known)| !known.withholds.is_empty())
            .map(|(path, known)| {
                let dir = path.rsplit_once('/').map_or("", |(dir, _)| dir);
                (dir.to_owned(), known.withholds.clone())
            })
            .collect();
        let mut changed = false;
        for (path, known) in &mut self.files {
            let above = sections.iter().filter(|(dir, _)| {
                dir.is_empty()
                    || path
                        .strip_prefix(dir.as_str())
                        .is_some_and(|rest| rest.starts_with('/'))
            });
            let markers: Vec<Marker> = above.flat_map(|(_, markers)| markers.clone()).collect();
            let post = known.post.as_ref().filter(|_| !markers.is_empty());
            let below = post.map(|post| {
                let mut below = Post::clone(post);
                below.markers.extend(markers);
                below
            });
            if known.below.as_deref() != below.as_ref() {
                known.below = below.map(Arc::new);
                changed = true;
            }
        }
        changed
    }

    /// Everything that is wrong with the content, in the order of the paths.
    pub fn findings(&self) -> Vec<Finding> {
        let of_files = self.files.values().flat_map(|file| &file.findings);
        let mut findings: Vec<Finding> = self.findings.iter().chain(of_files).cloned().collect();
        findings.sort();
        findings
    }

    /// How many files are what.
    pub fn tally(&self) -> Tally {
        self.files
            .values()
            .fold(Tally::default(), |mut tally, file| {
                match (file.state, &file.post) {
                    (State::Post, _) => tally.posts += 1,
                    (State::NoPost, _) => tally.others += 1,
                    (State::Broken, None) => tally.broken += 1,
                    (State::Broken, Some(_)) => tally.kept += 1,
                }
                tally
            })
    }

    /// Puts what was read in place of what was known; returns whether it differs.
    fn take(&mut self, path: String, reading: Reading) -> bool {
        let Reading { stamp, parsed } = reading;
        let last_good = self.files.get(&path).and_then(|file| file.post.clone());
        let mut file = match parsed {
            Parsed::Post { post, findings } => {
                // The same post stays the same allocation, so that what is made of it can stay.
                let post = last_good
                    .filter(|last| **last == *post)
                    .unwrap_or_else(|| Arc::from(post));
                Known {
                    stamp,
                    state: State::Post,
                    post: Some(post),
                    below: None,
                    withholds: Vec::new(),
                    findings,
                }
            }
            Parsed::Plain { says_hidden } if last_good.is_some() => {
                let findings = vec![error(
                    &path,
                    Rule::FrontMatter,
                    "the front matter is gone".to_owned(),
                    "write it again, or delete the file to withdraw the post",
                )];
                broken_file(stamp, findings, last_good, says_hidden, &path)
            }
            Parsed::Other { withholds, .. } => Known {
                withholds,
                ..no_post(stamp)
            },
            Parsed::Plain { .. } => no_post(stamp),
            Parsed::Broken {
                findings,
                says_hidden,
            } => broken_file(stamp, findings, last_good, says_hidden, &path),
        };
        file.findings.sort();
        let before = self.files.get(&path);
        if let Some(before) = before {
            file.below = before.below.clone();
            // What a section said holds until it says something else.
            if file.state == State::Broken {
                file.withholds.clone_from(&before.withholds);
            }
        }
        let same = before.is_some_and(|before| {
            before.state == file.state
                && before.post == file.post
                && before.findings == file.findings
        });
        self.files.insert(path, file);
        !same
    }
}

fn broken_file(
    stamp: Option<Stamp>,
    mut findings: Vec<Finding>,
    last_good: Option<Arc<Post>>,
    says_hidden: bool,
    path: &str,
) -> Known {
    if last_good.is_some() {
        let (severity, rule, message, hint) = if says_hidden {
            (
                Severity::Warning,
                Rule::BrokenAndHidden,
                "the post is withdrawn, as the broken text says that it is hidden",
                "mend the text; it comes back when it parses and is not hidden",
            )
        } else {
            (
                Severity::Warning,
                Rule::LastGoodKept,
                "the post is served as it was before the text broke",
                "mend the text, or delete the file to withdraw the post",
            )
        };
        findings.push(Finding {
            file: path.to_owned(),
            line: None,
            mark: None,
            severity,
            rule,
            message: message.to_owned(),
            hint: hint.to_owned(),
        });
    }
    let post = last_good.filter(|_| !says_hidden);
    Known {
        stamp,
        state: State::Broken,
        post,
        below: None,
        withholds: Vec::new(),
        findings,
    }
}

fn no_post(stamp: Option<Stamp>) -> Known {
    Known {
        stamp,
        state: State::NoPost,
        post: None,
        below: None,
        withholds: Vec::new(),
        findings: Vec::new(),
    }
}

pub(super) fn error(path: &str, rule: Rule, message: String, hint: &str) -> Finding {
    Finding {
        file: path.to_owned(),
        line: None,
        mark: None,
        severity: Severity::Error,
        rule,
        message,
        hint: hint.to_owned(),
    }
}
