//! Reads a directory of files and produces posts and findings.
//!
//! One bad file never fails the whole directory. Nothing here decides whether a post is visible.

/// Thoroughness of parsing.
///
/// Each level includes and costs more than the one before. The resulting post is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum ParseMode {
    /// Metadata only. The body is rendered on demand, and findings that need it are left out.
    Metadata,
    /// Metadata and body, as needed for publishing.
    #[default]
    Full,
    /// Everything, with suggestions for improvement.
    Lint,
}
