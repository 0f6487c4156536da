//! What becomes of the content into lines of the log: one for each generation, and one for each finding when it
//! appears and when it goes.

use tracing::{info, warn};

use crate::config::{Config, ConfigError};
use crate::pipeline::{Findings, Outcome, Status};
use crate::watch::Turn;

/// So many findings are told one by one.
const MOST_LOGGED: usize = 50;
/// So many files are named that a generation is new for.
const MOST_NAMED: usize = 3;

/// What the log has said of the content so far.
pub(super) struct Log {
    pub(super) findings: Findings,
}

impl Log {
    /// What the summary says to people, and each finding that there is.
    pub(super) fn begin(&self, config: &Config, status: &Status) {
        info!(
            site = config.site.title,
            content = %config.content.dir.display(),
            generation = status.generation,
            posts = status.tally.posts + status.tally.kept,
            "serving"
        );
        for finding in self.findings.iter().take(MOST_LOGGED) {
            warn!(hint = finding.hint, "{finding}");
        }
    }

    pub(super) fn turn(&mut self, turn: Turn<'_>) {
        match turn {
            Turn::Awake | Turn::Rereading => {}
            Turn::Recovered => info!("the content directory can be read again"),
            Turn::Looked(outcome, status) => {
                self.findings(status);
                let posts = status.tally.posts + status.tally.kept;
                match outcome {
                    Outcome::Published => published(status, posts),
                    Outcome::SameOutputs => {
                        info!(posts, "content changed, nothing that is served did")
                    }
                    Outcome::Unchanged => {}
                }
            }
            Turn::Advised(status) => self.findings(status),
            Turn::Failed(error) => warn!(
                "{}; what was served goes on being served",
                error.with_causes()
            ),
            Turn::InDoubt(wait) => warn!(
                seconds = wait.as_secs(),
                "most posts are gone at once; they are served until that has lasted"
            ),
            Turn::NoEvents(why, poll) => warn!(
                reason = why.reason,
                hint = why.hint,
                "no file events; looking every {} instead",
                humantime::format_duration(poll)
            ),
            Turn::Shared(file_system, poll) => info!(
                file_system,
                "file events do not tell of all changes here; looking every {} besides",
                humantime::format_duration(poll)
            ),
            Turn::Events => info!("there are file events again"),
            Turn::Missed(files, status) => warn!(
                files,
                in_all = status.missed_by_events,
                hint = "on a network mount, set `watch.mode = \"poll\"`",
                "files changed and no file event told of it"
            ),
            Turn::Reloaded {
                needs_restart: [],
                status,
            } => {
                info!("configuration reloaded");
                self.findings(status);
            }
            Turn::Reloaded {
                needs_restart,
                status,
            } => {
                warn!(
                    keys = needs_restart.join(", "),
                    hint = "restart courant for those keys",
                    "configuration reloaded, but for keys that are read at the start only"
                );
                self.findings(status);
            }
            Turn::Refused(error) => {
                warn!("configuration has faults, nothing was changed: {error}");
                self.faults(error);
            }
            Turn::Unusable(error) => warn!(
                "configuration cannot be used yet, nothing was changed: {}",
                error.with_causes()
            ),
        }
    }

    /// Each fault of a configuration, as at the start.
    fn faults(&self, error: &ConfigError) {
        match error {
            ConfigError::Faults { findings, .. } => {
                for finding in findings {
                    warn!(hint = finding.hint, "{finding}");
                }
            }
            ConfigError::Read { source, .. } => {
                warn!(hint = "put the file back, and it is read again", "{source}")
            }
        }
    }

    /// Each finding when it appears, and when it goes; of very many, how many.
    fn findings(&mut self, status: &Status) {
        let new = status.findings.without(&self.findings);
        let more = new.len().saturating_sub(MOST_LOGGED);
        for finding in new.into_iter().take(MOST_LOGGED) {
            warn!(hint = finding.hint, "{finding}");
        }
        if more > 0 {
            warn!(more, "more is wrong; `courant check` lists all of it");
        }
        let mended = self.findings.without(&status.findings);
        let more = mended.len().saturating_sub(MOST_LOGGED);
        for finding in mended.into_iter().take(MOST_LOGGED) {
            info!("mended: {finding}");
        }
        if more > 0 {
            info!(more, "more is mended");
        }
        self.findings.clone_from(&status.findings);
    }
}

/// What a generation has that the one before had not.
fn published(status: &Status, posts: usize) {
    let changed = &status.changed;
    let some = |count: usize| (count > 0).then_some(count);
    let named = changed.named.iter().take(MOST_NAMED);
    let mut files: Vec<String> = named
        .map(|(path, fate)| format!("{path} {}", fate.name()))
        .collect();
    let more = changed.count().saturating_sub(files.len());
    if more > 0 {
        files.push(format!("{more} more"));
    }
    let files = Some(files.join(", ")).filter(|files| !files.is_empty());
    info!(
        generation = status.generation,
        posts,
        cause = status.cause.name(),
        new = some(changed.new),
        changed = some(changed.changed),
        hidden = some(changed.hidden),
        gone = some(changed.gone),
        files,
        "published"
    );
}
