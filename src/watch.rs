//! Watches the content directory and reruns the pipeline on changes.
//!
//! An event only says where to look; the scan decides what changed. A duplicate or misread event
//! costs time but never correctness, and the next rescan makes up for a lost one. One turn:
//!
//! 1. Wait for an event, the next due date, or the next deadline (`time_until_next_work`).
//! 2. Handle all queued events. A complete file is due now, an open one waits (`Debouncer`). A new
//!    directory is watched before it is scanned (`WatchedRoots`).
//! 3. Read the configuration again if it changed (`ConfigReloader`).
//! 4. Scan and publish.

mod change_source;
mod config_reload;
mod debounce;
mod deletion_hold;
mod event_filter;
mod event_source;
mod fs_event;
mod handle;
#[cfg(target_os = "linux")]
mod inotify;
mod mount_type;
#[cfg(any(test, not(target_os = "linux")))]
mod notify_events;
mod resolved_path;
mod timers;
mod wake_counts;
mod watch_event;
mod watched_roots;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, channel};
use std::time::{Duration, Instant, SystemTime};

use crate::config::Config;
use crate::library::ScanScope;
use crate::publish::pipeline::{ContentStatus, Pipeline, PipelineError, RefreshOutcome};
use crate::visibility::PostEvaluation;
use change_source::ChangeDetector;
use chrono::{DateTime, Utc};
use config_reload::ReloadResult;
use config_reload::{ConfigReadSchedule, ConfigReloader};
use debounce::{Debouncer, PublishMode};
use deletion_hold::{DeletionHold, MASS_DELETION_GRACE};
use event_source::WakeUp;
#[cfg(target_os = "linux")]
use inotify as platform_events;
#[cfg(not(target_os = "linux"))]
use notify_events as platform_events;
use timers::{CLOCK_CHECK_INTERVAL, ClockMonitor, Deadlines};
use wake_counts::increment_counter;

pub use config_reload::LoadConfig;
pub use event_source::{
    EventSender, EventSource, EventsUnavailable, FsEvent, OpenEventSource, WatchError,
};
pub use fs_event::FsEventKind;
pub use handle::{ReloadHandle, StopHandle, WatchHandle};
pub use wake_counts::WatchCounters;
pub use watch_event::WatchEvent;

/// Maximum posts linted between two checks for events. A withdrawal waits for at most this many.
const IDLE_LINT_BATCH: usize = 8;
/// Maximum events handled before due work is checked: a few milliseconds' worth.
const MAX_WAKE_UPS_PER_TURN: usize = 256;
/// Maximum delay of the event for an edit that a rescan already found.
const LATE_EVENT_GRACE: Duration = Duration::from_millis(20);

/// Watches a content directory and drives its pipeline.
///
/// Events are queued from construction on, so construct it before the first scan.
pub struct Watch {
    pipeline: Pipeline,
    detector: ChangeDetector,
    debouncer: Debouncer,
    wake_ups: Receiver<WakeUp>,
    config_reloader: Option<ConfigReloader>,
    config_reads: ConfigReadSchedule,
    deletion_hold: DeletionHold,
    is_failing: bool,
    clock_monitor: ClockMonitor,
    is_linting: bool,
    is_stopped: bool,
    rescan_requests: Vec<SyncSender<()>>,
    counters: Arc<WatchCounters>,
}

impl Watch {
    /// Starts to watch the pipeline's content directory.
    pub fn new(pipeline: Pipeline) -> (Watch, StopHandle) {
        Watch::with_event_source(pipeline, None, Box::new(platform_events::open_source))
    }

    /// Starts to watch the content directory and the configuration `file`, which `load` reads again.
    pub fn with_config_reload(
        pipeline: Pipeline,
        file: PathBuf,
        load: LoadConfig,
    ) -> (Watch, StopHandle) {
        Watch::with_event_source(
            pipeline,
            Some((file, load)),
            Box::new(platform_events::open_source),
        )
    }

