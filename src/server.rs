//! A listening socket and the current snapshot into answers, until told to stop.
//!
//! The caller owns the socket and the stop signal, so a test binds port 0 and a binary passes
//! its signals. In order:
//!
//! 1. A permit per connection is taken before the connection is: who comes over the cap waits
//!    in the system's backlog and costs us nothing. Who has as many as one address may is sent away.
//! 2. Each connection is a task, see `connection`; each request is a function of the snapshot,
//!    see `respond`.
//! 3. On the stop signal the socket is closed, every connection finishes what it was asked, and
//!    what is not done at the deadline is cut off.

mod accept;
mod client;
mod connection;
mod date;
mod frequency;
mod guests;
mod host;
mod late;
mod negotiate;
mod one_path;
mod precondition;
mod pulse;
mod reply;
mod respond;
mod select;
mod strict;

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::{debug, error, warn};

use crate::config;
use crate::gallery::Gallery;
use crate::snapshot::Current;
use connection::Service;
use guests::Guests;

pub use respond::{Awaiting, Reply, Rules, respond};

/// What is served.
#[derive(Clone)]
pub struct Source {
    /// The generation that is served now.
    pub current: Current,
    /// What draws of it what is not made yet.
    pub gallery: Gallery,
}

/// How a server stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// How many connections were not done at the deadline.
    pub cut_off: usize,
}

/// Serves until `shutdown` is ready, then for at most `drain_timeout` more. `clock` tells the
/// time for HTTP dates only.
pub async fn serve(
    listener: TcpListener,
    source: Source,
    config: &config::Server,
    clock: fn() -> SystemTime,
    shutdown: impl Future<Output = ()>,
) -> Drained {
    let service = Arc::new(Service::new(source, config, clock));
    let guests = Guests::new(config.limits.connections_per_address);
    let permits = config.max_connections.clamp(1, Semaphore::MAX_PERMITS);
    let permits = Arc::new(Semaphore::new(permits));
    let (stop, stopped) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let next = async {
            let permit = Arc::clone(&permits).acquire_owned().await;
            let (socket, peer) = accept(|| listener.accept()).await;
            (permit, socket, peer.ip())
        };
        let (permit, socket, peer) = tokio::select! {
            biased;
            () = &mut shutdown => break,
            next = next => next,
        };
        while let Some(ended) = connections.try_join_next() {
            log_panic(ended);
        }
        let Some(place) = guests.welcome(Some(peer), service.trusts(Some(peer))) else {
            debug!(%peer, "a connection is closed, for the address has as many as it may");
            continue;
        };
        let (service, stopped) = (Arc::clone(&service), stopped.clone());
        connections.spawn(async move {
            service.serve(socket, Some(peer), stopped).await;
            drop((permit, place));
        });
    }
    drop(listener);
    stop.send_replace(());
    let all_done = async {
        while let Some(ended) = connections.join_next().await {
            log_panic(ended);
        }
    };
    let in_time = timeout(config.drain_timeout, all_done).await.is_ok();
    Drained {
        // Dropping the set ends its tasks.
        cut_off: if in_time { 0 } else { connections.len() },
    }
}

/// The next connection. An error of the machine's, such as too many open files, is not over at
/// once and would be met again as fast as the loop turns, so it is waited out.
async fn accept<T, F>(mut next: impl FnMut() -> F) -> T
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
                warn!(%error, pause_ms = pause.as_millis(), "cannot accept connections");
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
    use std::future::ready;
    use std::time::Instant;

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
        let connection = accept(|| ready(answers.pop().unwrap())).await;
        assert_eq!(connection, "connection");
        assert!(start.elapsed() >= Duration::from_millis(5 + 10 + 20));
    }
}
