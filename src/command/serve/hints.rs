//! What keeps a server from starting into what to do about it.

use std::io;

use crate::command::Hint;
use crate::config::{AccessLog, Listen};
use crate::content::LibraryError;
use crate::pipeline::PipelineError;
use crate::server::{CannotListen, TlsError};
use crate::watch::NoEvents;

pub(in crate::command) fn no_content(error: PipelineError) -> anyhow::Error {
    match error {
        PipelineError::Library(LibraryError::Directory { dir, source }) => Hint {
            message: format!("cannot read the content directory `{}`", dir.display()),
            hint: "`content.dir` in the configuration names it, relative to the configuration file"
                .to_owned(),
            source: Some(source),
        }
        .into(),
        other => other.into(),
    }
}

pub(super) fn cannot_watch(why: &NoEvents) -> Hint {
    Hint {
        message: format!("no file events, and `watch.mode` is \"native\": {why}"),
        hint: format!("{}, or let \"auto\" look at an interval instead", why.hint),
        source: None,
    }
}

pub(super) fn cannot_listen(error: CannotListen) -> Hint {
    use std::io::ErrorKind;
    let hint = match (&error.address, error.source.kind()) {
        (Listen::Tcp(_), ErrorKind::AddrInUse) => {
            "another program has the port; stop it, or choose another with `--listen` or `server.listen`"
        }
        (Listen::Tcp(_), ErrorKind::PermissionDenied) => {
            "ports below 1024 are for privileged programs; choose a higher one"
        }
        (Listen::Tcp(_), ErrorKind::AddrNotAvailable) => {
            "the address is not one of this machine; `0.0.0.0` is all of them"
        }
        (Listen::Unix(_), ErrorKind::AddrInUse) => {
            "another program answers there; stop it, or choose another path in `server.listen`"
        }
        (Listen::Unix(_), ErrorKind::AlreadyExists) => {
            "remove the file, or choose another path in `server.listen`"
        }
        (Listen::Unix(_), ErrorKind::NotFound) => {
            "make the directory first; `server.listen` in the configuration names it"
        }
        (Listen::Unix(_), ErrorKind::PermissionDenied) => {
            "let this program's user write to the directory, or choose another path in `server.listen`"
        }
        _ => "`server.listen` in the configuration names it",
    };
    Hint {
        message: error.to_string(),
        hint: hint.to_owned(),
        source: Some(error.source),
    }
}

pub(super) fn cannot_encrypt(error: TlsError) -> Hint {
    Hint {
        hint: hint(&error).to_owned(),
        message: error.to_string(),
        source: None,
    }
}

pub(super) fn hint(error: &TlsError) -> &'static str {
    match error {
        TlsError::Certificate { .. } => {
            "`server.tls.certificate` names it: a certificate in PEM form, then those that vouch for it"
        }
        TlsError::Key { .. } => {
            "`server.tls.key` names it: a private key in PEM form that this program's user can read"
        }
        TlsError::Strangers { .. } => {
            "name a pair that belongs together in `server.tls.certificate` and `server.tls.key`"
        }
    }
}

pub(super) fn cannot_log(to: &AccessLog, error: io::Error) -> Hint {
    let message = match to {
        AccessLog::Stdout => "cannot write the access log to the standard output".to_owned(),
        AccessLog::File(path) => format!("cannot write the access log `{}`", path.display()),
    };
    Hint {
        message,
        hint: "`server.access_log` in the configuration names it: a file in a directory that is there, which \
               this program's user can write to; `\"\"` is no access log"
            .to_owned(),
        source: Some(error),
    }
}
