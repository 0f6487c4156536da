//! Takes the sockets that a service manager passes by socket activation (`sd_listen_fds(3)`).
//!
//! A manager such as systemd listens in place of courant, starts it when it is needed, and passes its sockets as
//! descriptors 3 and up. `LISTEN_FDS` is the number of sockets, `LISTEN_PID` the process they are for, and
//! `LISTEN_FDNAMES` their names.
//!
//! This is the only module that uses the `listenfd` crate.

use std::io;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;

use listenfd::ListenFd;
use socket2::{SockRef, Socket};

use crate::config::ListenAddress;

/// Name of the socket for the admin listener.
const ADMIN_SOCKET_NAME: &str = "admin";

/// Sockets passed by the service manager.
#[derive(Debug, Default)]
pub struct ActivatedSockets {
    /// Sockets that serve the site, in place of `server.listen`.
    pub public: Vec<PassedSocket>,
    /// The socket named `admin`, for the admin listener; it never serves the site.
    pub admin: Option<PassedSocket>,
}

/// Listening, non-blocking socket passed by the service manager.
#[derive(Debug)]
pub enum PassedSocket {
    /// TCP socket.
    Tcp(TcpListener),
    /// Unix socket with a path or an abstract name.
    Unix(UnixListener),
}

/// Error for passed sockets that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ActivationError {
    /// The descriptor is not a listening stream socket.
    #[error("passed descriptor {number}{} is not a listening stream socket", quoted_name(.name))]
    NotListening {
        /// Position among the passed descriptors, from 1.
        number: usize,
        /// Name from `LISTEN_FDNAMES`; may be empty.
        name: String,
        /// Error of the system, if the socket could not be inspected.
        source: Option<io::Error>,
    },
    /// The number of names is not the number of sockets.
    #[error("`LISTEN_FDS` is {sockets}, but the number of names in `LISTEN_FDNAMES` is {names}")]
    NameCountMismatch {
        /// Number of sockets.
        sockets: usize,
        /// Number of names.
        names: usize,
    },
    /// More than one socket is for the admin listener.
    #[error("more than one of the passed sockets is named `admin`")]
    DuplicateAdmin,
}

impl ActivationError {
    /// Returns advice for the operator.
    pub fn hint(&self) -> &'static str {
        match self {
            ActivationError::NotListening { .. } => {
                "in the `.socket` unit, use `ListenStream=` with `Accept=no`, and no other kind of socket"
            }
            ActivationError::NameCountMismatch { .. } => {
                "list one name per socket, separated by colons, or unset `LISTEN_FDNAMES`"
            }
            ActivationError::DuplicateAdmin => {
                "use `FileDescriptorName=admin` for one socket only in the `.socket` units"
            }
        }
    }
}

/// Formats the name of a descriptor for an error message.
fn quoted_name(name: &str) -> String {
    match name {
        "" => String::new(),
        name => format!(" (`{name}`)"),
    }
}

impl ActivatedSockets {
    /// Takes the sockets passed to this process, if any. Removes `LISTEN_FDS` and `LISTEN_PID` from the
    /// environment, so it is called once, before there are other threads.
    ///
    /// # Errors
    /// The first socket that cannot be used.
    pub fn take_from_env() -> Result<ActivatedSockets, ActivationError> {
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut descriptors = ListenFd::from_env();
        let names = split_names(&names, descriptors.len())?;
        let mut activated = ActivatedSockets::default();
        for (index, name) in names.into_iter().enumerate() {
            let passed = take_socket(&mut descriptors, index, &name)?;
            if name != ADMIN_SOCKET_NAME {
                activated.public.push(passed);
            } else if activated.admin.replace(passed).is_some() {
                return Err(ActivationError::DuplicateAdmin);
            }
        }
        Ok(activated)
    }
}

/// Splits `LISTEN_FDNAMES` into one name per socket. If the variable is empty, all names are.
fn split_names(names: &str, sockets: usize) -> Result<Vec<String>, ActivationError> {
    if names.is_empty() || sockets == 0 {
        return Ok(vec![String::new(); sockets]);
    }
    let names: Vec<_> = names.split(':').map(str::to_owned).collect();
    if names.len() == sockets {
        Ok(names)
    } else {
        Err(ActivationError::NameCountMismatch {
            sockets,
            names: names.len(),
        })
    }
}

/// Takes the socket at `index`, and checks that it listens.
fn take_socket(
    descriptors: &mut ListenFd,
    index: usize,
    name: &str,
) -> Result<PassedSocket, ActivationError> {
    let not_listening = |source| ActivationError::NotListening {
        number: index + 1,
        name: name.to_owned(),
        source,
    };
    // If a descriptor has the wrong type, it is not taken, so the other type can be tried.
    let passed = match descriptors.take_tcp_listener(index) {
        Ok(socket) => socket.map(PassedSocket::Tcp),
        Err(_) => match descriptors.take_unix_listener(index) {
            Ok(socket) => socket.map(PassedSocket::Unix),
            Err(_) => None,
        },
    };
    let passed = passed.ok_or_else(|| not_listening(None))?;
    let is_listening = passed
        .prepare_listener()
        .map_err(|error| not_listening(Some(error)))?;
    if is_listening {
        Ok(passed)
    } else {
        Err(not_listening(None))
    }
}

impl PassedSocket {
    /// Makes the socket non-blocking. Returns true if it listens.
    fn prepare_listener(&self) -> io::Result<bool> {
        let socket = match self {
            PassedSocket::Tcp(socket) => SockRef::from(socket),
            PassedSocket::Unix(socket) => SockRef::from(socket),
        };
        socket.set_nonblocking(true)?;
        socket.is_listener()
    }

    /// Returns the address on which it listens.
    pub fn local_address(&self) -> ListenAddress {
        match self {
            PassedSocket::Tcp(socket) => {
                let address = socket.local_addr();
                ListenAddress::Tcp(address.unwrap_or_else(|_| ([0, 0, 0, 0], 0).into()))
            }
            PassedSocket::Unix(socket) => {
                let address = socket.local_addr().ok();
                let path = address.and_then(|address| address.as_pathname().map(Into::into));
                // A socket without a file has an abstract name, or none.
                ListenAddress::Unix(path.unwrap_or_else(|| "(no file)".into()))
            }
        }
    }
}

impl From<PassedSocket> for Socket {
    fn from(passed: PassedSocket) -> Socket {
        match passed {
            PassedSocket::Tcp(socket) => socket.into(),
            PassedSocket::Unix(socket) => socket.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_socket_has_one_name() {
        assert_eq!(split_names("", 2).unwrap(), ["", ""]);
        assert_eq!(split_names("web:admin", 2).unwrap(), ["web", "admin"]);
        assert_eq!(split_names("web::admin", 3).unwrap(), ["web", "", "admin"]);
        // Left over from an earlier start, for example.
        assert_eq!(split_names("web:admin", 0).unwrap(), [""; 0]);
        let error = split_names("admin", 2).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`LISTEN_FDS` is 2, but the number of names in `LISTEN_FDNAMES` is 1"
        );
    }
}
