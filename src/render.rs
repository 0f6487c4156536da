//! Renders every output of a site to bytes.
//!
//! Pure: no disk, clock, network or environment. The same site gives the same bytes.

mod atom;
mod byte_limit;
mod feed_body;
mod feed_document;
mod feed_entry;
mod feed_extensions;
mod html_escape;
mod json_feed;
mod links;
mod llms_txt;
mod news_sitemap;
mod opml;
mod podcast;
mod render_error;
mod renderer;
mod robots;
mod rss;
mod site_artifacts;
mod sitemap;
mod xml;
mod xml_stylesheet;

use std::sync::Arc;

use crate::model::artifact::FeedFormat;
use crate::site::Site;
use crate::site::card_images::CardImageSource;
use crate::site::feed::FeedDocument;
use byte_limit::EntryLengths;
use site_artifacts::SiteArtifacts;

pub use llms_txt::is_in_llms_txt;
pub use render_error::RenderError;
pub use renderer::RenderedSite;
pub use renderer::Renderer;

/// Renders a site without reusing anything from an earlier generation.
///
/// # Errors
/// See [`Renderer::render`].
pub fn render_site(
    site: &Arc<Site>,
    images: &Arc<dyn CardImageSource>,
) -> Result<RenderedSite, RenderError> {
    Renderer::default().render(site, images)
}

/// Finds the format in which a byte limit removes the full content of most entries, with the number of those entries.
/// Returns `None` if it removes none.
///
/// # Errors
/// See [`Renderer::render`].
pub fn find_most_shortened_format(
    site: &Site,
    document: &FeedDocument,
    images: &dyn CardImageSource,
) -> Result<Option<(FeedFormat, usize)>, RenderError> {
    let mut most = None;
    for format in document
        .feed
        .formats
        .iter()
        .filter(|_| document.max_document_bytes().is_some())
    {
        let lengths = &mut EntryLengths::default();
        let whole = byte_limit::select_full_entries(site, document, images, *format, lengths)?;
        let count = whole.iter().filter(|is_whole| !**is_whole).count();
        if count > most.map_or(0, |(_, most)| most) {
            most = Some((*format, count));
        }
    }
    Ok(most)
}
