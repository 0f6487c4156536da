//! Writes outputs to a directory or store by a protocol that survives a kill at any point.
//!
//! 1. Read the manifest. Stop if it is garbage, or of a newer version.
//! 2. Claim: write its root with the keys that will change, marked as pending. New text outputs are marked later, just
//!    before they are written.
//! 3. Delete and put objects.
//! 4. Write the root with the new fingerprints and without the claim.
//!
//! After a kill, the next process finds the pending keys, and writes or deletes these objects again. If two processes
//! write at a time, the root of one of them fails on its condition, and it starts again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::time::{Instant, sleep};

use super::export_error::ExportError;
use super::export_lock::ExportLock;
use super::export_report::ExportReport;
use super::export_target::ExportTarget;
use super::foreign_objects;
use super::manifest::Manifest;
use super::object_keys::Layout;
use super::object_writer::{self, ObjectWriter};
use super::output_set::OutputSet;
use super::process_id::ProcessId;
use super::touched_keys::TouchedKeys;
use super::write_plan::WritePlan;
use crate::progress::Progress;

/// Time without a new root after which the process that claimed it is taken for dead. If it lives, it finds its claim
/// gone at the next renewal, and writes nothing more.
const CLAIM_TIMEOUT: Duration = Duration::from_secs(30);
/// Interval at which a claimed root is read again.
const CLAIM_POLL_INTERVAL: Duration = Duration::from_secs(2);

/// Writes outputs to one target.
#[derive(Debug)]
pub struct Exporter {
    target: Arc<ExportTarget>,
    process: ProcessId,
    /// Manifest as this process wrote it last, so that it need not be read before each export. For stores only.
    manifest: Option<Manifest>,
    /// Configuration that this process and the target had last; `None` before the first export. If the target has
    /// another one, a process that started later exports.
    agreed_config: Option<String>,
    /// Lock of the next export, from [`Exporter::wait_for_turn`].
    turn: Option<ExportLock>,
    /// Keys of objects that this process may have written without recording them: their content is unknown.
    unrecorded: BTreeSet<String>,
    /// Keys that were written or deleted, also by exports that failed.
    touched_keys: TouchedKeys,
    /// True if newer outputs wait.
    interrupt: Arc<AtomicBool>,
}

impl Exporter {
    /// Creates an exporter. It reads and writes nothing yet.
    pub fn new(target: ExportTarget) -> Exporter {
        Exporter {
            target: Arc::new(target),
            process: ProcessId::new_random(),
            manifest: None,
            agreed_config: None,
            turn: None,
            unrecorded: BTreeSet::new(),
            touched_keys: TouchedKeys::default(),
            interrupt: Arc::default(),
        }
    }

