//! Detects file systems whose events do not cover all changes, such as network mounts.
//!
//! With `inotify` and `priority`, the only file that names the `rustix` crate.

use std::path::Path;

/// File systems whose files other machines may change without this kernel seeing it. Keyed by the
/// magic number of `statfs`, from `linux/magic.h` and the sources of the drivers.
const SHARED_FILESYSTEMS: &[(u32, &str)] = &[
    (0x0000_6969, "nfs"),
    (0x0000_517b, "smb"),
    (0xff53_4d42, "cifs"),
    (0xfe53_4d42, "smb2"),
    (0x0102_1997, "9p"),
    (0x6573_5546, "fuse"),
    (0x786f_4256, "vboxsf"),
    (0xbacb_acbc, "vmhgfs"),
    (0x7c7c_6673, "prl_fs"),
    (0x00c3_6400, "ceph"),
    (0x5346_414f, "afs"),
    (0x7375_7245, "coda"),
    (0x0bd0_0bd0, "lustre"),
    (0x0116_1970, "gfs2"),
    (0x7461_636f, "ocfs2"),
];

/// Returns the name of the file system if its files may change without an event here.
pub(super) fn shared_filesystem(dir: &Path) -> Option<&'static str> {
    #[cfg(target_os = "linux")]
    {
        let kind = rustix::fs::statfs(dir).ok()?.f_type;
        // The magic number has 32 bits, whatever type holds it.
        filesystem_name(kind as u32)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = dir;
        None
    }
}

fn filesystem_name(magic: u32) -> Option<&'static str> {
    SHARED_FILESYSTEMS
        .iter()
        .find(|(number, _)| *number == magic)
        .map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_filesystems_are_recognized_and_local_ones_are_not() {
        assert_eq!(filesystem_name(0x6969), Some("nfs"));
        assert_eq!(filesystem_name(0xff53_4d42), Some("cifs"));
        assert_eq!(filesystem_name(0x794c_7630), None, "an overlay is local");
        assert_eq!(filesystem_name(0xef53), None, "ext4");
        assert_eq!(shared_filesystem(Path::new("/no/such/directory")), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn proc_is_not_a_shared_filesystem() {
        assert_eq!(shared_filesystem(Path::new("/proc")), None);
    }
}
