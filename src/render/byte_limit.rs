//! Decides which entries of a feed document carry the whole post, so that it has at most `feed.max_bytes`.
//!
//! Counts what is written, in each format by itself: Atom escapes the HTML that RSS writes as it is. An entry is
//! written by itself to measure it, and only where an upper bound of all lengths is beyond the limit.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxBuildHasher;

use super::document::{self, Features, Told};
use super::{CardImages, RenderError};
use crate::artifact::FeedFormat;
use crate::site::Site;
use crate::site::entry::Entry;
use crate::site::feed::Document;

/// Documents with more entries are measured on all cores.
const MAX_ENTRIES_OF_ONE_CORE: usize = 256;

/// Lengths of entries by the address of each, which stays allocated as long as it is here.
#[derive(Debug, Default)]
pub(super) struct Lengths(HashMap<(usize, FeedFormat), (Arc<Entry>, Length), FxBuildHasher>);

/// The length of one entry in one format, in bytes.
#[derive(Debug)]
struct Length {
    /// Without the whole post.
    short: usize,
    /// With it; `None` until it is needed, for it takes the rendered post.
    whole: Option<usize>,
}

/// Whether each entry of a document carries the whole post: the newest first, as long as there is room. A post that
/// has no room alone does not take it from the others.
pub(super) fn whole_entries(
    site: &Site,
    document: &Document,
    images: &dyn CardImages,
    format: FeedFormat,
    lengths: &mut Lengths,
) -> Result<Vec<bool>, RenderError> {
    let entries = &document.entries;
    let Some(limit) = document.byte_limit() else {
        return Ok(vec![document.feed.is_full(); entries.len()]);
    };
    let mut features = Features::of(document, &[], images);
    features.content = true;
    let frame = document::frame(site, document, features, format)?;
    let between = frame.between.len() * entries.len().saturating_sub(1);
    let around = frame.head.len() + frame.tail.len() + between;
    let shorts = lengths.shorts(site, entries, images, format)?;
    let room = limit.saturating_sub(around + shorts.iter().sum::<usize>());
    let mut left = Some(room);
    let mut whole = Vec::with_capacity(entries.len());
    for (entry, short) in entries.iter().zip(shorts) {
        let Some(room_left) = left else {
            whole.push(false);
            continue;
        };
        let length = lengths.whole(site, entry, images, format)?;
        let more = length.saturating_sub(short);
        let rest = room_left.checked_sub(more);
        whole.push(rest.is_some());
        // What is older is told in short too, unless this one would fit into no feed at all.
        if rest.is_some() || more <= room {
            left = rest;
        }
    }
    Ok(whole)
}

impl Lengths {
    /// Forgets the entries that are not in the document.
    pub(super) fn retain(&mut self, document: &Document) {
        if self.0.is_empty() {
            return;
        }
        let present: HashSet<usize> = document.entries.iter().map(address).collect();
        self.0.retain(|(address, _), _| present.contains(address));
    }

    /// The lengths of entries in short. Those that are known cost nothing.
    fn shorts(
        &mut self,
        site: &Site,
        entries: &[Arc<Entry>],
        images: &dyn CardImages,
        format: FeedFormat,
    ) -> Result<Vec<usize>, RenderError> {
        let measure = |entry: &Arc<Entry>| {
            let short = match self.0.get(&(address(entry), format)) {
                Some((_, length)) => length.short,
                None => written(site, entry, images, format, None)?,
            };
            Ok(short)
        };
        let shorts = match entries.len() > MAX_ENTRIES_OF_ONE_CORE {
            true => entries.par_iter().map(measure).collect(),
            false => entries
                .iter()
                .map(measure)
                .collect::<Result<Vec<_>, RenderError>>(),
        }?;
        for (entry, short) in entries.iter().zip(&shorts) {
            let length = self.0.entry((address(entry), format));
            length.or_insert_with(|| {
                let length = Length {
                    short: *short,
                    whole: None,
                };
                (Arc::clone(entry), length)
            });
        }
        Ok(shorts)
    }

    /// The length of an entry with the whole post.
    fn whole(
        &mut self,
        site: &Site,
        entry: &Arc<Entry>,
        images: &dyn CardImages,
        format: FeedFormat,
    ) -> Result<usize, RenderError> {
        let known = self.0.get_mut(&(address(entry), format));
        if let Some(whole) = known.as_ref().and_then(|(_, length)| length.whole) {
            return Ok(whole);
        }
        let html = document::whole_post(entry);
        let whole = written(site, entry, images, format, html)?;
        if let Some((_, length)) = known {
            length.whole = Some(whole);
        }
        Ok(whole)
    }
}

fn address(entry: &Arc<Entry>) -> usize {
    Arc::as_ptr(entry).addr()
}

/// How many bytes an entry has in a document of a format.
fn written(
    site: &Site,
    entry: &Entry,
    images: &dyn CardImages,
    format: FeedFormat,
    html: Option<Arc<str>>,
) -> Result<usize, RenderError> {
    let told = Told {
        entry,
        html,
        stand_in: images.stand_in(site, entry),
    };
    Ok(document::entries(site, &[told], format)?.len())
}
