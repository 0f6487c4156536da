//! Runs `courant serve`: the server, and the watch that publishes each new snapshot to it.

mod admin;
mod announce;
mod export;
mod git;
mod log;
mod open_page;
mod remote_site;
mod startup_hints;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, info, warn};

use super::environment::{find_config_file, read_clock};
use super::exit::CommandOutcome;
use super::terminal::write_stderr;
use crate::admin::{AdminServer, AdminSources, StatusBoard};
use crate::announce::AnnounceStatus;
use crate::check::report;
use crate::cli::open_file_limit;
use crate::cli::systemd::{self, SystemdNotifier};
use crate::cli::{LogFormat, ServeArgs};
use crate::config::{self, Config, LastmodSource, ListenAddress, WatchMode};
use crate::export::ExportStatus;
use crate::git::GitStatus;
use crate::publish::pipeline::{Pipeline, RefreshOutcome};
use crate::publish::render_cache::RenderCache;
use crate::publish::snapshot::{Compressor, SnapshotHandle};
use crate::server::access_log::{AccessLog, LogWriterGuard};
use crate::server::{self, ActivatedSockets, Listeners, ReloadableTls, ServerContext};
use crate::stats::TrafficStats;
use crate::thread_priority::{self, ThreadPriority};
use crate::watch::{LoadConfig, Watch, WatchEvent};
use export::GenerationSink;
use git::{ContentRepository, start_reading_dates};
use log::WatchLogger;
use open_page::open_home_page;
use remote_site::{RemoteSite, load_proposed_config, propose_and_report};
use startup_hints::{
    add_access_log_hint, add_listen_hint, add_tls_hint, add_watch_hint, placeholder_url_hint,
    tls_hint,
};

pub(super) use startup_hints::add_content_hint;

pub(super) fn run_server(args: &ServeArgs) -> anyhow::Result<CommandOutcome> {
    let inherited = ActivatedSockets::take_from_env()?;
    let file = find_config_file(&args.config);
    let config_file = file.clone();
    let mut load = load_with_options(args, Box::new(move || Config::load(&config_file)));
    let config = load()?;
    let start = ServerStart {
        config,
        file,
        load,
        log_format: args.log_format,
        opens_page: args.open,
        inherited,
        checked_out: None,
        git_status: GitStatus::default(),
    };
    server::build_runtime()?.block_on(serve_until_stopped(start))
}

/// Serves the site in a repository, with the configuration that is proposed for it.
pub(super) fn run_repository(
    url: &str,
    state_dir: Option<&Path>,
    args: &ServeArgs,
) -> anyhow::Result<CommandOutcome> {
    let inherited = ActivatedSockets::take_from_env()?;
    let site = RemoteSite::new(url, state_dir)?;
    let git_status = GitStatus::default();
    let runtime = server::build_runtime()?;
    let checked_out = ContentRepository::check_out(&site.git, false, &git_status);
    let checked_out = runtime.block_on(checked_out)?;
    propose_and_report(&site.git, args.log_format)?;
    let git = site.git.clone();
    let mut load = load_with_options(args, Box::new(move || load_proposed_config(&git)));
    let start = ServerStart {
        config: load()?,
        // Does not exist: the site's own files are read again on SIGHUP.
        file: site.git.checkout.join(".git/courant.toml"),
        load,
        log_format: args.log_format,
        opens_page: args.open,
        inherited,
        checked_out: Some(checked_out),
        git_status,
    };
    runtime.block_on(serve_until_stopped(start))
}

/// Applies the options of the command line to each configuration that is loaded.
fn load_with_options(args: &ServeArgs, mut load: LoadConfig) -> LoadConfig {
    let addresses = args.addresses.clone();
    Box::new(move || {
        let mut config = load()?;
        addresses.override_addresses(&mut config);
        Ok(config)
    })
}

/// Holds what a server starts with.
struct ServerStart {
    config: Config,
    /// File that the configuration is read from.
    file: PathBuf,
    load: LoadConfig,
    log_format: LogFormat,
    /// True if the home page is opened in a browser once it is published.
    opens_page: bool,
    /// Sockets that the service manager passed.
    inherited: ActivatedSockets,
    /// Repository of the content, if it is checked out already.
    checked_out: Option<ContentRepository>,
    git_status: GitStatus,
}

