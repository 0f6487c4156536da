//! What Linux says of directories into happenings.
//!
//! By the system's own interface, as reading a file must make no events: a start reads every post, and
//! would wake a thread for each and overflow the system's queue.

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

use super::source::{Happening, Kind, NoEvents, Refused, Source, Teller};

/// Room for some hundred events.
const BUFFER: usize = 16 * 1024;

/// Directories by the numbers that the system gives them.
type Dirs = HashMap<i32, PathBuf>;

/// The system's events. The thread that hears them ends with it.
struct System {
    events: Arc<OwnedFd>,
    dirs: Arc<Mutex<Dirs>>,
    numbers: HashMap<PathBuf, i32>,
    end: Arc<OwnedFd>,
}

/// Asks the system for events.
///
/// # Errors
/// It has none to give.
pub(super) fn system(teller: Teller) -> Result<Box<dyn Source>, NoEvents> {
    let flags = CreateFlags::CLOEXEC | CreateFlags::NONBLOCK;
    let system = System {
        events: Arc::new(inotify::init(flags).map_err(why)?),
        dirs: Arc::default(),
        numbers: HashMap::new(),
        end: Arc::new(eventfd(0, EventfdFlags::CLOEXEC).map_err(why)?),
    };
    let (events, dirs, end) = (
        Arc::clone(&system.events),
        Arc::clone(&system.dirs),
        Arc::clone(&system.end),
    );
    Builder::new()
        .name("events".to_owned())
        .spawn(move || {
            if let Err(error) = hear(&events, &dirs, &end, &teller) {
                teller.lost(why(error));
            }
        })
        .map_err(NoEvents::from)?;
    Ok(Box::new(system))
}

impl Source for System {
    fn watch(&mut self, dir: &Path) -> Result<(), Refused> {
        let wanted = WatchFlags::ATTRIB
            | WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::DELETE_SELF
            | WatchFlags::MODIFY
            | WatchFlags::CLOSE_WRITE
            | WatchFlags::MOVED_FROM
            | WatchFlags::MOVED_TO
            | WatchFlags::MOVE_SELF
            | WatchFlags::ONLYDIR;
        // Held, so that no event of it is heard before it is known what it is of.
        let mut dirs = lock(&self.dirs);
        let number = add_watch(&self.events, dir, wanted).map_err(io::Error::from)?;
        dirs.insert(number, dir.to_owned());
        self.numbers.insert(dir.to_owned(), number);
        Ok(())
    }

    fn unwatch(&mut self, dir: &Path) {
        let mut dirs = lock(&self.dirs);
        let number = self.numbers.remove(dir);
        // One that has another name by now is watched by that.
        let its = number.filter(|number| dirs.get(number).is_some_and(|its| its == dir));
        if let Some(number) = its {
            // What is gone is unwatched already.
            let _ = remove_watch(&self.events, number);
            dirs.remove(&number);
        }
    }
}

impl Drop for System {
    fn drop(&mut self) {
        let _ = rustix::io::write(&self.end, &1_u64.to_ne_bytes());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells of what there is until it is to end.
fn hear(events: &OwnedFd, dirs: &Mutex<Dirs>, end: &OwnedFd, teller: &Teller) -> Result<(), Errno> {
    let mut buffer = [MaybeUninit::uninit(); BUFFER];
    let mut reader = Reader::new(events, &mut buffer);
    let mut heard = Vec::new();
    loop {
        match reader.next() {
            Ok(event) => {
                let is_first_of_two = event.events().contains(ReadFlags::MOVED_FROM);
                heard.extend(happening(&event, dirs));
                if !is_first_of_two || reader.is_buffer_empty() {
                    teller.tell_at_once(std::mem::take(&mut heard));
                }
            }
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                let mut sources = [
                    PollFd::new(events, PollFlags::IN),
                    PollFd::new(end, PollFlags::IN),
                ];
                match poll(&mut sources, None) {
                    Ok(_) | Err(Errno::INTR) => {}
                    Err(error) => return Err(error),
                }
                let [_, end] = sources;
                if !end.revents().is_empty() {
                    return Ok(());
                }
            }
            Err(error) => return Err(error),
        }
    }
}

/// What an event says; `None` where it is of nothing that is watched.
fn happening(event: &Event<'_>, dirs: &Mutex<Dirs>) -> Option<Happening> {
    let flags = event.events();
    if flags.intersects(ReadFlags::QUEUE_OVERFLOW | ReadFlags::UNMOUNT) {
        return Some(Happening::Anything);
    }
    let mut dirs = lock(dirs);
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
        // It was told of by its new name already.
        return None;
    }
    let is_dir = flags.contains(ReadFlags::ISDIR);
    let is_new = flags.contains(ReadFlags::CREATE);
    let gone =
        ReadFlags::DELETE | ReadFlags::DELETE_SELF | ReadFlags::MOVED_FROM | ReadFlags::MOVE_SELF;
    let kind = if flags.intersects(gone) {
        Kind::Gone
    } else if flags.contains(ReadFlags::MOVED_TO) || is_new && is_dir {
        Kind::Arrived
    } else if flags.contains(ReadFlags::CLOSE_WRITE) {
        Kind::Written
    } else if flags.contains(ReadFlags::ATTRIB) {
        Kind::Touched
    } else if is_new {
        Kind::of_new(&path)
    } else {
        Kind::Writing
    };
    Some(Happening::To(path, kind))
}

