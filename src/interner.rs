//! Keeps one shared copy of each distinct value, or of a value that is derived from it.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};

/// Margin in values: the table is searched for unused values when it exceeds twice the size after
/// the last search by this many. The search thereby costs constant time per added value, amortized.
const UNUSED_SEARCH_MARGIN: usize = 1_000;

/// Shared values by key; a value is its own key unless it is derived from one. Many threads may use
/// it at once.
#[derive(Debug)]
pub struct Interner<K: ?Sized, V: ?Sized = K> {
    values: RwLock<HashMap<Arc<K>, Arc<V>>>,
    len_after_search: usize,
}

impl<K: ?Sized, V: ?Sized> Default for Interner<K, V> {
    fn default() -> Interner<K, V> {
        Interner {
            values: RwLock::default(),
            len_after_search: 0,
        }
    }
}

impl<K: ?Sized + Hash + Eq> Interner<K> {
    /// Returns the stored value that equals this one, storing it if there is none.
    pub fn intern(&self, value: &Arc<K>) -> Arc<K> {
        self.get_or_insert(value, || Arc::clone(value))
    }
}

impl<K: ?Sized + Hash + Eq, V: ?Sized> Interner<K, V> {
    /// Returns the value of a key.
    pub fn get(&self, key: &K) -> Option<Arc<V>> {
        let values = self.values.read().unwrap_or_else(PoisonError::into_inner);
        values.get(key).cloned()
    }

    /// Returns the value of a key, calling `make` if there is none. If two threads make it at once,
    /// the first stored value is used.
    pub fn get_or_insert(&self, key: &Arc<K>, make: impl FnOnce() -> Arc<V>) -> Arc<V> {
        if let Some(value) = self.get(key) {
            return value;
        }
        let value = make();
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(values.entry(Arc::clone(key)).or_insert(value))
    }

    /// Removes values that nothing else holds any more, if many were added since the last time.
    pub fn remove_unused(&mut self) {
        let values = self
            .values
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if values.len() < self.len_after_search * 2 + UNUSED_SEARCH_MARGIN {
            return;
        }
        // The table holds two references to a value that is its own key.
        values.retain(|key, value| {
            let is_key = std::ptr::addr_eq(Arc::as_ptr(key), Arc::as_ptr(value));
            Arc::strong_count(value) > 1 + usize::from(is_key)
        });
        values.shrink_to_fit();
        self.len_after_search = values.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn len<K: ?Sized, V: ?Sized>(interner: &mut Interner<K, V>) -> usize {
        interner.values.get_mut().unwrap().len()
    }

    #[test]
    fn equal_values_share_one_allocation_while_in_use() {
        let mut interner: Interner<str> = Interner::default();
        let kept = interner.intern(&Arc::from("kept"));
        assert!(Arc::ptr_eq(&kept, &interner.intern(&Arc::from("kept"))));
        for number in 0..UNUSED_SEARCH_MARGIN {
            interner.intern(&number.to_string().into());
        }
        interner.remove_unused();
        assert_eq!(len(&mut interner), 1);
        assert!(Arc::ptr_eq(&kept, &interner.intern(&Arc::from("kept"))));
    }

    #[test]
    fn derived_value_is_made_once_while_in_use() {
        let mut interner: Interner<str, usize> = Interner::default();
        let length = |interner: &Interner<str, usize>, key: &str| {
            interner.get_or_insert(&Arc::from(key), || Arc::new(key.len()))
        };
        let kept = length(&interner, "kept");
        assert!(Arc::ptr_eq(&kept, &length(&interner, "kept")));
        for number in 0..UNUSED_SEARCH_MARGIN {
            length(&interner, &number.to_string());
        }
        interner.remove_unused();
        assert_eq!((len(&mut interner), *kept), (1, 4));
    }
}
