//! Watches the directories that a configuration names, and what symlinks in them lead to.
//!
//! Every directory is watched once, under its real path. It is watched before it is listed, so that
//! nothing comes between the two.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::filter::{Filter, News, Role, Root, is_dot_file};
use super::mount;
use super::source::{Kind, NoEvents, Refused, Source};
use super::way::{Identity, Way, identity};
use crate::config::Config;
use crate::content::may_be_post;

/// What is watched.
pub(super) struct Roots {
    /// What the configuration names, absolute.
    named: Vec<(PathBuf, Role)>,
    filter: Arc<Mutex<Filter>>,
    /// Whether a symlink changed since the links were last followed.
    pub(super) is_stale: bool,
    /// The file system, where events do not tell of all changes.
    pub(super) shared: Option<&'static str>,
}

impl Roots {
    pub(super) fn new(config: &Config, files: &[PathBuf], filter: Arc<Mutex<Filter>>) -> Roots {
        Roots {
            named: named(config, files),
            filter,
            is_stale: false,
            shared: None,
        }
    }

    /// Takes other directories and files for those that are to be watched, from the next
    /// [`Roots::watch`] on.
    pub(super) fn configure(&mut self, config: &Config, files: &[PathBuf]) {
        self.named = named(config, files);
    }

    fn filter(&self) -> MutexGuard<'_, Filter> {
        self.filter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Watches all there is to watch now, and nothing else.
    ///
    /// # Errors
    /// There are no events, or not for all of it.
    pub(super) fn watch(&mut self, source: &mut dyn Source) -> Result<(), NoEvents> {
        self.is_stale = false;
        let mut watched = std::mem::take(&mut self.filter().watched);
        // First of all: two names of one directory would end with one of them unwatched.
        watched.retain(|path, was| {
            let is_same = identity(path).as_ref() == Some(was);
            if !is_same {
                source.unwatch(path);
            }
            is_same
        });
        let named = self.named.iter();
        let roots = named.map(|(path, role)| Root {
            path: path.clone(),
            role: *role,
            way: Way::of(path),
        });
        let roots: Vec<Root> = roots.collect();
        let mut walk = Walk::new(source, watched, roots.clone());
        for root in &roots {
            walk.root(root)?;
        }
        self.shared = walk.shared;
        let (found, left) = (walk.found, walk.before);
        for dir in left.keys() {
            source.unwatch(dir);
        }
        *self.filter() = found;
        Ok(())
    }

    /// Sees to it that what is there now is what is watched. Returns whether anything was another.
    ///
    /// # Errors
    /// As for [`Roots::watch`].
    pub(super) fn follow(&mut self, source: &mut dyn Source) -> Result<bool, NoEvents> {
        let is_other = |root: &Root| root.way != Way::of(&root.path);
        if !self.filter().roots.iter().any(is_other) {
            return Ok(false);
        }
        self.watch(source)?;
        Ok(true)
    }

    /// Learns what happened to something, by its real path, and watches it if it is a new directory.
    ///
    /// # Errors
    /// As for [`Roots::watch`].
    pub(super) fn learn(
        &mut self,
        path: &Path,
        kind: Kind,
        source: &mut dyn Source,
    ) -> Result<News, NoEvents> {
        let mut news = self.filter().news(path, kind);
        self.is_stale |= news.everything;
        let is_other = matches!(kind, Kind::Gone | Kind::Arrived);
        if is_other {
            self.forget(path, source);
        }
        let role = news.changes.iter().map(|change| change.role).max();
        let may_lead_on = is_other || kind == Kind::Touched;
        if let Some(role) = role.filter(|_| may_lead_on && path.is_dir()) {
            news.is_new_dir = is_other;
            let roots = self.filter().roots.clone();
            let mut walk = Walk::new(source, BTreeMap::new(), roots);
            walk.dir(path, role)?;
            let found = walk.found;
            let mut filter = self.filter();
            filter.links.extend(found.links);
            filter.targets.extend(found.targets);
            filter.watched.extend(found.watched);
        }
        Ok(news)
    }

    /// Forgets that a path, and what is below it, is watched: the system has forgotten it too, or is
    /// about to.
    fn forget(&mut self, path: &Path, source: &mut dyn Source) {
        let below: Vec<PathBuf> = {
            let filter = self.filter();
            let from = filter.watched.range(path.to_owned()..).map(|(dir, _)| dir);
            from.take_while(|dir| dir.starts_with(path))
                .cloned()
                .collect()
        };
        for dir in below {
            source.unwatch(&dir);
            self.filter().watched.remove(&dir);
        }
    }

