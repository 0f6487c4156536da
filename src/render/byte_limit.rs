//! Selects the entries of a feed document that carry their full content, so that it has at most `feed.max_bytes`.
//!
//! It counts the bytes as written, separately for each format: Atom escapes the HTML that RSS keeps in CDATA. To measure
//! an entry, it is written on its own, and only if an upper bound of all lengths exceeds the limit.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxBuildHasher;

use super::feed_document;
use super::feed_entry::{EntryView, FeedFeatures};
use super::render_error::RenderError;
use crate::model::artifact::FeedFormat;
use crate::site::Site;
use crate::site::card_images::CardImageSource;
use crate::site::entry::Entry;
use crate::site::feed::{Feed, FeedDocument};

/// Maximum entries to measure on one core; longer documents are measured on all cores.
const MAX_SEQUENTIAL_ENTRIES: usize = 256;

/// Lengths of entries by address in memory and format. Each entry is kept, so that its address is not reused.
#[derive(Debug, Default)]
pub(super) struct EntryLengths(
    HashMap<(usize, FeedFormat), (Arc<Entry>, EntryLength), FxBuildHasher>,
);

/// Length of an entry in one format, in bytes.
#[derive(Debug)]
struct EntryLength {
    /// Without full content.
    without_content: usize,
    /// With full content; `None` until it is needed, as it requires rendering the post.
    with_content: Option<usize>,
}

/// Returns for each entry of a document if it carries its full content: the newest first, while there is room. A post
/// that would not fit even alone does not keep older ones from being full.
pub(super) fn select_full_entries(
    site: &Site,
    document: &FeedDocument,
    images: &dyn CardImageSource,
    format: FeedFormat,
    lengths: &mut EntryLengths,
) -> Result<Vec<bool>, RenderError> {
    let entries = &document.entries;
    let Some(limit) = document.max_document_bytes() else {
        return Ok(vec![document.feed.has_full_content(); entries.len()]);
    };
    let mut features = FeedFeatures::from_document(document, &[], images);
    features.content = true;
    let frame = feed_document::render_envelope(site, document, features, format)?;
    let between = frame.separator.len() * entries.len().saturating_sub(1);
    let overhead = frame.head.len() + frame.tail.len() + between;
    let shorts = lengths.lengths_without_content(site, document, images, format)?;
    let room = limit.saturating_sub(overhead + shorts.iter().sum::<usize>());
    let mut left = Some(room);
    let mut whole = Vec::with_capacity(entries.len());
    for (entry, short) in entries.iter().zip(shorts) {
        let Some(room_left) = left else {
            whole.push(false);
            continue;
        };
        let length = lengths.length_with_content((site, &document.feed), entry, images, format)?;
        let more = length.saturating_sub(short);
        let rest = room_left.checked_sub(more);
        whole.push(rest.is_some());
        // Older entries lose their content too, unless this one would not fit into the feed even alone.
        if rest.is_some() || more <= room {
            left = rest;
        }
    }
    Ok(whole)
}

impl EntryLengths {
    /// Removes the lengths of entries that are not in the document.
    pub(super) fn retain_document(&mut self, document: &FeedDocument) {
        if self.0.is_empty() {
            return;
        }
        let present: HashSet<usize> = document.entries.iter().map(entry_address).collect();
        self.0.retain(|(address, _), _| present.contains(address));
    }

    /// Returns the lengths of entries without full content. Known lengths are not measured again.
    fn lengths_without_content(
        &mut self,
        site: &Site,
        document: &FeedDocument,
        images: &dyn CardImageSource,
        format: FeedFormat,
    ) -> Result<Vec<usize>, RenderError> {
        let (feed, entries) = (&document.feed, &document.entries);
        let measure = |entry: &Arc<Entry>| {
            let short = match self.0.get(&(entry_address(entry), format)) {
                Some((_, length)) => length.without_content,
                None => measure_entry((site, feed), entry, images, format, None)?,
            };
            Ok(short)
        };
        let shorts = match entries.len() > MAX_SEQUENTIAL_ENTRIES {
            true => entries.par_iter().map(measure).collect(),
            false => entries
                .iter()
                .map(measure)
                .collect::<Result<Vec<_>, RenderError>>(),
        }?;
        for (entry, short) in entries.iter().zip(&shorts) {
            let length = self.0.entry((entry_address(entry), format));
            length.or_insert_with(|| {
                let length = EntryLength {
                    without_content: *short,
                    with_content: None,
                };
                (Arc::clone(entry), length)
            });
        }
        Ok(shorts)
    }

    /// Returns the length of an entry with full content.
    fn length_with_content(
        &mut self,
        site_and_feed: (&Site, &Feed),
        entry: &Arc<Entry>,
        images: &dyn CardImageSource,
        format: FeedFormat,
    ) -> Result<usize, RenderError> {
        let known = self.0.get_mut(&(entry_address(entry), format));
        if let Some(whole) = known.as_ref().and_then(|(_, length)| length.with_content) {
            return Ok(whole);
        }
        let html = feed_document::full_content_html(entry);
        let whole = measure_entry(site_and_feed, entry, images, format, html)?;
        if let Some((_, length)) = known {
            length.with_content = Some(whole);
        }
        Ok(whole)
    }
}

fn entry_address(entry: &Arc<Entry>) -> usize {
    Arc::as_ptr(entry).addr()
}

/// Returns the length in bytes of an entry, written in a format.
fn measure_entry(
    (site, feed): (&Site, &Feed),
    entry: &Entry,
    images: &dyn CardImageSource,
    format: FeedFormat,
    html: Option<Arc<str>>,
) -> Result<usize, RenderError> {
    let view = EntryView::new(site, feed, entry, html, images);
    Ok(feed_document::write_entries(site, &[view], format)?.len())
}
