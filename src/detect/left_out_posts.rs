//! Counts posts that the settings leave out.

/// Files with a title and a date that the settings exclude.
#[derive(Debug, Clone, Default)]
pub(crate) struct LeftOutPosts {
    /// Number of files; an estimate if only a sample was read.
    pub(crate) count: usize,
    /// Path of one of them, relative to the site's directory.
    pub(crate) example: String,
}