    /// Starts to watch with events from `open_source` instead of those of the operating system.
    pub fn with_event_source(
        pipeline: Pipeline,
        reload: Option<(PathBuf, LoadConfig)>,
        open_source: OpenEventSource,
    ) -> (Watch, StopHandle) {
        let (sender, wakes) = channel();
        let config = pipeline.config();
        let reload = reload.map(|(file, load)| ConfigReloader::new(file, config, load));
        let files = reload.as_ref().map(|reload| reload.source_files(config));
        let event_sender = change_source::new_event_sender(sender.clone());
        let mut config_reads = ConfigReadSchedule::default();
        if reload.is_some() {
            // The file may have been saved since the start read it.
            config_reads.schedule_read(Instant::now());
        }
        let watch = Watch {
            detector: ChangeDetector::new(
                config,
                &files.unwrap_or_default(),
                event_sender,
                open_source,
            ),
            debouncer: Debouncer::new(config.watch.debounce),
            wake_ups: wakes,
            config_reads,
            config_reloader: reload,
            deletion_hold: DeletionHold::default(),
            is_failing: false,
            clock_monitor: ClockMonitor::default(),
            is_linting: false,
            is_stopped: false,
            rescan_requests: Vec::new(),
            counters: Arc::default(),
            pipeline,
        };
        (watch, StopHandle(sender))
    }

    /// Returns why the system provides no events, if the configuration asks for them.
    pub fn events_unavailable(&self) -> Option<&EventsUnavailable> {
        self.detector.events_unavailable()
    }

    /// Scans everything and publishes the result. Lints run later, so that serving starts at once.
    ///
    /// # Errors
    /// As [`Pipeline::refresh_all`].
    pub fn refresh_all(&mut self, now: SystemTime) -> Result<RefreshOutcome, PipelineError> {
        self.refresh_scope(&ScanScope::All, PublishMode::All, now)
    }

    /// Lints bodies and cards if few are pending.
    pub fn lint_if_few(&mut self) {
        self.pipeline.lint_if_few();
    }

    fn refresh_scope(
        &mut self,
        scope: &ScanScope,
        publish: PublishMode,
        now: SystemTime,
    ) -> Result<RefreshOutcome, PipelineError> {
        let deletions = self.deletion_hold.deletion_policy(Instant::now());
        increment_counter(&self.counters.scans);
        if *scope == ScanScope::All {
            increment_counter(&self.counters.full_scans);
            self.detector.rewatch_changed_links();
        }
        let outcome = match publish {
            PublishMode::Withdrawals => self.pipeline.refresh_withdrawals(scope, now, deletions),
            PublishMode::All | PublishMode::Nothing => {
                self.pipeline.refresh_scope(scope, now, deletions)
            }
        };
        for (file, since) in self.pipeline.missing_files() {
            self.debouncer.on_missing_file(file.clone(), *since);
        }
        self.deletion_hold
            .record_scan(self.pipeline.is_holding_deletions());
        self.is_failing = outcome.is_err();
        outcome
    }

    /// Returns the counters of events and scans.
    pub fn watch_counters(&self) -> Arc<WatchCounters> {
        Arc::clone(&self.counters)
    }

    /// Returns the status of the content as of the last scan.
    pub fn status(&self) -> &ContentStatus {
        self.pipeline.content_status()
    }

    /// Returns each post's visibility, sorted by path.
    pub fn post_verdicts(&self) -> Vec<PostEvaluation> {
        self.pipeline.post_verdicts()
    }

