//! Entries by the paths of their cards.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::entry::Entry;
use crate::collection::Map;

/// The entries that have cards. A copy shares them.
#[derive(Debug, Clone, Default)]
pub struct Cards(Map<ByPath, ()>);

/// An entry as its path: it costs no more than its pointer.
#[derive(Debug, Clone)]
struct ByPath(Arc<Entry>);

impl Cards {
    /// The entry whose card is at a path.
    pub fn get(&self, path: &str) -> Option<&Arc<Entry>> {
        self.0.get_key_value(path).map(|(card, ())| &card.0)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes some out, unless another is there already, and puts others in.
    pub(super) fn change(&mut self, gone: &[Arc<Entry>], come: &[Arc<Entry>]) {
        let is_card = |entry: &&Arc<Entry>| entry.card_path().is_some();
        for entry in gone.iter().filter(is_card) {
            self.0.remove(entry.path());
        }
        for entry in come.iter().filter(is_card) {
            self.0.insert(ByPath(Arc::clone(entry)), ());
        }
    }
}

impl Borrow<str> for ByPath {
    fn borrow(&self) -> &str {
        self.0.path()
    }
}

impl PartialEq for ByPath {
    fn eq(&self, other: &ByPath) -> bool {
        self.0.path() == other.0.path()
    }
}

impl Eq for ByPath {}

impl Hash for ByPath {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.path().hash(state);
    }
}
