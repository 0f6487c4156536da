//! Renders a feed document with some of its entries.

use super::byte_limit::EntryLengths;
use super::feed_document::DocumentLayout;
use super::render_error::RenderError;
use super::{byte_limit, feed_document};
use crate::model::artifact::FeedFormat;
use crate::site::Site;
use crate::site::card_images::CardImageSource;
use crate::site::feed::FeedDocument;

/// Renders a feed document with only the entries at the given indexes.
pub(super) fn render_feed_body(
    site: &Site,
    document: &FeedDocument,
    indexes: &[usize],
    format: FeedFormat,
    images: &dyn CardImageSource,
) -> Result<Vec<u8>, RenderError> {
    let lengths = &mut EntryLengths::default();
    let whole = byte_limit::select_full_entries(site, document, images, format, lengths)?;
    let layouts = [DocumentLayout::new(site, document, images, format, whole)?];
    let mut entries = Vec::with_capacity(indexes.len());
    for index in indexes {
        let written =
            feed_document::write_entry_in_layouts(site, document, &layouts, *index, images)?;
        entries.extend(written);
    }
    let [layout] = layouts;
    Ok(layout.assemble_document(&entries).0)
}
