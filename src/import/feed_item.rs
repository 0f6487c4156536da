//! Defines an imported feed, its items, and its errors.

use crate::text::{collapse_whitespace, strip_forbidden_chars};
use chrono::{DateTime, FixedOffset};
use diligent_date_parser::parse_date;
use std::io;

/// Items of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedFeed {
    /// Name of the format.
    pub format: &'static str,
    /// Items in the order of the file.
    pub items: Vec<FeedItem>,
    /// Number of items with neither an id nor a link, which no reader can recognise.
    pub without_id: usize,
}

/// Item as it is in the former feed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FeedItem {
    /// Id, unchanged but for blanks at its ends; the link if there is no id.
    pub id: String,
    /// URL of the page; absolute if the feed states a base.
    pub link: Option<String>,
    /// Title on one line. It may be plain text or HTML, as feeds differ.
    pub title: String,
    /// Date of publication.
    pub published: Option<DateTime<FixedOffset>>,
    /// Date of the last change.
    pub updated: Option<DateTime<FixedOffset>>,
}

/// Error of reading a feed.
#[derive(Debug, thiserror::Error)]
pub enum ReadFeedError {
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is larger than this number of bytes, compressed or decompressed.
    #[error("it is larger than {} MiB", _0 / 1024 / 1024)]
    TooLarge(u64),
    /// It is not a valid feed.
    #[error("{}{message}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
    Malformed {
        /// Line, counted from 1; `None` if it is not known.
        line: Option<usize>,
        /// Description of the fault.
        message: String,
        /// Advice for the user.
        hint: &'static str,
    },
}

impl ReadFeedError {
    pub(super) fn malformed_at(
        line: Option<usize>,
        message: impl Into<String>,
        hint: &'static str,
    ) -> ReadFeedError {
        ReadFeedError::Malformed {
            line,
            message: message.into(),
            hint,
        }
    }

    /// Returns advice for the user.
    pub fn hint(&self) -> &'static str {
        match self {
            ReadFeedError::Io(_) => "name a readable file, or `-` for stdin",
            ReadFeedError::TooLarge(_) => "split the feed into several files, and name them all",
            ReadFeedError::Malformed { hint, .. } => hint,
        }
    }
}

pub(super) const NOT_A_FEED_HINT: &str = "save the feed itself, in RSS, Atom or JSON Feed, such as with `curl -o old-feed https://old.example/feed`";

/// Raw fields of an item, as its format writes them.
#[derive(Debug, Default)]
pub(super) struct RawItem {
    pub(super) id: String,
    /// True if the feed says that the id is also the link.
    pub(super) id_is_link: bool,
    pub(super) link: String,
    pub(super) title: String,
    pub(super) published: String,
    pub(super) updated: String,
}

impl ImportedFeed {
    pub(super) fn from_raw_items(
        format: &'static str,
        written: impl IntoIterator<Item = RawItem>,
    ) -> ImportedFeed {
        let mut without_id = 0;
        let items = written.into_iter().filter_map(|written| {
            let item = build_item(written);
            without_id += usize::from(item.is_none());
            item
        });
        let items = items.collect();
        ImportedFeed {
            format,
            items,
            without_id,
        }
    }
}

pub(super) fn build_item(written: RawItem) -> Option<FeedItem> {
    let clean_field = |text: String| {
        Some(strip_forbidden_chars(text).trim().to_owned()).filter(|text| !text.is_empty())
    };
    let id = clean_field(written.id);
    let link = clean_field(written.link).or_else(|| id.clone().filter(|_| written.id_is_link));
    Some(FeedItem {
        // All readers fall back on the link.
        id: id.or_else(|| link.clone())?,
        link,
        title: collapse_whitespace(&written.title),
        published: parse_date(&written.published),
        updated: parse_date(&written.updated),
    })
}

/// Returns the line of a byte offset, counted from 1.
pub(super) fn line_at_offset(bytes: &[u8], at: usize) -> usize {
    let before = bytes.get(..at).unwrap_or(bytes);
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}
