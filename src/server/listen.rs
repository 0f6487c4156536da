//! Binds the configured addresses and accepts connections on them.
//!
//! A TCP address has one socket per worker thread, and the kernel distributes connections among them
//! (`SO_REUSEPORT`). So a second courant can take over: it binds the address while the first still
//! answers, and listens once its first snapshot is ready. A socket passed by systemd never closes, so a
//! restart behind it loses no connection.
//!
//! With `listen/`, the only place that names the `socket2` crate.

pub(crate) mod accept_error;
mod bound_address;
pub(crate) mod listen_error;
mod systemd_sockets;
mod tls;
mod unix;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tracing::{debug, warn};

use crate::config::{self, ListenAddress};

use bound_address::{BoundAddress, SocketOwner, bind_tcp, bind_unix, is_address_in_use};

pub(crate) use listen_error::ListenError;
pub use systemd_sockets::{ActivatedSockets, ActivationError, PassedSocket};
pub use tls::{ReloadableTls, TlsError};

/// Maximum connections in the accept queue of a socket.
const ACCEPT_BACKLOG: i32 = 1024;

/// Bound addresses of a server.
#[derive(Debug)]
pub struct Listeners {
    addresses: Vec<BoundAddress>,
    tls: Option<Arc<ReloadableTls>>,
}

/// Sockets from which one worker thread accepts connections.
#[derive(Debug)]
pub struct WorkerSockets {
    sockets: Vec<PreparedSocket>,
}

#[derive(Debug)]
enum PreparedSocket {
    Tcp {
        socket: std::net::TcpListener,
        tls: Option<Arc<ReloadableTls>>,
    },
    Unix(
        std::os::unix::net::UnixListener,
        Option<Arc<unix::SocketFile>>,
    ),
}

impl Listeners {
    /// Binds all addresses, with sockets for `worker_count` threads. They listen after
    /// [`Listeners::start_listening`]. Until then connections are refused, or answered by another process that
    /// listens there.
    ///
    /// # Errors
    /// The first address that cannot be bound.
    pub fn bind_addresses(
        config: &config::ServerConfig,
        tls: Option<Arc<ReloadableTls>>,
        worker_count: usize,
    ) -> Result<Listeners, ListenError> {
        // Checked before any address is bound, as two of ours may overlap.
        let shared: Vec<_> = config.listen.iter().map(is_address_in_use).collect();
        let mut addresses = Vec::new();
        for (address, shared) in config.listen.iter().zip(shared) {
            let bound = match address {
                ListenAddress::Tcp(address) => bind_tcp(*address, shared, worker_count.max(1)),
                ListenAddress::Unix(path) => bind_unix(path, config.unix_mode, worker_count.max(1)),
            };
            addresses.push(bound.map_err(|source| ListenError {
                address: address.clone(),
                source,
            })?);
        }
        Ok(Listeners { addresses, tls })
    }

    /// Uses sockets that listen already, for `worker_count` threads, which share their accept queues.
    ///
    /// # Errors
    /// The first socket that cannot be duplicated.
    pub fn from_passed_sockets(
        passed: Vec<PassedSocket>,
        tls: Option<Arc<ReloadableTls>>,
        worker_count: usize,
    ) -> Result<Listeners, ListenError> {
        let addresses = passed
            .into_iter()
            .map(|handed| BoundAddress::from_passed(handed, worker_count.max(1)))
            .collect::<Result<_, _>>()?;
        Ok(Listeners { addresses, tls })
    }

    /// Returns the addresses, with the ports that the system chose.
    pub fn local_addresses(&self) -> Vec<ListenAddress> {
        self.addresses
            .iter()
            .map(|bound| bound.address.clone())
            .collect()
    }

    /// Lists the addresses on which another process listens too.
    pub fn shared_addresses(&self) -> impl Iterator<Item = &ListenAddress> {
        let shared = self
            .addresses
            .iter()
            .filter(|bound| bound.has_other_listener);
        shared.map(|bound| &bound.address)
    }

