//! Writes a feed document in one format: an envelope (head and tail) with entries between.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use rayon::prelude::*;
use rustc_hash::FxBuildHasher;

use super::feed_entry::{EntryView, FeedEnvelope, FeedFeatures};
use super::render_error::RenderError;
use super::{atom, json_feed, rss};
use crate::model::artifact::{FeedFormat, OutputBytes, Payload};
use crate::site::Site;
use crate::site::card_images::CardImageSource;
use crate::site::entry::Entry;
use crate::site::feed::FeedDocument;

/// Everything about a document in one format but its entries: which of them carry their full content,
/// and the bytes around and between them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DocumentLayout {
    pub(super) format: FeedFormat,
    /// For each entry, true if it carries its full content.
    full_entries: Vec<bool>,
    envelope: FeedEnvelope,
}

/// Renders the envelope of a document in a format.
pub(super) fn render_envelope(
    site: &Site,
    document: &FeedDocument,
    features: FeedFeatures,
    format: FeedFormat,
) -> Result<FeedEnvelope, RenderError> {
    match format {
        FeedFormat::Rss => rss::render_envelope(site, document, features),
        FeedFormat::Atom => atom::render_envelope(site, document, features),
        FeedFormat::Json => json_feed::render_envelope(site, document),
    }
}

/// Returns the full content of an entry as HTML; `None` if it is empty.
pub(super) fn full_content_html(entry: &Entry) -> Option<Arc<str>> {
    Some(entry.render_content().html).filter(|html| !html.is_empty())
}

impl DocumentLayout {
    /// Creates a layout; `whole` says which entries carry their full content.
    pub(super) fn new(
        site: &Site,
        document: &FeedDocument,
        images: &dyn CardImageSource,
        format: FeedFormat,
        full_entries: Vec<bool>,
    ) -> Result<DocumentLayout, RenderError> {
        let features = FeedFeatures::from_document(document, &full_entries, images);
        Ok(DocumentLayout {
            envelope: render_envelope(site, document, features, format)?,
            format,
            full_entries,
        })
    }

    pub(super) fn has_full_content(&self, index: usize) -> bool {
        self.full_entries.get(index) == Some(&true)
    }

    /// Puts entries into the envelope, and returns the document with each entry's range in it.
    pub(super) fn assemble_document(
        &self,
        entries: &[impl AsRef<[u8]>],
    ) -> (Vec<u8>, Vec<Range<usize>>) {
        let FeedEnvelope {
            head,
            tail,
            separator,
        } = &self.envelope;
        let lengths = entries.iter().map(|entry| entry.as_ref().len());
        let length: usize = lengths.map(|length| length + separator.len()).sum();
        let mut bytes = Vec::with_capacity(head.len() + length + tail.len());
        let mut ranges = Vec::with_capacity(entries.len());
        bytes.extend_from_slice(head);
        for (number, entry) in entries.iter().enumerate() {
            if number > 0 {
                bytes.extend_from_slice(separator);
            }
            let start = bytes.len();
            bytes.extend_from_slice(entry.as_ref());
            ranges.push(start..bytes.len());
        }
        bytes.extend_from_slice(tail);
        (bytes, ranges)
    }
}

/// Document in one format as it was last written.
///
/// The next one copies unchanged entries from it, as rendering a post costs a hundred times as much. Without this, one
/// edit would render every post of a full feed.
#[derive(Debug)]
pub(super) struct WrittenDocument {
    pub(super) layout: DocumentLayout,
    pub(super) bytes: Arc<OutputBytes>,
    entries: Vec<Arc<Entry>>,
    entry_ranges: Vec<Range<usize>>,
}

/// Bytes of a written document, with the range of each entry. The key is the entry's address in memory and whether it
/// carries its full content.
struct CachedEntries {
    bytes: Bytes,
    ranges: HashMap<(usize, bool), Range<usize>, FxBuildHasher>,
}

impl WrittenDocument {
    /// Returns true if writing the document now would give the same bytes. Entries are compared by address, as a
    /// changed entry is a new allocation.
    pub(super) fn is_current(&self, layout: &DocumentLayout, document: &FeedDocument) -> bool {
        let (before, now) = (&self.entries, &document.entries);
        self.layout == *layout
            && before.len() == now.len()
            && before.iter().zip(now).all(|(a, b)| Arc::ptr_eq(a, b))
    }

