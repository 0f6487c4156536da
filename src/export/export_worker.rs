//! Exports each published generation on a thread of its own, so that a slow store delays no edit and no response.
//!
//! Only the newest generation counts: those that were published during an export are exported together. After a failure
//! the export is tried again, with growing waits, and catches up with the newest state.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle as TaskHandle;
use tokio::time::{Instant, timeout};
use tracing::{debug, error, info, warn};

use super::cache_purge::CachePurger;
use super::export_error::ExportError;
use super::export_report::ExportReport;
use super::export_status::ExportStatus;
use super::export_target::ExportTarget;
use super::exporter::Exporter;
use super::output_set::OutputSet;
use super::touched_keys::TouchedKeys;
use crate::backoff::{compute_backoff, wait_until};
use crate::config::Config;
use crate::progress::Progress;
use crate::publish::snapshot::Snapshot;
use crate::text::truncate_graphemes;
use crate::thread_priority::ThreadPriority;

/// Wait after the first failure; it doubles with each further one.
const MIN_BACKOFF: Duration = Duration::from_millis(500);
/// Waits after failures of the store: an operator who repaired it does not wait for long.
const EXPORT_BACKOFF: RangeInclusive<Duration> = MIN_BACKOFF..=Duration::from_secs(30);
/// Maximum wait after an attempt that only failed to render: most need an edit, which ends the wait.
const MAX_RENDER_BACKOFF: Duration = Duration::from_secs(600);
/// Interval at which an idle process looks if another one changed the store.
const STORE_CHECK_INTERVAL: Duration = Duration::from_secs(30);
/// Wait before the content is scanned again if that failed.
const RESCAN_RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// Maximum characters of an error on the admin page and in the log. Stores may answer with an HTML page.
const MAX_ERROR_LENGTH: usize = 500;

/// Generation to export, with its configuration.
type PublishedSite = (Arc<Snapshot>, Arc<Config>);

/// Function that scans the content again, and hands over the result before it returns. False if it cannot be read now.
pub type Rescan = Arc<dyn Fn() -> bool + Send + Sync>;

/// Function that is called with the generation that the store has, and true if this process is to announce it. `None`
/// says that the store's generation is unknown.
pub type OnExported = Box<dyn Fn(Option<&Arc<Snapshot>>, bool) + Send>;

/// Functions that the worker calls.
pub struct ExportHooks {
    /// Called before an export if another process wrote last.
    pub rescan: Rescan,
    /// Called after each export. The process that changed the store announces it, and each process its first export.
    pub on_exported: OnExported,
    /// Current time.
    pub clock: fn() -> SystemTime,
}

/// Handle on the thread that exports.
#[derive(Debug)]
pub struct ExportWorker {
    newest: watch::Sender<Option<PublishedSite>>,
    interrupt: Arc<AtomicBool>,
    /// Time that a running export has left after a stop was requested.
    stop: watch::Sender<Option<Duration>>,
    status: ExportStatus,
    clock: fn() -> SystemTime,
    thread: Option<JoinHandle<()>>,
}

/// Stops an export.
#[derive(Debug, Clone)]
pub struct ExportStopHandle(watch::Sender<Option<Duration>>);

/// State of the thread.
struct ExportLoop {
    exporter: Exporter,
    /// Receives the keys to purge; `None` without a cache.
    purges: Option<mpsc::UnboundedSender<TouchedKeys>>,
    purge_task: Option<TaskHandle<()>>,
    newest: watch::Receiver<Option<PublishedSite>>,
    hooks: ExportHooks,
    status: ExportStatus,
    interrupt: Arc<AtomicBool>,
    failures: u32,
    last_error: Option<String>,
    known_conflicts: Vec<String>,
    has_exported: bool,
    /// True if announcements wait until an export succeeds.
    is_suspended: bool,
    /// True if the store had the newest generation after the last attempt.
    is_settled: bool,
}

