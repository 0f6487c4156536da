//! The site into the bytes of every output.
//!
//! Pure: no disk, no clock, no network, no environment. The same site gives the same bytes.

mod atom;
pub mod card_image;
mod card_page;
mod home_page;
mod html;
mod json_feed;
mod opml;
mod robots;
mod rss;
mod sitemap;
mod style;
mod xml;

use std::collections::HashMap;

use chrono::{DateTime, SecondsFormat, Utc};
use rayon::prelude::*;

use crate::artifact::{Artifact, ArtifactKey, Body, Deferred, FeedFormat, Link};
use crate::site::Site;
use crate::site::card::Card;
use crate::site::entry::Entry;
use crate::site::feed::Feed;

/// The drawn pictures of all cards.
#[derive(Debug, Default)]
pub struct CardImages {
    by_path: HashMap<String, CardImage>,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// The media type.
    pub mime_type: &'static str,
}

impl CardImages {
    /// The pictures, by the paths of the cards.
    pub fn new(by_path: HashMap<String, CardImage>) -> CardImages {
        CardImages { by_path }
    }

    /// The pictures of a card.
    pub fn of(&self, card_path: &str) -> Option<&CardImage> {
        self.by_path.get(card_path)
    }

    /// Whether feeds show a picture with the entry, its own or the drawn one.
    fn is_shown_for(&self, entry: &Entry) -> bool {
        let drawn = || entry.card_path.as_ref().and_then(|path| self.of(path));
        entry.image.is_some() || drawn().is_some()
    }

    /// The address of the drawn picture, for an entry that has none of its own.
    fn stand_in(&self, site: &Site, entry: &Entry) -> Option<String> {
        let path = entry.card_path.as_ref().filter(|_| entry.image.is_none())?;
        let key = ArtifactKey::CardImage(path.clone());
        Some(key.versioned_url(&site.public_url, &self.of(path)?.deferred.fingerprint))
    }
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

/// Renders everything.
///
/// # Errors
/// A writer failed; none does on well-formed input.
pub fn render(site: &Site, images: &CardImages) -> Result<Vec<Artifact>, RenderError> {
    let mut artifacts = Vec::new();
    for feed in &site.feeds {
        for format in FeedFormat::ALL {
            let body = match format {
                FeedFormat::Rss => rss::render(site, feed, images)?,
                FeedFormat::Atom => atom::render(site, feed, images)?,
                FeedFormat::Json => json_feed::render(site, feed, images)?,
            };
            artifacts.push(artifact(
                feed.key(format),
                body,
                feed_links(site, feed, format),
            ));
        }
    }
    for (key, body) in sitemap::render(site)? {
        artifacts.push(artifact(key, body, Vec::new()));
    }
    artifacts.push(artifact(
        ArtifactKey::Robots,
        robots::render(site),
        Vec::new(),
    ));
    artifacts.push(artifact(ArtifactKey::Opml, opml::render(site)?, Vec::new()));
    artifacts.push(artifact(
        ArtifactKey::Home,
        home_page::render(site),
        alternates(site),
    ));
    let pages = site.cards.par_iter();
    artifacts.par_extend(pages.map(|card| card_page(site, card, images)));
    artifacts.extend(site.cards.iter().filter_map(|card| {
        Some(Artifact {
            key: card.image_key(),
            body: Body::Deferred(images.of(&card.path)?.deferred.clone()),
            links: Vec::new(),
            noindex: card.noindex,
        })
    }));
    Ok(artifacts)
}

fn card_page(site: &Site, card: &Card, images: &CardImages) -> Artifact {
    let canonical = Link {
        target: card.url.clone(),
        rel: "canonical",
        mime_type: None,
    };
    let body = card_page::render(site, card, images.of(&card.path));
    let mut page = artifact(card.key(), body, vec![canonical]);
    page.noindex = card.noindex;
    page
}

/// A date as RFC 3339 and the W3C's profile of ISO 8601 write it.
fn rfc3339(date: DateTime<Utc>) -> String {
    date.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn artifact(key: ArtifactKey, body: Vec<u8>, links: Vec<Link>) -> Artifact {
    Artifact {
        key,
        body: Body::Ready(body),
        links,
        noindex: false,
    }
}

/// A feed's own address, the page it is the feed of, and the same feed in the other formats.
fn feed_links(site: &Site, feed: &Feed, format: FeedFormat) -> Vec<Link> {
    let to = |other: FeedFormat, rel| Link {
        target: feed.key(other).url(&site.public_url),
        rel,
        mime_type: Some(other.mime_type()),
    };
    let mut links = vec![
        to(format, "self"),
        Link {
            target: site.url.clone(),
            rel: "alternate",
            mime_type: Some("text/html"),
        },
    ];
    links.extend(
        FeedFormat::ALL
            .into_iter()
            .filter(|other| *other != format)
            .map(|other| to(other, "alternate")),
    );
    links
}

/// The site's feeds, for the page that people see.
fn alternates(site: &Site) -> Vec<Link> {
    let Some(feed) = site.feeds.first() else {
        return Vec::new();
    };
    let link = |format: FeedFormat| Link {
        target: feed.key(format).url(&site.public_url),
        rel: "alternate",
        mime_type: Some(format.mime_type()),
    };
    FeedFormat::ALL.into_iter().map(link).collect()
}
