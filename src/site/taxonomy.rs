//! Entries into the groups that have feeds of their own.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::entry::{Entry, Term};

/// Entries by term, each group in the order of the entries. A slug that several labels share is
/// one group, under the label of its newest entry.
pub(super) fn group<'a>(
    entries: &'a [Arc<Entry>],
    terms: impl Fn(&'a Entry) -> &'a [Term],
) -> BTreeMap<&'a str, (&'a Term, Vec<Arc<Entry>>)> {
    let mut groups: BTreeMap<&str, (&Term, Vec<Arc<Entry>>)> = BTreeMap::new();
    for entry in entries {
        for term in terms(entry) {
            let (_, group) = groups
                .entry(&term.slug)
                .or_insert_with(|| (term, Vec::new()));
            if group.last().is_none_or(|last| !Arc::ptr_eq(last, entry)) {
                group.push(Arc::clone(entry));
            }
        }
    }
    groups
}
