//! Extends a `BTreeMap` in bulk.

use std::collections::BTreeMap;

/// Adds all items. An empty map is built from them at once: inserting sorted items one by one costs many
/// times as much and leaves its nodes half full.
pub(super) fn bulk_extend_btree<K: Ord, V>(tree: &mut BTreeMap<K, V>, items: Vec<(K, V)>) {
    if tree.is_empty() {
        *tree = items.into_iter().collect();
    } else {
        tree.extend(items);
    }
}
