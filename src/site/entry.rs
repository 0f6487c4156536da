//! A post that may be seen, as every feed and map tells of it.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};

use super::visibility::Shown;
use super::words::Lists;
use crate::config::{self, Config};
use crate::fingerprint;
use crate::post::{Content, Image, Post};
use crate::text::{cut, slug};

/// Search results and previews cut further.
const SHORT_SUMMARY_GRAPHEMES: usize = 300;

/// One public post, in no format. It can be made of the proof that the post may be seen, and of
/// nothing else.
#[derive(Debug)]
pub struct Entry {
    post: Arc<Post>,
    updated: DateTime<Utc>,
    byline: Arc<Byline>,
    categories: Arc<[Term]>,
    tags: Arc<[Term]>,
    is_listed: bool,
    is_indexed: bool,
    in_sitemap: bool,
    has_card: bool,
    has_own_language: bool,
    updated_is_ahead: bool,
    bucket: u64,
    written: OnceLock<usize>,
}

/// Who wrote an entry.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Byline {
    /// The people.
    pub people: Vec<Person>,
    /// Their terms, in the same order.
    pub terms: Vec<Term>,
}

/// Somebody who wrote an entry.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Person {
    /// The name.
    pub name: String,
    /// A page about the person.
    pub url: Option<String>,
    /// An address that may be shown.
    pub email: Option<String>,
}

/// The name of a category, tag or author, with the part of a path that stands for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Term {
    /// The name as it is shown.
    pub label: Arc<str>,
    /// The name in paths.
    pub slug: Arc<str>,
}

impl Term {
    /// The term of a label.
    pub fn new(label: Arc<str>) -> Term {
        Term {
            slug: slug(&label).into(),
            label,
        }
    }
}

impl Entry {
    /// The file that it is made of, for choosing entries and for findings alone: no output holds it.
    pub fn source(&self) -> &str {
        &self.post.path
    }

    /// Unique and permanent.
    pub fn id(&self) -> &str {
        self.post.id()
    }

    /// Where it is read: absolute, percent-encoded.
    pub fn url(&self) -> &str {
        &self.post.permalink.url
    }

    /// The path of that.
    pub fn path(&self) -> &str {
        self.post.permalink.path()
    }

    /// Plain text on one line.
    pub fn title(&self) -> &str {
        &self.post.title
    }

    /// The title for search results and previews, where it is another one.
    pub fn preview_title(&self) -> Option<&str> {
        self.post.preview_title()
    }

    /// The description as its author wrote it, or an excerpt; plain text.
    pub fn summary(&self) -> &str {
        &self.post.description
    }

    /// Two or three sentences of the summary, for pages and cards.
    pub fn short_summary(&self) -> String {
        cut(self.summary(), SHORT_SUMMARY_GRAPHEMES)
    }

    /// The date it bears.
    pub fn published(&self) -> DateTime<Utc> {
        self.post.published
    }

    /// The last change its author speaks of, never before `published`.
    pub fn updated(&self) -> DateTime<Utc> {
        self.updated
    }

    /// Who wrote it.
    pub fn authors(&self) -> &[Person] {
        &self.byline.people
    }

    /// The authors' terms, in the same order.
    pub fn author_terms(&self) -> &[Term] {
        &self.byline.terms
    }

    /// What it is about, in terms of which the site has few.
    pub fn categories(&self) -> &[Term] {
        &self.categories
    }

    /// What it is about, in terms of which the site has many.
    pub fn tags(&self) -> &[Term] {
        &self.tags
    }

    /// The picture that stands for it.
    pub fn image(&self) -> Option<&Image> {
        self.post.images.first()
    }

    /// Every picture, the one that stands for it first.
    pub fn images(&self) -> &[Image] {
        &self.post.images
    }

    /// The path of its card, where it has one.
    pub fn card_path(&self) -> Option<&str> {
        self.has_card.then(|| self.post.permalink.path())
    }

    /// A BCP 47 language tag, where it is not the site's.
    pub fn language(&self) -> Option<&str> {
        let language = self.post.language();
        language.filter(|_| self.has_own_language)
    }

    /// What it has in common with its translations, where it may have any.
    pub fn translation_key(&self) -> Option<&str> {
        self.post.translation_key()
    }

    /// The post's own X account, without `@`.
    pub fn twitter(&self) -> Option<&str> {
        self.post.twitter()
    }

    /// The paths that it used to have.
    pub fn aliases(&self) -> &[String] {
        self.post.aliases()
    }

