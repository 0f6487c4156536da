//! Defines the entry: one public post, in the form that every feed and the sitemap use.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::conflicts::unique_keys::is_site_card_path;
use crate::hash;
use crate::links::broken_links;
use crate::model::feed_filter::{FeedFilter, FilteredPost};
use crate::model::post::{
    BodyContent, Enclosure, Image, Post, PostExtras, PostMedia, ResolvedLinks, Video,
};
use crate::model::terms::{Byline, Person, Term};
use crate::term_interner::PostTerms;
use crate::text::truncate_graphemes;
use crate::visibility::Visible;

/// Upper bound on a short summary, in graphemes. Search results and previews cut further.
const MAX_SHORT_SUMMARY_GRAPHEMES: usize = 300;
/// Maximum number of images that previews try. More missing files in one post are a fault of the whole site.
const MAX_PREVIEW_IMAGES: usize = 4;

/// Public post, independent of the feed format. It can only be built from the proof that the post
/// may be seen.
#[derive(Debug)]
pub struct Entry {
    post: Arc<Post>,
    updated_at: DateTime<Utc>,
    byline: Arc<Byline>,
    categories: Arc<[Term]>,
    tags: Arc<[Term]>,
    is_listed: bool,
    is_in_feeds: bool,
    is_indexable: bool,
    is_in_sitemap: bool,
    has_card: bool,
    differs_from_site_language: bool,
    /// True if the modification date lies in the future and is ignored for now.
    has_future_update: bool,
    url_hash: u64,
    /// In bytes. No body has 4 GB.
    content_len: OnceLock<u32>,
    links: ResolvedLinks,
}

impl Entry {
    /// Returns the path of the post's file, for filters and findings only: no output contains it.
    pub fn source_path(&self) -> &str {
        &self.post.path
    }

    /// Returns the unique and permanent id.
    pub fn id(&self) -> &str {
        self.post.id()
    }

    /// Returns the absolute URL of the post, percent-encoded.
    pub fn url(&self) -> &str {
        &self.post.permalink.url
    }

    /// Returns the path of the URL.
    pub fn url_path(&self) -> &str {
        self.post.permalink.url_path()
    }

    /// Returns the URL of the page elsewhere that the post is about; `None` if it is no link post.
    pub fn external_url(&self) -> Option<&str> {
        self.post.external_url()
    }

    /// Returns the title: plain text on one line.
    pub fn title(&self) -> &str {
        &self.post.title
    }

    /// Returns the title for search results and previews; `None` if it is the normal title.
    pub fn preview_title(&self) -> Option<&str> {
        self.post.preview_title()
    }

    /// Returns the author's description or an excerpt; plain text.
    pub fn summary(&self) -> &str {
        &self.post.description
    }

    /// Shortens the summary to two or three sentences, for pages and cards.
    pub fn short_summary(&self) -> String {
        truncate_graphemes(self.summary(), MAX_SHORT_SUMMARY_GRAPHEMES)
    }

    /// Returns the publication date.
    pub fn published_at(&self) -> DateTime<Utc> {
        self.post.published_at
    }

    /// Returns the modification date that the author gives, never before the publication date.
    pub fn updated_at(&self) -> DateTime<Utc> {
        self.updated_at
    }

    /// Returns the date of the last commit if it is known, else the modification date. Never before the publication.
    pub fn modified_at(&self) -> DateTime<Utc> {
        let committed = self.post.committed_at();
        committed.map_or(self.updated_at, |date| date.max(self.published_at()))
    }

    /// Returns the authors.
    pub fn authors(&self) -> &[Person] {
        &self.byline.persons
    }

    /// Returns the terms of the authors, in the same order.
    pub fn author_terms(&self) -> &[Term] {
        &self.byline.terms
    }

    /// Returns the categories.
    pub fn categories(&self) -> &[Term] {
        &self.categories
    }

    /// Returns the tags.
    pub fn tags(&self) -> &[Term] {
        &self.tags
    }

    /// Returns the main image; `None` if the post has none that networks show.
    pub fn main_image(&self) -> Option<&Image> {
        self.preview_images().next()
    }

    /// Returns the images that previews try, in this order. The next one counts if the file of one is missing.
    pub fn preview_images(&self) -> impl Iterator<Item = &Image> {
        let shown = self.post.images.iter().filter(|it| it.is_previewable());
        shown.take(MAX_PREVIEW_IMAGES)
    }

    /// Returns all images, the main one first.
    pub fn all_images(&self) -> &[Image] {
        &self.post.images
    }

