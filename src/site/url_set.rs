//! The addresses of a site, dealt into buckets by what they are: one that comes, goes or changes is a
//! matter of its bucket alone.
//!
//! How many buckets there are, and which is whose, follows from the addresses and from nothing that
//! was before: replicas that saw other edits have the same.

use std::cmp::Ordering;
use std::sync::Arc;

use super::Translation;
use super::entry::Entry;
use super::timeline::newest_first;
use crate::fingerprint;

/// What a bucket holds on average, at most.
const FULL: usize = 64;
/// So many pictures weigh as much as an address.
const PICTURES: usize = 8;

/// All addresses of a sitemap.
#[derive(Debug, Clone)]
pub struct UrlSet {
    buckets: Vec<Arc<Bucket>>,
    weight: usize,
    /// How many there are.
    len: usize,
}

/// Addresses that are dealt to one bucket, pages first, then posts, newest first.
pub type Bucket = Vec<SiteUrl>;

/// One address.
#[derive(Debug, Clone)]
pub enum SiteUrl {
    /// A page of the site that is no post.
    Page(Arc<str>),
    /// A post, with its languages where it has several.
    Post(Arc<Entry>, Option<Arc<[Translation]>>),
}

impl SiteUrl {
    fn number(&self) -> u64 {
        match self {
            SiteUrl::Page(url) => fingerprint::bucket_hash(url.as_bytes()),
            SiteUrl::Post(entry, _) => entry.bucket(),
        }
    }

    fn weight(&self) -> usize {
        match self {
            SiteUrl::Page(_) => 1,
            SiteUrl::Post(entry, _) => 1 + entry.images().len() / PICTURES,
        }
    }

    fn order(&self, other: &SiteUrl) -> Ordering {
        match (self, other) {
            (SiteUrl::Page(a), SiteUrl::Page(b)) => a.cmp(b),
            (SiteUrl::Page(_), SiteUrl::Post(..)) => Ordering::Less,
            (SiteUrl::Post(..), SiteUrl::Page(_)) => Ordering::Greater,
            (SiteUrl::Post(a, _), SiteUrl::Post(b, _)) => newest_first(a, b),
        }
    }
}

impl Default for UrlSet {
    fn default() -> UrlSet {
        UrlSet {
            buckets: vec![Arc::default()],
            weight: 0,
            len: 0,
        }
    }
}

impl UrlSet {
    /// The buckets; their number is a power of two.
    pub fn buckets(&self) -> &[Arc<Bucket>] {
        &self.buckets
    }

    /// How many addresses there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Takes some out, of which those that are not there are no matter, and puts others in.
    pub(super) fn change(&mut self, gone: &[SiteUrl], come: Vec<SiteUrl>) {
        for url in gone {
            let Some(bucket) = bucket(&mut self.buckets, url) else {
                continue;
            };
            if let Ok(place) = bucket.binary_search_by(|other| other.order(url)) {
                let weight = bucket.get(place).map_or(0, SiteUrl::weight);
                Arc::make_mut(bucket).remove(place);
                self.weight -= weight;
                self.len -= 1;
            }
        }
        let weight = self.weight + come.iter().map(SiteUrl::weight).sum::<usize>();
        let wanted = weight.div_ceil(FULL).next_power_of_two();
        if wanted != self.buckets.len() {
            let all = self.buckets.drain(..).flat_map(Arc::unwrap_or_clone);
            let all: Vec<SiteUrl> = all.chain(come).collect();
            self.deal(all, wanted, weight);
        } else {
            self.add(come);
        }
    }

    /// Deals all anew, which weigh so much. Of those that are alike the first stays.
    fn deal(&mut self, urls: Vec<SiteUrl>, buckets: usize, weight: usize) {
        let mut dealt = vec![Bucket::new(); buckets];
        for url in urls {
            if let Some(bucket) = bucket(&mut dealt, &url) {
                bucket.push(url);
            }
        }
        (self.weight, self.len) = (weight, 0);
        self.buckets = dealt
            .into_iter()
            .map(|mut bucket| {
                bucket.sort_by(SiteUrl::order);
                bucket.dedup_by(|next, url| {
                    let is_there = url.order(next).is_eq();
                    self.weight -= if is_there { next.weight() } else { 0 };
                    is_there
                });
                bucket.shrink_to_fit();
                self.len += bucket.len();
                Arc::new(bucket)
            })
            .collect();
    }

    fn add(&mut self, urls: Vec<SiteUrl>) {
        for url in urls {
            let weight = url.weight();
            let Some(bucket) = bucket(&mut self.buckets, &url) else {
                continue;
            };
            match bucket.binary_search_by(|other| other.order(&url)) {
                Ok(_) => continue,
                Err(place) => Arc::make_mut(bucket).insert(place, url),
            }
            self.weight += weight;
            self.len += 1;
        }
    }
}

fn bucket<'a, B>(buckets: &'a mut [B], url: &SiteUrl) -> Option<&'a mut B> {
    let number = url.number() % buckets.len().max(1) as u64;
    buckets.get_mut(usize::try_from(number).ok()?)
}
