//! Serves HTTP on listening sockets from the current snapshot, until the stop signal.
//!
//! The caller owns the sockets and the stop signal, so a test binds port 0 and a binary passes
//! its signals. In order:
//!
//! 1. Each socket has a task, see `run_accept_loop`. The next connection is accepted when the last one has a permit
//!    from the `ConnectionLimiter`. At the limit an idle connection is closed for it. While none is idle, new ones
//!    wait in the system's backlog and cost us nothing. The `PerIpLimiter` rejects an address at its own limit.
//! 2. Each connection has a task, see `ConnectionServer`. Each response is a function of the request and the
//!    snapshot, see `respond`.
//! 3. On the stop signal the backlog is accepted and the socket closed. Every connection finishes its open
//!    requests, and those that are not done at the deadline are aborted.

pub mod access_log;
mod access_log_entry;
mod connection;
mod connection_limit;
mod connection_timers;
mod context;
mod duplicate_content_length;
mod h2_frame_limits;
mod hyper_config;
mod listen;
mod per_ip_limit;
mod poll_limiter;
mod request_record;
mod request_service;
mod response_progress;
mod timed_io;
mod webhook;
mod workers;

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{AcquireError, OwnedSemaphorePermit, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tracing::{debug, error, warn};

use crate::config;
use crate::stats::traffic::TrafficStats;
use connection::{ConnectionServer, wait_for_shutdown};
use listen::accept_error::is_connection_error;
use listen::{AcceptedSocket, SiteListener};
use per_ip_limit::PerIpLimiter;

pub(crate) use connection_limit::{ConnectionLimiter, Evictable};
pub use context::ServerContext;
pub use listen::listen_error::ListenError;
pub use listen::{
    ActivatedSockets, ActivationError, Listeners, PassedSocket, ReloadableTls, TlsError,
    WorkerSockets,
};
pub use webhook::Webhook;
pub use workers::{build_runtime, serve_on_workers, worker_count};

/// Result of a graceful shutdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrainReport {
    /// Number of connections that were still open at the deadline.
    pub aborted: usize,
}

/// HTTP server whose clones may run on several runtimes and share all limits.
#[derive(Clone)]
pub struct HttpServer {
    shared: Arc<ServerState>,
}

struct ServerState {
    connection_server: ConnectionServer,
    per_ip_limiter: Arc<PerIpLimiter>,
    traffic: TrafficStats,
    header_timeout: Duration,
    drain_timeout: Duration,
}

/// Serves until `shutdown` is ready, then for at most `drain_timeout` more. `clock` is used for
/// HTTP dates only.
pub async fn serve_sockets(
    sockets: impl Into<WorkerSockets>,
    context: ServerContext,
    config: &config::ServerConfig,
    clock: fn() -> SystemTime,
    shutdown: impl Future<Output = ()>,
) -> DrainReport {
    let server = HttpServer::new(context, config, clock);
    server.serve_sockets(sockets, shutdown).await
}

impl HttpServer {
    /// Creates a server without sockets.
    pub fn new(
        context: ServerContext,
        config: &config::ServerConfig,
        clock: fn() -> SystemTime,
    ) -> HttpServer {
        HttpServer {
            shared: Arc::new(ServerState {
                traffic: context.traffic.clone(),
                connection_server: ConnectionServer::new(context, config, clock),
                per_ip_limiter: PerIpLimiter::new(config.limits.connections_per_address),
                header_timeout: config.header_timeout,
                drain_timeout: config.drain_timeout,
            }),
        }
    }

    /// Serves these sockets on the current runtime until `shutdown` is ready and all connections are done.
    /// All clones of the server share the connection limits.
    pub async fn serve_sockets(
        &self,
        sockets: impl Into<WorkerSockets>,
        shutdown: impl Future<Output = ()>,
    ) -> DrainReport {
        let (stop, stopped) = watch::channel(false);
        let mut accept_loops = JoinSet::new();
        match sockets.into().into_listeners() {
            Ok(listeners) => {
                for listener in listeners {
                    let (shared, stopped) = (Arc::clone(&self.shared), stopped.clone());
                    accept_loops.spawn(run_accept_loop(shared, listener, stopped));
                }
            }
            Err(error) => error!(%error, "cannot register the listening sockets"),
        }
        shutdown.await;
        stop.send_replace(true);
        let mut drained = DrainReport { aborted: 0 };
        while let Some(result) = accept_loops.join_next().await {
            match result {
                Ok(aborted) => drained.aborted += aborted,
                broken => log_panic(broken.map(|_| ())),
            }
        }
        drained
    }
}