    /// Returns the files that come with the post; `None` without one.
    pub fn media(&self) -> Option<&PostMedia> {
        self.post.media()
    }

    /// Returns true if the post comes with audio or video.
    pub(super) fn is_playable(&self) -> bool {
        self.media().is_some_and(|media| media.playable().is_some())
    }

    /// Iterates over the files that come with the post.
    pub fn enclosures(&self) -> impl Iterator<Item = &Enclosure> {
        self.media().into_iter().flat_map(|media| &media.enclosures)
    }

    /// Iterates over the URLs of enclosures without a length.
    pub fn unmeasured_urls(&self) -> impl Iterator<Item = &str> {
        let enclosures = self.enclosures();
        let unmeasured = enclosures.filter(|enclosure| enclosure.length.is_none());
        unmeasured.map(|enclosure| &*enclosure.url)
    }

    /// Returns the videos that the sitemap lists.
    pub fn videos(&self) -> &[Video] {
        self.post.videos()
    }

    /// Returns the path of the post's card; `None` if it has no card.
    pub fn card_path(&self) -> Option<&str> {
        self.has_card.then(|| self.post.permalink.url_path())
    }

    /// Returns the BCP 47 language tag; `None` if it is the site's language.
    pub fn language_override(&self) -> Option<&str> {
        let language = self.post.language();
        language.filter(|_| self.differs_from_site_language)
    }

    /// Returns the key that the post shares with its translations; `None` if it can have none.
    pub fn translation_key(&self) -> Option<&str> {
        self.post.translation_key()
    }

    /// Returns the X account that the post names, without `@`.
    pub fn twitter_handle(&self) -> Option<&str> {
        self.post.twitter_handle()
    }

    /// Returns the former paths of the post.
    pub fn aliases(&self) -> &[String] {
        self.post.aliases()
    }

    /// Returns true if lists contain it; an unlisted entry is reachable by URL only.
    pub fn is_listed(&self) -> bool {
        self.is_listed
    }

    /// Returns true if feeds contain it; an entry that its author keeps out of feeds may be listed elsewhere.
    pub fn is_in_feeds(&self) -> bool {
        self.is_in_feeds
    }

    /// Returns true if a feed with this filter contains it.
    pub(super) fn is_matched_by(&self, filter: &FeedFilter, site_language: &str) -> bool {
        filter.is_match(FilteredPost {
            categories: &self.categories,
            tags: &self.tags,
            authors: &self.byline.terms,
            language: self.language_override().unwrap_or(site_language),
            path: &self.post.path,
        })
    }

    /// Returns true if search engines may index it.
    pub fn is_indexable(&self) -> bool {
        self.is_indexable
    }

    /// Returns true if the sitemap may contain it.
    pub fn is_in_sitemap(&self) -> bool {
        self.is_in_sitemap
    }

    /// Returns the hash of the URL that assigns it to a part of the sitemap. It depends on the URL
    /// alone, so it is the same on every replica.
    pub fn url_hash(&self) -> u64 {
        self.url_hash
    }

    /// Returns true if the post has a finding regardless of conflicts with other posts.
    pub(super) fn has_finding(&self) -> bool {
        self.has_future_update
            || !self.post.stray_dates().is_empty()
            || is_site_card_path(self.url_path())
            || broken_links(&self.post, &self.links).next().is_some()
    }

    pub(super) fn post(&self) -> &Arc<Post> {
        &self.post
    }

    /// Returns true if the entry was built from this very allocation of the post.
    pub(super) fn is_built_from(&self, post: &Arc<Post>) -> bool {
        Arc::ptr_eq(&self.post, post)
    }

    /// Returns the URLs of the links to other posts.
    pub(super) fn links(&self) -> &ResolvedLinks {
        &self.links
    }

    /// Renders the body of the post.
    pub fn render_content(&self) -> BodyContent {
        let content = self.post.body.render_with_links(&self.links);
        let length = u32::try_from(content.max_encoded_len);
        let _ = self.content_len.set(length.unwrap_or(u32::MAX));
        content
    }

    /// Returns an upper bound on the encoded body in any feed format, in bytes. Renders the body
    /// if that has not been done before.
    pub(super) fn max_content_len(&self) -> usize {
        match self.content_len.get() {
            Some(written) => *written as usize,
            None => self.render_content().max_encoded_len,
        }
    }

    /// Collects categories and tags, categories first, each slug once.
    pub fn unique_terms(&self) -> Vec<&Term> {
        let mut terms: Vec<&Term> = Vec::new();
        for term in self.categories.iter().chain(self.tags.iter()) {
            if terms.iter().all(|known| known.slug != term.slug) {
                terms.push(term);
            }
        }
        terms
    }

