//! `[server]` of `config.toml` into how it is served.

use std::net::SocketAddr;
use std::time::Duration;

use super::Site;
use super::cards::choice;
use super::limits::{Limits, SaysClient, TrustedProxies, limits, trusted_proxies};
use super::raw::{Faults, Table};
use super::values::{DAY, site_url, within};

/// `[server]`: how it is served.
#[derive(Debug, Clone)]
pub struct Server {
    /// The address to listen on.
    pub listen: SocketAddr,
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
}

pub(super) fn server(
    mut table: Table<'_, '_>,
    faults: &Faults<'_>,
    site: Option<&Site>,
) -> Option<Server> {
    let listen = match table.string("listen") {
        None => Some(([127, 0, 0, 1], 8080).into()),
        Some(written) => written
            .value
            .parse()
            .map_err(|_| {
                faults.at(
                    &written,
                    &format!("is no address with a port: `{}`", written.value),
                    "write `127.0.0.1:8080`, or `0.0.0.0:8080` to be reached from outside",
                );
            })
            .ok(),
    };
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
    let idle_timeout = duration("idle_timeout", 100, 60);
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
    let limits = limits(table.table("limits"), faults);
    table.finish();
    Some(Server {
        listen: listen?,
        public_url: public_url?.as_str().trim_end_matches('/').to_owned(),
        max_connections,
        header_timeout,
        idle_timeout,
        drain_timeout,
        trusted_proxies,
        says_client: says_client.unwrap_or_default(),
        limits,
    })
}