/// Starts all parts and runs until a signal.
///
/// The sockets are bound before the long work, so that an address in use fails early. Nothing is
/// answered before the first snapshot is complete: requests wait in the backlog, or go to an older
/// process that listens on the same address and is being replaced.
async fn serve_until_stopped(start: ServerStart) -> anyhow::Result<CommandOutcome> {
    let ServerStart {
        config,
        file,
        load,
        log_format,
        opens_page,
        inherited,
        checked_out,
        git_status,
    } = start;
    let server_config = limit_connections(&config.server, open_file_limit::raise_open_file_limit());
    let target = config.server.access_log.as_ref();
    let opened = target
        .map(|target| open_access_log(target).map_err(|error| add_access_log_hint(target, error)));
    let (access_log, log_writer) = opened.transpose()?.unzip();
    let tls_files = config.server.tls.as_ref();
    let tls = tls_files
        .map(ReloadableTls::load)
        .transpose()
        .map_err(add_tls_hint)?;
    let listeners = if inherited.public.is_empty() {
        Listeners::bind_addresses(&config.server, tls.clone(), server::worker_count())
    } else {
        info!("listening on sockets passed by the service manager; `server.listen` is ignored");
        Listeners::from_passed_sockets(inherited.public, tls.clone(), server::worker_count())
    };
    let listeners = listeners.map_err(add_listen_hint)?;
    listeners.start_listening(false).map_err(add_listen_hint)?;
    let addresses = listeners.local_addresses();
    let address_list = join_addresses(&addresses);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;

    let has_history = config.sitemap.lastmod == LastmodSource::Git;
    let repository = match &config.content.git {
        Some(git) if checked_out.is_none() => {
            Some(ContentRepository::check_out(git, has_history, &git_status).await?)
        }
        _ => checked_out,
    };
    rayon::ThreadPoolBuilder::new()
        .thread_name(|number| format!("read-{number}"))
        .start_handler(|_| ThreadPriority::Reading.apply_to_current_thread())
        .build_global()?;
    let gallery = RenderCache::new(config.cards.cache_size, config.cards.queue)?;
    let current = SnapshotHandle::default();
    let pipeline = Pipeline::new(config.clone(), current.clone());
    let pipeline = pipeline.with_compressor(Compressor::new()?);
    let (mut watch, stop) = Watch::with_config_reload(pipeline, file, load);
    if let Some(reason) = watch.events_unavailable()
        && config.watch.mode == WatchMode::Native
    {
        return Err(add_watch_hint(reason).into());
    }
    let status_board = StatusBoard::default();
    let traffic = TrafficStats::default();
    let announcements = AnnounceStatus::default();
    let exports = ExportStatus::default();
    let target = export::open_export_target(&config)?;
    let state = export::exported_state(target.as_ref());
    let announcer = announce::start_announcer(&config, &announcements, state)?;
    let mut sink =
        GenerationSink::start(&config, target, announcer, stop.watch_handle(), &exports)?;
    let sources = AdminSources {
        status_board: status_board.clone(),
        watch_handle: stop.watch_handle(),
        snapshot_handle: current.clone(),
        render_cache: gallery.clone(),
        traffic: traffic.clone(),
        watch_counters: watch.watch_counters(),
        announcements: announcements.clone(),
        exports: exports.clone(),
        git: git_status.clone(),
        clock: read_clock,
    };
    let admin_server = admin::start_admin_server(&config.admin, inherited.admin, sources)?;
    watch.refresh_all(read_clock()).map_err(add_content_hint)?;
    status_board.record_first_scan(watch.status(), read_clock());
    listeners.start_listening(true).map_err(add_listen_hint)?;
    follow_status(announcements.subscribe(), &status_board);
    follow_status(exports.subscribe(), &status_board);
    follow_status(git_status.subscribe(), &status_board);
    let webhook = repository
        .as_ref()
        .and_then(|repository| repository.webhook.clone());
    // Both end when they are dropped.
    let _dates = start_reading_dates(&config, stop.watch_handle())?;
    let _fetcher = repository
        .map(|repository| repository.start_fetching(&git_status))
        .transpose()?;
    let published = current.clone();
    let export_stop = sink.stop_handle();
    let mut supervisor = SystemdNotifier::new(watch.status());
    let start_config = config.clone();
    let admin_address = admin_server.as_ref().and_then(AdminServer::bound_address);
    let shared_addresses: Vec<_> = listeners.shared_addresses().cloned().collect();
    let (watching_is_over, watch_ended) = tokio::sync::oneshot::channel::<()>();
    let watch_thread = std::thread::Builder::new()
        .name("watch".to_owned())
        .spawn(move || {
            // Normal priority: on a busy machine an edit that hides a post must not wait for bulk work.
            if let Err(error) = thread_priority::disable_work_sharing() {
                warn!("edits are processed by the low-priority threads: {error}");
            }
            // Dropped when the thread ends, also by a panic.
            let _watching_is_over = watching_is_over;
            // Runs while requests are already answered.
            watch.lint_if_few();
            status_board.record_event(&WatchEvent::LintsFinished(watch.status()), read_clock());
            let mut log = WatchLogger {
                logged_findings: watch.status().findings.clone(),
            };
            match log_format {
                LogFormat::Human => write_stderr(&report::format_summary(
                    &start_config,
                    watch.status(),
                    &watch.post_verdicts(),
                    &addresses,
                    admin_address,
                )),
                LogFormat::Json => log.log_startup(&start_config, watch.status()),
            }
            info!(addresses = address_list, "listening");
            for address in &shared_addresses {
                info!(
                    %address,
                    hint = "stop it if this process replaces it, or if it serves a different site",
                    "another process listens on this address too and receives a share of the connections"
                );
            }
            if let Some(hint) = placeholder_url_hint(&start_config.site.url) {
                warn!(hint, "`site.url` is a placeholder");
            }
            if opens_page {
                open_home_page(&start_config, &addresses);
            }
            drop(start_config);
            sink.publish_newest(&published);
            watch.run(read_clock, |turn| {
                if let WatchEvent::Reloaded { config, .. } = turn {
                    sink.set_config(config);
                }
                if let WatchEvent::Scanned(RefreshOutcome::Published, _)
                | WatchEvent::Reloaded { .. } = turn
                {
                    sink.publish_newest(&published);
                }
                status_board.record_event(&turn, read_clock());
                supervisor.on_watch_event(&turn);
                log.log_event(turn);
            });
        })?;
    let drain_timeout = server_config.drain_timeout;
    let stopped = async move {
        // Polled only when all worker threads have started.
        systemd::notify_ready();
        tokio::select! {
            _ = terminate.recv() => info!("stopping on SIGTERM"),
            _ = interrupt.recv() => info!("stopping on SIGINT"),
            // A server that sees no edits would keep serving posts that are now hidden.
            _ = watch_ended => error!("stopping, because the watch thread ended unexpectedly"),
        }
        systemd::notify_stopping();
        if let Some(handle) = export_stop {
            handle.request_stop(drain_timeout);
        }
    };
    let (renew, renewals) = channel();
    if let Some(tls) = tls {
        std::thread::Builder::new()
            .name("certificate".to_owned())
            .spawn(move || follow_certificate(&tls, &renewals))?;
    }
    let reloader = stop.reload_handle();
    let log_to_reopen = access_log.clone();
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            info!("reloading on SIGHUP");
            reloader.request_reload();
            if let Some(log) = &log_to_reopen {
                log.request_reopen();
            }
            // Fails if there is no certificate to reload.
            let _ = renew.send(());
        }
    });
    let source = ServerContext {
        snapshot: current,
        render_cache: gallery,
        traffic,
        access_log: access_log.clone(),
        webhook,
    };
    let drained =
        server::serve_on_workers(listeners, source, &server_config, read_clock, stopped).await?;
    stop.request_stop();
    let watch_result = watch_thread.join();
    drop(log_writer);
    if let Some(lines) = access_log
        .map(|log| log.lost_lines())
        .filter(|lost| *lost > 0)
    {
        warn!(lines, "some lines of the access log could not be written");
    }
    match drained.aborted {
        0 => info!("stopped"),
        cut_off => warn!(
            cut_off,
            "stopped; connections that did not finish in time were closed"
        ),
    }
    Ok(if watch_result.is_ok() {
        CommandOutcome::Success
    } else {
        CommandOutcome::Failure
    })
}

