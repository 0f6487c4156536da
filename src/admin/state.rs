//! Holds the data sources of the admin pages, and caches the last loaded post table.
//!
//! The table is loaded on request only, so that an idle admin page costs nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::post_table::PostTable;
use super::watch_status::{StatusBoard, WatchStatus};
use crate::announce::{AnnounceStatus, TargetStatus};
use crate::export::{ExportFigures, ExportStatus};
use crate::git::{GitFigures, GitStatus};
use crate::publish::render_cache::RenderCache;
use crate::publish::snapshot::{Snapshot, SnapshotHandle};
use crate::stats::TrafficStats;
use crate::watch::{WatchCounters, WatchHandle};

/// Maximum wait for the content watcher, which may be busy. After it, the previous post table is shown.
const REFRESH_TIMEOUT: Duration = Duration::from_millis(400);
/// The same timeout while there is no previous table to show.
const FIRST_LOAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Maximum concurrent server-sent event streams. Below the limit on connections, so that forgotten
/// browser tabs cannot block health checks.
const MAX_EVENT_STREAMS: usize = 32;

/// Data sources of the admin pages and metrics.
#[derive(Clone)]
pub struct AdminSources {
    /// Latest status that the content watcher reported.
    pub status_board: StatusBoard,
    /// Handle that requests an overview of the content from the watcher.
    pub watch_handle: WatchHandle,
    /// Handle of the snapshot that is being served.
    pub snapshot_handle: SnapshotHandle,
    /// Cache that renders social cards and other outputs on the first request.
    pub render_cache: RenderCache,
    /// Counters of the requests to the public listeners.
    pub traffic: TrafficStats,
    /// Counters of file events and scans.
    pub watch_counters: Arc<WatchCounters>,
    /// Status of the announcements to hubs and search engines.
    pub announcements: AnnounceStatus,
    /// Status of the export to a directory or store.
    pub exports: ExportStatus,
    /// Status of the content's repository.
    pub git: GitStatus,
    /// Source of the current time.
    pub clock: fn() -> SystemTime,
}

/// State shared by all requests to the admin listener.
pub(super) struct AdminState {
    sources: AdminSources,
    /// Last loaded table, with the status version that it was loaded for.
    last_table: Mutex<Option<(u64, Arc<PostTable>)>>,
    stream_permits: Arc<Semaphore>,
}

impl AdminState {
    pub(super) fn new(sources: AdminSources) -> AdminState {
        AdminState {
            sources,
            last_table: Mutex::new(None),
            stream_permits: Arc::new(Semaphore::new(MAX_EVENT_STREAMS)),
        }
    }

    pub(super) fn status_board(&self) -> &StatusBoard {
        &self.sources.status_board
    }

    /// Returns a permit for an event stream; `None` if the maximum is reached.
    pub(super) fn try_acquire_stream(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.stream_permits).try_acquire_owned().ok()
    }

    pub(super) fn render_cache(&self) -> &RenderCache {
        &self.sources.render_cache
    }

    pub(super) fn traffic_stats(&self) -> &TrafficStats {
        &self.sources.traffic
    }

    pub(super) fn watch_counters(&self) -> &WatchCounters {
        &self.sources.watch_counters
    }

    /// Returns the status of announcements by target.
    pub(super) fn announce_targets(&self) -> BTreeMap<String, TargetStatus> {
        self.sources.announcements.current_targets()
    }

    /// Returns the figures of the export; `None` without one.
    pub(super) fn export_figures(&self) -> Option<ExportFigures> {
        self.sources.exports.current_figures()
    }

    /// Returns the figures of the content's repository; `None` without one.
    pub(super) fn git_figures(&self) -> Option<GitFigures> {
        self.sources.git.current_figures()
    }

    pub(super) fn current_snapshot(&self) -> Arc<Snapshot> {
        self.sources.snapshot_handle.load_snapshot()
    }

    pub(super) fn current_time(&self) -> DateTime<Utc> {
        (self.sources.clock)().into()
    }

    /// Returns the current status and the post table. Blocks while the watcher is busy.
    ///
    /// After a timeout the table is the previous one; `None` if there is none yet.
    pub(super) fn load_status_and_posts(&self) -> (WatchStatus, Option<Arc<PostTable>>) {
        // Held while loading: concurrent requests wait and share the result.
        let mut last_table = self
            .last_table
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let status = self.sources.status_board.current_status();
        if let Some((version, table)) = &*last_table
            && *version == status.version
        {
            return (status, Some(Arc::clone(table)));
        }
        let timeout = match *last_table {
            Some(_) => REFRESH_TIMEOUT,
            None => FIRST_LOAD_TIMEOUT,
        };
        if let Some(overview) = self.sources.watch_handle.request_overview(timeout) {
            *last_table = Some((status.version, Arc::new(PostTable::from_overview(overview))));
        }
        let table = last_table.as_ref().map(|(_, view)| Arc::clone(view));
        (status, table)
    }
}