impl ExportWorker {
    /// Starts the thread. It waits for the first generation.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn start(
        target: ExportTarget,
        purger: Option<CachePurger>,
        status: ExportStatus,
        hooks: ExportHooks,
    ) -> std::io::Result<ExportWorker> {
        status.update(|figures| target.name().clone_into(&mut figures.store));
        let (newest, published) = watch::channel(None);
        let (stop, stopped) = watch::channel(None);
        let clock = hooks.clock;
        let exporter = Exporter::new(target);
        let interrupt = exporter.interrupt_flag();
        let export_loop = ExportLoop {
            interrupt: Arc::clone(&interrupt),
            exporter,
            purges: None,
            purge_task: None,
            newest: published,
            hooks,
            status: status.clone(),
            failures: 0,
            last_error: None,
            known_conflicts: Vec::new(),
            has_exported: false,
            is_suspended: false,
            is_settled: false,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let thread = std::thread::Builder::new()
            .name("export".to_owned())
            .spawn(move || {
                ThreadPriority::Reading.apply_to_current_thread();
                runtime.block_on(export_loop.run(purger, stopped));
                // A scan or a name that is being looked up must not delay the end of the process.
                runtime.shutdown_background();
            })?;
        Ok(ExportWorker {
            newest,
            interrupt,
            stop,
            status,
            clock,
            thread: Some(thread),
        })
    }

    /// Hands over the newest generation, and returns at once.
    pub fn export_snapshot(&self, snapshot: Arc<Snapshot>, config: Arc<Config>) {
        self.status
            .record_generation(snapshot.generation(), (self.clock)());
        self.newest.send_replace(Some((snapshot, config)));
        self.interrupt.store(true, Ordering::Relaxed);
    }

    /// Returns a handle that stops the export.
    pub fn stop_handle(&self) -> ExportStopHandle {
        ExportStopHandle(self.stop.clone())
    }
}

impl ExportStopHandle {
    /// Lets a running export finish within `drain_timeout`. What it leaves undone, the next start completes.
    pub fn request_stop(&self, drain_timeout: Duration) {
        self.0.send_replace(Some(drain_timeout));
    }
}

