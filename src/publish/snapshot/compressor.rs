//! Compresses snapshots on a background thread. New content is served without coding until then.
//!
//! Every snapshot gets the fast encodings. The smallest encodings take a hundred times as long, and a newer snapshot
//! interrupts them.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::Builder;

use super::Snapshot;
use crate::thread_priority::ThreadPriority;

/// Background thread that compresses one snapshot after the other. It ends when this is dropped.
#[derive(Debug)]
pub struct Compressor(Sender<Arc<Snapshot>>);

impl Compressor {
    /// Starts the thread.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn new() -> io::Result<Compressor> {
        let (sender, snapshots) = channel::<Arc<Snapshot>>();
        Builder::new().name("compress".to_owned()).spawn(move || {
            ThreadPriority::Compressing.apply_to_current_thread();
            let mut snapshots = snapshots;
            let mut next = snapshots.recv().ok();
            while let Some(snapshot) = next.take() {
                // Of several waiting snapshots, only the last is still served.
                let last = snapshots.try_iter().last().unwrap_or(snapshot);
                last.compress_fast();
                next = compress_until_newer(&last, &mut snapshots);
                if next.is_none() {
                    next = snapshots.recv().ok();
                }
            }
        })?;
        Ok(Compressor(sender))
    }

    /// Queues a snapshot, whose missing encodings are then made.
    pub fn enqueue_snapshot(&self, snapshot: Arc<Snapshot>) {
        // The thread lives as long as the sender.
        let _ = self.0.send(snapshot);
    }
}

/// Makes the smallest encodings until a newer snapshot arrives, and returns that. Runs on a thread of its own, because
/// the allocator keeps the encoders' megabytes until the thread ends. A panic of an encoder ends only that thread.
fn compress_until_newer(
    snapshot: &Snapshot,
    snapshots: &mut Receiver<Arc<Snapshot>>,
) -> Option<Arc<Snapshot>> {
    let mut next = None;
    let newer = &mut next;
    std::thread::scope(|scope| {
        let refining = Builder::new().name("refine".to_owned());
        let refining = refining.spawn_scoped(scope, move || {
            ThreadPriority::Compressing.apply_to_current_thread();
            let mut is_disconnected = false;
            snapshot.compress_best(&mut || {
                match snapshots.try_recv() {
                    Ok(snapshot) => *newer = Some(snapshot),
                    Err(TryRecvError::Disconnected) => is_disconnected = true,
                    Err(TryRecvError::Empty) => {}
                }
                newer.is_some() || is_disconnected
            });
        });
        if refining
            .map(|refining| refining.join().is_err())
            .unwrap_or(true)
        {
            tracing::error!("compression at the best level failed");
        }
    });
    next
}
