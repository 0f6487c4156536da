//! Detects changed files by size, times and inode.

use std::fs::Metadata;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::num::NonZeroU64;
use std::time::{Duration, SystemTime};

/// File metadata that decides whether a file is read again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileStamp {
    modified: Option<SystemTime>,
    ctime: (i64, i64),
    device_and_inode: (u64, u64),
    /// Size in bytes.
    pub size: u64,
}

/// Hash of a stamp, kept to save memory. Different stamps collide with a probability of 1 in 2⁶³.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StampHash(NonZeroU64);

/// Coarsest clock of a file system: two changes within this time may get the same timestamp.
const FILESYSTEM_CLOCK_RESOLUTION: Duration = Duration::from_millis(50);

impl FileStamp {
    /// Builds the stamp of a file or directory from its metadata.
    pub fn from_metadata(metadata: &Metadata) -> FileStamp {
        #[cfg(unix)]
        let (ctime, device_and_inode) = {
            use std::os::unix::fs::MetadataExt as _;
            (
                (metadata.ctime(), metadata.ctime_nsec()),
                (metadata.dev(), metadata.ino()),
            )
        };
        #[cfg(not(unix))]
        let (ctime, device_and_inode) = ((0, 0), (0, 0));
        FileStamp {
            modified: metadata.modified().ok(),
            ctime,
            device_and_inode,
            size: metadata.len(),
        }
    }

    /// Returns the hash of the stamp.
    pub fn to_hash(&self) -> StampHash {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        StampHash(NonZeroU64::MIN | hasher.finish())
    }

    /// Returns true if the file may change again without a change of its stamp.
    pub fn is_too_recent(&self, now: SystemTime) -> bool {
        self.modified
            .is_none_or(|modified| modified + FILESYSTEM_CLOCK_RESOLUTION > now)
    }

    /// Returns device and inode; zeros if the system has none.
    pub fn file_identity(&self) -> (u64, u64) {
        self.device_and_inode
    }

    /// Returns true if both stamps belong to the same file, changed or not.
    pub fn is_same_file(&self, other: &FileStamp) -> bool {
        self.device_and_inode == other.device_and_inode
    }
}
