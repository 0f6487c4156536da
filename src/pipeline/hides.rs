//! Publishes what takes posts back before what shows, where there is much of the latter: a withdrawal only takes
//! entries out of lists, and waits for nothing that is still to be read or rendered.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::SystemTime;

use super::{Outcome, Pipeline};
use crate::content::{LibraryError, Look, Scope};
use crate::post::Post;
use crate::progress::Progress;
use crate::render::RenderError;
use crate::site::register::Change;

/// So many files are read before what was read of them is looked at for withdrawals, at first and later. Reading a
/// thousand takes some 20 milliseconds; each generation takes some, too.
const FIRST_STEP: usize = 128;
const MAX_STEP: usize = 1024;
/// Of fewer changes, a post that takes the place of a hidden one is published with it.
const FEW: usize = 32;
/// A generation that follows from events shows at most so many changes, or this part of all posts if that is more: a post
/// that hides meanwhile waits for one such generation, which takes some milliseconds. A part of all, so that a directory of
/// many posts that is moved in is not as many generations, each of which costs more the more posts there are.
const MAX_BATCH: usize = 256;
const MAX_BATCH_PART: usize = 64;

impl Pipeline {
    /// Lists and reads what changed. Of many files, and of those beside a large one, those of public posts are read
    /// first, and what they take back is published before the rest is read.
    pub(super) fn read(&mut self, scope: &Scope, now: SystemTime) -> Result<Look, LibraryError> {
        let progress = Progress::default();
        let register = &self.register;
        let is_public = |path: &str| register.public_post(path).is_some();
        let config = Arc::clone(&self.config);
        let mut look = self.library.begin(scope, &config, &is_public, &progress)?;
        let mut step = FIRST_STEP;
        while self.stale.is_none()
            && let Some(some) = look.next_step(step)
        {
            self.library
                .read_some(&mut look, some, (&config, now), &progress);
            step = (step * 2).min(MAX_STEP);
            let read = self.library.just_read(&look);
            let hides = read.into_iter();
            let hides = hides.filter(|change| self.register.takes_back(change, now.into()));
            let hides: Vec<Change> = hides.collect();
            if !hides.is_empty() {
                // What was said of those posts before does not count any more.
                let hidden: HashSet<&str> = hides.iter().map(|(path, _)| &**path).collect();
                self.pending.retain(|(path, _)| !hidden.contains(&**path));
                // What cannot be rendered now is tried again with all the rest.
                let _ = self.publish_untold(hides, now);
            }
        }
        while self
            .library
            .read_some(&mut look, usize::MAX, (&config, now), &progress)
        {}
        Ok(look)
    }

    /// Publishes, of several changes, those that take posts back, and what has expired: before the others are rendered,
    /// of which each may take long.
    pub(super) fn publish_hides_first(&mut self, now: SystemTime) -> Result<(), RenderError> {
        if self.pending.len() < 2 || self.stale.is_some() {
            return Ok(());
        }
        let are_few = self.pending.len() <= FEW;
        let hides = self.take_hides(now, are_few);
        let is_due = self
            .register
            .next_change()
            .is_some_and(|due| due <= now.into());
        if self.pending.is_empty() {
            self.pending = hides;
        } else if is_due || !hides.is_empty() {
            self.publish_untold(hides, now)?;
        }
        Ok(())
    }

    /// How many changes one generation shows at most, if it follows from events.
    pub(super) fn max_batch(&self) -> usize {
        MAX_BATCH.max(self.library.tally().posts / MAX_BATCH_PART)
    }

    /// Takes the changes of the next generation from those that wait: the first, at most so many. All of them where a
    /// file was moved, or its post would be nowhere in between.
    pub(super) fn take_batch(&mut self, most: usize) -> Vec<Change> {
        let is_moved = |(_, post): &Change| post.is_none();
        let is_whole = self.stale.is_some() || self.pending.iter().any(is_moved);
        if is_whole || self.pending.len() <= most {
            return std::mem::take(&mut self.pending);
        }
        self.pending.drain(..most).collect()
    }

    /// Publishes of what waits only what takes posts back.
    pub(super) fn publish_held(&mut self, now: SystemTime) -> Result<Outcome, RenderError> {
        let hides = self.take_hides(now, false);
        if !hides.is_empty() {
            let outcome = self.publish_changes(hides, now)?;
            self.tell();
            return Ok(outcome);
        }
        match self.untold.take() {
            Some(changed) => {
                self.status.changed = changed;
                self.tell();
                Ok(Outcome::Published)
            }
            None => Ok(Outcome::Unchanged),
        }
    }

    /// Publishes a generation that is told of with the next.
    fn publish_untold(&mut self, hides: Vec<Change>, now: SystemTime) -> Result<(), RenderError> {
        if self.publish_changes(hides, now)? == Outcome::Published {
            self.untold = Some(self.status.changed.clone());
        }
        Ok(())
    }

    /// Takes the changes that take posts back from those that wait, and puts the latter in the order of the paths. A
    /// file that is gone stays among them if a post that comes has its id or its address, leads on from it, or says the
    /// same: it was moved, and is never nowhere. So does a post that is hidden, if it is to go `with_successors`.
    fn take_hides(&mut self, now: SystemTime, with_successors: bool) -> Vec<Change> {
        // Of several of one file the last counts.
        let changes: BTreeMap<Arc<str>, Option<Arc<Post>>> =
            std::mem::take(&mut self.pending).into_iter().collect();
        let (hides, rest): (Vec<Change>, Vec<Change>) = changes
            .into_iter()
            .partition(|change| self.register.takes_back(change, now.into()));
        let may_move = |(path, post): &Change| {
            with_successors || post.is_none() && !self.library.is_there(path)
        };
        if !hides.iter().any(may_move) {
            self.pending = rest;
            return hides;
        }
        let coming = || rest.iter().filter_map(|(_, post)| post.as_deref());
        let alike: HashSet<_> = coming().map(Post::kept_by_renaming).collect();
        let names: HashSet<&str> = coming()
            .flat_map(|post| {
                let aliases = post.aliases().iter().map(String::as_str);
                aliases.chain([post.id(), &*post.permalink.url])
            })
            .collect();
        let is_moved = |(path, _): &Change| {
            let post = self.register.public_post(path);
            post.is_some_and(|post| {
                let own = [post.id(), &*post.permalink.url, post.permalink.path()];
                own.iter().any(|name| names.contains(name))
                    || alike.contains(&post.kept_by_renaming())
            })
        };
        let (moved, hides): (Vec<Change>, Vec<Change>) = hides
            .into_iter()
            .partition(|change| may_move(change) && is_moved(change));
        drop((names, alike));
        self.pending = rest;
        self.pending.extend(moved);
        hides
    }
}
