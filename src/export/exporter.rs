//! Writes outputs to a directory or store by a protocol that survives a kill at any point.
//!
//! 1. Read the manifest. Stop if it is garbage, or of a newer version.
//! 2. Claim: write its root with the keys that will change, marked as pending.
//! 3. Delete and put objects.
//! 4. Write the root with the new fingerprints and without the claim.
//!
//! After a kill, the next process finds the pending keys, and writes or deletes these objects again. If two processes
//! write at a time, the root of one of them fails on its condition, and it starts again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use object_store::PutMode;
use tokio::time::{Instant, sleep};

use super::export_error::ExportError;
use super::export_lock::ExportLock;
use super::export_report::ExportReport;
use super::export_target::{ExportTarget, ObjectHeaders};
use super::foreign_objects;
use super::manifest::{Fingerprint, Manifest};
use super::object_keys::Layout;
use super::output_set::OutputSet;
use super::process_id::ProcessId;
use super::write_plan::{WritePlan, WriteStep};
use crate::model::artifact::LazyRenderError;
use crate::progress::{Progress, ScanStage};

/// Time without a new root after which the process that claimed it is taken for dead. If it lives, it finds its claim
/// gone at the next renewal, and writes nothing more.
const CLAIM_TIMEOUT: Duration = Duration::from_secs(30);
/// Interval at which a long export writes the root again, so that others see that it lives.
const CLAIM_RENEWAL_INTERVAL: Duration = Duration::from_secs(8);
/// Interval at which a claimed root is read again.
const CLAIM_POLL_INTERVAL: Duration = Duration::from_secs(2);

/// Time that an export writes at least before newer outputs interrupt it, so that constant edits cannot stop it.
const MIN_WRITE_TIME: Duration = Duration::from_millis(250);

/// Writes outputs to one target.
#[derive(Debug)]
pub struct Exporter {
    target: Arc<ExportTarget>,
    process: ProcessId,
    /// Manifest as this process wrote it last, so that it need not be read before each export. For stores only.
    manifest: Option<Manifest>,
    /// True after the first claim: then a changed configuration is that of a process that started later.
    has_claimed: bool,
    /// Keys of objects that this process may have written without recording them: their content is unknown.
    unrecorded: BTreeSet<String>,
    /// Keys that were written or deleted, also by exports that failed.
    touched_keys: BTreeSet<String>,
    /// True if newer outputs wait.
    interrupt: Arc<AtomicBool>,
}

/// Object that was written, or left alone.
enum Written {
    Object {
        key: String,
        fingerprint: Fingerprint,
        bytes: u64,
    },
    Deleted {
        key: String,
    },
    /// The key has the object of another program.
    Foreign {
        key: String,
    },
    /// The output cannot be rendered.
    Failed {
        reason: String,
    },
}

impl Exporter {
    /// Creates an exporter. It reads and writes nothing yet.
    pub fn new(target: ExportTarget) -> Exporter {
        Exporter {
            target: Arc::new(target),
            process: ProcessId::new_random(),
            manifest: None,
            has_claimed: false,
            unrecorded: BTreeSet::new(),
            touched_keys: BTreeSet::new(),
            interrupt: Arc::default(),
        }
    }

