//! A tree of directories, and of links to others, into watches and the table of their names.
//!
//! A directory is watched before it is listed, so that nothing comes between the two.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::mount;
use super::source::{NoEvents, Refused, Source};
use super::table::{Name, Role, Table, is_dot_file};
use super::way::{Identity, Way, identity_of};
use crate::config::Config;
use crate::content::left_out;

/// A walk through directories, which watches them.
pub(super) struct Walk<'a> {
    source: &'a mut dyn Source,
    watched: &'a mut BTreeMap<PathBuf, Identity>,
    config: &'a Arc<Config>,
    /// What was found.
    pub(super) table: Table,
    /// The file system, where events do not tell of all changes.
    pub(super) shared: Option<&'static str>,
    device: Option<u64>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        source: &'a mut dyn Source,
        watched: &'a mut BTreeMap<PathBuf, Identity>,
        config: &'a Arc<Config>,
    ) -> Walk<'a> {
        Walk {
            source,
            watched,
            config,
            table: Table::default(),
            shared: None,
            device: None,
        }
    }

    /// Watches a directory with all below it, or a file, and the way to it.
    ///
    /// # Errors
    /// There are no events, or not for all of it.
    pub(super) fn root(&mut self, path: &Path, role: Role) -> Result<Way, NoEvents> {
        let way = Way::of(path);
        for station in way.stations() {
            self.single(station, path, Role::Way)?;
        }
        if role != Role::Config && way.end.is_dir() {
            self.walk(path, &way.end, role, &mut Vec::new())?;
        } else {
            for step in way.links.iter().chain([&way.end]) {
                self.single(step, path, role)?;
            }
        }
        // What was listed and what the way leads to now are the same, or it is followed again.
        Ok(way)
    }

    /// Watches what came to be under a name; returns whether it is a directory.
    ///
    /// # Errors
    /// As for [`Walk::root`].
    pub(super) fn enter(&mut self, name: &Name) -> Result<bool, NoEvents> {
        let way = Way::of(&name.path);
        let is_dir = way.end.is_dir();
        // A link to a directory above is not followed.
        let mut above: Vec<PathBuf> = name
            .path
            .parent()
            .map(|dir| Way::of(dir).end)
            .into_iter()
            .collect();
        if is_dir && !name.path.is_symlink() {
            self.walk(&name.path, &way.end, name.role, &mut above)?;
        } else {
            self.link(&name.path, name.role, &mut above)?;
        }
        Ok(is_dir)
    }

    /// Watches the directory at `real`, known as `known`, and all below it. `above` are the
    /// directories that lead to it.
    fn walk(
        &mut self,
        known: &Path,
        real: &Path,
        role: Role,
        above: &mut Vec<PathBuf>,
    ) -> Result<(), NoEvents> {
        let name = Name {
            path: known.to_owned(),
            role,
        };
        if !self.add(real)?
            || !self
                .table
                .dirs
                .entry(real.to_owned())
                .or_default()
                .insert(name)
        {
            return Ok(());
        }
        let device = self.watched.get(real).map(|(device, _)| *device);
        if device != self.device {
            self.device = device;
            self.shared = self.shared.or_else(|| mount::shared(real));
        }
        above.push(real.to_owned());
        for entry in std::fs::read_dir(real).into_iter().flatten().flatten() {
            let kind = entry.file_type();
            // Most are, and events of the directory tell of them.
            if kind.as_ref().is_ok_and(std::fs::FileType::is_file) {
                continue;
            }
            let known = known.join(entry.file_name());
            match kind {
                // Posts in them are left out; `.git` alone would take hundreds of watches.
                Ok(kind) if is_dot_file(&known) && (kind.is_dir() || role == Role::Content) => {}
                Ok(kind) if kind.is_dir() => self.walk(&known, &entry.path(), role, above)?,
                Ok(kind) if kind.is_symlink() => self.link(&known, role, above)?,
                _ => {}
            }
        }
        above.pop();
        Ok(())
    }

    /// Watches what a link leads to, and what it leads through.
    fn link(&mut self, known: &Path, role: Role, above: &mut Vec<PathBuf>) -> Result<(), NoEvents> {
        let way = Way::of(known);
        let is_dir = way.end.is_dir();
        if !is_dir && role == Role::Content && way.end.exists() && self.is_left_out(known) {
            return Ok(());
        }
        for step in way.links.iter().chain([&way.end]) {
            self.single(step, known, role)?;
        }
        if is_dir && !above.iter().any(|dir| dir.starts_with(&way.end)) {
            self.walk(known, &way.end, role, above)?;
        }
        Ok(())
    }

    fn is_left_out(&self, known: &Path) -> bool {
        let dir = std::path::absolute(&self.config.content.dir).unwrap_or_default();
        let below = known.strip_prefix(dir).unwrap_or(known);
        left_out(&below.to_string_lossy(), self.config).is_some()
    }

    /// Lets a real path stand for a name, and watches the directory that it is in.
    fn single(&mut self, real: &Path, known: &Path, role: Role) -> Result<(), NoEvents> {
        let name = Name {
            path: known.to_owned(),
            role,
        };
        let names = self.table.single.entry(real.to_owned()).or_default();
        names.insert(name);
        if let Some(dir) = real.parent()
            && self.add(dir)?
        {
            self.table.dirs.entry(dir.to_owned()).or_default();
        }
        Ok(())
    }

    /// Watches one directory, if it can be.
    fn add(&mut self, dir: &Path) -> Result<bool, NoEvents> {
        let Ok(metadata) = std::fs::metadata(dir) else {
            return Ok(false);
        };
        let identity = identity_of(&metadata);
        if self.watched.get(dir) == Some(&identity) {
            return Ok(true);
        }
        if self.watched.remove(dir).is_some() {
            self.source.unwatch(dir);
        }
        match self.source.watch(dir) {
            Ok(()) => {}
            Err(Refused::Here) => return Ok(false),
            Err(Refused::Everywhere(why)) => return Err(why),
        }
        self.watched.insert(dir.to_owned(), identity);
        Ok(true)
    }
}
