//! Reads and writes the manifest: which objects of the store are ours, and with which content.
//!
//! The root is small and written on condition, so that of two processes one wins. It holds the changes since an
//! immutable base. An object that is listed as pending is ours, but its content is unknown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use bytes::Bytes;
use object_store::{PutMode, UpdateVersion};
use serde::{Deserialize, Serialize};

use super::export_error::ExportError;
use super::export_target::{ConditionFailed, ExportTarget, ObjectHeaders};
use super::object_keys::{Layout, MANIFEST_DIRECTORY};
use super::process_id::{self, ProcessId};
use crate::hash;

/// Version of the format. A process changes nothing in a store whose manifest has a newer one.
const FORMAT_VERSION: u64 = 1;
/// Changes in the root up to which there is no new base: some kilobytes.
const MIN_BASE_CHANGES: usize = 64;
/// Changes in the root above which a new base is written: some hundred kilobytes.
const MAX_ROOT_CHANGES: usize = 1_000;

/// Hash of an object's content and headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Fingerprint(pub(super) u128);

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> String {
        format!("{:032x}", fingerprint.0)
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Fingerprint, Self::Error> {
        u128::from_str_radix(&text, 16).map(Fingerprint)
    }
}

/// Root of the manifest, as it is stored.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Root {
    version: u64,
    /// Number of times that the root was written.
    counter: u64,
    /// Process that wrote the root.
    writer: String,
    /// Process that writes objects now.
    #[serde(skip_serializing_if = "Option::is_none")]
    claim: Option<String>,
    /// Configuration that decided the outputs.
    config_hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<String>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pending: BTreeSet<String>,
    /// Changes since the base; `None` is a deleted object.
    changes: BTreeMap<String, Option<Fingerprint>>,
}

/// Version of the stored root, or its absence.
#[derive(Debug, Clone, PartialEq, Eq)]
enum StoredRoot {
    Missing,
    Present(UpdateVersion),
}

/// Manifest of a store.
#[derive(Debug, Clone)]
pub(super) struct Manifest {
    root: Root,
    stored: StoredRoot,
    /// Number of objects in the base.
    base_len: usize,
    /// All objects with known content.
    pub(super) outputs: BTreeMap<String, Fingerprint>,
}

impl Manifest {
    /// Reads the manifest; an absent one is empty.
    pub(super) async fn load(target: &ExportTarget) -> Result<Manifest, ExportError> {
        loop {
            let Some((bytes, version)) = target.read_object(&root_key()).await? else {
                return Ok(Manifest {
                    root: Root::default(),
                    stored: StoredRoot::Missing,
                    base_len: 0,
                    outputs: BTreeMap::new(),
                });
            };
            let root = parse_root(&bytes)?;
            let mut outputs = BTreeMap::new();
            if let Some(base) = &root.base {
                let key = format!("{MANIFEST_DIRECTORY}/{base}");
                let Some((bytes, _)) = target.read_object(&key).await? else {
                    if Manifest::is_current(target, &version).await? {
                        return Err(invalid_manifest("its base is missing"));
                    }
                    // Another process replaced root and base meanwhile.
                    continue;
                };
                outputs = serde_json::from_slice(&bytes).map_err(invalid_manifest)?;
            }
            let base_len = outputs.len();
            for (key, fingerprint) in &root.changes {
                match fingerprint {
                    Some(fingerprint) => outputs.insert(key.clone(), *fingerprint),
                    None => outputs.remove(key),
                };
            }
            return Ok(Manifest {
                root,
                stored: StoredRoot::Present(version),
                base_len,
                outputs,
            });
        }
    }

    /// Returns true if the stored root still has this version.
    async fn is_current(
        target: &ExportTarget,
        version: &UpdateVersion,
    ) -> Result<bool, ExportError> {
        let stored = target.read_object(&root_key()).await?;
        Ok(stored.is_some_and(|(_, stored)| stored == *version))
    }

    /// Returns true if the stored root is the one that was read or written last.
    pub(super) async fn is_up_to_date(&self, target: &ExportTarget) -> Result<bool, ExportError> {
        match &self.stored {
            StoredRoot::Missing => Ok(target.read_object(&root_key()).await?.is_none()),
            StoredRoot::Present(version) => Manifest::is_current(target, version).await,
        }
    }

    /// Returns true if a process that may still run, other than `own`, writes objects.
    pub(super) fn is_claimed_by_other(&self, own: &ProcessId) -> bool {
        let holder = self.root.claim.as_deref();
        holder.is_some_and(|holder| holder != own.as_str() && !process_id::has_ended(holder))
    }

    /// Returns true if a process began to write and did not finish.
    pub(super) fn has_claim(&self) -> bool {
        self.root.claim.is_some()
    }

    /// Returns true if the root was last written by `own`, or not at all.
    pub(super) fn is_written_by(&self, own: &ProcessId) -> bool {
        self.stored == StoredRoot::Missing || self.root.writer == own.as_str()
    }

    /// Returns keys of objects that are ours but whose content is unknown.
    pub(super) fn pending(&self) -> &BTreeSet<String> {
        &self.root.pending
    }

    /// Returns true if the outputs were decided by this configuration.
    pub(super) fn has_config(&self, hash: &str) -> bool {
        self.root.config_hash == hash
    }

    /// Records the configuration that decides the outputs.
    pub(super) fn record_config(&mut self, hash: &str) {
        hash.clone_into(&mut self.root.config_hash);
    }

