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

/// Versions that were announced last, by URL.
pub(super) type AnnouncedVersions = BTreeMap<String, String>;

#[derive(Debug, Default, Serialize, Deserialize)]
struct StateDocument {
    version: u32,
    /// Versions by target.
    announced: BTreeMap<String, AnnouncedVersions>,
}

/// State of all targets in one store, which other processes may use too.
pub(super) struct SharedState {
    /// `None` keeps the state in memory, until a restart.
    store: Option<Box<dyn StateStore>>,
    /// Keys of the targets; the state of others is dropped.
    targets: Vec<String>,
    /// Versions by target that are not in the store, or newer than there. Locked while the store is used.
    unsaved: Mutex<BTreeMap<String, AnnouncedVersions>>,
}

impl SharedState {
    pub(super) fn new(store: Option<Box<dyn StateStore>>, targets: Vec<String>) -> SharedState {
        SharedState {
            store,
            targets,
            unsaved: Mutex::default(),
        }
    }

    /// Loads what was announced to a target; `None` if nothing was ever recorded for it.
    pub(super) async fn load_target(
        &self,
        target: &str,
    ) -> Result<Option<AnnouncedVersions>, StateError> {
        let unsaved = self.unsaved.lock().await;
        match (unsaved.get(target), &self.store) {
            (None, Some(store)) => Ok(load_document(&**store).await?.announced.remove(target)),
            (unsaved, _) => Ok(unsaved.cloned()),
        }
    }

    /// Saves what was announced to a target. If that fails, it is kept in memory.
    pub(super) async fn save_target(&self, target: &str, versions: AnnouncedVersions) {
        let mut unsaved = self.unsaved.lock().await;
        unsaved.insert(target.to_owned(), versions);
        let Some(store) = &self.store else {
            return;
        };
        match self.save_versions(&**store, &unsaved).await {
            Ok(()) => unsaved.clear(),
            Err(error) => warn!(
                hint = error.hint,
                "announcements may be repeated after a restart: {error}"
            ),
        }
    }

    async fn save_versions(
        &self,
        store: &dyn StateStore,
        unsaved: &BTreeMap<String, AnnouncedVersions>,
    ) -> Result<(), StateError> {
        let mut document = load_document(store).await?;
        document.version = STATE_VERSION;
        document.announced.extend(unsaved.clone());
        document
            .announced
            .retain(|key, _| self.targets.contains(key));
        // Maps of strings can always be written.
        let bytes = serde_json::to_vec(&document).unwrap_or_default();
        store.save(bytes).await
    }
}

/// Loads the state. A state that cannot be read counts as none.
async fn load_document(store: &dyn StateStore) -> Result<StateDocument, StateError> {
    let Some(bytes) = store.load().await? else {
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
        store.location()
    );
    Ok(StateDocument::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Store whose file cannot be replaced, because it is a directory.
    fn broken_store() -> (tempfile::TempDir, FileStore) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join(STATE_FILE_NAME)).unwrap();
        let store = FileStore::open(dir.path()).unwrap();
        (dir, store)
    }

    #[tokio::test]
    async fn unsaved_versions_are_known_until_they_can_be_saved() {
        let (dir, store) = broken_store();
        let state = SharedState::new(Some(Box::new(store)), vec!["hub".to_owned()]);
        assert!(state.load_target("hub").await.is_err());
        let versions =
            AnnouncedVersions::from([("https://e.org/rss.xml".to_owned(), "1".to_owned())]);
        state.save_target("hub", versions.clone()).await;
        assert_eq!(
            state.load_target("hub").await.unwrap(),
            Some(versions.clone())
        );
        std::fs::remove_dir(dir.path().join(STATE_FILE_NAME)).unwrap();
        state.save_target("other", AnnouncedVersions::new()).await;
        let text = std::fs::read_to_string(dir.path().join(STATE_FILE_NAME)).unwrap();
        assert!(
            text.contains("rss.xml") && !text.contains("other"),
            "{text}"
        );
    }

    #[tokio::test]
    async fn without_a_store_versions_stay_in_memory() {
        let state = SharedState::new(None, vec!["hub".to_owned()]);
        assert_eq!(state.load_target("hub").await.unwrap(), None);
        let versions =
            AnnouncedVersions::from([("https://e.org/rss.xml".to_owned(), "1".to_owned())]);
        state.save_target("hub", versions.clone()).await;
        assert_eq!(state.load_target("hub").await.unwrap(), Some(versions));
    }
}
