//! Resolves the aliases of posts to redirects, unless another post uses or used the path.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::entry::Entry;
use super::redirect_history::RedirectChanges;
use crate::conflicts::UniqueKey;
use crate::conflicts::conflict_findings;
use crate::conflicts::unique_keys::card_keys_at_path;
use crate::model::artifact::ArtifactKey;
use crate::model::finding::Finding;
use crate::model::moved_card::CardRedirect;

/// Aliases of all posts, grouped so that all that can conflict are in one group.
#[derive(Debug, Default)]
pub(super) struct AliasIndex {
    groups: BTreeMap<String, AliasGroup>,
}

/// Aliases that can conflict, with the redirects and findings that they lead to.
#[derive(Debug, Default)]
struct AliasGroup {
    aliases: Vec<(Arc<Entry>, String)>,
    redirects: Vec<CardRedirect>,
    findings: Vec<Finding>,
}

impl AliasIndex {
    /// Removes the aliases of some entries and adds those of others. `current_owner` names the post
    /// or site that has a card at a path.
    pub(super) fn update_aliases(
        &mut self,
        removed: &[Arc<Entry>],
        added: &[Arc<Entry>],
        mut order: impl FnMut(&Entry, &Entry) -> Ordering,
        current_owner: impl Fn(&str) -> Option<String>,
    ) -> RedirectChanges {
        let mut touched = BTreeSet::new();
        for entry in removed {
            let Some(path) = entry.card_path() else {
                continue;
            };
            touched.insert(group_key(path));
            for alias in entry.aliases() {
                let key = group_key(alias);
                if let Some(group) = self.groups.get_mut(&key) {
                    group
                        .aliases
                        .retain(|(former, _)| !Arc::ptr_eq(former, entry));
                }
                touched.insert(key);
            }
        }
        for entry in added {
            let Some(path) = entry.card_path() else {
                continue;
            };
            // A group that is created below is marked as touched there.
            let path_key = group_key(path);
            if self.groups.contains_key(&path_key) {
                touched.insert(path_key);
            }
            for alias in entry.aliases() {
                let key = group_key(alias);
                let group = self.groups.entry(key.clone()).or_default();
                group.aliases.push((Arc::clone(entry), alias.clone()));
                touched.insert(key);
            }
        }
        let mut changes = RedirectChanges::default();
        for key in touched {
            let Some(group) = self.groups.get_mut(&key) else {
                continue;
            };
            changes.removed.append(&mut group.redirects);
            group.aliases.sort_by(|(a, _), (b, _)| order(a, b));
            group.resolve_aliases(&current_owner);
            changes.added.extend(group.redirects.iter().cloned());
            if group.aliases.is_empty() {
                self.groups.remove(&key);
            }
        }
        changes
    }

    /// Iterates over the findings on aliases that are paths of other posts.
    pub(super) fn conflict_findings(&self) -> impl Iterator<Item = Finding> {
        let groups = self.groups.values();
        groups.flat_map(|group| group.findings.iter().cloned())
    }
}

impl AliasGroup {
    /// Assigns each alias to the first post that has it, in order of precedence.
    fn resolve_aliases(&mut self, current_owner: impl Fn(&str) -> Option<String>) {
        let mut holders: Vec<(UniqueKey<'_>, &Entry)> = Vec::new();
        (self.redirects, self.findings) = (Vec::new(), Vec::new());
        for (entry, alias) in &self.aliases {
            let keys = card_keys_at_path(alias);
            let owner = current_owner(alias).or_else(|| {
                let holder = holders.iter().find(|(key, _)| keys.contains(key));
                holder.map(|(_, entry)| entry.source_path().to_owned())
            });
            if let Some(owner) = owner {
                self.findings
                    .push(conflict_findings::report_duplicate_alias(
                        entry.post(),
                        alias,
                        &owner,
                    ));
                continue;
            }
            holders.extend(keys.into_iter().map(|key| (key, &**entry)));
            self.redirects.push(CardRedirect {
                from: alias.clone(),
                to: entry.url_path().to_owned(),
            });
        }
    }
}

/// Returns the key that all paths share that can conflict: the path without image suffixes.
fn group_key(path: &str) -> String {
    let mut path = path;
    while let Some(of_picture) = ArtifactKey::card_path_from_image_path(path) {
        path = of_picture;
    }
    path.to_owned()
}
