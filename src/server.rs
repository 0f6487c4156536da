//! Listening sockets and the current snapshot into answers, until told to stop.
//!
//! The caller owns the sockets and the stop signal, so a test binds port 0 and a binary passes
//! its signals. In order:
//!
//! 1. Each socket is a task, see `attend`. No connection is taken before the last one had its permit, see `capacity`:
//!    at the limit an idle connection is closed for it, and while none is idle, further ones wait in the system's
//!    backlog and cost us nothing. Who has as many as one address may is sent away.
//! 2. Each connection is a task, see `connection`; each request is a function of the snapshot,
//!    see `respond`.
//! 3. On the stop signal what waits in the backlog is taken and the socket closed, every connection
//!    finishes what it was asked, and what is not done at the deadline is cut off.

mod accept;
mod asked;
mod caching;
mod capacity;
mod client;
mod connection;
mod date;
mod delta;
mod describe;
mod felt;
mod fields;
mod frames;
mod frequency;
mod guests;
mod host;
mod late;
mod line;
mod listen;
mod negotiate;
mod note;
mod one_path;
mod precondition;
mod protocol;
mod pulse;
mod qvalue;
mod readers;
mod repeated_length;
mod reply;
mod respond;
mod select;
mod sending;
mod service;
mod strict;
mod traffic;
mod workers;

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{AcquireError, OwnedSemaphorePermit, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tracing::{debug, error, warn};

use crate::access_log::AccessLog;
use crate::config;
use crate::gallery::Gallery;
use crate::snapshot::Current;
use connection::{Serving, stopped};
use guests::Guests;
use listen::{Accepted, Listener};

pub(crate) use capacity::{Capacity, Evictable};
pub use listen::{CannotInherit, CannotListen, Handed, Inherited, Listeners, Part, Tls, TlsError};
pub use readers::{OfAgent, OfFeed, ReaderFigures};
pub use respond::{Rules, respond};
pub use sending::Body;
pub use traffic::{Class, Connections, Figures, OfOneClass, Times, Traffic};
pub use workers::{parts, run, runtime};

/// What is served.
#[derive(Clone)]
pub struct Source {
    /// The generation that is served now.
    pub current: Current,
    /// What draws of it what is not made yet.
    pub gallery: Gallery,
    /// Where it is counted. Who keeps a clone can tell.
    pub traffic: Traffic,
    /// Where a line is written for each answer, if anywhere.
    pub access_log: Option<AccessLog>,
}

/// How a server stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// How many connections were not done at the deadline.
    pub cut_off: usize,
}

/// What answers at sockets, on as many runtimes as they are dealt out to.
#[derive(Clone)]
pub struct Server {
    shared: Arc<Shared>,
}

struct Shared {
    serving: Serving,
    guests: Arc<Guests>,
    traffic: Traffic,
    header_timeout: Duration,
    drain_timeout: Duration,
}

/// Serves until `shutdown` is ready, then for at most `drain_timeout` more. `clock` tells the
/// time for HTTP dates only.
pub async fn serve(
    sockets: impl Into<Part>,
    source: Source,
    config: &config::Server,
    clock: fn() -> SystemTime,
    shutdown: impl Future<Output = ()>,
) -> Drained {
    let server = Server::new(source, config, clock);
    server.serve(sockets, shutdown).await
}

impl Server {
    /// A server that has no sockets yet.
    pub fn new(source: Source, config: &config::Server, clock: fn() -> SystemTime) -> Server {
        Server {
            shared: Arc::new(Shared {
                traffic: source.traffic.clone(),
                serving: Serving::new(source, config, clock),
                guests: Guests::new(config.limits.connections_per_address),
                header_timeout: config.header_timeout,
                drain_timeout: config.drain_timeout,
            }),
        }
    }

