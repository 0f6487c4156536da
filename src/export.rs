//! Writes every output to a directory or an object store, so that other servers can serve the site.
//!
//! Both are an `object_store::ObjectStore`. A manifest in the store lists what was written, with fingerprints: an
//! unchanged output is neither rendered nor written, and objects that the manifest does not list are never touched.

mod cache_purge;
mod export_error;
mod export_lock;
mod export_report;
mod export_status;
mod export_target;
mod export_worker;
mod exporter;
mod foreign_objects;
mod hosting_files;
mod manifest;
mod object_keys;
mod object_writer;
mod output_set;
mod output_stage;
mod process_id;
mod touched_keys;
mod write_plan;

pub use cache_purge::{CachePurger, PurgeError, ReadVariable};
pub use export_error::{ExportError, StoreErrorKind};
pub use export_report::ExportReport;
pub use export_status::{ExportFigures, ExportStatus};
pub use export_target::ExportTarget;
pub use export_worker::{ExportHooks, ExportStopHandle, ExportWorker, OnExported, Rescan};
pub use exporter::Exporter;
pub use output_set::{Layout, OutputSet};
