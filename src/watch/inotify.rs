//! Receives file events on Linux, through inotify.
//!
//! Uses inotify directly because reads must not cause events. The first scan reads every post; events
//! for these reads would wake the thread each time and overflow the kernel's queue.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::fs::inotify::{
    self, CreateFlags, Event, ReadFlags, Reader, WatchFlags, add_watch, remove_watch,
};
use rustix::io::Errno;

use super::event_source::{EventSender, EventSource, EventsUnavailable, FsEvent, WatchError};
use super::fs_event::FsEventKind;

/// Size of the read buffer: room for a few hundred events.
const EVENT_BUFFER_BYTES: usize = 16 * 1024;

/// Directories by inotify watch descriptor.
type DirsByDescriptor = HashMap<i32, PathBuf>;

/// An inotify instance. Dropping it ends the thread that reads its events.
struct InotifySource {
    events: Arc<OwnedFd>,
    dirs: Arc<Mutex<DirsByDescriptor>>,
    descriptors: HashMap<PathBuf, i32>,
    shutdown: Arc<OwnedFd>,
}

/// Opens an inotify instance and starts the thread that reads it.
///
/// # Errors
/// The system provides no more instances, or the thread cannot be started.
pub(super) fn open_source(sender: EventSender) -> Result<Box<dyn EventSource>, EventsUnavailable> {
    let flags = CreateFlags::CLOEXEC | CreateFlags::NONBLOCK;
    let source = InotifySource {
        events: Arc::new(inotify::init(flags).map_err(unavailable_from_errno)?),
        dirs: Arc::default(),
        descriptors: HashMap::new(),
        shutdown: Arc::new(eventfd(0, EventfdFlags::CLOEXEC).map_err(unavailable_from_errno)?),
    };
    let (events, dirs, shutdown) = (
        Arc::clone(&source.events),
        Arc::clone(&source.dirs),
        Arc::clone(&source.shutdown),
    );
    Builder::new()
        .name("events".to_owned())
        .spawn(move || {
            if let Err(error) = forward_events(&events, &dirs, &shutdown, &sender) {
                sender.send_unavailable(unavailable_from_errno(error));
            }
        })
        .map_err(EventsUnavailable::from)?;
    Ok(Box::new(source))
}

impl EventSource for InotifySource {
    fn watch_directory(&mut self, dir: &Path) -> Result<(), WatchError> {
        let watch_flags = WatchFlags::ATTRIB
            | WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::DELETE_SELF
            | WatchFlags::MODIFY
            | WatchFlags::CLOSE_WRITE
            | WatchFlags::MOVED_FROM
            | WatchFlags::MOVED_TO
            | WatchFlags::MOVE_SELF
            | WatchFlags::ONLYDIR;
        // Locked until the descriptor is recorded, so that its first event finds the directory.
        let mut dirs = lock_ignoring_poison(&self.dirs);
        let descriptor = add_watch(&self.events, dir, watch_flags).map_err(io::Error::from)?;
        dirs.insert(descriptor, dir.to_owned());
        self.descriptors.insert(dir.to_owned(), descriptor);
        Ok(())
    }

    fn unwatch_directory(&mut self, dir: &Path) {
        let mut dirs = lock_ignoring_poison(&self.dirs);
        let descriptor = self.descriptors.remove(dir);
        // A renamed directory is watched under its new name, with the same descriptor.
        let watched_descriptor =
            descriptor.filter(|number| dirs.get(number).is_some_and(|watched| watched == dir));
        if let Some(number) = watched_descriptor {
            // The kernel has already dropped the watch of a deleted directory.
            let _ = remove_watch(&self.events, number);
            dirs.remove(&number);
        }
    }
}

impl Drop for InotifySource {
    fn drop(&mut self) {
        let _ = rustix::io::write(&self.shutdown, &1_u64.to_ne_bytes());
    }
}

