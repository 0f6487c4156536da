//! Receives file events on systems other than Linux, through the `notify` crate.
//!
//! The only file that names the `notify` crate.

use std::path::Path;

use notify::event::{AccessKind, AccessMode, CreateKind, Event, EventKind, ModifyKind, RenameMode};
use notify::{ErrorKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::event_source::{EventSender, EventSource, EventsUnavailable, FsEvent, WatchError};
use super::fs_event::FsEventKind;

/// The system's file events, through `notify`.
struct NotifySource(RecommendedWatcher);

/// Opens the system's file events.
///
/// # Errors
/// The system provides none.
pub(super) fn open_source(sender: EventSender) -> Result<Box<dyn EventSource>, EventsUnavailable> {
    let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| match event {
        Ok(event) => translate_event(event, |event| sender.send_event(event)),
        Err(error) => match classify_error(error) {
            WatchError::EventsUnavailable(why) => sender.send_unavailable(why),
            WatchError::DirectoryUnavailable => sender.send_event(FsEvent::RescanNeeded),
        },
    });
    match watcher {
        Ok(watcher) => Ok(Box::new(NotifySource(watcher))),
        Err(error) => Err(match classify_error(error) {
            WatchError::EventsUnavailable(why) => why,
            WatchError::DirectoryUnavailable => {
                EventsUnavailable::from_reason("the system provides no file events")
            }
        }),
    }
}

impl EventSource for NotifySource {
    fn watch_directory(&mut self, dir: &Path) -> Result<(), WatchError> {
        // `WatchedRoots` adds subdirectories itself: it knows which ones matter, resolves links, and
        // scans what was written before the events started.
        let watched = self.0.watch(dir, RecursiveMode::NonRecursive);
        watched.map_err(classify_error)
    }

    fn unwatch_directory(&mut self, dir: &Path) {
        // The system has already dropped the watch of a deleted directory.
        let _ = self.0.unwatch(dir);
    }
}

/// Translates a `notify` event and passes the results to `send`.
fn translate_event(event: Event, mut send: impl FnMut(FsEvent)) {
    if event.need_rescan() || event.paths.is_empty() {
        return send(FsEvent::RescanNeeded);
    }
    let kind = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => FsEventKind::Written,
        // Our own reads cause events too.
        EventKind::Access(_) => return,
        EventKind::Create(CreateKind::Folder) => FsEventKind::Arrived,
        EventKind::Remove(_) => FsEventKind::Removed,
        EventKind::Modify(ModifyKind::Name(RenameMode::From)) => FsEventKind::Removed,
        EventKind::Modify(ModifyKind::Name(RenameMode::To)) => FsEventKind::Arrived,
        // Both names were already reported one by one.
        EventKind::Modify(ModifyKind::Name(RenameMode::Both)) if event.tracker().is_some() => {
            return;
        }
        EventKind::Modify(ModifyKind::Name(_)) => FsEventKind::Arrived,
        EventKind::Modify(ModifyKind::Metadata(_)) => FsEventKind::MetadataChanged,
        EventKind::Create(_) | EventKind::Modify(_) | EventKind::Any | EventKind::Other => {
            FsEventKind::Writing
        }
    };
    let is_new = matches!(event.kind, EventKind::Create(_));
    for path in event.paths {
        let kind = match kind {
            // Some systems report a rename without saying which name is left.
            FsEventKind::Arrived if std::fs::symlink_metadata(&path).is_err() => {
                FsEventKind::Removed
            }
            FsEventKind::Writing if is_new => FsEventKind::from_new_file(&path),
            other => other,
        };
        send(FsEvent::Changed(path, kind));
    }
}

/// Classifies a `notify` error: one directory, or all events.
fn classify_error(error: notify::Error) -> WatchError {
    let reason = error.to_string();
    match error.kind {
        ErrorKind::PathNotFound | ErrorKind::WatchNotFound => WatchError::DirectoryUnavailable,
        ErrorKind::MaxFilesWatch => {
            WatchError::EventsUnavailable(EventsUnavailable::watch_limit_reached())
        }
        ErrorKind::Io(error) => error.into(),
        _ => WatchError::EventsUnavailable(EventsUnavailable::from_reason(&reason)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::event::{DataChange, Flag, RemoveKind};

    fn translated(events: Vec<Event>) -> Vec<FsEvent> {
        let mut told = Vec::new();
        for event in events {
            translate_event(event, |event| told.push(event));
        }
        told
    }

    fn event(kind: EventKind, path: &str) -> Event {
        Event::new(kind).add_path(path.into())
    }

    #[test]
    fn overflow_and_pathless_events_request_a_rescan() {
        let overflow = event(EventKind::Other, "/a").set_flag(Flag::Rescan);
        let bare = Event::new(EventKind::Any);
        assert_eq!(
            translated(vec![overflow, bare]),
            [FsEvent::RescanNeeded, FsEvent::RescanNeeded]
        );
    }

    #[test]
    fn in_place_save_completes_on_close_and_reads_are_ignored() {
        let to = |kind| FsEvent::Changed("/none/a.md".into(), kind);
        let events = [
            EventKind::Create(CreateKind::File),
            EventKind::Access(AccessKind::Open(AccessMode::Any)),
            EventKind::Modify(ModifyKind::Data(DataChange::Any)),
            EventKind::Access(AccessKind::Close(AccessMode::Write)),
            EventKind::Access(AccessKind::Close(AccessMode::Read)),
            EventKind::Remove(RemoveKind::File),
        ];
        assert_eq!(
            translated(events.map(|kind| event(kind, "/none/a.md")).into()),
            [
                to(FsEventKind::Writing),
                to(FsEventKind::Writing),
                to(FsEventKind::Written),
                to(FsEventKind::Removed)
            ]
        );
    }

    #[test]
    fn rename_reports_both_names() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("a.md"), dir.path().join("b.md"));
        std::fs::write(&to, "").unwrap();
        let name = |mode| EventKind::Modify(ModifyKind::Name(mode));
        let events = vec![
            Event::new(name(RenameMode::From))
                .add_path(from.clone())
                .set_tracker(7),
            Event::new(name(RenameMode::To))
                .add_path(to.clone())
                .set_tracker(7),
            Event::new(name(RenameMode::Both))
                .add_path(from.clone())
                .add_path(to.clone())
                .set_tracker(7),
        ];
        assert_eq!(
            translated(events),
            [
                FsEvent::Changed(from, FsEventKind::Removed),
                FsEvent::Changed(to, FsEventKind::Arrived)
            ]
        );
    }

    #[test]
    fn limits_disable_all_events_and_a_missing_directory_does_not() {
        let io =
            |number| classify_error(notify::Error::io(std::io::Error::from_raw_os_error(number)));
        assert_eq!(io(2), WatchError::DirectoryUnavailable);
        assert_eq!(io(13), WatchError::DirectoryUnavailable);
        assert!(
            matches!(io(24), WatchError::EventsUnavailable(why) if why.hint.contains("max_user_instances"))
        );
        assert!(matches!(io(38), WatchError::EventsUnavailable(_)), "ENOSYS");
        let limit = classify_error(notify::Error::new(ErrorKind::MaxFilesWatch));
        assert!(
            matches!(limit, WatchError::EventsUnavailable(why) if why.hint.contains("max_user_watches"))
        );
    }
}
