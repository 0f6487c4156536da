//! Streams status changes as server-sent events (WHATWG HTML §9.2).
//!
//! An open admin page reloads its parts on each event, so it shows an edit as soon as it is served.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio::time::timeout;

use super::watch_status::WatchStatus;

/// Interval of keep-alive comments. They reveal closed connections, and keep proxies from closing
/// idle ones.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(15);
/// Delay before a browser reconnects, in milliseconds.
const RECONNECT_DELAY_MILLIS: u32 = 1_000;

/// Starts a task that sends the current status, then each change, until the receiver is dropped.
/// The permit is released at the end.
pub(super) fn stream_status(
    mut updates: watch::Receiver<WatchStatus>,
    permit: OwnedSemaphorePermit,
) -> mpsc::Receiver<Bytes> {
    let (sender, chunks) = mpsc::channel(4);
    tokio::spawn(async move {
        let _permit = permit;
        let first = format!(
            "retry: {RECONNECT_DELAY_MILLIS}\n\n{}",
            format_status_event(&updates.borrow_and_update())
        );
        if sender.send(first.into()).await.is_err() {
            return;
        }
        loop {
            let changed = tokio::select! {
                changed = timeout(KEEP_ALIVE_INTERVAL, updates.changed()) => changed,
                () = sender.closed() => return,
            };
            let chunk = match changed {
                Ok(Ok(())) => format_status_event(&updates.borrow_and_update()),
                Ok(Err(_)) => return,
                Err(_) => ": keep-alive\n\n".to_owned(),
            };
            if sender.send(chunk.into()).await.is_err() {
                return;
            }
        }
    });
    chunks
}

/// Formats a status as one event, with its version as the id.
fn format_status_event(status: &WatchStatus) -> String {
    let data = serde_json::json!({
        "version": status.version,
        "generation": status.content.generation,
    });
    format!("event: news\nid: {}\ndata: {data}\n\n", status.version)
}
