//! What is known of every file of the content directory, kept from one look to the next.
//!
//! A look lists the directory and reads again only what changed. A file that breaks keeps its
//! last good post, unless its text says that it is hidden; a file that goes is forgotten.

mod absence;
mod findings;
mod look;
mod others;
mod reading;
mod taking;
mod unread;

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use rayon::prelude::*;

use super::copies::FileCopy;
use super::foreign::{self, Foreign};
use super::known::{Known, Tally};
use super::scan::{Scan, scan, scan_paths};
use super::{Depth, Rendering, Scope, ledger, tree};
use crate::config::Config;
use crate::finding::Finding;
use crate::post::{Body, Marker, Post, Shared};
use crate::progress::Progress;

use look::Fresh;

pub use absence::ABSENCE;
pub use look::Look;

/// So many texts are compressed before it is looked whether there is anything else to do: it takes some ten milliseconds.
const COMPRESSED_AT_ONCE: usize = 512;

/// Posts that go within this go at once.
const AT_ONCE: Duration = Duration::from_secs(5);

/// Every post of a content directory, and everything wrong with it.
#[derive(Debug, Default)]
pub struct Library {
    files: BTreeMap<Arc<str>, Known>,
    tally: Tally,
    /// What files say of all posts below a directory.
    sections: Vec<(String, Vec<Marker>)>,
    findings: Vec<Finding>,
    of_ledger: Vec<Finding>,
    /// What could not be read for the moment, by its path.
    unread: BTreeMap<String, Finding>,
    /// What `check` says of files that are no posts.
    of_others: Vec<Finding>,
    /// Files of other formats that were looked into.
    foreign: Foreign,
    /// Files that are copies of posts, or were when their original was last there.
    copies: BTreeMap<String, FileCopy>,
    /// Bodies whose texts are still to be compressed.
    uncompressed: Vec<Body>,
    /// What bodies are rendered with.
    rendering: Option<Arc<Rendering>>,
    /// Files that are gone and waited for, and since when.
    absent: BTreeMap<Arc<str>, Instant>,
    /// How many posts there were at most a moment ago, and when.
    most: Option<(SystemTime, usize)>,
    looked: bool,
    depth: Depth,
    /// What posts say alike.
    shared: Shared,
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

/// When the posts of files that are gone are withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// At this instant, if the file has been missing for [`ABSENCE`]. Where most are gone at once, the directory
    /// is being replaced, and all stay.
    IsDoubted(Instant),
    /// The same, and most may go.
    OfMostIsBelieved(Instant),
    /// At once.
    IsBelieved,
}

