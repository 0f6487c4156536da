//! A feed, in no format, and each of its documents: the first, its further pages, its archive.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use rayon::prelude::*;

use super::entry::Entry;
use super::timeline::Timeline;
use crate::artifact::{ArtifactKey, FeedFormat, FeedScope, Page};
use crate::config::FeedContent;

/// What a feed has besides its entries, in bytes, at most.
const CHANNEL: usize = 8_000;

/// So many entries are measured on all cores.
const MANY: usize = 256;

/// One feed.
#[derive(Debug, Clone)]
pub struct Feed {
    /// Which posts it holds.
    pub scope: FeedScope,
    /// The formats that it is in.
    pub formats: Vec<FeedFormat>,
    /// Its name; the site's, and what of the site it holds.
    pub title: String,
    /// The category, tag or author that it is of.
    pub label: Option<String>,
    /// What it is about.
    pub description: String,
    pub(super) all: Timeline,
    pub(super) rule: Rule,
}

/// How a feed is cut into documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Rule {
    pub(super) limit: Option<usize>,
    pub(super) content: FeedContent,
    pub(super) max_bytes: Option<usize>,
}

/// One document of a feed.
#[derive(Debug)]
pub struct Document {
    /// What it is a part of.
    pub feed: Arc<Feed>,
    /// Which part.
    pub page: Page,
    /// Its entries, newest first.
    pub entries: Vec<Arc<Entry>>,
    byte_limit: OnceLock<Option<usize>>,
}

impl Feed {
    /// The name of the feed in a format.
    pub fn key(&self, format: FeedFormat) -> ArtifactKey {
        ArtifactKey::Feed(self.scope.clone(), format)
    }

    /// The format in which it is offered where one is enough.
    pub fn main_format(&self) -> FeedFormat {
        self.formats.first().copied().unwrap_or(FeedFormat::Rss)
    }

    /// All its entries, newest first.
    pub fn all(&self) -> &Timeline {
        &self.all
    }

    /// Its newest entries, so many at most, and no more than its first document has.
    pub fn newest(&self, most: usize) -> Vec<Arc<Entry>> {
        let most = self.rule.limit.map_or(most, |limit| limit.min(most));
        self.all.range(0..most.min(self.all.len()))
    }

    /// Whether entries carry the whole post.
    pub fn is_full(&self) -> bool {
        self.rule.content == FeedContent::Full
    }

    /// The page that its entry of this place, the newest being 0, is on.
    pub fn page_of(&self, place: usize) -> Page {
        let limit = self.rule.limit.unwrap_or(usize::MAX).max(1);
        Page::Number(place / limit + 1)
    }

    /// The document of the archive that its entry of this place is in, if any is.
    pub fn archive_of(&self, place: usize) -> Option<Page> {
        let limit = self.rule.limit.filter(|limit| *limit < self.all.len())?;
        let number = self.all.len().checked_sub(place + 1)? / limit + 1;
        let archives = self.all.len().div_ceil(limit) - 1;
        (number <= archives).then_some(Page::Archive(number))
    }

    /// The first document, which is always there.
    pub fn first(self: &Arc<Feed>) -> Document {
        let places = self.places(Page::Number(1)).unwrap_or(0..0);
        self.with(places, Page::Number(1))
    }

    /// Another document of it, if there is one.
    pub fn document(self: &Arc<Feed>, page: Page) -> Option<Document> {
        Some(self.with(self.places(page)?, page))
    }

    /// Whether the first document of another state of it is the same.
    pub(super) fn begins_as(&self, other: &Feed) -> bool {
        let first = |feed: &Feed| feed.all.range(feed.places(Page::Number(1)).unwrap_or(0..0));
        let documents = |feed: &Feed| {
            feed.rule
                .limit
                .map(|limit| feed.all.len().div_ceil(limit.max(1)))
        };
        let (ours, theirs) = (first(self), first(other));
        self.title == other.title
            && self.description == other.description
            && documents(self) == documents(other)
            && ours.len() == theirs.len()
            && ours.iter().zip(&theirs).all(|(a, b)| Arc::ptr_eq(a, b))
    }

