//! Counts fetches and webhooks for the operator.

use std::time::SystemTime;

use tokio::sync::watch;

/// Status of the repository, shared by all clones, which can be subscribed to.
#[derive(Debug, Clone, Default)]
pub struct GitStatus(watch::Sender<Option<GitFigures>>);

/// Figures of the repository since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GitFigures {
    /// URL of the repository, without credentials.
    pub url: String,
    /// First digits of the commit that is checked out.
    pub commit: String,
    /// Fetches that succeeded.
    pub fetches: u64,
    /// Fetches that failed.
    pub failures: u64,
    /// Webhooks with a valid signature.
    pub webhooks: u64,
    /// Webhooks without one.
    pub rejected_webhooks: u64,
    /// End of the last successful fetch.
    pub last_success: Option<SystemTime>,
    /// Error of the last fetch; `None` if it succeeded.
    pub last_error: Option<String>,
}

/// Name, help text and value of a metric.
type GitMetric = (&'static str, &'static str, u64);

impl GitFigures {
    /// Returns what is counted, as metrics.
    pub fn counters(&self) -> [GitMetric; 4] {
        [
            ("git_fetches", "Fetches that succeeded", self.fetches),
            ("git_fetch_failures", "Fetches that failed", self.failures),
            ("git_webhooks", "Webhooks with a signature", self.webhooks),
            (
                "git_rejected_webhooks",
                "Other webhooks",
                self.rejected_webhooks,
            ),
        ]
    }

    /// Describes failures and webhooks, one a line.
    pub fn notes(&self) -> Vec<String> {
        let counted = [
            (self.failures, "failed"),
            (self.webhooks, "by webhook"),
            (self.rejected_webhooks, "webhooks rejected"),
        ];
        let counted = counted.into_iter().filter(|(count, _)| *count > 0);
        let counted = counted.map(|(count, what)| format!("{count} {what}"));
        counted.chain(self.last_error.clone()).collect()
    }

    /// Returns the time of the last successful fetch, as a metric.
    pub fn gauge(&self) -> GitMetric {
        let last = self.last_success.unwrap_or(SystemTime::UNIX_EPOCH);
        let last = last.duration_since(SystemTime::UNIX_EPOCH);
        (
            "git_last_fetch_timestamp_seconds",
            "Unix time of the last successful fetch; 0 before the first",
            last.unwrap_or_default().as_secs(),
        )
    }
}

impl GitStatus {
    /// Returns the figures; `None` without a repository.
    pub fn current_figures(&self) -> Option<GitFigures> {
        self.0.borrow().clone()
    }

    /// Returns a receiver that is notified of each change.
    pub fn subscribe(&self) -> watch::Receiver<Option<GitFigures>> {
        self.0.subscribe()
    }

    /// Records a webhook, and if its signature is valid.
    pub fn record_webhook(&self, is_valid: bool) {
        self.update(|figures| match is_valid {
            true => figures.webhooks += 1,
            false => figures.rejected_webhooks += 1,
        });
    }

    pub(super) fn update(&self, update: impl FnOnce(&mut GitFigures)) {
        self.0
            .send_modify(|figures| update(figures.get_or_insert_default()));
    }
}
