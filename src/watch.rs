//! File events, due dates and a slow rescan into looks of the pipeline.
//!
//! An event only wakes; what changed is decided by the look, so a lost, doubled or misread event
//! costs time and never truth. The order of a turn:
//!
//! 1. wait for an event, the next due date, or the next tick;
//! 2. after an event, wait until the directory is quiet, but not for long;
//! 3. see to it that the directory which is there now is the one being watched;
//! 4. look;
//! 5. after an event, look once more a little later, for what was written between the look and
//!    the arrival of a watch on a new directory.

mod events;

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, Utc};

use crate::content::Loss;
use crate::pipeline::{Outcome, Pipeline, PipelineError, Status};
use crate::site::visibility::Verdict;
use events::Events;

/// The longest that a stream of events puts off a look.
const MAX_DEBOUNCE: Duration = Duration::from_millis(250);
/// When to look again after an event. New directories are watched well within it.
const SETTLE: Duration = Duration::from_millis(150);
/// How often to look for a content directory that is not there.
const MISSING_TICK: Duration = Duration::from_millis(150);
/// How long it is doubted that most posts are gone at once: longer than a checkout.
const DOUBT: Duration = Duration::from_secs(5);
/// How long to sleep at most before a due date, so that a clock that is set forward is noticed.
const DUE_TICK: Duration = Duration::from_secs(1);
/// How often to look where no events can be had.
const NO_EVENTS_TICK: Duration = Duration::from_secs(1);

/// What wakes the watch.
#[derive(Debug)]
enum Wake {
    /// Something happened below the content directory, or to it.
    Event,
    /// Stop.
    Stop,
}

/// Stops a watch; dropping it does the same.
#[derive(Debug)]
pub struct Stop(Sender<Wake>);

impl Stop {
    /// Lets the watch finish the turn it is in, and no more.
    pub fn stop(&self) {
        // A watch that is gone is stopped.
        let _ = self.0.send(Wake::Stop);
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What a turn led to.
#[derive(Debug)]
pub enum Turn<'a> {
    /// A look went well.
    Looked(Outcome, &'a Status),
    /// A look failed; the last good snapshot is up.
    Failed(&'a PipelineError),
    /// Most posts are gone at once; they are served for a while longer.
    InDoubt(Duration),
    /// No events can be had; the directory is looked at every second.
    NoEvents(&'a str),
}

/// A pipeline with eyes. Events are taken from when it is made, so make it before the first look.
pub struct Watch {
    pipeline: Pipeline,
    events: Events,
    wakes: Receiver<Wake>,
    doubt_since: Option<Instant>,
    failing: bool,
}

impl Watch {
    /// Begins to watch the pipeline's content directory.
    pub fn new(pipeline: Pipeline) -> (Watch, Stop) {
        let (sender, wakes) = channel();
        let config = pipeline.config();
        let others = config.card_files();
        let events = Events::new(&config.content.dir, &others, sender.clone());
        let watch = Watch {
            pipeline,
            events,
            wakes,
            doubt_since: None,
            failing: false,
        };
        (watch, Stop(sender))
    }

    /// Looks once.
    ///
    /// # Errors
    /// As [`Pipeline::run`].
    pub fn look(&mut self, now: SystemTime) -> Result<Outcome, PipelineError> {
        let believed = self
            .doubt_since
            .is_some_and(|since| since.elapsed() >= DOUBT);
        let loss = if believed {
            Loss::IsBelieved
        } else {
            Loss::IsDoubted
        };
        let looked = self.pipeline.run(now, loss);
        self.doubt_since = self
            .pipeline
            .is_in_doubt()
            .then(|| self.doubt_since.unwrap_or_else(Instant::now));
        self.failing = looked.is_err();
        looked
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
        let config = self.pipeline.config().watch.clone();
        if let Some(reason) = self.events.missing() {
            report(Turn::NoEvents(reason));
        }
        let mut settle: Option<Instant> = None;
        let mut rescan = Instant::now() + config.rescan;
        loop {
            let wait = self.wait(settle, rescan, clock());
            let event = match self.wakes.recv_timeout(wait) {
                Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(Wake::Event) => true,
                Err(RecvTimeoutError::Timeout) => false,
            };
            if event && self.quiet_down(config.debounce).is_break() {
                return;
            }
            let replaced = self.events.follow();
            let (at, now) = (Instant::now(), clock());
            let settled = settle.is_some_and(|settle| settle <= at);
            if event || replaced {
                settle = Some(at + SETTLE);
            } else if settled {
                settle = None;
            } else if rescan > at && !self.is_restless() && self.due_in(now) != Some(Duration::ZERO)
            {
                // Woken only to look at the clock.
                continue;
            }
            rescan = at + config.rescan;
            self.turn(now, &mut report);
        }
    }

    /// Looks, and reports what is worth it: not the same trouble at every tick.
    fn turn(&mut self, now: SystemTime, report: &mut impl FnMut(Turn<'_>)) {
        let failed_before = self.failing;
        let doubted_before = self.doubt_since.is_some();
        let generation_before = self.status().generation;
        match self.look(now) {
            Ok(Outcome::Unchanged) if !failed_before => {}
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

    /// Whether to look often until something changes.
    fn is_restless(&self) -> bool {
        self.failing || self.doubt_since.is_some() || self.events.missing().is_some()
    }

    /// How long until the site differs though no file does.
    fn due_in(&self, now: SystemTime) -> Option<Duration> {
        let due = self.status().next_change?;
        Some(
            (due - DateTime::<Utc>::from(now))
                .to_std()
                .unwrap_or_default(),
        )
    }

    /// How long until there is something to do without an event.
    fn wait(&self, settle: Option<Instant>, rescan: Instant, now: SystemTime) -> Duration {
        if self.failing || self.doubt_since.is_some() {
            // What is due is not forgotten meanwhile, and is not asked for without end either.
            return MISSING_TICK;
        }
        let at = Instant::now();
        let until = |instant: Instant| instant.saturating_duration_since(at);
        let tick = match self.events.missing() {
            Some(_) => Some(NO_EVENTS_TICK),
            None => self.due_in(now).map(|due| due.min(DUE_TICK)),
        };
        [Some(until(rescan)), settle.map(until), tick]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or_default()
    }

    /// Waits until no event has come for a while.
    fn quiet_down(&self, debounce: Duration) -> std::ops::ControlFlow<()> {
        let end = Instant::now() + MAX_DEBOUNCE.max(debounce);
        loop {
            let wait = debounce.min(end.saturating_duration_since(Instant::now()));
            match self.wakes.recv_timeout(wait) {
                Ok(Wake::Event) if Instant::now() < end => {}
                Ok(Wake::Event) | Err(RecvTimeoutError::Timeout) => {
                    return self.drain();
                }
                Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => {
                    return std::ops::ControlFlow::Break(());
                }
            }
        }
    }

    /// Forgets the events that the coming look answers.
    fn drain(&self) -> std::ops::ControlFlow<()> {
        while let Ok(wake) = self.wakes.try_recv() {
            if matches!(wake, Wake::Stop) {
                return std::ops::ControlFlow::Break(());
            }
        }
        std::ops::ControlFlow::Continue(())
    }
}
