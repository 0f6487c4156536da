//! The further pages of feeds: rendered when they are asked for, as the first is.

use std::sync::Arc;

use super::{CardImages, feed_body, feed_links};
use crate::artifact::{
    ArtifactKey, Deferred, Draw, DrawError, FeedFormat, FurtherPage, Page, Pages,
};
use crate::fingerprint;
use crate::site::Site;
use crate::site::feed::Feed;

/// To be raised when the same entries become other bytes.
const EDITION: u32 = 1;

/// All pages of one generation.
#[derive(Debug)]
pub(super) struct FeedPages {
    pub(super) site: Arc<Site>,
    pub(super) images: Arc<CardImages>,
}

impl Pages for FeedPages {
    fn page(&self, key: &ArtifactKey, page: Page) -> Option<FurtherPage> {
        let ArtifactKey::Feed(scope, format) = key else {
            return None;
        };
        let feed = self.site.feeds.iter().find(|feed| feed.scope == *scope)?;
        let feed = feed.page(page)?;
        let links = feed_links(&self.site, &feed, *format);
        let drawing = Drawing {
            site: Arc::clone(&self.site),
            images: Arc::clone(&self.images),
            feed,
            format: *format,
        };
        Some(FurtherPage {
            deferred: Deferred {
                fingerprint: drawing.fingerprint(),
                draw: Arc::new(drawing),
            },
            links,
        })
    }
}

/// A page that can be rendered.
#[derive(Debug)]
struct Drawing {
    site: Arc<Site>,
    images: Arc<CardImages>,
    feed: Feed,
    format: FeedFormat,
}

impl Drawing {
    /// A hash of all that the bytes depend on.
    fn fingerprint(&self) -> String {
        let (site, feed) = (&self.site, &self.feed);
        let pictures: Vec<_> = feed
            .entries
            .iter()
            .map(|entry| self.images.stand_in(site, entry))
            .collect();
        let full: Vec<bool> = (0..feed.entries.len())
            .map(|place| feed.is_full(place))
            .collect();
        fingerprint::of(&(
            (EDITION, env!("CARGO_PKG_VERSION"), self.format, feed.page),
            (&site.title, &site.url, &site.public_url, &site.language),
            (&site.copyright, site.ttl_minutes),
            (&feed.title, &feed.description, &feed.scope, feed.related()),
            (&feed.entries, full, pictures),
        ))
    }
}

impl Draw for Drawing {
    fn draw(&self) -> Result<Vec<u8>, DrawError> {
        feed_body(&self.site, &self.feed, self.format, &self.images)
            .map_err(|error| DrawError::Failed(error.to_string()))
    }
}