    /// Starts to listen on the addresses without another listener, where connections then wait in the accept queue.
    /// If `shared`, starts to listen on the addresses with another listener instead, which share their connections.
    ///
    /// # Errors
    /// The first address on which the system does not let us listen.
    pub fn start_listening(&self, shared: bool) -> Result<(), ListenError> {
        let addresses = self
            .addresses
            .iter()
            .filter(|bound| bound.has_other_listener == shared);
        for bound in addresses.filter(|door| matches!(door.owner, SocketOwner::ThisProcess(_))) {
            for socket in &bound.sockets {
                socket
                    .listen(ACCEPT_BACKLOG)
                    .map_err(|source| ListenError {
                        address: bound.address.clone(),
                        source,
                    })?;
            }
        }
        Ok(())
    }

    /// Splits the sockets, one set for each worker thread.
    pub fn into_worker_sockets(self) -> Vec<WorkerSockets> {
        let count = self.addresses.iter().map(|bound| bound.sockets.len()).max();
        let mut workers: Vec<_> = (0..count.unwrap_or(0))
            .map(|_| WorkerSockets {
                sockets: Vec::new(),
            })
            .collect();
        for bound in self.addresses {
            for (worker, socket) in workers.iter_mut().zip(bound.sockets) {
                let file = match &bound.owner {
                    SocketOwner::ThisProcess(file) => file.clone(),
                    SocketOwner::ServiceManager => None,
                };
                worker.sockets.push(match &bound.address {
                    ListenAddress::Unix(_) => PreparedSocket::Unix(socket.into(), file),
                    ListenAddress::Tcp(_) => PreparedSocket::Tcp {
                        socket: socket.into(),
                        tls: self.tls.clone(),
                    },
                });
            }
        }
        workers
    }
}

impl From<TcpListener> for WorkerSockets {
    /// Uses a socket that listens already.
    fn from(listener: TcpListener) -> WorkerSockets {
        let socket = listener.into_std().ok();
        let sockets = socket.map(|socket| PreparedSocket::Tcp { socket, tls: None });
        WorkerSockets {
            sockets: sockets.into_iter().collect(),
        }
    }
}

impl WorkerSockets {
    /// Registers the sockets with the current runtime.
    pub(super) fn into_listeners(self) -> io::Result<Vec<SiteListener>> {
        self.sockets
            .into_iter()
            .map(PreparedSocket::into_listener)
            .collect()
    }
}

impl PreparedSocket {
    fn into_listener(self) -> io::Result<SiteListener> {
        Ok(match self {
            PreparedSocket::Tcp { socket, tls } => SiteListener::Tcp {
                socket: TcpListener::from_std(socket)?,
                tls,
            },
            PreparedSocket::Unix(socket, file) => {
                SiteListener::Unix(UnixListener::from_std(socket)?, file)
            }
        })
    }
}

/// Listening socket, registered with a runtime.
#[derive(Debug)]
pub(super) enum SiteListener {
    Tcp {
        socket: TcpListener,
        tls: Option<Arc<ReloadableTls>>,
    },
    Unix(UnixListener, Option<Arc<unix::SocketFile>>),
}

/// Maximum unsent bytes that the kernel buffers for a TCP connection.
#[cfg(target_os = "linux")]
const NOTSENT_LOWAT_BYTES: u32 = 128 * 1024;

/// Accepted connection, before any TLS handshake.
#[derive(Debug)]
pub(super) enum AcceptedSocket {
    Tcp(TcpStream, IpAddr),
    Tls(TcpStream, IpAddr, Arc<ReloadableTls>),
    Unix(UnixStream),
}

impl AcceptedSocket {
    fn from_tcp(
        stream: TcpStream,
        peer: SocketAddr,
        tls: Option<&Arc<ReloadableTls>>,
    ) -> AcceptedSocket {
        if let Err(error) = stream.set_nodelay(true) {
            debug!(%error, "cannot set TCP_NODELAY");
        }
        // Unsent bytes stay in our shared bodies and are not copied into each connection's kernel buffer. To fill
        // a buffer of megabytes takes long, and other connections wait meanwhile.
        #[cfg(target_os = "linux")]
        if let Err(error) =
            socket2::SockRef::from(&stream).set_tcp_notsent_lowat(NOTSENT_LOWAT_BYTES)
        {
            debug!(%error, "cannot set TCP_NOTSENT_LOWAT");
        }
        let peer = peer.ip().to_canonical();
        match tls {
            Some(tls) => AcceptedSocket::Tls(stream, peer, Arc::clone(tls)),
            None => AcceptedSocket::Tcp(stream, peer),
        }
    }
}

