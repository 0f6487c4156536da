//! Defines the kinds of file system events.

use std::path::Path;

/// Kind of change of a file or directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FsEventKind {
    /// A file was created or written to, and may still be open.
    Writing,
    /// A file was closed after writing.
    Written,
    /// A complete file appeared by a move or a link, or a directory was created or moved here.
    Arrived,
    /// A file or directory was deleted or moved away.
    Removed,
    /// The times, owner or permissions of a file or directory changed.
    MetadataChanged,
}

impl FsEventKind {
    /// Returns `Arrived` for a new link, because its file is complete and no close event follows.
    /// Returns `Writing` for any other new file.
    pub(super) fn from_new_file(path: &Path) -> FsEventKind {
        let is_link = std::fs::symlink_metadata(path).is_ok_and(|metadata| {
            #[cfg(unix)]
            if metadata.is_file() && std::os::unix::fs::MetadataExt::nlink(&metadata) > 1 {
                return true;
            }
            metadata.is_symlink()
        });
        if is_link {
            FsEventKind::Arrived
        } else {
            FsEventKind::Writing
        }
    }
}
