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
mod pages;
mod robots;
mod rss;
mod sitemap;
mod style;
mod xml;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use rayon::prelude::*;

use crate::artifact::{Artifact, ArtifactKey, Body, Deferred, FeedFormat, Link, Page, Pages};
use crate::site::Site;
use crate::site::card::Card;
use crate::site::entry::Entry;
use crate::site::feed::Feed;
use pages::FeedPages;

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

/// Everything that is served of a site.
#[derive(Debug)]
pub struct Rendered {
    /// What is made.
    pub artifacts: Vec<Artifact>,
    /// What is made when it is asked for.
    pub pages: Arc<dyn Pages>,
}

/// Renders everything.
///
/// # Errors
/// A writer failed; none does on well-formed input.
pub fn render(site: &Arc<Site>, images: &Arc<CardImages>) -> Result<Rendered, RenderError> {
    let feeds: Vec<(&Feed, FeedFormat)> = site
        .feeds
        .iter()
        .flat_map(|feed| feed.formats.iter().map(move |format| (feed, *format)))
        .collect();
    let mut artifacts = feeds
        .into_par_iter()
        .map(|(feed, format)| {
            let body = feed_body(site, feed, format, images)?;
            let links = feed_links(site, feed, format);
            Ok(artifact(feed.key(format), body, links))
        })
        .collect::<Result<Vec<_>, RenderError>>()?;
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
    artifacts.extend(left_behind(site));
    let pages = FeedPages {
        site: Arc::clone(site),
        images: Arc::clone(images),
    };
    Ok(Rendered {
        artifacts,
        pages: Arc::new(pages),
    })
}

fn feed_body(
    site: &Site,
    feed: &Feed,
    format: FeedFormat,
    images: &CardImages,
) -> Result<Vec<u8>, RenderError> {
    match format {
        FeedFormat::Rss => rss::render(site, feed, images),
        FeedFormat::Atom => atom::render(site, feed, images),
        FeedFormat::Json => json_feed::render(site, feed, images),
    }
}

/// What is where cards were: the way to where they are, or that they are no more.
fn left_behind(site: &Site) -> impl Iterator<Item = Artifact> {
    let empty = |key, body| Artifact {
        key,
        body,
        links: Vec::new(),
        noindex: false,
    };
    let keys: [fn(String) -> ArtifactKey; 2] = [ArtifactKey::CardPage, ArtifactKey::CardImage];
    let moved = site.moved.iter().flat_map(move |moved| {
        keys.map(|key| {
            let to = key(moved.to.clone()).url(&site.public_url);
            empty(key(moved.from.clone()), Body::Moved(to))
        })
    });
    let gone = site
        .gone
        .iter()
        .flat_map(move |path| keys.map(|key| empty(key(path.clone()), Body::Gone)));
    moved.chain(gone)
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

/// The namespace of Media RSS.
const MEDIA: &str = "http://search.yahoo.com/mrss/";
/// The prefix of RFC 5005's elements.
const HISTORY_PREFIX: &str = "fh";
/// Their namespace.
const HISTORY: &str = "http://purl.org/syndication/history/1.0";

/// The element of RFC 5005 that says what a document is: all there is (§2), or a part of the archive
/// (§4).
fn history_of(feed: &Feed) -> Option<&'static str> {
    match feed.page {
        Page::Archive(_) => Some("archive"),
        Page::Number(_) => feed.is_complete().then_some("complete"),
    }
}

/// A feed's own address, the page it is the feed of, and the same feed in the other formats.
fn feed_links(site: &Site, feed: &Feed, format: FeedFormat) -> Vec<Link> {
    let page = |page: Page, rel| Link {
        target: page.url(&feed.key(format), &site.public_url),
        rel,
        mime_type: Some(format.mime_type()),
    };
    let to = |other: FeedFormat, rel| Link {
        target: feed.page.url(&feed.key(other), &site.public_url),
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
    let others = feed.formats.iter().filter(|other| **other != format);
    links.extend(others.map(|other| to(*other, "alternate")));
    let related = feed.related().into_iter();
    links.extend(related.map(|(rel, other)| page(other, rel)));
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