fn lock_ignoring_poison<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sends events until `shutdown` is signalled.
fn forward_events(
    events: &OwnedFd,
    dirs: &Mutex<DirsByDescriptor>,
    shutdown: &OwnedFd,
    sender: &EventSender,
) -> Result<(), Errno> {
    let mut buffer = [MaybeUninit::uninit(); EVENT_BUFFER_BYTES];
    let mut reader = Reader::new(events, &mut buffer);
    let mut batch = Vec::new();
    loop {
        match reader.next() {
            Ok(event) => {
                let is_rename_source = event.events().contains(ReadFlags::MOVED_FROM);
                batch.extend(translate_event(&event, dirs));
                if !is_rename_source || reader.is_buffer_empty() {
                    sender.send_batch(std::mem::take(&mut batch));
                }
            }
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                let mut sources = [
                    PollFd::new(events, PollFlags::IN),
                    PollFd::new(shutdown, PollFlags::IN),
                ];
                match poll(&mut sources, None) {
                    Ok(_) | Err(Errno::INTR) => {}
                    Err(error) => return Err(error),
                }
                let [_, shutdown_source] = sources;
                if !shutdown_source.revents().is_empty() {
                    return Ok(());
                }
            }
            Err(error) => return Err(error),
        }
    }
}

/// Translates an inotify event. `None` means that it concerns no watched directory.
fn translate_event(event: &Event<'_>, dirs: &Mutex<DirsByDescriptor>) -> Option<FsEvent> {
    let flags = event.events();
    if flags.intersects(ReadFlags::QUEUE_OVERFLOW | ReadFlags::UNMOUNT) {
        return Some(FsEvent::RescanNeeded);
    }
    let mut dirs = lock_ignoring_poison(dirs);
    if flags.contains(ReadFlags::IGNORED) {
        dirs.remove(&event.wd());
        return None;
    }
    let dir = dirs.get(&event.wd())?;
    let path = match event.file_name() {
        Some(name) => dir.join(OsStr::from_bytes(name.to_bytes())),
        None => dir.clone(),
    };
    if flags.contains(ReadFlags::MOVE_SELF) && path.exists() {
        // Already reported under its new name.
        return None;
    }
    let is_dir = flags.contains(ReadFlags::ISDIR);
    let is_new = flags.contains(ReadFlags::CREATE);
    let removal_flags =
        ReadFlags::DELETE | ReadFlags::DELETE_SELF | ReadFlags::MOVED_FROM | ReadFlags::MOVE_SELF;
    let kind = if flags.intersects(removal_flags) {
        FsEventKind::Removed
    } else if flags.contains(ReadFlags::MOVED_TO) || is_new && is_dir {
        FsEventKind::Arrived
    } else if flags.contains(ReadFlags::CLOSE_WRITE) {
        FsEventKind::Written
    } else if flags.contains(ReadFlags::ATTRIB) {
        FsEventKind::MetadataChanged
    } else if is_new {
        FsEventKind::from_new_file(&path)
    } else {
        FsEventKind::Writing
    };
    Some(FsEvent::Changed(path, kind))
}