    /// Records the process as the one that writes objects.
    pub(super) fn claim(&mut self, own: &ProcessId) {
        self.root.claim = Some(own.as_str().to_owned());
    }

    /// Marks objects as ours, with unknown content.
    pub(super) fn mark_pending(&mut self, keys: impl Iterator<Item = String>) {
        self.root.pending.extend(keys);
    }

    /// Records the content of an object; `None` if it was deleted.
    pub(super) fn record_object(&mut self, key: String, fingerprint: Option<Fingerprint>) {
        self.root.pending.remove(&key);
        match fingerprint {
            Some(fingerprint) => self.outputs.insert(key.clone(), fingerprint),
            None => self.outputs.remove(&key),
        };
        // Without a base, there is nothing to delete a key from.
        if self.root.base.is_none() && fingerprint.is_none() {
            self.root.changes.remove(&key);
        } else {
            self.root.changes.insert(key, fingerprint);
        }
    }

    /// Forgets an object that turned out to be foreign.
    pub(super) fn forget_pending(&mut self, key: &str) {
        self.root.pending.remove(key);
    }

    /// Ends the claim, and moves the changes to a new base if there are many.
    ///
    /// # Errors
    /// The store fails, or another process wrote the root meanwhile.
    pub(super) async fn finish(
        &mut self,
        target: &ExportTarget,
        own: &ProcessId,
    ) -> Result<(), ExportError> {
        let changes = self.root.changes.len();
        let is_large = changes > MAX_ROOT_CHANGES || changes * 4 > self.base_len;
        // The path of a withdrawn post must not stay in the base, which anybody may be able to read.
        let has_deletions = self.root.changes.values().any(Option::is_none);
        if !has_deletions && (changes <= MIN_BASE_CHANGES || !is_large) {
            self.root.claim = None;
            return self.write_root(target, own).await;
        }
        let bytes = serde_json::to_vec(&self.outputs).map_err(invalid_manifest)?;
        let name = format!("manifest-{}.json", hash::blake3_hex(&bytes));
        let key = format!("{MANIFEST_DIRECTORY}/{name}");
        let headers = ObjectHeaders::for_own_file();
        // Bases of processes that were killed before they wrote the root. After the claim, they may be those of the next
        // process.
        for stale in target.list_keys(MANIFEST_DIRECTORY).await? {
            let name = stale.rsplit('/').next().unwrap_or_default();
            if name.starts_with("manifest-") && self.root.base.as_deref() != Some(name) {
                target.delete_object(&stale).await?;
            }
        }
        let _ = target
            .write_object(&key, bytes.into(), Some(&headers), PutMode::Overwrite)
            .await?;
        self.root.claim = None;
        let former = self.root.base.replace(name);
        self.root.changes.clear();
        self.base_len = self.outputs.len();
        self.write_root(target, own).await?;
        match former.filter(|former| self.root.base.as_ref() != Some(former)) {
            Some(former) => {
                let former = format!("{MANIFEST_DIRECTORY}/{former}");
                target.delete_object(&former).await
            }
            None => Ok(()),
        }
    }

    /// Writes the root if nobody else did since it was read.
    ///
    /// # Errors
    /// The store fails, or another process wrote the root meanwhile.
    pub(super) async fn write_root(
        &mut self,
        target: &ExportTarget,
        own: &ProcessId,
    ) -> Result<(), ExportError> {
        self.root.version = FORMAT_VERSION;
        self.root.counter = self.root.counter.saturating_add(1);
        own.as_str().clone_into(&mut self.root.writer);
        let bytes = Bytes::from(serde_json::to_vec(&self.root).map_err(invalid_manifest)?);
        let mode = match (&self.stored, target.layout()) {
            // The lock on the directory excludes other writers.
            (_, Layout::Directory) => PutMode::Overwrite,
            (StoredRoot::Missing, Layout::Store) => PutMode::Create,
            (StoredRoot::Present(version), Layout::Store) => PutMode::Update(version.clone()),
        };
        let headers = ObjectHeaders::for_own_file();
        let written = target
            .write_object(&root_key(), bytes.clone(), Some(&headers), mode)
            .await?;
        let version = match written {
            Ok(version) => version,
            // A retry of a request whose answer was lost fails because of itself.
            Err(ConditionFailed) => match target.read_object(&root_key()).await? {
                Some((stored, version)) if stored == bytes => version,
                _ => {
                    return Err(ExportError::Superseded {
                        store: target.name().to_owned(),
                    });
                }
            },
        };
        self.stored = StoredRoot::Present(version);
        Ok(())
    }
}

fn root_key() -> String {
    format!("{MANIFEST_DIRECTORY}/manifest.json")
}

fn invalid_manifest(reason: impl fmt::Display) -> ExportError {
    ExportError::InvalidManifest {
        manifest: root_key(),
        reason: reason.to_string(),
    }
}

fn parse_root(bytes: &[u8]) -> Result<Root, ExportError> {
    #[derive(Deserialize)]
    struct Version {
        version: u64,
    }
    let Version { version } = serde_json::from_slice(bytes).map_err(invalid_manifest)?;
    if version > FORMAT_VERSION {
        return Err(ExportError::NewerManifest {
            manifest: root_key(),
        });
    }
    serde_json::from_slice(bytes).map_err(invalid_manifest)
}
