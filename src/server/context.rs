//! Holds the shared state from which a server answers.

use std::sync::Arc;

use super::access_log::AccessLog;
use super::webhook::Webhook;
use crate::publish::render_cache::RenderCache;
use crate::publish::snapshot::SnapshotHandle;
use crate::stats::traffic::TrafficStats;

/// Snapshot that is served, and the services that answering needs.
#[derive(Clone)]
pub struct ServerContext {
    /// The current snapshot.
    pub snapshot: SnapshotHandle,
    /// Renders the lazy artifacts of the snapshot.
    pub render_cache: RenderCache,
    /// Counters of requests and connections. Clones share the counters.
    pub traffic: TrafficStats,
    /// Access log; `None` writes none.
    pub access_log: Option<AccessLog>,
    /// Webhook of the content's repository; `None` without one.
    pub webhook: Option<Arc<Webhook>>,
}
