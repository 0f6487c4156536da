//! `[server]` of `config.toml` into how it is served.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use super::Site;
use super::caching::{Caching, caching};
use super::cards::choice;
use super::limits::{Limits, SaysClient, TrustedProxies, limits, trusted_proxies};
use super::raw::{Faults, Table, Written};
use super::values::{DAY, site_url, with, within};

/// Whoever is of the group may connect.
const UNIX_MODE: u32 = 0o660;

/// `[server]`: how it is served.
#[derive(Debug, Clone, PartialEq)]
pub struct Server {
    /// The addresses to listen on.
    pub listen: Vec<Listen>,
    /// The mode of Unix sockets.
    pub unix_mode: u32,
    /// What connections over TCP are encrypted with, if they are.
    pub tls: Option<Tls>,
    /// Where the outside world sees the server, without a trailing slash. A path is a prefix of
    /// every path.
    pub public_url: String,
    /// The most connections at a time.
    pub max_connections: usize,
    /// How long a request's header may take to arrive.
    pub header_timeout: Duration,
    /// How long a connection may stay without a byte in either direction.
    pub idle_timeout: Duration,
    /// How long open requests may take to finish when the server stops.
    pub drain_timeout: Duration,
    /// Whose word for the address of a client counts.
    pub trusted_proxies: TrustedProxies,
    /// Where they say it.
    pub says_client: SaysClient,
    /// What one client may take.
    pub limits: Limits,
    /// What caches are told.
    pub cache: Caching,
    /// Where a line for each answer goes, if anywhere.
    pub access_log: Option<AccessLog>,
}

/// `server.access_log`: where a line for each answer goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessLog {
    /// To the standard output.
    Stdout,
    /// To the end of a file.
    File(PathBuf),
}

/// An address to listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// An address with a port; port 0 is a free one.
    Tcp(SocketAddr),
    /// The path of a Unix socket.
    Unix(PathBuf),
}

/// `server.tls`: what connections are encrypted with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The file of the certificate and its chain, in PEM form.
    pub certificate: PathBuf,
    /// The file of its private key, in PEM form.
    pub key: PathBuf,
}

impl Default for Listen {
    fn default() -> Listen {
        Listen::Tcp(([127, 0, 0, 1], 8080).into())
    }
}

impl Default for Server {
    /// What holds where nothing is written, but for `public_url`, which is the site's.
    fn default() -> Server {
        Server {
            listen: vec![Listen::default()],
            unix_mode: UNIX_MODE,
            tls: None,
            public_url: String::new(),
            max_connections: 4096,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(20),
            drain_timeout: Duration::from_secs(10),
            trusted_proxies: TrustedProxies::default(),
            says_client: SaysClient::default(),
            limits: Limits::default(),
            cache: Caching::default(),
            access_log: None,
        }
    }
}

/// The text is no address.
#[derive(Debug, thiserror::Error)]
#[error("write `127.0.0.1:8080`, or `unix:/run/courant.sock`")]
pub struct NoAddress;

impl FromStr for Listen {
    type Err = NoAddress;

