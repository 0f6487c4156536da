//! Keeps one shared copy of each value that many posts have alike, or of what is made of it.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};

/// The table is searched for values that nobody holds any more when it has this many more than twice what the last
/// search left, so that a search costs a constant for each value that was added.
const SWEEP_AFTER: usize = 1_000;

/// Shares values by their keys; a value is its own key unless it is made of it. It may be asked by many threads at once.
#[derive(Debug)]
pub struct Interner<K: ?Sized, V: ?Sized = K> {
    values: RwLock<HashMap<Arc<K>, Arc<V>>>,
    swept_at: usize,
}

impl<K: ?Sized, V: ?Sized> Default for Interner<K, V> {
    fn default() -> Interner<K, V> {
        Interner {
            values: RwLock::default(),
            swept_at: 0,
        }
    }
}

impl<K: ?Sized + Hash + Eq> Interner<K> {
    /// Returns the value that is equal to this one and came first.
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

    /// Returns the value of a key, which is made if there is none. Of two threads that make it at once, one gives in.
    pub fn get_or_insert(&self, key: &Arc<K>, make: impl FnOnce() -> Arc<V>) -> Arc<V> {
        if let Some(value) = self.get(key) {
            return value;
        }
        let value = make();
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(values.entry(Arc::clone(key)).or_insert(value))
    }

    /// Forgets values that nobody holds any more, if many were added since the last time.
    pub fn sweep(&mut self) {
        let values = self
            .values
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if values.len() < self.swept_at * 2 + SWEEP_AFTER {
            return;
        }
        // A value that is its own key is held twice by the table.
        values.retain(|key, value| {
            let is_key = std::ptr::addr_eq(Arc::as_ptr(key), Arc::as_ptr(value));
            Arc::strong_count(value) > 1 + usize::from(is_key)
        });
        values.shrink_to_fit();
        self.swept_at = values.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn len<K: ?Sized, V: ?Sized>(interner: &mut Interner<K, V>) -> usize {
        interner.values.get_mut().unwrap().len()
    }

    #[test]
    fn equal_values_are_one_as_long_as_somebody_holds_it() {
        let mut interner: Interner<str> = Interner::default();
        let kept = interner.intern(&Arc::from("kept"));
        assert!(Arc::ptr_eq(&kept, &interner.intern(&Arc::from("kept"))));
        for number in 0..SWEEP_AFTER {
            interner.intern(&number.to_string().into());
        }
        interner.sweep();
        assert_eq!(len(&mut interner), 1);
        assert!(Arc::ptr_eq(&kept, &interner.intern(&Arc::from("kept"))));
    }

    #[test]
    fn value_of_a_key_is_made_once_as_long_as_somebody_holds_it() {
        let mut interner: Interner<str, usize> = Interner::default();
        let length = |interner: &Interner<str, usize>, key: &str| {
            interner.get_or_insert(&Arc::from(key), || Arc::new(key.len()))
        };
        let kept = length(&interner, "kept");
        assert!(Arc::ptr_eq(&kept, &length(&interner, "kept")));
        for number in 0..SWEEP_AFTER {
            length(&interner, &number.to_string());
        }
        interner.sweep();
        assert_eq!((len(&mut interner), *kept), (1, 4));
    }
}
