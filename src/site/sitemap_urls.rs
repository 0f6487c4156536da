//! Counts, measures and hashes the sitemap's URLs incrementally.
//!
//! The parts of the sitemap and their fingerprints are thereby known before it is rendered. URLs
//! are assigned to slots by hash, and slots to parts. The number of parts and the part of each URL
//! depend on the current URLs only, so replicas with a different history agree. A slot is a sum:
//! an added URL is added to it, and a removed one is subtracted.

use std::sync::Arc;

use super::entry::Entry;
use super::translations::Translation;
use crate::hash;
use crate::model::post::Video;

/// Number of slots, and therefore the maximum number of parts: a power of two.
const SLOT_COUNT: usize = 256;
/// Maximum number of images for one URL; Google reads no more.
pub const MAX_IMAGES_PER_URL: usize = 1000;

// Upper bounds on the XML markup around the varying text, in bytes.
const MAX_URL_MARKUP_BYTES: usize = 128;
const MAX_IMAGE_MARKUP_BYTES: usize = 96;
const MAX_VIDEO_MARKUP_BYTES: usize = 512;
const MAX_ALTERNATE_MARKUP_BYTES: usize = 80;

/// URLs of a sitemap, as sums per slot.
#[derive(Debug, Clone)]
pub struct SitemapUrls {
    slots: Arc<[UrlTotals]>,
    page_urls: Arc<[Arc<str>]>,
}

/// Count, length and hash of a set of URLs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UrlTotals {
    /// Number of URLs.
    pub url_count: usize,
    /// Upper bound on their length in a sitemap, in bytes.
    pub estimated_bytes: usize,
    /// Sum of the hashes of what a sitemap contains for each URL, and of what the URLs are sorted by.
    pub hash_sum: u128,
}

impl UrlTotals {
    fn from_entry(entry: &Entry) -> UrlTotals {
        let images = entry.all_images().iter().take(MAX_IMAGES_PER_URL);
        let images: Vec<&str> = images.map(|image| &*image.url).collect();
        let bytes = |url: &&str| MAX_IMAGE_MARKUP_BYTES + max_escaped_len(url);
        let videos = entry.videos();
        let video_texts = (!videos.is_empty()).then(|| (entry.title(), entry.summary()));
        // The title may be the description as well.
        let text_bytes = video_texts.map_or(0, |(title, summary)| {
            MAX_VIDEO_MARKUP_BYTES + max_escaped_len(title) * 2 + max_escaped_len(summary)
        });
        let video_bytes = |video: &Video| {
            text_bytes + max_escaped_len(&video.url) + max_escaped_len(&video.thumbnail_url)
        };
        UrlTotals {
            url_count: 1,
            estimated_bytes: MAX_URL_MARKUP_BYTES
                + max_escaped_len(entry.url())
                + images.iter().map(bytes).sum::<usize>()
                + videos.iter().map(video_bytes).sum::<usize>(),
            hash_sum: hash::hash_value_u128(&(
                entry.url(),
                entry.modified_at(),
                (images, videos, video_texts),
                // They decide the order of the URLs, which a sum does not know.
                entry.published_at(),
                entry.source_path(),
            )),
        }
    }

    fn from_page_url(url: &str) -> UrlTotals {
        UrlTotals {
            url_count: 1,
            estimated_bytes: MAX_URL_MARKUP_BYTES + max_escaped_len(url),
            hash_sum: hash::hash_value_u128(&url),
        }
    }

    /// Returns what the language versions of a post add to its URL.
    fn from_translations(url: &str, all: &[Translation]) -> UrlTotals {
        let bytes = |one: &Translation| {
            MAX_ALTERNATE_MARKUP_BYTES + one.language.len() + max_escaped_len(&one.url)
        };
        UrlTotals {
            url_count: 0,
            // One of them is written twice, also as `x-default`.
            estimated_bytes: all.iter().map(bytes).sum::<usize>()
                + all.iter().map(bytes).max().unwrap_or(0),
            hash_sum: hash::hash_value_u128(&(url, all)),
        }
    }

    fn add_totals(&mut self, other: UrlTotals) {
        self.url_count = self.url_count.wrapping_add(other.url_count);
        self.estimated_bytes = self.estimated_bytes.wrapping_add(other.estimated_bytes);
        self.hash_sum = self.hash_sum.wrapping_add(other.hash_sum);
    }

