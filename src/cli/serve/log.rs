//! Logs the events of the content watcher: one line per published generation (version of the site), and one
//! per finding when it appears and when it is fixed. A rule with many findings is one line.

use tracing::{info, warn};

use crate::check::finding_groups::group_findings;
use crate::config::{Config, ConfigError};
use crate::model::finding::Finding;
use crate::publish::pipeline::{ContentStatus, Findings, RefreshOutcome};
use crate::watch::WatchEvent;

/// Maximum number of findings, or rules with many, that are logged at once.
const MAX_LOGGED_ENTRIES: usize = 50;
/// Maximum number of changed files that are named per generation.
const MAX_NAMED_FILES: usize = 3;

/// Logger that remembers which findings it logged.
pub(super) struct WatchLogger {
    pub(super) logged_findings: Findings,
}

impl WatchLogger {
    /// Logs the site that is served and its findings, up to the maximum.
    pub(super) fn log_startup(&self, config: &Config, status: &ContentStatus) {
        info!(
            site = config.site.title,
            content = %config.content.dir.display(),
            generation = status.generation,
            posts = status.file_counts.posts + status.file_counts.last_good,
            "serving"
        );
        log_findings(self.logged_findings.iter());
    }

    pub(super) fn log_event(&mut self, event: WatchEvent<'_>) {
        match event {
            WatchEvent::TurnStarted | WatchEvent::Reloading => {}
            WatchEvent::Recovered => info!("the content directory can be read again"),
            WatchEvent::Scanned(outcome, status) => {
                self.log_finding_changes(status);
                let posts = status.file_counts.posts + status.file_counts.last_good;
                match outcome {
                    RefreshOutcome::Published => log_published(status, posts),
                    RefreshOutcome::SameOutputs => {
                        info!(posts, "content changed, but no output did")
                    }
                    RefreshOutcome::Unchanged => {}
                }
            }
            WatchEvent::LintsFinished(status) => self.log_finding_changes(status),
            WatchEvent::ScanFailed(error) => warn!(
                "{}; the last good version is still served",
                error.message_with_causes()
            ),
            WatchEvent::MassDeletionHeld(wait) => warn!(
                seconds = wait.as_secs(),
                "most posts were deleted at once; they are still served for a few seconds, in case they come back"
            ),
            WatchEvent::EventsUnavailable(why, poll) => warn!(
                reason = why.reason,
                hint = why.hint,
                "file events are not available; scanning every {} instead",
                humantime::format_duration(poll)
            ),
            WatchEvent::SharedFilesystem(file_system, poll) => info!(
                file_system,
                "file events do not report all changes on this file system; also scanning every {}",
                humantime::format_duration(poll)
            ),
            WatchEvent::EventsAvailable => info!("file events are available again"),
            WatchEvent::MissedEvents(files, status) => warn!(
                files,
                in_all = status.missed_change_count,
                hint = "on a network mount, set `watch.mode = \"poll\"`",
                "files changed without a file event"
            ),
            WatchEvent::Reloaded {
                needs_restart: [],
                config: _,
                status,
            } => {
                info!("configuration reloaded");
                self.log_finding_changes(status);
            }
            WatchEvent::Reloaded {
                needs_restart,
                config: _,
                status,
            } => {
                warn!(
                    keys = needs_restart.join(", "),
                    hint = "restart courant to apply these keys",
                    "configuration reloaded, except for keys that need a restart"
                );
                self.log_finding_changes(status);
            }
            WatchEvent::ConfigRejected(error) => {
                warn!("invalid configuration rejected, the previous one stays active: {error}");
                self.log_config_errors(error);
            }
            WatchEvent::ConfigUnusable(error) => warn!(
                "configuration cannot be applied yet, the previous one stays active: {}",
                error.message_with_causes()
            ),
        }
    }

    /// Logs each error of a configuration.
    fn log_config_errors(&self, error: &ConfigError) {
        match error {
            ConfigError::Invalid { findings, .. } => {
                for finding in findings {
                    warn!(hint = finding.hint, "{finding}");
                }
            }
            ConfigError::Read { source, .. } => {
                warn!(hint = "restore the file; it will be read again", "{source}")
            }
        }
    }

    /// Logs findings that appeared and findings that were fixed. Findings beyond the maximum are only counted.
    fn log_finding_changes(&mut self, status: &ContentStatus) {
        let new = status.findings.difference(&self.logged_findings);
        log_findings(&new);
        let fixed = self.logged_findings.difference(&status.findings);
        let fixed = group_findings(&fixed);
        for group in fixed.iter().take(MAX_LOGGED_ENTRIES) {
            info!("fixed: {group}");
        }
        let more_fixed = fixed.len().saturating_sub(MAX_LOGGED_ENTRIES);
        if more_fixed > 0 {
            info!(more = more_fixed, "more findings were fixed");
        }
        self.logged_findings.clone_from(&status.findings);
    }
}

/// Logs findings, those of a rule with many in one line, up to the maximum.
fn log_findings<'a>(findings: impl IntoIterator<Item = &'a Finding>) {
    let groups = group_findings(findings);
    for group in groups.iter().take(MAX_LOGGED_ENTRIES) {
        warn!(hint = group.first.hint, "{group}");
    }
    let more = groups.len().saturating_sub(MAX_LOGGED_ENTRIES);
    if more > 0 {
        warn!(more, "there are more findings; `courant check` lists them");
    }
}

/// Logs how a generation differs from the previous one.
fn log_published(status: &ContentStatus, posts: usize) {
    let changed = &status.post_changes;
    let non_zero = |count: usize| (count > 0).then_some(count);
    let named = changed.first_changes.iter().take(MAX_NAMED_FILES);
    let mut files: Vec<String> = named
        .map(|(path, change)| format!("{path} {}", change.change_name()))
        .collect();
    let more = changed.total_count().saturating_sub(files.len());
    if more > 0 {
        files.push(format!("{more} more"));
    }
    let files = Some(files.join(", ")).filter(|files| !files.is_empty());
    info!(
        generation = status.generation,
        posts,
        cause = status.publish_reason.as_str(),
        new = non_zero(changed.new),
        changed = non_zero(changed.changed),
        hidden = non_zero(changed.hidden),
        gone = non_zero(changed.gone),
        files,
        "published"
    );
}
