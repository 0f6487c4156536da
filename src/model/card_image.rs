//! Models the image of a card, and what is known of the post's own image.

use super::artifact::LazyBody;

/// Images of one card.
#[derive(Debug, Clone)]
pub struct CardImage {
    /// The card image, drawn on first request.
    pub body: LazyBody,
    /// Size and media type of the post's own image; `None` if it is not on disk.
    pub own_image: Option<ImageInfo>,
    /// Position of the post's own image among those of the card; `None` if all files are missing or no pictures.
    pub own_position: Option<usize>,
}

/// Size and media type of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ImageInfo {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Media type, such as `image/png`.
    pub mime_type: &'static str,
}
