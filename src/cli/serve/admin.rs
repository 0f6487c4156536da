//! Starts the admin listener if `[admin]` or a passed socket asks for one.

use std::io;
use std::net::SocketAddr;

use tracing::info;

use super::super::exit::HintedError;
use crate::admin::{AccessRules, AdminServer, AdminSources, ListenTarget};
use crate::config::{self, Secret, TokenSource};
use crate::server::PassedSocket;

/// Starts the admin listener, on a socket passed by the service manager if there is one.
pub(super) fn start_admin_server(
    config: &config::AdminConfig,
    passed: Option<PassedSocket>,
    sources: AdminSources,
) -> anyhow::Result<Option<AdminServer>> {
    let (place, address) = match (passed, config.listen) {
        (Some(handed), _) => {
            // The file permissions of a Unix socket decide who may connect.
            let address = match &handed {
                PassedSocket::Tcp(listener) => Some(listener.local_addr()?),
                PassedSocket::Unix(_) => None,
            };
            (ListenTarget::PassedSocket(handed), address)
        }
        (None, Some(address)) => (ListenTarget::Address(address), Some(address)),
        (None, None) => return Ok(None),
    };
    let token = config.token.as_ref().map(read_token).transpose()?;
    let open = address.filter(|address| !address.ip().is_loopback());
    if let Some(address) = open
        && token.is_none()
    {
        return Err(HintedError {
            message: format!("the admin page at `{address}` would be open to anyone"),
            hint: "write `token_file = \"…\"` under `[admin]`, or listen on `127.0.0.1`".to_owned(),
            source: None,
        }
        .into());
    }
    let access = AccessRules {
        hosts: &config.hosts,
        token: token.as_ref(),
    };
    let admin = AdminServer::start_listening(place, access, sources);
    let admin = admin.map_err(|source| admin_listen_error(address, source))?;
    if let Some(address) = open {
        info!(
            %address,
            "the admin page can be reached from outside, with the token"
        );
    }
    Ok(Some(admin))
}

fn read_token(token: &TokenSource) -> Result<Secret, HintedError> {
    let file = match token {
        TokenSource::Inline(secret) => return Ok(secret.clone()),
        TokenSource::File(file) => file,
    };
    let text =
        std::fs::read_to_string(file).map_err(|source| {
            HintedError {
        message: format!("cannot read the token of the admin page from `{}`", file.display()),
        hint: "`admin.token_file` in the configuration names it, relative to the configuration file"
            .to_owned(),
        source: Some(source),
    }
        })?;
    Secret::new(&text).ok_or_else(|| HintedError {
        message: format!(
            "the token of the admin page in `{}` is too short",
            file.display()
        ),
        hint: "write at least 16 characters, such as `openssl rand -hex 16` gives".to_owned(),
        source: None,
    })
}

fn admin_listen_error(address: Option<SocketAddr>, source: io::Error) -> HintedError {
    let at = address.map_or_else(
        || "the socket passed by the service manager".to_owned(),
        |address| format!("`{address}`"),
    );
    HintedError {
        message: format!("cannot listen on {at} for the admin page"),
        hint: "`admin.listen` in the configuration names it; `\"\"` disables it".to_owned(),
        source: Some(source),
    }
}
