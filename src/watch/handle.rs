//! What others hold of a watch: they stop it, or let it read its configuration again.

use std::sync::mpsc::Sender;

use super::source::Wake;

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

    /// What reloads the watch.
    pub fn reloader(&self) -> Reloader {
        Reloader(self.0.clone())
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
