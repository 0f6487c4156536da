//! Keeps what was announced last, so that nothing is announced twice after a restart.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tracing::warn;

use crate::atomic_file::replace_file;

/// Version of the format. Raised when an older courant would misread it.
const STATE_VERSION: u32 = 1;
/// File name in `state.dir`.
const STATE_FILE_NAME: &str = "announced.json";

/// Future of a store's method.
pub type StateFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StateError>> + Send + 'a>>;

/// Place that keeps the state as bytes: a file, or an object in a store.
pub trait StateStore: Send + Sync {
    /// Loads the bytes that were saved last; `None` if there are none.
    fn load(&self) -> StateFuture<'_, Option<Vec<u8>>>;

    /// Replaces the bytes.
    fn save(&self, bytes: Vec<u8>) -> StateFuture<'_, ()>;

    /// Returns the name of the place, for messages.
    fn location(&self) -> String;
}

/// Reason why the state cannot be loaded or saved.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct StateError {
    /// Description of the error.
    pub message: String,
    /// Remedy.
    pub hint: String,
}

/// Store in a file.
#[derive(Debug)]
pub struct FileStore(PathBuf);

/// Store in memory, which a restart clears.
#[derive(Debug, Default)]
pub struct MemoryStore(std::sync::Mutex<Option<Vec<u8>>>);

impl FileStore {
    /// Creates the directory if it is missing.
    ///
    /// # Errors
    /// The directory cannot be created.
    pub fn open(dir: &Path) -> io::Result<FileStore> {
        std::fs::create_dir_all(dir)?;
        Ok(FileStore(dir.join(STATE_FILE_NAME)))
    }

    fn read_file(&self) -> Result<Option<Vec<u8>>, StateError> {
        match std::fs::read(&self.0) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.describe_error("read", &error)),
        }
    }

    fn write_file(&self, bytes: &[u8]) -> Result<(), StateError> {
        let old = std::fs::metadata(&self.0).ok();
        replace_file(&self.0, bytes, old.as_ref())
            .map_err(|error| self.describe_error("write", &error))
    }

    fn describe_error(&self, action: &str, error: &io::Error) -> StateError {
        StateError {
            message: format!("cannot {action} `{}`: {error}", self.0.display()),
            hint: "`state.dir` names the directory; it must exist, and this program's user must be able to write to it"
                .to_owned(),
        }
    }
}

impl StateStore for FileStore {
    fn load(&self) -> StateFuture<'_, Option<Vec<u8>>> {
        Box::pin(std::future::ready(self.read_file()))
    }

    fn save(&self, bytes: Vec<u8>) -> StateFuture<'_, ()> {
        Box::pin(std::future::ready(self.write_file(&bytes)))
    }

    fn location(&self) -> String {
        self.0.display().to_string()
    }
}

impl MemoryStore {
    fn lock_bytes(&self) -> std::sync::MutexGuard<'_, Option<Vec<u8>>> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl StateStore for MemoryStore {
    fn load(&self) -> StateFuture<'_, Option<Vec<u8>>> {
        Box::pin(std::future::ready(Ok(self.lock_bytes().clone())))
    }

    fn save(&self, bytes: Vec<u8>) -> StateFuture<'_, ()> {
        *self.lock_bytes() = Some(bytes);
        Box::pin(std::future::ready(Ok(())))
    }

    fn location(&self) -> String {
        "memory".to_owned()
    }
}

/// Versions that were announced last, by URL.
pub(super) type AnnouncedVersions = BTreeMap<String, String>;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct StateDocument {
    version: u32,
    /// By target.
    announced: BTreeMap<String, AnnouncedVersions>,
}

/// State of all targets in one store, which other processes may use too.
pub(super) struct SharedState {
    store: Box<dyn StateStore>,
    /// Keys of the targets; the state of others is dropped.
    targets: Vec<String>,
    /// State that could not be saved, and is newer than the store's. Held while the store is used.
    unsaved: Mutex<Option<StateDocument>>,
}

impl SharedState {
    pub(super) fn new(store: Box<dyn StateStore>, targets: Vec<String>) -> SharedState {
        SharedState {
            store,
            targets,
            unsaved: Mutex::new(None),
        }
    }

    /// Loads what was announced to a target; `None` if nothing was ever recorded for it.
    pub(super) async fn load_target(
        &self,
        target: &str,
    ) -> Result<Option<AnnouncedVersions>, StateError> {
        let unsaved = self.unsaved.lock().await;
        Ok(self
            .load_document(unsaved.as_ref())
            .await?
            .announced
            .remove(target))
    }

    /// Saves what was announced to a target. If that fails, it is kept in memory.
    pub(super) async fn save_target(&self, target: &str, versions: &AnnouncedVersions) {
        let mut unsaved = self.unsaved.lock().await;
        let mut document = self
            .load_document(unsaved.as_ref())
            .await
            .unwrap_or_default();
        document.version = STATE_VERSION;
        document
            .announced
            .insert(target.to_owned(), versions.clone());
        document
            .announced
            .retain(|key, _| self.targets.contains(key));
        // A map of strings can always be written.
        let bytes = serde_json::to_vec(&document).unwrap_or_default();
        *unsaved = match self.store.save(bytes).await {
            Ok(()) => None,
            Err(error) => {
                warn!(
                    hint = error.hint,
                    "announcements may be repeated after a restart: {error}"
                );
                Some(document)
            }
        };
    }

    async fn load_document(
        &self,
        unsaved: Option<&StateDocument>,
    ) -> Result<StateDocument, StateError> {
        if let Some(unsaved) = unsaved {
            return Ok(unsaved.clone());
        }
        let Some(bytes) = self.store.load().await? else {
            return Ok(StateDocument::default());
        };
        let parsed = serde_json::from_slice::<StateDocument>(&bytes);
        let problem = match parsed {
            Ok(document) if document.version == STATE_VERSION => return Ok(document),
            Ok(document) => format!("it has version {}, not {STATE_VERSION}", document.version),
            Err(error) => error.to_string(),
        };
        warn!(
            hint = "it is written again, and changes up to now are not announced; if this happens again, see whether another program writes it",
            "ignoring the state of announcements in `{}`: {problem}",
            self.store.location()
        );
        Ok(StateDocument::default())
    }
}
