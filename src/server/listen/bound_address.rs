//! Binds one address to as many sockets as there are worker threads.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use socket2::{Domain, Protocol, Socket, Type};

use super::listen_error::ListenError;
use super::{PassedSocket, unix};
use crate::config::ListenAddress;

/// Bound address with its sockets.
#[derive(Debug)]
pub(super) struct BoundAddress {
    pub(super) address: ListenAddress,
    pub(super) sockets: Vec<Socket>,
    /// True if another process listens there too.
    pub(super) has_other_listener: bool,
    pub(super) owner: SocketOwner,
}

/// Owner of a bound address.
#[derive(Debug, Clone)]
pub(super) enum SocketOwner {
    /// This process, which closes it at the end. A Unix socket has a file.
    ThisProcess(Option<Arc<unix::SocketFile>>),
    /// The service manager, which listens there before and after this process.
    ServiceManager,
}

impl BoundAddress {
    /// Uses a socket that the service manager has bound and listens on.
    pub(super) fn from_passed(
        handed: PassedSocket,
        worker_count: usize,
    ) -> Result<BoundAddress, ListenError> {
        let address = handed.local_address();
        match duplicate_socket(handed.into(), worker_count) {
            Ok(sockets) => Ok(BoundAddress {
                address,
                sockets,
                has_other_listener: false,
                owner: SocketOwner::ServiceManager,
            }),
            Err(source) => Err(ListenError { address, source }),
        }
    }
}

/// Returns true if another process listens there. Finds out by binding a socket without `SO_REUSEPORT`.
pub(super) fn is_address_in_use(address: &ListenAddress) -> bool {
    match address {
        ListenAddress::Tcp(address) if address.port() != 0 => {
            let exclusive = bind_tcp_socket(*address, false);
            exclusive.is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse)
        }
        ListenAddress::Tcp(_) | ListenAddress::Unix(_) => false,
    }
}

/// Binds a TCP socket, which does not listen yet. `reuse_port` sets `SO_REUSEPORT`.
pub(super) fn bind_tcp_socket(address: SocketAddr, reuse_port: bool) -> io::Result<Socket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(reuse_port)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// Binds a TCP address to one socket per worker thread.
pub(super) fn bind_tcp(
    address: SocketAddr,
    has_other_listener: bool,
    parts: usize,
) -> io::Result<BoundAddress> {
    let first = bind_tcp_socket(address, true)?;
    let address = first.local_addr()?.as_socket().unwrap_or(address);
    let mut sockets = vec![first];
    for _ in 1..parts {
        sockets.push(if cfg!(target_os = "linux") {
            bind_tcp_socket(address, true)?
        } else {
            // Other systems do not distribute connections among sockets.
            sockets
                .first()
                .map_or_else(|| bind_tcp_socket(address, true), Socket::try_clone)?
        });
    }
    Ok(BoundAddress {
        address: ListenAddress::Tcp(address),
        sockets,
        has_other_listener,
        owner: SocketOwner::ThisProcess(None),
    })
}

/// Binds a Unix socket, which the worker threads share.
pub(super) fn bind_unix(path: &Path, mode: u32, worker_count: usize) -> io::Result<BoundAddress> {
    let (socket, file) = unix::bind_socket(path, mode)?;
    Ok(BoundAddress {
        address: ListenAddress::Unix(path.to_owned()),
        sockets: duplicate_socket(socket, worker_count)?,
        has_other_listener: false,
        owner: SocketOwner::ThisProcess(Some(Arc::new(file))),
    })
}

/// Duplicates a socket. All duplicates share one accept queue.
fn duplicate_socket(socket: Socket, worker_count: usize) -> io::Result<Vec<Socket>> {
    let duplicates = (1..worker_count).map(|_| socket.try_clone());
    let mut sockets = duplicates.collect::<io::Result<Vec<_>>>()?;
    sockets.push(socket);
    Ok(sockets)
}