impl Drop for ExportWorker {
    fn drop(&mut self) {
        self.stop.send_if_modified(|stop| {
            let is_running = stop.is_none();
            stop.get_or_insert(Duration::ZERO);
            is_running
        });
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl ExportLoop {
    async fn run(
        mut self,
        purger: Option<CachePurger>,
        mut stopped: watch::Receiver<Option<Duration>>,
    ) {
        if let Some(purger) = purger {
            let (sender, changed) = mpsc::unbounded_channel();
            self.purges = Some(sender);
            self.purge_task = Some(tokio::spawn(purger.run(changed, self.status.clone())));
        }
        self.export_until_stop(&mut stopped).await;
        // Closing the channel lets the task send what is pending.
        self.purges = None;
        let drain_timeout = stopped.borrow().unwrap_or_default();
        if let Some(task) = self.purge_task.take() {
            let _ = timeout(drain_timeout, task).await;
        }
    }

    async fn export_until_stop(&mut self, stopped: &mut watch::Receiver<Option<Duration>>) {
        let mut retry_at = None;
        loop {
            let has_newer = tokio::select! {
                biased;
                _ = stopped.wait_for(Option::is_some) => return,
                changed = self.newest.changed() => match changed {
                    Ok(()) => true,
                    Err(_) => return,
                },
                () = wait_until(retry_at) => false,
            };
            let mut turn = std::pin::pin!(self.take_turn(has_newer));
            let finished = tokio::select! {
                wait = &mut turn => Some(wait),
                _ = stopped.wait_for(Option::is_some) => None,
            };
            let wait = match finished {
                Some(wait) => wait,
                None => {
                    let drain_timeout = stopped.borrow().unwrap_or_default();
                    if timeout(drain_timeout, turn).await.is_err() {
                        warn!("stopped in the middle of an export; the next start completes it");
                    }
                    return;
                }
            };
            retry_at = wait.map(|wait| Instant::now() + wait);
        }
    }

    /// Exports the newest generation, unless the store has it. Returns the wait before the next turn.
    async fn take_turn(&mut self, has_newer: bool) -> Option<Duration> {
        let is_settled = self.is_settled && !has_newer;
        if is_settled && !matches!(self.exporter.forget_stale_manifest().await, Ok(true)) {
            return Some(STORE_CHECK_INTERVAL);
        }
        self.is_settled = false;
        let wait = self.export_newest().await;
        wait.or_else(|| self.is_settled.then_some(STORE_CHECK_INTERVAL))
    }

    /// Exports the newest generation. Returns the wait before the next attempt; `None` if it succeeded.
    async fn export_newest(&mut self) -> Option<Duration> {
        self.interrupt.store(false, Ordering::Relaxed);
        let (snapshot, config) = self.newest.borrow_and_update().clone()?;
        let mut exported = Arc::clone(&snapshot);
        let outputs = OutputSet::from_snapshot(snapshot, &config, self.exporter.target());
        let target = self.exporter.target().clone();
        let (rescan, newest) = (Arc::clone(&self.hooks.rescan), &mut self.newest);
        let rescanned = &mut exported;
        let newer_outputs = move || async move {
            // Without a scan, this process could bring back a post that the other one withdrew.
            while !scan_again(&rescan).await {
                tokio::time::sleep(RESCAN_RETRY_INTERVAL).await;
            }
            let (snapshot, config) = newest.borrow_and_update().clone()?;
            *rescanned = Arc::clone(&snapshot);
            Some(OutputSet::from_snapshot(snapshot, &config, &target))
        };
        let progress = Progress::default();
        let result = self.exporter.export(outputs, &progress, newer_outputs);
        let result = result.await;
        self.purge_changes();
        match result {
            Ok(report) if report.failed.is_empty() => {
                self.record_success(&report, &exported);
                None
            }
            Ok(report) => Some(self.record_failed_outputs(&report, &exported)),
            Err(ExportError::Interrupted) => Some(Duration::ZERO),
            Err(error) => Some(self.record_failure(&error)),
        }
    }

    /// Hands over what changed to the task that purges the cache.
    fn purge_changes(&mut self) {
        let changed = self.exporter.take_touched_keys();
        if let Some(purges) = self.purges.as_ref().filter(|_| !changed.is_empty()) {
            let _ = purges.send(changed);
        }
    }

    /// Hands over the generation that the store has. Replicas that wrote nothing leave its announcement to the one that
    /// did, but they must know it: what they have still to announce may be hidden by now.
    fn hand_over(&mut self, report: &ExportReport, exported: &Arc<Snapshot>) {
        let is_announced = !report.is_unchanged() || !self.has_exported || self.is_suspended;
        (self.hooks.on_exported)(Some(exported), is_announced);
        (self.has_exported, self.is_suspended) = (true, false);
    }

    fn record_success(&mut self, report: &ExportReport, exported: &Arc<Snapshot>) {
        let now = (self.hooks.clock)();
        self.status
            .record_success(report, exported.generation(), now);
        if self.last_error.take().is_some() {
            info!("the export works again");
        }
        self.failures = 0;
        self.is_settled = true;
        self.finish_generation(report, exported);
    }

    /// Logs what an export did, and hands on its generation.
    fn finish_generation(&mut self, report: &ExportReport, exported: &Arc<Snapshot>) {
        if !report.conflicts.is_empty() && report.conflicts != self.known_conflicts {
            warn!(
                objects = report.conflicts.join(", "),
                hint = "delete these if courant is to write them",
                "objects of another program are not overwritten"
            );
            self.known_conflicts.clone_from(&report.conflicts);
        }
        if !report.is_unchanged() || !self.has_exported {
            info!(generation = exported.generation(), "exported: {report}");
        }
        self.hand_over(report, exported);
    }

    /// Records outputs that could not be rendered; all others were written. Returns the wait before the next attempt.
    fn record_failed_outputs(
        &mut self,
        report: &ExportReport,
        exported: &Arc<Snapshot>,
    ) -> Duration {
        let now = (self.hooks.clock)();
        self.status
            .record_success(report, exported.generation(), now);
        self.finish_generation(report, exported);
        self.failures += 1;
        let wait = compute_backoff(self.failures, &(MIN_BACKOFF..=MAX_RENDER_BACKOFF));
        let reason = format!("cannot render {}", report.failed.join(", "));
        let reason = truncate_graphemes(&reason, MAX_ERROR_LENGTH);
        self.status
            .record_failure(reason.clone(), now.checked_add(wait));
        if self.last_error.as_ref() != Some(&reason) {
            warn!("some outputs are not exported: {reason}; trying again");
            self.last_error = Some(reason);
        }
        wait
    }

    /// Records a failure, and logs it if it is new. Returns the wait before the next attempt.
    fn record_failure(&mut self, error: &ExportError) -> Duration {
        self.failures += 1;
        let wait = match error {
            // Until a configuration is reloaded.
            ExportError::ConfigReplaced { .. } => STORE_CHECK_INTERVAL,
            _ => compute_backoff(self.failures, &EXPORT_BACKOFF),
        };
        let reason = describe_causes(error);
        let next_attempt = (self.hooks.clock)().checked_add(wait);
        self.status.record_failure(reason.clone(), next_attempt);
        let is_superseded = matches!(error, ExportError::Superseded { .. });
        if !is_superseded {
            // What waits may be an edit of a post that is hidden by now.
            self.is_suspended = true;
            (self.hooks.on_exported)(None, false);
        }
        if is_superseded {
            debug!("{reason}; trying again");
        } else if self.last_error.as_ref() != Some(&reason) {
            error!(
                hint = error.hint(),
                "the export failed: {reason}; trying again"
            );
        }
        self.last_error = Some(reason);
        wait
    }
}

/// Scans the content on a thread that may block.
async fn scan_again(rescan: &Rescan) -> bool {
    let rescan = Arc::clone(rescan);
    let scan = tokio::task::spawn_blocking(move || rescan());
    scan.await.unwrap_or(false)
}

/// Joins an error and its causes in one line.
fn describe_causes(error: &ExportError) -> String {
    let mut text = error.to_string();
    for cause in error.list_causes() {
        text.push_str(": ");
        text.push_str(&cause);
    }
    truncate_graphemes(&text, MAX_ERROR_LENGTH)
}
