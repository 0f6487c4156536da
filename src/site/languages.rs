//! Posts that have something in common into the translations of one another: each language once.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::Translation;
use super::entry::Entry;
use super::timeline::Timeline;
use crate::collection::Map;

/// What goes of a group, and what comes.
type Change = (Vec<Arc<Entry>>, Vec<Arc<Entry>>);

/// Posts that are translations of one another.
type Translations = Arc<[Translation]>;

/// The entries that may have translations, by what they have in common.
#[derive(Debug, Default)]
pub(super) struct Languages {
    groups: HashMap<String, Timeline>,
}

impl Languages {
    /// Takes entries out and puts others in. Returns each group of translations that changed, as it was and as it is.
    pub(super) fn change(
        &mut self,
        gone: &[Arc<Entry>],
        come: &[Arc<Entry>],
        site_language: &str,
        translations: &mut Map<String, Arc<[Translation]>>,
    ) -> Vec<(Option<Translations>, Option<Translations>)> {
        let mut changes: BTreeMap<&str, Change> = BTreeMap::new();
        for entry in gone {
            if let Some(key) = entry.translation_key() {
                changes.entry(key).or_default().0.push(Arc::clone(entry));
            }
        }
        for entry in come {
            if let Some(key) = entry.translation_key() {
                changes.entry(key).or_default().1.push(Arc::clone(entry));
            }
        }
        let mut changed = Vec::new();
        for (key, (gone, come)) in changes {
            let group = self.groups.entry(key.to_owned()).or_default();
            group.change(&gone, &come);
            let after = of_group(group, site_language);
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

fn of_group(group: &Timeline, site_language: &str) -> Option<Translations> {
    let mut urls: BTreeMap<&str, &str> = BTreeMap::new();
    for entry in group.iter() {
        let language = entry.language().unwrap_or(site_language);
        urls.entry(language).or_insert(entry.url());
    }
    let translation = |(language, url): (&str, &str)| Translation {
        language: language.to_owned(),
        url: url.to_owned(),
    };
    (urls.len() > 1).then(|| urls.into_iter().map(translation).collect())
}
