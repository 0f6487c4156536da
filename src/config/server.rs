//! Reads `[server]` of `config.toml`: listening addresses, TLS, timeouts and access log.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use super::cache::{CachePolicies, read_cache_policies};
use super::limits::{
    ClientLimits, ForwardedHeader, TrustedProxies, read_limits, read_trusted_proxies,
};
use super::site::SiteConfig;
use crate::config_table::values::parse_choice;
use crate::config_table::values::{MAX_DURATION, check_duration, parse_site_url, with_value};
use crate::config_table::{ConfigErrors, ConfigTable, Spanned};

/// Default mode of Unix sockets: owner and group may connect.
const DEFAULT_UNIX_MODE: u32 = 0o660;

/// `[server]`: listening addresses, TLS, timeouts and limits.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerConfig {
    /// Addresses to listen on.
    pub listen: Vec<ListenAddress>,
    /// File mode of Unix sockets.
    pub unix_mode: u32,
    /// Certificate and key for TLS over TCP; `None` serves plain HTTP.
    pub tls: Option<TlsConfig>,
    /// Public base URL of the server, without a trailing slash. Its path is a prefix of every path.
    pub public_url: String,
    /// Maximum number of concurrent connections.
    pub max_connections: usize,
    /// Maximum time until a request's header is complete.
    pub header_timeout: Duration,
    /// Maximum time without a byte in either direction.
    pub idle_timeout: Duration,
    /// Maximum time for open requests to finish when the server stops.
    pub drain_timeout: Duration,
    /// Proxies whose forwarded client address is trusted.
    pub trusted_proxies: TrustedProxies,
    /// Header in which these proxies send the client address.
    pub forwarded_header: ForwardedHeader,
    /// Limits per client.
    pub limits: ClientLimits,
    /// `Cache-Control` and cache tags of responses.
    pub cache: CachePolicies,
    /// Destination of the access log; `None` writes none.
    pub access_log: Option<AccessLogTarget>,
}

/// `server.access_log`: destination of the access log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessLogTarget {
    /// Standard output.
    Stdout,
    /// A file, to which lines are appended.
    File(PathBuf),
}

/// Address to listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListenAddress {
    /// IP address and port; port 0 picks a free one.
    Tcp(SocketAddr),
    /// Path of a Unix socket.
    Unix(PathBuf),
}

/// `server.tls`: certificate and key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsConfig {
    /// File of the certificate and its chain, in PEM format.
    pub certificate: PathBuf,
    /// File of the private key, in PEM format.
    pub key: PathBuf,
}

impl Default for ListenAddress {
    fn default() -> ListenAddress {
        ListenAddress::Tcp(([127, 0, 0, 1], 8080).into())
    }
}

impl Default for ServerConfig {
    /// Returns the defaults, except for `public_url`, which defaults to the site's URL.
    fn default() -> ServerConfig {
        ServerConfig {
            listen: vec![ListenAddress::default()],
            unix_mode: DEFAULT_UNIX_MODE,
            tls: None,
            public_url: String::new(),
            max_connections: 4096,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(20),
            drain_timeout: Duration::from_secs(10),
            trusted_proxies: TrustedProxies::default(),
            forwarded_header: ForwardedHeader::default(),
            limits: ClientLimits::default(),
            cache: CachePolicies::default(),
            access_log: None,
        }
    }
}

/// The text is not a listening address.
#[derive(Debug, thiserror::Error)]
#[error("write `127.0.0.1:8080`, or `unix:/run/courant.sock`")]
pub struct InvalidListenAddress;

impl FromStr for ListenAddress {
    type Err = InvalidListenAddress;

