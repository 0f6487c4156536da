//! One address into sockets, one for each of those that answer.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use socket2::{Domain, Protocol, Socket, Type};

use super::{CannotListen, Handed, unix};
use crate::config::Listen;

/// One address.
#[derive(Debug)]
pub(super) struct Door {
    pub(super) address: Listen,
    pub(super) sockets: Vec<Socket>,
    /// Another process listens there too.
    pub(super) shared: bool,
    pub(super) keeper: Keeper,
}

/// Whose an address is.
#[derive(Debug, Clone)]
pub(super) enum Keeper {
    /// Ours: it is left when we end. A Unix socket has a file.
    Us(Option<Arc<unix::File>>),
    /// That of who started us, who listens there before us and after us.
    Starter,
}

impl Door {
    /// One that somebody else has taken, and listens at.
    pub(super) fn handed(handed: Handed, parts: usize) -> Result<Door, CannotListen> {
        let address = handed.address();
        match copies(handed.into(), parts) {
            Ok(sockets) => Ok(Door {
                address,
                sockets,
                shared: false,
                keeper: Keeper::Starter,
            }),
            Err(source) => Err(CannotListen { address, source }),
        }
    }
}

/// Whether somebody listens there who lets others do so too. A socket that does not share tells.
pub(super) fn is_shared(address: &Listen) -> bool {
    match address {
        Listen::Tcp(address) if address.port() != 0 => {
            let alone = bound(*address, false);
            alone.is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse)
        }
        Listen::Tcp(_) | Listen::Unix(_) => false,
    }
}

pub(super) fn bound(address: SocketAddr, shares: bool) -> io::Result<Socket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shares)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

pub(super) fn tcp(address: SocketAddr, shared: bool, parts: usize) -> io::Result<Door> {
    let first = bound(address, true)?;
    let address = first.local_addr()?.as_socket().unwrap_or(address);
    let mut sockets = vec![first];
    for _ in 1..parts {
        sockets.push(if cfg!(target_os = "linux") {
            bound(address, true)?
        } else {
            // Others do not deal out.
            sockets
                .first()
                .map_or_else(|| bound(address, true), Socket::try_clone)?
        });
    }
    Ok(Door {
        address: Listen::Tcp(address),
        sockets,
        shared,
        keeper: Keeper::Us(None),
    })
}

pub(super) fn local(path: &Path, mode: u32, parts: usize) -> io::Result<Door> {
    let (socket, file) = unix::bound(path, mode)?;
    Ok(Door {
        address: Listen::Unix(path.to_owned()),
        sockets: copies(socket, parts)?,
        shared: false,
        keeper: Keeper::Us(Some(Arc::new(file))),
    })
}

/// The same socket so many times: whoever accepts first has the connection.
fn copies(socket: Socket, parts: usize) -> io::Result<Vec<Socket>> {
    let more = (1..parts).map(|_| socket.try_clone());
    let mut sockets = more.collect::<io::Result<Vec<_>>>()?;
    sockets.push(socket);
    Ok(sockets)
}
