//! The former addresses of posts into the ways from there to where they are, where no other post is,
//! nor was before.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::claims::card_claims;
use super::contest::Claim;
use super::entry::Entry;
use super::faults;
use super::trail::Moved;
use crate::artifact::ArtifactKey;
use crate::finding::Finding;

/// Former addresses by the last path they claim, so that those that can meet are together.
#[derive(Debug, Default)]
pub(super) struct Aliases {
    groups: BTreeMap<String, Group>,
}

#[derive(Debug, Default)]
struct Group {
    former: Vec<(Arc<Entry>, String)>,
    moved: Vec<Moved>,
    findings: Vec<Finding>,
}

/// Ways that are no more, and those there are instead.
#[derive(Debug, Default)]
pub(super) struct Ways {
    pub(super) gone: Vec<Moved>,
    pub(super) come: Vec<Moved>,
}

impl Aliases {
    /// Takes those of some entries out, and puts those of others in. `taken` is who has a card there.
    pub(super) fn change(
        &mut self,
        gone: &[Arc<Entry>],
        come: &[Arc<Entry>],
        mut order: impl FnMut(&Entry, &Entry) -> Ordering,
        taken: impl Fn(&str) -> Option<String>,
    ) -> Ways {
        let mut touched = BTreeSet::new();
        for entry in gone {
            let Some(path) = entry.card_path() else {
                continue;
            };
            touched.insert(ground(path));
            for alias in entry.aliases() {
                let ground = ground(alias);
                if let Some(group) = self.groups.get_mut(&ground) {
                    group
                        .former
                        .retain(|(former, _)| !Arc::ptr_eq(former, entry));
                }
                touched.insert(ground);
            }
        }
        for entry in come {
            let Some(path) = entry.card_path() else {
                continue;
            };
            // A group that only comes below is touched by who makes it.
            let ground_of_path = ground(path);
            if self.groups.contains_key(&ground_of_path) {
                touched.insert(ground_of_path);
            }
            for alias in entry.aliases() {
                let ground = ground(alias);
                let group = self.groups.entry(ground.clone()).or_default();
                group.former.push((Arc::clone(entry), alias.clone()));
                touched.insert(ground);
            }
        }
        let mut ways = Ways::default();
        for ground in touched {
            let Some(group) = self.groups.get_mut(&ground) else {
                continue;
            };
            ways.gone.append(&mut group.moved);
            group.former.sort_by(|(a, _), (b, _)| order(a, b));
            group.decide(&taken);
            ways.come.extend(group.moved.iter().cloned());
            if group.former.is_empty() {
                self.groups.remove(&ground);
            }
        }
        ways
    }

    /// Those that are others' addresses.
    pub(super) fn findings(&self) -> impl Iterator<Item = Finding> {
        let groups = self.groups.values();
        groups.flat_map(|group| group.findings.iter().cloned())
    }
}

impl Group {
    fn decide(&mut self, taken: impl Fn(&str) -> Option<String>) {
        let mut owners: Vec<(Claim<'_>, &Entry)> = Vec::new();
        (self.moved, self.findings) = (Vec::new(), Vec::new());
        for (entry, alias) in &self.former {
            let claims = card_claims(alias);
            let former = || {
                let owner = owners.iter().find(|(claim, _)| claims.contains(claim));
                owner.map(|(_, owner)| owner.source().to_owned())
            };
            if let Some(owner) = taken(alias).or_else(former) {
                self.findings
                    .push(faults::alias(entry.post(), alias, &owner));
                continue;
            }
            owners.extend(claims.into_iter().map(|claim| (claim, &**entry)));
            self.moved.push(Moved {
                from: alias.clone(),
                to: entry.path().to_owned(),
            });
        }
    }
}

/// What all paths have in common that may be in each other's way.
fn ground(path: &str) -> String {
    let mut path = path;
    while let Some(of_picture) = ArtifactKey::card_path_of_picture(path) {
        path = of_picture;
    }
    path.to_owned()
}
