//! File events, due dates and a slow rescan into looks of the pipeline.
//!
//! An event only says where to look; what changed is decided by the look, so a doubled or misread event
//! costs time and never truth, and a lost one is made up for by the next rescan. A turn:
//!
//! 1. wait for an event, the next due date, or the next tick (`wait`);
//! 2. take in all events there are: what is whole is to be looked at now, what is not waits (`pace`),
//!    and what is new is watched before it is looked at (`roots`);
//! 3. read the configuration again, if it is another (`reload`);
//! 4. look.

mod counts;
#[cfg(any(test, not(target_os = "linux")))]
mod events;
mod filter;
mod handle;
#[cfg(target_os = "linux")]
mod inotify;
mod mount;
mod pace;
mod reload;
mod reread;
mod roots;
mod sight;
mod source;
mod take;
mod ticks;
mod turn;
mod way;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant, SystemTime};

use crate::config::Config;
use crate::content::{Loss, Scope};
use crate::pipeline::{Outcome, Pipeline, PipelineError, Status};
use crate::site::visibility::Verdict;
use counts::count;
use pace::{Pace, Publish};
use reload::Reload;
use sight::Sight;
use source::Wake;
use ticks::Ticks;

#[cfg(not(target_os = "linux"))]
use events::system;
#[cfg(target_os = "linux")]
use inotify::system;

pub use counts::Counts;
pub use handle::{Asker, Reloader, Stop};
pub use reload::Load;
pub use source::{Happening, Kind, MakeSource, NoEvents, Refused, Source, Teller};
pub use turn::Turn;

/// How often to look for a content directory that is not there.
const MISSING_TICK: Duration = Duration::from_millis(150);
/// How long it is doubted that most posts are gone at once: longer than a checkout.
const DOUBT: Duration = Duration::from_secs(5);
/// How often to look at the clock, which may be set, and whether other directories stand in the place
/// of those that are watched: a mount makes no event.
const TICK: Duration = Duration::from_secs(1);
/// How long a configuration that is being saved may be half there, or gone.
const HALF_SAVED: Duration = Duration::from_millis(50);
/// So many posts are looked at for the operator between two glances at what has happened: a post that hides waits
/// for no more of them.
const AT_LEISURE: usize = 8;
/// So many events are taken in before it is looked whether anything is due: it takes some milliseconds.
const MAX_WAKES: usize = 256;
/// How long the event of an edit may be under way, when a rescan has found the edit before.
const STRAGGLERS: Duration = Duration::from_millis(20);

/// A pipeline with eyes. Events are taken from when it is made, so make it before the first look.
pub struct Watch {
    pipeline: Pipeline,
    sight: Sight,
    pace: Pace,
    wakes: Receiver<Wake>,
    reload: Option<Reload>,
    /// When to read the configuration again, and whether somebody asked for it.
    reread: Option<(Instant, bool)>,
    doubt_since: Option<Instant>,
    failing: bool,
    clock_was: Option<SystemTime>,
    advising: bool,
    stopped: bool,
    counts: Arc<Counts>,
}

impl Watch {
    /// Begins to watch the pipeline's content directory.
    pub fn new(pipeline: Pipeline) -> (Watch, Stop) {
        Watch::with(pipeline, None, Box::new(system))
    }

    /// The same, where the configuration was read from `file` and `load` reads it again.
    pub fn reloading(pipeline: Pipeline, file: PathBuf, load: Load) -> (Watch, Stop) {
        Watch::with(pipeline, Some((file, load)), Box::new(system))
    }

    /// The same, where others than the system tell what happens.
    pub fn with(
        pipeline: Pipeline,
        reload: Option<(PathBuf, Load)>,
        make: MakeSource,
    ) -> (Watch, Stop) {
        let (sender, wakes) = channel();
        let config = pipeline.config();
        let reload = reload.map(|(file, load)| Reload::new(file, config, load));
        let files = reload.as_ref().map(|reload| reload.files(config));
        let teller = sight::teller(sender.clone());
        let watch = Watch {
            sight: Sight::new(config, &files.unwrap_or_default(), teller, make),
            pace: Pace::new(config.watch.debounce),
            wakes,
            // It may have been saved since it was read.
            reread: reload.is_some().then(|| (Instant::now(), false)),
            reload,
            doubt_since: None,
            failing: false,
            clock_was: None,
            advising: false,
            stopped: false,
            counts: Arc::default(),
            pipeline,
        };
        (watch, Stop(sender))
    }

