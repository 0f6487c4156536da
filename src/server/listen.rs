//! Binds the configured addresses and accepts connections on them.
//!
//! A TCP address has one socket for each thread that answers, and the system deals connections out among
//! them (`SO_REUSEPORT`). So a second courant can take over: it binds the address while the first still
//! answers, and listens when it has something to serve. A socket that systemd handed over never closes, so a
//! restart behind it loses no connection.
//!
//! With `listen/`, the only place that names the `socket2` crate.

mod door;
mod inherited;
mod tls;
mod unix;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tracing::{debug, warn};

use crate::config::{self, Listen};

use door::{Door, Keeper, is_shared, local, tcp};

pub use inherited::{CannotInherit, Handed, Inherited};
pub use tls::{Tls, TlsError};

/// How many connections wait in the system until they are taken.
const BACKLOG: i32 = 1024;
/// The addresses of a server, taken.
#[derive(Debug)]
pub struct Listeners {
    doors: Vec<Door>,
    tls: Option<Arc<Tls>>,
}

/// What one thread, or one runtime, takes connections from.
#[derive(Debug)]
pub struct Part {
    sockets: Vec<Ready>,
}

#[derive(Debug)]
enum Ready {
    Tcp {
        socket: std::net::TcpListener,
        tls: Option<Arc<Tls>>,
    },
    Unix(std::os::unix::net::UnixListener, Option<Arc<unix::File>>),
}

/// An address that cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on `{address}`")]
pub struct CannotListen {
    /// As it was configured.
    pub address: Listen,
    /// What the system says.
    pub source: io::Error,
}

impl Listeners {
    /// Takes all addresses, for so many parts. They listen when [`Listeners::listen`] is called; until
    /// then, who connects is refused, or is answered by another process that listens there.
    ///
    /// # Errors
    /// The first address that cannot be had.
    pub fn bind(
        config: &config::Server,
        tls: Option<Arc<Tls>>,
        parts: usize,
    ) -> Result<Listeners, CannotListen> {
        let cannot = |address: &Listen| {
            let address = address.clone();
            move |source| CannotListen { address, source }
        };
        // Asked before any is taken: two of ours may overlap.
        let shared: Vec<_> = config.listen.iter().map(is_shared).collect();
        let mut doors = Vec::new();
        for (address, shared) in config.listen.iter().zip(shared) {
            let door = match address {
                Listen::Tcp(address) => tcp(*address, shared, parts.max(1)),
                Listen::Unix(path) => local(path, config.unix_mode, parts.max(1)),
            };
            doors.push(door.map_err(cannot(address))?);
        }
        Ok(Listeners { doors, tls })
    }

    /// Takes sockets that listen already, for so many parts, which all take from the same queues.
    ///
    /// # Errors
    /// The first that cannot be had so often.
    pub fn inherit(
        handed: Vec<Handed>,
        tls: Option<Arc<Tls>>,
        parts: usize,
    ) -> Result<Listeners, CannotListen> {
        let doors = handed.into_iter();
        let doors = doors.map(|handed| Door::handed(handed, parts.max(1)));
        let doors = doors.collect::<Result<_, _>>()?;
        Ok(Listeners { doors, tls })
    }

    /// The addresses, with the ports that the system chose.
    pub fn addresses(&self) -> Vec<Listen> {
        self.doors.iter().map(|door| door.address.clone()).collect()
    }

    /// Those of them on which another process listens too.
    pub fn shared(&self) -> impl Iterator<Item = &Listen> {
        let shared = self.doors.iter().filter(|door| door.shared);
        shared.map(|door| &door.address)
    }

    /// Whether connections are encrypted, those of TCP.
    pub fn encrypts(&self) -> bool {
        self.tls.is_some()
    }

    /// Lets clients come to the addresses that nobody else answers at, where they wait for us. With `all`,
    /// to the others too: from then on they come to us as well.
    ///
    /// # Errors
    /// The first address that cannot be had.
    pub fn listen(&self, all: bool) -> Result<(), CannotListen> {
        let ours = |door: &&Door| matches!(door.keeper, Keeper::Us(_));
        let now = |door: &&Door| door.shared == all;
        for door in self.doors.iter().filter(ours).filter(now) {
            for socket in &door.sockets {
                socket.listen(BACKLOG).map_err(|source| CannotListen {
                    address: door.address.clone(),
                    source,
                })?;
            }
        }
        Ok(())
    }

    /// One for each of the parts that there are sockets for.
    pub fn into_parts(self) -> Vec<Part> {
        let count = self.doors.iter().map(|door| door.sockets.len()).max();
        let mut parts: Vec<_> = (0..count.unwrap_or(0))
            .map(|_| Part {
                sockets: Vec::new(),
            })
            .collect();
        for door in self.doors {
            for (part, socket) in parts.iter_mut().zip(door.sockets) {
                let file = match &door.keeper {
                    Keeper::Us(file) => file.clone(),
                    Keeper::Starter => None,
                };
                part.sockets.push(match &door.address {
                    Listen::Unix(_) => Ready::Unix(socket.into(), file),
                    Listen::Tcp(_) => Ready::Tcp {
                        socket: socket.into(),
                        tls: self.tls.clone(),
                    },
                });
            }
        }
        parts
    }
}

impl From<TcpListener> for Part {
    /// One that listens already.
    fn from(listener: TcpListener) -> Part {
        let ready = |socket| Ready::Tcp { socket, tls: None };
        Part {
            sockets: listener.into_std().ok().map(ready).into_iter().collect(),
        }
    }
}

