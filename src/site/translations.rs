//! Groups posts by translation key, each language once.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::entry::Entry;
use super::timeline::Timeline;
use crate::persistent::PersistentMap;

/// Entries removed from a group, and entries added to it.
type GroupChanges = (Vec<Arc<Entry>>, Vec<Arc<Entry>>);

/// Language versions of one post.
type TranslationSet = Arc<[Translation]>;

/// Entries that may have translations, by translation key.
#[derive(Debug, Default)]
pub(super) struct TranslationGroups {
    groups: HashMap<String, Timeline>,
}

impl TranslationGroups {
    /// Removes and adds entries. Returns the previous and new translations of each group that
    /// changed.
    pub(super) fn update_groups(
        &mut self,
        removed: &[Arc<Entry>],
        added: &[Arc<Entry>],
        site_language: &str,
        translations: &mut PersistentMap<String, Arc<[Translation]>>,
    ) -> Vec<(Option<TranslationSet>, Option<TranslationSet>)> {
        let mut changes: BTreeMap<&str, GroupChanges> = BTreeMap::new();
        for entry in removed {
            if let Some(key) = entry.translation_key() {
                changes.entry(key).or_default().0.push(Arc::clone(entry));
            }
        }
        for entry in added {
            if let Some(key) = entry.translation_key() {
                changes.entry(key).or_default().1.push(Arc::clone(entry));
            }
        }
        let mut changed = Vec::new();
        for (key, (removed, added)) in changes {
            let group = self.groups.entry(key.to_owned()).or_default();
            group.update_entries(&removed, &added);
            let after = collect_translations(group, site_language);
            if group.is_empty() {
                self.groups.remove(key);
            }
            let before = translations.get(key).cloned();
            if before == after {
                continue;
            }
            match &after {
                Some(after) => drop(translations.insert(key.to_owned(), Arc::clone(after))),
                None => drop(translations.remove(key)),
            }
            changed.push((before, after));
        }
        changed
    }
}

/// Collects the newest entry of each language; `None` with fewer than two languages.
fn collect_translations(group: &Timeline, site_language: &str) -> Option<TranslationSet> {
    let mut urls: BTreeMap<&str, &str> = BTreeMap::new();
    for entry in group.iter() {
        let language = entry.language_override().unwrap_or(site_language);
        urls.entry(language).or_insert(entry.url());
    }
    (urls.len() > 1).then(|| {
        urls.into_iter()
            .map(|(language, url)| Translation {
                language: language.to_owned(),
                url: url.to_owned(),
            })
            .collect()
    })
}

/// Language version of a post.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Translation {
    /// A BCP 47 language tag.
    pub language: String,
    /// Absolute URL, percent-encoded.
    pub url: String,
}
