//! A path into the way that leads to a file: the links on it, and where it ends.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

/// As many links as Linux follows.
const MOST_LINKS: usize = 40;

/// How a path leads to a file or directory, as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Way {
    /// The links on it by their real paths, in order; last, where it ends nowhere, what is missing.
    pub(super) links: Vec<PathBuf>,
    /// The real path of what it leads to, or would lead to.
    pub(super) end: PathBuf,
    /// Which directory that is, or is in: another one under the same path has another identity.
    pub(super) identity: Option<Identity>,
}

/// Which directory it is.
pub(super) type Identity = (u64, u64);

impl Way {
    /// The way of an absolute path.
    pub(super) fn of(path: &Path) -> Way {
        let mut left: VecDeque<OsString> = parts(path).collect();
        let mut links = Vec::new();
        let mut end = PathBuf::from(std::path::MAIN_SEPARATOR_STR);
        while let Some(part) = left.pop_front() {
            if part == ".." {
                end.pop();
                continue;
            }
            let next = end.join(&part);
            match std::fs::symlink_metadata(&next) {
                Ok(metadata) if metadata.is_symlink() && links.len() < MOST_LINKS => {
                    let target = std::fs::read_link(&next).unwrap_or_default();
                    links.push(next);
                    if target.is_absolute() {
                        end = PathBuf::from(std::path::MAIN_SEPARATOR_STR);
                    }
                    for part in parts(&target).collect::<Vec<_>>().into_iter().rev() {
                        left.push_front(part);
                    }
                }
                Ok(_) => end = next,
                Err(_) => {
                    links.push(next.clone());
                    end = next;
                    end.extend(left);
                    break;
                }
            }
        }
        let identity = identity(&end);
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

fn parts(path: &Path) -> impl Iterator<Item = OsString> + '_ {
    path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    })
}

/// Which directory a path leads to, or is in; all files of a directory have the same.
pub(super) fn identity(path: &Path) -> Option<Identity> {
    let metadata = std::fs::metadata(path).ok()?;
    let metadata = if metadata.is_dir() {
        metadata
    } else {
        std::fs::metadata(path.parent()?).ok()?
    };
    Some(identity_of(&metadata))
}

/// Which directory it is.
#[cfg(unix)]
pub(super) fn identity_of(metadata: &std::fs::Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.dev(), metadata.ino())
}

/// Which directory it is.
#[cfg(not(unix))]
pub(super) fn identity_of(_metadata: &std::fs::Metadata) -> Identity {
    (0, 0)
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
