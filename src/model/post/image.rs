//! Defines an image of a post.

/// Image of a post.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Image {
    /// Absolute URL.
    pub url: String,
    /// Text alternative, if the author gave one.
    pub alt: Option<String>,
}
