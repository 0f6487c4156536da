//! Compares outputs with the manifest, and orders the writes.

use super::manifest::Manifest;
use super::output_set::{Output, OutputSet};
use super::output_stage::OutputStage;

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

    /// Orders the writes. Outputs that are gone are deleted first, then those that may name them are overwritten. New
    /// cards follow, then the outputs that name them. Changed cards are last, because they can be many.
    pub(super) fn steps(&self, set: &OutputSet) -> Vec<WriteStep> {
        let mut ordered: Vec<(u8, &Output)> = Vec::new();
        for key in self.created.iter().chain(&self.changed) {
            let Some(output) = set.find(key) else {
                continue;
            };
            let is_changed = self.changed.binary_search(key).is_ok();
            let group = match (output.stage.is_card(), is_changed) {
                (false, true) if !self.deleted.is_empty() => 0,
                (true, false) => 1,
                (false, _) => 2,
                // The page has the words as text.
                (true, true) if output.stage == OutputStage::CardPages => 3,
                (true, true) => 4,
            };
            ordered.push((group, output));
        }
        ordered.sort_by(|a, b| (a.0, a.1.stage, &a.1.key).cmp(&(b.0, b.1.stage, &b.1.key)));
        let mut steps = Vec::new();
        if !self.deleted.is_empty() {
            steps.push(WriteStep::Delete(self.deleted.clone()));
        }
        let stages = ordered.chunk_by(|a, b| (a.0, a.1.stage) == (b.0, b.1.stage));
        steps.extend(stages.map(|stage| {
            let keys = stage.iter().map(|ordered| ordered.1.key.clone());
            WriteStep::Put(keys.collect())
        }));
        steps
    }
}
