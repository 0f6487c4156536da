//! Glob patterns of paths, compiled, and compared by their text.

use globset::{Glob, GlobSet, GlobSetBuilder};

use super::raw::{Faults, Written};

/// Matches paths against any of some glob patterns. None of them matches nothing.
///
/// Two are equal if they are written alike. The compiled form holds pools and hash maps, which differ in each
/// copy, so it takes part neither in comparisons nor in `Debug`.
#[derive(Clone, Default)]
pub struct Patterns {
    written: Vec<String>,
    compiled: GlobSet,
}

impl Patterns {
    /// Whether any pattern matches a path below the content directory.
    pub fn is_match(&self, path: &str) -> bool {
        self.compiled.is_match(path)
    }
}

impl PartialEq for Patterns {
    fn eq(&self, other: &Patterns) -> bool {
        self.written == other.written
    }
}

impl std::fmt::Debug for Patterns {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.written.fmt(to)
    }
}

/// Compiles a list of patterns; `None` where it is empty.
pub(super) fn patterns(
    faults: &Faults<'_>,
    written: Option<Written<Vec<String>>>,
) -> Option<Patterns> {
    let written = written.filter(|written| !written.value.is_empty())?;
    let mut set = GlobSetBuilder::new();
    for pattern in &written.value {
        match Glob::new(pattern) {
            Ok(glob) => {
                set.add(glob);
            }
            Err(error) => faults.at(
                &written,
                &format!("holds a bad pattern: {}", error.kind()),
                "patterns are as in `news/**/*.md`",
            ),
        }
    }
    Some(Patterns {
        compiled: set.build().ok()?,
        written: written.value,
    })
}
