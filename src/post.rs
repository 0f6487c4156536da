//! A post as its author wrote it: plain values, read and checked, not yet judged.
//!
//! Whether anybody may see it is not decided here; [`Marker`]s carry what the post says of that
//! to the one place that decides.

mod body;
mod image;
mod marker;
mod permalink;
mod shared;

use std::sync::Arc;

use chrono::{DateTime, Utc};

pub use body::{Body, Content, Source};
pub use image::Image;
pub use marker::{Marker, MarkerKind, Reading};
pub use permalink::{Field, Permalink};
pub use shared::{Labels, Shared};

/// One post. Every string is free of the characters that XML 1.0 §2.2 forbids. There is one of each file,
/// so it holds little: what is the same in many posts is shared, and what few have is apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// The file, below the content directory, with `/` between its parts.
    pub path: Arc<str>,
    /// Plain text, on one line, without blanks at its ends.
    pub title: Box<str>,
    /// Where its id was read.
    pub id_from: IdFrom,
    /// Where the post is read.
    pub permalink: Permalink,
    /// The date the post bears.
    pub published: DateTime<Utc>,
    /// When the post says that it was last changed.
    pub updated: Option<DateTime<Utc>>,
    /// Who wrote it.
    pub authors: Arc<[Author]>,
    /// What it is about, as labels of which a site has few.
    pub categories: Labels,
    /// What it is about, as labels of which a site has many.
    pub tags: Labels,
    /// A sentence or two, plain text.
    pub description: Box<str>,
    /// Every picture, the one that stands for it first, each once. What the others show is left out: nothing asks for it.
    pub images: Arc<[Image]>,
    /// What it says.
    pub body: Body,
    /// What the post says of its own visibility.
    pub markers: Arc<[Marker]>,
    /// What few posts say; `None` where that is nothing.
    pub rare: Option<Box<Rare>>,
}

/// What few posts say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rare {
    /// Its id, where it is not the address.
    pub id: Option<Box<str>>,
    /// The title for search results and previews, where it is another one.
    pub preview_title: Option<Box<str>>,
    /// Not before this, where it is not the date itself.
    pub publish_after: Option<DateTime<Utc>>,
    /// From when on it is no longer shown.
    pub expires: Option<DateTime<Utc>>,
    /// A BCP 47 language tag, where it is not the site's.
    pub language: Option<Box<str>>,
    /// The post's X account, without `@`.
    pub twitter: Option<Box<str>>,
    /// The paths it used to have, each in its one spelling.
    pub aliases: Box<[String]>,
    /// What it has in common with its translations and with no other post, where it may have any.
    pub translation_key: Option<Box<str>>,
    /// Dates that limit nothing, under names near to those of dates that do.
    pub stray_dates: Box<[StrayDate]>,
}

/// A date that looks as if it limited when a post is shown, and does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrayDate {
    /// The field, as written.
    pub field: String,
    /// Its line.
    pub line: usize,
    /// The date.
    pub at: DateTime<Utc>,
    /// Whether it looks like an end; else it looks like a beginning.
    pub is_end: bool,
}

impl Rare {
    /// The same, if it is anything.
    pub fn some(self) -> Option<Box<Rare>> {
        (self != Rare::default()).then(|| Box::new(self))
    }
}

impl Post {
    /// Every date that may decide on it.
    pub fn dates(&self) -> impl Iterator<Item = DateTime<Utc>> {
        let others = [self.publish_after(), self.updated, self.expires()];
        std::iter::once(self.published).chain(others.into_iter().flatten())
    }

    /// What a post says alike when its file is renamed. Its address, and those in its body, may follow from the path.
    pub fn kept_by_renaming(&self) -> (DateTime<Utc>, &str, &str) {
        (self.published, &self.title, &self.description)
    }

    /// Unique and permanent: the id of the entry in every feed.
    pub fn id(&self) -> &str {
        let own = self.rare.as_ref().and_then(|rare| rare.id.as_deref());
        own.unwrap_or(&self.permalink.url)
    }

    /// See [`Rare::preview_title`].
    pub fn preview_title(&self) -> Option<&str> {
        self.rare.as_ref()?.preview_title.as_deref()
    }

    /// See [`Rare::publish_after`].
    pub fn publish_after(&self) -> Option<DateTime<Utc>> {
        self.rare.as_ref()?.publish_after
    }

    /// See [`Rare::expires`].
    pub fn expires(&self) -> Option<DateTime<Utc>> {
        self.rare.as_ref()?.expires
    }

    /// See [`Rare::language`].
    pub fn language(&self) -> Option<&str> {
        self.rare.as_ref()?.language.as_deref()
    }

    /// See [`Rare::twitter`].
    pub fn twitter(&self) -> Option<&str> {
        self.rare.as_ref()?.twitter.as_deref()
    }

    /// See [`Rare::aliases`].
    pub fn aliases(&self) -> &[String] {
        self.rare.as_ref().map_or(&[], |rare| &rare.aliases)
    }

    /// See [`Rare::stray_dates`].
    pub fn stray_dates(&self) -> &[StrayDate] {
        self.rare.as_ref().map_or(&[], |rare| &rare.stray_dates)
    }

    /// See [`Rare::translation_key`].
    pub fn translation_key(&self) -> Option<&str> {
        self.rare.as_ref()?.translation_key.as_deref()
    }
}

/// Where the id of a post was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdFrom {
    /// A field of its own, on this line.
    Field(u32),
    /// The ledger of ids.
    Ledger,
    /// The permalink, as it is written in the front matter.
    WrittenPermalink,
    /// The permalink.
    Permalink,
}

/// Somebody who wrote a post. A mail address in a post is not meant for everybody who subscribes, so there is no
/// place for one here; one that is, stands in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Author {
    /// The name as it is shown.
    pub name: String,
    /// A page about the author.
    pub url: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_is_small() {
        // With the counts of its `Arc` it takes 256 bytes, and one more would take 320.
        assert!(size_of::<Post>() <= 240, "{}", size_of::<Post>());
    }
}
