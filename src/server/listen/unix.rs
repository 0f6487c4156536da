//! A path into a Unix socket, and the file of one that nobody listens on any more out of the way.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use socket2::{Domain, SockAddr, Socket, Type};

/// The file of a socket, which goes with it.
#[derive(Debug)]
pub(in crate::server) struct File {
    path: PathBuf,
    inode: (u64, u64),
}

impl File {
    /// Removes it, unless another has its name by now.
    pub(super) fn remove(&self) {
        if inode(&self.path).is_ok_and(|there| there == self.inode) {
            // What cannot be removed is found by who comes next, and replaced.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn inode(path: &Path) -> io::Result<(u64, u64)> {
    let file = fs::symlink_metadata(path)?;
    Ok((file.dev(), file.ino()))
}

impl Drop for File {
    fn drop(&mut self) {
        self.remove();
    }
}

/// A socket at a path. It has its mode before anybody can connect to it.
pub(super) fn bound(path: &Path, mode: u32) -> io::Result<(Socket, File)> {
    make_way(path)?;
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SockAddr::unix(path)?)?;
    let file = File {
        path: path.to_owned(),
        inode: inode(path)?,
    };
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    Ok((socket, file))
}

/// Removes a socket that nobody listens on.
fn make_way(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(file) if !file.file_type().is_socket() => {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                "a file that is no socket has this name",
            ));
        }
        Ok(_) => {}
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        // Whoever is not let in does not know that nobody is there.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(error),
        // It answers, or has too many who wait for an answer.
        Ok(_) | Err(_) => Err(io::ErrorKind::AddrInUse.into()),
    }
}
