//! Decides when the post of a file that is gone is withdrawn: many programs delete a file before they write it again.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::look::Fresh;
use super::{Library, Loss};
use crate::post::Post;

/// How long a file may be missing before its post is withdrawn. `git stash` followed by `git stash pop`, a deletion
/// followed by a copy and editors on slow links need some tens of milliseconds.
pub const ABSENCE: Duration = Duration::from_millis(150);

/// What becomes of files that are gone.
#[derive(Debug, Default)]
pub(super) struct Missing {
    /// Those whose posts are withdrawn now.
    pub(super) withdrawn: Vec<Arc<str>>,
    /// Those that are waited for, and since when.
    pub(super) absent: Vec<(Arc<str>, Instant)>,
    /// How many were there when they were last looked for.
    pub(super) newly_missed: usize,
    /// Whether most are gone, so that all stay.
    pub(super) in_doubt: bool,
}

impl Library {
    /// Sorts files that are `gone` by what becomes of them. `read` are those that were read in the same look: a
    /// file whose post is among them under a new name was renamed, and is not waited for.
    pub(super) fn sort_out_gone(
        &mut self,
        gone: Vec<Arc<str>>,
        read: &[Fresh],
        loss: Loss,
    ) -> Missing {
        let (at, doubts_most) = match loss {
            Loss::IsDoubted(at) => (Some(at), true),
            Loss::OfMostIsBelieved(at) => (Some(at), false),
            Loss::IsBelieved => (None, false),
        };
        let newly_missed = gone
            .iter()
            .filter(|path| !self.absent.contains_key(*path))
            .count();
        let is_over = |since: &Instant| at.is_none_or(|at| at >= *since + ABSENCE);
        let renamed = self.renamed(read);
        let is_renamed = |path: &Arc<str>| {
            let post = self.files.get(path).and_then(|known| known.post.as_deref());
            post.is_some_and(|post| renamed.contains(&post.kept_by_renaming()))
        };
        let (withdrawn, absent): (Vec<Arc<str>>, Vec<Arc<str>>) =
            gone.iter().cloned().partition(|path| {
                self.absent.get(path).map_or(at.is_none(), is_over) || is_renamed(path)
            });
        let in_doubt = doubts_most && !withdrawn.is_empty() && self.would_lose_most(&gone, read);
        if let Some(at) = at {
            for path in gone {
                self.absent.entry(path).or_insert(at);
            }
        }
        if in_doubt {
            return Missing {
                newly_missed,
                in_doubt,
                ..Missing::default()
            };
        }
        if !doubts_most {
            // What was accepted is no reason to doubt the next deletion.
            self.most = None;
        }
        for path in &withdrawn {
            self.absent.remove(path);
        }
        let since = |path: Arc<str>| {
            let since = *self.absent.get(&path)?;
            Some((path, since))
        };
        Missing {
            withdrawn,
            absent: absent.into_iter().filter_map(since).collect(),
            newly_missed,
            in_doubt,
        }
    }

    /// What tells the posts of files that were not there before from others.
    fn renamed<'a>(&self, read: &'a [Fresh]) -> HashSet<(DateTime<Utc>, &'a str, &'a str)> {
        let new = read
            .iter()
            .filter(|fresh| !self.files.contains_key(&fresh.path));
        new.filter_map(|fresh| fresh.known.post.as_deref())
            .map(Post::kept_by_renaming)
            .collect()
    }
}