fn why(error: Errno) -> NoEvents {
    NoEvents::from(io::Error::from(error))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Duration;

    use super::*;
    use crate::watch::filter::{Role, Root};
    use crate::watch::sight;
    use crate::watch::source::Wake;
    use crate::watch::way::Way;

    /// Wants to know of everything in a directory.
    fn teller_of(wakes: Sender<Wake>, dir: &Path) -> Teller {
        let teller = sight::teller(wakes);
        lock(&teller.filter).roots.push(Root {
            path: dir.to_owned(),
            role: Role::Material,
            way: Way::of(dir),
        });
        teller
    }

    fn next(wakes: &Receiver<Wake>) -> Vec<Happening> {
        match wakes.recv_timeout(Duration::from_secs(20)).unwrap() {
            Wake::Happened(happenings) => happenings,
            other => panic!("{other:?}"),
        }
    }

    /// Takes in what happens until it is this.
    fn hears(wakes: &Receiver<Wake>, wanted: &Happening) -> Vec<Happening> {
        let mut heard = Vec::new();
        while !heard.contains(wanted) {
            heard.extend(next(wakes));
        }
        heard
    }

    #[test]
    fn a_save_a_renaming_and_a_deletion_are_told_and_reading_is_not() {
        // Systems that are asked through a library tell of the same.
        for system in [system, crate::watch::events::system] {
            let dir = tempfile::tempdir().unwrap();
            let path = |name: &str| dir.path().join(name);
            fs::write(path("old.md"), "x").unwrap();
            let (sender, wakes) = channel();
            let mut source = system(teller_of(sender, dir.path())).unwrap();
            source.watch(dir.path()).unwrap();
            for _ in 0..100 {
                fs::read(path("old.md")).unwrap();
            }
            fs::write(path("a.md"), "x").unwrap();
            let heard = hears(&wakes, &Happening::To(path("a.md"), Kind::Written));
            let of_old = |happening: &&Happening| matches!(happening, Happening::To(path, _) if path.ends_with("old.md"));
            assert_eq!(heard.iter().find(of_old), None);
            assert_eq!(
                heard.first(),
                Some(&Happening::To(path("a.md"), Kind::Writing))
            );
            fs::rename(path("a.md"), path("b.md")).unwrap();
            let heard = hears(&wakes, &Happening::To(path("b.md"), Kind::Arrived));
            assert!(heard.contains(&Happening::To(path("a.md"), Kind::Gone)));
            fs::remove_file(path("b.md")).unwrap();
            hears(&wakes, &Happening::To(path("b.md"), Kind::Gone));
            fs::create_dir(path("sub")).unwrap();
            hears(&wakes, &Happening::To(path("sub"), Kind::Arrived));
            fs::hard_link(path("old.md"), path("new.md")).unwrap();
            hears(&wakes, &Happening::To(path("new.md"), Kind::Arrived));
        }
    }

    #[test]
    fn both_names_of_a_renamed_file_are_told_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let (sender, wakes) = channel();
        let mut source = system(teller_of(sender, dir.path())).unwrap();
        source.watch(dir.path()).unwrap();
        fs::write(path("a.md"), "x").unwrap();
        hears(&wakes, &Happening::To(path("a.md"), Kind::Written));
        fs::rename(path("a.md"), path("b.md")).unwrap();
        let from = Happening::To(path("a.md"), Kind::Gone);
        assert_eq!(
            next(&wakes),
            [from, Happening::To(path("b.md"), Kind::Arrived)]
        );
    }

    #[test]
    fn a_directory_with_another_name_stays_watched_under_that() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::create_dir(path("one")).unwrap();
        let (sender, wakes) = channel();
        let mut source = system(teller_of(sender, dir.path())).unwrap();
        source.watch(&path("one")).unwrap();
        fs::rename(path("one"), path("two")).unwrap();
        hears(&wakes, &Happening::To(path("one"), Kind::Gone));
        source.watch(&path("two")).unwrap();
        source.unwatch(&path("one"));
        fs::write(path("two/a.md"), "x").unwrap();
        hears(&wakes, &Happening::To(path("two/a.md"), Kind::Written));
        source.unwatch(&path("two"));
        fs::write(path("two/b.md"), "x").unwrap();
        source.watch(&path("two")).unwrap();
        fs::write(path("two/c.md"), "x").unwrap();
        let first = Happening::To(path("two/c.md"), Kind::Writing);
        assert_eq!(next(&wakes), [first]);
    }

    #[test]
    fn the_thread_ends_with_the_source() {
        let (sender, wakes) = channel();
        let source = system(sight::teller(sender)).unwrap();
        drop(source);
        assert!(matches!(
            wakes.recv_timeout(Duration::from_secs(20)),
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected)
        ));
    }

    #[test]
    fn limits_are_of_everything_and_a_directory_that_is_gone_is_not() {
        let io = |number| Refused::from(io::Error::from_raw_os_error(number));
        assert_eq!(io(2), Refused::Here);
        assert_eq!(io(13), Refused::Here);
        for (number, hint) in [
            (24, "max_user_instances"),
            (28, "max_user_watches"),
            (38, "poll"),
        ] {
            assert!(
                matches!(io(number), Refused::Everywhere(why) if why.hint.contains(hint)),
                "{number}"
            );
        }
        let (sender, _wakes) = channel();
        let mut source = system(sight::teller(sender)).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(source.watch(file.path()), Err(Refused::Here));
    }
}
