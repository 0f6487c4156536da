//! The site into the bytes of every output.
//!
//! Pure: no disk, no clock, no network, no environment. The same site gives the same bytes.

mod atom;
mod byte_limit;
pub mod card_image;
mod card_page;
mod document;
mod feed_page;
mod home_page;
mod html;
mod json_feed;
mod opml;
mod press;
mod robots;
mod rss;
mod shelf;
mod sitemap;
mod style;
mod xml;
mod xml_style;

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::artifact::{
    Artifact, ArtifactKey, Body, Deferred, DrawError, FeedFormat, Link, OutputBytes, Page, Shelf,
};
use crate::site::Site;
use crate::site::card::Card;
use crate::site::entry::Entry;
use crate::site::feed::{Document, Feed};
use byte_limit::Lengths;
use document::Layout;
use shelf::SiteShelf;

pub use press::Press;

/// What gives the pictures of cards.
pub trait CardImages: std::fmt::Debug + Send + Sync {
    /// The pictures of a card of a site, if there are any.
    fn of(&self, site: &Site, card: &Card) -> Option<CardImage>;

    /// Whether there are pictures.
    fn draws(&self) -> bool;

    /// Another number when what all cards are drawn with is another.
    fn edition(&self) -> u64;
}

impl dyn CardImages + '_ {
    /// The address of the drawn picture, for an entry that has none of its own.
    fn stand_in(&self, site: &Site, entry: &Entry) -> Option<String> {
        if !self.draws() || entry.image().is_some() || entry.card_path().is_none() {
            return None;
        }
        let card = site.card(entry);
        let image = self.of(site, &card)?;
        let key = card.image_key();
        Some(key.versioned_url(&site.settings.public_url, &image.deferred.fingerprint))
    }
}

/// No pictures at all.
#[derive(Debug, Clone, Copy)]
pub struct NoImages;

impl CardImages for NoImages {
    fn of(&self, _: &Site, _: &Card) -> Option<CardImage> {
        None
    }

    fn draws(&self) -> bool {
        false
    }

    fn edition(&self) -> u64 {
        0
    }
}

/// The pictures of one card.
#[derive(Debug, Clone)]
pub struct CardImage {
    /// The drawn one, not drawn yet.
    pub deferred: Deferred,
    /// What is known of its own, where it is on disk.
    pub own: Option<Size>,
}

/// How large a picture is, and of which kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Size {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// The media type.
    pub mime_type: &'static str,
}

/// Why an output could not be written.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The RSS writer failed.
    #[error("cannot write RSS")]
    Rss(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The Atom writer failed.
    #[error("cannot write Atom")]
    Atom(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The JSON writer failed.
    #[error("cannot write JSON")]
    Json(#[from] serde_json::Error),
    /// The XML writer failed.
    #[error("cannot write XML")]
    Xml(#[from] std::io::Error),
}

/// Everything that is served of a site.
#[derive(Debug)]
pub struct Rendered {
    /// What is made.
    pub artifacts: Vec<Artifact>,
    /// What is made when it is asked for.
    pub shelf: Arc<dyn Shelf>,
}

/// Renders everything anew.
///
/// # Errors
/// As [`Press::render`].
pub fn render(site: &Arc<Site>, images: &Arc<dyn CardImages>) -> Result<Rendered, RenderError> {
    Press::default().render(site, images)
}

/// A document of a feed with its entries at some places alone.
fn feed_body(
    site: &Site,
    document: &Document,
    places: &[usize],
    format: FeedFormat,
    images: &dyn CardImages,
) -> Result<Vec<u8>, RenderError> {
    let lengths = &mut Lengths::default();
    let whole = byte_limit::whole_entries(site, document, images, format, lengths)?;
    let layouts = [Layout::new(site, document, images, format, whole)?];
    let mut entries = Vec::with_capacity(places.len());
    for place in places {
        let written = document::write_entry(site, document, &layouts, *place, images)?;
        entries.extend(written);
    }
    let [layout] = layouts;
    Ok(layout.assemble(&entries).0)
}

/// Why an output could not be rendered, as those are told who ask for it.
fn failed(body: Result<Vec<u8>, RenderError>) -> Result<Vec<u8>, DrawError> {
    body.map_err(|error| DrawError::Failed(error.to_string()))
}

/// The format in which a byte limit takes the whole post of most entries of a document, and of how many; `None` where
/// it takes none.
///
/// # Errors
/// As [`Press::render`].
pub fn most_shortened(
    site: &Site,
    document: &Document,
    images: &dyn CardImages,
) -> Result<Option<(FeedFormat, usize)>, RenderError> {
    let mut most = None;
    for format in document
        .feed
        .formats
        .iter()
        .filter(|_| document.byte_limit().is_some())
    {
        let lengths = &mut Lengths::default();
        let whole = byte_limit::whole_entries(site, document, images, *format, lengths)?;
        let count = whole.iter().filter(|is_whole| !**is_whole).count();
        if count > most.map_or(0, |(_, most)| most) {
            most = Some((*format, count));
        }
    }
    Ok(most)
}

/// A date as RFC 3339 and the W3C's profile of ISO 8601 write it.
fn rfc3339(date: DateTime<Utc>) -> String {
    date.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn artifact(key: ArtifactKey, bytes: Arc<OutputBytes>, links: Vec<Link>) -> Artifact {
    Artifact {
        key,
        body: Body::Ready(bytes),
        links,
        noindex: false,
    }
}

/// The namespace of Media RSS.
const MEDIA: &str = "http://search.yahoo.com/mrss/";
/// The prefix of RFC 5005's elements.
const HISTORY_PREFIX: &str = "fh";
/// Their namespace.
const HISTORY: &str = "http://purl.org/syndication/history/1.0";

/// The element of RFC 5005 that says what a document is: all there is (§2), or a part of the archive
/// (§4).
fn history_of(document: &Document) -> Option<&'static str> {
    match document.page {
        Page::Archive(_) => Some("archive"),
        Page::Number(_) => document.is_complete().then_some("complete"),
    }
}

/// A feed's own address, the page it is the feed of, and the same feed in the other formats.
fn feed_links(site: &Site, document: &Document, format: FeedFormat) -> Vec<Link> {
    let public_url = &site.settings.public_url;
    let page = |page: Page, rel| Link {
        target: page.url(&document.key(format), public_url),
        rel,
        mime_type: Some(format.mime_type()),
    };
    let to = |other: FeedFormat, rel| Link {
        target: document.page.url(&document.key(other), public_url),
        rel,
        mime_type: Some(other.mime_type()),
    };
    let mut links = vec![
        to(format, "self"),
        Link {
            target: site.settings.url.clone(),
            rel: "alternate",
            mime_type: Some("text/html"),
        },
    ];
    let formats = document.feed.formats.iter();
    let others = formats.filter(|other| **other != format);
    links.extend(others.map(|other| to(*other, "alternate")));
    let related = document.related().into_iter();
    links.extend(related.map(|(rel, other)| page(other, rel)));
    links
}

/// The site's feeds, for the page that people see.
fn alternates(site: &Site) -> Vec<Link> {
    alternates_of(site, site.feeds.main())
}

/// A feed in all its formats.
fn alternates_of(site: &Site, feed: &Feed) -> Vec<Link> {
    let link = |format: &FeedFormat| Link {
        target: feed.key(*format).url(&site.settings.public_url),
        rel: "alternate",
        mime_type: Some(format.mime_type()),
    };
    feed.formats.iter().map(link).collect()
}