    /// Returns a flag that ends a long export early, with [`ExportError::Interrupted`]. What was written is kept.
    pub fn interrupt_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.interrupt)
    }

    /// Returns the keys that were written or deleted since the last call, also by exports that failed.
    pub fn take_touched_keys(&mut self) -> BTreeSet<String> {
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
        let mut plan = WritePlan::compare(&outputs, &manifest);
        let mut report = ExportReport::default();
        self.set_foreign_aside(&outputs, &mut plan, &mut report)
            .await?;
        Ok(ExportReport {
            created: plan.created,
            changed: plan.changed,
            deleted: plan.deleted,
            unchanged: plan.unchanged,
            skipped: outputs.skipped.clone(),
            ..report
        })
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
        let _lock = ExportLock::acquire(&self.target).await?;
        let known = self.manifest.take();
        let mut manifest = match known {
            Some(manifest) if self.target.layout() == Layout::Store => manifest,
            _ => self.load_unclaimed().await?,
        };
        let outputs = Arc::new(outputs);
        let mut report = ExportReport::default();
        let mut plan = self.make_plan(&outputs, &manifest, &mut report).await?;
        if is_settled(&outputs, &plan, &manifest) {
            return Ok(self.finish_settled(manifest, &outputs, &plan, report));
        }
        let mut claimed = self.claim(&mut manifest, &outputs, &plan).await;
        if matches!(claimed, Err(ExportError::Superseded { .. })) {
            // The manifest that this process remembers is old.
            manifest = self.load_unclaimed().await?;
            report = ExportReport::default();
            plan = self.make_plan(&outputs, &manifest, &mut report).await?;
            if is_settled(&outputs, &plan, &manifest) {
                // The other process wrote the same outputs.
                return Ok(self.finish_settled(manifest, &outputs, &plan, report));
            }
            claimed = self.claim(&mut manifest, &outputs, &plan).await;
        }
        let was_written_by_other = claimed?;
        let mut outputs = outputs;
        if was_written_by_other && let Some(newer) = newer_outputs().await {
            outputs = Arc::new(newer);
            report = ExportReport::default();
            plan = self.make_plan(&outputs, &manifest, &mut report).await?;
            self.write_claim(&mut manifest, &plan).await?;
        }
        let written = self
            .write_all(&outputs, &plan, &mut manifest, &mut report, progress)
            .await;
        if let Err(error) = written {
            // What is still pending is written by the next export.
            self.manifest = Some(manifest);
            return Err(error);
        }
        manifest.finish(&self.target, &self.process).await?;
        self.unrecorded.clear();
        report.unchanged = plan.unchanged;
        report.skipped.clone_from(&outputs.skipped);
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

    /// Ends an export that has nothing to write.
    fn finish_settled(
        &mut self,
        manifest: Manifest,
        outputs: &OutputSet,
        plan: &WritePlan,
        mut report: ExportReport,
    ) -> ExportReport {
        report.unchanged = plan.unchanged;
        report.skipped.clone_from(&outputs.skipped);
        self.manifest = Some(manifest);
        self.has_claimed = true;
        report
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

    async fn make_plan(
        &self,
        outputs: &Arc<OutputSet>,
        manifest: &Manifest,
        report: &mut ExportReport,
    ) -> Result<WritePlan, ExportError> {
        let mut plan = WritePlan::compare(outputs, manifest);
        self.set_foreign_aside(outputs, &mut plan, report).await?;
        Ok(plan)
    }

    /// Marks the planned keys as pending in the stored root. Returns true if another process wrote it last.
    async fn claim(
        &mut self,
        manifest: &mut Manifest,
        outputs: &OutputSet,
        plan: &WritePlan,
    ) -> Result<bool, ExportError> {
        let is_replaced =
            !manifest.has_config(&outputs.config_hash) && !manifest.has_config_of(&self.process);
        if self.has_claimed && is_replaced {
            return Err(ExportError::ConfigReplaced {
                store: self.target.name().to_owned(),
            });
        }
        let is_by_other = !manifest.is_written_by(&self.process);
        manifest.record_config(&outputs.config_hash, &self.process);
        self.write_claim(manifest, plan).await?;
        self.has_claimed = true;
        Ok(is_by_other)
    }

    async fn write_claim(
        &mut self,
        manifest: &mut Manifest,
        plan: &WritePlan,
    ) -> Result<(), ExportError> {
        manifest.claim(&self.process);
        manifest.mark_pending(plan.keys());
        manifest.write_root(&self.target, &self.process).await?;
        self.unrecorded.extend(plan.keys());
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
        let rendered = self.render(outputs, key).await;
        Ok(rendered.is_ok_and(|(bytes, _, _)| bytes == stored))
    }

    /// Writes and deletes step by step, and records each object in the manifest.
    async fn write_all(
        &mut self,
        outputs: &Arc<OutputSet>,
        plan: &WritePlan,
        manifest: &mut Manifest,
        report: &mut ExportReport,
        progress: &Progress,
    ) -> Result<(), ExportError> {
        progress.begin_stage(ScanStage::Exporting, plan.len());
        self.touched_keys.extend(plan.keys());
        let started = Instant::now();
        let mut renewed = Instant::now();
        let exporter = &*self;
        let mut foreign = Vec::new();
        for step in plan.steps(outputs) {
            let (keys, is_deletion) = match step {
                WriteStep::Delete(keys) => (keys, true),
                WriteStep::Put(keys) => (keys, false),
            };
            let writes = stream::iter(keys)
                .map(|key| async move {
                    if exporter.interrupt.load(Ordering::Relaxed)
                        && started.elapsed() > MIN_WRITE_TIME
                    {
                        return Err(ExportError::Interrupted);
                    }
                    if is_deletion {
                        exporter.target.delete_object(&key).await?;
                        return Ok(Written::Deleted { key });
                    }
                    let is_new = plan.created.binary_search(&key).is_ok();
                    exporter.put_output(outputs, key, is_new).await
                })
                .buffer_unordered(exporter.target.concurrency());
            let mut writes = std::pin::pin!(writes);
            while let Some(written) = writes.next().await {
                progress.complete_step();
                match written? {
                    Written::Object {
                        key,
                        fingerprint,
                        bytes,
                    } => {
                        report.bytes = report.bytes.saturating_add(bytes);
                        manifest.record_object(key, Some(fingerprint));
                    }
                    Written::Deleted { key } => manifest.record_object(key, None),
                    Written::Foreign { key } => {
                        manifest.forget_pending(&key);
                        foreign.push(key.clone());
                        report.conflicts.push(key);
                    }
                    Written::Failed { reason } => report.failed.push(reason),
                }
                if renewed.elapsed() > CLAIM_RENEWAL_INTERVAL {
                    manifest
                        .write_root(&exporter.target, &exporter.process)
                        .await?;
                    renewed = Instant::now();
                }
            }
        }
        self.unrecorded.retain(|key| !foreign.contains(key));
        Ok(())
    }

    /// Renders and writes one output. A file or object that has its bytes already is not written again in a directory,
    /// where nothing but the bytes matters.
    async fn put_output(
        &self,
        outputs: &Arc<OutputSet>,
        key: String,
        is_new: bool,
    ) -> Result<Written, ExportError> {
        let (bytes, headers, fingerprint) = match self.render(outputs, &key).await {
            Ok(rendered) => rendered,
            // The other outputs are written all the same: one that cannot be rendered must not keep a withdrawn post
            // in them. This one stays pending.
            Err(ExportError::Render { source, .. }) => {
                return Ok(Written::Failed {
                    reason: format!("`{key}`: {source}"),
                });
            }
            Err(error) => return Err(error),
        };
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let is_directory = self.target.layout() == Layout::Directory;
        let is_written = !is_new && is_directory && self.has_bytes(&key, &bytes).await;
        // A lock excludes other exports to a directory, and not all file systems can create a file from a temporary one
        // on condition.
        let mode = match is_new && !is_directory {
            true => PutMode::Create,
            false => PutMode::Overwrite,
        };
        if is_written {
            return Ok(Written::Object {
                key,
                fingerprint,
                bytes: 0,
            });
        }
        let written = self
            .target
            .write_object(&key, bytes.clone(), Some(&headers), mode)
            .await?;
        // A retry of a request whose answer was lost finds the object that it wrote.
        if written.is_err() && !self.has_bytes(&key, &bytes).await {
            return Ok(Written::Foreign { key });
        }
        Ok(Written::Object {
            key,
            fingerprint,
            bytes: len,
        })
    }

    async fn has_bytes(&self, key: &str, bytes: &Bytes) -> bool {
        let stored = self.target.read_object(key).await;
        matches!(stored, Ok(Some((stored, _))) if stored == *bytes)
    }

    /// Renders an output on a blocking thread.
    async fn render(
        &self,
        outputs: &Arc<OutputSet>,
        key: &str,
    ) -> Result<(Bytes, ObjectHeaders, Fingerprint), ExportError> {
        let failed = |reason: String| ExportError::Render {
            key: key.to_owned(),
            source: LazyRenderError::Failed(reason),
        };
        let (set, name) = (Arc::clone(outputs), key.to_owned());
        let rendering = tokio::task::spawn_blocking(move || {
            let output = set.find(&name)?;
            let rendered = set.render(output);
            Some(rendered.map(|(bytes, headers)| (bytes, headers, output.fingerprint)))
        });
        let rendered = rendering.await.map_err(|error| failed(error.to_string()))?;
        rendered.unwrap_or_else(|| Err(failed("no such output".to_owned())))
    }
}

/// Returns true if the target has these outputs, and no process is writing.
fn is_settled(outputs: &OutputSet, plan: &WritePlan, manifest: &Manifest) -> bool {
    plan.is_empty() && !manifest.has_claim() && manifest.has_config(&outputs.config_hash)
}