    fn subtract_totals(&mut self, other: UrlTotals) {
        self.url_count = self.url_count.wrapping_sub(other.url_count);
        self.estimated_bytes = self.estimated_bytes.wrapping_sub(other.estimated_bytes);
        self.hash_sum = self.hash_sum.wrapping_sub(other.hash_sum);
    }
}

/// Returns an upper bound on the length of a URL in XML.
fn max_escaped_len(url: &str) -> usize {
    let escapable = url
        .bytes()
        .filter(|byte| matches!(byte, b'&' | b'\'' | b'"' | b'<' | b'>'));
    url.len() + escapable.count() * ("&quot;".len() - 1)
}

/// Contribution of a URL to its slot.
pub(super) struct UrlContribution {
    url_hash: u64,
    totals: UrlTotals,
}

impl UrlContribution {
    pub(super) fn from_entry(entry: &Entry) -> UrlContribution {
        UrlContribution {
            url_hash: entry.url_hash(),
            totals: UrlTotals::from_entry(entry),
        }
    }

    fn from_page_url(url: &str) -> UrlContribution {
        UrlContribution {
            url_hash: hash::blake3_u64(url.as_bytes()),
            totals: UrlTotals::from_page_url(url),
        }
    }
}

impl Default for SitemapUrls {
    fn default() -> SitemapUrls {
        SitemapUrls {
            slots: vec![UrlTotals::default(); SLOT_COUNT].into(),
            page_urls: Arc::default(),
        }
    }
}

impl SitemapUrls {
    /// Returns the URLs of the site's pages that are not posts, sorted.
    pub fn page_urls(&self) -> &[Arc<str>] {
        &self.page_urls
    }

    /// Returns the number of the part, out of `parts`, that contains the URL with this hash.
    pub fn part_of_hash(url_hash: u64, parts: usize) -> usize {
        slot_index(url_hash) % parts.max(1)
    }

    /// Sums up the URLs of one part out of `parts`.
    pub fn sum_part(&self, number: usize, parts: usize) -> UrlTotals {
        let mut totals = UrlTotals::default();
        for slot in self.slots.iter().skip(number).step_by(parts.max(1)) {
            totals.add_totals(*slot);
        }
        totals
    }

    /// Returns the smallest power of two of parts such that each part fits, or the maximum number.
    pub fn count_parts(&self, fits: impl Fn(UrlTotals) -> bool) -> usize {
        let mut parts = 1;
        while parts < SLOT_COUNT && !(0..parts).all(|number| fits(self.sum_part(number, parts))) {
            parts *= 2;
        }
        parts
    }

    /// Subtracts removed contributions, which must be in the set, and adds new ones.
    pub(super) fn update_slots(&mut self, removed: &[UrlContribution], added: &[UrlContribution]) {
        let slots = Arc::make_mut(&mut self.slots);
        for share in removed {
            if let Some(slot) = slots.get_mut(slot_index(share.url_hash)) {
                slot.subtract_totals(share.totals);
            }
        }
        for share in added {
            if let Some(slot) = slots.get_mut(slot_index(share.url_hash)) {
                slot.add_totals(share.totals);
            }
        }
    }

    /// Replaces one group of translations, which must be in the set, by another.
    pub(super) fn update_translations(&mut self, removed: &[Translation], added: &[Translation]) {
        let shares = |all: &[Translation]| -> Vec<UrlContribution> {
            all.iter()
                .map(|one| UrlContribution {
                    url_hash: hash::blake3_u64(one.url.as_bytes()),
                    totals: UrlTotals::from_translations(&one.url, all),
                })
                .collect()
        };
        self.update_slots(&shares(removed), &shares(added));
    }

    /// Replaces the URLs of pages that are not posts.
    pub(super) fn replace_page_urls(&mut self, mut pages: Vec<Arc<str>>) {
        pages.sort();
        pages.dedup();
        if *self.page_urls != *pages {
            let shares = |pages: &[Arc<str>]| -> Vec<UrlContribution> {
                pages
                    .iter()
                    .map(|page| UrlContribution::from_page_url(page))
                    .collect()
            };
            self.update_slots(&shares(&self.page_urls), &shares(&pages));
            self.page_urls = pages.into();
        }
    }
}

fn slot_index(url_hash: u64) -> usize {
    // The cast is lossless, because the value is less than the number of slots.
    (url_hash % SLOT_COUNT as u64) as usize
}
