//! Decides what an event changes, from the real path that it names.
//!
//! An event below the real path of a root is of that path below the root. One below the target of a
//! symlink, or of a symlink itself, can be of any number of names: everything is looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::source::Kind;
use super::way::{Identity, Way};
use crate::content::{Scope, may_be_post};

/// What the files below a root are for. Of material more names matter than of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// The configuration, and what is read with it.
    Config,
    /// Posts.
    Content,
    /// What cards are drawn with.
    Material,
}

/// A directory with all below it, or a file.
#[derive(Debug, Clone)]
pub(super) struct Root {
    /// As the configuration names it, absolute.
    pub(super) path: PathBuf,
    pub(super) role: Role,
    pub(super) way: Way,
}

/// What is watched, by real paths.
#[derive(Debug, Default)]
pub(super) struct Filter {
    pub(super) roots: Vec<Root>,
    /// Symlinks, and what is on the way to a root: its change makes other directories those to watch.
    pub(super) links: BTreeSet<PathBuf>,
    /// The files and directories that symlinks lead to.
    pub(super) targets: BTreeMap<PathBuf, Role>,
    /// Every directory that is watched, and which one it was then.
    pub(super) watched: BTreeMap<PathBuf, Identity>,
}

/// What is to be done about something that happened.
#[derive(Debug, Default)]
pub(super) struct News {
    pub(super) changes: Vec<Change>,
    /// Whether it is a directory that was not watched before.
    pub(super) is_new_dir: bool,
    /// Whether it is the configuration.
    pub(super) config: bool,
    /// Whether anything may have changed.
    pub(super) everything: bool,
}

/// A file or directory that changed.
#[derive(Debug)]
pub(super) struct Change {
    /// What tells it from others while it is being written.
    pub(super) path: PathBuf,
    pub(super) role: Role,
    /// What is to be looked at when it is whole.
    pub(super) scope: Scope,
}

impl Filter {
    /// What is to be done about something that happened to a real path.
    pub(super) fn news(&self, path: &Path, kind: Kind) -> News {
        if kind != Kind::Touched && self.links.contains(path) {
            return News::of_everything();
        }
        let mut news = News::default();
        let behind_link = path.ancestors().find_map(|dir| {
            let (role, below) = (*self.targets.get(dir)?, path.strip_prefix(dir).ok()?);
            let matters = dir == path || self.matters(path, below, role, kind);
            matters.then_some(role)
        });
        if let Some(role) = behind_link {
            news.changes.push(Change {
                path: path.to_owned(),
                role,
                scope: Scope::All,
            });
        }
        for root in &self.roots {
            let Ok(below) = path.strip_prefix(&root.way.end) else {
                continue;
            };
            if root.role == Role::Config {
                news.config |= below == Path::new("");
            } else if self.matters(path, below, root.role, kind) {
                let known: PathBuf = root.path.iter().chain(below).collect();
                news.changes.push(Change {
                    path: known.clone(),
                    role: root.role,
                    scope: Scope::Paths([known].into()),
                });
            }
        }
        if kind == Kind::Arrived && !news.is_empty() && path.is_symlink() {
            return News::of_everything();
        }
        news
    }

    /// Whether what is at a path, `below` a directory of this role, is a directory or may be a file that is wanted.
    fn matters(&self, path: &Path, below: &Path, role: Role, kind: Kind) -> bool {
        if role != Role::Content {
            return true;
        }
        let is_dir = match kind {
            Kind::Gone => self.watched.contains_key(path),
            Kind::Arrived | Kind::Touched => path.is_dir(),
            Kind::Writing | Kind::Written => false,
        };
        if is_dir {
            // That of a root is on its way.
            below != Path::new("") && !below.iter().any(is_dot_file)
        } else {
            may_be_post(&below.to_string_lossy())
        }
    }

    /// Whether a link in a directory leads back to where it is, so that it is not followed.
    pub(super) fn leads_up(&self, dir: &Path, target: &Path, role: Role) -> bool {
        let is_above = |root: &Root| root.role == role && root.way.end.starts_with(target);
        dir.starts_with(target) || self.roots.iter().any(is_above)
    }
}

impl News {
    pub(super) fn of_everything() -> News {
        News {
            config: true,
            everything: true,
            ..News::default()
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.changes.is_empty() && !self.config && !self.everything
    }
}

/// Names that begin with a dot are left out of the content.
pub(super) fn is_dot_file(name: &OsStr) -> bool {
    name.as_encoded_bytes().first() == Some(&b'.')
}
