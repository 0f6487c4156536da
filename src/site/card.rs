//! Holds the texts and images of a social card: the preview of a link to a post or to the site.

use chrono::{DateTime, Utc};

use super::entry::Entry;
use crate::config::{self, Config, PreviewImage};
use crate::model::artifact::ArtifactKey;
use crate::model::post::Image;
use crate::model::terms::Person;
use crate::term_interner::find_author;
use crate::text::{truncate_encoded, truncate_graphemes};

// The `<head>` of a card page must stay within 32 KB. Each text is therefore bounded in bytes of
// escaped HTML; the sum, counting how often each text is written, is below that limit.

/// Maximum length of a title, in bytes. No network shows a tenth of it.
const MAX_TITLE_BYTES: usize = 600;
/// Maximum length of a description, in bytes. No network shows a fifth of it.
const MAX_DESCRIPTION_BYTES: usize = 1200;
/// Maximum length of the title in the card image, in graphemes. More would be too small to read.
const MAX_HEADLINE_GRAPHEMES: usize = 300;
/// Maximum length of an image description, in bytes. X allows 420 characters.
const MAX_ALT_BYTES: usize = 600;
/// Maximum length of the name of an author or category, in bytes.
const MAX_NAME_BYTES: usize = 120;
/// Maximum length of the URL of an author's page, in bytes.
const MAX_AUTHOR_URL_BYTES: usize = 300;
/// Maximum number of authors. Previews show two.
const MAX_AUTHORS: usize = 4;
/// Maximum number of categories. Search engines and previews use a few.
const MAX_CATEGORIES: usize = 8;

/// Content of a card page and of its image.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Card {
    /// Path of the post's file or of the configuration, for findings only: no output contains it.
    pub source_path: String,
    /// Id of the post's entry; empty for the site's card.
    pub id: String,
    /// Path of the permalink; `/` for the site's card.
    pub url_path: String,
    /// Absolute URL of the previewed page, percent-encoded.
    pub url: String,
    /// Absolute URL of the original, which is `url` unless the post is a copy.
    pub canonical_url: String,
    /// Title, plain text on one line.
    pub title: String,
    /// Title as drawn in the card image, which has room for a longer one.
    pub headline: String,
    /// A sentence or two, plain text.
    pub description: String,
    /// Images of the post or the site. Previews show the first one whose file is not missing.
    pub images: Vec<Image>,
    /// Image that previews show.
    pub preview_source: PreviewSource,
    /// BCP 47 language tag.
    pub language: String,
    /// True if search engines must not index the page.
    pub is_noindex: bool,
    /// X account of the author, without `@`.
    pub twitter_handle: Option<String>,
    /// X account of the site, without `@`.
    pub site_twitter_handle: Option<String>,
    /// Fediverse account of the author, as `@user@host`.
    pub fediverse_handle: Option<String>,
    /// Metadata of a post; `None` for the site's card.
    pub article: Option<ArticleMetadata>,
}

/// Choice of the image that previews of a card show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PreviewSource {
    /// Image of the post or the site.
    Own,
    /// Drawn card image.
    Drawn,
}

/// Metadata that only the card of a post has.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ArticleMetadata {
    /// Publication date.
    pub published_at: DateTime<Utc>,
    /// Modification date.
    pub modified_at: DateTime<Utc>,
    /// Authors of the post.
    pub authors: Vec<Person>,
    /// Labels of categories and tags, categories first.
    pub categories: Vec<String>,
}

impl Card {
    /// Returns the artifact key of the card page.
    pub fn page_key(&self) -> ArtifactKey {
        ArtifactKey::CardPage(self.url_path.clone())
    }

    /// Returns the artifact key of the drawn image.
    pub fn image_key(&self) -> ArtifactKey {
        ArtifactKey::CardImage(self.url_path.clone())
    }

