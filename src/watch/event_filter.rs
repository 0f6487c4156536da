//! Decides which paths to scan after an event, from the real path that the event names.
//!
//! An event below the real path of a root maps to one path below that root. An event of a symlink, or
//! below its target, may map to any number of names and leads to a full scan.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::fs_event::FsEventKind;
use super::resolved_path::{DirIdentity, ResolvedPath};
use crate::library::ScanScope;
use crate::library::is_post_path;

/// Purpose of the files below a root. The order matters: more names are relevant as `CardSource`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RootRole {
    /// The configuration and the files read with it.
    Config,
    /// Posts.
    Content,
    /// Fonts, templates and pictures of cards.
    CardSource,
}

/// Watched file, or directory with everything below it.
#[derive(Debug, Clone)]
pub(super) struct WatchRoot {
    /// Absolute path as the configuration names it, symlinks not resolved.
    pub(super) path: PathBuf,
    pub(super) role: RootRole,
    pub(super) resolved: ResolvedPath,
}

/// Watched files and directories by real path.
#[derive(Debug, Default)]
pub(super) struct EventFilter {
    pub(super) roots: Vec<WatchRoot>,
    /// Symlinks and the other entries that lead to a root. Their change alters what must be watched.
    pub(super) links: BTreeSet<PathBuf>,
    /// Files and directories that symlinks point to.
    pub(super) link_targets: BTreeMap<PathBuf, RootRole>,
    /// Every watched directory with its identity at that time.
    pub(super) watched_dirs: BTreeMap<PathBuf, DirIdentity>,
}

/// Paths to scan after an event.
#[derive(Debug, Default)]
pub(super) struct ChangeSet {
    pub(super) changes: Vec<PathChange>,
    /// True if the path is a directory that was not watched before.
    pub(super) is_new_directory: bool,
    /// True if the configuration changed.
    pub(super) config_changed: bool,
    /// True if anything may have changed.
    pub(super) needs_full_scan: bool,
}

/// One changed file or directory.
#[derive(Debug)]
pub(super) struct PathChange {
    /// Key of the file while it is being written.
    pub(super) path: PathBuf,
    pub(super) role: RootRole,
    /// Scope to scan once the file is complete.
    pub(super) scope: ScanScope,
}

impl EventFilter {
    /// Returns what to scan after an event of a real path.
    pub(super) fn changes_for_event(&self, path: &Path, kind: FsEventKind) -> ChangeSet {
        if kind != FsEventKind::MetadataChanged && self.links.contains(path) {
            return ChangeSet::full_scan();
        }
        let mut change_set = ChangeSet::default();
        let behind_link = path.ancestors().find_map(|dir| {
            let (role, below) = (*self.link_targets.get(dir)?, path.strip_prefix(dir).ok()?);
            let matters = dir == path || self.is_relevant(path, below, role, kind);
            matters.then_some(role)
        });
        if let Some(role) = behind_link {
            change_set.changes.push(PathChange {
                path: path.to_owned(),
                role,
                scope: ScanScope::All,
            });
        }
        for root in &self.roots {
            let Ok(below) = path.strip_prefix(&root.resolved.target) else {
                continue;
            };
            if root.role == RootRole::Config {
                change_set.config_changed |= below == Path::new("");
            } else if self.is_relevant(path, below, root.role, kind) {
                let named: PathBuf = root.path.iter().chain(below).collect();
                change_set.changes.push(PathChange {
                    path: named.clone(),
                    role: root.role,
                    scope: ScanScope::Paths([named].into()),
                });
            }
        }
        if kind == FsEventKind::Arrived && !change_set.is_empty() && path.is_symlink() {
            return ChangeSet::full_scan();
        }
        change_set
    }

    /// Returns true if `path` is a directory to scan or may be a file of this role. `below` is the
    /// path relative to the root.
    fn is_relevant(&self, path: &Path, below: &Path, role: RootRole, kind: FsEventKind) -> bool {
        if role != RootRole::Content {
            return true;
        }
        let is_dir = match kind {
            FsEventKind::Removed => self.watched_dirs.contains_key(path),
            FsEventKind::Arrived | FsEventKind::MetadataChanged => path.is_dir(),
            FsEventKind::Writing | FsEventKind::Written => false,
        };
        if is_dir {
            // The root itself is covered by `links`.
            below != Path::new("") && !below.iter().any(is_dot_file)
        } else {
            is_post_path(&below.to_string_lossy())
        }
    }

    /// Returns true if a link in `dir` points to an ancestor, so that it must not be followed.
    pub(super) fn is_link_to_ancestor(&self, dir: &Path, target: &Path, role: RootRole) -> bool {
        dir.starts_with(target)
            || self
                .roots
                .iter()
                .any(|root| root.role == role && root.resolved.target.starts_with(target))
    }
}

impl ChangeSet {
    pub(super) fn full_scan() -> ChangeSet {
        ChangeSet {
            config_changed: true,
            needs_full_scan: true,
            ..ChangeSet::default()
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.changes.is_empty() && !self.config_changed && !self.needs_full_scan
    }
}

/// Returns true if the name begins with a dot. Such files are not content.
pub(super) fn is_dot_file(name: &OsStr) -> bool {
    name.as_encoded_bytes().first() == Some(&b'.')
}
