//! The places that events come from into the names that the configuration knows them by.
//!
//! Every directory is watched once, under its real path, though links may lead to it from several
//! places: of two watches on one directory the system would tell under the second name only.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::source::Kind;
use crate::config::Config;
use crate::content::left_out;

/// A name that something has, and what for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    /// As the configuration leads to it, absolute.
    pub(super) path: PathBuf,
    pub(super) role: Role,
}

/// What a file or directory is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// Posts.
    Content,
    /// What cards are drawn with.
    Material,
    /// The configuration, and what is read with it.
    Config,
    /// It is on the way to one of those, and what it leads to may be another one.
    Way,
}

/// What is watched, by real paths.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    /// Directories whose entries are known by the names of the directory, each with theirs behind it. A
    /// directory that is only on a way has no names.
    pub(super) dirs: BTreeMap<PathBuf, BTreeSet<Name>>,
    /// Single files, links and directories that stand for other names.
    pub(super) single: BTreeMap<PathBuf, BTreeSet<Name>>,
    pub(super) config: Option<Arc<Config>>,
    /// The content directory, absolute.
    pub(super) content: PathBuf,
}

impl Table {
    /// All names of a real path.
    pub(super) fn names(&self, path: &Path) -> BTreeSet<Name> {
        let mut names = self.single.get(path).cloned().unwrap_or_default();
        if let Some((dirs, name)) = self.above(path) {
            names.extend(dirs.iter().map(|dir| Name {
                path: dir.path.join(name),
                role: dir.role,
            }));
        }
        names
    }

    /// Whether what happened there can matter. Says no only where that is certain.
    pub(super) fn wants(&self, path: &Path, kind: Kind) -> bool {
        if self.single.contains_key(path) {
            return true;
        }
        if let Some(names) = self.dirs.get(path) {
            // A directory that is on the way only is asked for by its own name.
            return !names.is_empty();
        }
        let Some((dirs, name)) = self.above(path) else {
            // Of a directory that is about to be known.
            return true;
        };
        dirs.iter().any(|dir| match dir.role {
            Role::Content => self.may_be_post(&dir.path.join(name), path, kind),
            Role::Material | Role::Config | Role::Way => true,
        })
    }

    /// Whether a path of the content is that of a post, or of a directory that may hold some.
    fn may_be_post(&self, known: &Path, real: &Path, kind: Kind) -> bool {
        if is_dot_file(known) {
            return false;
        }
        match kind {
            Kind::Folder => return true,
            // That of a directory is known by the watch on it, and was answered above.
            Kind::Gone | Kind::Writing | Kind::Written => {}
            Kind::Arrived | Kind::Touched => {
                if real.is_dir() {
                    return true;
                }
            }
        }
        let below = known.strip_prefix(&self.content).unwrap_or(known);
        let is_left_out =
            |config: &Arc<Config>| left_out(&below.to_string_lossy(), config).is_some();
        !self.config.as_ref().is_some_and(is_left_out)
    }

    fn above<'a>(&self, path: &'a Path) -> Option<(&BTreeSet<Name>, &'a std::ffi::OsStr)> {
        Some((self.dirs.get(path.parent()?)?, path.file_name()?))
    }

    /// Takes in what another has.
    pub(super) fn merge(&mut self, other: Table) {
        for (dir, names) in other.dirs {
            self.dirs.entry(dir).or_default().extend(names);
        }
        for (path, names) in other.single {
            self.single.entry(path).or_default().extend(names);
        }
    }
}

/// Names that begin with a dot are left out of the content.
pub(super) fn is_dot_file(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.as_encoded_bytes().first() == Some(&b'.'))
}
