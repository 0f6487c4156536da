//! A post that may be seen, as every feed and map tells of it.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::visibility::Shown;
use crate::config::{self, Config};
use crate::post::{self, Body, Content, Image};
use crate::text::slug;

/// One public post, in no format.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The file that it is made of, for choosing entries alone: no output holds it.
    pub source: String,
    /// Unique and permanent.
    pub id: String,
    /// Where it is read: absolute, percent-encoded.
    pub url: String,
    /// Plain text on one line.
    pub title: String,
    /// A sentence or two, plain text.
    pub summary: String,
    /// The whole post.
    pub body: Body,
    /// The date it bears.
    pub published: DateTime<Utc>,
    /// The last change its author speaks of, never before `published`.
    pub updated: DateTime<Utc>,
    /// Who wrote it.
    pub authors: Vec<Person>,
    /// The authors' terms, in the same order.
    pub author_terms: Vec<Term>,
    /// What it is about, in terms of which the site has few.
    pub categories: Vec<Term>,
    /// What it is about, in terms of which the site has many.
    pub tags: Vec<Term>,
    /// The picture that stands for it.
    pub image: Option<Image>,
    /// Every picture, the one that stands for it first.
    pub images: Arc<[Image]>,
    /// The path of its card, where it has one.
    pub card_path: Option<String>,
    /// A BCP 47 language tag, where it is not the site's.
    pub language: Option<String>,
    /// What it has in common with its translations, where it may have any.
    pub translation_key: Option<String>,
    /// Whether the sitemap may hold it.
    pub in_sitemap: bool,
    /// Whether its last change is dated ahead and therefore does not count yet.
    pub(super) updated_is_ahead: bool,
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
    pub label: String,
    /// The name in paths.
    pub slug: String,
}

impl Term {
    /// The term of a label.
    pub fn new(label: &str) -> Term {
        Term {
            label: label.to_owned(),
            slug: slug(label),
        }
    }
}

impl Entry {
    /// The whole post, or nothing where it can no longer be had.
    pub fn content(&self) -> Content {
        self.body.content().unwrap_or_else(|_| Content {
            html: "".into(),
            written: 0,
        })
    }

    /// What it is about, categories first, no slug twice.
    pub fn terms(&self) -> Vec<&Term> {
        let mut terms: Vec<&Term> = Vec::new();
        for term in self.categories.iter().chain(&self.tags) {
            if terms.iter().all(|other| other.slug != term.slug) {
                terms.push(term);
            }
        }
        terms
    }

    /// Its length in bytes, at most, as any format writes it without its content.
    fn frame_written(&self) -> usize {
        // Elements, dates and addresses of pictures; names may be written in two places.
        let names = self
            .authors
            .iter()
            .map(|author| author.name.len() * 2 + 200);
        let terms = self
            .terms()
            .into_iter()
            .map(|term| term.label.len() * 6 + term.slug.len() * 3 + 80);
        let image = self.image.as_ref().map_or(0, |image| {
            image.url.len() * 6 + image.alt.as_ref().map_or(0, |alt| alt.len() * 6)
        });
        let texts = self.title.len() * 6 + self.summary.len() * 12;
        1500 + texts
            + self.id.len() * 6
            + self.url.len() * 18
            + image
            + names.sum::<usize>()
            + terms.sum::<usize>()
    }

    /// Its length in bytes, at most, as any format writes it.
    pub(super) fn written(&self, with_content: bool) -> usize {
        self.frame_written()
            + if with_content {
                self.content().written
            } else {
                0
            }
    }

    pub(super) fn new(shown: &Shown<'_>, config: &Config, now: DateTime<Utc>) -> Entry {
        let post = shown.post();
        let ahead = post.updated.is_some_and(|updated| updated > now);
        let updated = post
            .updated
            .filter(|updated| *updated <= now && *updated > post.published);
        let authors: Vec<Person> = post
            .authors
            .iter()
            .map(|author| person(author, &config.authors))
            .collect();
        let terms = |labels: &[String]| labels.iter().map(|label| Term::new(label)).collect();
        Entry {
            source: post.path.clone(),
            id: post.id.clone(),
            url: post.permalink.url.clone(),
            title: post.title.clone(),
            summary: post.description.clone(),
            body: post.body.clone(),
            published: post.published,
            updated: updated.unwrap_or(post.published),
            author_terms: authors
                .iter()
                .map(|author| Term::new(&author.name))
                .collect(),
            authors,
            categories: terms(&post.categories),
            tags: terms(&post.tags),
            translation_key: post.translation_key.clone(),
            image: post.image.clone(),
            images: Arc::clone(&post.images),
            card_path: None,
            language: post
                .language
                .clone()
                .filter(|language| *language != config.site.language),
            in_sitemap: shown.is_in_sitemap(),
            updated_is_ahead: ahead,
        }
    }
}

/// What the post says of its author, and what the configuration adds.
fn person(author: &post::Author, known: &[config::Author]) -> Person {
    let known = find(&author.name, known);
    Person {
        name: author.name.clone(),
        url: author.url.clone().or_else(|| known?.url.clone()),
        email: author.email.clone().or_else(|| known?.email.clone()),
    }
}

/// The configured author of a name.
pub(super) fn find<'a>(name: &str, known: &'a [config::Author]) -> Option<&'a config::Author> {
    known
        .iter()
        .find(|known| known.name.to_lowercase() == name.to_lowercase())
}
