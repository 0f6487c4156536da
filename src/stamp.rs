//! What the system says of a file into whether it may have changed.

use std::fs::Metadata;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::num::NonZeroU64;
use std::time::{Duration, SystemTime};

/// What of a file decides whether it is read again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Stamp {
    modified: Option<SystemTime>,
    changed: (i64, i64),
    inode: (u64, u64),
    /// The size in bytes.
    pub size: u64,
}

/// What is kept of a stamp where there are many: one of another stamp is another, but for once in 2⁶³.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seal(NonZeroU64);

/// How long after a change a file system's clock may still give the same time to another.
const CLOCK_GRAIN: Duration = Duration::from_millis(50);

impl Stamp {
    /// The stamp of a file or directory.
    #[cfg(unix)]
    pub fn of(metadata: &Metadata) -> Stamp {
        use std::os::unix::fs::MetadataExt as _;
        Stamp {
            modified: metadata.modified().ok(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            inode: (metadata.dev(), metadata.ino()),
            size: metadata.len(),
        }
    }

    /// The stamp of a file or directory.
    #[cfg(not(unix))]
    pub fn of(metadata: &Metadata) -> Stamp {
        Stamp {
            modified: metadata.modified().ok(),
            changed: (0, 0),
            inode: (0, 0),
            size: metadata.len(),
        }
    }

    /// What to keep of it.
    pub fn seal(&self) -> Seal {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        Seal(NonZeroU64::MIN | hasher.finish())
    }

    /// Whether the file might change again without its stamp changing.
    pub fn is_too_fresh(&self, now: SystemTime) -> bool {
        self.modified
            .is_none_or(|modified| modified + CLOCK_GRAIN > now)
    }

    /// Which file it is: its device and its number there; zeros where the system has none.
    pub fn identity(&self) -> (u64, u64) {
        self.inode
    }

    /// Whether both are of one file, changed or not.
    pub fn is_of_the_same_file(&self, other: &Stamp) -> bool {
        self.inode == other.inode
    }
}
