//! Counts exports for the operator: objects, failures, and how far the store is behind.

use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use super::export_report::ExportReport;

/// Status of the export, shared by all clones, which can be subscribed to.
#[derive(Debug, Clone, Default)]
pub struct ExportStatus(watch::Sender<Option<ExportFigures>>);

/// Figures of the export since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportFigures {
    /// Directory or store that outputs are written to.
    pub store: String,
    /// Objects that were written.
    pub written: u64,
    /// Objects that were deleted.
    pub deleted: u64,
    /// Bytes that were written.
    pub bytes: u64,
    /// Exports that failed.
    pub failed: u64,
    /// Paths that the cache in front of the store dropped.
    pub purged: u64,
    /// Purges that failed.
    pub failed_purges: u64,
    /// Newest generation that is served.
    pub newest_generation: u64,
    /// Generation that the store has; 0 before the first export.
    pub exported_generation: u64,
    /// Publication of the first generation that the store lacks; `None` if it has the newest.
    pub behind_since: Option<SystemTime>,
    /// End of the last successful export.
    pub last_success: Option<SystemTime>,
    /// Error of the last export, with its causes; `None` if it succeeded.
    pub last_error: Option<String>,
    /// Time of the next attempt after a failure.
    pub next_attempt: Option<SystemTime>,
}

/// Name, help text and value of a metric.
type Metric = (&'static str, &'static str, u64);

impl ExportFigures {
    /// Returns how many generations the store is behind.
    pub fn lag_generations(&self) -> u64 {
        self.newest_generation
            .saturating_sub(self.exported_generation)
    }

    /// Returns for how long the store has been behind.
    pub fn lag(&self, now: SystemTime) -> Duration {
        let since = self.behind_since.and_then(|at| now.duration_since(at).ok());
        since.unwrap_or_default()
    }

    /// Returns what is counted, as metrics.
    pub fn counters(&self) -> [Metric; 6] {
        [
            (
                "export_written",
                "Objects written to the export's store",
                self.written,
            ),
            (
                "export_deleted",
                "Objects deleted in the export's store",
                self.deleted,
            ),
            (
                "export_bytes",
                "Bytes written to the export's store",
                self.bytes,
            ),
            ("export_failures", "Exports that failed", self.failed),
            (
                "export_purged",
                "Paths that the cache in front of the store dropped",
                self.purged,
            ),
            (
                "export_purge_failures",
                "Purges that failed",
                self.failed_purges,
            ),
        ]
    }

    /// Returns how far the store is behind, as metrics.
    pub fn gauges(&self, now: SystemTime) -> [Metric; 3] {
        let last = self.last_success.unwrap_or(SystemTime::UNIX_EPOCH);
        let last = last.duration_since(SystemTime::UNIX_EPOCH);
        [
            (
                "export_lag_generations",
                "Generations that the export's store is behind",
                self.lag_generations(),
            ),
            (
                "export_lag_seconds",
                "Time since the export's store is behind",
                self.lag(now).as_secs(),
            ),
            (
                "export_last_success_timestamp_seconds",
                "Unix time of the last successful export; 0 before the first",
                last.unwrap_or_default().as_secs(),
            ),
        ]
    }
}

impl ExportStatus {
    /// Returns the figures; `None` without an export.
    pub fn current_figures(&self) -> Option<ExportFigures> {
        self.0.borrow().clone()
    }

    /// Returns a receiver that is notified of each change.
    pub fn subscribe(&self) -> watch::Receiver<Option<ExportFigures>> {
        self.0.subscribe()
    }

    pub(super) fn update(&self, update: impl FnOnce(&mut ExportFigures)) {
        self.0
            .send_modify(|figures| update(figures.get_or_insert_default()));
    }

    /// Records a generation that is to be exported.
    pub(super) fn record_generation(&self, generation: u64, now: SystemTime) {
        self.update(|figures| {
            figures.newest_generation = generation;
            figures.behind_since.get_or_insert(now);
        });
    }

    /// Records that the store has a generation.
    pub(super) fn record_success(&self, report: &ExportReport, generation: u64, now: SystemTime) {
        let count = |keys: &[String]| u64::try_from(keys.len()).unwrap_or(u64::MAX);
        self.update(|figures| {
            figures.written += count(&report.created) + count(&report.changed);
            figures.deleted += count(&report.deleted);
            figures.bytes = figures.bytes.saturating_add(report.bytes);
            figures.exported_generation = generation;
            // A later generation was published during this export. Its time is not known exactly.
            figures.behind_since = (figures.newest_generation > generation).then_some(now);
            figures.last_success = Some(now);
            figures.last_error = None;
            figures.next_attempt = None;
        });
    }

    /// Records a failed export; without a next attempt, it has stopped.
    pub(super) fn record_failure(&self, error: String, next_attempt: Option<SystemTime>) {
        self.update(|figures| {
            figures.failed += 1;
            figures.last_error = Some(error);
            figures.next_attempt = next_attempt;
        });
    }
}
