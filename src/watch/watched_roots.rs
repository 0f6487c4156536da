//! Watches the directories that the configuration names and the targets of symlinks in them.
//!
//! Every directory is watched once, under its real path. It is watched before it is listed, so that no
//! change is lost between the two.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::event_filter::{ChangeSet, EventFilter, RootRole, WatchRoot, is_dot_file};
use super::event_source::{EventSource, EventsUnavailable, WatchError};
use super::fs_event::FsEventKind;
use super::mount_type;
use super::resolved_path::{DirIdentity, ResolvedPath, dir_identity};
use crate::config::Config;
use crate::library::is_post_path;

/// Directories and files to watch.
pub(super) struct WatchedRoots {
    /// Absolute paths from the configuration.
    configured_paths: Vec<(PathBuf, RootRole)>,
    filter: Arc<Mutex<EventFilter>>,
    /// True if a symlink changed since the links were last resolved.
    pub(super) links_changed: bool,
    /// Name of a file system whose events do not cover all changes.
    pub(super) shared_filesystem: Option<&'static str>,
}

impl WatchedRoots {
    pub(super) fn new(
        config: &Config,
        files: &[PathBuf],
        filter: Arc<Mutex<EventFilter>>,
    ) -> WatchedRoots {
        WatchedRoots {
            configured_paths: configured_paths(config, files),
            filter,
            links_changed: false,
            shared_filesystem: None,
        }
    }

    /// Replaces the directories and files to watch, effective with the next
    /// [`WatchedRoots::watch_all`].
    pub(super) fn set_configured_paths(&mut self, config: &Config, files: &[PathBuf]) {
        self.configured_paths = configured_paths(config, files);
    }

    fn lock_filter(&self) -> MutexGuard<'_, EventFilter> {
        self.filter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Watches everything that exists now and drops all other watches.
    ///
    /// # Errors
    /// Events are unavailable, at least for part of it.
    pub(super) fn watch_all(
        &mut self,
        source: &mut dyn EventSource,
    ) -> Result<(), EventsUnavailable> {
        self.links_changed = false;
        let mut watched = std::mem::take(&mut self.lock_filter().watched_dirs);
        // Drops outdated watches first: a directory under two names would lose one of its watches.
        watched.retain(|path, was| {
            let is_same = dir_identity(path).as_ref() == Some(was);
            if !is_same {
                source.unwatch_directory(path);
            }
            is_same
        });
        let roots: Vec<WatchRoot> = self
            .configured_paths
            .iter()
            .map(|(path, role)| WatchRoot {
                path: path.clone(),
                role: *role,
                resolved: ResolvedPath::resolve(path),
            })
            .collect();
        let mut walk = WatchWalk::new(source, watched, roots.clone());
        for root in &roots {
            walk.watch_root(root)?;
        }
        self.shared_filesystem = walk.shared_filesystem;
        let (found, left) = (walk.found, walk.unvisited);
        for dir in left.keys() {
            source.unwatch_directory(dir);
        }
        *self.lock_filter() = found;
        Ok(())
    }

    /// Watches everything again if a root now resolves to something else. Returns true if one does.
    ///
    /// # Errors
    /// As for [`WatchedRoots::watch_all`].
    pub(super) fn rewatch_moved_roots(
        &mut self,
        source: &mut dyn EventSource,
    ) -> Result<bool, EventsUnavailable> {
        let has_moved = |root: &WatchRoot| root.resolved != ResolvedPath::resolve(&root.path);
        if !self.lock_filter().roots.iter().any(has_moved) {
            return Ok(false);
        }
        self.watch_all(source)?;
        Ok(true)
    }

    /// Applies an event of a real path and watches the path if it is a new directory.
    ///
    /// # Errors
    /// As for [`WatchedRoots::watch_all`].
    pub(super) fn apply_event(
        &mut self,
        path: &Path,
        kind: FsEventKind,
        source: &mut dyn EventSource,
    ) -> Result<ChangeSet, EventsUnavailable> {
        let mut change_set = self.lock_filter().changes_for_event(path, kind);
        self.links_changed |= change_set.needs_full_scan;
        let is_new_or_gone = matches!(kind, FsEventKind::Removed | FsEventKind::Arrived);
        if is_new_or_gone {
            self.unwatch_below(path, source);
        }
        let role = change_set.changes.iter().map(|change| change.role).max();
        let may_lead_on = is_new_or_gone || kind == FsEventKind::MetadataChanged;
        if let Some(role) = role.filter(|_| may_lead_on && path.is_dir()) {
            change_set.is_new_directory = is_new_or_gone;
            let roots = self.lock_filter().roots.clone();
            let mut walk = WatchWalk::new(source, BTreeMap::new(), roots);
            walk.watch_tree(path, role)?;
            let found = walk.found;
            let mut filter = self.lock_filter();
            filter.links.extend(found.links);
            filter.link_targets.extend(found.link_targets);
            filter.watched_dirs.extend(found.watched_dirs);
        }
        Ok(change_set)
    }

    /// Drops the watches of a path and everything below it. The system has dropped them, too, or will.
    fn unwatch_below(&mut self, path: &Path, source: &mut dyn EventSource) {
        let below: Vec<PathBuf> = {
            let filter = self.lock_filter();
            let from = filter
                .watched_dirs
                .range(path.to_owned()..)
                .map(|(dir, _)| dir);
            from.take_while(|dir| dir.starts_with(path))
                .cloned()
                .collect()
        };
        for dir in below {
            source.unwatch_directory(&dir);
            self.lock_filter().watched_dirs.remove(&dir);
        }
    }

