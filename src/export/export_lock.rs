//! Locks a directory against other exports to it. Stores have conditional writes instead.

use std::fs::{self, File};

use super::export_error::ExportError;
use super::export_target::ExportTarget;
use super::object_keys::MANIFEST_DIRECTORY;

/// Name of the lock file, beside the manifest.
const LOCK_NAME: &str = "lock";

/// Lock on a directory until it is dropped.
#[derive(Debug)]
pub(super) struct ExportLock {
    _file: Option<File>,
}

impl ExportLock {
    /// Waits for the lock. Does nothing for a store.
    pub(super) async fn acquire(target: &ExportTarget) -> Result<ExportLock, ExportError> {
        let Some(directory) = target.directory().map(ToOwned::to_owned) else {
            return Ok(ExportLock { _file: None });
        };
        let dir = directory.join(MANIFEST_DIRECTORY);
        let locked = tokio::task::spawn_blocking(move || {
            fs::create_dir_all(&dir)?;
            let path = dir.join(LOCK_NAME);
            let file = File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(path)?;
            file.lock()?;
            Ok(file)
        });
        let locked = locked.await.unwrap_or_else(|error| Err(error.into()));
        match locked {
            Ok(file) => Ok(ExportLock { _file: Some(file) }),
            Err(source) => Err(ExportError::Directory {
                path: directory,
                source,
            }),
        }
    }
}
