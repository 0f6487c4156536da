//! The file that is kept: opened only if it is one of ours, and replaced by a whole one or not at all.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use super::MAGIC;

/// Opens a file to read it. `None` where it is not one that courant wrote, or others may have written to it.
///
/// # Errors
/// It cannot be opened.
pub(super) fn open(path: &Path) -> io::Result<Option<File>> {
    // To open a pipe would be to wait for whoever writes to it.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let metadata = file.metadata()?;
    let is_of_ours = metadata.uid() == rustix::process::geteuid().as_raw();
    let is_alone = metadata.permissions().mode() & 0o022 == 0;
    let is_kept = metadata.is_file() && is_of_ours && is_alone && begins_as_ours(&file, false)?;
    Ok(is_kept.then_some(file))
}

/// Whether a file begins as one that courant wrote, or as one it had just begun.
fn begins_as_ours(mut file: &File, may_be_empty: bool) -> io::Result<bool> {
    let mut magic = [0; MAGIC.len()];
    match file.read_exact(&mut magic) {
        // Of this form or another.
        Ok(()) => Ok(magic.starts_with(b"courant posts ")),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Ok(may_be_empty && file.metadata()?.len() == 0)
        }
        Err(error) => Err(error),
    }
}

/// A file that is being written, beside the one whose place it will take.
pub(super) struct Draft {
    file: File,
    path: PathBuf,
    target: PathBuf,
    is_done: bool,
}

impl Draft {
    /// Begins one, which nobody but its owner may read.
    ///
    /// # Errors
    /// It cannot be written, another program is writing it, or a file is in its place or that of its target which
    /// courant did not write.
    pub(super) fn begin(target: &Path) -> io::Result<Draft> {
        let other = |path: &Path| {
            let name = path.display();
            io::Error::other(format!("`{name}` is there, and is no file of courant's"))
        };
        match fs::symlink_metadata(target) {
            Ok(metadata) if !metadata.is_file() => return Err(other(target)),
            Ok(_) => {
                let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                let there = File::from(rustix::fs::open(target, flags, Mode::empty())?);
                if !begins_as_ours(&there, true)? {
                    return Err(other(target));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let mut path = target.as_os_str().to_owned();
        path.push(".new");
        let path = PathBuf::from(path);
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::open(&path, flags, Mode::RUSR | Mode::WUSR)?);
        if !file.metadata()?.is_file() || !begins_as_ours(&file, true)? {
            return Err(other(&path));
        }
        file.try_lock()?;
        let draft = Draft {
            file,
            path,
            target: target.to_owned(),
            is_done: false,
        };
        draft
            .file
            .set_permissions(fs::Permissions::from_mode(0o600))?;
        draft.file.set_len(0)?;
        io::Seek::rewind(&mut &draft.file)?;
        Ok(draft)
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Puts it in the place of its target.
    ///
    /// # Errors
    /// It cannot be put there.
    pub(super) fn finish(mut self) -> io::Result<()> {
        fs::rename(&self.path, &self.target)?;
        self.is_done = true;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.is_done {
            let _ = fs::remove_file(&self.path);
        }
    }
}
