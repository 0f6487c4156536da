//! Compiles glob patterns of paths.

use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::config_table::{ConfigErrors, Spanned};

/// Glob patterns of paths. An empty set matches nothing.
///
/// Two sets are equal if their texts are. The compiled form holds pools and hash maps, which differ
/// in each copy, so it takes part neither in comparisons nor in `Debug`.
#[derive(Clone, Default)]
pub struct PathPatterns {
    texts: Vec<String>,
    compiled: GlobSet,
}

impl PathPatterns {
    /// Returns true if any pattern matches a path relative to the content directory.
    pub fn is_match(&self, path: &str) -> bool {
        self.compiled.is_match(path)
    }
}

impl PartialEq for PathPatterns {
    fn eq(&self, other: &PathPatterns) -> bool {
        self.texts == other.texts
    }
}

impl std::fmt::Debug for PathPatterns {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.texts.fmt(to)
    }
}

/// Compiles a list of patterns. Returns `None` if it is empty.
pub(super) fn read_patterns(
    faults: &ConfigErrors<'_>,
    written: Option<Spanned<Vec<String>>>,
) -> Option<PathPatterns> {
    let written = written.filter(|written| !written.value.is_empty())?;
    let mut set = GlobSetBuilder::new();
    for pattern in &written.value {
        match Glob::new(pattern) {
            Ok(glob) => {
                set.add(glob);
            }
            Err(error) => faults.report_at(
                &written,
                &format!("has an invalid pattern, {}: `{pattern}`", error.kind()),
                "write patterns such as `news/**/*.md`",
            ),
        }
    }
    Some(PathPatterns {
        compiled: set.build().ok()?,
        texts: written.value,
    })
}
