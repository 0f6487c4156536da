//! `courant serve`: the server, and beside it the watch that gives it each next snapshot.

mod hints;
mod log;
mod operator;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, info, warn};

use super::{Exit, clock, config_file, tell};
use crate::access_log::{AccessLog, Writing};
use crate::admin::{Admin, Sources, Told};
use crate::cli::{AdminListen, LogFormat, Serve};
use crate::config::{self, Config, ConfigError, Listen, WatchMode};
use crate::descriptors;
use crate::gallery::Gallery;
use crate::pipeline::Pipeline;
use crate::priority::{self, Priority};
use crate::report;
use crate::server::{self, Inherited, Listeners, Source, Tls, Traffic};
use crate::service::{self, Supervisor};
use crate::snapshot::{Compressor, Current};
use crate::watch::{Load, Turn, Watch};
use hints::{cannot_encrypt, cannot_listen, cannot_log, cannot_watch, hint};
use log::Log;

pub(super) use hints::no_content;

pub(super) fn run(args: &Serve) -> anyhow::Result<Exit> {
    let inherited = Inherited::take()?;
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
    let form = args.log_format;
    server::runtime()?.block_on(serve(config, file, form, Box::new(load), inherited))
}

/// The order is that of trust: the addresses are taken before the long work, and nothing is answered
/// before the first snapshot is whole. Requests that come between wait in the backlog; or go to the courant
/// that listens there too, and is to be replaced by this one.
async fn serve(
    config: Config,
    file: PathBuf,
    form: LogFormat,
    load: Load,
    inherited: Inherited,
) -> anyhow::Result<Exit> {
    let server_config = within_descriptors(&config.server, descriptors::raise_limit());
    let to = config.server.access_log.as_ref();
    let writing = to.map(|to| written(to).map_err(|error| cannot_log(to, error)));
    let (access_log, writing) = writing.transpose()?.unzip();
    let files = config.server.tls.as_ref();
    let tls = files.map(Tls::load).transpose().map_err(cannot_encrypt)?;
    let listeners = if inherited.public.is_empty() {
        Listeners::bind(&config.server, tls.clone(), server::parts())
    } else {
        info!("listening on what was handed over, and not on `server.listen`");
        Listeners::inherit(inherited.public, tls.clone(), server::parts())
    };
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
    let operator = operator::start(&config.admin, inherited.admin, sources)?;
    watch.look(clock()).map_err(no_content)?;
    told.begins(watch.status(), clock());
    listeners.listen(true).map_err(cannot_listen)?;
    let mut supervisor = Supervisor::new(watch.status());
    let of_start = config.clone();
    let page = operator.as_ref().and_then(Admin::address);
    let shared: Vec<_> = listeners.shared().cloned().collect();
    let (watching_is_over, watch_ended) = tokio::sync::oneshot::channel::<()>();
    let watching = std::thread::Builder::new()
        .name("watch".to_owned())
        .spawn(move || {
            // It does not stand back: on a busy machine a post that hides would wait for those that never rest.
            if let Err(error) = priority::work_alone() {
                warn!("edits wait for the threads that read: {error}");
            }
            // Dropped when the thread ends, however it ends.
            let _watching_is_over = watching_is_over;
            // Looked for and told while requests are answered already.
            watch.advise_on_few();
            told.hear(&Turn::Advised(watch.status()), clock());
            let mut log = Log {
                findings: watch.status().findings.clone(),
            };
            match form {
                LogFormat::Human => tell(&report::summary(
                    &of_start,
                    watch.status(),
                    &watch.verdicts(),
                    &addresses,
                    page,
                )),
                LogFormat::Json => log.begin(&of_start, watch.status()),
            }
            info!(addresses = listening, "listening");
            for address in &shared {
                info!(
                    %address,
                    hint = "it can be stopped now if this one replaces it, and should be if it is another site's",
                    "another process listens here too and is asked as often"
                );
            }
            drop(of_start);
            watch.run(clock, |turn| {
                told.hear(&turn, clock());
                supervisor.turn(&turn);
                log.turn(turn);
            });
        })?;
    let stopped = async move {
        // Asked for when all threads that answer are there.
        service::ready();
        tokio::select! {
            _ = terminate.recv() => info!("stopping on SIGTERM"),
            _ = interrupt.recv() => info!("stopping on SIGINT"),
            // A server that sees no edits any more would go on showing what is to be hidden.
            _ = watch_ended => error!("stopping, as the watch ended by itself"),
        }
        service::stopping();
    };
    let (renew, renewals) = channel();
    if let Some(tls) = tls {
        std::thread::Builder::new()
            .name("certificate".to_owned())
            .spawn(move || follow(&tls, &renewals))?;
    }
    let reloader = stop.reloader();
    let reopened = access_log.clone();
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            info!("reloading on SIGHUP");
            reloader.reload();
            if let Some(log) = &reopened {
                log.reopen();
            }
            // Where there is no certificate, nobody hears it.
            let _ = renew.send(());
        }
    });
    let source = Source {
        current,
        gallery,
        traffic,
        access_log: access_log.clone(),
    };
    let drained = server::run(listeners, source, &server_config, clock, stopped).await?;
    stop.stop();
    let watched = watching.join();
    drop(writing);
    if let Some(lines) = access_log.map(|log| log.lost()).filter(|lost| *lost > 0) {
        warn!(lines, "not all lines of the access log could be written");
    }
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

/// The same, with no more connections than a limit on open files has room for.
fn within_descriptors(config: &config::Server, limit: u64) -> config::Server {
    let mut config = config.clone();
    let most = descriptors::max_connections(limit);
    if most < config.max_connections {
        warn!(
            limit,
            configured = config.max_connections,
            connections = most,
            hint = "raise the hard limit (`LimitNOFILE=` of systemd, `ulimit -Hn`), or lower `server.max_connections`",
            "the limit on open files leaves room for fewer connections than `server.max_connections`"
        );
        config.max_connections = most;
    }
    config
}

/// The access log, and what waits for its end.
fn written(to: &config::AccessLog) -> std::io::Result<(AccessLog, Writing)> {
    match to {
        config::AccessLog::Stdout => Ok(AccessLog::to_stdout()),
        config::AccessLog::File(path) => AccessLog::to_file(path),
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
