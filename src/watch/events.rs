//! What the system says of a directory into wakes, also when the directory itself is replaced.
//!
//! The only file that names the `notify` crate.

use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::Wake;

/// A watch on a directory and on the way to it.
pub(super) struct Events {
    dir: PathBuf,
    watcher: Option<RecommendedWatcher>,
    watched: Option<Identity>,
    reason: Option<String>,
}

/// Which directory a path leads to now; another one under the same name has another identity.
#[derive(Debug, PartialEq, Eq)]
struct Identity(u64, u64);

impl Events {
    /// Watches a directory, whether or not it is there yet.
    pub(super) fn new(dir: &Path, wakes: Sender<Wake>) -> Events {
        let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
        // Some systems tell of the path that was asked for, some of the one that links lead to.
        let of_interest = [
            std::fs::canonicalize(&dir).unwrap_or_else(|_| dir.clone()),
            dir.clone(),
        ];
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if event.map_or(true, |event| is_of_interest(&event, &of_interest)) {
                // A watch that has stopped wants no more wakes.
                let _ = wakes.send(Wake::Event);
            }
        });
        let mut events = Events {
            dir,
            watcher: None,
            watched: None,
            reason: None,
        };
        match watcher {
            Ok(watcher) => events.watcher = Some(watcher),
            Err(error) => events.reason = Some(error.to_string()),
        }
        events.follow();
        events
    }

    /// Why there are no events, where there are none.
    pub(super) fn missing(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// Sees to it that the directory which is there now is the one that is watched. Returns
    /// whether it was another.
    pub(super) fn follow(&mut self) -> bool {
        let Some(watcher) = &mut self.watcher else {
            return false;
        };
        let now = Identity::of(&self.dir);
        if now == self.watched {
            return false;
        }
        // The watch on what was there before is gone with it, or is to go.
        let _ = watcher.unwatch(&self.dir);
        // The way to it: a directory that is moved away and back gives its events there.
        for above in self
            .dir
            .ancestors()
            .skip(1)
            .filter(|above| above.is_dir())
            .take(2)
        {
            let _ = watcher.watch(above, RecursiveMode::NonRecursive);
        }
        if now.is_some() {
            self.reason = watcher
                .watch(&self.dir, RecursiveMode::Recursive)
                .err()
                .map(|error| error.to_string());
        }
        self.watched = now;
        true
    }
}

impl Identity {
    #[cfg(unix)]
    fn of(dir: &Path) -> Option<Identity> {
        use std::os::unix::fs::MetadataExt as _;
        let metadata = std::fs::metadata(dir)
            .ok()
            .filter(std::fs::Metadata::is_dir)?;
        Some(Identity(metadata.dev(), metadata.ino()))
    }

    #[cfg(not(unix))]
    fn of(dir: &Path) -> Option<Identity> {
        dir.is_dir().then_some(Identity(0, 0))
    }
}

/// Our own reading makes events too, and so does what goes on beside the directory.
fn is_of_interest(event: &Event, dirs: &[PathBuf]) -> bool {
    let is_read = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => false,
        EventKind::Access(_) => true,
        _ => false,
    };
    let is_near = |path: &PathBuf| {
        dirs.iter()
            .any(|dir| path.starts_with(dir) || dir.starts_with(path))
    };
    !is_read && (event.need_rescan() || event.paths.is_empty() || event.paths.iter().any(is_near))
}