/// Minimum time between two updates of the admin page for exports or announcements.
const STATUS_UPDATE_INTERVAL: Duration = Duration::from_secs(1);

/// Updates open admin pages when the status of exports or announcements changes.
fn follow_status<T: Send + Sync + 'static>(
    mut changes: tokio::sync::watch::Receiver<T>,
    status_board: &StatusBoard,
) {
    let status_board = status_board.clone();
    tokio::spawn(async move {
        while changes.changed().await.is_ok() {
            status_board.notify_subscribers();
            tokio::time::sleep(STATUS_UPDATE_INTERVAL).await;
        }
    });
}

/// Lowers `max_connections` to what the limit on open files allows.
fn limit_connections(config: &config::ServerConfig, limit: u64) -> config::ServerConfig {
    let mut config = config.clone();
    let allowed = open_file_limit::max_connections(limit);
    if allowed < config.max_connections {
        warn!(
            limit,
            configured = config.max_connections,
            connections = allowed,
            hint = "raise the hard limit (`LimitNOFILE=` of systemd, `ulimit -Hn`), or lower `server.max_connections`",
            "the limit on open files allows fewer connections than `server.max_connections`"
        );
        config.max_connections = allowed;
    }
    config
}

/// Opens the access log. Dropping the second value waits until all lines are written.
fn open_access_log(
    target: &config::AccessLogTarget,
) -> std::io::Result<(AccessLog, LogWriterGuard)> {
    match target {
        config::AccessLogTarget::Stdout => Ok(AccessLog::to_stdout()),
        config::AccessLogTarget::File(path) => AccessLog::to_file(path),
    }
}

/// Interval at which the certificate's files are checked for changes.
const CERTIFICATE_CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Reloads the certificate when its files change or on request, until the sender is dropped.
fn follow_certificate(tls: &Arc<ReloadableTls>, requests: &Receiver<()>) {
    loop {
        let is_requested = match requests.recv_timeout(CERTIFICATE_CHECK_INTERVAL) {
            Ok(()) => true,
            Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        match tls.reload_if_changed(is_requested) {
            Some(Ok(())) => info!("certificate read again"),
            Some(Err(error)) => {
                warn!(
                    hint = tls_hint(&error),
                    "{error}; the previous certificate stays in use"
                );
            }
            None => {}
        }
    }
}

/// Joins all addresses for the log.
fn join_addresses(addresses: &[ListenAddress]) -> String {
    let all: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    all.join(", ")
}
