//! What a system says of one name after the other into happenings: the two ends of a renaming come
//! together, and what is whole as soon as it is there is told from what will be written.

use std::path::PathBuf;

use super::source::{Happening, Kind};

/// What is remembered from one event to the next.
#[derive(Debug, Default)]
pub(super) struct Naming {
    /// A name that a file had waits for the one that it gets.
    moved_from: Option<(usize, PathBuf)>,
}

/// What a system says of one name.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) path: PathBuf,
    pub(super) kind: Kind,
    /// Whether the name was not there before.
    pub(super) is_new: bool,
    /// What both ends of a renaming have in common.
    pub(super) tracker: Option<usize>,
}

impl Naming {
    /// Tells of what was said.
    pub(super) fn hear(&mut self, said: Said, mut tell: impl FnMut(Happening)) {
        let Said {
            path,
            kind,
            is_new,
            tracker,
        } = said;
        let kind = match kind {
            // Some systems tell of a change of names and not of which is left.
            Kind::Arrived if std::fs::symlink_metadata(&path).is_err() => Kind::Gone,
            // What is linked is whole, and is never closed.
            Kind::Writing if is_new && is_link(&path) => Kind::Arrived,
            other => other,
        };
        match (kind, tracker) {
            (Kind::Gone, Some(tracker)) => self.moved_from = Some((tracker, path.clone())),
            (Kind::Arrived, Some(tracker)) => {
                let is_its = |(before, _): &mut (usize, PathBuf)| *before == tracker;
                if let Some((_, from)) = self.moved_from.take_if(is_its) {
                    return tell(Happening::Renamed { from, to: path });
                }
            }
            _ => {}
        }
        tell(Happening::To(path, kind));
    }
}

/// Whether a name leads to a file that has, or may have, another one.
fn is_link(path: &std::path::Path) -> bool {
    let Ok(metadata) = std::fs::symlink_metadata(path) else {
        return false;
    };
    #[cfg(unix)]
    if metadata.is_file() && std::os::unix::fs::MetadataExt::nlink(&metadata) > 1 {
        return true;
    }
    metadata.is_symlink()
}
