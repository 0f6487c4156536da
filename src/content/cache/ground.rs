//! A file's stamp into whether it can be believed after a restart.
//!
//! While it runs, courant sees what is mounted. Between two runs one image may take the place of another that has
//! the same names, sizes, inodes and times, all of them made by a program; or a file system may tell of no change
//! at all but what whoever made it wrote down. Only a kernel that notes each change itself is believed.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{PoisonError, RwLock};

use crate::stamp::Stamp;

/// What is known of the devices that files are on.
#[derive(Debug, Default)]
pub(super) struct Grounds(RwLock<HashMap<u64, bool>>);

impl Grounds {
    /// Whether a file that has this stamp is another whenever it has other bytes.
    pub(super) fn bears(&self, stamp: &Stamp, file: &Path) -> bool {
        // Programs that make images write whole seconds.
        let Some(device) = stamp.device().filter(|_| stamp.was_noted_by_a_kernel()) else {
            return false;
        };
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(bears) = known.get(&device) {
            return *bears;
        }
        drop(known);
        let bears = notes_changes(file);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(device, bears);
        bears
    }
}

/// Whether a file is on a local file system that can be written to, and is one of those that note the time of each
/// change in the inode. Not one in user space or over a network, where others decide on that; not one of layers,
/// which has what the layers have.
#[cfg(target_os = "linux")]
fn notes_changes(file: &Path) -> bool {
    /// `statfs(2)`: bcachefs, Btrfs, ext4, F2FS, tmpfs, XFS, ZFS.
    const NOTING: [i64; 7] = [
        0xca45_1a4e,
        0x9123_683e,
        0xef53,
        0xf2f5_2010,
        0x0102_1994,
        0x5846_5342,
        0x2fc1_2fc1,
    ];
    let Ok(system) = rustix::fs::statfs(file) else {
        return false;
    };
    let Ok(flags) = rustix::fs::statvfs(file) else {
        return false;
    };
    #[allow(clippy::useless_conversion, reason = "it is narrower on some machines")]
    let kind = i64::from(system.f_type) & 0xffff_ffff;
    NOTING.contains(&kind) && !flags.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY)
}

#[cfg(not(target_os = "linux"))]
fn notes_changes(_: &Path) -> bool {
    false
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_no_kernel_noted_is_not_believed() {
        let grounds = Grounds::default();
        let bears = |file: &Path| grounds.bears(&Stamp::of(&file.metadata().unwrap()), file);
        let dir = tempfile::TempDir::new_in("/dev/shm").unwrap();
        let file = dir.path().join("a.md");
        std::fs::write(&file, "a").unwrap();
        assert!(bears(&file), "a file in memory");
        assert!(bears(&file), "and once more");
        // A file system that makes up what it says.
        assert!(!bears(Path::new("/proc/version")));
    }
}
