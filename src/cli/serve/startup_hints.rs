//! Adds hints to the errors that keep the server from starting.

use std::io;

use url::Url;

use crate::cli::exit::HintedError;
use crate::config::{AccessLogTarget, ListenAddress};
use crate::library::LibraryError;
use crate::publish::pipeline::PipelineError;
use crate::server::{ListenError, TlsError};
use crate::watch::EventsUnavailable;

/// Adds a hint if the content directory cannot be read. Other errors stay as they are.
pub(crate) fn add_content_hint(error: PipelineError) -> anyhow::Error {
    match error {
        PipelineError::Library(LibraryError::Directory { dir, source }) => HintedError {
            message: format!("cannot read the content directory `{}`", dir.display()),
            hint: "`content.dir` in the configuration names it, relative to the configuration file"
                .to_owned(),
            source: Some(source),
        }
        .into(),
        other => other.into(),
    }
}

/// Hosts that RFC 2606 reserves for examples.
const EXAMPLE_HOSTS: [&str; 3] = ["example.com", "example.net", "example.org"];

/// Returns a hint if the URL of the site is that of an example, as in a configuration that was not edited.
pub(super) fn placeholder_url_hint(site: &Url) -> Option<&'static str> {
    site.host_str()
        .filter(|host| EXAMPLE_HOSTS.contains(host))
        .map(|_| "set `site.url` to the address of the site: links and ids of feeds begin with it")
}

pub(super) fn add_watch_hint(unavailable: &EventsUnavailable) -> HintedError {
    HintedError {
        message: format!(
            "file events are not available, and `watch.mode` is \"native\": {unavailable}"
        ),
        hint: format!(
            "{}, or set `watch.mode = \"auto\"`, which scans the directory at an interval instead",
            unavailable.hint
        ),
        source: None,
    }
}

pub(super) fn add_listen_hint(error: ListenError) -> HintedError {
    use std::io::ErrorKind;
    let hint = match (&error.address, error.source.kind()) {
        (ListenAddress::Tcp(_), ErrorKind::AddrInUse) => {
            "another program uses the port; stop it, or choose another port with `--listen` or `server.listen`"
        }
        (ListenAddress::Tcp(_), ErrorKind::PermissionDenied) => {
            "ports below 1024 need privileges; choose a higher one"
        }
        (ListenAddress::Tcp(_), ErrorKind::AddrNotAvailable) => {
            "the address does not belong to this machine; `0.0.0.0` means all of its addresses"
        }
        (ListenAddress::Unix(_), ErrorKind::AddrInUse) => {
            "another program listens there; stop it, or choose another path in `server.listen`"
        }
        (ListenAddress::Unix(_), ErrorKind::AlreadyExists) => {
            "remove the file, or choose another path in `server.listen`"
        }
        (ListenAddress::Unix(_), ErrorKind::NotFound) => {
            "create the directory first; `server.listen` in the configuration names the socket"
        }
        (ListenAddress::Unix(_), ErrorKind::PermissionDenied) => {
            "let this program's user write to the directory, or choose another path in `server.listen`"
        }
        _ => "`server.listen` in the configuration names the address",
    };
    HintedError {
        message: error.to_string(),
        hint: hint.to_owned(),
        source: Some(error.source),
    }
}

pub(super) fn add_tls_hint(error: TlsError) -> HintedError {
    HintedError {
        hint: tls_hint(&error).to_owned(),
        message: error.to_string(),
        source: None,
    }
}

pub(super) fn tls_hint(error: &TlsError) -> &'static str {
    match error {
        TlsError::Certificate { .. } => {
            "`server.tls.certificate` names it: a certificate in PEM format, followed by its intermediate certificates"
        }
        TlsError::Key { .. } => {
            "`server.tls.key` names it: a private key in PEM format that this program's user can read"
        }
        TlsError::KeyMismatch { .. } => {
            "`server.tls.certificate` and `server.tls.key` must name a matching pair"
        }
    }
}

pub(super) fn add_access_log_hint(target: &AccessLogTarget, error: io::Error) -> HintedError {
    let message = match target {
        AccessLogTarget::Stdout => "cannot write the access log to stdout".to_owned(),
        AccessLogTarget::File(path) => format!("cannot write the access log `{}`", path.display()),
    };
    HintedError {
        message,
        hint: "`server.access_log` in the configuration names it: a file in an existing directory, which \
               this program's user can write to; `\"\"` disables the access log"
            .to_owned(),
        source: Some(error),
    }
}