    /// Returns a flag that ends a long export early, with [`ExportError::Interrupted`]. What was written is kept.
    pub fn interrupt_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.interrupt)
    }

    /// Returns the keys that were written or deleted since the last call, also by exports that failed.
    pub fn take_touched_keys(&mut self) -> TouchedKeys {
        std::mem::take(&mut self.touched_keys)
    }

    /// Returns the target.
    pub fn target(&self) -> &ExportTarget {
        &self.target
    }

    /// Lists what an export would write, and writes nothing.
    ///
    /// # Errors
    /// As for [`Exporter::export`].
    pub async fn plan(&self, outputs: OutputSet) -> Result<ExportReport, ExportError> {
        let outputs = Arc::new(outputs);
        let manifest = Manifest::load(&self.target).await?;
        let (plan, report) = self.make_plan(&outputs, &manifest).await?;
        Ok(ExportReport {
            created: plan.created,
            changed: plan.changed,
            deleted: plan.deleted,
            ..report
        })
    }

    /// Waits until no other process writes. Outputs that are made after this call are no older than those of the
    /// target, so the next export calls no `newer_outputs`; it fails if another process writes before it.
    ///
    /// # Errors
    /// The target failed.
    pub async fn wait_for_turn(&mut self) -> Result<(), ExportError> {
        // Released first, because a second lock on the same file waits for it for ever.
        self.turn = None;
        let lock = ExportLock::acquire(&self.target).await?;
        self.manifest = Some(self.load_unclaimed().await?);
        self.turn = Some(lock);
        Ok(())
    }

    /// Forgets the remembered manifest if another process wrote it since. Returns true if it did.
    ///
    /// # Errors
    /// The target failed.
    pub async fn forget_stale_manifest(&mut self) -> Result<bool, ExportError> {
        let is_stale = match &self.manifest {
            Some(manifest) => !manifest.is_up_to_date(&self.target).await?,
            None => true,
        };
        if is_stale {
            self.manifest = None;
        }
        Ok(is_stale)
    }

    /// Makes the target equal to the outputs. Calls `newer_outputs` after the claim if another process wrote last: its
    /// outputs may be newer than `outputs`, and what the function returns replaces them.
    ///
    /// # Errors
    /// The target or an output failed, or another process took over. The next call repairs what this one left.
    pub async fn export<F, R>(
        &mut self,
        outputs: OutputSet,
        progress: &Progress,
        newer_outputs: F,
    ) -> Result<ExportReport, ExportError>
    where
        F: FnOnce() -> R,
        R: Future<Output = Option<OutputSet>>,
    {
        let has_turn = self.turn.is_some();
        let _lock = match self.turn.take() {
            Some(lock) => lock,
            None => ExportLock::acquire(&self.target).await?,
        };
        let is_trusted = has_turn || self.target.layout() == Layout::Store;
        let mut known = self.manifest.take().filter(|_| is_trusted);
        let mut outputs = Arc::new(outputs);
        let (mut manifest, mut plan, mut report, is_by_other);
        loop {
            let can_be_old = known.is_some() && !has_turn;
            manifest = match known.take() {
                Some(manifest) => manifest,
                None => self.load_unclaimed().await?,
            };
            (plan, report) = self.make_plan(&outputs, &manifest).await?;
            if is_settled(&outputs, &plan, &manifest) {
                self.agreed_config = Some(outputs.config_hash.clone());
                self.manifest = Some(manifest);
                return Ok(report);
            }
            let is_last_writer = manifest.is_written_by(&self.process);
            match self.claim(&mut manifest, &outputs, &plan).await {
                Err(ExportError::Superseded { .. }) if can_be_old => {}
                claimed => {
                    claimed?;
                    is_by_other = !is_last_writer && !has_turn;
                    break;
                }
            }
        }
        if is_by_other && let Some(newer) = newer_outputs().await {
            outputs = Arc::new(newer);
            (plan, report) = self.make_plan(&outputs, &manifest).await?;
            self.write_claim(&mut manifest, &outputs, &plan).await?;
        }
        self.touched_keys.add_plan(&plan);
        let mut writer = ObjectWriter {
            target: &self.target,
            process: &self.process,
            interrupt: &self.interrupt,
            unrecorded: &mut self.unrecorded,
        };
        let written = writer
            .write_all(&outputs, &plan, &mut manifest, &mut report, progress)
            .await;
        // Also after a failure: objects of another program must not become ours.
        self.unrecorded
            .retain(|key| report.conflicts.binary_search(key).is_err());
        let failure = match written {
            Ok(failure) => failure,
            Err(error) => {
                // What is still pending is written by the next export.
                self.manifest = Some(manifest);
                return Err(error);
            }
        };
        let finished = manifest.finish(&self.target, &self.process).await;
        if let Some(error) = failure {
            return Err(error);
        }
        finished?;
        self.unrecorded.clear();
        for keys in [&mut plan.created, &mut plan.changed] {
            keys.retain(|key| {
                manifest.outputs.contains_key(key) && !manifest.pending().contains(key)
            });
        }
        (report.created, report.changed, report.deleted) =
            (plan.created, plan.changed, plan.deleted);
        self.manifest = Some(manifest);
        Ok(report)
    }

    /// Reads the manifest, after waiting for another process that writes.
    async fn load_unclaimed(&self) -> Result<Manifest, ExportError> {
        let mut manifest = Manifest::load(&self.target).await?;
        if self.target.layout() == Layout::Directory && manifest.has_claim() {
            // The process that claimed it held the lock, so it has ended. Its temporary files may hold the words of a
            // post that is hidden by now.
            let keys = manifest.pending().iter();
            keys.for_each(|key| self.target.delete_temporary_files(key));
            return Ok(manifest);
        }
        let mut since = Instant::now();
        while manifest.is_claimed_by_other(&self.process) && since.elapsed() < CLAIM_TIMEOUT {
            sleep(CLAIM_POLL_INTERVAL).await;
            if !manifest.is_up_to_date(&self.target).await? {
                manifest = Manifest::load(&self.target).await?;
                since = Instant::now();
            }
        }
        manifest.mark_pending(self.unrecorded.iter().cloned());
        Ok(manifest)
    }

    /// Compares the outputs with the manifest. The report has no keys of the plan yet.
    async fn make_plan(
        &self,
        outputs: &Arc<OutputSet>,
        manifest: &Manifest,
    ) -> Result<(WritePlan, ExportReport), ExportError> {
        let mut plan = WritePlan::compare(outputs, manifest);
        let mut report = ExportReport {
            unchanged: plan.unchanged,
            skipped: outputs.skipped.clone(),
            ..ExportReport::default()
        };
        self.set_foreign_aside(outputs, &mut plan, &mut report)
            .await?;
        Ok((plan, report))
    }

    /// Claims the target, unless a process that started later has another configuration.
    async fn claim(
        &mut self,
        manifest: &mut Manifest,
        outputs: &OutputSet,
        plan: &WritePlan,
    ) -> Result<(), ExportError> {
        if let Some(agreed) = &self.agreed_config
            && !manifest.has_config(&outputs.config_hash)
            && !manifest.has_config(agreed)
        {
            return Err(ExportError::ConfigReplaced {
                store: self.target.name().to_owned(),
            });
        }
        self.write_claim(manifest, outputs, plan).await
    }

    /// Marks keys as pending in the stored root. New outputs that are no cards are marked just before they are written,
    /// because a generator may write the same names until then.
    async fn write_claim(
        &mut self,
        manifest: &mut Manifest,
        outputs: &OutputSet,
        plan: &WritePlan,
    ) -> Result<(), ExportError> {
        manifest.record_config(&outputs.config_hash);
        manifest.claim(&self.process);
        let is_card = |key: &&String| outputs.find(key).is_some_and(|found| found.stage.is_card());
        let new_cards = plan.created.iter().filter(is_card);
        let ours = plan.changed.iter().chain(&plan.deleted);
        let keys: Vec<String> = new_cards.chain(ours).cloned().collect();
        manifest.mark_pending(keys.iter().cloned());
        manifest.write_root(&self.target, &self.process).await?;
        self.unrecorded.extend(keys);
        self.agreed_config = Some(outputs.config_hash.clone());
        Ok(())
    }

    /// Removes keys of foreign objects from the plan, and reports them as conflicts. An object with the bytes of the
    /// output becomes ours.
    async fn set_foreign_aside(
        &self,
        outputs: &Arc<OutputSet>,
        plan: &mut WritePlan,
        report: &mut ExportReport,
    ) -> Result<(), ExportError> {
        let existing = foreign_objects::find_existing(&self.target, &plan.created).await?;
        if existing.is_empty() {
            return Ok(());
        }
        let checks = stream::iter(existing.iter().cloned())
            .map(|key| async move {
                let is_equal = self.is_equal_object(outputs, &key).await?;
                Ok::<_, ExportError>((key, is_equal))
            })
            .buffer_unordered(self.target.concurrency());
        let mut checks = std::pin::pin!(checks);
        while let Some(checked) = checks.next().await {
            let (key, is_equal) = checked?;
            match is_equal {
                true => plan.changed.push(key),
                false => report.conflicts.push(key),
            }
        }
        plan.created.retain(|key| !existing.contains(key));
        plan.changed.sort();
        report.conflicts.sort();
        Ok(())
    }

    /// Returns true if the object at a key has the bytes of the output.
    async fn is_equal_object(
        &self,
        outputs: &Arc<OutputSet>,
        key: &str,
    ) -> Result<bool, ExportError> {
        // In a directory, a part of the path may be of another kind.
        let stored = match self.target.read_object(key).await {
            Ok(stored) => stored,
            Err(_) if self.target.layout() == Layout::Directory => return Ok(false),
            Err(error) => return Err(error),
        };
        let Some((stored, _)) = stored else {
            return Ok(false);
        };
        let rendered = object_writer::render_output(outputs, key).await;
        Ok(rendered.is_ok_and(|(bytes, _, _)| bytes == stored))
    }
}

/// Returns true if the target has these outputs, and no process is writing.
fn is_settled(outputs: &OutputSet, plan: &WritePlan, manifest: &Manifest) -> bool {
    plan.is_empty() && !manifest.has_claim() && manifest.has_config(&outputs.config_hash)
}