    /// Forgets everything that is watched, as the source is gone.
    pub(super) fn forget_all(&mut self) {
        *self.filter() = Filter::default();
        self.shared = None;
    }

    #[cfg(test)]
    pub(super) fn is_watched(&self, dir: &Path) -> bool {
        self.filter().watched.contains_key(dir)
    }
}

/// The directories and files that a configuration names.
fn named(config: &Config, files: &[PathBuf]) -> Vec<(PathBuf, Role)> {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let content = [(absolute(&config.content.dir), Role::Content)].into_iter();
    let material = config.card_files();
    let material = material.iter().map(|path| (absolute(path), Role::Material));
    let files = files.iter().map(|path| (absolute(path), Role::Config));
    content.chain(material).chain(files).collect()
}

/// A walk through directories, which watches them.
struct Walk<'a> {
    source: &'a mut dyn Source,
    /// What was watched before, and was not found yet.
    before: BTreeMap<PathBuf, Identity>,
    found: Filter,
    /// The file system, where events do not tell of all changes.
    shared: Option<&'static str>,
    device: Option<u64>,
}

impl<'a> Walk<'a> {
    fn new(
        source: &'a mut dyn Source,
        before: BTreeMap<PathBuf, Identity>,
        roots: Vec<Root>,
    ) -> Walk<'a> {
        Walk {
            source,
            before,
            found: Filter {
                roots,
                ..Filter::default()
            },
            shared: None,
            device: None,
        }
    }

    /// Watches a directory with all below it, or a file, and the way to it.
    fn root(&mut self, root: &Root) -> Result<(), NoEvents> {
        let (end, is_dir) = (&*root.way.end, root.way.end.is_dir());
        for station in root.way.stations() {
            // A file that is written again is the same way.
            if station != end || is_dir {
                self.found.links.insert(station.to_owned());
            }
            self.watch_parent(station)?;
        }
        if is_dir && root.role != Role::Config {
            self.dir(end, root.role)?;
        }
        Ok(())
    }

    /// Watches a directory, by its real path, and all below it.
    fn dir(&mut self, dir: &Path, role: Role) -> Result<(), NoEvents> {
        let Some(identity) = self.add(dir)? else {
            return Ok(());
        };
        if self.device != Some(identity.0) {
            self.device = Some(identity.0);
            self.shared = self.shared.or_else(|| mount::shared(dir));
        }
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            // Posts in them are left out; `.git` alone would take hundreds of watches.
            let is_left_out =
                is_dot_file(&entry.file_name()) && (kind.is_dir() || role == Role::Content);
            if is_left_out {
                continue;
            }
            if kind.is_dir() {
                self.dir(&entry.path(), role)?;
            } else if kind.is_symlink() {
                self.link(dir, &entry.path(), role)?;
            }
        }
        Ok(())
    }

    /// Watches what a link in a directory leads to, and what it leads through.
    fn link(&mut self, dir: &Path, link: &Path, role: Role) -> Result<(), NoEvents> {
        let Way { links, end, .. } = Way::of(link);
        let is_dir = end.is_dir();
        let name = link.file_name().unwrap_or_default().to_string_lossy();
        // Those of pictures alone may be thousands.
        if role == Role::Content && end.is_file() && !may_be_post(&name) {
            return Ok(());
        }
        for link in links {
            self.watch_parent(&link)?;
            self.found.links.insert(link);
        }
        let is_walked = self
            .found
            .targets
            .get(&end)
            .is_some_and(|known| *known >= role);
        if is_walked || self.found.leads_up(dir, &end, role) {
            return Ok(());
        }
        self.watch_parent(&end)?;
        self.found.targets.insert(end.clone(), role);
        if is_dir { self.dir(&end, role) } else { Ok(()) }
    }

    fn watch_parent(&mut self, path: &Path) -> Result<(), NoEvents> {
        if let Some(dir) = path.parent() {
            self.add(dir)?;
        }
        Ok(())
    }

    /// Watches one directory, if it can be.
    fn add(&mut self, dir: &Path) -> Result<Option<Identity>, NoEvents> {
        if let Some(identity) = self.found.watched.get(dir) {
            return Ok(Some(*identity));
        }
        let Some(identity) = identity(dir) else {
            return Ok(None);
        };
        let before = self.before.remove(dir);
        if before != Some(identity) {
            if before.is_some() {
                self.source.unwatch(dir);
            }
            match self.source.watch(dir) {
                Ok(()) => {}
                Err(Refused::Here) => return Ok(None),
                Err(Refused::Everywhere(why)) => return Err(why),
            }
        }
        self.found.watched.insert(dir.to_owned(), identity);
        Ok(Some(identity))
    }
}