    /// Serves who comes to these sockets, on this runtime, until `shutdown` is ready and all are answered.
    /// All that are served together share the cap on connections.
    pub async fn serve(
        &self,
        sockets: impl Into<Part>,
        shutdown: impl Future<Output = ()>,
    ) -> Drained {
        let (stop, stopped) = watch::channel(false);
        let mut doors = JoinSet::new();
        match sockets.into().open() {
            Ok(listeners) => {
                for listener in listeners {
                    let (shared, stopped) = (Arc::clone(&self.shared), stopped.clone());
                    doors.spawn(attend(shared, listener, stopped));
                }
            }
            Err(error) => error!(%error, "cannot wait for connections"),
        }
        shutdown.await;
        stop.send_replace(true);
        let mut drained = Drained { cut_off: 0 };
        while let Some(ended) = doors.join_next().await {
            match ended {
                Ok(cut_off) => drained.cut_off += cut_off,
                broken => log_panic(broken.map(|_| ())),
            }
        }
        drained
    }
}

/// Serves who comes to one socket. Returns how many were not done in time when the server stopped.
async fn attend(shared: Arc<Shared>, listener: Listener, mut stop: watch::Receiver<bool>) -> usize {
    let answer = |accepted, permit, stop| answer(Arc::clone(&shared), accepted, permit, stop);
    let mut connections = JoinSet::new();
    let mut logged = None;
    loop {
        let accepted = tokio::select! {
            biased;
            () = stopped(&mut stop) => break,
            accepted = accept(|| listener.accept(), &mut logged) => accepted,
        };
        while let Some(ended) = connections.try_join_next() {
            log_panic(ended);
        }
        let permit = tokio::select! {
            biased;
            permit = shared.serving.capacity.admit() => Some(permit),
            () = stopped(&mut stop) => None,
        };
        connections.spawn(answer(accepted, permit, stop.clone()));
    }
    let end = Instant::now() + shared.drain_timeout;
    listener.leave(|accepted| {
        connections.spawn(answer(accepted, None, stop.clone()));
    });
    let all_done = async {
        while let Some(ended) = connections.join_next().await {
            log_panic(ended);
        }
    };
    let in_time = timeout_at(end, all_done).await.is_ok();
    // Dropping the set ends its tasks.
    if in_time { 0 } else { connections.len() }
}

/// One connection to its end. It waits for a permit if it has none yet.
async fn answer(
    shared: Arc<Shared>,
    accepted: Accepted,
    permit: Option<Result<OwnedSemaphorePermit, AcquireError>>,
    stop: watch::Receiver<bool>,
) {
    let peer = match &accepted {
        Accepted::Tcp(_, peer) | Accepted::Tls(_, peer, _) => Some(*peer),
        Accepted::Unix(_) => None,
    };
    let _open = shared.traffic.accepted();
    let Some(_place) = shared
        .guests
        .welcome(peer, shared.serving.service.trusts(peer))
    else {
        shared.traffic.refused();
        return debug!(?peer, "the address has as many connections as it may");
    };
    let _permit = match permit {
        Some(permit) => permit,
        // The server stops, and idle connections are closed anyway.
        None => shared.serving.capacity.wait().await,
    };
    let serving = &shared.serving;
    match accepted {
        Accepted::Tcp(stream, peer) => serving.serve(stream, Some(peer), stop).await,
        Accepted::Unix(stream) => serving.serve(stream, None, stop).await,
        // On its own, or each connection without TLS would hold as much memory as one with it.
        Accepted::Tls(stream, peer, tls) => {
            let encrypted = async {
                let handshake = timeout(shared.header_timeout, tls.accept(stream));
                match serving.unless_evicted(handshake).await {
                    Some(Ok(Ok(stream))) => serving.serve(stream, Some(peer), stop).await,
                    Some(Ok(Err(error))) => debug!(%error, %peer, "no TLS was agreed upon"),
                    Some(Err(_)) => debug!(%peer, "a TLS handshake was not over in time"),
                    None => debug!(%peer, "a TLS handshake made room for a new connection"),
                }
            };
            Box::pin(encrypted).await;
        }
    }
}

/// How often it is logged, at most, that connections cannot be accepted.
const LOG_INTERVAL: Duration = Duration::from_secs(60);