    /// Clears all watches after the event source was closed.
    pub(super) fn clear_watches(&mut self) {
        *self.lock_filter() = EventFilter::default();
        self.shared_filesystem = None;
    }

    #[cfg(test)]
    pub(super) fn is_watched(&self, dir: &Path) -> bool {
        self.lock_filter().watched_dirs.contains_key(dir)
    }
}

/// Returns the directories and files that a configuration names.
fn configured_paths(config: &Config, files: &[PathBuf]) -> Vec<(PathBuf, RootRole)> {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let content = [(absolute(&config.content.dir), RootRole::Content)].into_iter();
    let card_sources = config.card_source_files();
    let card_sources = card_sources
        .iter()
        .map(|path| (absolute(path), RootRole::CardSource));
    let files = files.iter().map(|path| (absolute(path), RootRole::Config));
    content.chain(card_sources).chain(files).collect()
}

/// Directory walk that watches each directory it visits.
struct WatchWalk<'a> {
    source: &'a mut dyn EventSource,
    /// Directories watched before and not visited yet.
    unvisited: BTreeMap<PathBuf, DirIdentity>,
    found: EventFilter,
    /// Name of a file system whose events do not cover all changes.
    shared_filesystem: Option<&'static str>,
    device: Option<u64>,
}

impl<'a> WatchWalk<'a> {
    fn new(
        source: &'a mut dyn EventSource,
        unvisited: BTreeMap<PathBuf, DirIdentity>,
        roots: Vec<WatchRoot>,
    ) -> WatchWalk<'a> {
        WatchWalk {
            source,
            unvisited,
            found: EventFilter {
                roots,
                ..EventFilter::default()
            },
            shared_filesystem: None,
            device: None,
        }
    }

    /// Watches a root with everything below it, and every link on its path.
    fn watch_root(&mut self, root: &WatchRoot) -> Result<(), EventsUnavailable> {
        let (end, is_dir) = (&*root.resolved.target, root.resolved.target.is_dir());
        for station in root.resolved.watch_points() {
            // Writing to a file does not change where its path leads.
            if station != end || is_dir {
                self.found.links.insert(station.to_owned());
            }
            self.watch_parent(station)?;
        }
        if is_dir && root.role != RootRole::Config {
            self.watch_tree(end, root.role)?;
        }
        Ok(())
    }

    /// Watches a directory, given by its real path, and everything below it.
    fn watch_tree(&mut self, dir: &Path, role: RootRole) -> Result<(), EventsUnavailable> {
        let Some(identity) = self.watch_directory(dir)? else {
            return Ok(());
        };
        if self.device != Some(identity.0) {
            self.device = Some(identity.0);
            self.shared_filesystem = self
                .shared_filesystem
                .or_else(|| mount_type::shared_filesystem(dir));
        }
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            // Posts in them are ignored; `.git` alone would take hundreds of watches.
            let is_ignored =
                is_dot_file(&entry.file_name()) && (kind.is_dir() || role == RootRole::Content);
            if is_ignored {
                continue;
            }
            if kind.is_dir() {
                self.watch_tree(&entry.path(), role)?;
            } else if kind.is_symlink() {
                self.watch_link_target(dir, &entry.path(), role)?;
            }
        }
        Ok(())
    }

    /// Watches the target of a link in `dir` and every link on the way to it.
    fn watch_link_target(
        &mut self,
        dir: &Path,
        link: &Path,
        role: RootRole,
    ) -> Result<(), EventsUnavailable> {
        let ResolvedPath {
            links, target: end, ..
        } = ResolvedPath::resolve(link);
        let is_dir = end.is_dir();
        let name = link.file_name().unwrap_or_default().to_string_lossy();
        // Links to pictures are skipped: there may be thousands.
        if role == RootRole::Content && end.is_file() && !is_post_path(&name) {
            return Ok(());
        }
        for link in links {
            self.watch_parent(&link)?;
            self.found.links.insert(link);
        }
        let is_walked = self
            .found
            .link_targets
            .get(&end)
            .is_some_and(|known| *known >= role);
        if is_walked || self.found.is_link_to_ancestor(dir, &end, role) {
            return Ok(());
        }
        self.watch_parent(&end)?;
        self.found.link_targets.insert(end.clone(), role);
        if is_dir {
            self.watch_tree(&end, role)
        } else {
            Ok(())
        }
    }

    fn watch_parent(&mut self, path: &Path) -> Result<(), EventsUnavailable> {
        if let Some(dir) = path.parent() {
            self.watch_directory(dir)?;
        }
        Ok(())
    }

    /// Watches one directory. `None` means that it is missing or unreadable.
    fn watch_directory(&mut self, dir: &Path) -> Result<Option<DirIdentity>, EventsUnavailable> {
        if let Some(identity) = self.found.watched_dirs.get(dir) {
            return Ok(Some(*identity));
        }
        let Some(identity) = dir_identity(dir) else {
            return Ok(None);
        };
        let before = self.unvisited.remove(dir);
        if before != Some(identity) {
            if before.is_some() {
                self.source.unwatch_directory(dir);
            }
            match self.source.watch_directory(dir) {
                Ok(()) => {}
                Err(WatchError::DirectoryUnavailable) => return Ok(None),
                Err(WatchError::EventsUnavailable(why)) => return Err(why),
            }
        }
        self.found.watched_dirs.insert(dir.to_owned(), identity);
        Ok(Some(identity))
    }
}
