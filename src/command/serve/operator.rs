//! `[admin]` into the operator's page, or into nothing where there is to be none.

use std::io;
use std::net::SocketAddr;

use tracing::info;

use super::super::Hint;
use crate::admin::{Access, Admin, Sources};
use crate::config::{self, Secret, Token};

/// Begins to listen for the operator.
pub(super) fn start(config: &config::Admin, sources: Sources) -> anyhow::Result<Option<Admin>> {
    let Some(address) = config.listen else {
        return Ok(None);
    };
    let token = config.token.as_ref().map(read).transpose()?;
    let is_open = !address.ip().is_loopback();
    if is_open && token.is_none() {
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
    let admin = Admin::start(address, access, sources);
    let admin = admin.map_err(|source| cannot_listen(address, source))?;
    if is_open {
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

fn cannot_listen(address: SocketAddr, source: io::Error) -> Hint {
    Hint {
        message: format!("cannot listen on `{address}` for the operator"),
        hint: "`admin.listen` in the configuration names it; `\"\"` is nowhere".to_owned(),
        source: Some(source),
    }
}
