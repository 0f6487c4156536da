//! Collections whose copies share what is the same in both, so that a generation is copied and changed
//! in a time that does not grow with the site.
//!
//! The only file that names the `imbl` crate.

/// Values by key, in no order.
pub type Map<K, V> = imbl::HashMap<K, V>;
/// Values by key, in the order of the keys.
pub type Sorted<K, V> = imbl::OrdMap<K, V>;
/// Values without order, each once.
pub type Set<V> = imbl::HashSet<V>;
/// Values in an order, with places that can be counted to.
pub type Sequence<V> = imbl::Vector<V>;
