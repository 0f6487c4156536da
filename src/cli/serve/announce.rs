//! Starts the announcements of changes to hubs and search engines.

use tracing::warn;

use super::super::environment::read_clock;
use super::super::exit::HintedError;
use crate::announce::{AnnounceStatus, AnnounceTimings, Announcer, FileStore, StateStore};
use crate::check::lint::find_unserved_indexnow_key;
use crate::config::Config;

/// Starts the announcer; `None` if nothing is configured that is to be told of changes.
///
/// With an export, call [`Announcer::announce_snapshot`] after each finished export in place of each generation, and
/// keep the state in the export's store.
pub(super) fn start_announcer(
    config: &Config,
    status: &AnnounceStatus,
) -> Result<Option<Announcer>, HintedError> {
    if let Some(finding) = find_unserved_indexnow_key(config) {
        warn!(hint = finding.hint, "{finding}");
    }
    let mut store: Option<Box<dyn StateStore>> = None;
    if let Some(dir) = &config.announce.state_dir {
        let file = FileStore::open(dir).map_err(|source| HintedError {
            message: format!("cannot create the directory `{}`", dir.display()),
            hint: "`state.dir` names it; choose one that this program's user can write to"
                .to_owned(),
            source: Some(source),
        })?;
        store = Some(Box::new(file));
    }
    let timings = AnnounceTimings::default();
    Announcer::start(&config.announce, timings, store, status.clone(), read_clock).map_err(|error| HintedError {
        message: format!("cannot start announcements: {error}"),
        hint: "install the certificates of certification authorities (`ca-certificates`), or set `announce.enabled = false`"
            .to_owned(),
        source: None,
    })
}