    fn with(self: &Arc<Feed>, places: Range<usize>, page: Page) -> Document {
        Document {
            entries: self.all.range(places),
            feed: Arc::clone(self),
            page,
            byte_limit: OnceLock::new(),
        }
    }

    fn places(&self, page: Page) -> Option<Range<usize>> {
        let total = self.all.len();
        let limit = self.rule.limit.unwrap_or(total).max(1);
        match page {
            Page::Number(1) => Some(0..limit.min(total)),
            Page::Number(number) => {
                let begin = number.checked_sub(1)?.checked_mul(limit)?;
                let end = begin.checked_add(limit)?.min(total);
                (begin < end).then_some(begin..end)
            }
            Page::Archive(number) => {
                // The newest document that is not full yet is none of the archive's.
                let archives = total.div_ceil(limit).checked_sub(1)?;
                let wanted = (1..=archives).contains(&number).then_some(number)?;
                let begin = total.checked_sub(wanted.checked_mul(limit)?)?;
                Some(begin..begin + limit)
            }
        }
    }

    fn related(&self, page: Page) -> Vec<(&'static str, Page)> {
        let Some(limit) = self.rule.limit.filter(|limit| *limit < self.all.len()) else {
            return Vec::new();
        };
        let last = self.all.len().div_ceil(limit);
        let archives = last - 1;
        let mut related = Vec::new();
        match page {
            Page::Number(number) => {
                related.push(("first", Page::Number(1)));
                if number > 1 {
                    related.push(("previous", Page::Number(number - 1)));
                }
                if number < last {
                    related.push(("next", Page::Number(number + 1)));
                }
                related.push(("last", Page::Number(last)));
                if number == 1 {
                    related.push(("prev-archive", Page::Archive(archives)));
                }
            }
            Page::Archive(number) => {
                related.push(("current", Page::Number(1)));
                if number > 1 {
                    related.push(("prev-archive", Page::Archive(number - 1)));
                }
                if number < archives {
                    related.push(("next-archive", Page::Archive(number + 1)));
                }
            }
        }
        related
    }
}

impl Document {
    /// Its name in a format; that of the feed.
    pub fn key(&self, format: FeedFormat) -> ArtifactKey {
        self.feed.key(format)
    }

    /// How many bytes it may have, where its entries carry whole posts and are perhaps more.
    pub fn byte_limit(&self) -> Option<usize> {
        *self.byte_limit.get_or_init(|| {
            let limit = self.feed.rule.max_bytes.filter(|_| self.feed.is_full())?;
            (!surely_fits(&self.entries, limit)).then_some(limit)
        })
    }

    /// The newest change of any of its entries; `None` without entries. Never the clock.
    pub fn updated(&self) -> Option<DateTime<Utc>> {
        self.entries.iter().map(|entry| entry.updated()).max()
    }

    /// Whether it holds all that there is (RFC 5005 §2).
    pub fn is_complete(&self) -> bool {
        self.page == Page::Number(1) && self.entries.len() == self.feed.all.len()
    }

    /// The related documents (RFC 5005 §§3, 4) by their relation to this one.
    pub fn related(&self) -> Vec<(&'static str, Page)> {
        self.feed.related(self.page)
    }

    /// All that decides its bytes besides the site's settings and the pictures of cards. No content is
    /// looked at: which entries carry theirs follows from what is here.
    pub fn ground(&self) -> impl std::hash::Hash {
        let feed = &self.feed;
        (
            (
                feed.title.clone(),
                feed.description.clone(),
                feed.scope.clone(),
            ),
            (feed.formats.clone(), feed.rule),
            (self.page, self.related(), self.entries.clone()),
        )
    }
}

/// Whether entries with their whole posts are in a document of so many bytes, whatever its format. An upper bound, which
/// costs less than to write them.
fn surely_fits(entries: &[Arc<Entry>], limit: usize) -> bool {
    // To know the length of a content is to render it. What was known before costs nothing.
    let sum = |length: fn(&Entry) -> usize| match entries.len() < MANY {
        true => entries.iter().map(|entry| length(entry)).sum::<usize>(),
        false => entries.par_iter().map(|entry| length(entry)).sum(),
    };
    let room = limit.checked_sub(CHANNEL + sum(Entry::frame_written));
    room.is_some_and(|room| sum(Entry::content_written) <= room)
}