/// What a look found.
#[derive(Debug, Default)]
pub struct Looked {
    /// Whether anything is other than it was.
    pub changed: bool,
    /// Whether posts are kept whose files are gone.
    pub in_doubt: bool,
    /// How many files were read.
    pub read: usize,
    /// How many files are other than they were, or missing for the first time.
    pub changed_files: usize,
    /// Files that are gone and waited for, and since when. None where most are gone.
    pub absent: Vec<(Arc<str>, Instant)>,
    /// The files whose posts are others, or gone.
    pub posts: Vec<(Arc<str>, Option<Arc<Post>>)>,
    /// The files of which something else may be wrong now.
    pub files: Vec<Arc<str>>,
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
        self.look_at(&Scope::All, config, loss, now, progress)
    }

    /// The same, where only what events named is looked at.
    ///
    /// # Errors
    /// As [`Library::look`].
    pub fn look_at(
        &mut self,
        scope: &Scope,
        config: &Config,
        loss: Loss,
        now: SystemTime,
        progress: &Progress,
    ) -> Result<Looked, LibraryError> {
        let mut look = self.begin(scope, config, &|_| false, progress)?;
        while self.read_some(&mut look, usize::MAX, (config, now), progress) {}
        Ok(self.finish(look, config, loss, now))
    }

    /// Takes in all that a look found.
    pub fn finish(&mut self, look: Look, config: &Config, loss: Loss, now: SystemTime) -> Looked {
        let Look {
            mut scan,
            gone,
            fresh: read,
            unread,
            is_deferred,
            ..
        } = look;
        if is_deferred {
            let posts = read.iter().filter_map(|fresh| fresh.known.post.as_ref());
            self.uncompressed
                .extend(posts.map(|post| post.body.clone()));
        }
        let unread_changed = self.record_unread(&mut scan, unread);
        self.copies
            .retain(|path, _| scan.covered.is_some() && !scan.covers(path));
        self.copies.append(&mut scan.copies);
        self.remember_most(now);
        let missing = self.sort_out_gone(gone, &read, loss);
        let mut looked = Looked {
            changed: !self.looked || unread_changed,
            in_doubt: missing.in_doubt,
            read: read.len(),
            changed_files: missing.newly_missed,
            absent: missing.absent,
            ..Looked::default()
        };
        let mut sections = false;
        let before = self.files.len();
        for path in missing.withdrawn {
            if let Some(known) = self.files.remove(&path) {
                self.tally.subtract(&known);
                sections |= !known.withholds.is_empty();
                if known.post.is_some() {
                    looked.posts.push((Arc::clone(&path), None));
                }
                looked.files.push(path);
                looked.changed = true;
            }
        }
        let mut fresh = Vec::with_capacity(read.len());
        let mut known = Vec::with_capacity(read.len());
        for file in read {
            let taken = self.take(&file);
            known.push((Arc::clone(&file.path), file.known));
            looked.changed |= taken.is_other;
            looked.changed_files += usize::from(taken.is_other);
            sections |= taken.withholds_other;
            fresh.push((file.path, taken.was));
        }
        tree::add(&mut self.files, known);
        self.shared.sweep();
        self.withhold(sections, fresh, &mut looked);
        let is_all = scan.covered.is_none();
        if is_all || self.files.len() != before || !looked.posts.is_empty() || !self.looked {
            let is_there = |path: &str| self.files.contains_key(path) || scan.is_unknown(path);
            self.of_ledger = ledger::findings(&config.site.ids, is_there);
        }
        foreign::look_into(&mut scan, &mut self.foreign);
        looked.changed |= self.note(scan, is_all);
        if self.depth == Depth::Check {
            self.of_others = self.findings_of_others();
        }
        self.looked = true;
        looked
    }

    /// Compresses some of the texts that the first look left as they are; whether there were any.
    pub fn compress_some(&mut self) -> bool {
        let from = self.uncompressed.len().saturating_sub(COMPRESSED_AT_ONCE);
        let some = self.uncompressed.split_off(from);
        some.par_iter().for_each(Body::compress);
        if self.uncompressed.is_empty() {
            self.uncompressed.shrink_to_fit();
        }
        !some.is_empty()
    }

    /// Whether any texts are still to be compressed.
    pub fn has_uncompressed(&self) -> bool {
        !self.uncompressed.is_empty()
    }

    /// Reads every file again at the next look, as they are to be read otherwise. What a file was stays
    /// known, for the case that it is broken.
    pub fn read_again(&mut self) {
        self.rendering = None;
        for known in self.files.values_mut() {
            known.stamp = None;
        }
    }

    fn scan(&self, scope: &Scope, config: &Config) -> Result<Scan, LibraryError> {
        let failed = |source| LibraryError::Directory {
            dir: config.content.dir.clone(),
            source,
        };
        let some = match scope {
            Scope::Paths(paths) if self.looked => {
                scan_paths(&config.content, paths, |path| self.copies_of(path)).map_err(failed)?
            }
            _ => None,
        };
        let mut scan = match some {
            Some(scan) => scan,
            None => scan(&config.content).map_err(failed)?,
        };
        scan.hold_copies(&self.copies, &config.content);
        Ok(scan)
    }

    /// The files that were there and are not, as far as was looked.
    fn gone(&self, scan: &Scan) -> Vec<Arc<str>> {
        let is_gone =
            |path: &&Arc<str>| !scan.candidates.contains_key(&***path) && !scan.is_unknown(path);
        let Some(covered) = &scan.covered else {
            return self.files.keys().filter(is_gone).cloned().collect();
        };
        let below = |covered: &String| {
            let dir = format!("{covered}/");
            let own = self.files.get_key_value(covered.as_str());
            let from = (Bound::Included(dir.as_str()), Bound::Unbounded);
            let within = self.files.range::<str, _>(from);
            let within = within.take_while(move |(path, _)| path.starts_with(&dir));
            let paths = own.into_iter().chain(within).map(|(path, _)| path);
            paths.filter(is_gone).cloned().collect::<Vec<_>>()
        };
        covered.iter().flat_map(below).collect()
    }

    /// Remembers how many posts there were a moment ago.
    fn remember_most(&mut self, now: SystemTime) {
        let posts = self.tally.posts + self.tally.kept;
        let is_of_late = |since: SystemTime| {
            now.duration_since(since)
                .is_ok_and(|passed| passed < AT_ONCE)
        };
        let holds = self
            .most
            .is_some_and(|(since, most)| most > posts && is_of_late(since));
        if !holds {
            self.most = Some((now, posts));
        }
    }

    /// Whether fewer than half of the posts are left, counting those that came in the meantime: a
    /// directory that was moved within the content has its posts elsewhere.
    fn would_lose_most(&self, gone: &[Arc<str>], read: &[Fresh]) -> bool {
        let before = self.tally.posts + self.tally.kept;
        // Files that go one after the other are seen to go in several looks.
        let most = self.most.map_or(before, |(_, most)| most.max(before));
        let is_post = |path: &&Arc<str>| {
            let known = self.files.get(&***path);
            known.is_some_and(|known| known.post.is_some())
        };
        let lost = gone.iter().filter(is_post).count();
        let is_new = |fresh: &&Fresh| !self.files.contains_key(&fresh.path);
        let new = || read.iter().filter(is_new).count();
        lost > 0 && (before.saturating_sub(lost) + new()) * 2 < most
    }

    /// Every post there is, in the order of the paths. A post of a broken file is its last good.
    pub fn posts(&self) -> impl Iterator<Item = &Arc<Post>> {
        self.files.values().filter_map(Known::published)
    }

    /// Gives posts what the files of the sections above them say: all posts where `sections` say something
    /// else, or those that are `fresh`, each with what it was.
    fn withhold(
        &mut self,
        sections: bool,
        fresh: Vec<(Arc<str>, Option<Arc<Post>>)>,
        looked: &mut Looked,
    ) {
        if sections {
            let saying = self
                .files
                .iter()
                .filter(|(_, known)| !known.withholds.is_empty());
            self.sections = saying
                .map(|(path, known)| {
                    let dir = path.rsplit_once('/').map_or("", |(dir, _)| dir);
                    (dir.to_owned(), known.withholds.to_vec())
                })
                .collect();
        }
        let mut fresh: BTreeMap<Arc<str>, Option<Option<Arc<Post>>>> = fresh
            .into_iter()
            .map(|(path, was)| (path, Some(was)))
            .collect();
        for path in self.files.keys().filter(|_| sections) {
            fresh.entry(Arc::clone(path)).or_default();
        }
        let above = &self.sections;
        let mut each = |path: Arc<str>, was: Option<Option<Arc<Post>>>, known: &mut Known| {
            let was = match was {
                Some(was) => {
                    looked.files.push(Arc::clone(&path));
                    was
                }
                None => known.published().cloned(),
            };
            let above = above.iter().filter(|(dir, _)| {
                dir.is_empty()
                    || path
                        .strip_prefix(dir.as_str())
                        .is_some_and(|rest| rest.starts_with('/'))
            });
            let markers: Vec<Marker> = above.flat_map(|(_, markers)| markers.clone()).collect();
            let post = known.post.as_ref().filter(|_| !markers.is_empty());
            let below = post.map(|post| {
                let mut below = Post::clone(post);
                below.markers = below.markers.iter().cloned().chain(markers).collect();
                below
            });
            if known.below.as_deref() != below.as_ref() {
                known.below = below.map(Arc::new);
                looked.changed = true;
            }
            let is = known.published();
            let is_same = match (&was, is) {
                (Some(was), Some(is)) => Arc::ptr_eq(was, is),
                (None, None) => true,
                _ => false,
            };
            if !is_same {
                looked.posts.push((path, is.cloned()));
            }
        };
        // All that are fresh are there: if they are as many, they are the same, in the same order.
        if fresh.len() == self.files.len() {
            for ((path, was), known) in fresh.into_iter().zip(self.files.values_mut()) {
                each(path, was, known);
            }
            return;
        }
        for (path, was) in fresh {
            if let Some(known) = self.files.get_mut(&path) {
                each(path, was, known);
            }
        }
    }

    /// How many files are what.
    pub fn tally(&self) -> Tally {
        self.tally
    }
}
