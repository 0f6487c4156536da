//! A look at the content into the next snapshot, if it is another.
//!
//! Whatever goes wrong on the way, the last good snapshot stays up. What is served goes out first: its
//! codings, and what only the operator is told, are made after it.

mod account;
mod advice;
mod cause;
mod causes;
mod hides;
mod overview;
mod reconfigure;
mod run;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use chrono::{DateTime, Utc};

use crate::artifact::{ArtifactKey, FeedFormat};
use crate::config::Config;
use crate::content::{Depth, Library, LibraryError, Scope, Tally};
use crate::render::{Press, RenderError, Rendered};
use crate::site::Site;
use crate::site::register::{Change, Difference, Register};
use crate::site::trail::Trail;
use crate::site::visibility::Verdict;
use crate::snapshot::{Compressor, Current, Snapshot, Stale};
use crate::studio::Studio;
use account::{Account, Origin};

pub use crate::site::register::{Changed, Fate};
pub use account::Findings;
pub use cause::Cause;
pub use overview::Overview;

/// Makes generations and swaps them in.
#[derive(Debug)]
pub struct Pipeline {
    config: Arc<Config>,
    library: Library,
    register: Register,
    studio: Studio,
    press: Press,
    account: Account,
    current: Current,
    compressor: Option<Compressor>,
    status: Status,
    /// What is not published yet.
    pending: Vec<Change>,
    /// Whether any of that was left for the next run, and not held back on purpose.
    has_backlog: bool,
    stale: Option<Stale>,
    /// Posts whose cards nobody has looked at yet.
    unseen: BTreeSet<Arc<str>>,
    is_unsure: bool,
    in_doubt: bool,
    /// Whether to judge anew whatever a look finds.
    again: bool,
    changed_files: usize,
    /// Files that are gone and waited for, and since when, of the last look.
    absent: Vec<(PathBuf, Instant)>,
    /// What became of posts by generations that nobody was told of yet.
    untold: Option<Changed>,
}