    /// Watches until it is stopped. Reads `clock` in every turn and passes what happens to `report`.
    pub fn run(mut self, clock: fn() -> SystemTime, mut report: impl FnMut(WatchEvent<'_>)) {
        let mut reported_source = watch_event::ReportedSource::default();
        let mut deadlines = Deadlines::new(Instant::now(), &self.config().watch);
        loop {
            report(WatchEvent::TurnStarted);
            if let Some(turn) = reported_source.next_event(&self.detector, self.config().watch.poll)
            {
                report(turn);
                // Changes from before the events were lost.
                deadlines.poll = Instant::now();
            }
            let wait = self.time_until_next_work(&deadlines, clock());
            // A withdrawal must not wait for lints.
            let quiet_in = self.debouncer.time_until_quiet(Instant::now());
            let wait = if !quiet_in.is_zero() {
                wait.min(quiet_in)
            } else if self.run_idle_work(&mut report) {
                Duration::ZERO
            } else {
                wait
            };
            match self.wake_ups.recv_timeout(wait) {
                Ok(wake) => self.handle_wake_up(wake),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            // One scan serves all queued events, but an endless stream of them must not delay it.
            let queued = self.wake_ups.try_iter().take(MAX_WAKE_UPS_PER_TURN);
            for wake in queued.collect::<Vec<_>>() {
                self.handle_wake_up(wake);
            }
            if self.is_stopped {
                return;
            }
            self.process_turn(&mut deadlines, clock(), &mut report);
        }
    }

    /// Compresses texts and runs lints while idle. Returns true if more of that is left.
    fn run_idle_work(&mut self, report: &mut impl FnMut(WatchEvent<'_>)) -> bool {
        if self.pipeline.compress_batch() {
            return true;
        }
        let has_more = self.pipeline.lint_some(IDLE_LINT_BATCH);
        if self.is_linting && !has_more {
            report(WatchEvent::LintsFinished(self.status()));
        }
        self.is_linting = has_more;
        has_more
    }

    fn config(&self) -> &Config {
        self.pipeline.config()
    }

    fn process_turn(
        &mut self,
        ticks: &mut Deadlines,
        now: SystemTime,
        report: &mut impl FnMut(WatchEvent<'_>),
    ) {
        let at = Instant::now();
        let is_rescan = ticks.rescan <= at && !self.detector.is_disabled();
        if is_rescan {
            self.detector.start_events();
        }
        if ticks.clock_check <= at {
            ticks.clock_check = at + CLOCK_CHECK_INTERVAL;
            if self.detector.recheck_roots() {
                // The new mount may hold different files with the very same times.
                self.pipeline.invalidate_files();
                self.debouncer.request_full_scan(at);
            }
        }
        let is_poll = self.detector.is_polling() && ticks.poll <= at;
        if is_poll || is_rescan {
            let running = self.pipeline.config();
            if self
                .config_reloader
                .as_mut()
                .is_some_and(|reload| reload.check_files_changed(running))
            {
                self.config_reads.schedule_read(at);
            }
        }
        if let Some(is_requested) = self.config_reads.take_due(at) {
            self.reload_config(is_requested, now, report);
        }
        let may_find_missed =
            is_rescan && self.detector.has_complete_events() && self.debouncer.is_empty();
        let debounce::DueWork {
            mut scope,
            mut publish,
        } = self.debouncer.take_due(at);
        if self.pipeline.has_backlog() && publish != PublishMode::All {
            // Files complete by now are read with the next batch, so that withdrawals go out first.
            scope.merge(self.debouncer.take_all_ready());
            publish = PublishMode::All;
        }
        let has_changes = publish != PublishMode::Nothing;
        let is_retry = self.is_retrying() && (has_changes || ticks.retry <= at);
        if is_poll || is_rescan || is_retry {
            scope = ScanScope::All;
            publish = PublishMode::All;
        }
        if let Some(unread) = self.pipeline.retry_scope().filter(|_| ticks.retry <= at) {
            scope.merge(unread);
            publish = PublishMode::All;
            ticks.retry = at + CLOCK_CHECK_INTERVAL;
        }
        if scope == ScanScope::All && publish == PublishMode::All {
            self.debouncer.discard_ready();
            ticks.record_full_scan(at, &self.config().watch);
        }
        if is_rescan {
            ticks.rescan = at + self.config().watch.rescan;
        }
        let is_set_back = self.clock_monitor.record_time(now);
        if is_set_back {
            self.pipeline.request_reevaluation();
        }
        let is_due = is_set_back || self.time_until_due(now) == Some(Duration::ZERO);
        if publish == PublishMode::Nothing && !is_due {
            // Woken only to check the clock.
            return;
        }
        self.refresh_and_report(&scope, publish, now, report);
        match publish {
            PublishMode::Withdrawals => self.debouncer.record_read(at, Instant::now()),
            PublishMode::All if has_changes => self.debouncer.record_publish(at, Instant::now()),
            PublishMode::All | PublishMode::Nothing => {}
        }
        if scope == ScanScope::All && publish != PublishMode::Nothing && !self.is_failing {
            handle::answer_rescans(&mut self.rescan_requests);
        }
        if may_find_missed {
            self.record_missed_changes(report);
        }
    }

    /// Scans, publishes and reports. A problem that persists is reported once.
    fn refresh_and_report(
        &mut self,
        scope: &ScanScope,
        publish: PublishMode,
        now: SystemTime,
        report: &mut impl FnMut(WatchEvent<'_>),
    ) {
        let failed_before = self.is_failing;
        let held_before = self.deletion_hold.is_active();
        let generation_before = self.status().generation;
        let outcome = self.refresh_scope(scope, publish, now);
        self.pipeline.lint_if_at_most(IDLE_LINT_BATCH);
        if failed_before && outcome.is_ok() {
            report(WatchEvent::Recovered);
        }
        match outcome {
            // A problem that ended is reported, too.
            Ok(RefreshOutcome::Unchanged)
                if !failed_before && held_before == self.deletion_hold.is_active() => {}
            Ok(outcome) => report(WatchEvent::Scanned(outcome, self.status())),
            Err(error) => {
                if !failed_before {
                    report(WatchEvent::ScanFailed(&error));
                }
                // Due posts are published even if the disk fails.
                if self.status().generation != generation_before {
                    report(WatchEvent::Scanned(
                        RefreshOutcome::Published,
                        self.status(),
                    ));
                }
            }
        }
        if self.deletion_hold.is_active() && !held_before {
            report(WatchEvent::MassDeletionHeld(MASS_DELETION_GRACE));
        }
    }

    /// Counts changes that a rescan found without an event. An event that arrives shortly after is
    /// late, not lost.
    fn record_missed_changes(&mut self, report: &mut impl FnMut(WatchEvent<'_>)) {
        let missed = self.pipeline.changed_file_count();
        if missed == 0 {
            return;
        }
        let end = Instant::now() + LATE_EVENT_GRACE;
        while let Ok(wake) = self
            .wake_ups
            .recv_timeout(end.saturating_duration_since(Instant::now()))
        {
            let is_event = matches!(wake, WakeUp::Events(_) | WakeUp::EventsLost(_));
            self.handle_wake_up(wake);
            if is_event || self.is_stopped {
                return;
            }
        }
        self.pipeline.record_missed_changes(missed);
        report(WatchEvent::MissedEvents(missed, self.status()));
    }

    /// Returns the time until a post appears or expires without a file change.
    fn time_until_due(&self, now: SystemTime) -> Option<Duration> {
        let due = self.status().next_change_at?;
        Some(
            (due - DateTime::<Utc>::from(now))
                .to_std()
                .unwrap_or_default(),
        )
    }

    /// Returns the time until the next work that needs no event.
    fn time_until_next_work(&self, deadlines: &Deadlines, now: SystemTime) -> Duration {
        let at = Instant::now();
        let until = |instant: Instant| instant.saturating_duration_since(at);
        let is_restless = self.is_retrying();
        [
            // While retrying, due posts wait for the next attempt, which avoids a busy loop.
            (is_restless || self.pipeline.retry_scope().is_some()).then(|| until(deadlines.retry)),
            self.time_until_due(now).filter(|_| !is_restless),
            self.pipeline.has_backlog().then_some(Duration::ZERO),
            Some(until(deadlines.clock_check)),
            self.debouncer.next_due().map(until),
            self.detector.is_polling().then(|| until(deadlines.poll)),
            (!self.detector.is_disabled()).then(|| until(deadlines.rescan)),
            self.config_reads.next_due().map(until),
        ]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or_default()
    }

    /// Returns true if scans are retried at short intervals until something changes.
    fn is_retrying(&self) -> bool {
        self.is_failing || self.deletion_hold.is_active()
    }

    /// Reads the configuration and applies it if it is valid and the content can be read with it.
    fn reload_config(
        &mut self,
        is_requested: bool,
        now: SystemTime,
        report: &mut impl FnMut(WatchEvent<'_>),
    ) {
        if is_requested {
            report(WatchEvent::Reloading);
            self.detector.start_events();
            self.debouncer.request_full_scan(Instant::now());
        }
        let Some(reload) = &mut self.config_reloader else {
            return;
        };
        let (config, restart_keys) = match reload.read_config(self.pipeline.config(), is_requested)
        {
            ReloadResult::Unchanged => return,
            ReloadResult::Invalid(error) => return report(WatchEvent::ConfigRejected(&error)),
            ReloadResult::Changed(config, keys) => (config, keys),
        };
        let outcome = match self.pipeline.apply_config(*config, now) {
            Err(error @ PipelineError::Library(_)) => {
                if reload.record_unusable(format!("{error:?}")) {
                    report(WatchEvent::ConfigUnusable(&error));
                }
                return;
            }
            outcome => outcome,
        };
        let config = self.pipeline.config();
        self.debouncer.set_debounce(config.watch.debounce);
        self.detector
            .apply_config(config, &reload.source_files(config));
        self.deletion_hold = DeletionHold::default();
        self.is_failing = outcome.is_err();
        report(WatchEvent::Reloaded {
            needs_restart: &restart_keys,
            config: self.pipeline.config(),
            status: self.status(),
        });
        match outcome {
            Ok(RefreshOutcome::Published) => report(WatchEvent::Scanned(
                RefreshOutcome::Published,
                self.status(),
            )),
            Ok(_) => {}
            Err(error) => report(WatchEvent::ScanFailed(&error)),
        }
        // Catches changes between that scan and the watch of the new directories.
        self.debouncer.request_full_scan(Instant::now());
    }

    /// Handles one wake-up message.
    fn handle_wake_up(&mut self, wake: WakeUp) {
        match wake {
            WakeUp::StopRequested => self.is_stopped = true,
            WakeUp::ReloadRequested => self.config_reads.request_read(Instant::now()),
            // A requester that timed out has dropped the receiver.
            WakeUp::OverviewRequested(answer) => {
                drop(answer.try_send(self.pipeline.build_overview()))
            }
            WakeUp::RescanRequested(answer) => {
                self.debouncer.request_full_scan(Instant::now());
                self.rescan_requests.push(answer);
            }
            WakeUp::CommitDatesChanged(dates) => {
                self.pipeline.replace_commit_dates(dates);
                self.debouncer.request_full_scan(Instant::now());
            }
            WakeUp::EventsLost(why) => self.detector.fall_back_to_polling(why),
            WakeUp::Events(events) => {
                let at = Instant::now();
                for event in events {
                    increment_counter(&self.counters.events);
                    let (change_set, kind) = self.detector.apply_event(&event);
                    if change_set.config_changed {
                        self.config_reads.on_file_event(kind, at);
                    }
                    self.debouncer.on_changes(change_set, kind, at);
                }
            }
        }
    }
}
