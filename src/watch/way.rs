//! Resolves a path link by link, so that each link on it can be watched.

use std::path::{Path, PathBuf};

use crate::stamp::Stamp;

/// As many links as Linux follows.
const MAX_LINKS: usize = 40;

/// How a path leads to a file or directory, as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Way {
    /// The links on it by their real paths, in order; last, where it ends nowhere, what is missing.
    pub(super) links: Vec<PathBuf>,
    /// The real path of what it leads to, or would lead to.
    pub(super) end: PathBuf,
    /// Which directory that is, or is in: another one under the same path has another identity.
    identity: Option<Identity>,
}

/// Which directory it is.
pub(super) type Identity = (u64, u64);

impl Way {
    /// Resolves an absolute path.
    pub(super) fn of(path: &Path) -> Way {
        let mut links = Vec::new();
        let mut end = path.to_owned();
        while links.len() < MAX_LINKS
            && let Some((link, target)) = first_link(&end)
        {
            let real = real_parent(&link);
            links.push(real.join(link.file_name().unwrap_or_default()));
            end = replace_prefix(&end, &link, real.join(target));
        }
        if let Ok(real) = std::fs::canonicalize(&end) {
            end = real;
        } else if let Some(missing) = first_missing(&end) {
            let real = real_parent(&missing).join(missing.file_name().unwrap_or_default());
            end = replace_prefix(&end, &missing, real.clone());
            links.push(real);
        }
        let dir = if end.is_dir() {
            Some(&*end)
        } else {
            end.parent().filter(|_| end.exists())
        };
        let identity = dir.and_then(identity);
        Way {
            links,
            end,
            identity,
        }
    }

    /// The entries whose change makes it another way, by their real paths: what it leads through, its
    /// end, and the directories just above those.
    pub(super) fn stations(&self) -> impl Iterator<Item = &Path> {
        self.links
            .iter()
            .chain(std::iter::once(&self.end))
            .flat_map(|path| path.ancestors().take(2))
            .filter(|path| path.parent().is_some())
    }
}

/// The shortest part of a path that is a link, and where it leads.
fn first_link(path: &Path) -> Option<(PathBuf, PathBuf)> {
    prefixes(path).find_map(|path| Some((path.to_owned(), std::fs::read_link(path).ok()?)))
}

/// The shortest part of a path that leads nowhere.
fn first_missing(path: &Path) -> Option<PathBuf> {
    prefixes(path)
        .find(|path| !path.exists())
        .map(Path::to_owned)
}

/// The directories that a path leads through, from the root, and the path itself.
fn prefixes(path: &Path) -> impl Iterator<Item = &Path> {
    path.ancestors().collect::<Vec<_>>().into_iter().rev()
}

fn real_parent(path: &Path) -> PathBuf {
    let dir = path.parent().unwrap_or(path);
    std::fs::canonicalize(dir).unwrap_or_else(|_| dir.to_owned())
}

/// A path below another one than `before`.
fn replace_prefix(path: &Path, before: &Path, after: PathBuf) -> PathBuf {
    let rest = path.strip_prefix(before).into_iter().flatten();
    after.iter().chain(rest).collect()
}

/// Which directory is at a path, if any.
pub(super) fn identity(dir: &Path) -> Option<Identity> {
    let metadata = std::fs::metadata(dir).ok()?;
    metadata.is_dir().then(|| Stamp::of(&metadata).identity())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_are_led_through_one_by_one_and_what_is_missing_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let root = std::fs::canonicalize(dir.path()).unwrap();
        std::fs::create_dir(root.join("..2025")).unwrap();
        std::fs::write(root.join("..2025/a.md"), "").unwrap();
        symlink("..2025", root.join("..data")).unwrap();
        symlink("..data/a.md", root.join("a.md")).unwrap();
        let way = Way::of(&root.join("a.md"));
        assert_eq!(way.links, [root.join("a.md"), root.join("..data")]);
        assert_eq!(way.end, root.join("..2025/a.md"));
        let gone = Way::of(&root.join("b/c"));
        assert_eq!(gone.links, [root.join("b")]);
        assert_eq!((gone.end, gone.identity), (root.join("b/c"), None));
        symlink("loop", root.join("loop")).unwrap();
        assert_eq!(Way::of(&root.join("loop")).identity, None);
    }
}