impl SiteListener {
    /// Waits for the next connection.
    pub(super) async fn accept_connection(&self) -> io::Result<AcceptedSocket> {
        match self {
            SiteListener::Tcp { socket, tls } => {
                let (stream, peer) = socket.accept().await?;
                Ok(AcceptedSocket::from_tcp(stream, peer, tls.as_ref()))
            }
            SiteListener::Unix(socket, _) => {
                let (stream, _) = socket.accept().await?;
                Ok(AcceptedSocket::Unix(stream))
            }
        }
    }

    /// Closes the socket, and passes each connection in its accept queue to `take`.
    ///
    /// The system resets handshakes that end afterwards, unless the socket stays open elsewhere (systemd) or
    /// `net.ipv4.tcp_migrate_req` is set.
    pub(super) fn close_gracefully(self, take: impl FnMut(AcceptedSocket)) {
        if let Err(error) = self.drain_accept_queue(take) {
            warn!(%error, "connections in the accept queue may be lost");
        }
    }

    /// Accepts all connections in the queue. Asks the system directly, as the runtime may not know of them yet.
    fn drain_accept_queue(self, mut take: impl FnMut(AcceptedSocket)) -> io::Result<()> {
        match self {
            SiteListener::Tcp { socket, tls } => {
                let socket = socket.into_std()?;
                while let Some((stream, peer)) = accept_queued(|| socket.accept())? {
                    stream.set_nonblocking(true)?;
                    take(AcceptedSocket::from_tcp(
                        TcpStream::from_std(stream)?,
                        peer,
                        tls.as_ref(),
                    ));
                }
            }
            SiteListener::Unix(socket, file) => {
                // Without the file no client can connect any more.
                if let Some(file) = file {
                    file.remove_if_unchanged();
                }
                let socket = socket.into_std()?;
                while let Some((stream, _)) = accept_queued(|| socket.accept())? {
                    stream.set_nonblocking(true)?;
                    take(AcceptedSocket::Unix(UnixStream::from_std(stream)?));
                }
            }
        }
        Ok(())
    }
}

/// Accepts the next connection in the queue; `None` if it is empty.
fn accept_queued<T>(mut accept: impl FnMut() -> io::Result<T>) -> io::Result<Option<T>> {
    loop {
        match accept() {
            Ok(next) => return Ok(Some(next)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) if super::listen::accept_error::is_connection_error(&error) => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::bound_address::bind_tcp_socket;
    use super::*;

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn accept_queue_is_drained_before_the_socket_closes() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let first = bind_tcp_socket(([127, 0, 0, 1], 0).into(), true).unwrap();
        let address = first.local_addr().unwrap().as_socket().unwrap();
        first.listen(64).unwrap();
        assert!(is_address_in_use(&ListenAddress::Tcp(address)));
        let mut early = Vec::new();
        for _ in 0..20 {
            early.push(TcpStream::connect(address).await.unwrap());
        }
        let second = bind_tcp_socket(address, true).unwrap();
        second.listen(64).unwrap();
        let second = TcpListener::from_std(second.into()).unwrap();
        let closing = PreparedSocket::Tcp {
            socket: first.into(),
            tls: None,
        };
        let mut accepted_sockets = Vec::new();
        let closing_listener = closing.into_listener().unwrap();
        closing_listener.close_gracefully(|accepted| accepted_sockets.push(accepted));
        assert_eq!(accepted_sockets.len(), early.len());
        for _ in 0..20 {
            let mut client = TcpStream::connect(address).await.unwrap();
            let (mut server, _) = second.accept().await.unwrap();
            server.write_all(b"x").await.unwrap();
            assert_eq!(client.read_u8().await.unwrap(), b'x');
        }
        drop(second);
        assert!(!is_address_in_use(&ListenAddress::Tcp(address)));
    }
}
