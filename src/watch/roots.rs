//! A configuration into the directories that are watched, kept true while they change.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::source::{Kind, NoEvents, Source};
use super::table::{Role, Table};
use super::walk::Walk;
use super::way::{Identity, Way, identity_of};
use crate::config::Config;

/// What is watched.
pub(super) struct Roots {
    roots: Vec<Root>,
    config: Arc<Config>,
    table: Arc<Mutex<Table>>,
    /// Every directory that is watched, by its real path, and which one it was then.
    watched: BTreeMap<PathBuf, Identity>,
    /// The file system, where events do not tell of all changes.
    pub(super) shared: Option<&'static str>,
}

/// A directory with all below it, or a file.
struct Root {
    path: PathBuf,
    role: Role,
    /// How it was reached when it was last watched.
    way: Option<Way>,
}

/// What is to be done about something that happened.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    /// What changed, by the names that the configuration leads to.
    pub(super) paths: BTreeSet<PathBuf>,
    /// What of it are directories that were not watched before.
    pub(super) dirs: BTreeSet<PathBuf>,
    /// Whether it is the configuration.
    pub(super) config: bool,
    /// Whether anything may have changed.
    pub(super) everything: bool,
}

impl Roots {
    pub(super) fn new(config: &Config, files: &[PathBuf], table: Arc<Mutex<Table>>) -> Roots {
        let mut roots = Roots {
            roots: Vec::new(),
            config: Arc::new(config.clone()),
            table,
            watched: BTreeMap::new(),
            shared: None,
        };
        roots.configure(config, files);
        roots
    }

    /// Takes other directories and files for those that are to be watched, from the next
    /// [`Roots::watch`] on.
    pub(super) fn configure(&mut self, config: &Config, files: &[PathBuf]) {
        let root = |path: &Path, role| Root {
            path: std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
            role,
            way: None,
        };
        self.config = Arc::new(config.clone());
        self.roots = vec![root(&config.content.dir, Role::Content)];
        let material = config.card_files();
        self.roots
            .extend(material.iter().map(|path| root(path, Role::Material)));
        self.roots
            .extend(files.iter().map(|path| root(path, Role::Config)));
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether what happened to a real path can matter.
    pub(super) fn wants(&self, path: &Path, kind: Kind) -> bool {
        self.table().wants(path, kind)
    }

    /// Watches all there is to watch now, and nothing else.
    ///
    /// # Errors
    /// There are no events, or not for all of it.
    pub(super) fn watch(&mut self, source: &mut dyn Source) -> Result<(), NoEvents> {
        // First of all: two names of one directory would end with one of them unwatched.
        self.watched.retain(|path, identity| {
            let is_same = std::fs::metadata(path)
                .is_ok_and(|metadata| metadata.is_dir() && identity_of(&metadata) == *identity);
            if !is_same {
                source.unwatch(path);
            }
            is_same
        });
        let mut walk = Walk::new(source, &mut self.watched, &self.config);
        for root in &mut self.roots {
            root.way = Some(walk.root(&root.path, root.role)?);
        }
        let Walk { table, shared, .. } = walk;
        self.shared = shared;
        self.watched.retain(|dir, _| {
            let is_needed = table.dirs.contains_key(dir);
            if !is_needed {
                source.unwatch(dir);
            }
            is_needed
        });
        let content = self.roots.first().map(|root| root.path.clone());
        *self.table() = Table {
            config: Some(Arc::clone(&self.config)),
            content: content.unwrap_or_default(),
            ..table
        };
        Ok(())
    }

    /// Sees to it that what is there now is what is watched. Returns whether anything was another.
    ///
    /// # Errors
    /// As for [`Roots::watch`].
    pub(super) fn follow(&mut self, source: &mut dyn Source) -> Result<bool, NoEvents> {
        let is_other = |root: &Root| root.way.as_ref() != Some(&Way::of(&root.path));
        if !self.roots.iter().any(is_other) {
            return Ok(false);
        }
        self.watch(source)?;
        Ok(true)
    }

    /// Learns what happened to something, by its real path, and watches what is new.
    ///
    /// # Errors
    /// As for [`Roots::watch`].
    pub(super) fn learn(
        &mut self,
        path: &Path,
        kind: Kind,
        source: &mut dyn Source,
    ) -> Result<News, NoEvents> {
        let names = self.table().names(path);
        let is_other = matches!(kind, Kind::Gone | Kind::Arrived | Kind::Folder);
        let was_watched = is_other && self.forget(path, source);
        let mut news = News {
            config: names.iter().any(|name| name.role == Role::Config),
            ..News::default()
        };
        if names.iter().any(|name| name.role == Role::Way) {
            // One that is gone and back already is the same, and not watched any more.
            news.everything = was_watched || self.follow(source)?;
            if was_watched {
                self.watch(source)?;
            }
        }
        let may_lead_on = is_other || kind == Kind::Touched;
        let is_dir = may_lead_on && path.is_dir();
        let is_single = may_lead_on && self.table().single.contains_key(path);
        let is_link = kind == Kind::Arrived && path.is_symlink();
        let ours = names
            .into_iter()
            .filter(|name| matches!(name.role, Role::Content | Role::Material));
        for name in ours {
            if is_dir || is_single || is_link {
                let mut walk = Walk::new(source, &mut self.watched, &self.config);
                let is_new_dir = walk.enter(&name)?;
                let table = walk.table;
                self.table().merge(table);
                if is_new_dir && is_other {
                    news.dirs.insert(name.path.clone());
                }
            }
            news.paths.insert(name.path);
        }
        Ok(news)
    }

    /// Forgets that a path, and what is below it, is watched: the system has forgotten it too, or is
    /// about to. Returns whether anything was.
    fn forget(&mut self, path: &Path, source: &mut dyn Source) -> bool {
        let below: Vec<PathBuf> = self
            .watched
            .range(path.to_owned()..)
            .map(|(dir, _)| dir)
            .take_while(|dir| dir.starts_with(path))
            .cloned()
            .collect();
        for dir in &below {
            source.unwatch(dir);
            self.watched.remove(dir);
        }
        let mut table = self.table();
        for dir in &below {
            table.dirs.remove(dir);
        }
        !below.is_empty()
    }

    /// Forgets everything that is watched, as the source is gone.
    pub(super) fn forget_all(&mut self) {
        self.watched.clear();
        let mut table = self.table();
        table.dirs.clear();
        table.single.clear();
        drop(table);
        for root in &mut self.roots {
            root.way = None;
        }
    }

    #[cfg(test)]
    pub(super) fn is_watched(&self, dir: &Path) -> bool {
        self.watched.contains_key(dir)
    }
}
