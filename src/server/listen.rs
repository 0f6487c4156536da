//! Addresses of the configuration into sockets, and sockets into connections.
//!
//! A TCP address has one socket for each thread that answers, and the system deals connections out among
//! them (`SO_REUSEPORT`). So a second courant can take over: it has the address while the first still
//! answers, and listens when it has something to say. See [`Listener::leave`] for the first one's part.
//!
//! With `listen/`, the only place that names the `socket2` crate.

mod door;
mod inherited;
mod others;
mod tls;
mod unix;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::time::{Instant, timeout};
use tracing::{debug, warn};

use crate::config::{self, Listen};

use door::{Door, Keeper, is_shared, local, tcp};
use others::{are_shaking_hands, drops_new, others_listen};

pub use inherited::{CannotInherit, Handed, Inherited};
pub use tls::{Tls, TlsError};

/// How many connections wait in the system until they are taken.
const BACKLOG: i32 = 1024;
/// How long a handshake that has begun may take to end in a connection, when the socket is about to be
/// closed. A client whose first packet was dropped comes again after a second.
const HANDSHAKE: Duration = Duration::from_millis(500);
/// How often it is looked whether one goes on.
const LOOK: Duration = Duration::from_millis(5);

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
        /// How many sockets listen on the port when nobody else's do; of an address that stays when we
        /// leave, none is counted.
        own: Option<usize>,
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
        let ports: Vec<_> = self.doors.iter().filter_map(Door::port).collect();
        let count = self.doors.iter().map(|door| door.sockets.len()).max();
        let mut parts: Vec<_> = (0..count.unwrap_or(0))
            .map(|_| Part {
                sockets: Vec::new(),
            })
            .collect();
        for door in self.doors {
            let port = door.port();
            let own = ports.iter().filter(|other| Some(**other) == port).count();
            let own = own * door.sockets.len();
            for (part, socket) in parts.iter_mut().zip(door.sockets) {
                let (file, own) = match &door.keeper {
                    Keeper::Us(file) => (file.clone(), Some(own)),
                    Keeper::Starter => (None, None),
                };
                part.sockets.push(match &door.address {
                    Listen::Unix(_) => Ready::Unix(socket.into(), file),
                    Listen::Tcp(_) => Ready::Tcp {
                        socket: socket.into(),
                        own,
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
        let ready = |socket| Ready::Tcp {
            socket,
            own: Some(1),
            tls: None,
        };
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
            Ready::Tcp { socket, own, tls } => Listener::Tcp {
                socket: TcpListener::from_std(socket)?,
                own,
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
        own: Option<usize>,
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
            Listener::Tcp { socket, tls, .. } => {
                let (stream, peer) = socket.accept().await?;
                Ok(Accepted::tcp(stream, peer, tls.as_ref()))
            }
            Listener::Unix(socket, _) => {
                let (stream, _) = socket.accept().await?;
                Ok(Accepted::Unix(stream))
            }
        }
    }

    /// Closes the socket, and gives each connection that had come to it to `take`.
    ///
    /// The system resets what is in the queue of a socket that is closed, and what ends its handshake
    /// afterwards. So where another process is there to answer, the first packets of new clients are
    /// dropped for a moment, and what is under way is taken until nothing is any more; each of them costs its client
    /// a second, so that moment is as short as can be. Where nobody else
    /// listens there is nobody to keep them for. A socket that was handed to us stays open elsewhere: there is
    /// nothing to be reset, and what we let the system drop would be dropped for whoever comes after us.
    pub(super) async fn leave(self, within: Duration, mut take: impl FnMut(Accepted)) {
        let end = Instant::now() + HANDSHAKE.min(within / 2);
        if let Listener::Tcp {
            socket,
            own: Some(own),
            ..
        } = &self
            && let Ok(address) = socket.local_addr()
            && others_listen(address.port(), *own)
            && drops_new(socket)
        {
            // The table is as long as there are connections; where it takes long to read, it is read once.
            let mut is_short = true;
            let mut goes_on = || {
                let start = Instant::now();
                let goes_on = !is_short || are_shaking_hands(address.port());
                is_short &= start.elapsed() < LOOK;
                goes_on
            };
            while Instant::now() < end && goes_on() {
                match timeout(LOOK, self.accept()).await {
                    Ok(Ok(accepted)) => take(accepted),
                    Ok(Err(error)) => debug!(%error, "a connection could not be taken at the end"),
                    Err(_) => {}
                }
            }
        }
        if let Err(error) = self.drain(take) {
            warn!(%error, "connections that waited may have been lost");
        }
    }

    /// Takes what is in the queue. Asks the system, for the runtime may not yet have heard of it.
    fn drain(self, mut take: impl FnMut(Accepted)) -> io::Result<()> {
        match self {
            Listener::Tcp { socket, tls, .. } => {
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
    #[test]
    fn whoever_else_listens_on_a_port_of_ours_is_noticed() {
        let first = bound(([127, 0, 0, 1], 0).into(), true).unwrap();
        let address = first.local_addr().unwrap().as_socket().unwrap();
        first.listen(1).unwrap();
        assert!(!others_listen(address.port(), 1));
        assert!(is_shared(&Listen::Tcp(address)));
        let second = bound(address, true).unwrap();
        assert!(!others_listen(address.port(), 1), "it does not listen yet");
        second.listen(1).unwrap();
        assert!(others_listen(address.port(), 1));
        drop((first, second));
        assert!(!is_shared(&Listen::Tcp(address)));
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn what_is_in_the_queue_is_taken_and_the_next_client_goes_to_the_other_socket() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let first = bound(([127, 0, 0, 1], 0).into(), true).unwrap();
        let address = first.local_addr().unwrap().as_socket().unwrap();
        first.listen(64).unwrap();
        let mut early = Vec::new();
        for _ in 0..20 {
            early.push(TcpStream::connect(address).await.unwrap());
        }
        let second = bound(address, true).unwrap();
        second.listen(64).unwrap();
        let second = TcpListener::from_std(second.into()).unwrap();
        let leaving = Ready::Tcp {
            socket: first.into(),
            own: Some(1),
            tls: None,
        };
        let leaving = leaving.open().unwrap();
        let mut taken = Vec::new();
        leaving
            .leave(Duration::from_millis(40), |accepted| taken.push(accepted))
            .await;
        assert_eq!(taken.len(), early.len());
        // Whatever their hash, all that come now go to the one that is left.
        for _ in 0..20 {
            let mut client = TcpStream::connect(address).await.unwrap();
            let (mut server, _) = second.accept().await.unwrap();
            server.write_all(b"x").await.unwrap();
            assert_eq!(client.read_u8().await.unwrap(), b'x');
        }
    }
}
