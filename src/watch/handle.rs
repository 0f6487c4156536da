//! Handles that stop a running watch, reload it, or query its state.

use std::sync::Arc;
use std::sync::mpsc::{Sender, SyncSender, sync_channel};
use std::time::Duration;

use super::event_source::WakeUp;
use crate::model::commit_dates::CommitDates;
use crate::publish::pipeline::ContentOverview;

/// Stops a watch; dropping it does the same.
#[derive(Debug)]
pub struct StopHandle(pub(super) Sender<WakeUp>);

/// Makes a watch read its configuration again and scan everything.
#[derive(Debug, Clone)]
pub struct ReloadHandle(Sender<WakeUp>);

impl StopHandle {
    /// Stops the watch after its current turn.
    pub fn request_stop(&self) {
        // The send fails only if the watch has already stopped.
        let _ = self.0.send(WakeUp::StopRequested);
    }

    /// Returns a handle that queries the watch.
    pub fn watch_handle(&self) -> WatchHandle {
        WatchHandle(self.0.clone())
    }

    /// Returns a handle that reloads the watch.
    pub fn reload_handle(&self) -> ReloadHandle {
        ReloadHandle(self.0.clone())
    }
}

/// Queries the state of a running watch.
#[derive(Debug, Clone)]
pub struct WatchHandle(Sender<WakeUp>);

impl WatchHandle {
    /// Scans everything, publishes withdrawals, and reports them before it returns. Blocks for at most `timeout`; false
    /// means that the content could not be read in time, or the watch has stopped.
    pub fn rescan(&self, timeout: Duration) -> bool {
        let (sender, answer) = sync_channel(1);
        let is_sent = self.0.send(WakeUp::RescanRequested(sender)).is_ok();
        is_sent && answer.recv_timeout(timeout).is_ok()
    }

    /// Replaces the dates of commits, and publishes what they change.
    pub fn replace_commit_dates(&self, dates: Arc<CommitDates>) {
        // The send fails only if the watch has stopped.
        let _ = self.0.send(WakeUp::CommitDatesChanged(dates));
    }

    /// Returns an overview as of the end of the current turn. Blocks for at most `timeout`; `None`
    /// means that the watch was too slow or has stopped.
    pub fn request_overview(&self, timeout: Duration) -> Option<ContentOverview> {
        let (sender, answer) = sync_channel(1);
        self.0.send(WakeUp::OverviewRequested(sender)).ok()?;
        answer.recv_timeout(timeout).ok()
    }
}

/// Answers requests to scan everything. A requester that timed out has dropped the receiver.
pub(super) fn answer_rescans(requests: &mut Vec<SyncSender<()>>) {
    for answer in requests.drain(..) {
        let _ = answer.try_send(());
    }
}

impl Drop for StopHandle {
    fn drop(&mut self) {
        self.request_stop();
    }
}

impl ReloadHandle {
    /// Requests a reload in the next turn.
    pub fn request_reload(&self) {
        // The send fails only if the watch has stopped.
        let _ = self.0.send(WakeUp::ReloadRequested);
    }
}
