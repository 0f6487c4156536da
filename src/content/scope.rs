//! What a look is at: everything, or what events named.

use std::collections::BTreeSet;
use std::path::PathBuf;

/// Which files and directories a look is at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All there are.
    All,
    /// These, as they are now, and what is below them. What lies elsewhere is nobody's concern.
    Paths(BTreeSet<PathBuf>),
}

impl Default for Scope {
    /// Nothing.
    fn default() -> Scope {
        Scope::Paths(BTreeSet::new())
    }
}

impl Scope {
    /// Adds what another has.
    pub fn merge(&mut self, other: Scope) {
        match (&mut *self, other) {
            (Scope::All, _) => {}
            (Scope::Paths(paths), Scope::Paths(more)) => paths.extend(more),
            (Scope::Paths(_), Scope::All) => *self = Scope::All,
        }
    }

    /// Whether there is nothing to look at.
    pub fn is_empty(&self) -> bool {
        matches!(self, Scope::Paths(paths) if paths.is_empty())
    }
}
