//! Defines a source of file events and the events it sends.
//!
//! The operating system is one source. A test may be another, to send events that no test can make
//! the system send.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};

use super::event_filter::EventFilter;
use super::fs_event::FsEventKind;
use crate::model::commit_dates::CommitDates;
use crate::publish::pipeline::ContentOverview;

/// Source of file events. Watches single directories, not their subdirectories.
pub trait EventSource: Send {
    /// Starts to watch a directory. A directory that is already watched is watched again.
    ///
    /// # Errors
    /// This directory cannot be watched, or none can.
    fn watch_directory(&mut self, dir: &Path) -> Result<(), WatchError>;

    /// Stops watching a directory.
    fn unwatch_directory(&mut self, dir: &Path);
}

/// Function that opens an event source, which sends to the given sender.
pub type OpenEventSource =
    Box<dyn FnMut(EventSender) -> Result<Box<dyn EventSource>, EventsUnavailable> + Send>;

/// Error of watching a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchError {
    /// The directory is missing or unreadable. Other directories are not affected.
    DirectoryUnavailable,
    /// The system provides no more file events.
    EventsUnavailable(EventsUnavailable),
}

/// Reason why file events are unavailable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventsUnavailable {
    /// Reason, in lower case.
    pub reason: String,
    /// Suggested fix.
    pub hint: &'static str,
}

impl fmt::Display for EventsUnavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl EventsUnavailable {
    /// Builds the error from a reason of the system.
    pub(super) fn from_reason(reason: &str) -> EventsUnavailable {
        EventsUnavailable {
            reason: reason.to_lowercase(),
            hint: "set `watch.mode = \"poll\"` if the file system provides no events",
        }
    }

    /// Builds the error for the limit on watched directories.
    pub(super) fn watch_limit_reached() -> EventsUnavailable {
        EventsUnavailable {
            reason: "the system's limit on watched directories is reached".to_owned(),
            hint: "raise it with `sysctl fs.inotify.max_user_watches=1048576`, or set `watch.mode = \"poll\"`",
        }
    }
}

impl From<io::Error> for EventsUnavailable {
    fn from(error: io::Error) -> EventsUnavailable {
        let why = EventsUnavailable::from_reason(&error.to_string());
        // Error numbers of Linux.
        match error.raw_os_error() {
            // ENOSPC.
            Some(28) => EventsUnavailable::watch_limit_reached(),
            // EMFILE, ENFILE.
            Some(23 | 24) => EventsUnavailable {
                hint: "raise `sysctl fs.inotify.max_user_instances` and the limit on open files (`ulimit -n`), or set `watch.mode = \"poll\"`",
                ..why
            },
            _ => why,
        }
    }
}

impl From<io::Error> for WatchError {
    fn from(error: io::Error) -> WatchError {
        match error.raw_os_error() {
            // EPERM, ENOENT, EACCES, ENOTDIR, ELOOP.
            Some(1 | 2 | 13 | 20 | 40) => WatchError::DirectoryUnavailable,
            _ => WatchError::EventsUnavailable(error.into()),
        }
    }
}

/// File event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FsEvent {
    /// One file or directory changed.
    Changed(PathBuf, FsEventKind),
    /// Events were lost: anything may have changed.
    RescanNeeded,
}

/// Message that wakes the watch.
#[derive(Debug)]
pub(super) enum WakeUp {
    /// Events of watched paths, or of links that lead to them.
    Events(Vec<FsEvent>),
    /// No more events will arrive.
    EventsLost(EventsUnavailable),
    /// Read the configuration again and scan everything.
    ReloadRequested,
    /// Send an overview.
    OverviewRequested(SyncSender<ContentOverview>),
    /// Scan everything, and send a message when it is published.
    RescanRequested(SyncSender<()>),
    /// Use these dates of commits.
    CommitDatesChanged(Arc<CommitDates>),
    /// Stop watching.
    StopRequested,
}

/// Sends events from a source to the watch, filtered by relevance.
#[derive(Debug, Clone)]
pub struct EventSender {
    pub(super) wake_ups: Sender<WakeUp>,
    pub(super) filter: Arc<Mutex<EventFilter>>,
}

impl EventSender {
    /// Sends one event. An irrelevant event does not wake the watch.
    pub fn send_event(&self, event: FsEvent) {
        self.send_batch(vec![event]);
    }

    /// Sends events that belong together, such as the two names of a renamed file.
    pub(super) fn send_batch(&self, mut events: Vec<FsEvent>) {
        let filter = self.filter.lock().unwrap_or_else(PoisonError::into_inner);
        events.retain(|event| match event {
            FsEvent::RescanNeeded => true,
            FsEvent::Changed(path, kind) => !filter.changes_for_event(path, *kind).is_empty(),
        });
        drop(filter);
        if !events.is_empty() {
            // The send fails only if the watch has stopped.
            let _ = self.wake_ups.send(WakeUp::Events(events));
        }
    }

    /// Reports that no more events will follow.
    pub fn send_unavailable(&self, why: EventsUnavailable) {
        let _ = self.wake_ups.send(WakeUp::EventsLost(why));
    }
}
