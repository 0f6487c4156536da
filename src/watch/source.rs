//! What a source of events is, and what it says.
//!
//! The system is one, in `events`; a test is another, which can say what no test can make a system
//! say.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};

use super::table::Table;
use crate::pipeline::Overview;

/// Tells of what happens in directories, not below them.
pub trait Source: Send {
    /// Begins to tell of a directory. One that is told of already is told of anew.
    ///
    /// # Errors
    /// It cannot be told of, and perhaps no other one can.
    fn watch(&mut self, dir: &Path) -> Result<(), Refused>;

    /// Ends telling of a directory.
    fn unwatch(&mut self, dir: &Path);
}

/// Makes a source that tells what it sees.
pub type MakeSource = Box<dyn FnMut(Teller) -> Result<Box<dyn Source>, NoEvents> + Send>;

/// Why a directory is not told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// It is gone, or may not be read.
    Here,
    /// The system has no more events to give.
    Everywhere(NoEvents),
}

/// Why no events can be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoEvents {
    /// What is wrong.
    pub reason: String,
    /// What to do about it.
    pub hint: &'static str,
}

impl fmt::Display for NoEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// To one file or directory.
    To(PathBuf, Kind),
    /// A file or directory has another name.
    Renamed {
        /// Its name before.
        from: PathBuf,
        /// Its name now.
        to: PathBuf,
    },
    /// Events were lost: anything may have happened.
    Anything,
}

/// What happened to a file or directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file is made or written, and open.
    Writing,
    /// A file that was written is closed.
    Written,
    /// It came from elsewhere, whole.
    Arrived,
    /// A directory is made.
    Folder,
    /// It is gone.
    Gone,
    /// Its times, owner or permissions are others.
    Touched,
}

/// What wakes the watch.
#[derive(Debug)]
pub(super) enum Wake {
    /// Something happened to what is watched, or on the way to it.
    Happened(Happening),
    /// There are no more events.
    Lost(NoEvents),
    /// Read the configuration again, and look at everything.
    Reload,
    /// Tell all that is known.
    Ask(SyncSender<Overview>),
    /// Stop.
    Stop,
}

/// Takes in what a source tells.
#[derive(Debug, Clone)]
pub struct Teller {
    pub(super) wakes: Sender<Wake>,
    pub(super) table: Arc<Mutex<Table>>,
}

impl Teller {
    /// Tells of something that happened. What cannot matter wakes nobody.
    pub fn tell(&self, happening: Happening) {
        let matters = {
            let table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
            match &happening {
                Happening::Anything => true,
                Happening::To(path, kind) => table.wants(path, *kind),
                Happening::Renamed { from, to } => {
                    table.wants(from, Kind::Gone) || table.wants(to, Kind::Arrived)
                }
            }
        };
        if matters {
            // A watch that has stopped wants no more wakes.
            let _ = self.wakes.send(Wake::Happened(happening));
        }
    }

    /// Tells that nothing more will be told.
    pub fn lost(&self, why: NoEvents) {
        let _ = self.wakes.send(Wake::Lost(why));
    }
}
