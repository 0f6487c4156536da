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
    changed_files: usize,
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
    /// How many changes of files no event told of, since the start: a look at everything found them.
    pub missed_by_events: u64,
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
            changed_files: 0,
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

    /// How many files the last look found to be other than they were, or gone.
    pub fn changed_files(&self) -> usize {
        self.changed_files
    }

    /// Counts changes that no event told of.
    pub fn count_missed(&mut self, files: usize) {
        let files = u64::try_from(files).unwrap_or(u64::MAX);
        self.status.missed_by_events = self.status.missed_by_events.saturating_add(files);
    }

    /// Lets the next look judge and publish anew whatever it finds, as what it was judged by is
    /// another: the clock.
    pub fn judge_again(&mut self) {
        self.is_stale = true;
    }

    /// Works by another configuration from now on, and publishes what that makes of the content as
    /// of `now`. What does not differ keeps its validators.
    ///
    /// # Errors
    /// The content directory cannot be listed: nothing is other than it was, and the former
    /// configuration stays. Or an output cannot be written: the next look tries again.
    pub fn reconfigure(
        &mut self,
        config: Config,
        now: SystemTime,
    ) -> Result<Outcome, PipelineError> {
        let unseen = Progress::default();
        if config.content.dir == self.config.content.dir {
            self.library.read_again();
            self.library.look(&config, Loss::IsBelieved, now, &unseen)?;
        } else {
            let mut library = Library::default();
            library.look(&config, Loss::IsBelieved, now, &unseen)?;
            self.library = library;
        }
        self.studio = Studio::new(&config);
        self.config = config;
        self.studio.look(now);
        self.in_doubt = false;
        self.is_stale = true;
        Ok(self.publish(now)?)
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
        self.changed_files = 0;
        if let Ok(looked) = &looked {
            self.is_stale |= looked.changed;
            self.in_doubt = looked.in_doubt;
            self.changed_files = looked.changed_files;
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
            missed_by_events: self.status.missed_by_events,
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
