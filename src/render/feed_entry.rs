//! Defines an entry, and the text around entries, as the feed formats write them.

use crate::model::post::{Enclosure, Image};
use crate::site::Site;
use crate::site::card_images::CardImageSource;
use crate::site::entry::Entry;
use crate::site::feed::{Feed, FeedDocument};
use std::sync::Arc;

/// Entry as it appears in one feed document.
#[derive(Debug, Clone)]
pub(super) struct EntryView<'a> {
    pub(super) entry: &'a Entry,
    /// Full content as HTML; `None` if the document leaves it out.
    pub(crate) html: Option<Arc<str>>,
    /// Image of the entry itself; `None` if it has none or its files are missing.
    pub(super) own_image: Option<&'a Image>,
    /// URL of the drawn card image; `None` if the entry has an image of its own.
    pub(super) fallback_image: Option<String>,
    /// Length in bytes of each enclosure; `None` if it is unknown.
    pub(super) enclosure_lengths: Vec<Option<u64>>,
    /// True if the document is the feed of a podcast.
    pub(super) is_episode: bool,
}

/// Optional parts that at least one entry of a document uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FeedFeatures {
    pub(super) content: bool,
    pub(super) authors: bool,
    pub(super) pictures: bool,
    /// True if an entry has more than one enclosure.
    pub(super) further_enclosures: bool,
}

/// Bytes of a document around and between its entries.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FeedEnvelope {
    pub(super) head: Vec<u8>,
    pub(super) tail: Vec<u8>,
    /// Bytes between two entries.
    pub(super) separator: &'static [u8],
}

/// Opening and closing tags of an element, as they stand in a document.
#[derive(Debug, Clone, Copy)]
pub(super) struct ElementTags {
    pub(super) open: &'static str,
    pub(super) close: &'static str,
}

impl<'a> EntryView<'a> {
    /// Looks up what a document shows of an entry. `html` is its full content.
    pub(super) fn new(
        site: &Site,
        feed: &Feed,
        entry: &'a Entry,
        html: Option<Arc<str>>,
        images: &dyn CardImageSource,
    ) -> EntryView<'a> {
        EntryView {
            entry,
            html,
            own_image: images.find_own_image(entry),
            fallback_image: images.fallback_image_url(site, entry),
            enclosure_lengths: enclosure_lengths(entry, images),
            is_episode: feed.podcast.is_some(),
        }
    }

    /// Lists the enclosures with their lengths. In a podcast, the first one is audio or video.
    pub(super) fn enclosures(&self) -> Vec<(&'a Enclosure, Option<u64>)> {
        let lengths = self.enclosure_lengths.iter().copied();
        let mut enclosures: Vec<_> = self.entry.enclosures().zip(lengths).collect();
        if self.is_episode {
            enclosures.sort_by_key(|(enclosure, _)| !enclosure.is_playable());
        }
        enclosures
    }
}

/// Returns the URL that an entry leads to in RSS and Atom, and the other one of a link post.
pub(super) fn select_entry_urls<'a>(site: &Site, entry: &'a Entry) -> (&'a str, Option<&'a str>) {
    match entry.external_url() {
        Some(url) if site.settings.link_posts_lead_away => (url, Some(entry.url())),
        url => (entry.url(), url),
    }
}

/// Returns the length in bytes of each enclosure of an entry: as the post gives it, or else of the file.
pub(super) fn enclosure_lengths(entry: &Entry, images: &dyn CardImageSource) -> Vec<Option<u64>> {
    let enclosures = entry.enclosures();
    enclosures
        .map(|enclosure| {
            enclosure
                .length
                .or_else(|| images.file_length(&enclosure.url))
        })
        .collect()
}

impl FeedFeatures {
    /// Detects what the entries use; `whole` says which of them carry their full content.
    pub(super) fn from_document(
        document: &FeedDocument,
        whole: &[bool],
        images: &dyn CardImageSource,
    ) -> FeedFeatures {
        let entries = || document.entries.iter();
        let draws = images.is_enabled();
        FeedFeatures {
            content: whole.contains(&true),
            authors: entries().any(|entry| !entry.authors().is_empty()),
            pictures: entries()
                .any(|entry| entry.main_image().is_some() || draws && entry.card_path().is_some()),
            further_enclosures: entries().any(|entry| entry.enclosures().nth(1).is_some()),
        }
    }
}

impl FeedEnvelope {
    /// Splits a document around its elements with these tags. Without such elements, all of it is head.
    pub(super) fn split_around(mut bytes: Vec<u8>, tags: ElementTags) -> FeedEnvelope {
        let (from, to) = find_elements(&bytes, tags).unwrap_or((bytes.len(), bytes.len()));
        let tail = bytes.split_off(to);
        bytes.truncate(from);
        FeedEnvelope {
            head: bytes,
            tail,
            separator: b"",
        }
    }

    /// Extracts the elements with these tags from a document.
    pub(super) fn extract_elements(mut bytes: Vec<u8>, tags: ElementTags) -> Vec<u8> {
        let (from, to) = find_elements(&bytes, tags).unwrap_or((0, 0));
        bytes.truncate(to);
        bytes.split_off(from)
    }

    /// Splits a JSON object at its last list, which is written empty, so that items fit in.
    pub(super) fn split_at_items(mut bytes: Vec<u8>, is_empty: bool) -> FeedEnvelope {
        let end = bytes.iter().rposition(|byte| *byte == b']');
        let tail = end.map_or_else(Vec::new, |end| bytes.split_off(end));
        FeedEnvelope {
            head: bytes,
            tail: if is_empty {
                tail
            } else {
                [b"\n  ", tail.as_slice()].concat()
            },
            separator: b",",
        }
    }

    /// Extracts the items of the only list of a JSON object.
    pub(super) fn extract_items(bytes: &[u8]) -> Vec<u8> {
        let inside = bytes
            .strip_prefix(b"{\n  \"items\": [")
            .and_then(|bytes| bytes.strip_suffix(b"\n  ]\n}"));
        inside.unwrap_or_default().to_vec()
    }
}

/// Finds where the first element with these tags starts and the last one ends.
fn find_elements(bytes: &[u8], tags: ElementTags) -> Option<(usize, usize)> {
    let (open, close) = (tags.open.as_bytes(), tags.close.as_bytes());
    let from = bytes
        .windows(open.len())
        .position(|window| window == open)?;
    let last = bytes
        .windows(close.len())
        .rposition(|window| window == close)?;
    Some((from, last + close.len()))
}

/// Estimates the written length of entries, so that the buffer rarely has to grow.
pub(super) fn capacity_hint(views: &[EntryView<'_>]) -> usize {
    /// Usual maximum of an entry's bytes besides its full content.
    const METADATA_BYTES: usize = 4 * 1024;
    let lengths = views.iter().map(|view| {
        let html_len = view.html.as_ref().map_or(0, |html| html.len());
        // Escaping makes tags and quotation marks longer.
        METADATA_BYTES + html_len * 5 / 4
    });
    lengths.sum()
}
