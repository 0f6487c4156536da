//! Binds Unix sockets, and replaces the file of a stale one.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use socket2::{Domain, SockAddr, Socket, Type};

/// File of a Unix socket, removed on drop.
#[derive(Debug)]
pub(in crate::server) struct SocketFile {
    path: PathBuf,
    inode: (u64, u64),
}

impl SocketFile {
    /// Removes the file, unless a different file has its name by now.
    pub(super) fn remove_if_unchanged(&self) {
        if read_inode(&self.path).is_ok_and(|there| there == self.inode) {
            // If that fails, the next start replaces the stale file.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn read_inode(path: &Path) -> io::Result<(u64, u64)> {
    let file = fs::symlink_metadata(path)?;
    Ok((file.dev(), file.ino()))
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        self.remove_if_unchanged();
    }
}

/// Binds a socket at a path. It gets its mode before it listens, so before any client can connect.
pub(super) fn bind_socket(path: &Path, mode: u32) -> io::Result<(Socket, SocketFile)> {
    remove_stale_socket(path)?;
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SockAddr::unix(path)?)?;
    let file = SocketFile {
        path: path.to_owned(),
        inode: read_inode(path)?,
    };
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    Ok((socket, file))
}

/// Removes the file of a socket on which no process listens.
fn remove_stale_socket(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(file) if !file.file_type().is_socket() => {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                "the file exists and is not a socket",
            ));
        }
        Ok(_) => {}
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        // Without permission to connect, a listener cannot be ruled out.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(error),
        // A process listens there, or its accept queue is full.
        Ok(_) | Err(_) => Err(io::ErrorKind::AddrInUse.into()),
    }
}
