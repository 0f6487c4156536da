//! Describes a card that moved to a different path.

/// Redirect of a card whose post moved.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CardRedirect {
    /// Former path.
    pub from: String,
    /// Path of the card that replaces it.
    pub to: String,
}
