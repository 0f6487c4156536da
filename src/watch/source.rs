//! What a source of events is, and what it says.
//!
//! The system is one, in `events`; a test is another, which can say what no test can make a system
//! say.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};

use super::filter::Filter;
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

impl NoEvents {
    /// Says that the system gives none.
    pub(super) fn because(reason: &str) -> NoEvents {
        NoEvents {
            reason: reason.to_lowercase(),
            hint: "set `watch.mode = \"poll\"` where the file system has no events",
        }
    }

    /// Says that the system's limit of watches is reached.
    pub(super) fn too_many_watches() -> NoEvents {
        NoEvents {
            reason: "the system's limit of watched directories is reached".to_owned(),
            hint: "raise it with `sysctl fs.inotify.max_user_watches=1048576`, or set `watch.mode = \"poll\"`",
        }
    }
}

impl From<io::Error> for NoEvents {
    fn from(error: io::Error) -> NoEvents {
        let why = NoEvents::because(&error.to_string());
        // The numbers are those of Linux.
        match error.raw_os_error() {
            // ENOSPC.
            Some(28) => NoEvents::too_many_watches(),
            // EMFILE, ENFILE.
            Some(23 | 24) => NoEvents {
                hint: "raise `sysctl fs.inotify.max_user_instances` and the limit of open files (`ulimit -n`), or set `watch.mode = \"poll\"`",
                ..why
            },
            _ => why,
        }
    }
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Refused {
        match error.raw_os_error() {
            // EPERM, ENOENT, EACCES, ENOTDIR, ELOOP.
            Some(1 | 2 | 13 | 20 | 40) => Refused::Here,
            _ => Refused::Everywhere(error.into()),
        }
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// To one file or directory.
    To(PathBuf, Kind),
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
    /// It came from elsewhere, whole, or it is a new directory.
    Arrived,
    /// It is gone.
    Gone,
    /// Its times, owner or permissions are others.
    Touched,
}

impl Kind {
    /// What is said of a file that is new under its name: one that has another name is whole, and is never closed.
    pub(super) fn of_new(path: &Path) -> Kind {
        let is_link = std::fs::symlink_metadata(path).is_ok_and(|metadata| {
            #[cfg(unix)]
            if metadata.is_file() && std::os::unix::fs::MetadataExt::nlink(&metadata) > 1 {
                return true;
            }
            metadata.is_symlink()
        });
        if is_link {
            Kind::Arrived
        } else {
            Kind::Writing
        }
    }
}

/// What wakes the watch.
#[derive(Debug)]
pub(super) enum Wake {
    /// This happened to what is watched, or on the way to it.
    Happened(Vec<Happening>),
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
    pub(super) filter: Arc<Mutex<Filter>>,
}

impl Teller {
    /// Tells of something that happened. What cannot matter wakes nobody.
    pub fn tell(&self, happening: Happening) {
        self.tell_at_once(vec![happening]);
    }

    /// Tells of what is to be looked at together, such as the two names of a file that was renamed.
    pub(super) fn tell_at_once(&self, mut happenings: Vec<Happening>) {
        let filter = self.filter.lock().unwrap_or_else(PoisonError::into_inner);
        happenings.retain(|happening| match happening {
            Happening::Anything => true,
            Happening::To(path, kind) => !filter.news(path, *kind).is_empty(),
        });
        drop(filter);
        if !happenings.is_empty() {
            // A watch that has stopped wants no more wakes.
            let _ = self.wakes.send(Wake::Happened(happenings));
        }
    }

    /// Tells that nothing more will be told.
    pub fn lost(&self, why: NoEvents) {
        let _ = self.wakes.send(Wake::Lost(why));
    }
}
