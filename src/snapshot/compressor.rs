//! Snapshots into their codings, on a thread of their own: what is new is served uncoded until then.
//!
//! What there is at once is made of each; what is as small as can be takes a hundred times as long, and is
//! made while nothing newer comes.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
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
            let mut snapshots = snapshots;
            let mut next = snapshots.recv().ok();
            while let Some(snapshot) = next.take() {
                // Of several, only the last is served for long.
                let last = snapshots.try_iter().last().unwrap_or(snapshot);
                last.compress();
                next = refine(&last, &mut snapshots);
                if next.is_none() {
                    next = snapshots.recv().ok();
                }
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

/// Makes what is as small as can be, until something newer comes; that. The coders take megabytes, which the
/// allocator keeps for the thread that asked for them: so it is one that ends. Should a coder break down, that
/// thread does.
fn refine(snapshot: &Snapshot, snapshots: &mut Receiver<Arc<Snapshot>>) -> Option<Arc<Snapshot>> {
    let mut next = None;
    let newer = &mut next;
    std::thread::scope(|scope| {
        let refining = Builder::new().name("refine".to_owned());
        let refining = refining.spawn_scoped(scope, move || {
            Priority::Compressing.take();
            let mut is_over = false;
            snapshot.refine(&mut || {
                match snapshots.try_recv() {
                    Ok(snapshot) => *newer = Some(snapshot),
                    Err(TryRecvError::Disconnected) => is_over = true,
                    Err(TryRecvError::Empty) => {}
                }
                newer.is_some() || is_over
            });
        });
        if refining
            .map(|refining| refining.join().is_err())
            .unwrap_or(true)
        {
            tracing::error!("what is served could not be made as small as can be");
        }
    });
    next
}
