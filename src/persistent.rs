//! Defines aliases for the persistent (structurally shared) collections of `imbl`.
//!
//! Their clones share unchanged parts, so the time to clone and change a snapshot hardly grows with the
//! size of the site.
//!
//! The only file that names the `imbl` crate.

/// Unordered map with cheap clones.
pub type PersistentMap<K, V> = imbl::HashMap<K, V>;
/// Map sorted by key, with cheap clones.
pub type PersistentSortedMap<K, V> = imbl::OrdMap<K, V>;
/// Unordered set with cheap clones.
pub type PersistentSet<V> = imbl::HashSet<V>;
/// Vector with cheap clones and indexing in logarithmic time.
pub type PersistentVec<V> = imbl::Vector<V>;
