//! The file system of a directory into whether its events tell of all changes.
//!
//! With `inotify` and `priority`, the only file that names the `rustix` crate.

use std::path::Path;

/// File systems whose files others change without a word to this machine's kernel: by the number
/// that `statfs` gives, from `linux/magic.h` and the sources of the drivers.
const SHARED: &[(u32, &str)] = &[
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

/// The name of the file system, where others may change its files without an event here.
#[cfg(target_os = "linux")]
pub(super) fn shared(dir: &Path) -> Option<&'static str> {
    let kind = rustix::fs::statfs(dir).ok()?.f_type;
    // The number has 32 bits, whatever the type that holds it is.
    name(kind as u32)
}

/// The name of the file system, where others may change its files without an event here.
#[cfg(not(target_os = "linux"))]
pub(super) fn shared(_dir: &Path) -> Option<&'static str> {
    None
}

fn name(kind: u32) -> Option<&'static str> {
    let found = SHARED.iter().find(|(number, _)| *number == kind);
    found.map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_file_systems_are_known_and_others_are_not() {
        assert_eq!(name(0x6969), Some("nfs"));
        assert_eq!(name(0xff53_4d42), Some("cifs"));
        assert_eq!(name(0x794c_7630), None, "an overlay is of this machine");
        assert_eq!(name(0xef53), None, "ext4");
        assert_eq!(shared(Path::new("/no/such/directory")), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_kernel_is_asked() {
        assert_eq!(shared(Path::new("/proc")), None);
    }
}
