//! A document of a feed into pieces: a frame, and groups of entries that stay as they are when others
//! change.
//!
//! Groups end at entries that an own number chooses, so that one that comes or goes changes the group it
//! is in and no other.

use std::ops::Range;
use std::sync::Arc;

use super::{CardImages, RenderError, atom, json_feed, rss};
use crate::artifact::{Chunk, FeedFormat};
use crate::site::Site;
use crate::site::entry::Entry;
use crate::site::feed::Document;

/// One entry in so many ends a group.
const GROUP: u64 = 8;
/// A group has no more entries.
const LARGEST: usize = 32;

/// An entry as one document tells of it.
#[derive(Debug, Clone)]
pub(super) struct Told<'a> {
    pub(super) entry: &'a Entry,
    /// The whole post, where the document has it.
    pub(super) html: Option<Arc<str>>,
    /// The address of the drawn picture, where the entry has none of its own.
    pub(super) stand_in: Option<String>,
}

/// What any entry of a document has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Features {
    pub(super) content: bool,
    pub(super) authors: bool,
    pub(super) pictures: bool,
}

/// What stands around entries.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) head: Vec<u8>,
    pub(super) tail: Vec<u8>,
    /// What stands between entries.
    pub(super) between: &'static [u8],
}

impl Features {
    /// `whole` says which entries carry the whole post.
    pub(super) fn of(document: &Document, whole: &[bool], images: &dyn CardImages) -> Features {
        let entries = || document.entries.iter();
        let draws = images.draws();
        Features {
            content: whole.contains(&true),
            authors: entries().any(|entry| !entry.authors().is_empty()),
            pictures: entries()
                .any(|entry| entry.image().is_some() || draws && entry.card_path().is_some()),
        }
    }
}

impl Frame {
    /// What is around the one element that begins and ends so; all of it before where there is none.
    pub(super) fn around(mut bytes: Vec<u8>, (open, close): (&str, &str)) -> Frame {
        let (from, to) = element(&bytes, open, close).unwrap_or((bytes.len(), bytes.len()));
        let tail = bytes.split_off(to);
        bytes.truncate(from);
        Frame {
            head: bytes,
            tail,
            between: b"",
        }
    }

    /// The elements that begin and end so.
    pub(super) fn inside(mut bytes: Vec<u8>, (open, close): (&str, &str)) -> Vec<u8> {
        let (from, to) = element(&bytes, open, close).unwrap_or((0, 0));
        bytes.truncate(to);
        bytes.split_off(from)
    }

    /// What is around the members of the last list of a JSON object, which is written empty.
    pub(super) fn in_brackets(mut bytes: Vec<u8>, is_empty: bool) -> Frame {
        let end = bytes.iter().rposition(|byte| *byte == b']');
        let tail = end.map_or_else(Vec::new, |end| bytes.split_off(end));
        Frame {
            head: bytes,
            tail: if is_empty {
                tail
            } else {
                [b"\n  ", tail.as_slice()].concat()
            },
            between: b",",
        }
    }

    /// The members of the only list of a JSON object.
    pub(super) fn inside_brackets(bytes: &[u8]) -> Vec<u8> {
        let inside = bytes
            .strip_prefix(b"{\n  \"items\": [")
            .and_then(|bytes| bytes.strip_suffix(b"\n  ]\n}"));
        inside.unwrap_or_default().to_vec()
    }
}

fn element(bytes: &[u8], open: &str, close: &str) -> Option<(usize, usize)> {
    let needle = open.as_bytes();
    let from = bytes
        .windows(needle.len())
        .position(|window| window == needle)?;
    let needle = close.as_bytes();
    let last = bytes
        .windows(needle.len())
        .rposition(|window| window == needle)?;
    Some((from, last + needle.len()))
}

/// As many bytes as the entries of a group will hardly need more than: what grows while it is written is moved again
/// and again.
pub(super) fn room(told: &[Told<'_>]) -> usize {
    /// What there is besides the whole post.
    const OTHER: usize = 4 * 1024;
    let html = |told: &Told<'_>| told.html.as_ref().map_or(0, |html| html.len());
    // Each tag and each quotation mark is longer where it is escaped.
    told.iter().map(|told| OTHER + html(told) * 5 / 4).sum()
}

/// Where the groups of entries are.
pub(super) fn groups(entries: &[Arc<Entry>]) -> Vec<Range<usize>> {
    let mut groups = Vec::new();
    let mut start = 0;
    for (place, entry) in entries.iter().enumerate() {
        let is_end = entry.bucket() % GROUP == 0 || place - start + 1 == LARGEST;
        if is_end || place + 1 == entries.len() {
            groups.push(start..place + 1);
            start = place + 1;
        }
    }
    groups
}

/// The frame of a document.
pub(super) fn frame(
    site: &Site,
    document: &Document,
    features: Features,
    format: FeedFormat,
) -> Result<Frame, RenderError> {
    match format {
        FeedFormat::Rss => rss::frame(site, document, features),
        FeedFormat::Atom => atom::frame(site, document, features),
        FeedFormat::Json => json_feed::frame(site, document),
    }
}

/// The HTML of the whole post, if it has any.
pub(super) fn whole_post(entry: &Entry) -> Option<Arc<str>> {
    Some(entry.content().html).filter(|html| !html.is_empty())
}

/// The entries of a group as a document tells of them, those that `is_whole` names by their place with the whole post.
pub(super) fn told<'a>(
    site: &Site,
    document: &'a Document,
    group: Range<usize>,
    is_whole: impl Fn(usize) -> bool,
    images: &dyn CardImages,
) -> Vec<Told<'a>> {
    let entries = document.entries.get(group.clone()).unwrap_or_default();
    let told = |(place, entry): (usize, &'a Arc<Entry>)| Told {
        entry,
        html: is_whole(place).then(|| whole_post(entry)).flatten(),
        stand_in: images.stand_in(site, entry),
    };
    group.zip(entries).map(told).collect()
}

/// A group in a format.
pub(super) fn entries(
    site: &Site,
    told: &[Told<'_>],
    format: FeedFormat,
) -> Result<Vec<u8>, RenderError> {
    match format {
        FeedFormat::Rss => rss::entries(told),
        FeedFormat::Atom => atom::entries(site, told),
        FeedFormat::Json => json_feed::entries(told),
    }
}

/// A frame with what is in it.
pub(super) fn assemble(frame: Frame, groups: impl IntoIterator<Item = Chunk>) -> Vec<Chunk> {
    let between = (!frame.between.is_empty()).then(|| Chunk::new(frame.between.to_vec()));
    let mut chunks = vec![Chunk::new(frame.head)];
    for (place, group) in groups.into_iter().enumerate() {
        chunks.extend(between.clone().filter(|_| place > 0));
        chunks.push(group);
    }
    if !frame.tail.is_empty() {
        chunks.push(Chunk::new(frame.tail));
    }
    chunks
}
