//! Many files into a tree of them.

use std::collections::BTreeMap;

/// Adds all. An empty tree is made of them at once, in their order: one by one costs many times as much, and
/// leaves its nodes half full.
pub(super) fn add<K: Ord, V>(tree: &mut BTreeMap<K, V>, items: Vec<(K, V)>) {
    if tree.is_empty() {
        *tree = items.into_iter().collect();
    } else {
        tree.extend(items);
    }
}