    fn from_str(text: &str) -> Result<ListenAddress, InvalidListenAddress> {
        match text.strip_prefix("unix:") {
            Some("") => Err(InvalidListenAddress),
            Some(path) => Ok(ListenAddress::Unix(path.into())),
            None => text
                .parse()
                .map(ListenAddress::Tcp)
                .map_err(|_| InvalidListenAddress),
        }
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ListenAddress::Tcp(address) => address.fmt(f),
            ListenAddress::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

pub(super) fn read_server(
    mut table: ConfigTable<'_, '_>,
    faults: &ConfigErrors<'_>,
    site: Option<&SiteConfig>,
    dir: &Path,
) -> Option<ServerConfig> {
    let listen = read_listen_addresses(&mut table, faults, dir);
    let unix_mode = table
        .take_string("unix_mode")
        .and_then(|written| parse_file_mode(faults, &written));
    let section_offset = table.offset();
    let tls = read_tls(table.take_table("tls"), section_offset, dir);
    let public_url = match table.take_string("public_url") {
        Some(written) => parse_site_url(faults, &written),
        None => site.map(|site| site.url.clone()),
    };
    let default = ServerConfig::default();
    let max_connections = table
        .take_usize("max_connections")
        .map_or(default.max_connections, |written| written.value.max(1));
    let mut duration = |key, min_millis, default| {
        let bounds = Duration::from_millis(min_millis)..=MAX_DURATION;
        check_duration(faults, table.take_duration(key), bounds, default)
    };
    let header_timeout = duration("header_timeout", 100, default.header_timeout);
    let idle_timeout = duration("idle_timeout", 100, default.idle_timeout);
    let drain_timeout = duration("drain_timeout", 0, default.drain_timeout);
    let trusted_proxies = read_trusted_proxies(faults, table.take_strings("trusted_proxies"));
    let says_client = parse_choice(
        faults,
        table.take_string("client_address"),
        &[
            ("x-forwarded-for", ForwardedHeader::XForwardedFor),
            ("forwarded", ForwardedHeader::Forwarded),
        ],
    );
    let access_log = table.take_string("access_log").map(|written| written.value);
    let access_log = match access_log.as_deref() {
        None | Some("") => None,
        Some("-") => Some(AccessLogTarget::Stdout),
        Some(path) => Some(AccessLogTarget::File(dir.join(path))),
    };
    let limits = read_limits(table.take_table("limits"), faults);
    let cache = read_cache_policies(table.take_table("cache"), faults);
    table.reject_unknown();
    Some(ServerConfig {
        listen: listen.unwrap_or(default.listen),
        unix_mode: unix_mode.unwrap_or(default.unix_mode),
        tls,
        public_url: public_url?.as_str().trim_end_matches('/').to_owned(),
        max_connections,
        header_timeout,
        idle_timeout,
        drain_timeout,
        trusted_proxies,
        forwarded_header: says_client.unwrap_or_default(),
        limits,
        cache,
        access_log,
    })
}

fn read_listen_addresses(
    table: &mut ConfigTable<'_, '_>,
    faults: &ConfigErrors<'_>,
    dir: &Path,
) -> Option<Vec<ListenAddress>> {
    let written = table.take_string_or_list("listen")?;
    if written.value.is_empty() {
        faults.report_at(&written, "is empty", "write `listen = \"127.0.0.1:8080\"`");
    }
    let mut addresses = Vec::new();
    for text in &written.value {
        match text.trim().parse() {
            Ok(ListenAddress::Unix(path)) => addresses.push(ListenAddress::Unix(dir.join(path))),
            Ok(address) => addresses.push(address),
            Err(InvalidListenAddress) => faults.report_at(
                &written,
                &format!("is not an address with a port: `{text}`"),
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
        faults.report_at(
            &written,
            &format!("names `{address}` twice"),
            "leave one of them out",
        );
    }
    Some(addresses)
}

fn parse_file_mode(faults: &ConfigErrors<'_>, written: &Spanned<String>) -> Option<u32> {
    let mode = u32::from_str_radix(written.value.trim_start_matches("0o"), 8).ok();
    let mode = mode.filter(|mode| *mode <= 0o777);
    if mode.is_none() {
        faults.report_at(
            &with_value(written, ()),
            &format!("is not a file mode: `{}`", written.value),
            "write three octal digits, such as `\"0660\"`, or `\"0666\"` for all users",
        );
    }
    mode
}

/// Reads `[server.tls]`. `outside` is the offset of the enclosing table: a table with the same
/// offset is not in the file.
fn read_tls(
    mut table: ConfigTable<'_, '_>,
    enclosing_offset: usize,
    dir: &Path,
) -> Option<TlsConfig> {
    let is_written = table.offset() != enclosing_offset;
    let certificate = table.take_string("certificate");
    let key = table.take_string("key");
    if is_written && certificate.is_none() {
        let hint = "write `certificate = \"fullchain.pem\"`, the certificate and its chain";
        table.report_missing("certificate", hint);
    }
    if is_written && key.is_none() {
        table.report_missing(
            "key",
            "write `key = \"privkey.pem\"`, the certificate's key",
        );
    }
    table.reject_unknown();
    Some(TlsConfig {
        certificate: dir.join(certificate?.value),
        key: dir.join(key?.value),
    })
}
