//! Counts, measures and hashes the addresses of the sitemap step by step, so that its parts and their fingerprints are
//! known before it is rendered.
//!
//! Addresses are dealt into slots by a hash of the address, and slots into parts. How many parts there are, and which
//! address is in which, follows from the addresses and from nothing that was before: replicas that saw other edits
//! have the same. All that is kept of a slot is a sum, so what comes is added and what goes is subtracted.

use std::sync::Arc;

use super::Translation;
use super::entry::Entry;
use crate::fingerprint;

/// How many slots there are, and so parts at most: a power of two.
const SLOTS: usize = 256;
/// Google reads no more images of one address.
pub const MAX_IMAGES: usize = 1000;

// How many bytes the elements have around what varies, at most.
const URL_BYTES: usize = 128;
const IMAGE_BYTES: usize = 96;
const ALTERNATE_BYTES: usize = 80;

/// The addresses of a sitemap.
#[derive(Debug, Clone)]
pub struct UrlSet {
    slots: Arc<[Totals]>,
    pages: Arc<[Arc<str>]>,
}

/// What some addresses come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many there are.
    pub urls: usize,
    /// How many bytes they have in a sitemap, at most.
    pub bytes: usize,
    /// The sum of the hashes of all that a sitemap tells of each.
    pub hash: u128,
}

impl Totals {
    fn of_post(entry: &Entry) -> Totals {
        let images = entry.images().iter().take(MAX_IMAGES);
        let images: Vec<&str> = images.map(|image| &*image.url).collect();
        let bytes = |url: &&str| IMAGE_BYTES + escaped(url);
        Totals {
            urls: 1,
            bytes: URL_BYTES + escaped(entry.url()) + images.iter().map(bytes).sum::<usize>(),
            hash: fingerprint::wide_of(&(entry.url(), entry.updated(), images)),
        }
    }

    fn of_page(url: &str) -> Totals {
        Totals {
            urls: 1,
            bytes: URL_BYTES + escaped(url),
            hash: fingerprint::wide_of(&url),
        }
    }

    /// What the languages of a post add to it.
    fn of_translations(url: &str, all: &[Translation]) -> Totals {
        let bytes = |one: &Translation| ALTERNATE_BYTES + one.language.len() + escaped(&one.url);
        Totals {
            urls: 0,
            // One of them stands there twice, as the one for all other languages.
            bytes: all.iter().map(bytes).sum::<usize>() + all.iter().map(bytes).max().unwrap_or(0),
            hash: fingerprint::wide_of(&(url, all)),
        }
    }

    fn add(&mut self, other: Totals) {
        self.urls = self.urls.wrapping_add(other.urls);
        self.bytes = self.bytes.wrapping_add(other.bytes);
        self.hash = self.hash.wrapping_add(other.hash);
    }

    fn subtract(&mut self, other: Totals) {
        self.urls = self.urls.wrapping_sub(other.urls);
        self.bytes = self.bytes.wrapping_sub(other.bytes);
        self.hash = self.hash.wrapping_sub(other.hash);
    }
}

/// How long an address is as XML, at most.
fn escaped(url: &str) -> usize {
    let longer = url
        .bytes()
        .filter(|byte| matches!(byte, b'&' | b'\'' | b'"' | b'<' | b'>'));
    url.len() + longer.count() * ("&quot;".len() - 1)
}

/// What an address adds to its slot.
pub(super) struct Share {
    bucket: u64,
    totals: Totals,
}

impl Share {
    pub(super) fn of_post(entry: &Entry) -> Share {
        Share {
            bucket: entry.bucket(),
            totals: Totals::of_post(entry),
        }
    }

    fn of_page(url: &str) -> Share {
        Share {
            bucket: fingerprint::bucket_hash(url.as_bytes()),
            totals: Totals::of_page(url),
        }
    }
}

impl Default for UrlSet {
    fn default() -> UrlSet {
        UrlSet {
            slots: vec![Totals::default(); SLOTS].into(),
            pages: Arc::default(),
        }
    }
}

impl UrlSet {
    /// The pages of the site that are no posts, sorted.
    pub fn pages(&self) -> &[Arc<str>] {
        &self.pages
    }

    /// Of so many parts, the one in which the address of this hash is.
    pub fn part_of(bucket: u64, parts: usize) -> usize {
        slot(bucket) % parts.max(1)
    }

    /// What one of so many parts comes to.
    pub fn part(&self, number: usize, parts: usize) -> Totals {
        let mut totals = Totals::default();
        for slot in self.slots.iter().skip(number).step_by(parts.max(1)) {
            totals.add(*slot);
        }
        totals
    }

    /// The least power of two of parts that all fit, or as many as there can be.
    pub fn parts(&self, fits: impl Fn(Totals) -> bool) -> usize {
        let mut parts = 1;
        while parts < SLOTS && !(0..parts).all(|number| fits(self.part(number, parts))) {
            parts *= 2;
        }
        parts
    }

    /// Takes posts out that are in it, and puts others in.
    pub(super) fn change(&mut self, gone: &[Share], come: &[Share]) {
        let slots = Arc::make_mut(&mut self.slots);
        for share in gone {
            if let Some(slot) = slots.get_mut(slot(share.bucket)) {
                slot.subtract(share.totals);
            }
        }
        for share in come {
            if let Some(slot) = slots.get_mut(slot(share.bucket)) {
                slot.add(share.totals);
            }
        }
    }

    /// Takes translations of one another out that are in it, and puts others in.
    pub(super) fn change_translations(&mut self, gone: &[Translation], come: &[Translation]) {
        let shares = |all: &[Translation]| -> Vec<Share> {
            let share = |one: &Translation| Share {
                bucket: fingerprint::bucket_hash(one.url.as_bytes()),
                totals: Totals::of_translations(&one.url, all),
            };
            all.iter().map(share).collect()
        };
        self.change(&shares(gone), &shares(come));
    }

    /// Makes these the pages.
    pub(super) fn set_pages(&mut self, mut pages: Vec<Arc<str>>) {
        pages.sort();
        pages.dedup();
        if *self.pages != *pages {
            let shares = |pages: &[Arc<str>]| -> Vec<Share> {
                pages.iter().map(|page| Share::of_page(page)).collect()
            };
            self.change(&shares(&self.pages), &shares(&pages));
            self.pages = pages.into();
        }
    }
}

fn slot(bucket: u64) -> usize {
    // Less than the number of slots, and so no bit is lost.
    (bucket % SLOTS as u64) as usize
}
