//! What the system says of directories and files into wakes, also when a directory is replaced.
//!
//! The only file that names the `notify` crate.

use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::Wake;

/// A watch on directories, on single files, and on the way to them.
pub(super) struct Events {
    roots: Vec<Root>,
    watcher: Option<RecommendedWatcher>,
    reason: Option<String>,
}

/// A directory with all below it, or a file.
struct Root {
    path: PathBuf,
    /// What was there when it was last watched; `None` before that.
    watched: Option<Option<Identity>>,
    /// Whether nothing is served without it, so that a lack of its events is worth a word.
    is_content: bool,
}

/// Which directory a path leads to now; another one under the same name has another identity. All
/// files have the same: what is watched of them is their directory.
#[derive(Debug, PartialEq, Eq)]
struct Identity {
    is_dir: bool,
    inode: (u64, u64),
}

impl Events {
    /// Watches a content directory and other directories and files, whether or not they are there
    /// yet.
    pub(super) fn new(content: &Path, others: &[PathBuf], wakes: Sender<Wake>) -> Events {
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let root = |path: &Path, is_content| Root {
            path: absolute(path),
            watched: None,
            is_content,
        };
        let mut roots = vec![root(content, true)];
        roots.extend(others.iter().map(|other| root(other, false)));
        // Some systems tell of the path that was asked for, some of the one that links lead to.
        let of_interest: Vec<PathBuf> = roots
            .iter()
            .flat_map(|root| {
                let real = std::fs::canonicalize(&root.path).ok();
                std::iter::once(root.path.clone()).chain(real)
            })
            .collect();
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if event.map_or(true, |event| is_of_interest(&event, &of_interest)) {
                // A watch that has stopped wants no more wakes.
                let _ = wakes.send(Wake::Event);
            }
        });
        let mut events = Events {
            roots,
            watcher: None,
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

    /// Sees to it that the directories which are there now are those that are watched. Returns
    /// whether one was another.
    pub(super) fn follow(&mut self) -> bool {
        let Some(watcher) = &mut self.watcher else {
            return false;
        };
        let mut replaced = false;
        let dirs: Vec<PathBuf> = self
            .roots
            .iter()
            .map(|root| root.path.clone())
            .filter(|path| path.is_dir())
            .collect();
        for root in &mut self.roots {
            if let Some(result) = root.follow(watcher, &dirs) {
                replaced = true;
                if root.is_content {
                    self.reason = result.err().map(|error| error.to_string());
                }
            }
        }
        replaced
    }
}

impl Root {
    /// Watches what is there now, if it is not that which is watched already. `dirs` are watched with
    /// all below them: another watch on one of those directories would take its place.
    fn follow(
        &mut self,
        watcher: &mut RecommendedWatcher,
        dirs: &[PathBuf],
    ) -> Option<notify::Result<()>> {
        let now = Identity::of(&self.path);
        if self.watched.as_ref() == Some(&now) {
            return None;
        }
        // The watch on what was there before is gone with it, or is to go.
        let _ = watcher.unwatch(&self.path);
        // The way to it: a directory that is moved away and back gives its events there.
        for above in self
            .path
            .ancestors()
            .skip(1)
            .filter(|above| above.is_dir())
            .filter(|above| !dirs.iter().any(|dir| above.starts_with(dir)))
            .take(2)
        {
            let _ = watcher.watch(above, RecursiveMode::NonRecursive);
        }
        let watched = match &now {
            // A file is watched through its directory: editors put another in its place.
            Some(identity) if identity.is_dir => {
                watcher.watch(&self.path, RecursiveMode::Recursive)
            }
            _ => Ok(()),
        };
        self.watched = Some(now);
        Some(watched)
    }
}

impl Identity {
    #[cfg(unix)]
    fn of(dir: &Path) -> Option<Identity> {
        use std::os::unix::fs::MetadataExt as _;
        let metadata = std::fs::metadata(dir).ok()?;
        let is_dir = metadata.is_dir();
        let inode = (metadata.dev(), metadata.ino());
        Some(Identity {
            is_dir,
            inode: if is_dir { inode } else { (0, 0) },
        })
    }

    #[cfg(not(unix))]
    fn of(dir: &Path) -> Option<Identity> {
        let metadata = std::fs::metadata(dir).ok()?;
        Some(Identity {
            is_dir: metadata.is_dir(),
            inode: (0, 0),
        })
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