/// The next connection. An error of the machine's, such as too many open files, is not over at
/// once and would be met again as fast as the loop turns, so it is waited out. `logged` is when it was last logged.
async fn accept<T, F>(mut next: impl FnMut() -> F, logged: &mut Option<Instant>) -> T
where
    F: Future<Output = io::Result<T>>,
{
    const FIRST_PAUSE: Duration = Duration::from_millis(5);
    const LONGEST_PAUSE: Duration = Duration::from_secs(1);
    let mut pause = FIRST_PAUSE;
    loop {
        match next().await {
            Ok(connection) => return connection,
            Err(error) if is_of_the_client(&error) => {
                debug!(%error, "a connection went away before it was accepted");
            }
            Err(error) => {
                if logged.is_none_or(|logged| logged.elapsed() >= LOG_INTERVAL) {
                    *logged = Some(Instant::now());
                    warn!(%error, "cannot accept connections; trying again");
                }
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// Whether only the one connection is concerned.
fn is_of_the_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

fn log_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        error!(%error, "a connection's task broke down");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::{Artifact, ArtifactKey, Body, FeedFormat, FeedScope, Link, OutputBytes};
    use crate::snapshot::Snapshot;
    use std::future::ready;
    use std::time::Instant;

    /// A source of no site.
    pub(super) fn nothing() -> Source {
        Source {
            current: Current::default(),
            gallery: Gallery::new(1 << 20, 1).unwrap(),
            traffic: Traffic::default(),
            access_log: None,
        }
    }

    /// Limits of a connection that may take its time.
    pub(super) const UNHURRIED: pulse::Limits = {
        const LONG: Duration = Duration::from_secs(60);
        pulse::Limits {
            head: LONG,
            silence: LONG,
            taking: LONG,
            requests: 1,
            head_bytes: 1,
            idle_bytes: 1,
        }
    };

    /// The timers of such a connection.
    pub(super) fn unhurried() -> Arc<pulse::Pulse> {
        pulse::Pulse::new(UNHURRIED)
    }

    /// A note of a request that nobody counts.
    pub(super) fn note(traffic: &Traffic) -> note::Note {
        let mut asked = asked::Asked::nothing();
        asked.class = traffic::Class::Feed;
        let headers = hyper::HeaderMap::new();
        let fields = fields::Fields::of(&headers);
        let now = tokio::time::Instant::now();
        note::Note::new(Arc::new(traffic.clone()), &fields, asked, now)
    }

    /// An output that is there.
    pub(super) fn artifact(key: ArtifactKey, body: &str) -> Artifact {
        Artifact {
            noindex: matches!(key, ArtifactKey::CardPage(_)),
            links: vec![Link {
                target: "https://e.org/".into(),
                rel: "alternate",
                mime_type: None,
            }],
            key,
            body: Body::Ready(OutputBytes::new(body.as_bytes().to_vec())),
        }
    }

    /// What a small site has, as of 1000 seconds after the epoch, in all its forms.
    pub(super) fn snapshot() -> Snapshot {
        let long = "<p>the same again</p>".repeat(50);
        let artifacts = vec![
            artifact(ArtifactKey::Home, "home"),
            artifact(ArtifactKey::Feed(FeedScope::Site, FeedFormat::Rss), &long),
            artifact(ArtifactKey::CardPage("/%D0%BD/".into()), &long),
            artifact(ArtifactKey::Robots, "a"),
        ];
        let made = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let snapshot = Snapshot::next(&Snapshot::default(), artifacts, made);
        snapshot.compress();
        snapshot.refine(&mut || false);
        snapshot
    }

    #[tokio::test]
    async fn the_task_of_a_connection_is_small() {
        let server = Server::new(nothing(), &config::Server::default(), || {
            SystemTime::UNIX_EPOCH
        });
        let (socket, _other) = tokio::net::UnixStream::pair().unwrap();
        let (_, stop) = watch::channel(false);
        let task = answer(server.shared, Accepted::Unix(socket), None, stop);
        assert!(size_of_val(&task) <= 1296, "{}", size_of_val(&task));
    }

    #[tokio::test]
    async fn accepting_goes_on_after_errors_and_pauses_longer_each_time() {
        let mut answers = vec![
            Ok("connection"),
            Err(io::Error::other("too many open files")),
            Err(io::Error::other("too many open files")),
            Err(io::ErrorKind::ConnectionAborted.into()),
            Err(io::Error::other("too many open files")),
        ];
        let start = Instant::now();
        let connection = accept(|| ready(answers.pop().unwrap()), &mut None).await;
        assert_eq!(connection, "connection");
        assert!(start.elapsed() >= Duration::from_millis(5 + 10 + 20));
    }
}
