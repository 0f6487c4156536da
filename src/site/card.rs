//! A post, or the site, as a link to it is previewed.

use chrono::{DateTime, Utc};

use super::entry::{self, Entry, Person};
use crate::artifact::ArtifactKey;
use crate::config::{self, CardPicture, Config};
use crate::post::Image;
use crate::text::{bounded, cut};

// The head of a card's page must stay within 32 KB whatever its texts are, so each has a bound in
// bytes as HTML writes them; the sum of them, as often as each is written, is below it.

/// No network draws a tenth of it.
const MAX_TITLE: usize = 600;
/// No network draws a fifth of it.
const MAX_DESCRIPTION: usize = 1200;
/// A title that a card is drawn with, in graphemes: more are too small to read.
const MAX_HEADLINE: usize = 300;
/// X takes 420 characters.
const MAX_ALT: usize = 600;
/// Of an author or a category.
const MAX_NAME: usize = 120;
/// Of an author's page.
const MAX_AUTHOR_URL: usize = 300;
/// Previews show two.
const MAX_AUTHORS: usize = 4;
/// Search engines and previews look at a few.
const MAX_CATEGORIES: usize = 8;

/// What a preview is drawn from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Card {
    /// The file that it is made of, for findings alone: no output holds it.
    pub source: String,
    /// The id of the post's entry.
    pub id: String,
    /// The path of the permalink; `/` is the site's.
    pub path: String,
    /// The page the card is of: absolute, percent-encoded.
    pub url: String,
    /// Plain text on one line.
    pub title: String,
    /// The title as the picture has it, which has room for more.
    pub headline: String,
    /// A sentence or two, plain text.
    pub description: String,
    /// The picture of its own.
    pub image: Option<Image>,
    /// Which picture previews show.
    pub preview: Preview,
    /// A BCP 47 language tag.
    pub language: String,
    /// Whether search engines are to leave it out.
    pub noindex: bool,
    /// The X account of who wrote it, without `@`.
    pub twitter: Option<String>,
    /// The site's X account, without `@`.
    pub site_twitter: Option<String>,
    /// The fediverse account of who wrote it, as `@user@host`.
    pub fediverse: Option<String>,
    /// What only a post has.
    pub article: Option<Article>,
}

/// Which picture previews show of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Preview {
    /// Its own.
    Own,
    /// The drawn one.
    Drawn,
}

/// What only a post's card has.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Article {
    /// The date it bears.
    pub published: DateTime<Utc>,
    /// Its last change.
    pub modified: DateTime<Utc>,
    /// Who wrote it.
    pub authors: Vec<Person>,
    /// What it is about, the main thing first.
    pub categories: Vec<String>,
}

impl Card {
    /// The name of its page.
    pub fn key(&self) -> ArtifactKey {
        ArtifactKey::CardPage(self.path.clone())
    }

    /// The name of its drawn picture.
    pub fn image_key(&self) -> ArtifactKey {
        ArtifactKey::CardImage(self.path.clone())
    }

    /// What the drawn picture says, for those who do not see it.
    pub fn alt(&self, site: &str) -> String {
        let authors = self.article.iter().flat_map(|article| &article.authors);
        let mut parts = vec![self.title.as_str()];
        parts.extend(authors.map(|person| person.name.as_str()));
        if self.article.is_some() {
            parts.push(site);
        }
        bounded(&parts.join(" · "), MAX_ALT)
    }

    pub(super) fn of_site(config: &Config) -> Card {
        let site = &config.site;
        let image = image_of(site);
        Card {
            source: config.file.clone(),
            id: String::new(),
            path: "/".to_owned(),
            url: site.url.to_string(),
            title: site.title.clone(),
            headline: cut(&site.title, MAX_HEADLINE),
            description: site.description.clone(),
            preview: preview(image.as_ref(), config),
            image,
            language: site.language.clone(),
            noindex: false,
            twitter: None,
            site_twitter: site.twitter.clone(),
            fediverse: site.fediverse.clone(),
            article: None,
        }
    }

    pub(super) fn of_post(entry: &Entry, config: &Config) -> Card {
        let site = &config.site;
        let author = entry
            .authors()
            .first()
            .and_then(|author| entry::find(&author.name, &config.authors));
        let title = entry.preview_title().unwrap_or(entry.title());
        let image = entry.image().map(bounded_alt);
        Card {
            source: entry.source().to_owned(),
            id: entry.id().to_owned(),
            path: entry.path().to_owned(),
            url: entry.url().to_owned(),
            title: bounded(title, MAX_TITLE),
            headline: cut(title, MAX_HEADLINE),
            description: bounded(&entry.short_summary(), MAX_DESCRIPTION),
            preview: preview(image.as_ref(), config),
            image,
            language: entry.language().unwrap_or(&site.language).to_owned(),
            noindex: !entry.is_indexed(),
            twitter: author
                .and_then(|author| author.twitter.as_deref())
                .or(entry.twitter())
                .map(str::to_owned),
            site_twitter: site.twitter.clone(),
            fediverse: author
                .and_then(|author| author.fediverse.clone())
                .or_else(|| site.fediverse.clone()),
            article: Some(Article {
                published: entry.published(),
                modified: entry.updated(),
                authors: entry
                    .authors()
                    .iter()
                    .take(MAX_AUTHORS)
                    .map(|person| Person {
                        name: bounded(&person.name, MAX_NAME),
                        url: person.url.clone().filter(|url| url.len() <= MAX_AUTHOR_URL),
                        email: None,
                    })
                    .collect(),
                categories: entry
                    .terms()
                    .into_iter()
                    .take(MAX_CATEGORIES)
                    .map(|term| bounded(&term.label, MAX_NAME))
                    .collect(),
            }),
        }
    }
}

fn preview(own: Option<&Image>, config: &Config) -> Preview {
    match (own, config.cards.picture) {
        (Some(_), CardPicture::Own) => Preview::Own,
        _ => Preview::Drawn,
    }
}

/// The picture that stands for the site.
fn image_of(site: &config::Site) -> Option<Image> {
    let url = site.image.as_ref()?;
    Some(Image {
        url: url.to_string(),
        alt: Some(bounded(&site.title, MAX_ALT)),
    })
}

fn bounded_alt(image: &Image) -> Image {
    Image {
        url: image.url.clone(),
        alt: image.alt.as_ref().map(|alt| bounded(alt, MAX_ALT)),
    }
}