fn unavailable_from_errno(error: Errno) -> EventsUnavailable {
    EventsUnavailable::from(io::Error::from(error))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Duration;

    use super::*;
    use crate::watch::change_source;
    use crate::watch::event_filter::{RootRole, WatchRoot};
    use crate::watch::event_source::WakeUp;
    use crate::watch::resolved_path::ResolvedPath;

    /// Returns a sender that passes every event of a directory.
    fn sender_for_dir(wakes: Sender<WakeUp>, dir: &Path) -> EventSender {
        let sender = change_source::new_event_sender(wakes);
        lock_ignoring_poison(&sender.filter).roots.push(WatchRoot {
            path: dir.to_owned(),
            role: RootRole::CardSource,
            resolved: ResolvedPath::resolve(dir),
        });
        sender
    }

    fn next_events(wakes: &Receiver<WakeUp>) -> Vec<FsEvent> {
        match wakes.recv_timeout(Duration::from_secs(20)).unwrap() {
            WakeUp::Events(events) => events,
            other => panic!("{other:?}"),
        }
    }

    /// Collects events until the wanted one arrives.
    fn wait_for_event(wakes: &Receiver<WakeUp>, wanted: &FsEvent) -> Vec<FsEvent> {
        let mut received = Vec::new();
        while !received.contains(wanted) {
            received.extend(next_events(wakes));
        }
        received
    }

    #[test]
    fn saves_renames_and_deletions_cause_events_and_reads_do_not() {
        // The `notify` backend reports the same events.
        for open in [open_source, crate::watch::notify_events::open_source] {
            let dir = tempfile::tempdir().unwrap();
            let path = |name: &str| dir.path().join(name);
            fs::write(path("old.md"), "x").unwrap();
            let (sender, wakes) = channel();
            let mut source = open(sender_for_dir(sender, dir.path())).unwrap();
            source.watch_directory(dir.path()).unwrap();
            for _ in 0..100 {
                fs::read(path("old.md")).unwrap();
            }
            fs::write(path("a.md"), "x").unwrap();
            let received = wait_for_event(
                &wakes,
                &FsEvent::Changed(path("a.md"), FsEventKind::Written),
            );
            let is_for_old_file = |event: &&FsEvent| matches!(event, FsEvent::Changed(path, _) if path.ends_with("old.md"));
            assert_eq!(received.iter().find(is_for_old_file), None);
            assert_eq!(
                received.first(),
                Some(&FsEvent::Changed(path("a.md"), FsEventKind::Writing))
            );
            fs::rename(path("a.md"), path("b.md")).unwrap();
            let received = wait_for_event(
                &wakes,
                &FsEvent::Changed(path("b.md"), FsEventKind::Arrived),
            );
            assert!(received.contains(&FsEvent::Changed(path("a.md"), FsEventKind::Removed)));
            fs::remove_file(path("b.md")).unwrap();
            wait_for_event(
                &wakes,
                &FsEvent::Changed(path("b.md"), FsEventKind::Removed),
            );
            fs::create_dir(path("sub")).unwrap();
            wait_for_event(&wakes, &FsEvent::Changed(path("sub"), FsEventKind::Arrived));
            fs::hard_link(path("old.md"), path("new.md")).unwrap();
            wait_for_event(
                &wakes,
                &FsEvent::Changed(path("new.md"), FsEventKind::Arrived),
            );
        }
    }

    #[test]
    fn both_names_of_a_rename_arrive_together() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let (sender, wakes) = channel();
        let mut source = open_source(sender_for_dir(sender, dir.path())).unwrap();
        source.watch_directory(dir.path()).unwrap();
        fs::write(path("a.md"), "x").unwrap();
        wait_for_event(
            &wakes,
            &FsEvent::Changed(path("a.md"), FsEventKind::Written),
        );
        fs::rename(path("a.md"), path("b.md")).unwrap();
        let from = FsEvent::Changed(path("a.md"), FsEventKind::Removed);
        assert_eq!(
            next_events(&wakes),
            [from, FsEvent::Changed(path("b.md"), FsEventKind::Arrived)]
        );
    }

    #[test]
    fn renamed_directory_stays_watched_under_its_new_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::create_dir(path("one")).unwrap();
        let (sender, wakes) = channel();
        let mut source = open_source(sender_for_dir(sender, dir.path())).unwrap();
        source.watch_directory(&path("one")).unwrap();
        fs::rename(path("one"), path("two")).unwrap();
        wait_for_event(&wakes, &FsEvent::Changed(path("one"), FsEventKind::Removed));
        source.watch_directory(&path("two")).unwrap();
        source.unwatch_directory(&path("one"));
        fs::write(path("two/a.md"), "x").unwrap();
        wait_for_event(
            &wakes,
            &FsEvent::Changed(path("two/a.md"), FsEventKind::Written),
        );
        source.unwatch_directory(&path("two"));
        fs::write(path("two/b.md"), "x").unwrap();
        source.watch_directory(&path("two")).unwrap();
        fs::write(path("two/c.md"), "x").unwrap();
        let first = FsEvent::Changed(path("two/c.md"), FsEventKind::Writing);
        assert_eq!(next_events(&wakes), [first]);
    }

    #[test]
    fn dropping_the_source_ends_its_thread() {
        let (sender, wakes) = channel();
        let source = open_source(change_source::new_event_sender(sender)).unwrap();
        drop(source);
        assert!(matches!(
            wakes.recv_timeout(Duration::from_secs(20)),
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected)
        ));
    }

    #[test]
    fn limits_disable_all_events_and_a_missing_directory_does_not() {
        let watch_error = |number| WatchError::from(io::Error::from_raw_os_error(number));
        assert_eq!(watch_error(2), WatchError::DirectoryUnavailable);
        assert_eq!(watch_error(13), WatchError::DirectoryUnavailable);
        for (number, hint) in [
            (24, "max_user_instances"),
            (28, "max_user_watches"),
            (38, "poll"),
        ] {
            assert!(
                matches!(watch_error(number), WatchError::EventsUnavailable(why) if why.hint.contains(hint)),
                "{number}"
            );
        }
        let (sender, _wakes) = channel();
        let mut source = open_source(change_source::new_event_sender(sender)).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(
            source.watch_directory(file.path()),
            Err(WatchError::DirectoryUnavailable)
        );
    }
}