    /// Why there are no events of the system, where there should be some.
    pub fn no_events(&self) -> Option<&NoEvents> {
        self.sight.missing()
    }

    /// Looks at everything; not yet for what only the operator is told, so that it can be served at once.
    ///
    /// # Errors
    /// As [`Pipeline::run`].
    pub fn look(&mut self, now: SystemTime) -> Result<Outcome, PipelineError> {
        self.look_at(&Scope::All, Publish::All, now)
    }

    /// Looks for what only the operator is told, where that is soon done.
    pub fn advise_on_few(&mut self) {
        self.pipeline.advise_on_few();
    }

    fn look_at(
        &mut self,
        scope: &Scope,
        publish: Publish,
        now: SystemTime,
    ) -> Result<Outcome, PipelineError> {
        let at = Instant::now();
        let is_believed = |since: Instant| at.saturating_duration_since(since) >= DOUBT;
        let loss = if self.doubt_since.is_some_and(is_believed) {
            Loss::OfMostIsBelieved(at)
        } else {
            Loss::IsDoubted(at)
        };
        count(&self.counts.looks);
        if *scope == Scope::All {
            count(&self.counts.rescans);
            self.sight.follow_links();
        }
        let looked = match publish {
            Publish::Hides => self.pipeline.hide_at(scope, now, loss),
            Publish::All | Publish::Nothing => self.pipeline.run_at(scope, now, loss),
        };
        for (file, since) in self.pipeline.absent() {
            self.pace.absent(file.clone(), *since);
        }
        self.doubt_since = self
            .pipeline
            .is_in_doubt()
            .then(|| self.doubt_since.unwrap_or_else(Instant::now));
        self.failing = looked.is_err();
        looked
    }

    /// What wakes it, and what it does then, counted.
    pub fn counts(&self) -> Arc<Counts> {
        Arc::clone(&self.counts)
    }

    /// What is known of the content.
    pub fn status(&self) -> &Status {
        self.pipeline.status()
    }

    /// Each post's state, in the order of the paths.
    pub fn verdicts(&self) -> Vec<Verdict> {
        self.pipeline.verdicts()
    }