    /// Returns the bytes of each entry; `None` if the document cannot be decompressed.
    fn cached_entries(&self) -> Option<CachedEntries> {
        let entries = self.entries.iter().zip(&self.entry_ranges).enumerate();
        let ranges = entries.map(|(index, (entry, range))| {
            let is_full = self.layout.has_full_content(index);
            ((Arc::as_ptr(entry).addr(), is_full), range.clone())
        });
        Some(CachedEntries {
            ranges: ranges.collect(),
            bytes: match self.bytes.stored_payload() {
                Payload::Plain(bytes) => bytes,
                compressed => compressed.to_vec().ok()?.into(),
            },
        })
    }
}

impl CachedEntries {
    fn find_bytes(&self, entry: &Arc<Entry>, is_full: bool) -> Option<&[u8]> {
        let range = self.ranges.get(&(Arc::as_ptr(entry).addr(), is_full))?;
        self.bytes.get(range.clone())
    }
}

/// Writes a document in several layouts. Each comes with the document last written in its format, from which
/// unchanged entries are copied.
pub(super) fn write_document(
    site: &Site,
    document: &FeedDocument,
    layouts: Vec<(DocumentLayout, Option<WrittenDocument>)>,
    images: &dyn CardImageSource,
) -> Result<Vec<WrittenDocument>, RenderError> {
    // Earlier documents are kept until the end, so that no new entry can reuse the address of an old one.
    let (layouts, previous): (Vec<DocumentLayout>, Vec<Option<WrittenDocument>>) =
        layouts.into_iter().unzip();
    let cached: Vec<Option<CachedEntries>> = previous
        .iter()
        .map(|previous| previous.as_ref()?.cached_entries())
        .collect();
    let find_cached_bytes = |layout_index: usize, index: usize| {
        let (layout, entry) = (layouts.get(layout_index)?, document.entries.get(index)?);
        let cached = cached.get(layout_index)?.as_ref()?;
        cached.find_bytes(entry, layout.has_full_content(index))
    };
    let new_entries = (0..document.entries.len())
        .into_par_iter()
        .map(|index| {
            let is_new = (0..layouts.len())
                .any(|layout_index| find_cached_bytes(layout_index, index).is_none());
            is_new
                .then(|| write_entry_in_layouts(site, document, &layouts, index, images))
                .transpose()
        })
        .collect::<Result<Vec<Option<Vec<Vec<u8>>>>, RenderError>>()?;
    let assembled: Vec<_> = layouts
        .iter()
        .enumerate()
        .map(|(layout_index, layout)| {
            let entries = new_entries.iter().enumerate();
            let entries = entries.filter_map(|(index, new)| match new {
                Some(new) => new.get(layout_index).map(Vec::as_slice),
                None => find_cached_bytes(layout_index, index),
            });
            layout.assemble_document(&entries.collect::<Vec<&[u8]>>())
        })
        .collect();
    let documents = layouts.into_iter().zip(assembled);
    let written = documents.map(|(layout, (bytes, entry_ranges))| WrittenDocument {
        layout,
        bytes: OutputBytes::new(bytes),
        entries: document.entries.clone(),
        entry_ranges,
    });
    Ok(written.collect())
}

/// Writes the entry at an index in each layout. The post is rendered once for all of them.
pub(super) fn write_entry_in_layouts(
    site: &Site,
    document: &FeedDocument,
    layouts: &[DocumentLayout],
    index: usize,
    images: &dyn CardImageSource,
) -> Result<Vec<Vec<u8>>, RenderError> {
    let Some(entry) = document.entries.get(index) else {
        return Ok(Vec::new());
    };
    let html = match layouts.iter().any(|layout| layout.has_full_content(index)) {
        true => full_content_html(entry),
        false => None,
    };
    let full_view = EntryView::new(site, &document.feed, entry, html, images);
    let written = layouts.iter().map(|layout| {
        let html = full_view
            .html
            .clone()
            .filter(|_| layout.has_full_content(index));
        let view = EntryView {
            html,
            ..full_view.clone()
        };
        write_entries(site, &[view], layout.format)
    });
    written.collect()
}

/// Writes entries in the given format.
pub(super) fn write_entries(
    site: &Site,
    views: &[EntryView<'_>],
    format: FeedFormat,
) -> Result<Vec<u8>, RenderError> {
    match format {
        FeedFormat::Rss => rss::write_entries(site, views),
        FeedFormat::Atom => atom::write_entries(site, views),
        FeedFormat::Json => json_feed::write_entries(views),
    }
}