/// Accepts and serves connections of one socket. Returns how many were aborted when the server stopped.
async fn run_accept_loop(
    shared: Arc<ServerState>,
    listener: SiteListener,
    mut stop: watch::Receiver<bool>,
) -> usize {
    let serve_one =
        |accepted, permit, stop| serve_accepted(Arc::clone(&shared), accepted, permit, stop);
    let mut connections = JoinSet::new();
    let mut last_logged = None;
    loop {
        let accepted = tokio::select! {
            biased;
            () = wait_for_shutdown(&mut stop) => break,
            accepted = accept_with_backoff(|| listener.accept_connection(), &mut last_logged) => accepted,
        };
        while let Some(ended) = connections.try_join_next() {
            log_panic(ended);
        }
        let permit = tokio::select! {
            biased;
            permit = shared.connection_server.limiter.acquire_or_evict() => Some(permit),
            () = wait_for_shutdown(&mut stop) => None,
        };
        connections.spawn(serve_one(accepted, permit, stop.clone()));
    }
    let end = Instant::now() + shared.drain_timeout;
    listener.close_gracefully(|accepted| {
        connections.spawn(serve_one(accepted, None, stop.clone()));
    });
    let all_done = async {
        while let Some(ended) = connections.join_next().await {
            log_panic(ended);
        }
    };
    let in_time = timeout_at(end, all_done).await.is_ok();
    // Dropping the set aborts its tasks.
    if in_time { 0 } else { connections.len() }
}

/// Serves one accepted connection to its end. Waits for a permit if it has none yet.
async fn serve_accepted(
    shared: Arc<ServerState>,
    accepted: AcceptedSocket,
    permit: Option<Result<OwnedSemaphorePermit, AcquireError>>,
    stop: watch::Receiver<bool>,
) {
    let peer = match &accepted {
        AcceptedSocket::Tcp(_, peer) | AcceptedSocket::Tls(_, peer, _) => Some(*peer),
        AcceptedSocket::Unix(_) => None,
    };
    let _open = shared.traffic.record_connection();
    let Some(_ip_permit) = shared.per_ip_limiter.try_acquire(
        peer,
        shared.connection_server.service.is_trusted_proxy(peer),
    ) else {
        shared.traffic.record_rejected_connection();
        return debug!(?peer, "connection limit of the address reached");
    };
    let _permit = match permit {
        Some(permit) => permit,
        // The server stops, and closes idle connections anyway.
        None => shared.connection_server.limiter.acquire_permit().await,
    };
    let connection_server = &shared.connection_server;
    match accepted {
        AcceptedSocket::Tcp(stream, peer) => {
            connection_server
                .serve_socket(stream, Some(peer), stop)
                .await
        }
        AcceptedSocket::Unix(stream) => connection_server.serve_socket(stream, None, stop).await,
        // Boxed, or each connection without TLS would take as much memory as one with it.
        AcceptedSocket::Tls(stream, peer, tls) => {
            let encrypted = async {
                let handshake = timeout(shared.header_timeout, tls.accept_handshake(stream));
                match connection_server.wait_unless_evicted(handshake).await {
                    Some(Ok(Ok(stream))) => {
                        connection_server
                            .serve_socket(stream, Some(peer), stop)
                            .await
                    }
                    Some(Ok(Err(error))) => debug!(%error, %peer, "TLS handshake failed"),
                    Some(Err(_)) => debug!(%peer, "TLS handshake timed out"),
                    None => debug!(%peer, "TLS handshake evicted by a new connection"),
                }
            };
            Box::pin(encrypted).await;
        }
    }
}

/// Minimum time between two log lines about failed accepts.
const ACCEPT_ERROR_LOG_INTERVAL: Duration = Duration::from_secs(60);

/// Accepts the next connection. Errors of the machine, such as too many open files, last for a while, so it waits
/// longer after each. `last_logged` is the time of the last log line about one.
async fn accept_with_backoff<T, F>(
    mut next: impl FnMut() -> F,
    last_logged: &mut Option<Instant>,
) -> T
where
    F: Future<Output = io::Result<T>>,
{
    const MIN_BACKOFF: Duration = Duration::from_millis(5);
    const MAX_BACKOFF: Duration = Duration::from_secs(1);
    let mut backoff = MIN_BACKOFF;
    loop {
        match next().await {
            Ok(connection) => return connection,
            Err(error) if is_connection_error(&error) => {
                debug!(%error, "a connection was closed before it was accepted");
            }
            Err(error) => {
                if last_logged.is_none_or(|logged| logged.elapsed() >= ACCEPT_ERROR_LOG_INTERVAL) {
                    *last_logged = Some(Instant::now());
                    warn!(%error, "cannot accept connections; retrying");
                }
                sleep(backoff).await;
                backoff = (backoff * 2).min(MAX_BACKOFF);
            }
        }
    }
}