    /// Builds the text alternative of the drawn image.
    pub fn image_alt_text(&self, site: &str) -> String {
        let authors = self.article.iter().flat_map(|article| &article.authors);
        let mut parts = vec![self.title.as_str()];
        parts.extend(authors.map(|person| person.name.as_str()));
        if self.article.is_some() {
            parts.push(site);
        }
        truncate_encoded(&parts.join(" · "), MAX_ALT_BYTES)
    }

    pub(super) fn from_site(config: &Config) -> Card {
        let site = &config.site;
        let images = Vec::from_iter(configured_site_image(site));
        Card {
            source_path: config.file.clone(),
            id: String::new(),
            url_path: "/".to_owned(),
            url: site.url.to_string(),
            canonical_url: site.url.to_string(),
            title: site.title.clone(),
            headline: truncate_graphemes(&site.title, MAX_HEADLINE_GRAPHEMES),
            description: site.description.clone(),
            preview_source: choose_preview_source(images.first(), config),
            images,
            language: site.language.clone(),
            is_noindex: false,
            twitter_handle: None,
            site_twitter_handle: site.twitter.clone(),
            fediverse_handle: site.fediverse.clone(),
            article: None,
        }
    }

    pub(super) fn from_entry(entry: &Entry, config: &Config) -> Card {
        let site = &config.site;
        let author = entry
            .authors()
            .first()
            .and_then(|author| find_author(&author.name, &config.authors));
        let title = entry.preview_title().unwrap_or(entry.title());
        let images: Vec<Image> = entry.preview_images().map(bound_alt_text).collect();
        Card {
            source_path: entry.source_path().to_owned(),
            id: entry.id().to_owned(),
            url_path: entry.url_path().to_owned(),
            url: entry.url().to_owned(),
            canonical_url: entry
                .post()
                .canonical_url()
                .unwrap_or(entry.url())
                .to_owned(),
            title: truncate_encoded(title, MAX_TITLE_BYTES),
            headline: truncate_graphemes(title, MAX_HEADLINE_GRAPHEMES),
            description: truncate_encoded(&entry.short_summary(), MAX_DESCRIPTION_BYTES),
            preview_source: choose_preview_source(images.first(), config),
            images,
            language: entry
                .language_override()
                .unwrap_or(&site.language)
                .to_owned(),
            is_noindex: !entry.is_indexable(),
            twitter_handle: author
                .and_then(|author| author.twitter.as_deref())
                .or(entry.twitter_handle())
                .map(str::to_owned),
            site_twitter_handle: site.twitter.clone(),
            fediverse_handle: author
                .and_then(|author| author.fediverse.clone())
                .or_else(|| site.fediverse.clone()),
            article: Some(ArticleMetadata {
                published_at: entry.published_at(),
                modified_at: entry.modified_at(),
                authors: entry
                    .authors()
                    .iter()
                    .take(MAX_AUTHORS)
                    .map(|person| Person {
                        name: truncate_encoded(&person.name, MAX_NAME_BYTES),
                        url: person
                            .url
                            .clone()
                            .filter(|url| url.len() <= MAX_AUTHOR_URL_BYTES),
                        email: None,
                    })
                    .collect(),
                categories: entry
                    .unique_terms()
                    .into_iter()
                    .take(MAX_CATEGORIES)
                    .map(|term| truncate_encoded(&term.label, MAX_NAME_BYTES))
                    .collect(),
            }),
        }
    }
}

fn choose_preview_source(own: Option<&Image>, config: &Config) -> PreviewSource {
    match (own, config.cards.picture) {
        (Some(_), PreviewImage::Own) => PreviewSource::Own,
        _ => PreviewSource::Drawn,
    }
}

/// Returns the image that is configured for the site.
fn configured_site_image(site: &config::SiteConfig) -> Option<Image> {
    let url = site.image.as_ref()?;
    Some(Image {
        url: url.to_string(),
        alt: Some(truncate_encoded(&site.title, MAX_ALT_BYTES)),
    })
}

fn bound_alt_text(image: &Image) -> Image {
    Image {
        url: image.url.clone(),
        alt: image
            .alt
            .as_ref()
            .map(|alt| truncate_encoded(alt, MAX_ALT_BYTES)),
    }
}
