//! What others hold of a watch: they stop it, or let it read its configuration again.

use std::sync::mpsc::{Sender, sync_channel};
use std::time::Duration;

use super::source::Wake;
use crate::pipeline::Overview;

/// Stops a watch; dropping it does the same.
#[derive(Debug)]
pub struct Stop(pub(super) Sender<Wake>);

/// Lets a watch read its configuration again, and look at everything.
#[derive(Debug, Clone)]
pub struct Reloader(Sender<Wake>);

impl Stop {
    /// Lets the watch finish the turn it is in, and no more.
    pub fn stop(&self) {
        // A watch that is gone is stopped.
        let _ = self.0.send(Wake::Stop);
    }

    /// What asks the watch.
    pub fn asker(&self) -> Asker {
        Asker(self.0.clone())
    }

    /// What reloads the watch.
    pub fn reloader(&self) -> Reloader {
        Reloader(self.0.clone())
    }
}

/// Asks a watch what is known.
#[derive(Debug, Clone)]
pub struct Asker(Sender<Wake>);

impl Asker {
    /// All that is known after the turn that the watch is in; `None` where it has none by then, or is gone.
    /// It blocks until then.
    pub fn ask(&self, patience: Duration) -> Option<Overview> {
        let (sender, answer) = sync_channel(1);
        self.0.send(Wake::Ask(sender)).ok()?;
        answer.recv_timeout(patience).ok()
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Reloader {
    /// Lets the watch do so in its next turn.
    pub fn reload(&self) {
        // A watch that is gone reloads no more.
        let _ = self.0.send(Wake::Reload);
    }
}
