//! Writes and deletes the objects of a plan, step by step, while the claim is renewed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use object_store::PutMode;
use tokio::time::{Instant, sleep_until};

use super::export_error::ExportError;
use super::export_report::ExportReport;
use super::export_target::{ExportTarget, ObjectHeaders};
use super::manifest::{Fingerprint, Manifest};
use super::object_keys::Layout;
use super::output_set::OutputSet;
use super::process_id::ProcessId;
use super::write_plan::{WritePlan, WriteStep};
use crate::model::artifact::LazyRenderError;
use crate::progress::{Progress, ScanStage};

/// Interval at which a long export writes the root again, so that others see that it lives.
const CLAIM_RENEWAL_INTERVAL: Duration = Duration::from_secs(8);
/// Time that an export writes at least before newer outputs interrupt it, so that constant edits cannot stop it.
const MIN_WRITE_TIME: Duration = Duration::from_millis(250);
/// Failed writes in a row after which a store is taken for down. Each waits for some seconds of retries.
const MAX_FAILURES_IN_ROW: u32 = 16;

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

/// Writes the objects of one export.
pub(super) struct ObjectWriter<'a> {
    pub(super) target: &'a ExportTarget,
    pub(super) process: &'a ProcessId,
    /// True if newer outputs wait.
    pub(super) interrupt: &'a AtomicBool,
    /// Keys of objects that may be written without being recorded.
    pub(super) unrecorded: &'a mut BTreeSet<String>,
}

impl ObjectWriter<'_> {
    /// Writes and deletes step by step, and records each object in the manifest. Returns the first failure of an object
    /// after all others were written: it must not keep the words of a withdrawn post in them.
    pub(super) async fn write_all(
        &mut self,
        outputs: &Arc<OutputSet>,
        plan: &WritePlan,
        manifest: &mut Manifest,
        report: &mut ExportReport,
        progress: &Progress,
    ) -> Result<Option<ExportError>, ExportError> {
        progress.begin_stage(ScanStage::Exporting, plan.len());
        let started = Instant::now();
        let mut renewed = started;
        let is_stopped = AtomicBool::new(false);
        let (mut failure, mut failures_in_row) = (None, 0);
        for step in plan.steps(outputs) {
            let (keys, is_deletion) = match step {
                WriteStep::Delete(keys) => (keys, true),
                WriteStep::Put(keys) => (keys, false),
            };
            let is_unmarked = |key: &&String| {
                plan.created.binary_search(key).is_ok() && !manifest.pending().contains(*key)
            };
            let unmarked: Vec<String> = keys.iter().filter(is_unmarked).cloned().collect();
            if !unmarked.is_empty() {
                manifest.mark_pending(unmarked.iter().cloned());
                manifest.write_root(self.target, self.process).await?;
                self.unrecorded.extend(unmarked);
                renewed = Instant::now();
            }
            let writer = &*self;
            // A stop starts no further write, but waits for the running ones: one that is dropped may still reach the
            // store, after the next export deleted its object.
            let writes = stream::iter(keys)
                .take_while(|_| {
                    if writer.is_interrupted(started) {
                        is_stopped.store(true, Ordering::Relaxed);
                    }
                    std::future::ready(!is_stopped.load(Ordering::Relaxed))
                })
                .map(|key| async move {
                    if is_deletion {
                        writer.target.delete_object(&key).await?;
                        return Ok(Written::Deleted { key });
                    }
                    let is_new = plan.created.binary_search(&key).is_ok();
                    writer.put_output(outputs, key, is_new).await
                })
                .buffer_unordered(writer.target.concurrency());
            let mut writes = std::pin::pin!(writes);
            loop {
                let written = tokio::select! {
                    biased;
                    () = sleep_until(renewed + CLAIM_RENEWAL_INTERVAL) => {
                        let renewal = manifest.write_root(writer.target, writer.process);
                        if let Err(error) = renewal.await {
                            is_stopped.store(true, Ordering::Relaxed);
                            failure = Some(error);
                        }
                        renewed = Instant::now();
                        continue;
                    }
                    written = writes.next() => written,
                };
                let Some(written) = written else {
                    break;
                };
                progress.complete_step();
                match written {
                    Ok(written) => {
                        failures_in_row = 0;
                        record_written(written, manifest, report);
                    }
                    Err(error) => {
                        failures_in_row += 1;
                        failure.get_or_insert(error);
                    }
                }
                // A directory answers at once, and all of its files may belong to another user.
                if failures_in_row >= MAX_FAILURES_IN_ROW && writer.target.layout() == Layout::Store
                {
                    is_stopped.store(true, Ordering::Relaxed);
                }
            }
            if is_stopped.load(Ordering::Relaxed) {
                return Err(failure.unwrap_or(ExportError::Interrupted));
            }
        }
        Ok(failure)
    }

    /// Returns true if newer outputs wait, and this export wrote for long enough.
    fn is_interrupted(&self, started: Instant) -> bool {
        self.interrupt.load(Ordering::Relaxed) && started.elapsed() > MIN_WRITE_TIME
    }

    /// Renders and writes one output. A file or object that has its bytes already is not written again in a directory,
    /// where nothing but the bytes matters.
    async fn put_output(
        &self,
        outputs: &Arc<OutputSet>,
        key: String,
        is_new: bool,
    ) -> Result<Written, ExportError> {
        let (bytes, headers, fingerprint) = match render_output(outputs, &key).await {
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
        let is_written =
            !is_new && is_directory && self.has_bytes(&key, &bytes).await.unwrap_or_default();
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
        if written.is_err() && !self.has_bytes(&key, &bytes).await? {
            return Ok(Written::Foreign { key });
        }
        Ok(Written::Object {
            key,
            fingerprint,
            bytes: len,
        })
    }

    async fn has_bytes(&self, key: &str, bytes: &Bytes) -> Result<bool, ExportError> {
        let stored = self.target.read_object(key).await?;
        Ok(stored.is_some_and(|(stored, _)| stored == *bytes))
    }
}

/// Renders an output on a blocking thread.
pub(super) async fn render_output(
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

/// Records one object in the manifest and the report.
fn record_written(written: Written, manifest: &mut Manifest, report: &mut ExportReport) {
    match written {
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
            report.conflicts.push(key);
            report.conflicts.sort();
        }
        Written::Failed { reason } => report.failed.push(reason),
    }
}
