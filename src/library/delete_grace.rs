//! Decides when the post of a missing file is withdrawn.
//!
//! Many programs delete a file before they write it again.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, Utc};

use super::file_record::FileCounts;
use super::file_table::FileTable;
use super::pending_scan::ReadFile;
use super::scan::DirectoryScan;
use crate::model::post::Post;

/// Maximum time that a file may be missing before its post is withdrawn.
///
/// `git stash` followed by `git stash pop`, a deletion followed by a copy, and editors on slow links
/// take some tens of milliseconds.
pub const DELETE_GRACE: Duration = Duration::from_millis(150);

/// Posts deleted within this time count as deleted at once.
const MASS_DELETION_WINDOW: Duration = Duration::from_secs(5);

/// Decides when the posts of deleted files are withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeletionPolicy {
    /// Withdraw a post if its file has been missing for [`DELETE_GRACE`] at this instant. Keep all posts
    /// if most are missing: the directory is probably being replaced.
    HoldMass(Instant),
    /// Withdraw a post after [`DELETE_GRACE`], even if most are missing.
    AcceptMass(Instant),
    /// Withdraw posts at once.
    Immediate,
}

/// Files that are missing, and the number of posts that there were before.
#[derive(Debug, Default)]
pub(super) struct MissingFileTracker {
    /// Missing files whose posts are still kept, and since when.
    missing_since: BTreeMap<Arc<str>, Instant>,
    /// Largest recent number of posts, and when it was counted.
    recent_max_posts: Option<(SystemTime, usize)>,
}

/// Missing files, sorted by what happens to them.
#[derive(Debug, Default)]
pub(super) struct MissingFiles {
    /// Files whose posts are withdrawn now.
    pub(super) withdrawn: Vec<Arc<str>>,
    /// Files whose posts are still kept, and since when they are missing.
    pub(super) kept: Vec<(Arc<str>, Instant)>,
    /// Number of files that the previous scan still found.
    pub(super) newly_missing_count: usize,
    /// True if most files are missing, so that all posts stay.
    pub(super) is_holding_deletions: bool,
}

impl MissingFileTracker {
    /// Forgets the files that a scan found.
    pub(super) fn forget_found(&mut self, scan: &DirectoryScan) {
        self.missing_since
            .retain(|path, _| !scan.files.contains_key(&**path));
    }

    /// Records the largest number of posts within the last few seconds.
    pub(super) fn record_post_count(&mut self, counts: FileCounts, now: SystemTime) {
        let posts = counts.posts + counts.last_good;
        let is_still_largest = self.recent_max_posts.is_some_and(|(since, most)| {
            most > posts
                && now
                    .duration_since(since)
                    .is_ok_and(|passed| passed < MASS_DELETION_WINDOW)
        });
        if !is_still_largest {
            self.recent_max_posts = Some((now, posts));
        }
    }

    /// Sorts the `missing` files by what happens to them. A file whose post is in `read`, the files
    /// of the same scan, under a new name was renamed and is withdrawn without a delay.
    pub(super) fn resolve_missing_files(
        &mut self,
        files: &FileTable,
        missing: Vec<Arc<str>>,
        read: &[ReadFile],
        deletions: DeletionPolicy,
    ) -> MissingFiles {
        let (at, holds_mass_deletion) = match deletions {
            DeletionPolicy::HoldMass(at) => (Some(at), true),
            DeletionPolicy::AcceptMass(at) => (Some(at), false),
            DeletionPolicy::Immediate => (None, false),
        };
        let newly_missed = missing
            .iter()
            .filter(|path| !self.missing_since.contains_key(*path))
            .count();
        let is_over = |since: &Instant| at.is_none_or(|at| at >= *since + DELETE_GRACE);
        let renamed = renaming_keys(files, read);
        let is_renamed = |path: &Arc<str>| {
            let post = files.get(path).and_then(|known| known.post.as_deref());
            post.is_some_and(|post| renamed.contains(&post.rename_invariants()))
        };
        let (withdrawn, absent): (Vec<Arc<str>>, Vec<Arc<str>>) =
            missing.iter().cloned().partition(|path| {
                self.missing_since.get(path).map_or(at.is_none(), is_over) || is_renamed(path)
            });
        let in_doubt = holds_mass_deletion
            && !withdrawn.is_empty()
            && self.is_mass_deletion(files, &missing, read);
        if let Some(at) = at {
            for path in missing {
                self.missing_since.entry(path).or_insert(at);
            }
        }
        if in_doubt {
            return MissingFiles {
                newly_missing_count: newly_missed,
                is_holding_deletions: in_doubt,
                ..MissingFiles::default()
            };
        }
        if !holds_mass_deletion {
            // An accepted deletion must not count towards the next one.
            self.recent_max_posts = None;
        }
        for path in &withdrawn {
            self.missing_since.remove(path);
        }
        let since = |path: Arc<str>| {
            let since = *self.missing_since.get(&path)?;
            Some((path, since))
        };
        MissingFiles {
            withdrawn,
            kept: absent.into_iter().filter_map(since).collect(),
            newly_missing_count: newly_missed,
            is_holding_deletions: in_doubt,
        }
    }

    /// Returns true if fewer than half of the posts are left. New posts count as left, because a
    /// directory moved within the content keeps its posts under other paths.
    fn is_mass_deletion(&self, files: &FileTable, gone: &[Arc<str>], read: &[ReadFile]) -> bool {
        let counts = files.counts();
        let before = counts.posts + counts.last_good;
        // Files that are deleted one by one disappear over several scans.
        let most = self
            .recent_max_posts
            .map_or(before, |(_, most)| most.max(before));
        let is_post = |path: &&Arc<str>| {
            let known = files.get(path);
            known.is_some_and(|known| known.post.is_some())
        };
        let lost = gone.iter().filter(is_post).count();
        if lost == 0 {
            return false;
        }
        let is_new = |fresh: &&ReadFile| !files.contains(&fresh.path);
        let new = read.iter().filter(is_new).count();
        (before.saturating_sub(lost) + new) * 2 < most
    }
}

/// Returns the keys by which new files are matched with the posts of missing ones.
fn renaming_keys<'a>(
    files: &FileTable,
    read: &'a [ReadFile],
) -> HashSet<(DateTime<Utc>, &'a str, &'a str)> {
    let new = read.iter().filter(|fresh| !files.contains(&fresh.path));
    new.filter_map(|fresh| fresh.record.post.as_deref())
        .map(Post::rename_invariants)
        .collect()
}
