//! Draws social cards: layout, fonts, images, and the PNG that previews show.

pub mod card_image;
pub mod font;
pub mod local_image;
pub mod source;
