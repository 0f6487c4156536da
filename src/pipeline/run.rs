//! Runs the pipeline once: looks at the content, and publishes what that led to.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use chrono::{DateTime, Utc};

use super::account::Origin;
use super::{Outcome, Pipeline, PipelineError};
use crate::content::{LibraryError, Loss, Scope};
use crate::priority::in_bulk;
use crate::snapshot::Stale;

/// What a run publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Publish {
    All,
    /// What takes a post back.
    Hides,
}

impl Pipeline {
    /// Looks at the content, and publishes what is to be seen as of `now`.
    ///
    /// # Errors
    /// The content directory cannot be listed, or an output cannot be written. What is known of
    /// the content is published all the same: posts are due, and expire, whatever the disk does.
    pub fn run(&mut self, now: SystemTime, loss: Loss) -> Result<Outcome, PipelineError> {
        let outcome = self.run_at(&Scope::All, now, loss)?;
        self.advise_on_few();
        Ok(outcome)
    }

    /// The same, where only what events named is looked at, and nothing is looked for that only the operator is
    /// told.
    ///
    /// # Errors
    /// As [`Pipeline::run`].
    pub fn run_at(
        &mut self,
        scope: &Scope,
        now: SystemTime,
        loss: Loss,
    ) -> Result<Outcome, PipelineError> {
        self.run_for(scope, now, loss, Publish::All)
    }

    /// Looks at what events named, and publishes at once what takes a post back. All else that changed is published
    /// with the next [`Pipeline::run_at`].
    ///
    /// # Errors
    /// As [`Pipeline::run`].
    pub fn hide_at(
        &mut self,
        scope: &Scope,
        now: SystemTime,
        loss: Loss,
    ) -> Result<Outcome, PipelineError> {
        self.run_for(scope, now, loss, Publish::Hides)
    }

    fn run_for(
        &mut self,
        scope: &Scope,
        now: SystemTime,
        loss: Loss,
        what: Publish,
    ) -> Result<Outcome, PipelineError> {
        // A post that hides may wait for what events named, so that is not done at a lower priority, however much it
        // is. A look at everything is, but for the first, beside which nothing else is to be done.
        let is_of_events = *scope != Scope::All;
        // After a look that failed, or that did not believe what it saw, anything may be different.
        let scope = if self.is_unsure { &Scope::All } else { scope };
        match is_of_events || self.status.generation == 0 {
            true => self.run_here(scope, now, loss, (what, is_of_events)),
            false => in_bulk(|| self.run_here(scope, now, loss, (what, false))),
        }
    }

    fn run_here(
        &mut self,
        scope: &Scope,
        now: SystemTime,
        loss: Loss,
        (what, is_of_events): (Publish, bool),
    ) -> Result<Outcome, PipelineError> {
        self.changed_files = 0;
        self.absent.clear();
        let looked = self.look(scope, now, loss);
        self.is_unsure = looked.is_err() || self.in_doubt;
        let paths = match scope {
            Scope::All => None,
            Scope::Paths(paths) => Some(paths),
        };
        if paths.is_none() {
            self.studio.keep(self.register.site().pictures());
        }
        if self.studio.look(paths, now) {
            self.stale = Some(Stale::All);
            self.see_all();
        }
        let at = DateTime::<Utc>::from(now);
        let is_due = self.register.next_change().is_some_and(|due| due <= at);
        if what == Publish::Hides && self.stale.is_none() && !is_due && !self.again {
            let outcome = self.publish_held(now)?;
            looked?;
            return Ok(outcome);
        }
        let again = std::mem::take(&mut self.again);
        let outcome = if self.stale.is_some() || !self.pending.is_empty() || is_due || again {
            let most = match is_of_events {
                true => self.max_batch(),
                false => usize::MAX,
            };
            self.publish(now, most)?
        } else {
            self.tell();
            if matches!(&looked, Ok(true)) {
                Outcome::SameOutputs
            } else {
                Outcome::Unchanged
            }
        };
        looked?;
        Ok(outcome)
    }

    /// Reads what is another; whether anything is.
    pub(super) fn look(
        &mut self,
        scope: &Scope,
        now: SystemTime,
        loss: Loss,
    ) -> Result<bool, LibraryError> {
        let look = self.read(scope, now)?;
        let looked = self.library.finish(look, &self.config, loss, now);
        self.in_doubt = looked.in_doubt;
        self.changed_files = looked.changed_files;
        for path in looked.files {
            let findings = self.library.findings_of(&path);
            self.account.set(Origin::File(path), findings);
        }
        self.pending.extend(looked.posts);
        let dir = &self.config.content.dir;
        let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.clone());
        let file = |(path, since): (Arc<str>, Instant)| {
            // A name that is not UTF-8 is escaped: then all is looked at.
            let is_sure = !path.contains('%');
            (
                if is_sure {
                    dir.join(&*path)
                } else {
                    dir.clone()
                },
                since,
            )
        };
        self.absent.extend(looked.absent.into_iter().map(file));
        Ok(looked.changed)
    }
}
