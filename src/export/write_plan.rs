//! Compares outputs with the manifest, and orders the writes.

use super::manifest::Manifest;
use super::output_set::{Output, OutputSet};

/// Writes and deletions that an export needs.
#[derive(Debug, Default)]
pub(super) struct WritePlan {
    /// Keys of new objects, sorted.
    pub(super) created: Vec<String>,
    /// Keys of our objects whose content changed or is unknown, sorted.
    pub(super) changed: Vec<String>,
    /// Keys of our objects that no output has, sorted.
    pub(super) deleted: Vec<String>,
    pub(super) unchanged: usize,
}

/// Step of an export. The objects of a step are written at the same time.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum WriteStep {
    Delete(Vec<String>),
    Put(Vec<String>),
}

impl WritePlan {
    /// Compares all outputs with the manifest.
    pub(super) fn compare(set: &OutputSet, manifest: &Manifest) -> WritePlan {
        let mut plan = WritePlan::default();
        for output in &set.outputs {
            let is_pending = manifest.pending().contains(&output.key);
            match manifest.outputs.get(&output.key) {
                Some(known) if !is_pending && *known == output.fingerprint => plan.unchanged += 1,
                None if !is_pending => plan.created.push(output.key.clone()),
                _ => plan.changed.push(output.key.clone()),
            }
        }
        let ours = manifest.outputs.keys().chain(manifest.pending());
        let gone = ours.filter(|key| set.find(key).is_none());
        plan.deleted = gone.cloned().collect();
        plan.deleted.sort();
        plan.deleted.dedup();
        plan
    }

    /// Returns true if there is nothing to write or delete.
    pub(super) fn is_empty(&self) -> bool {
        self.created.is_empty() && self.changed.is_empty() && self.deleted.is_empty()
    }

    /// Returns the number of writes and deletions.
    pub(super) fn len(&self) -> usize {
        self.created.len() + self.changed.len() + self.deleted.len()
    }

    /// Returns all keys that are written or deleted.
    pub(super) fn keys(&self) -> impl Iterator<Item = String> {
        let keys = self.created.iter().chain(&self.changed);
        keys.chain(&self.deleted).cloned()
    }

    /// Orders the writes. If an output is gone, it is deleted first, then those that may name it are overwritten. Else
    /// an output follows those that it names.
    pub(super) fn steps(&self, set: &OutputSet) -> Vec<WriteStep> {
        let mut first = Vec::new();
        let mut rest: Vec<&Output> = Vec::new();
        for key in self.created.iter().chain(&self.changed) {
            let Some(output) = set.find(key) else {
                continue;
            };
            let is_changed = self.changed.binary_search(key).is_ok();
            match !self.deleted.is_empty() && is_changed && !output.stage.is_card() {
                true => first.push(output),
                false => rest.push(output),
            }
        }
        let mut steps = Vec::new();
        if !self.deleted.is_empty() {
            steps.push(WriteStep::Delete(self.deleted.clone()));
        }
        for mut outputs in [first, rest] {
            outputs.sort_by(|a, b| (a.stage, &a.key).cmp(&(b.stage, &b.key)));
            let stages = outputs.chunk_by(|a, b| a.stage == b.stage);
            steps.extend(stages.map(|stage| {
                let keys = stage.iter().map(|output| output.key.clone());
                WriteStep::Put(keys.collect())
            }));
        }
        steps
    }
}
