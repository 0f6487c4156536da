//! Models a feed independent of its format, and its documents: first page, further pages, archive.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use rayon::prelude::*;

use super::entry::Entry;
use super::timeline::Timeline;
use crate::config::FeedContent;
use crate::model::artifact::{ArtifactKey, FeedFormat, FeedPageId, FeedScope};
use crate::model::podcast::PodcastChannel;

/// Upper bound on a feed without its entries, in bytes.
const MAX_CHANNEL_BYTES: usize = 8_000;

/// From this many entries on, lengths are computed on all cores.
const PARALLEL_ENTRY_THRESHOLD: usize = 256;

/// Feed of the site, a category, a tag, an author, or the configuration.
#[derive(Debug, Clone)]
pub struct Feed {
    /// Selection of posts that the feed holds.
    pub scope: FeedScope,
    /// BCP 47 tag of the posts' language; `None` is the site's language.
    pub language: Option<String>,
    /// Formats in which the feed is served.
    pub formats: Vec<FeedFormat>,
    /// Title: the site's, with the label in front for a part of the site.
    pub title: String,
    /// Category, tag or author of the feed, or the name of a configured feed; `None` for the
    /// site's feed.
    pub label: Option<String>,
    /// Description, plain text.
    pub description: String,
    /// Podcast that the feed is; `None` for other feeds.
    pub podcast: Option<Arc<PodcastChannel>>,
    /// Configured path in each format that has one.
    pub paths: Vec<(FeedFormat, String)>,
    pub(super) timeline: Timeline,
    pub(super) limits: FeedLimits,
}

/// Limits by which a feed is split into documents and its entries are shortened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct FeedLimits {
    pub(super) max_entries: Option<usize>,
    pub(super) content_mode: FeedContent,
    pub(super) max_bytes: Option<usize>,
}

/// Document of a feed: one page or one part of its archive.
#[derive(Debug)]
pub struct FeedDocument {
    /// Feed that the document is part of.
    pub feed: Arc<Feed>,
    /// Page or archive number.
    pub page: FeedPageId,
    /// Entries of the document, newest first.
    pub entries: Vec<Arc<Entry>>,
    max_bytes: OnceLock<Option<usize>>,
}

impl Feed {
    /// Returns the BCP 47 tag of the feed's language; `site_language` is the site's.
    pub fn language_tag<'a>(&'a self, site_language: &'a str) -> &'a str {
        self.language.as_deref().unwrap_or(site_language)
    }

    /// Returns the artifact key of the feed in a format.
    pub fn artifact_key(&self, format: FeedFormat) -> ArtifactKey {
        let mut paths = self.paths.iter();
        match paths.find(|(configured, _)| *configured == format) {
            Some((_, path)) => ArtifactKey::Feed(FeedScope::Custom(path.clone()), format),
            None => ArtifactKey::Feed(self.scope.clone(), format),
        }
    }

    /// Returns the format to link to where one link is enough.
    pub fn preferred_format(&self) -> FeedFormat {
        self.formats.first().copied().unwrap_or(FeedFormat::Rss)
    }

    /// Returns all entries of the feed, newest first.
    pub fn all_entries(&self) -> &Timeline {
        &self.timeline
    }

    /// Returns the newest entries: at most `max`, and no more than the first document holds.
    pub fn newest_entries(&self, max: usize) -> Vec<Arc<Entry>> {
        let limit = self.limits.max_entries.map_or(max, |limit| limit.min(max));
        self.timeline
            .entries_in_range(0..limit.min(self.timeline.len()))
    }

    /// Returns the maximum entries of a document; `None` is no limit.
    pub fn max_entries(&self) -> Option<usize> {
        self.limits.max_entries
    }

    /// Returns true if entries carry the whole post.
    pub fn has_full_content(&self) -> bool {
        self.limits.content_mode == FeedContent::Full
    }

    /// Returns the page that holds the entry at `position`; the newest entry is at 0.
    pub fn page_of_entry(&self, position: usize) -> FeedPageId {
        let limit = self.limits.max_entries.unwrap_or(usize::MAX).max(1);
        FeedPageId::Number(position / limit + 1)
    }

    /// Returns the archive document that holds the entry at `position`; `None` if it is not yet
    /// archived.
    pub fn archive_of_entry(&self, position: usize) -> Option<FeedPageId> {
        let limit = self
            .limits
            .max_entries
            .filter(|limit| *limit < self.timeline.len())?;
        let number = self.timeline.len().checked_sub(position + 1)? / limit + 1;
        let archives = self.timeline.len().div_ceil(limit) - 1;
        (number <= archives).then_some(FeedPageId::Archive(number))
    }

    /// Returns the pages after the first one, then those of the archive.
    pub fn further_pages(&self) -> impl Iterator<Item = FeedPageId> + use<> {
        let entries = self.timeline.len();
        let limit = self.limits.max_entries.unwrap_or(entries).max(1);
        let documents = entries.div_ceil(limit);
        let archive = (1..documents).map(FeedPageId::Archive);
        (2..=documents).map(FeedPageId::Number).chain(archive)
    }

    /// Returns the first document, which always exists.
    pub fn first_document(self: &Arc<Feed>) -> FeedDocument {
        let positions = self.entry_positions(FeedPageId::Number(1)).unwrap_or(0..0);
        self.build_document(positions, FeedPageId::Number(1))
    }

    /// Returns the document at `page`; `None` if there is none.
    pub fn document_at(self: &Arc<Feed>, page: FeedPageId) -> Option<FeedDocument> {
        Some(self.build_document(self.entry_positions(page)?, page))
    }

