//! Starts the threads that answer: one for each core, with a runtime and sockets of its own, so that a connection stays
//! where it came to.

use std::io;
use std::num::NonZero;
use std::time::SystemTime;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::{oneshot, watch};
use tracing::error;

use super::connection::stopped;
use super::{Drained, Listeners, Part, Server, Source};
use crate::config;

/// A runtime of one thread.
///
/// # Errors
/// The system gives no threads.
pub fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// How many parts addresses are to be taken for.
pub fn parts() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// Serves on all parts until `shutdown` is ready and all are answered.
///
/// # Errors
/// The system gives no threads.
pub async fn run(
    listeners: Listeners,
    source: Source,
    config: &config::Server,
    clock: fn() -> SystemTime,
    shutdown: impl Future<Output = ()>,
) -> io::Result<Drained> {
    let server = Server::new(source, config, clock);
    let (stop, stops) = watch::channel(false);
    let mut running = Vec::new();
    for (number, part) in listeners.into_parts().into_iter().enumerate() {
        running.push(start(number, server.clone(), part, stops.clone())?);
    }
    shutdown.await;
    stop.send_replace(true);
    let mut drained = Drained { cut_off: 0 };
    for ended in running {
        match ended.await {
            Ok(part) => drained.cut_off += part.cut_off,
            Err(_) => error!("a thread that answers broke down"),
        }
    }
    Ok(drained)
}

/// Starts one part. What is received at the end is how it ended.
fn start(
    number: usize,
    server: Server,
    part: Part,
    mut stops: watch::Receiver<bool>,
) -> io::Result<oneshot::Receiver<Drained>> {
    let (sender, ended) = oneshot::channel();
    let serving = async move {
        let drained = server.serve(part, stopped(&mut stops)).await;
        // Whoever waited for it has gone.
        let _ = sender.send(drained);
    };
    let runtime = runtime()?;
    std::thread::Builder::new()
        .name(format!("serve-{number}"))
        .spawn(move || runtime.block_on(serving))?;
    Ok(ended)
}
