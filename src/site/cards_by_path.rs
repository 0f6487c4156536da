//! Indexes entries by the paths of their cards.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::entry::Entry;
use crate::persistent::PersistentMap;

/// Entries that have cards. A clone is cheap and shares them.
#[derive(Debug, Clone, Default)]
pub struct CardIndex(PersistentMap<EntryByPath, ()>);

/// Entry that compares and hashes as its path, so that the index stores no path strings.
#[derive(Debug, Clone)]
struct EntryByPath(Arc<Entry>);

impl CardIndex {
    /// Returns the entry whose card is at a path.
    pub fn get_by_path(&self, path: &str) -> Option<&Arc<Entry>> {
        self.0.get_key_value(path).map(|(card, ())| &card.0)
    }

    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns true if there are no entries.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Removes entries, then adds others; an added entry may take the path of a removed one.
    pub(super) fn update_cards(&mut self, removed: &[Arc<Entry>], added: &[Arc<Entry>]) {
        let has_card = |entry: &&Arc<Entry>| entry.card_path().is_some();
        for entry in removed.iter().filter(has_card) {
            self.0.remove(entry.url_path());
        }
        for entry in added.iter().filter(has_card) {
            self.0.insert(EntryByPath(Arc::clone(entry)), ());
        }
    }
}

impl Borrow<str> for EntryByPath {
    fn borrow(&self) -> &str {
        self.0.url_path()
    }
}

impl PartialEq for EntryByPath {
    fn eq(&self, other: &EntryByPath) -> bool {
        self.0.url_path() == other.0.url_path()
    }
}

impl Eq for EntryByPath {}

impl Hash for EntryByPath {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.url_path().hash(state);
    }
}
