//! `courant serve`: the server, and beside it the watch that gives it each next snapshot.

use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, info, warn};

use super::{Exit, Hint, clock, config_file, tell};
use crate::cli::Serve;
use crate::config::Config;
use crate::content::LibraryError;
use crate::gallery::Gallery;
use crate::pipeline::{Findings, Outcome, Pipeline, PipelineError, Status};
use crate::report;
use crate::server::{self, Source};
use crate::snapshot::Current;
use crate::watch::{Turn, Watch};

pub(super) fn run(args: &Serve) -> anyhow::Result<Exit> {
    let mut config = Config::load(&config_file(&args.config))?;
    if let Some(listen) = args.listen {
        config.server.listen = listen;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(config))
}

/// The order is that of trust: the address is taken before the long work, and nothing is answered
/// before the first snapshot is whole. Requests that come between wait in the backlog.
async fn serve(config: Config) -> anyhow::Result<Exit> {
    let listener = TcpListener::bind(config.server.listen)
        .await
        .map_err(|error| cannot_listen(config.server.listen, error))?;
    let listen = listener.local_addr()?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;

    let gallery = Gallery::new(config.cards.cache_size, config.cards.queue)?;
    let current = Current::default();
    let (mut watch, stop) = Watch::new(Pipeline::new(config.clone(), current.clone()));
    watch.look(clock()).map_err(no_content)?;
    tell(&report::summary(
        &config,
        watch.status(),
        &watch.verdicts(),
        listen,
    ));

    let mut log = Log {
        findings: watch.status().findings.clone(),
    };
    let (watching_is_over, watch_ended) = tokio::sync::oneshot::channel::<()>();
    let watching = std::thread::Builder::new()
        .name("watch".to_owned())
        .spawn(move || {
            // Dropped when the thread ends, however it ends.
            let _watching_is_over = watching_is_over;
            watch.run(clock, |turn| log.turn(turn));
        })?;
    let stopped = async move {
        tokio::select! {
            _ = terminate.recv() => info!("stopping on SIGTERM"),
            _ = interrupt.recv() => info!("stopping on SIGINT"),
            // A server that sees no edits any more would go on showing what is to be hidden.
            _ = watch_ended => error!("stopping, as the watch ended by itself"),
        }
    };
    let source = Source { current, gallery };
    let drained = server::serve(listener, source, &config.server, clock, stopped).await;
    stop.stop();
    let watched = watching.join();
    match drained.cut_off {
        0 => info!("stopped"),
        cut_off => warn!(
            cut_off,
            "stopped; connections that did not finish in time were cut off"
        ),
    }
    Ok(if watched.is_ok() {
        Exit::Done
    } else {
        Exit::Failed
    })
}

/// What the log has said of the content so far.
struct Log {
    findings: Findings,
}

impl Log {
    fn turn(&mut self, turn: Turn<'_>) {
        match turn {
            Turn::Looked(outcome, status) => {
                self.findings(status);
                let posts = status.tally.posts + status.tally.kept;
                match outcome {
                    Outcome::Published => info!(generation = status.generation, posts, "published"),
                    Outcome::SameOutputs => {
                        info!(posts, "content changed, nothing that is served did")
                    }
                    Outcome::Unchanged => info!("the content directory can be read again"),
                }
            }
            Turn::Failed(error) => warn!("{}; what was served goes on being served", chain(error)),
            Turn::InDoubt(wait) => warn!(
                seconds = wait.as_secs(),
                "most posts are gone at once; they are served until that has lasted"
            ),
            Turn::NoEvents(reason) => warn!(reason, "no file events; looking every second instead"),
        }
    }

    /// Each finding when it appears, and when it goes.
    fn findings(&mut self, status: &Status) {
        for finding in status.findings.without(&self.findings) {
            warn!(hint = finding.hint, "{finding}");
        }
        for finding in self.findings.without(&status.findings) {
            info!("mended: {finding}");
        }
        self.findings.clone_from(&status.findings);
    }
}

fn chain(error: &PipelineError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}

pub(super) fn no_content(error: PipelineError) -> anyhow::Error {
    match error {
        PipelineError::Library(LibraryError::Directory { dir, source }) => Hint {
            message: format!("cannot read the content directory `{}`", dir.display()),
            hint: "`content.dir` in the configuration names it, relative to the configuration file"
                .to_owned(),
            source: Some(source),
        }
        .into(),
        other => other.into(),
    }
}

fn cannot_listen(listen: SocketAddr, error: std::io::Error) -> Hint {
    let hint = match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            "another program has the port; stop it, or choose another with `--listen` or `server.listen`"
        }
        std::io::ErrorKind::PermissionDenied => {
            "ports below 1024 are for privileged programs; choose a higher one"
        }
        std::io::ErrorKind::AddrNotAvailable => {
            "the address is not one of this machine; `0.0.0.0` is all of them"
        }
        _ => "`server.listen` in the configuration names it",
    };
    Hint {
        message: format!("cannot listen on `{listen}`"),
        hint: hint.to_owned(),
        source: Some(error),
    }
}
