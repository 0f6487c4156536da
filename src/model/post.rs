//! Models a post as its author wrote it: plain values, parsed and checked.
//!
//! Visibility is not decided here. A [`VisibilityField`] carries what the post says about it to
//! `visibility`, the only place that decides.

mod body;
pub(crate) mod image;
mod labels;
mod links;
mod media;
pub(crate) mod permalink;
mod shared_values;
pub(crate) mod video;
mod visibility_field;

use std::sync::Arc;

use chrono::{DateTime, Utc};

pub use body::{BodyContent, BodySource, PostBody};
pub use image::Image;
pub use labels::Labels;
pub use links::{PostLink, ResolvedLinks};
pub use media::{Enclosure, Episode, EpisodePerson, PostMedia, Transcript};
pub(crate) use media::{max_encoded_len, type_of_extension, type_of_file};
pub use permalink::{FrontMatterField, Permalink};
pub use shared_values::PostInterner;
pub use video::Video;
pub use visibility_field::{FlagValue, VisibilityEffect, VisibilityField};

/// Post of one file. No string contains characters that XML 1.0 §2.2 forbids.
///
/// The struct is kept small, because every file has one: equal values are shared between posts,
/// and rare fields are boxed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// Path of the file below the content directory, with `/` as separator.
    pub path: Arc<str>,
    /// Title: plain text on one line, trimmed.
    pub title: Box<str>,
    /// Source of the id.
    pub id_source: IdSource,
    /// URL at which the post is read.
    pub permalink: Permalink,
    /// Publication date.
    pub published_at: DateTime<Utc>,
    /// Modification date, if the post gives one.
    pub updated_at: Option<DateTime<Utc>>,
    /// Authors of the post.
    pub authors: Arc<[PostAuthor]>,
    /// Categories; a site has few different ones.
    pub categories: Labels,
    /// Tags; a site has many different ones.
    pub tags: Labels,
    /// A sentence or two, plain text.
    pub description: Box<str>,
    /// All images, each once, the main one first. Only the main one has an `alt` text, because no
    /// output uses the others.
    pub images: Arc<[Image]>,
    /// Body of the post.
    pub body: PostBody,
    /// Fields that say whether the post may be seen.
    pub visibility_fields: Arc<[VisibilityField]>,
    /// Fields that few posts have; `None` if the post has none of them.
    pub extras: Option<Box<PostExtras>>,
}

/// Fields that few posts have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PostExtras {
    /// Id; `None` if it is the URL.
    pub id: Option<Box<str>>,
    /// URL of the original; `None` if the post is no copy.
    pub canonical_url: Option<Box<str>>,
    /// URL of the page elsewhere that the post is about; `None` if the post is no link post.
    pub external_url: Option<Box<str>>,
    /// Title for search results and previews; `None` if it is the normal title.
    pub preview_title: Option<Box<str>>,
    /// Time before which the post is not shown; `None` if it is the publication date.
    pub publish_after: Option<DateTime<Utc>>,
    /// Time from which on the post is no longer shown.
    pub expires_at: Option<DateTime<Utc>>,
    /// BCP 47 language tag; `None` if the post gives none.
    pub language: Option<Box<str>>,
    /// X account of the post, without `@`.
    pub twitter_handle: Option<Box<str>>,
    /// Former paths, canonically percent-encoded.
    pub aliases: Box<[String]>,
    /// Key that only the post and its translations share; `None` if it can have no translations.
    pub translation_key: Option<Box<str>>,
    /// Files that come with the post; `None` without one.
    pub media: Option<Box<PostMedia>>,
    /// Videos with a thumbnail; empty unless the sitemap lists them.
    pub videos: Box<[Video]>,
    /// Dates without effect whose field names resemble those of limiting dates.
    pub stray_dates: Box<[StrayDate]>,
    /// Links of the body to files of the site, each target once.
    pub links: Box<[PostLink]>,
    /// Date of the last commit that changed the file; `None` unless `sitemap.lastmod` is `"git"`.
    pub committed_at: Option<DateTime<Utc>>,
}

/// Date that looks like a limit on when a post is shown, but has no effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrayDate {
    /// Field name, as written.
    pub field: String,
    /// Line of the field.
    pub line: usize,
    /// Value of the field.
    pub at: DateTime<Utc>,
    /// True if it looks like an end, false if it looks like a beginning.
    pub is_end: bool,
}

impl PostExtras {
    /// Boxes the fields; `None` if all are empty.
    pub fn into_option(self) -> Option<Box<PostExtras>> {
        (self != PostExtras::default()).then(|| Box::new(self))
    }
}

