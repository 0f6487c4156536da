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
/// File name of the state.
pub const STATE_FILE_NAME: &str = "announced.json";

/// Future of a store's method.
pub type StateFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StateError>> + Send + 'a>>;

/// Place that keeps the state as bytes: a file, or an object in a store.
pub trait AnnouncedStore: Send + Sync {
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

impl AnnouncedStore for FileStore {
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

/// Difference between what is published and what was announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UrlChange {
    pub(super) url: String,
    /// New version; `None` if the page is gone.
    pub(super) version: Option<String>,
    /// True if the change is only recorded.
    pub(super) is_silent: bool,
}

impl UrlChange {
    /// Records that the change is known to the target.
    pub(super) fn apply_to(&self, known: &mut AnnouncedVersions) {
        match &self.version {
            Some(version) => known.insert(self.url.clone(), version.clone()),
            None => known.remove(&self.url),
        };
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct StateDocument {
    version: u32,
    /// Versions by target.
    announced: BTreeMap<String, AnnouncedVersions>,
}

/// State of all targets in one store, which other processes may use too.
pub(super) struct SharedState {
    /// `None` keeps the state in memory, until a restart.
    store: Option<Box<dyn AnnouncedStore>>,
    /// Keys of the targets; the state of others is dropped.
    targets: Vec<String>,
    /// Locked while the store is used.
    memory: Mutex<StateMemory>,
}

#[derive(Default)]
struct StateMemory {
    /// Versions by target, as they were loaded, with all later changes of this process.
    known: BTreeMap<String, AnnouncedVersions>,
    /// Changes by target that are not in the store.
    unsaved: BTreeMap<String, Vec<UrlChange>>,
}

impl SharedState {
    pub(super) fn new(store: Option<Box<dyn AnnouncedStore>>, targets: Vec<String>) -> SharedState {
        SharedState {
            store,
            targets,
            memory: Mutex::default(),
        }
    }

    /// Loads what was announced to a target; `None` if nothing was ever recorded for it.
    pub(super) async fn load_target(
        &self,
        target: &str,
    ) -> Result<Option<AnnouncedVersions>, StateError> {
        let mut memory = self.memory.lock().await;
        if let Some(store) = &self.store {
            match load_document(&**store).await {
                Ok(document) => memory.replace_known(document.announced),
                Err(error) if !memory.unsaved.contains_key(target) => return Err(error),
                Err(_) => {}
            }
        }
        Ok(memory.known.get(target).cloned())
    }

    /// Saves what was announced to a target. If that fails, it is kept in memory.
    pub(super) async fn save_changes(&self, target: &str, changes: Vec<UrlChange>) {
        let mut memory = self.memory.lock().await;
        let known = memory.known.entry(target.to_owned()).or_default();
        changes.iter().for_each(|change| change.apply_to(known));
        let Some(store) = &self.store else {
            return;
        };
        let unsaved = memory.unsaved.entry(target.to_owned()).or_default();
        unsaved.extend(changes);
        match self.store_changes(&**store, &mut memory).await {
            Ok(()) => memory.unsaved.clear(),
            Err(error) => warn!(
                hint = error.hint,
                "announcements may be repeated after a restart: {error}"
            ),
        }
    }

    /// Applies the changes to what the store has now, so that those of a replica stay.
    async fn store_changes(
        &self,
        store: &dyn AnnouncedStore,
        memory: &mut StateMemory,
    ) -> Result<(), StateError> {
        memory.replace_known(load_document(store).await?.announced);
        let announced = memory.known.iter();
        let announced = announced.filter(|(key, _)| self.targets.contains(key));
        let document = StateDocument {
            version: STATE_VERSION,
            announced: announced
                .map(|(key, versions)| (key.clone(), versions.clone()))
                .collect(),
        };
        // Maps of strings can always be written.
        let bytes = serde_json::to_vec(&document).unwrap_or_default();
        store.save(bytes).await
    }
}

impl StateMemory {
    /// Takes over what the store has, with the changes that it lacks.
    fn replace_known(&mut self, stored: BTreeMap<String, AnnouncedVersions>) {
        let mut before = std::mem::replace(&mut self.known, stored);
        for (target, changes) in &self.unsaved {
            let former = before.remove(target).unwrap_or_default();
            // A state that is gone or unreadable meanwhile would announce everything as new.
            let known = self.known.entry(target.clone()).or_insert(former);
            changes.iter().for_each(|change| change.apply_to(known));
        }
    }
}

/// Loads the state. A state that cannot be read counts as none.
async fn load_document(store: &dyn AnnouncedStore) -> Result<StateDocument, StateError> {
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

    const FEED: &str = "https://e.org/rss.xml";

    fn change(url: &str, version: &str) -> UrlChange {
        UrlChange {
            url: url.to_owned(),
            version: Some(version.to_owned()),
            is_silent: false,
        }
    }

    #[tokio::test]
    async fn replicas_keep_what_each_other_announced() {
        let dir = tempfile::tempdir().unwrap();
        let open = || {
            let store: Box<dyn AnnouncedStore> = Box::new(FileStore::open(dir.path()).unwrap());
            SharedState::new(Some(store), vec!["hub".to_owned()])
        };
        let (one, other) = (open(), open());
        one.save_changes("hub", vec![change("a", "1"), change("b", "1")])
            .await;
        other.load_target("hub").await.unwrap();
        one.save_changes("hub", vec![change("a", "2")]).await;
        other.save_changes("hub", vec![change("b", "2")]).await;
        let both = [("a", "2"), ("b", "2")];
        let both = both.map(|(url, version)| (url.to_owned(), version.to_owned()));
        assert_eq!(open().load_target("hub").await.unwrap(), Some(both.into()));
        // The versions of all URLs survive a file that became garbage.
        std::fs::write(dir.path().join(STATE_FILE_NAME), "{").unwrap();
        other.save_changes("hub", vec![change("a", "3")]).await;
        let known = open().load_target("hub").await.unwrap().unwrap();
        assert_eq!((&*known["a"], &*known["b"]), ("3", "2"));
    }

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
        let versions = AnnouncedVersions::from([(FEED.to_owned(), "1".to_owned())]);
        state.save_changes("hub", vec![change(FEED, "1")]).await;
        assert_eq!(
            state.load_target("hub").await.unwrap(),
            Some(versions.clone())
        );
        std::fs::remove_dir(dir.path().join(STATE_FILE_NAME)).unwrap();
        state.save_changes("other", Vec::new()).await;
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
        let versions = AnnouncedVersions::from([(FEED.to_owned(), "1".to_owned())]);
        state.save_changes("hub", vec![change(FEED, "1")]).await;
        assert_eq!(state.load_target("hub").await.unwrap(), Some(versions));
    }
}
