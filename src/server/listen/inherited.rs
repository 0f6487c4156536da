//! Sockets that whoever started us handed over (`sd_listen_fds(3)`) into addresses that are taken already.
//!
//! A manager such as systemd listens in our place, starts us when it likes, and hands its sockets over as
//! descriptors 3 and up: `LISTEN_FDS` says how many, `LISTEN_PID` to whom, `LISTEN_FDNAMES` what they are called.
//!
//! The only place that names the `listenfd` crate.

use std::io;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;

use listenfd::ListenFd;
use socket2::{SockRef, Socket};

use crate::config::Listen;

/// What the socket of the operator's listener is called.
const ADMIN: &str = "admin";

/// The sockets that were handed over.
#[derive(Debug, Default)]
pub struct Inherited {
    /// Those that the site is served at, in place of `server.listen`.
    pub public: Vec<Handed>,
    /// The one that is called `admin`: it is the operator's, and nothing of the site's is served there.
    pub admin: Option<Handed>,
}

/// A socket that listens, and does not block.
#[derive(Debug)]
pub enum Handed {
    /// With a port.
    Tcp(TcpListener),
    /// With a path or a name.
    Unix(UnixListener),
}

/// Something was handed over that cannot be served at.
#[derive(Debug, thiserror::Error)]
pub enum CannotInherit {
    /// It is no socket, or none that listens for streams.
    #[error("the descriptor that was handed over as number {number}{}, is no listening stream socket", called(.name))]
    NoListener {
        /// Which of them, from 1.
        number: usize,
        /// What it is called, if anything.
        name: String,
        /// What the system says, if it was asked in vain.
        source: Option<io::Error>,
    },
    /// The names are not as many as the sockets.
    #[error("`LISTEN_FDS` hands over {sockets}, and `LISTEN_FDNAMES` names {names}")]
    Names {
        /// How many there are.
        sockets: usize,
        /// How many names there are.
        names: usize,
    },
    /// There can be one operator's listener.
    #[error("more than one of the sockets that were handed over is called `admin`")]
    Admins,
}

impl CannotInherit {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            CannotInherit::NoListener { .. } => {
                "in the `.socket` unit, use `ListenStream=` with `Accept=no`, and nothing else that listens"
            }
            CannotInherit::Names { .. } => {
                "give a name for each, separated by colons, or no `LISTEN_FDNAMES` at all"
            }
            CannotInherit::Admins => {
                "name one address in the `.socket` unit with `FileDescriptorName=admin`"
            }
        }
    }
}

fn called(name: &str) -> String {
    match name {
        "" => String::new(),
        name => format!(", `{name}`"),
    }
}

impl Inherited {
    /// Takes what was handed to this process; nothing, if nothing was. The variables that say how many there
    /// are, and to whom, are taken out of the environment with it, so this is asked once, and before there
    /// are other threads.
    ///
    /// # Errors
    /// The first that cannot be served at.
    pub fn take() -> Result<Inherited, CannotInherit> {
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut descriptors = ListenFd::from_env();
        let names = each_name(&names, descriptors.len())?;
        let mut inherited = Inherited::default();
        for (index, name) in names.into_iter().enumerate() {
            let handed = handed(&mut descriptors, index, &name)?;
            if name != ADMIN {
                inherited.public.push(handed);
            } else if inherited.admin.replace(handed).is_some() {
                return Err(CannotInherit::Admins);
            }
        }
        Ok(inherited)
    }
}

/// A name for each socket; an empty one where there are none.
fn each_name(names: &str, sockets: usize) -> Result<Vec<String>, CannotInherit> {
    if names.is_empty() || sockets == 0 {
        return Ok(vec![String::new(); sockets]);
    }
    let names: Vec<_> = names.split(':').map(str::to_owned).collect();
    if names.len() == sockets {
        Ok(names)
    } else {
        Err(CannotInherit::Names {
            sockets,
            names: names.len(),
        })
    }
}

fn handed(descriptors: &mut ListenFd, index: usize, name: &str) -> Result<Handed, CannotInherit> {
    let cannot = |source| CannotInherit::NoListener {
        number: index + 1,
        name: name.to_owned(),
        source,
    };
    // What is not of the one kind is left where it is.
    let handed = match descriptors.take_tcp_listener(index) {
        Ok(socket) => socket.map(Handed::Tcp),
        Err(_) => match descriptors.take_unix_listener(index) {
            Ok(socket) => socket.map(Handed::Unix),
            Err(_) => None,
        },
    };
    let handed = handed.ok_or_else(|| cannot(None))?;
    let listens = handed.prepare().map_err(|error| cannot(Some(error)))?;
    if listens {
        Ok(handed)
    } else {
        Err(cannot(None))
    }
}

impl Handed {
    /// Lets it not block; whether it listens.
    fn prepare(&self) -> io::Result<bool> {
        let socket = match self {
            Handed::Tcp(socket) => SockRef::from(socket),
            Handed::Unix(socket) => SockRef::from(socket),
        };
        socket.set_nonblocking(true)?;
        socket.is_listener()
    }

    /// Where it listens.
    pub fn address(&self) -> Listen {
        match self {
            Handed::Tcp(socket) => {
                let address = socket.local_addr();
                Listen::Tcp(address.unwrap_or_else(|_| ([0, 0, 0, 0], 0).into()))
            }
            Handed::Unix(socket) => {
                let address = socket.local_addr().ok();
                let path = address.and_then(|address| address.as_pathname().map(Into::into));
                // A socket without a file has a name of its own, or none.
                Listen::Unix(path.unwrap_or_else(|| "(no file)".into()))
            }
        }
    }
}

impl From<Handed> for Socket {
    fn from(handed: Handed) -> Socket {
        match handed {
            Handed::Tcp(socket) => socket.into(),
            Handed::Unix(socket) => socket.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_socket_has_its_name_and_none_is_guessed() {
        assert_eq!(each_name("", 2).unwrap(), ["", ""]);
        assert_eq!(each_name("web:admin", 2).unwrap(), ["web", "admin"]);
        assert_eq!(each_name("web::admin", 3).unwrap(), ["web", "", "admin"]);
        // Of a former start, say.
        assert_eq!(each_name("web:admin", 0).unwrap(), [""; 0]);
        let error = each_name("admin", 2).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`LISTEN_FDS` hands over 2, and `LISTEN_FDNAMES` names 1"
        );
    }
}
