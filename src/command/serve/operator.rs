//! `[admin]` into the operator's page, or into nothing where there is to be none.

use std::io;
use std::net::SocketAddr;

use tracing::info;

use super::super::Hint;
use crate::admin::{Access, Admin, Place, Sources};
use crate::config::{self, Secret, Token};
use crate::server::Handed;

/// Begins to listen for the operator, at a socket that was handed over if there is one.
pub(super) fn start(
    config: &config::Admin,
    handed: Option<Handed>,
    sources: Sources,
) -> anyhow::Result<Option<Admin>> {
    let (place, address) = match (handed, config.listen) {
        (Some(handed), _) => {
            // Who may connect to a Unix socket is said by its file.
            let address = match &handed {
                Handed::Tcp(listener) => Some(listener.local_addr()?),
                Handed::Unix(_) => None,
            };
            (Place::Handed(handed), address)
        }
        (None, Some(address)) => (Place::At(address), Some(address)),
        (None, None) => return Ok(None),
    };
    let token = config.token.as_ref().map(read).transpose()?;
    let open = address.filter(|address| !address.ip().is_loopback());
    if let Some(address) = open
        && token.is_none()
    {
        return Err(Hint {
            message: format!("the operator's page at `{address}` could be seen by anybody"),
            hint: "write `token_file = \"…\"` under `[admin]`, or listen on `127.0.0.1`".to_owned(),
            source: None,
        }
        .into());
    }
    let access = Access {
        hosts: &config.hosts,
        token: token.as_ref(),
    };
    let admin = Admin::start(place, access, sources);
    let admin = admin.map_err(|source| cannot_listen(address, source))?;
    if let Some(address) = open {
        info!(
            %address,
            "the operator's page can be reached from outside, by who has the token"
        );
    }
    Ok(Some(admin))
}

fn read(token: &Token) -> Result<Secret, Hint> {
    let file = match token {
        Token::Here(secret) => return Ok(secret.clone()),
        Token::File(file) => file,
    };
    let text =
        std::fs::read_to_string(file).map_err(|source| {
            Hint {
        message: format!("cannot read the token of the operator's page from `{}`", file.display()),
        hint: "`admin.token_file` in the configuration names it, relative to the configuration file"
            .to_owned(),
        source: Some(source),
    }
        })?;
    Secret::new(&text).ok_or_else(|| Hint {
        message: format!(
            "the token of the operator's page in `{}` is too short",
            file.display()
        ),
        hint: "write at least 16 characters, such as `openssl rand -hex 16` gives".to_owned(),
        source: None,
    })
}

fn cannot_listen(address: Option<SocketAddr>, source: io::Error) -> Hint {
    let at = address.map_or_else(
        || "the socket that was handed over".to_owned(),
        |address| format!("`{address}`"),
    );
    Hint {
        message: format!("cannot listen on {at} for the operator"),
        hint: "`admin.listen` in the configuration names it; `\"\"` is nowhere".to_owned(),
        source: Some(source),
    }
}
