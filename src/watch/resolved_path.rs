//! Resolves a path link by link, so that each link on it can be watched.

use std::path::{Path, PathBuf};

use crate::file_stamp::FileStamp;

/// Maximum links followed, as on Linux.
const MAX_LINKS_FOLLOWED: usize = 40;

/// Path with its symlinks resolved, as of now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ResolvedPath {
    /// Real paths of the links, in order. If the target does not exist, ends with the missing entry.
    pub(super) links: Vec<PathBuf>,
    /// Real path of the target, existing or not.
    pub(super) target: PathBuf,
    /// Identity of the target, or of its directory. Changes when another directory takes its path.
    identity: Option<DirIdentity>,
}

/// Identity of a directory: device and inode.
pub(super) type DirIdentity = (u64, u64);

impl ResolvedPath {
    /// Resolves an absolute path.
    pub(super) fn resolve(path: &Path) -> ResolvedPath {
        let mut links = Vec::new();
        let mut target = path.to_owned();
        while links.len() < MAX_LINKS_FOLLOWED
            && let Some((link, link_target)) = first_link_prefix(&target)
        {
            let real = real_parent(&link);
            links.push(real.join(link.file_name().unwrap_or_default()));
            target = replace_prefix(&target, &link, real.join(link_target));
        }
        if let Ok(real) = std::fs::canonicalize(&target) {
            target = real;
        } else if let Some(missing) = first_missing_prefix(&target) {
            let real = real_parent(&missing).join(missing.file_name().unwrap_or_default());
            target = replace_prefix(&target, &missing, real.clone());
            links.push(real);
        }
        let dir = if target.is_dir() {
            Some(&*target)
        } else {
            target.parent().filter(|_| target.exists())
        };
        let identity = dir.and_then(dir_identity);
        ResolvedPath {
            links,
            target,
            identity,
        }
    }

    /// Returns the real paths whose change may alter the target: the links, the target, and the
    /// directories just above them.
    pub(super) fn watch_points(&self) -> impl Iterator<Item = &Path> {
        self.links
            .iter()
            .chain(std::iter::once(&self.target))
            .flat_map(|path| path.ancestors().take(2))
            .filter(|path| path.parent().is_some())
    }
}

/// Returns the shortest prefix of a path that is a link, and its target.
fn first_link_prefix(path: &Path) -> Option<(PathBuf, PathBuf)> {
    path_prefixes(path).find_map(|path| Some((path.to_owned(), std::fs::read_link(path).ok()?)))
}

/// Returns the shortest prefix of a path that does not exist.
fn first_missing_prefix(path: &Path) -> Option<PathBuf> {
    path_prefixes(path)
        .find(|path| !path.exists())
        .map(Path::to_owned)
}

/// Returns the ancestors of a path from the root down, and the path itself.
fn path_prefixes(path: &Path) -> impl Iterator<Item = &Path> {
    path.ancestors().collect::<Vec<_>>().into_iter().rev()
}

fn real_parent(path: &Path) -> PathBuf {
    let dir = path.parent().unwrap_or(path);
    std::fs::canonicalize(dir).unwrap_or_else(|_| dir.to_owned())
}

/// Replaces the prefix `before` of a path.
fn replace_prefix(path: &Path, before: &Path, after: PathBuf) -> PathBuf {
    let rest = path.strip_prefix(before).into_iter().flatten();
    after.iter().chain(rest).collect()
}

/// Returns the identity of the directory at a path. `None` means that it is no directory.
pub(super) fn dir_identity(dir: &Path) -> Option<DirIdentity> {
    let metadata = std::fs::metadata(dir).ok()?;
    metadata
        .is_dir()
        .then(|| FileStamp::from_metadata(&metadata).file_identity())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_are_resolved_one_by_one_and_missing_entries_kept() {
        let dir = tempfile::tempdir().unwrap();
        let root = std::fs::canonicalize(dir.path()).unwrap();
        std::fs::create_dir(root.join("..2025")).unwrap();
        std::fs::write(root.join("..2025/a.md"), "").unwrap();
        symlink("..2025", root.join("..data")).unwrap();
        symlink("..data/a.md", root.join("a.md")).unwrap();
        let way = ResolvedPath::resolve(&root.join("a.md"));
        assert_eq!(way.links, [root.join("a.md"), root.join("..data")]);
        assert_eq!(way.target, root.join("..2025/a.md"));
        let gone = ResolvedPath::resolve(&root.join("b/c"));
        assert_eq!(gone.links, [root.join("b")]);
        assert_eq!((gone.target, gone.identity), (root.join("b/c"), None));
        symlink("loop", root.join("loop")).unwrap();
        assert_eq!(ResolvedPath::resolve(&root.join("loop")).identity, None);
    }
}
