//! What systems other than Linux say of files into happenings.
//!
//! The only file that names the `notify` crate.

use std::path::Path;

use notify::event::{AccessKind, AccessMode, CreateKind, Event, EventKind, ModifyKind, RenameMode};
use notify::{ErrorKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::source::{Happening, Kind, NoEvents, Refused, Source, Teller};

/// The system's events.
struct System(RecommendedWatcher);

/// Asks the system for events.
///
/// # Errors
/// It has none to give.
pub(super) fn system(teller: Teller) -> Result<Box<dyn Source>, NoEvents> {
    let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| match event {
        Ok(event) => happenings(event, |happening| teller.tell(happening)),
        Err(error) => match refused(error) {
            Refused::Everywhere(why) => teller.lost(why),
            Refused::Here => teller.tell(Happening::Anything),
        },
    });
    match watcher {
        Ok(watcher) => Ok(Box::new(System(watcher))),
        Err(error) => Err(match refused(error) {
            Refused::Everywhere(why) => why,
            Refused::Here => NoEvents::because("the system gives none"),
        }),
    }
}

impl Source for System {
    fn watch(&mut self, dir: &Path) -> Result<(), Refused> {
        // Below it the watch goes by itself: it knows which directories are of interest, leads links
        // to one place, and looks at what came before the events did.
        let watched = self.0.watch(dir, RecursiveMode::NonRecursive);
        watched.map_err(refused)
    }

    fn unwatch(&mut self, dir: &Path) {
        // What is gone is unwatched already.
        let _ = self.0.unwatch(dir);
    }
}

/// An event as the happenings it stands for.
fn happenings(event: Event, mut tell: impl FnMut(Happening)) {
    if event.need_rescan() || event.paths.is_empty() {
        return tell(Happening::Anything);
    }
    let kind = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => Kind::Written,
        // Our own reading makes events too.
        EventKind::Access(_) => return,
        EventKind::Create(CreateKind::Folder) => Kind::Arrived,
        EventKind::Remove(_) => Kind::Gone,
        EventKind::Modify(ModifyKind::Name(RenameMode::From)) => Kind::Gone,
        EventKind::Modify(ModifyKind::Name(RenameMode::To)) => Kind::Arrived,
        // Both ends were told of one by one.
        EventKind::Modify(ModifyKind::Name(RenameMode::Both)) if event.tracker().is_some() => {
            return;
        }
        EventKind::Modify(ModifyKind::Name(_)) => Kind::Arrived,
        EventKind::Modify(ModifyKind::Metadata(_)) => Kind::Touched,
        EventKind::Create(_) | EventKind::Modify(_) | EventKind::Any | EventKind::Other => {
            Kind::Writing
        }
    };
    let is_new = matches!(event.kind, EventKind::Create(_));
    for path in event.paths {
        let kind = match kind {
            // Some systems tell of a change of names and not of which is left.
            Kind::Arrived if std::fs::symlink_metadata(&path).is_err() => Kind::Gone,
            Kind::Writing if is_new => Kind::of_new(&path),
            other => other,
        };
        tell(Happening::To(path, kind));
    }
}

/// What an error of the system's is of.
fn refused(error: notify::Error) -> Refused {
    let reason = error.to_string();
    match error.kind {
        ErrorKind::PathNotFound | ErrorKind::WatchNotFound => Refused::Here,
        ErrorKind::MaxFilesWatch => Refused::Everywhere(NoEvents::too_many_watches()),
        ErrorKind::Io(error) => error.into(),
        _ => Refused::Everywhere(NoEvents::because(&reason)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::event::{DataChange, Flag, RemoveKind};

    fn told(events: Vec<Event>) -> Vec<Happening> {
        let mut told = Vec::new();
        for event in events {
            happenings(event, |happening| told.push(happening));
        }
        told
    }

    fn event(kind: EventKind, path: &str) -> Event {
        Event::new(kind).add_path(path.into())
    }

    #[test]
    fn an_overflow_and_an_event_without_a_path_are_anything() {
        let overflow = event(EventKind::Other, "/a").set_flag(Flag::Rescan);
        let bare = Event::new(EventKind::Any);
        assert_eq!(
            told(vec![overflow, bare]),
            [Happening::Anything, Happening::Anything]
        );
    }

    #[test]
    fn a_save_in_place_is_written_when_it_is_closed_and_reading_is_nothing() {
        let to = |kind| Happening::To("/none/a.md".into(), kind);
        let events = [
            EventKind::Create(CreateKind::File),
            EventKind::Access(AccessKind::Open(AccessMode::Any)),
            EventKind::Modify(ModifyKind::Data(DataChange::Any)),
            EventKind::Access(AccessKind::Close(AccessMode::Write)),
            EventKind::Access(AccessKind::Close(AccessMode::Read)),
            EventKind::Remove(RemoveKind::File),
        ];
        assert_eq!(
            told(events.map(|kind| event(kind, "/none/a.md")).into()),
            [
                to(Kind::Writing),
                to(Kind::Writing),
                to(Kind::Written),
                to(Kind::Gone)
            ]
        );
    }

    #[test]
    fn a_rename_names_both_ends() {
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
            told(events),
            [
                Happening::To(from, Kind::Gone),
                Happening::To(to, Kind::Arrived)
            ]
        );
    }

    #[test]
    fn limits_are_of_everything_and_a_directory_that_is_gone_is_not() {
        let io = |number| refused(notify::Error::io(std::io::Error::from_raw_os_error(number)));
        assert_eq!(io(2), Refused::Here);
        assert_eq!(io(13), Refused::Here);
        assert!(
            matches!(io(24), Refused::Everywhere(why) if why.hint.contains("max_user_instances"))
        );
        assert!(matches!(io(38), Refused::Everywhere(_)), "ENOSYS");
        let limit = refused(notify::Error::new(ErrorKind::MaxFilesWatch));
        assert!(matches!(limit, Refused::Everywhere(why) if why.hint.contains("max_user_watches")));
    }
}
