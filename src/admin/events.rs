//! What the watch reports into server-sent events (WHATWG HTML §9.2), so that a page that is open shows an
//! edit as it is served.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio::time::timeout;

use super::told::Now;

/// A line that says nothing, so that who has gone is noticed, and no proxy takes us for gone.
const PULSE: Duration = Duration::from_secs(15);
/// How soon a browser asks again when the connection is lost, in milliseconds.
const RETRY: u32 = 1_000;

/// Tells of what there is now, and then of everything that comes, until nobody listens. That is when the right
/// to listen is given back.
pub(super) fn stream(
    mut news: watch::Receiver<Now>,
    right: OwnedSemaphorePermit,
) -> mpsc::Receiver<Bytes> {
    let (sender, pieces) = mpsc::channel(4);
    tokio::spawn(async move {
        let _right = right;
        let first = format!("retry: {RETRY}\n\n{}", event(&news.borrow_and_update()));
        if sender.send(first.into()).await.is_err() {
            return;
        }
        loop {
            let changed = tokio::select! {
                changed = timeout(PULSE, news.changed()) => changed,
                () = sender.closed() => return,
            };
            let piece = match changed {
                Ok(Ok(())) => event(&news.borrow_and_update()),
                Ok(Err(_)) => return,
                Err(_) => ": here\n\n".to_owned(),
            };
            if sender.send(piece.into()).await.is_err() {
                return;
            }
        }
    });
    pieces
}

fn event(now: &Now) -> String {
    let data = serde_json::json!({
        "version": now.version,
        "generation": now.status.generation,
    });
    format!("event: news\nid: {}\ndata: {data}\n\n", now.version)
}
