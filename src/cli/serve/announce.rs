//! Starts the announcements of changes to hubs and search engines.

use tracing::warn;

use super::super::environment::read_clock;
use super::super::exit::HintedError;
use crate::announce::{AnnounceStatus, AnnounceTimings, AnnouncedStore, Announcer, FileStore};
use crate::check::lint::find_unserved_indexnow_key;
use crate::config::Config;

/// Starts the announcer; `None` if nothing is configured that is to be told of changes.
///
/// With an export, its store keeps the state, which replicas share.
pub(super) fn start_announcer(
    config: &Config,
    status: &AnnounceStatus,
    exported_state: Option<Box<dyn AnnouncedStore>>,
) -> Result<Option<Announcer>, HintedError> {
    if let Some(finding) = find_unserved_indexnow_key(config) {
        warn!(hint = finding.hint, "{finding}");
    }
    let mut store = exported_state;
    if let Some(dir) = &config.announce.state_dir
        && store.is_none()
    {
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
