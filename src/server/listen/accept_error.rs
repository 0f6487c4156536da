//! Tells `accept` errors of a client apart from errors of the system.

use std::io;

/// Returns true if the error concerns a single connection only.
pub(in crate::server) fn is_connection_error(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}