    /// Returns true if the first document is the same as that of another version of the feed.
    pub(super) fn has_same_first_document(&self, other: &Feed) -> bool {
        let first = |feed: &Feed| {
            feed.timeline
                .entries_in_range(feed.entry_positions(FeedPageId::Number(1)).unwrap_or(0..0))
        };
        let documents = |feed: &Feed| {
            feed.limits
                .max_entries
                .map(|limit| feed.timeline.len().div_ceil(limit.max(1)))
        };
        let (ours, theirs) = (first(self), first(other));
        self.title == other.title
            && self.description == other.description
            && documents(self) == documents(other)
            && ours.len() == theirs.len()
            && ours.iter().zip(&theirs).all(|(a, b)| Arc::ptr_eq(a, b))
    }

    fn build_document(self: &Arc<Feed>, positions: Range<usize>, page: FeedPageId) -> FeedDocument {
        FeedDocument {
            entries: self.timeline.entries_in_range(positions),
            feed: Arc::clone(self),
            page,
            max_bytes: OnceLock::new(),
        }
    }

    fn entry_positions(&self, page: FeedPageId) -> Option<Range<usize>> {
        let total = self.timeline.len();
        let limit = self.limits.max_entries.unwrap_or(total).max(1);
        match page {
            FeedPageId::Number(1) => Some(0..limit.min(total)),
            FeedPageId::Number(number) => {
                let begin = number.checked_sub(1)?.checked_mul(limit)?;
                let end = begin.checked_add(limit)?.min(total);
                (begin < end).then_some(begin..end)
            }
            FeedPageId::Archive(number) => {
                // The newest document is not archived, because entries are still added to it.
                let archives = total.div_ceil(limit).checked_sub(1)?;
                let wanted = (1..=archives).contains(&number).then_some(number)?;
                let begin = total.checked_sub(wanted.checked_mul(limit)?)?;
                Some(begin..begin + limit)
            }
        }
    }

    fn related_documents(&self, page: FeedPageId) -> Vec<(&'static str, FeedPageId)> {
        let Some(limit) = self
            .limits
            .max_entries
            .filter(|limit| *limit < self.timeline.len())
        else {
            return Vec::new();
        };
        let last = self.timeline.len().div_ceil(limit);
        let archives = last - 1;
        let mut related = Vec::new();
        match page {
            FeedPageId::Number(number) => {
                related.push(("first", FeedPageId::Number(1)));
                if number > 1 {
                    related.push(("previous", FeedPageId::Number(number - 1)));
                }
                if number < last {
                    related.push(("next", FeedPageId::Number(number + 1)));
                }
                related.push(("last", FeedPageId::Number(last)));
                if number == 1 {
                    related.push(("prev-archive", FeedPageId::Archive(archives)));
                }
            }
            FeedPageId::Archive(number) => {
                related.push(("current", FeedPageId::Number(1)));
                if number > 1 {
                    related.push(("prev-archive", FeedPageId::Archive(number - 1)));
                }
                if number < archives {
                    related.push(("next-archive", FeedPageId::Archive(number + 1)));
                }
            }
        }
        related
    }
}

impl FeedDocument {
    /// Returns the artifact key of the document's feed in a format.
    pub fn artifact_key(&self, format: FeedFormat) -> ArtifactKey {
        self.feed.artifact_key(format)
    }

    /// Returns the maximum length in bytes; `None` if the document surely stays below it.
    pub fn max_document_bytes(&self) -> Option<usize> {
        *self.max_bytes.get_or_init(|| {
            let limit = self
                .feed
                .limits
                .max_bytes
                .filter(|_| self.feed.has_full_content())?;
            let channel = self
                .feed
                .podcast
                .as_ref()
                .map_or(0, |podcast| podcast.max_encoded_len());
            let is_within = is_within_limit(&self.entries, limit.saturating_sub(channel));
            (!is_within).then_some(limit)
        })
    }

    /// Returns the latest modification date of the entries; `None` without entries. The clock is
    /// never used.
    pub fn last_updated_at(&self) -> Option<DateTime<Utc>> {
        self.entries.iter().map(|entry| entry.updated_at()).max()
    }

    /// Returns true if the document holds all entries of the feed (RFC 5005 §2).
    pub fn is_complete(&self) -> bool {
        self.page == FeedPageId::Number(1) && self.entries.len() == self.feed.timeline.len()
    }

    /// Lists link relations and the documents they lead to (RFC 5005 §§3, 4).
    pub fn related_documents(&self) -> Vec<(&'static str, FeedPageId)> {
        self.feed.related_documents(self.page)
    }

    /// Returns everything that determines the bytes of the document, except the site's settings and
    /// the card images. No body is rendered: bodies are represented by their fingerprints.
    pub fn fingerprint_inputs(&self) -> impl std::hash::Hash {
        let feed = &self.feed;
        (
            (
                feed.title.clone(),
                feed.description.clone(),
                feed.scope.clone(),
                feed.podcast.clone(),
                feed.paths.clone(),
            ),
            (feed.formats.clone(), feed.limits),
            (self.page, self.related_documents(), self.entries.clone()),
        )
    }
}

/// Returns true if a document with the whole posts surely fits in `limit` bytes in any format. It
/// adds up upper bounds, which costs less than writing the document.
fn is_within_limit(entries: &[Arc<Entry>], limit: usize) -> bool {
    // The envelopes come first: an unknown body length requires rendering the body.
    let sum = |length: fn(&Entry) -> usize| match entries.len() < PARALLEL_ENTRY_THRESHOLD {
        true => entries.iter().map(|entry| length(entry)).sum::<usize>(),
        false => entries.par_iter().map(|entry| length(entry)).sum(),
    };
    let room = limit.checked_sub(MAX_CHANNEL_BYTES + sum(Entry::max_envelope_len));
    room.is_some_and(|room| sum(Entry::max_content_len) <= room)
}
