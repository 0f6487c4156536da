//! Lays out a document of a feed in a format, and writes it: a frame, and entries in it.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use rayon::prelude::*;
use rustc_hash::FxBuildHasher;

use super::{CardImages, RenderError, atom, json_feed, rss};
use crate::artifact::{FeedFormat, OutputBytes, Payload};
use crate::site::Site;
use crate::site::entry::Entry;
use crate::site::feed::Document;

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

/// How a document is told in one format.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) format: FeedFormat,
    /// Whether each entry carries the whole post.
    whole: Vec<bool>,
    frame: Frame,
}

/// What stands around entries.
#[derive(Debug, PartialEq, Eq)]
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

impl Layout {
    /// `whole` says which entries carry the whole post.
    pub(super) fn new(
        site: &Site,
        document: &Document,
        images: &dyn CardImages,
        format: FeedFormat,
        whole: Vec<bool>,
    ) -> Result<Layout, RenderError> {
        let features = Features::of(document, &whole, images);
        Ok(Layout {
            frame: frame(site, document, features, format)?,
            format,
            whole,
        })
    }

    pub(super) fn is_whole(&self, place: usize) -> bool {
        self.whole.get(place) == Some(&true)
    }

    /// The document with these entries, and where each of them stands in it.
    pub(super) fn assemble(&self, entries: &[impl AsRef<[u8]>]) -> (Vec<u8>, Vec<Range<usize>>) {
        let Frame {
            head,
            tail,
            between,
        } = &self.frame;
        let lengths = entries.iter().map(|entry| entry.as_ref().len());
        let length: usize = lengths.map(|length| length + between.len()).sum();
        let mut bytes = Vec::with_capacity(head.len() + length + tail.len());
        let mut places = Vec::with_capacity(entries.len());
        bytes.extend_from_slice(head);
        for (number, entry) in entries.iter().enumerate() {
            if number > 0 {
                bytes.extend_from_slice(between);
            }
            let start = bytes.len();
            bytes.extend_from_slice(entry.as_ref());
            places.push(start..bytes.len());
        }
        bytes.extend_from_slice(tail);
        (bytes, places)
    }
}

/// A document as it was written. Entries that did not change are copied from it into the next one, as to render a post
/// costs a hundred times as much: else an edit would render all posts of a feed of all posts.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) layout: Layout,
    pub(super) bytes: Arc<OutputBytes>,
    entries: Vec<Arc<Entry>>,
    places: Vec<Range<usize>>,
}

/// The bytes of a document, and where entries stand in it, by their address in memory and whether each carries the
/// whole post.
struct Known {
    bytes: Bytes,
    places: HashMap<(usize, bool), Range<usize>, FxBuildHasher>,
}

impl Written {
    /// Whether it is what would be written now. An entry that changed is another allocation.
    pub(super) fn is(&self, layout: &Layout, document: &Document) -> bool {
        let (before, now) = (&self.entries, &document.entries);
        self.layout == *layout
            && before.len() == now.len()
            && before.iter().zip(now).all(|(a, b)| Arc::ptr_eq(a, b))
    }

    fn known(&self) -> Option<Known> {
        let entries = self.entries.iter().zip(&self.places).enumerate();
        let places = entries.map(|(place, (entry, range))| {
            let is_whole = self.layout.is_whole(place);
            ((Arc::as_ptr(entry).addr(), is_whole), range.clone())
        });
        Some(Known {
            places: places.collect(),
            bytes: match self.bytes.payload() {
                Payload::Plain(bytes) => bytes,
                packed => packed.to_vec().ok()?.into(),
            },
        })
    }
}

impl Known {
    fn entry(&self, entry: &Arc<Entry>, is_whole: bool) -> Option<&[u8]> {
        let place = self.places.get(&(Arc::as_ptr(entry).addr(), is_whole))?;
        self.bytes.get(place.clone())
    }
}

/// Writes a document in some layouts, each with what was written in that format before.
pub(super) fn write(
    site: &Site,
    document: &Document,
    layouts: Vec<(Layout, Option<Written>)>,
    images: &dyn CardImages,
) -> Result<Vec<Written>, RenderError> {
    // What was written before is kept until the end, so that no other entry can be at an address that is known.
    let (layouts, before): (Vec<Layout>, Vec<Option<Written>>) = layouts.into_iter().unzip();
    let known: Vec<Option<Known>> = before
        .iter()
        .map(|before| before.as_ref()?.known())
        .collect();
    let copied = |number: usize, place: usize| {
        let (layout, entry) = (layouts.get(number)?, document.entries.get(place)?);
        let known = known.get(number)?.as_ref()?;
        known.entry(entry, layout.is_whole(place))
    };
    let new = (0..document.entries.len()).into_par_iter().map(|place| {
        let is_new = (0..layouts.len()).any(|number| copied(number, place).is_none());
        is_new
            .then(|| write_entry(site, document, &layouts, place, images))
            .transpose()
    });
    let new = new.collect::<Result<Vec<Option<Vec<Vec<u8>>>>, RenderError>>()?;
    let assembled: Vec<_> = layouts
        .iter()
        .enumerate()
        .map(|(number, layout)| {
            let entries = new.iter().enumerate().filter_map(|(place, new)| match new {
                Some(new) => new.get(number).map(Vec::as_slice),
                None => copied(number, place),
            });
            layout.assemble(&entries.collect::<Vec<&[u8]>>())
        })
        .collect();
    let written = layouts.into_iter().zip(assembled);
    let written = written.map(|(layout, (bytes, places))| Written {
        layout,
        bytes: OutputBytes::new(bytes),
        entries: document.entries.clone(),
        places,
    });
    Ok(written.collect())
}

/// Writes the entry at a place in each layout. The post is rendered once for all of them.
pub(super) fn write_entry(
    site: &Site,
    document: &Document,
    layouts: &[Layout],
    place: usize,
    images: &dyn CardImages,
) -> Result<Vec<Vec<u8>>, RenderError> {
    let Some(entry) = document.entries.get(place) else {
        return Ok(Vec::new());
    };
    let html = match layouts.iter().any(|layout| layout.is_whole(place)) {
        true => whole_post(entry),
        false => None,
    };
    let told = Told {
        entry,
        html,
        stand_in: images.stand_in(site, entry),
    };
    let written = layouts.iter().map(|layout| {
        let html = told.html.clone().filter(|_| layout.is_whole(place));
        let told = Told {
            html,
            ..told.clone()
        };
        entries(site, &[told], layout.format)
    });
    written.collect()
}

/// Entries in a format.
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