    /// Estimates an upper bound on the encoded entry without its body in any feed format, in bytes.
    pub(super) fn max_envelope_len(&self) -> usize {
        // The constants cover elements, dates and image URLs. Names may be written in two places.
        let names = self
            .authors()
            .iter()
            .map(|author| author.name.len() * 2 + 200);
        let terms = self
            .unique_terms()
            .into_iter()
            .map(|term| term.label.len() * 6 + term.slug.len() * 3 + 80);
        let images = self
            .preview_images()
            .map(|image| image.url.len() * 6 + image.alt.as_ref().map_or(0, |alt| alt.len() * 6));
        let texts = self.title().len() * 6 + self.summary().len() * 12;
        1500 + texts
            + self.id().len() * 6
            + (self.url().len() + self.external_url().map_or(0, str::len)) * 18
            + images.max().unwrap_or_default()
            + self.media().map_or(0, PostMedia::max_encoded_len)
            + names.sum::<usize>()
            + terms.sum::<usize>()
    }

    pub(super) fn new(
        shown: &Visible<'_>,
        has_card: bool,
        lists: PostTerms,
        links: ResolvedLinks,
        config: &Config,
        now: DateTime<Utc>,
    ) -> Entry {
        let post = shown.post();
        let ahead = post.updated_at.is_some_and(|updated| updated > now);
        let updated = post
            .updated_at
            .filter(|updated| *updated <= now && *updated > post.published_at);
        Entry {
            updated_at: updated.unwrap_or(post.published_at),
            byline: lists.byline,
            categories: lists.categories,
            tags: lists.tags,
            is_listed: matches!(shown, Visible::Listed(_)),
            is_in_feeds: shown.is_in_feeds(),
            is_indexable: shown.is_indexable(),
            is_in_sitemap: shown.is_in_sitemap(),
            has_card,
            differs_from_site_language: post
                .language()
                .is_some_and(|language| *language != config.site.language),
            has_future_update: ahead,
            url_hash: hash::blake3_u64(post.permalink.url.as_bytes()),
            post: Arc::clone(post),
            content_len: OnceLock::new(),
            links,
        }
    }

    /// Returns everything that any output may contain of the entry, for comparison and hashing. Names all fields, so that
    /// a new one does not compile until it is added here or left out on purpose.
    fn content_key(&self) -> impl Hash + PartialEq {
        let Entry {
            post,
            updated_at: updated,
            byline,
            categories,
            tags,
            is_listed,
            is_in_feeds,
            is_indexable: is_indexed,
            is_in_sitemap: in_sitemap,
            has_card: _,
            differs_from_site_language: _,
            has_future_update: _,
            url_hash: _,
            content_len: _,
            links,
        } = self;
        let Post {
            path: _,
            title,
            id_source: _,
            permalink: _,
            published_at: published,
            updated_at: _,
            authors: _,
            categories: _,
            tags: _,
            description,
            images,
            body,
            visibility_fields: _,
            extras: rare,
        } = &**post;
        let extras = rare.as_deref().map(|extras| {
            let PostExtras {
                id: _,
                canonical_url,
                external_url,
                preview_title,
                publish_after: _,
                expires_at: _,
                language: _,
                twitter_handle: twitter,
                aliases: _,
                translation_key,
                media,
                videos: _,
                stray_dates: _,
                links: _,
                // Only compared: a new commit alone announces nothing.
                committed_at: _,
            } = extras;
            (
                media.as_deref(),
                (canonical_url.as_deref(), external_url.as_deref()),
                preview_title.as_deref(),
                twitter.as_deref(),
                translation_key.as_deref(),
            )
        });
        let (media, addresses, preview_title, twitter, translation_key) =
            extras.unwrap_or_default();
        // Some fields that are left out above are part of these.
        let (id, url, card_path, language) = (
            self.id(),
            self.url(),
            self.card_path(),
            self.language_override(),
        );
        (
            (id, url, addresses, title, preview_title),
            (description, body.fingerprint, links),
            (published, updated),
            (&**byline, &**categories, &**tags),
            (self.main_image(), images, card_path, media, self.videos()),
            (language, translation_key, twitter),
            (is_listed, is_in_feeds, is_indexed, in_sitemap),
        )
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Entry) -> bool {
        self.source_path() == other.source_path()
            && self.modified_at() == other.modified_at()
            && self.content_key() == other.content_key()
    }
}

impl Eq for Entry {}

impl Hash for Entry {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.content_key().hash(state);
    }
}
