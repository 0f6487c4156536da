//! The pictures of a post.

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Image {
    /// The absolute URL.
    pub url: String,
    /// What it shows, where the author said.
    pub alt: Option<String>,
}
