//! Defines the size of card images.

/// Width in pixels: every network accepts this size, a ratio of 1.91 to 1.
pub(crate) const CARD_WIDTH: u32 = 1200;

/// Height in pixels.
pub(crate) const CARD_HEIGHT: u32 = 630;