impl Post {
    /// Iterates over all dates that may affect visibility or output.
    pub fn all_dates(&self) -> impl Iterator<Item = DateTime<Utc>> {
        let optional = [self.publish_after(), self.updated_at, self.expires_at()];
        std::iter::once(self.published_at).chain(optional.into_iter().flatten())
    }

    /// Returns the values that stay the same when the file is renamed. The permalink and the links
    /// in the body may depend on the path.
    pub fn rename_invariants(&self) -> (DateTime<Utc>, &str, &str) {
        (self.published_at, &self.title, &self.description)
    }

    /// Returns the unique and permanent id of the entry in every feed.
    pub fn id(&self) -> &str {
        let explicit = self.extras.as_ref().and_then(|rare| rare.id.as_deref());
        explicit.unwrap_or(&self.permalink.url)
    }

    /// Returns [`PostExtras::canonical_url`].
    pub fn canonical_url(&self) -> Option<&str> {
        self.extras.as_ref()?.canonical_url.as_deref()
    }

    /// Returns [`PostExtras::external_url`].
    pub fn external_url(&self) -> Option<&str> {
        self.extras.as_ref()?.external_url.as_deref()
    }

    /// Returns [`PostExtras::preview_title`].
    pub fn preview_title(&self) -> Option<&str> {
        self.extras.as_ref()?.preview_title.as_deref()
    }

    /// Returns [`PostExtras::publish_after`].
    pub fn publish_after(&self) -> Option<DateTime<Utc>> {
        self.extras.as_ref()?.publish_after
    }

    /// Returns [`PostExtras::expires_at`].
    pub fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.extras.as_ref()?.expires_at
    }

    /// Returns [`PostExtras::language`].
    pub fn language(&self) -> Option<&str> {
        self.extras.as_ref()?.language.as_deref()
    }

    /// Returns [`PostExtras::twitter_handle`].
    pub fn twitter_handle(&self) -> Option<&str> {
        self.extras.as_ref()?.twitter_handle.as_deref()
    }

    /// Returns [`PostExtras::aliases`], empty if there are none.
    pub fn aliases(&self) -> &[String] {
        self.extras.as_ref().map_or(&[], |rare| &rare.aliases)
    }

    /// Returns [`PostExtras::media`].
    pub fn media(&self) -> Option<&PostMedia> {
        self.extras.as_ref()?.media.as_deref()
    }

    /// Returns [`PostExtras::stray_dates`], empty if there are none.
    pub fn stray_dates(&self) -> &[StrayDate] {
        self.extras.as_ref().map_or(&[], |rare| &rare.stray_dates)
    }

    /// Returns [`PostExtras::links`], empty if there are none.
    pub fn links(&self) -> &[PostLink] {
        self.extras.as_ref().map_or(&[], |rare| &rare.links)
    }

    /// Returns [`PostExtras::committed_at`].
    pub fn committed_at(&self) -> Option<DateTime<Utc>> {
        self.extras.as_ref()?.committed_at
    }

    /// Sets [`PostExtras::committed_at`].
    pub fn set_committed_at(&mut self, date: Option<DateTime<Utc>>) {
        if date != self.committed_at() {
            let mut extras = self
                .extras
                .take()
                .map_or_else(PostExtras::default, |all| *all);
            extras.committed_at = date;
            self.extras = extras.into_option();
        }
    }

    /// Returns [`PostExtras::videos`], empty if there are none.
    pub fn videos(&self) -> &[Video] {
        self.extras.as_ref().map_or(&[], |rare| &rare.videos)
    }

    /// Returns [`PostExtras::translation_key`].
    pub fn translation_key(&self) -> Option<&str> {
        self.extras.as_ref()?.translation_key.as_deref()
    }
}

/// Source of a post's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdSource {
    /// Field of the front matter on this line.
    Field(u32),
    /// Id file, `ids.toml`.
    IdMap,
    /// Permalink, exactly as the front matter writes it.
    WrittenPermalink,
    /// Permalink, as courant computes it.
    Permalink,
}

/// Author that a post names. Mail addresses in posts are not meant for subscribers, so there is no
/// field for one here; an address to publish comes from the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct PostAuthor {
    /// Name as it is shown.
    pub name: String,
    /// URL of a page about the author.
    pub url: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn post_fits_its_allocation_class() {
        // With the counters of its `Arc` it is in the allocator's class of 256 bytes; the next one
        // has 320.
        assert!(size_of::<Post>() <= 240, "{}", size_of::<Post>());
    }
}
