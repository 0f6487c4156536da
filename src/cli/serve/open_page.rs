//! Opens the home page in a browser, for `serve --open`.

use std::process::{Command, Stdio};
use std::thread;

use tracing::warn;

use crate::check::report::local_base_url;
use crate::config::{Config, ListenAddress};
use crate::model::artifact::ArtifactKey;

/// Program that opens a URL with the user's browser.
const OPENER: &str = if cfg!(target_os = "macos") {
    "open"
} else {
    "xdg-open"
};

/// Variables of the service manager. They are for this process only.
const SERVICE_VARIABLES: [&str; 4] = [
    "LISTEN_FDS",
    "LISTEN_FDNAMES",
    "LISTEN_PID",
    "NOTIFY_SOCKET",
];

/// Opens the home page, and logs a warning if that fails. Does not wait for the browser.
pub(super) fn open_home_page(config: &Config, addresses: &[ListenAddress]) {
    let url = local_base_url(config, addresses) + &ArtifactKey::Home.url_path();
    let mut command = Command::new(OPENER);
    command.arg(&url).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    for name in SERVICE_VARIABLES {
        command.env_remove(name);
    }
    let wait = move || {
        let problem = match command.status() {
            Ok(status) if status.success() => return,
            Ok(status) => format!("`{OPENER}` failed: {status}"),
            Err(error) => format!("cannot start `{OPENER}`: {error}"),
        };
        warn!(hint = format!("open {url} yourself"), "{problem}");
    };
    let started = thread::Builder::new()
        .name("browser".to_owned())
        .spawn(wait);
    if let Err(error) = started {
        warn!("cannot open the home page: {error}");
    }
}