    /// Watches until it is stopped. `clock` is asked at every turn; `report` hears of each.
    pub fn run(mut self, clock: fn() -> SystemTime, mut report: impl FnMut(Turn<'_>)) {
        let mut seen = turn::Sighted::default();
        let at = Instant::now();
        let mut ticks = Ticks {
            tick: at + TICK,
            retry: at + MISSING_TICK,
            poll: at + self.config().watch.poll,
            rescan: at + self.config().watch.rescan,
        };
        loop {
            report(Turn::Awake);
            if let Some(turn) = seen.next(&self.sight, self.config().watch.poll) {
                report(turn);
                // What happened before it was clear that nothing would tell of it.
                ticks.poll = Instant::now();
            }
            let wait = self.wait(&ticks, clock());
            // What hides is not to wait for what only the operator is told.
            let quiet_in = self.pace.quiet_in(Instant::now());
            let wait = if !quiet_in.is_zero() {
                wait.min(quiet_in)
            } else if self.advise(&mut report) {
                Duration::ZERO
            } else {
                wait
            };
            match self.wakes.recv_timeout(wait) {
                Ok(wake) => self.take(wake),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            // One look answers all there is, but news that come without end do not put it off.
            for wake in self.wakes.try_iter().take(MAX_WAKES).collect::<Vec<_>>() {
                self.take(wake);
            }
            if self.stopped {
                return;
            }
            self.turn(&mut ticks, clock(), &mut report);
        }
    }

    /// Compresses texts, and looks for what only the operator is told, as long as there is nothing else to do; whether
    /// there is more of that to do.
    fn advise(&mut self, report: &mut impl FnMut(Turn<'_>)) -> bool {
        if self.pipeline.compress_some() {
            return true;
        }
        let is_on = self.pipeline.advise(AT_LEISURE);
        if self.advising && !is_on {
            report(Turn::Advised(self.status()));
        }
        self.advising = is_on;
        is_on
    }

    fn config(&self) -> &Config {
        self.pipeline.config()
    }

    fn turn(&mut self, ticks: &mut Ticks, now: SystemTime, report: &mut impl FnMut(Turn<'_>)) {
        let at = Instant::now();
        let is_rescan = ticks.rescan <= at && !self.sight.is_off();
        if is_rescan {
            self.sight.open();
        }
        if ticks.tick <= at {
            ticks.tick = at + TICK;
            if self.sight.follow() {
                // What is mounted there now may have other files of the very same times.
                self.pipeline.read_again();
                self.pace.everything(at);
            }
        }
        let is_poll = self.sight.polls() && ticks.poll <= at;
        if is_poll || is_rescan {
            let running = self.pipeline.config();
            if self
                .reload
                .as_mut()
                .is_some_and(|reload| reload.differs(running))
            {
                self.reread.get_or_insert((at, false));
            }
        }
        if let Some((_, asked)) = self.reread.take_if(|(due, _)| *due <= at) {
            self.read_again(asked, now, report);
        }
        let may_miss = is_rescan && self.sight.trusts_events() && self.pace.is_empty();
        let pace::Due {
            mut scope,
            mut publish,
        } = self.pace.take(at);
        if self.pipeline.has_backlog() && publish != Publish::All {
            // What is whole by now is read with the next part of it, so that what hides is published before the rest.
            scope.merge(self.pace.take_whole());
            publish = Publish::All;
        }
        let is_news = publish != Publish::Nothing;
        let is_retry = self.is_restless() && (is_news || ticks.retry <= at);
        if is_poll || is_rescan || is_retry {
            scope = Scope::All;
            publish = Publish::All;
        }
        if let Some(unread) = self.pipeline.unread().filter(|_| ticks.retry <= at) {
            scope.merge(unread);
            publish = Publish::All;
            ticks.retry = at + TICK;
        }
        if scope == Scope::All && publish == Publish::All {
            self.pace.forget();
            ticks.retry = at + MISSING_TICK;
            ticks.poll = at + self.config().watch.poll;
        }
        if is_rescan {
            ticks.rescan = at + self.config().watch.rescan;
        }
        let is_set_back = self.clock_was.is_some_and(|was| now + TICK < was);
        self.clock_was = Some(now);
        if is_set_back {
            self.pipeline.judge_again();
        }
        let is_due = is_set_back || self.due_in(now) == Some(Duration::ZERO);
        if publish == Publish::Nothing && !is_due {
            // Woken only to look at the clock.
            return;
        }
        self.publish(&scope, publish, now, report);
        match publish {
            Publish::Hides => self.pace.read(at, Instant::now()),
            Publish::All if is_news => self.pace.looked(at, Instant::now()),
            Publish::All | Publish::Nothing => {}
        }
        if may_miss {
            self.count_missed(report);
        }
    }

    /// Looks, and reports what is worth it: not the same trouble at every tick.
    fn publish(
        &mut self,
        scope: &Scope,
        publish: Publish,
        now: SystemTime,
        report: &mut impl FnMut(Turn<'_>),
    ) {
        let failed_before = self.failing;
        let doubted_before = self.doubt_since.is_some();
        let generation_before = self.status().generation;
        let looked = self.look_at(scope, publish, now);
        self.pipeline.advise_on_at_most(AT_LEISURE);
        if failed_before && looked.is_ok() {
            report(Turn::Recovered);
        }
        match looked {
            // That it is over is worth it, too.
            Ok(Outcome::Unchanged)
                if !failed_before && doubted_before == self.doubt_since.is_some() => {}
            Ok(outcome) => report(Turn::Looked(outcome, self.status())),
            Err(error) => {
                if !failed_before {
                    report(Turn::Failed(&error));
                }
                // What is due is published whatever the disk does.
                if self.status().generation != generation_before {
                    report(Turn::Looked(Outcome::Published, self.status()));
                }
            }
        }
        if self.doubt_since.is_some() && !doubted_before {
            report(Turn::InDoubt(DOUBT));
        }
    }

    /// Counts what a rescan found and no event told of. An event that comes a little late was
    /// overtaken, and is not lost.
    fn count_missed(&mut self, report: &mut impl FnMut(Turn<'_>)) {
        let missed = self.pipeline.changed_files();
        if missed == 0 {
            return;
        }
        let end = Instant::now() + STRAGGLERS;
        while let Ok(wake) = self
            .wakes
            .recv_timeout(end.saturating_duration_since(Instant::now()))
        {
            let is_event = matches!(wake, Wake::Happened(_) | Wake::Lost(_));
            self.take(wake);
            if is_event || self.stopped {
                return;
            }
        }
        self.pipeline.count_missed(missed);
        report(Turn::Missed(missed, self.status()));
    }
}
