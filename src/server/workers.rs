//! A server into the threads that answer: the one place that says how many runtimes there are.

use std::io;
use std::num::NonZero;
use std::time::{Duration, SystemTime};

use tokio::runtime::{Builder, Runtime};
use tokio::sync::{oneshot, watch};
use tokio::time::sleep;
use tracing::error;

use super::connection::stopped;
use super::{Drained, Listeners, Part, Server, Source};
use crate::{allocator, config};

/// How requests are dealt out to cores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Runtimes {
    /// A thread for each, with sockets and a runtime of its own: a connection stays where it came to.
    #[allow(dead_code, reason = "what is measured against the other")]
    PerCore,
    /// One runtime, whose threads take from each other what is to be done.
    #[allow(dead_code, reason = "what is measured against the other")]
    Shared,
}

const RUNTIMES: Runtimes = Runtimes::PerCore;

/// How often freed memory goes back to the system. The allocator does that by itself only while it is used, so what a
/// herd left behind would stay until the next edit.
const GIVE_BACK_INTERVAL: Duration = Duration::from_secs(30);

/// The runtime of the main thread.
///
/// # Errors
/// The system gives no threads.
pub fn runtime() -> io::Result<Runtime> {
    let mut builder = match RUNTIMES {
        Runtimes::PerCore => Builder::new_current_thread(),
        Runtimes::Shared => Builder::new_multi_thread(),
    };
    builder.enable_all().build()
}

/// How many parts addresses are to be taken for.
pub fn parts() -> usize {
    match RUNTIMES {
        Runtimes::PerCore => std::thread::available_parallelism().map_or(1, NonZero::get),
        Runtimes::Shared => 1,
    }
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
    tokio::select! {
        () = shutdown => {}
        () = repeat(GIVE_BACK_INTERVAL, allocator::give_back_own) => {}
    }
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

/// Does something after each `interval`, without an end.
async fn repeat(interval: Duration, mut work: impl FnMut()) {
    loop {
        sleep(interval).await;
        work();
    }
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
    match RUNTIMES {
        Runtimes::Shared => drop(tokio::spawn(serving)),
        Runtimes::PerCore => {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            std::thread::Builder::new()
                .name(format!("serve-{number}"))
                .spawn(move || runtime.block_on(serving))?;
        }
    }
    Ok(ended)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn freed_memory_is_given_back_within_a_minute_again_and_again() {
        let mut times = 0;
        let hour = Duration::from_secs(60 * 60);
        let giving_back = repeat(GIVE_BACK_INTERVAL, || times += 1);
        let _ = tokio::time::timeout(hour, giving_back).await;
        assert!(times >= 60, "{times}");
    }
}
