//! `[admin]` of `config.toml` into where the operator's page is, and who may see it.

use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::raw::{Faults, Table, Written};
use super::values::with;

/// What cannot be guessed by asking: sixteen characters of any kind take longer than there is.
const LEAST_TOKEN: usize = 16;

/// `[admin]`: where the operator's page is, and who may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin {
    /// Where it is; `None` is nowhere.
    pub listen: Option<SocketAddr>,
    /// What is asked of who wants to see it.
    pub token: Option<Token>,
    /// The names that it is reached by, in lower case, besides `localhost` and addresses.
    pub hosts: Vec<String>,
}

/// Where the token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// In the configuration.
    Here(Secret),
    /// In a file of its own.
    File(PathBuf),
}

/// A text that is shown to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Default for Admin {
    fn default() -> Admin {
        Admin {
            listen: Some(([127, 0, 0, 1], 8081).into()),
            token: None,
            hosts: Vec::new(),
        }
    }
}

impl Secret {
    /// A token, unless it is too short for one.
    pub fn new(text: &str) -> Option<Secret> {
        let text = text.trim();
        (text.len() >= LEAST_TOKEN).then(|| Secret(text.to_owned()))
    }

    /// What it is.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// It differs where the secret does, so that a configuration that says another is seen to.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        write!(f, "Secret({:04x})", hasher.finish() & 0xffff)
    }
}

pub(super) fn admin(mut table: Table<'_, '_>, faults: &Faults<'_>, dir: &Path) -> Admin {
    let written = table.string("listen");
    let listen = match &written {
        Some(written) => listen(written, faults),
        None => Admin::default().listen,
    };
    let token = token(&mut table, faults, dir);
    let hosts = hosts(table.strings("hosts"), faults);
    table.finish();
    if let (Some(written), Some(address)) = (&written, listen)
        && !address.ip().is_loopback()
        && token.is_none()
    {
        faults.at(
            written,
            "can be reached from outside, and anybody would see it",
            "write `token_file = \"…\"` or `token = \"…\"` under `[admin]`, or listen on `127.0.0.1`",
        );
    }
    Admin {
        listen,
        token,
        hosts,
    }
}

fn listen(written: &Written<String>, faults: &Faults<'_>) -> Option<SocketAddr> {
    let text = written.value.trim();
    if text.is_empty() {
        return None;
    }
    let address = text.parse().ok();
    if address.is_none() {
        faults.at(
            written,
            &format!("is no address with a port: `{text}`"),
            "write `127.0.0.1:8081`, or `\"\"` for no page",
        );
    }
    address
}

fn token(table: &mut Table<'_, '_>, faults: &Faults<'_>, dir: &Path) -> Option<Token> {
    let here = table.string("token");
    let file = table.string("token_file");
    if let (Some(_), Some(file)) = (&here, &file) {
        faults.at(file, "and `token` both say it", "leave one of them out");
    }
    if let Some(written) = here {
        let secret = Secret::new(&written.value);
        if secret.is_none() {
            faults.at(
                &with(&written, ()),
                "is too short",
                "write at least 16 characters, such as `openssl rand -hex 16` gives",
            );
        }
        return secret.map(Token::Here);
    }
    let file = file?;
    let path = file.value.trim();
    if path.is_empty() {
        faults.at(
            &with(&file, ()),
            "is empty",
            "name the file, or leave it out",
        );
        return None;
    }
    Some(Token::File(dir.join(path)))
}

fn hosts(written: Option<Written<Vec<String>>>, faults: &Faults<'_>) -> Vec<String> {
    let Some(written) = written else {
        return Vec::new();
    };
    let is_name = |host: &str| {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        !host.is_empty() && host.chars().all(is_part)
    };
    if let Some(host) = written.value.iter().find(|host| !is_name(host)) {
        faults.at(
            &with(&written, ()),
            &format!("names `{host}`, which is no name of a host"),
            "write the name alone, without a scheme or a port: `courant.internal`",
        );
    }
    let lower = |host: &String| host.to_ascii_lowercase();
    written.value.iter().map(lower).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown_and_another_is_seen_to_be_another() {
        let shown = |text: &str| format!("{:?}", Secret::new(text).unwrap());
        let secret = "correct horse battery";
        assert!(!shown(secret).contains("horse"));
        assert_ne!(shown(secret), shown("correct horse staples"));
        assert_eq!(Secret::new("short"), None);
    }
}