fn log_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        error!(%error, "connection task panicked");
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::http::request_headers;
    use crate::http::request_target;
    use crate::model::artifact::{
        Artifact, ArtifactBody, ArtifactKey, FeedFormat, FeedScope, Link, OutputBytes,
    };
    use crate::publish::render_cache::RenderCache;
    use crate::publish::snapshot::Snapshot;
    use crate::publish::snapshot::SnapshotHandle;
    use crate::stats::traffic;
    use std::future::ready;
    use std::time::Instant;

    /// A context with an empty snapshot.
    pub(super) fn empty_context() -> ServerContext {
        ServerContext {
            snapshot: SnapshotHandle::default(),
            render_cache: RenderCache::new(1 << 20, 1).unwrap(),
            traffic: TrafficStats::default(),
            access_log: None,
            webhook: None,
        }
    }

    /// Limits that no test reaches.
    pub(super) const GENEROUS_LIMITS: connection_timers::ConnectionLimits = {
        const LONG_TIMEOUT: Duration = Duration::from_secs(60);
        connection_timers::ConnectionLimits {
            header_timeout: LONG_TIMEOUT,
            idle_timeout: LONG_TIMEOUT,
            write_timeout: LONG_TIMEOUT,
            max_requests: 1,
            max_header_bytes: 1,
            max_idle_bytes: 1,
        }
    };

    /// Timers with limits that no test reaches.
    pub(in crate::server) fn generous_timers() -> Arc<connection_timers::ConnectionTimers> {
        connection_timers::ConnectionTimers::new(GENEROUS_LIMITS)
    }

    /// A record of a feed request.
    pub(in crate::server) fn feed_request_record(
        traffic: &TrafficStats,
    ) -> request_record::RequestRecord {
        let mut asked = request_target::RequestTarget::without_resource();
        asked.class = traffic::ResourceClass::Feed;
        let headers = hyper::HeaderMap::new();
        let fields = request_headers::RequestHeaders::from_map(&headers);
        let now = tokio::time::Instant::now();
        request_record::RequestRecord::new(Arc::new(traffic.clone()), &fields, asked, now)
    }

    /// An artifact that is rendered already.
    pub(crate) fn eager_artifact(key: ArtifactKey, body: &str) -> Artifact {
        Artifact {
            noindex: matches!(key, ArtifactKey::CardPage(_)),
            links: vec![Link {
                target: "https://e.org/".into(),
                rel: "alternate",
                mime_type: None,
            }],
            key,
            body: ArtifactBody::Eager(OutputBytes::new(body.as_bytes().to_vec())),
        }
    }

    /// The snapshot of a small site, made 1000 seconds after the epoch, with all encodings.
    pub(crate) fn small_site_snapshot() -> Snapshot {
        let long = "<p>the same again</p>".repeat(50);
        let artifacts = vec![
            eager_artifact(ArtifactKey::Home, "home"),
            eager_artifact(ArtifactKey::Feed(FeedScope::Site, FeedFormat::Rss), &long),
            eager_artifact(ArtifactKey::CardPage("/%D0%BD/".into()), &long),
            eager_artifact(ArtifactKey::Robots, "a"),
        ];
        let made = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let snapshot = Snapshot::next_generation(&Snapshot::default(), artifacts, made);
        snapshot.compress_fast();
        snapshot.compress_best(&mut || false);
        snapshot
    }

    #[tokio::test]
    async fn connection_task_is_small() {
        let server = HttpServer::new(empty_context(), &config::ServerConfig::default(), || {
            SystemTime::UNIX_EPOCH
        });
        let (socket, _other) = tokio::net::UnixStream::pair().unwrap();
        let (_, stop) = watch::channel(false);
        let task = serve_accepted(server.shared, AcceptedSocket::Unix(socket), None, stop);
        assert!(size_of_val(&task) <= 1296, "{}", size_of_val(&task));
    }

    #[tokio::test]
    async fn accept_errors_are_retried_with_backoff() {
        let mut answers = vec![
            Ok("connection"),
            Err(io::Error::other("too many open files")),
            Err(io::Error::other("too many open files")),
            Err(io::ErrorKind::ConnectionAborted.into()),
            Err(io::Error::other("too many open files")),
        ];
        let start = Instant::now();
        let connection = accept_with_backoff(|| ready(answers.pop().unwrap()), &mut None).await;
        assert_eq!(connection, "connection");
        assert!(start.elapsed() >= Duration::from_millis(5 + 10 + 20));
    }
}