/// What the operator may know of the content. None of it is public.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// Counts up with each snapshot that differs from the one before.
    pub generation: u64,
    /// What it was made for.
    pub cause: Cause,
    /// As of when it was published.
    pub published: Option<SystemTime>,
    /// What became of posts by it. Nothing where another configuration is the cause: all were judged anew.
    pub changed: Changed,
    /// How many files are what.
    pub tally: Tally,
    /// Everything that is wrong, in the order of the paths.
    pub findings: Findings,
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
        let config = Arc::new(config);
        Pipeline {
            studio: Studio::new(&config),
            library: Library::new(Depth::Outline),
            register: Register::new(Arc::clone(&config), Trail::default()),
            press: Press::default(),
            account: Account::default(),
            current,
            compressor: None,
            status: Status::default(),
            pending: Vec::new(),
            has_backlog: false,
            stale: Some(Stale::All),
            unseen: BTreeSet::new(),
            is_unsure: true,
            in_doubt: false,
            again: false,
            changed_files: 0,
            absent: Vec::new(),
            untold: None,
            config,
        }
    }

    /// The same, where what is published is compressed by somebody else.
    pub fn with_compressor(self, compressor: Compressor) -> Pipeline {
        Pipeline {
            compressor: Some(compressor),
            ..self
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

    /// Each post's state, in the order of the paths.
    pub fn verdicts(&self) -> Vec<Verdict> {
        self.register.verdicts()
    }

    /// Whether posts are served whose files are gone, as most went at once.
    pub fn is_in_doubt(&self) -> bool {
        self.in_doubt
    }

    /// What could not be read for the moment and is to be looked at again soon, if there is anything.
    pub fn unread(&self) -> Option<Scope> {
        self.library.unread(&self.config)
    }

    /// Whether the last run left changes that the next one is to publish, without waiting for anything.
    pub fn has_backlog(&self) -> bool {
        self.has_backlog
    }

    /// How many files the last look found to be other than they were, or gone.
    pub fn changed_files(&self) -> usize {
        self.changed_files
    }

    /// The files that the last look found to be gone and that are waited for, absolute, and since when.
    pub fn absent(&self) -> &[(PathBuf, Instant)] {
        &self.absent
    }

    /// Counts changes that no event told of.
    pub fn count_missed(&mut self, files: usize) {
        let files = u64::try_from(files).unwrap_or(u64::MAX);
        self.status.missed_by_events = self.status.missed_by_events.saturating_add(files);
    }

    /// Lets the next look judge and publish anew whatever it finds, as what it was judged by is
    /// another: the clock.
    pub fn judge_again(&mut self) {
        self.again = true;
    }

    /// Lets the next look read every file, as another may be in its place that looks the same.
    pub fn read_again(&mut self) {
        self.library.read_again();
    }

    /// Publishes what hides, and then at most so many changes that show. The rest is left for the next run.
    fn publish(&mut self, now: SystemTime, most: usize) -> Result<Outcome, RenderError> {
        self.publish_hides_first(now)?;
        let changes = self.take_batch(most);
        self.has_backlog = !self.pending.is_empty();
        let outcome = self.publish_changes(changes, now)?;
        self.tell();
        Ok(outcome)
    }

    /// Publishes a generation with these changes, and with what is due.
    fn publish_changes(
        &mut self,
        changes: Vec<Change>,
        now: SystemTime,
    ) -> Result<Outcome, RenderError> {
        let changed: Vec<Arc<str>> = changes.iter().map(|(path, _)| Arc::clone(path)).collect();
        let difference = self.register.step(changes, now.into());
        if self.unseen.is_empty() {
            // All at once costs a fraction of one by one.
            self.unseen = changed.into_iter().collect();
        } else {
            self.unseen.extend(changed);
        }
        let (site, rendered) = self.render(&difference, now)?;
        let before = self.current.load();
        let images_are_others = self.stale.is_some();
        let stale = self
            .stale
            .take()
            .unwrap_or_else(|| Stale::Paths(stale(&difference)));
        let snapshot =
            Snapshot::next(&before, rendered.artifacts, now).with_shelf(rendered.shelf, stale, now);
        let is_same = before.generation() > 0
            && !images_are_others
            && !difference.is_visible
            && snapshot.makes_the_same_as(&before);
        if images_are_others {
            self.see_site(&site);
        }
        let untold = self.untold.take();
        if is_same {
            self.status.generation = before.generation();
            return Ok(match untold {
                Some(_) => Outcome::Published,
                None => Outcome::SameOutputs,
            });
        }
        self.status.generation = snapshot.generation();
        self.status.published = Some(now);
        let mut posts = untold.unwrap_or_default();
        posts.merge(difference.posts);
        self.status.changed = posts;
        self.status.cause = match before.generation() {
            0 => Cause::Start,
            _ => Cause::Content,
        };
        self.current.publish(snapshot);
        if let Some(compressor) = &self.compressor {
            compressor.take(self.current.load());
        }
        Ok(Outcome::Published)
    }

    /// Renders the site as it is.
    fn render(
        &mut self,
        difference: &Difference,
        now: SystemTime,
    ) -> Result<(Arc<Site>, Rendered), RenderError> {
        let site = Arc::new(self.register.site().clone());
        let new = difference.cards.iter();
        let new = new.filter_map(|path| site.picture_at(path));
        let images = self.studio.show(new.chain(site.own_picture()), now);
        match self.press.render(&site, &images) {
            Ok(rendered) => Ok((site, rendered)),
            Err(error) => {
                self.stale = Some(Stale::All);
                Err(error)
            }
        }
    }

    /// Brings what the operator is told up to date.
    fn tell(&mut self) {
        let mut others: Vec<_> = self.library.other_findings().cloned().collect();
        others.extend(self.register.findings());
        others.extend(self.studio.findings().iter().cloned());
        self.account.set(Origin::Other, &others);
        self.status.findings = self.account.all();
        self.status.tally = self.library.tally();
        self.status.next_change = self.register.next_change();
    }
}

/// The paths of what is made late and is another now.
fn stale(difference: &Difference) -> Vec<String> {
    let cards = difference.cards.iter().flat_map(|path| {
        [ArtifactKey::CardPage, ArtifactKey::CardImage].map(|key| key(path.clone()))
    });
    let feeds = difference.feeds.iter();
    let feeds = feeds
        .flat_map(|scope| FeedFormat::ALL.map(|format| ArtifactKey::Feed(scope.clone(), format)));
    cards.chain(feeds).map(|key| key.path()).collect()
}