impl Part {
    /// The sockets, in the runtime that this is called in.
    pub(super) fn open(self) -> io::Result<Vec<Listener>> {
        self.sockets.into_iter().map(Ready::open).collect()
    }
}

impl Ready {
    fn open(self) -> io::Result<Listener> {
        Ok(match self {
            Ready::Tcp { socket, tls } => Listener::Tcp {
                socket: TcpListener::from_std(socket)?,
                tls,
            },
            Ready::Unix(socket, file) => Listener::Unix(UnixListener::from_std(socket)?, file),
        })
    }
}

/// A socket that listens.
#[derive(Debug)]
pub(super) enum Listener {
    Tcp {
        socket: TcpListener,
        tls: Option<Arc<Tls>>,
    },
    Unix(UnixListener, Option<Arc<unix::File>>),
}

/// How much of an answer the kernel takes before it is sent, in bytes.
#[cfg(target_os = "linux")]
const NOT_SENT: u32 = 128 * 1024;

/// A connection that was taken.
#[derive(Debug)]
pub(super) enum Accepted {
    Tcp(TcpStream, IpAddr),
    Tls(TcpStream, IpAddr, Arc<Tls>),
    Unix(UnixStream),
}

impl Accepted {
    fn tcp(stream: TcpStream, peer: SocketAddr, tls: Option<&Arc<Tls>>) -> Accepted {
        if let Err(error) = stream.set_nodelay(true) {
            debug!(%error, "cannot set TCP_NODELAY");
        }
        // What a client does not take stays with us, once for all, and not in the kernel for each: it takes
        // long to fill a buffer of megabytes, and others wait meanwhile.
        #[cfg(target_os = "linux")]
        if let Err(error) = socket2::SockRef::from(&stream).set_tcp_notsent_lowat(NOT_SENT) {
            debug!(%error, "cannot set TCP_NOTSENT_LOWAT");
        }
        let peer = peer.ip().to_canonical();
        match tls {
            Some(tls) => Accepted::Tls(stream, peer, Arc::clone(tls)),
            None => Accepted::Tcp(stream, peer),
        }
    }
}

impl Listener {
    /// The next connection.
    pub(super) async fn accept(&self) -> io::Result<Accepted> {
        match self {
            Listener::Tcp { socket, tls } => {
                let (stream, peer) = socket.accept().await?;
                Ok(Accepted::tcp(stream, peer, tls.as_ref()))
            }
            Listener::Unix(socket, _) => {
                let (stream, _) = socket.accept().await?;
                Ok(Accepted::Unix(stream))
            }
        }
    }

    /// Closes the socket, and gives each connection in its accept queue to `take`.
    ///
    /// A handshake that ends afterwards is reset by the system, unless the socket stays open elsewhere (systemd) or
    /// `net.ipv4.tcp_migrate_req` is set.
    pub(super) fn leave(self, take: impl FnMut(Accepted)) {
        if let Err(error) = self.drain(take) {
            warn!(%error, "connections that waited may have been lost");
        }
    }

    /// Takes what is in the queue. Asks the system, for the runtime may not yet have heard of it.
    fn drain(self, mut take: impl FnMut(Accepted)) -> io::Result<()> {
        match self {
            Listener::Tcp { socket, tls } => {
                let socket = socket.into_std()?;
                while let Some((stream, peer)) = next(|| socket.accept())? {
                    stream.set_nonblocking(true)?;
                    take(Accepted::tcp(
                        TcpStream::from_std(stream)?,
                        peer,
                        tls.as_ref(),
                    ));
                }
            }
            Listener::Unix(socket, file) => {
                // Nobody comes by a name that is gone.
                if let Some(file) = file {
                    file.remove();
                }
                let socket = socket.into_std()?;
                while let Some((stream, _)) = next(|| socket.accept())? {
                    stream.set_nonblocking(true)?;
                    take(Accepted::Unix(UnixStream::from_std(stream)?));
                }
            }
        }
        Ok(())
    }
}

/// The next that waits, if one does.
fn next<T>(mut accept: impl FnMut() -> io::Result<T>) -> io::Result<Option<T>> {
    loop {
        match accept() {
            Ok(next) => return Ok(Some(next)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) if super::is_of_the_client(&error) => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::door::bound;
    use super::*;

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn accept_queue_is_taken_and_later_clients_reach_the_other_socket() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let first = bound(([127, 0, 0, 1], 0).into(), true).unwrap();
        let address = first.local_addr().unwrap().as_socket().unwrap();
        first.listen(64).unwrap();
        assert!(is_shared(&Listen::Tcp(address)));
        let mut early = Vec::new();
        for _ in 0..20 {
            early.push(TcpStream::connect(address).await.unwrap());
        }
        let second = bound(address, true).unwrap();
        second.listen(64).unwrap();
        let second = TcpListener::from_std(second.into()).unwrap();
        let leaving = Ready::Tcp {
            socket: first.into(),
            tls: None,
        };
        let mut taken = Vec::new();
        let leaving = leaving.open().unwrap();
        leaving.leave(|accepted| taken.push(accepted));
        assert_eq!(taken.len(), early.len());
        for _ in 0..20 {
            let mut client = TcpStream::connect(address).await.unwrap();
            let (mut server, _) = second.accept().await.unwrap();
            server.write_all(b"x").await.unwrap();
            assert_eq!(client.read_u8().await.unwrap(), b'x');
        }
        drop(second);
        assert!(!is_shared(&Listen::Tcp(address)));
    }
}
