//! Replaces a file in one step, so that a crash leaves either the old or the new content.

use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, Write as _};
use std::path::Path;

/// Writes a temporary file beside `file` and renames it. Keeps the permissions of `old`.
///
/// # Errors
/// The directory cannot be written to, or the disk is full. The old file stays.
pub(crate) fn replace_file(file: &Path, bytes: &[u8], old: Option<&Metadata>) -> io::Result<()> {
    let mut temporary = OsString::from(file.as_os_str());
    temporary.push(format!(".{}~", std::process::id()));
    let written = File::create(&temporary).and_then(|mut new| {
        new.write_all(bytes)?;
        if let Some(old) = old {
            new.set_permissions(old.permissions())?;
        }
        new.sync_all()?;
        fs::rename(&temporary, file)
    });
    written.inspect_err(|_| {
        let _ = fs::remove_file(&temporary);
    })
}
