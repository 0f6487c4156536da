//! Snapshots into their codings, on a thread of their own: what is new is served uncoded until then.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::Builder;

use super::Snapshot;
use crate::priority::Priority;

/// Compresses, one snapshot after the other. It ends when it is dropped.
#[derive(Debug)]
pub struct Compressor(Sender<Arc<Snapshot>>);

impl Compressor {
    /// Makes the thread.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn new() -> io::Result<Compressor> {
        let (sender, snapshots) = channel::<Arc<Snapshot>>();
        Builder::new().name("compress".to_owned()).spawn(move || {
            Priority::Compressing.take();
            while let Ok(next) = snapshots.recv() {
                // Of several, only the last is served for long.
                let last = snapshots.try_iter().last().unwrap_or(next);
                last.compress();
            }
        })?;
        Ok(Compressor(sender))
    }

    /// Compresses what is not yet.
    pub fn take(&self, snapshot: Arc<Snapshot>) {
        // It lives as long as this does.
        let _ = self.0.send(snapshot);
    }
}