    /// Whether it is in lists, and not only for those who know its address.
    pub fn is_listed(&self) -> bool {
        self.is_listed
    }

    /// Whether search engines may list it.
    pub fn is_indexed(&self) -> bool {
        self.is_indexed
    }

    /// Whether the sitemap may hold it.
    pub fn in_sitemap(&self) -> bool {
        self.in_sitemap
    }

    /// A number by which addresses are dealt, the same wherever the address is.
    pub fn bucket(&self) -> u64 {
        self.bucket
    }

    /// Whether its last change is dated ahead and therefore does not count yet.
    pub(super) fn updated_is_ahead(&self) -> bool {
        self.updated_is_ahead
    }

    pub(super) fn post(&self) -> &Arc<Post> {
        &self.post
    }

    /// Whether it is made of this very post.
    pub(super) fn is_of(&self, post: &Arc<Post>) -> bool {
        Arc::ptr_eq(&self.post, post)
    }

    /// The whole post.
    pub fn content(&self) -> Content {
        let content = self.post.body.content();
        let _ = self.written.set(content.written);
        content
    }

    /// The length of the whole post in bytes, at most, as any format writes it.
    pub(super) fn content_written(&self) -> usize {
        match self.written.get() {
            Some(written) => *written,
            None => self.content().written,
        }
    }

    /// What it is about, categories first, no slug twice.
    pub fn terms(&self) -> Vec<&Term> {
        let mut terms: Vec<&Term> = Vec::new();
        for term in self.categories.iter().chain(self.tags.iter()) {
            if terms.iter().all(|other| other.slug != term.slug) {
                terms.push(term);
            }
        }
        terms
    }

    /// Its length in bytes, at most, as any format writes it without its content.
    pub(super) fn frame_written(&self) -> usize {
        // Elements, dates and addresses of pictures; names may be written in two places.
        let names = self
            .authors()
            .iter()
            .map(|author| author.name.len() * 2 + 200);
        let terms = self
            .terms()
            .into_iter()
            .map(|term| term.label.len() * 6 + term.slug.len() * 3 + 80);
        let image = self.image().map_or(0, |image| {
            image.url.len() * 6 + image.alt.as_ref().map_or(0, |alt| alt.len() * 6)
        });
        let texts = self.title().len() * 6 + self.summary().len() * 12;
        1500 + texts
            + self.id().len() * 6
            + self.url().len() * 18
            + image
            + names.sum::<usize>()
            + terms.sum::<usize>()
    }

    pub(super) fn new(
        shown: &Shown<'_>,
        has_card: bool,
        lists: Lists,
        config: &Config,
        now: DateTime<Utc>,
    ) -> Entry {
        let post = shown.post();
        let ahead = post.updated.is_some_and(|updated| updated > now);
        let updated = post
            .updated
            .filter(|updated| *updated <= now && *updated > post.published);
        Entry {
            updated: updated.unwrap_or(post.published),
            byline: lists.byline,
            categories: lists.categories,
            tags: lists.tags,
            is_listed: matches!(shown, Shown::Listed(_)),
            is_indexed: shown.is_indexed(),
            in_sitemap: shown.is_in_sitemap(),
            has_card,
            has_own_language: post
                .language()
                .is_some_and(|language| *language != config.site.language),
            updated_is_ahead: ahead,
            bucket: fingerprint::bucket_hash(post.permalink.url.as_bytes()),
            post: Arc::clone(post),
            written: OnceLock::new(),
        }
    }

    /// All that any output may say of it.
    fn told(&self) -> impl Hash + PartialEq {
        (
            (self.id(), self.url(), self.title(), self.preview_title()),
            (self.summary(), self.post.body.fingerprint),
            (self.published(), self.updated),
            (&*self.byline, &*self.categories, &*self.tags),
            (self.image(), self.images(), self.card_path()),
            (self.language(), self.translation_key(), self.twitter()),
            (self.is_listed, self.is_indexed, self.in_sitemap),
        )
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Entry) -> bool {
        self.source() == other.source() && self.told() == other.told()
    }
}

impl Eq for Entry {}

impl Hash for Entry {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.told().hash(state);
    }
}

/// The configured author of a name.
pub(super) fn find<'a>(name: &str, known: &'a [config::Author]) -> Option<&'a config::Author> {
    known
        .iter()
        .find(|known| known.name.to_lowercase() == name.to_lowercase())
}