    fn from_str(text: &str) -> Result<Listen, NoAddress> {
        match text.strip_prefix("unix:") {
            Some("") => Err(NoAddress),
            Some(path) => Ok(Listen::Unix(path.into())),
            None => text.parse().map(Listen::Tcp).map_err(|_| NoAddress),
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Listen::Tcp(address) => address.fmt(f),
            Listen::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

pub(super) fn server(
    mut table: Table<'_, '_>,
    faults: &Faults<'_>,
    site: Option<&Site>,
    dir: &Path,
) -> Option<Server> {
    let listen = listen(&mut table, faults, dir);
    let unix_mode = table
        .string("unix_mode")
        .and_then(|written| mode(faults, &written));
    let outside = table.offset();
    let tls = tls(table.table("tls"), outside, dir);
    let public_url = match table.string("public_url") {
        Some(written) => site_url(faults, &written),
        None => site.map(|site| site.url.clone()),
    };
    let max_connections = table
        .count("max_connections")
        .map_or(4096, |written| written.value.max(1));
    let mut duration = |key, least, usual| {
        within(
            faults,
            table.duration(key),
            Duration::from_millis(least)..=DAY,
            Duration::from_secs(usual),
        )
    };
    let header_timeout = duration("header_timeout", 100, 10);
    let idle_timeout = duration("idle_timeout", 100, 20);
    let drain_timeout = duration("drain_timeout", 0, 10);
    let trusted_proxies = trusted_proxies(faults, table.strings("trusted_proxies"));
    let says_client = choice(
        faults,
        table.string("client_address"),
        &[
            ("x-forwarded-for", SaysClient::XForwardedFor),
            ("forwarded", SaysClient::Forwarded),
        ],
    );
    let access_log = table.string("access_log").map(|written| written.value);
    let access_log = match access_log.as_deref() {
        None | Some("") => None,
        Some("-") => Some(AccessLog::Stdout),
        Some(path) => Some(AccessLog::File(dir.join(path))),
    };
    let limits = limits(table.table("limits"), faults);
    let cache = caching(table.table("cache"), faults);
    table.finish();
    Some(Server {
        listen: listen.unwrap_or_else(|| vec![Listen::default()]),
        unix_mode: unix_mode.unwrap_or(UNIX_MODE),
        tls,
        public_url: public_url?.as_str().trim_end_matches('/').to_owned(),
        max_connections,
        header_timeout,
        idle_timeout,
        drain_timeout,
        trusted_proxies,
        says_client: says_client.unwrap_or_default(),
        limits,
        cache,
        access_log,
    })
}

fn listen(table: &mut Table<'_, '_>, faults: &Faults<'_>, dir: &Path) -> Option<Vec<Listen>> {
    let written = table.string_or_strings("listen")?;
    if written.value.is_empty() {
        faults.at(&written, "is empty", "write `listen = \"127.0.0.1:8080\"`");
    }
    let mut addresses = Vec::new();
    for text in &written.value {
        match text.trim().parse() {
            Ok(Listen::Unix(path)) => addresses.push(Listen::Unix(dir.join(path))),
            Ok(address) => addresses.push(address),
            Err(NoAddress) => faults.at(
                &written,
                &format!("is no address with a port: `{text}`"),
                "write `127.0.0.1:8080`, or `0.0.0.0:8080` to be reached from outside, or \
                 `unix:/run/courant.sock`",
            ),
        }
    }
    let twice = addresses
        .iter()
        .enumerate()
        .find(|(at, address)| addresses.iter().skip(at + 1).any(|other| other == *address));
    if let Some((_, address)) = twice {
        faults.at(
            &written,
            &format!("names `{address}` twice"),
            "leave one of them out",
        );
    }
    Some(addresses)
}

fn mode(faults: &Faults<'_>, written: &Written<String>) -> Option<u32> {
    let mode = u32::from_str_radix(written.value.trim_start_matches("0o"), 8).ok();
    let mode = mode.filter(|mode| *mode <= 0o777);
    if mode.is_none() {
        faults.at(
            &with(written, ()),
            &format!("is no mode of a file: `{}`", written.value),
            "write three octal digits, such as `\"0660\"`, or `\"0666\"` for everybody",
        );
    }
    mode
}

/// `outside` is where the table around this one begins.
fn tls(mut table: Table<'_, '_>, outside: usize, dir: &Path) -> Option<Tls> {
    let is_written = table.offset() != outside;
    let certificate = table.string("certificate");
    let key = table.string("key");
    if is_written && certificate.is_none() {
        let hint = "write `certificate = \"fullchain.pem\"`, the certificate and its chain";
        table.missing("certificate", hint);
    }
    if is_written && key.is_none() {
        table.missing(
            "key",
            "write `key = \"privkey.pem\"`, the certificate's key",
        );
    }
    table.finish();
    Some(Tls {
        certificate: dir.join(certificate?.value),
        key: dir.join(key?.value),
    })
}
