//! Runs one worker thread per core, each with its own runtime and sockets, so that a connection stays on one thread.

use std::io;
use std::num::NonZero;
use std::time::SystemTime;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::{oneshot, watch};
use tracing::error;

use super::connection::wait_for_shutdown;
use super::context::ServerContext;
use super::{DrainReport, HttpServer, Listeners, WorkerSockets};
use crate::config;

/// Builds a single-threaded runtime.
///
/// # Errors
/// The runtime's resources cannot be created.
pub fn build_runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// Returns the number of worker threads: one per core.
pub fn worker_count() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// Serves on all worker threads until `shutdown` is ready and all connections are done.
///
/// # Errors
/// A thread or a runtime cannot be created.
pub async fn serve_on_workers(
    listeners: Listeners,
    context: ServerContext,
    config: &config::ServerConfig,
    clock: fn() -> SystemTime,
    shutdown: impl Future<Output = ()>,
) -> io::Result<DrainReport> {
    let server = HttpServer::new(context, config, clock);
    let (stop, stops) = watch::channel(false);
    let mut running = Vec::new();
    for (number, sockets) in listeners.into_worker_sockets().into_iter().enumerate() {
        running.push(start_worker(
            number,
            server.clone(),
            sockets,
            stops.clone(),
        )?);
    }
    shutdown.await;
    stop.send_replace(true);
    let mut drained = DrainReport { aborted: 0 };
    for ended in running {
        match ended.await {
            Ok(report) => drained.aborted += report.aborted,
            Err(_) => error!("worker thread panicked"),
        }
    }
    Ok(drained)
}

/// Starts one worker thread. The receiver gets its report when it ends.
fn start_worker(
    number: usize,
    server: HttpServer,
    sockets: WorkerSockets,
    mut stops: watch::Receiver<bool>,
) -> io::Result<oneshot::Receiver<DrainReport>> {
    let (sender, ended) = oneshot::channel();
    let serving = async move {
        let drained = server
            .serve_sockets(sockets, wait_for_shutdown(&mut stops))
            .await;
        // Fails if the receiver was dropped.
        let _ = sender.send(drained);
    };
    let runtime = build_runtime()?;
    std::thread::Builder::new()
        .name(format!("serve-{number}"))
        .spawn(move || runtime.block_on(serving))?;
    Ok(ended)
}
