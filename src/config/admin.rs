//! Reads `[admin]` of `config.toml`: address, token and host names of the admin page.

use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::config_table::values::with_value;
use crate::config_table::{ConfigErrors, ConfigTable, Spanned};

/// Minimum length of a token, in bytes: 16 random characters cannot be guessed by trying.
const MIN_TOKEN_BYTES: usize = 16;

/// `[admin]`: address, token and host names of the admin page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminConfig {
    /// Listening address; `None` disables the page.
    pub listen: Option<SocketAddr>,
    /// Token that a visitor must enter; `None` asks for none.
    pub token: Option<TokenSource>,
    /// Accepted host names in lower case, in addition to `localhost` and IP addresses.
    pub hosts: Vec<String>,
}

/// Location of the admin token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenSource {
    /// Written in the configuration.
    Inline(Secret),
    /// Path of a file with the token.
    File(PathBuf),
}

/// Text that `Debug` does not reveal.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Default for AdminConfig {
    fn default() -> AdminConfig {
        AdminConfig {
            listen: Some(([127, 0, 0, 1], 8081).into()),
            token: None,
            hosts: Vec::new(),
        }
    }
}

impl Secret {
    /// Creates a token. Returns `None` if the text is too short.
    pub fn new(text: &str) -> Option<Secret> {
        let text = text.trim();
        (text.len() >= MIN_TOKEN_BYTES).then(|| Secret(text.to_owned()))
    }

    /// Returns the text.
    pub fn expose_secret(&self) -> &str {
        &self.0
    }
}

/// Writes a short hash: the `Debug` forms of two configurations differ if their secrets do.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        write!(f, "Secret({:04x})", hasher.finish() & 0xffff)
    }
}

pub(super) fn read_admin(
    mut table: ConfigTable<'_, '_>,
    faults: &ConfigErrors<'_>,
    dir: &Path,
) -> AdminConfig {
    let written = table.take_string("listen");
    let listen = match &written {
        Some(written) => parse_listen_address(written, faults),
        None => AdminConfig::default().listen,
    };
    let token = read_token_source(&mut table, faults, dir);
    let hosts = read_host_names(table.take_strings("hosts"), faults);
    table.reject_unknown();
    if let (Some(written), Some(address)) = (&written, listen)
        && !address.ip().is_loopback()
        && token.is_none()
    {
        faults.report_at(
            written,
            "can be reached from outside without a token",
            "write `token_file = \"…\"` or `token = \"…\"` under `[admin]`, or listen on `127.0.0.1`",
        );
    }
    AdminConfig {
        listen,
        token,
        hosts,
    }
}

fn parse_listen_address(
    written: &Spanned<String>,
    faults: &ConfigErrors<'_>,
) -> Option<SocketAddr> {
    let text = written.value.trim();
    if text.is_empty() {
        return None;
    }
    let address = text.parse().ok();
    if address.is_none() {
        faults.report_at(
            written,
            &format!("is not an address with a port: `{text}`"),
            "write `127.0.0.1:8081`, or `\"\"` for no admin page",
        );
    }
    address
}

fn read_token_source(
    table: &mut ConfigTable<'_, '_>,
    faults: &ConfigErrors<'_>,
    dir: &Path,
) -> Option<TokenSource> {
    let here = table.take_string("token");
    let file = table.take_string("token_file");
    if let (Some(_), Some(file)) = (&here, &file) {
        faults.report_at(file, "and `token` are both set", "leave one of them out");
    }
    if let Some(written) = here {
        let secret = Secret::new(&written.value);
        if secret.is_none() {
            faults.report_at(
                &with_value(&written, ()),
                "is too short",
                "write at least 16 characters, such as `openssl rand -hex 16` gives",
            );
        }
        return secret.map(TokenSource::Inline);
    }
    let file = file?;
    let path = file.value.trim();
    if path.is_empty() {
        faults.report_at(
            &with_value(&file, ()),
            "is empty",
            "name the file, or leave it out",
        );
        return None;
    }
    Some(TokenSource::File(dir.join(path)))
}

fn read_host_names(
    written: Option<Spanned<Vec<String>>>,
    faults: &ConfigErrors<'_>,
) -> Vec<String> {
    let Some(written) = written else {
        return Vec::new();
    };
    if let Some(host) = written.value.iter().find(|host| !is_host_name(host)) {
        faults.report_at(
            &with_value(&written, ()),
            &format!("has `{host}`, which is not a host name"),
            "write the name alone, without a scheme or a port: `courant.internal`",
        );
    }
    let hosts = written.value.iter();
    hosts.map(|host| host.to_ascii_lowercase()).collect()
}

fn is_host_name(text: &str) -> bool {
    let mut chars = text.chars();
    !text.is_empty() && chars.all(|c| c.is_ascii_alphanumeric() || "-._".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_secret_but_shows_change() {
        let shown = |text: &str| format!("{:?}", Secret::new(text).unwrap());
        let secret = "correct horse battery";
        assert!(!shown(secret).contains("horse"));
        assert_ne!(shown(secret), shown("correct horse staples"));
        assert_eq!(Secret::new("short"), None);
    }
}
