//! A post as its author wrote it: plain values, read and checked, not yet judged.
//!
//! Whether anybody may see it is not decided here; [`Marker`]s carry what the post says of that
//! to the one place that decides.

mod body;
mod marker;

use std::sync::Arc;

use chrono::{DateTime, Utc};

pub use body::{Body, Content, Lost, Source};
pub use marker::{Marker, MarkerKind, Reading};

/// One post. Every string is free of the characters that XML 1.0 §2.2 forbids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// The file, below the content directory, with `/` between its parts.
    pub path: String,
    /// Plain text, on one line, without blanks at its ends.
    pub title: String,
    /// The title for search results and previews, where it is another one.
    pub preview_title: Option<String>,
    /// Unique and permanent: the id of the entry in every feed.
    pub id: String,
    /// Where that was read.
    pub id_from: IdFrom,
    /// Where the post is read.
    pub permalink: Permalink,
    /// The date the post bears.
    pub published: DateTime<Utc>,
    /// Not before this, where it is not the date itself.
    pub publish_after: Option<DateTime<Utc>>,
    /// When the post says that it was last changed.
    pub updated: Option<DateTime<Utc>>,
    /// From when on it is no longer shown.
    pub expires: Option<DateTime<Utc>>,
    /// Who wrote it.
    pub authors: Vec<Author>,
    /// What it is about, as labels of which a site has few.
    pub categories: Vec<String>,
    /// What it is about, as labels of which a site has many.
    pub tags: Vec<String>,
    /// A sentence or two, plain text.
    pub description: String,
    /// The picture that stands for it.
    pub image: Option<Image>,
    /// Every picture, the one that stands for it first, each once.
    pub images: Arc<[Image]>,
    /// What it says.
    pub body: Body,
    /// A BCP 47 language tag, where it is not the site's.
    pub language: Option<String>,
    /// The post's X account, without `@`.
    pub twitter: Option<String>,
    /// The paths it used to have, each in its one spelling.
    pub aliases: Vec<String>,
    /// What it has in common with its translations and with no other post, where it may have any.
    pub translation_key: Option<String>,
    /// What the post says of its own visibility.
    pub markers: Vec<Marker>,
}

impl Post {
    /// Every date that may decide on it.
    pub fn dates(&self) -> impl Iterator<Item = DateTime<Utc>> {
        let others = [self.publish_after, self.updated, self.expires];
        std::iter::once(self.published).chain(others.into_iter().flatten())
    }
}

/// Where a post is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permalink {
    /// The absolute URL, percent-encoded.
    pub url: String,
    /// The path of the URL, with its leading slash.
    pub path: String,
    /// Whether the URL lies on the site's origin.
    pub on_site: bool,
    /// The field that it was read from; `None` where the pattern gave it.
    pub field: Option<String>,
    /// The line of that field.
    pub line: Option<usize>,
}

/// Where the id of a post was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdFrom {
    /// A field of its own, on this line.
    Field(usize),
    /// The ledger of ids.
    Ledger,
    /// The permalink, as it is written in the front matter.
    WrittenPermalink,
    /// The permalink.
    Permalink,
}

/// Somebody who wrote a post.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Author {
    /// The name as it is shown.
    pub name: String,
    /// A page about the author.
    pub url: Option<String>,
    /// An address that may be shown.
    pub email: Option<String>,
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Image {
    /// The absolute URL.
    pub url: String,
    /// What it shows, where the author said.
    pub alt: Option<String>,
}
