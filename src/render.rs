//! The site into the bytes of every output.
//!
//! Pure: no disk, no clock, no network, no environment. The same site gives the same bytes.

mod atom;
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

use chrono::{DateTime, SecondsFormat, Utc};
use rayon::prelude::*;

use crate::artifact::{Artifact, ArtifactKey, FeedFormat, Link};
use crate::site::Site;
use crate::site::card::Card;
use crate::site::feed::Feed;

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
pub fn render(site: &Site) -> Result<Vec<Artifact>, RenderError> {
    let mut artifacts = Vec::new();
    for feed in &site.feeds {
        for format in FeedFormat::ALL {
            let body = match format {
                FeedFormat::Rss => rss::render(site, feed)?,
                FeedFormat::Atom => atom::render(site, feed)?,
                FeedFormat::Json => json_feed::render(site, feed)?,
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
    artifacts.par_extend(site.cards.par_iter().map(|card| card_page(site, card)));
    Ok(artifacts)
}

fn card_page(site: &Site, card: &Card) -> Artifact {
    let canonical = Link {
        target: card.url.clone(),
        rel: "canonical",
        mime_type: None,
    };
    let mut page = artifact(card.key(), card_page::render(site, card), vec![canonical]);
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
        body,
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
