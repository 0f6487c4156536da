//! Starts the export of each generation, and what follows it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::super::environment::read_clock;
use super::super::exit::HintedError;
use crate::announce::{AnnouncedStore, Announcer, STATE_FILE_NAME, StateError, StateFuture};
use crate::config::Config;
use crate::export::{
    CachePurger, ExportError, ExportHooks, ExportStatus, ExportStopHandle, ExportTarget,
    ExportWorker, PurgeError,
};
use crate::publish::snapshot::SnapshotHandle;
use crate::watch::WatchHandle;

/// Maximum time of a scan. One of 100,000 unchanged posts takes a second.
const RESCAN_TIMEOUT: Duration = Duration::from_secs(60);

/// State of announcements in the export's store, which replicas share.
pub(super) struct ExportedState(ExportTarget);

impl ExportedState {
    fn describe_error(error: &ExportError) -> StateError {
        StateError {
            message: error.to_string(),
            hint: error.hint(),
        }
    }
}

impl AnnouncedStore for ExportedState {
    fn load(&self) -> StateFuture<'_, Option<Vec<u8>>> {
        Box::pin(async {
            let state = self.0.read_state(STATE_FILE_NAME).await;
            state
                .map(|bytes| bytes.map(Vec::from))
                .map_err(|error| ExportedState::describe_error(&error))
        })
    }

    fn save(&self, bytes: Vec<u8>) -> StateFuture<'_, ()> {
        Box::pin(async {
            let written = self
                .0
                .write_state(STATE_FILE_NAME, Bytes::from(bytes))
                .await;
            written.map_err(|error| ExportedState::describe_error(&error))
        })
    }

    fn location(&self) -> String {
        self.0.name().to_owned()
    }
}

/// Opens the target of `[export]`; `None` without one. A store is not asked anything yet.
pub(super) fn open_export_target(config: &Config) -> Result<Option<ExportTarget>, HintedError> {
    let target = config.export.as_ref().map(ExportTarget::open);
    target.transpose().map_err(|error| HintedError {
        message: error.to_string(),
        hint: error.hint(),
        source: None,
    })
}

/// Returns where announcements are recorded, if there is an export.
pub(super) fn exported_state(target: Option<&ExportTarget>) -> Option<Box<dyn AnnouncedStore>> {
    let state = ExportedState(target?.clone());
    Some(Box::new(state))
}

/// Receives each published generation: exports it, or announces it at once if there is no export.
pub(super) enum GenerationSink {
    Export(ExportWorker, Arc<Config>),
    Announce(Option<Announcer>),
}

impl GenerationSink {
    /// Starts the export, if there is one.
    pub(super) fn start(
        config: &Config,
        target: Option<ExportTarget>,
        announcer: Option<Announcer>,
        watch_handle: WatchHandle,
        status: &ExportStatus,
    ) -> anyhow::Result<GenerationSink> {
        let Some(target) = target else {
            return Ok(GenerationSink::Announce(announcer));
        };
        let purge = config
            .export
            .as_ref()
            .and_then(|export| export.purge.as_ref());
        let purger = purge.map(|purge| {
            let read_variable = |name: &str| std::env::var(name).ok();
            CachePurger::new(purge, &config.server.public_url, read_variable)
        });
        let hooks = ExportHooks {
            rescan: Arc::new(move || watch_handle.rescan(RESCAN_TIMEOUT)),
            on_exported: Box::new(move |snapshot, is_announced| {
                match (&announcer, snapshot.map(Arc::clone)) {
                    (Some(announcer), Some(snapshot)) if is_announced => {
                        announcer.announce_snapshot(snapshot);
                    }
                    (Some(announcer), snapshot) => announcer.replace_snapshot(snapshot),
                    (None, _) => {}
                }
            }),
            clock: read_clock,
        };
        let purger = purger.transpose().map_err(add_purge_hint)?;
        let worker = ExportWorker::start(target, purger, status.clone(), hooks)?;
        Ok(GenerationSink::Export(worker, Arc::new(config.clone())))
    }

    /// Returns a handle that stops the export; `None` without one.
    pub(super) fn stop_handle(&self) -> Option<ExportStopHandle> {
        match self {
            GenerationSink::Export(worker, _) => Some(worker.stop_handle()),
            GenerationSink::Announce(_) => None,
        }
    }

    /// Replaces the configuration of the next generations.
    pub(super) fn set_config(&mut self, reloaded: &Config) {
        if let GenerationSink::Export(_, config) = self {
            *config = Arc::new(reloaded.clone());
        }
    }

    /// Hands over the current generation, and returns at once.
    pub(super) fn publish_newest(&self, current: &SnapshotHandle) {
        match self {
            GenerationSink::Export(worker, config) => {
                worker.export_snapshot(current.load_snapshot(), Arc::clone(config));
            }
            GenerationSink::Announce(Some(announcer)) => {
                announcer.announce_snapshot(current.load_snapshot());
            }
            GenerationSink::Announce(None) => {}
        }
    }
}

fn add_purge_hint(error: PurgeError) -> HintedError {
    HintedError {
        message: error.to_string(),
        hint: match error {
            PurgeError::Client(_) => {
                "install the certificates of certification authorities (`ca-certificates`)"
            }
            PurgeError::MissingVariable(_) => {
                "set it for this process, such as in its unit's `EnvironmentFile`"
            }
            PurgeError::InvalidRequest(_) => "see docs/hosting.md for the recipes of each cache",
        }
        .to_owned(),
        source: None,
    }
}
