//! `courant serve`: the server, and beside it the watch that gives it each next snapshot.

mod operator;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, info, warn};

use super::{Exit, Hint, clock, config_file, tell};
use crate::admin::{Admin, Sources, Told};
use crate::allocator;
use crate::cli::{AdminListen, Serve};
use crate::config::{Config, ConfigError, Listen, WatchMode};
use crate::content::LibraryError;
use crate::gallery::Gallery;
use crate::pipeline::{Findings, Outcome, Pipeline, PipelineError, Status};
use crate::priority::Priority;
use crate::report;
use crate::server::{self, CannotListen, Listeners, Source, Tls, TlsError, Traffic};
use crate::snapshot::{Compressor, Current};
use crate::watch::{Load, NoEvents, Turn, Watch};

pub(super) fn run(args: &Serve) -> anyhow::Result<Exit> {
    let file = config_file(&args.config);
    let listen = args.listen.clone();
    let admin_listen = args.admin_listen;
    let load = {
        let file = file.clone();
        move || {
            let mut config = Config::load(&file)?;
            if !listen.is_empty() {
                config.server.listen.clone_from(&listen);
            }
            if let Some(AdminListen(address)) = admin_listen {
                config.admin.listen = address;
            }
            Ok::<_, ConfigError>(config)
        }
    };
    let config = load()?;
    server::runtime()?.block_on(serve(config, file, Box::new(load)))
}

/// The order is that of trust: the addresses are taken before the long work, and nothing is answered
/// before the first snapshot is whole. Requests that come between wait in the backlog; or go to the courant
/// that listens there too, and is to be replaced by this one.
async fn serve(config: Config, file: PathBuf, load: Load) -> anyhow::Result<Exit> {
    let files = config.server.tls.as_ref();
    let tls = files.map(Tls::load).transpose().map_err(cannot_encrypt)?;
    let listeners = Listeners::bind(&config.server, tls.clone(), server::parts());
    let listeners = listeners.map_err(cannot_listen)?;
    listeners.listen(false).map_err(cannot_listen)?;
    let addresses = listeners.addresses();
    let listening = listening(&addresses);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;

    rayon::ThreadPoolBuilder::new()
        .thread_name(|number| format!("read-{number}"))
        .start_handler(|_| Priority::Reading.take())
        .build_global()?;
    let gallery = Gallery::new(config.cards.cache_size, config.cards.queue)?;
    let current = Current::default();
    let pipeline = Pipeline::new(config.clone(), current.clone());
    let pipeline = pipeline.with_compressor(Compressor::new()?);
    let (mut watch, stop) = Watch::reloading(pipeline, file, load);
    if let Some(why) = watch.no_events()
        && config.watch.mode == WatchMode::Native
    {
        return Err(cannot_watch(why).into());
    }
    let (told, traffic) = (Told::default(), Traffic::default());
    let sources = Sources {
        told: told.clone(),
        asker: stop.asker(),
        current: current.clone(),
        gallery: gallery.clone(),
        traffic: traffic.clone(),
        counts: watch.counts(),
        clock,
    };
    let operator = operator::start(&config.admin, sources)?;
    watch.look(clock()).map_err(no_content)?;
    told.begins(watch.status(), clock());
    listeners.listen(true).map_err(cannot_listen)?;
    let mut log = Log {
        findings: watch.status().findings.clone(),
    };
    let of_start = config.clone();
    let page = operator.as_ref().and_then(Admin::address);
    let shared: Vec<_> = listeners.shared().cloned().collect();
    let (watching_is_over, watch_ended) = tokio::sync::oneshot::channel::<()>();
    let watching = std::thread::Builder::new()
        .name("watch".to_owned())
        .spawn(move || {
            Priority::Reading.take();
            // Dropped when the thread ends, however it ends.
            let _watching_is_over = watching_is_over;
            // Told while requests are answered already.
            tell(&report::summary(
                &of_start,
                watch.status(),
                &watch.verdicts(),
                &addresses,
                page,
            ));
            info!(addresses = listening, "listening");
            for address in &shared {
                info!(
                    %address,
                    hint = "it can be stopped now if this one replaces it, and should be if it is another site's",
                    "another process listens here too and is asked as often"
                );
            }
            drop(of_start);
            allocator::give_back();
            watch.run(clock, |turn| {
                let has_worked = matches!(turn, Turn::Looked(..) | Turn::Reloaded { .. });
                told.hear(&turn, clock());
                log.turn(turn);
                if has_worked {
                    allocator::give_back();
                }
            });
        })?;
    let stopped = async move {
        tokio::select! {
            _ = terminate.recv() => info!("stopping on SIGTERM"),
            _ = interrupt.recv() => info!("stopping on SIGINT"),
            // A server that sees no edits any more would go on showing what is to be hidden.
            _ = watch_ended => error!("stopping, as the watch ended by itself"),
        }
    };
    let (renew, renewals) = channel();
    if let Some(tls) = tls {
        std::thread::Builder::new()
            .name("certificate".to_owned())
            .spawn(move || follow(&tls, &renewals))?;
    }
    let reloader = stop.reloader();
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            info!("reloading on SIGHUP");
            reloader.reload();
            // Where there is no certificate, nobody hears it.
            let _ = renew.send(());
        }
    });
    let source = Source {
        current,
        gallery,
        traffic,
    };
    let drained = server::run(listeners, source, &config.server, clock, stopped).await?;
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

