//! A look at the content into the next snapshot, if it is another.
//!
//! Whatever goes wrong on the way, the last good snapshot stays up.

use std::sync::Arc;
use std::time::SystemTime;

use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::content::{Library, LibraryError, Loss, Scope, Tally};
use crate::finding::{Finding, Severity};
use crate::progress::Progress;
use crate::render::{RenderError, render};
use crate::site::Site;
use crate::site::trail::Trail;
use crate::site::visibility::Verdict;
use crate::snapshot::{Current, Snapshot};
use crate::studio::Studio;

/// Makes generations and swaps them in.
#[derive(Debug)]
pub struct Pipeline {
    config: Config,
    library: Library,
    studio: Studio,
    trail: Trail,
    /// What is published.
    site: Option<Arc<Site>>,
    current: Current,
    status: Status,
    /// Whether something changed that is not published yet.
    is_stale: bool,
    in_doubt: bool,
}

/// What the operator may know of the content. None of it is public.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// Counts up with each snapshot that differs from the one before.
    pub generation: u64,
    /// How many files are what.
    pub tally: Tally,
    /// Each post's state, in the order of the paths.
    pub verdicts: Vec<Verdict>,
    /// Everything that is wrong, in the order of the paths.
    pub findings: Vec<Finding>,
    /// When the site will next differ though no file does.
    pub next_change: Option<DateTime<Utc>>,
}

/// Why there is no next snapshot. The last one stays up.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The content could not be looked at.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// An output could not be written.
    #[error(transparent)]
    Render(#[from] RenderError),
}

/// What a look led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is other than it was.
    Unchanged,
    /// Files differ, and no byte that is served does.
    SameOutputs,
    /// A new snapshot is served.
    Published,
}

impl Pipeline {
    /// A pipeline that has not looked yet.
    pub fn new(config: Config, current: Current) -> Pipeline {
        Pipeline {
            studio: Studio::new(&config),
            config,
            library: Library::default(),
            trail: Trail::default(),
            site: None,
            current,
            status: Status::default(),
            is_stale: false,
            in_doubt: false,
        }
    }

    /// What it works by.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What is known of the content.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// Whether posts are served whose files are gone, as most went at once.
    pub fn is_in_doubt(&self) -> bool {
        self.in_doubt
    }

    /// Looks at the content, and publishes what is to be seen as of `now`.
    ///
    /// # Errors
    /// The content directory cannot be listed, or an output cannot be written. What is known of
    /// the content is published all the same: posts are due, and expire, whatever the disk does.
    pub fn run(&mut self, now: SystemTime, loss: Loss) -> Result<Outcome, PipelineError> {
        self.run_at(&Scope::All, now, loss)
    }

    /// The same, where only what events named is looked at.
    ///
    /// # Errors
    /// As [`Pipeline::run`].
    pub fn run_at(
        &mut self,
        _scope: &Scope,
        now: SystemTime,
        loss: Loss,
    ) -> Result<Outcome, PipelineError> {
        let unseen = Progress::default();
        let looked = self.library.look(&self.config, loss, now, &unseen);
        if let Ok(looked) = &looked {
            self.is_stale |= looked.changed;
            self.in_doubt = looked.in_doubt;
        }
        self.is_stale |= self.studio.look(now);
        let due = self
            .status
            .next_change
            .is_some_and(|due| due <= DateTime::<Utc>::from(now));
        let outcome = if self.is_stale || due {
            self.publish(now)?
        } else {
            Outcome::Unchanged
        };
        looked?;
        Ok(outcome)
    }

    fn publish(&mut self, now: SystemTime) -> Result<Outcome, RenderError> {
        let mut judged = Site::judge(&self.config, self.library.posts(), now.into());
        self.trail.follow(&mut judged.site);
        let prepared = self.studio.prepare(&judged.site, now);
        let site = Arc::new(judged.site);
        let rendered = render(&site, &Arc::new(prepared.images))?;
        let before = self.current.load();
        let snapshot = Snapshot::next(&before, rendered.artifacts, now).with_pages(rendered.pages);
        // An entry of a further page is in no artifact.
        let is_same = self.site.as_ref() == Some(&site) && snapshot.serves_the_same_as(&before);
        self.site = Some(site);
        let mut findings = self.library.findings();
        findings.extend(judged.findings);
        findings.extend(prepared.findings);
        // What could do better is for who asks.
        findings.retain(|finding| finding.severity != Severity::Note);
        findings.sort();
        self.status = Status {
            generation: before.generation(),
            tally: self.library.tally(),
            verdicts: judged.verdicts,
            findings,
            next_change: judged.next_change,
        };
        self.is_stale = false;
        if before.generation() > 0 && is_same {
            return Ok(Outcome::SameOutputs);
        }
        self.status.generation = snapshot.generation();
        self.current.publish(snapshot);
        Ok(Outcome::Published)
    }
}