/// So many findings are told one by one.
const MOST_LOGGED: usize = 50;

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
            Turn::Advised(status) => self.findings(status),
            Turn::Failed(error) => warn!("{}; what was served goes on being served", chain(error)),
            Turn::InDoubt(wait) => warn!(
                seconds = wait.as_secs(),
                "most posts are gone at once; they are served until that has lasted"
            ),
            Turn::NoEvents(why, poll) => warn!(
                reason = why.reason,
                hint = why.hint,
                "no file events; looking every {} instead",
                humantime::format_duration(poll)
            ),
            Turn::Shared(file_system, poll) => info!(
                file_system,
                "file events do not tell of all changes here; looking every {} besides",
                humantime::format_duration(poll)
            ),
            Turn::Events => info!("there are file events again"),
            Turn::Missed(files, status) => warn!(
                files,
                in_all = status.missed_by_events,
                hint = "on a network mount, set `watch.mode = \"poll\"`",
                "files changed and no file event told of it"
            ),
            Turn::Reloaded {
                needs_restart: [],
                status,
            } => {
                info!("configuration reloaded");
                self.findings(status);
            }
            Turn::Reloaded {
                needs_restart,
                status,
            } => {
                warn!(
                    keys = needs_restart.join(", "),
                    hint = "restart courant for those keys",
                    "configuration reloaded, but for keys that are read at the start only"
                );
                self.findings(status);
            }
            Turn::Refused(error) => {
                warn!("configuration has faults, nothing was changed: {error}");
                self.faults(error);
            }
            Turn::Unusable(error) => warn!(
                "configuration cannot be used yet, nothing was changed: {}",
                chain(error)
            ),
        }
    }

    /// Each fault of a configuration, as at the start.
    fn faults(&self, error: &ConfigError) {
        match error {
            ConfigError::Faults { findings, .. } => {
                for finding in findings {
                    warn!(hint = finding.hint, "{finding}");
                }
            }
            ConfigError::Read { source, .. } => {
                warn!(hint = "put the file back, and it is read again", "{source}")
            }
        }
    }

    /// Each finding when it appears, and when it goes; of very many, how many.
    fn findings(&mut self, status: &Status) {
        let new = status.findings.without(&self.findings);
        let more = new.len().saturating_sub(MOST_LOGGED);
        for finding in new.into_iter().take(MOST_LOGGED) {
            warn!(hint = finding.hint, "{finding}");
        }
        if more > 0 {
            warn!(more, "more is wrong; `courant check` lists all of it");
        }
        let mended = self.findings.without(&status.findings);
        let more = mended.len().saturating_sub(MOST_LOGGED);
        for finding in mended.into_iter().take(MOST_LOGGED) {
            info!("mended: {finding}");
        }
        if more > 0 {
            info!(more, "more is mended");
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

fn cannot_watch(why: &NoEvents) -> Hint {
    Hint {
        message: format!("no file events, and `watch.mode` is \"native\": {why}"),
        hint: format!("{}, or let \"auto\" look at an interval instead", why.hint),
        source: None,
    }
}

fn cannot_listen(error: CannotListen) -> Hint {
    use std::io::ErrorKind;
    let hint = match (&error.address, error.source.kind()) {
        (Listen::Tcp(_), ErrorKind::AddrInUse) => {
            "another program has the port; stop it, or choose another with `--listen` or `server.listen`"
        }
        (Listen::Tcp(_), ErrorKind::PermissionDenied) => {
            "ports below 1024 are for privileged programs; choose a higher one"
        }
        (Listen::Tcp(_), ErrorKind::AddrNotAvailable) => {
            "the address is not one of this machine; `0.0.0.0` is all of them"
        }
        (Listen::Unix(_), ErrorKind::AddrInUse) => {
            "another program answers there; stop it, or choose another path in `server.listen`"
        }
        (Listen::Unix(_), ErrorKind::AlreadyExists) => {
            "remove the file, or choose another path in `server.listen`"
        }
        (Listen::Unix(_), ErrorKind::NotFound) => {
            "make the directory first; `server.listen` in the configuration names it"
        }
        (Listen::Unix(_), ErrorKind::PermissionDenied) => {
            "let this program's user write to the directory, or choose another path in `server.listen`"
        }
        _ => "`server.listen` in the configuration names it",
    };
    Hint {
        message: error.to_string(),
        hint: hint.to_owned(),
        source: Some(error.source),
    }
}

fn cannot_encrypt(error: TlsError) -> Hint {
    Hint {
        hint: hint(&error).to_owned(),
        message: error.to_string(),
        source: None,
    }
}

fn hint(error: &TlsError) -> &'static str {
    match error {
        TlsError::Certificate { .. } => {
            "`server.tls.certificate` names it: a certificate in PEM form, then those that vouch for it"
        }
        TlsError::Key { .. } => {
            "`server.tls.key` names it: a private key in PEM form that this program's user can read"
        }
        TlsError::Strangers { .. } => {
            "name a pair that belongs together in `server.tls.certificate` and `server.tls.key`"
        }
    }
}

/// How often the files of the certificate are looked at.
const RENEWAL: Duration = Duration::from_secs(1);

/// Goes on with each certificate that replaces the one before, until nobody can ask for that any more.
fn follow(tls: &Arc<Tls>, asked: &Receiver<()>) {
    loop {
        let is_asked = match asked.recv_timeout(RENEWAL) {
            Ok(()) => true,
            Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        match tls.look(is_asked) {
            Some(Ok(())) => info!("certificate read again"),
            Some(Err(error)) => {
                warn!(
                    hint = hint(&error),
                    "{error}; the one before goes on being used"
                );
            }
            None => {}
        }
    }
}

/// All addresses, for the log.
fn listening(addresses: &[Listen]) -> String {
    let all: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    all.join(", ")
}
