//! Provides the outputs that are rendered on first request: cards, sitemaps, feeds of categories, tags and authors,
//! the further pages of all feeds, and the style sheet.
//!
//! Their fingerprints are known before they are rendered.

use std::sync::Arc;

use super::feed_body::render_feed_body;
use super::feed_entry::enclosure_lengths;
use super::links::feed_links;
use super::render_error::map_render_error;
use super::{sitemap, xml_stylesheet};
use crate::hash;
use crate::model::artifact::{
    Artifact, ArtifactBody, ArtifactKey, FeedFormat, FeedPageId, FeedScope, LazyArtifacts,
    LazyBody, LazyRenderError, Link, OUTPUT_VERSION, PublicUrl, RenderBody,
};
use crate::model::card_image::CardImage;
use crate::pages::card_page;
use crate::pages::feed_html::FeedHtmlPage;
use crate::site::card::Card;
use crate::site::card_images::CardImageSource;
use crate::site::feed::FeedDocument;
use crate::site::{Site, SiteSettings};

/// Maximum entries of a document that has deltas (RFC 3229). Each delta hashes all entries, and clients rarely poll a
/// feed with thousands.
const MAX_DELTA_ENTRIES: usize = 1_024;

/// Lazily rendered outputs of one generation of the site.
#[derive(Debug)]
pub(super) struct SiteArtifacts {
    pub(super) site: Arc<Site>,
    pub(crate) images: Arc<dyn CardImageSource>,
}

impl LazyArtifacts for SiteArtifacts {
    fn find_artifact(&self, key: &ArtifactKey) -> Option<Artifact> {
        match key {
            ArtifactKey::Feed(scope, format) => {
                self.lazy_feed(key, (scope, *format), FeedPageId::Number(1))
            }
            ArtifactKey::FeedPage(scope, format, page) => {
                self.lazy_feed(key, (scope, *format), *page)
            }
            ArtifactKey::FeedHtml(scope, format) => {
                let page = FeedHtmlPage {
                    feed: Arc::clone(self.site.feeds.get_by_scope(scope)?),
                    site: Arc::clone(&self.site),
                    format: *format,
                };
                let links = page.alternate_links();
                let body = LazyBody {
                    fingerprint: page.compute_fingerprint(),
                    renderer: Arc::new(page),
                };
                self.has_html_variants().then(|| Artifact {
                    noindex: true,
                    ..new_lazy_artifact(key, body, links)
                })
            }
            ArtifactKey::CardPage(path) => match self.site.build_card_at_path(path) {
                Some(card) => Some(self.lazy_card_page(key, card)),
                None => self.build_redirect_or_gone(key, path, ArtifactKey::CardPage),
            },
            ArtifactKey::CardImage(path) => match self.site.build_card_at_path(path) {
                Some(card) => Some(Artifact {
                    noindex: card.is_noindex,
                    ..new_lazy_artifact(
                        key,
                        self.images.image_for(&self.site, &card)?.body,
                        Vec::new(),
                    )
                }),
                None => self.build_redirect_or_gone(key, path, ArtifactKey::CardImage),
            },
            ArtifactKey::FeedStylesheet => {
                Some(new_lazy_artifact(key, self.lazy_stylesheet(), Vec::new()))
            }
            ArtifactKey::Sitemap | ArtifactKey::SitemapPart(_) => {
                let map = sitemap::lazy_sitemap(&self.site, key)?;
                Some(new_lazy_artifact(key, map, Vec::new()))
            }
            _ => None,
        }
    }

    fn resolve_feed_alias(&self, path: &str) -> Option<(String, Option<String>)> {
        let settings = &self.site.settings;
        let (alias, to) = settings
            .feed_aliases
            .iter()
            .find_map(|alias| Some((alias, alias.resolve(path)?)))?;
        let url = format!("{}{to}", settings.public_url);
        Some((to, (!alias.is_served).then_some(url)))
    }

    fn entry_hashes(&self, key: &ArtifactKey) -> Option<Vec<u128>> {
        let ArtifactKey::Feed(scope, _) = key else {
            return None;
        };
        let document = self.site.feeds.get_by_scope(scope)?.first_document();
        let can_have_delta = document.entries.len() <= MAX_DELTA_ENTRIES;
        can_have_delta.then(|| self.compute_entry_hashes(&document))
    }

    fn find_feed_delta(&self, key: &ArtifactKey, known: &[u128]) -> Option<LazyBody> {
        let ArtifactKey::Feed(scope, format) = key else {
            return None;
        };
        let document = self.site.feeds.get_by_scope(scope)?.first_document();
        let hashes = self.compute_entry_hashes(&document);
        let new_entries: Vec<usize> = hashes
            .iter()
            .enumerate()
            .filter(|(_, id)| !known.contains(id))
            .map(|(index, _)| index)
            .collect();
        let has_known_entries = new_entries.len() < hashes.len();
        has_known_entries.then(|| {
            let renderer = self.new_feed_renderer(document, *format);
            let fingerprint = format!(
                "{}-{}",
                renderer.compute_fingerprint(),
                hash::hash_value_hex(&new_entries)
            );
            LazyBody {
                fingerprint,
                renderer: Arc::new(FeedDeltaRenderer {
                    feed: renderer,
                    new_entries,
                }),
            }
        })
    }

    fn has_html_variants(&self) -> bool {
        self.site.settings.has_html_feeds
    }

    fn feed_max_age_seconds(&self) -> u64 {
        self.site.posting_interval().cache_max_age().as_secs()
    }

    fn artifact_keys(&self) -> Vec<ArtifactKey> {
        let site = &self.site;
        let feeds = site.feeds.taxonomy_feeds();
        let first = feeds.map(|feed| (feed, FeedPageId::Number(1)));
        let feeds = site.feeds.iter();
        let further = feeds.flat_map(|feed| feed.further_pages().map(move |page| (feed, page)));
        let feeds = first.chain(further).flat_map(|(feed, page)| {
            let formats = feed.formats.iter();
            formats.map(move |format| feed.artifact_key(*format).page_key(page))
        });
        let cards = site.build_all_cards().flat_map(|card| {
            let has_image = self.images.image_for(site, &card).is_some();
            let image = has_image.then(|| card.image_key());
            std::iter::once(card.page_key()).chain(image)
        });
        let card_keys: [fn(String) -> ArtifactKey; 2] =
            [ArtifactKey::CardPage, ArtifactKey::CardImage];
        let former_paths = site.moved_cards.keys().chain(site.withdrawn_cards.iter());
        let former = former_paths.flat_map(move |path| card_keys.map(|key| key(path.clone())));
        let fixed = std::iter::once(ArtifactKey::FeedStylesheet).chain(sitemap::sitemap_keys(site));
        fixed.chain(feeds).chain(cards).chain(former).collect()
    }

    fn feed_urls(&self) -> Vec<(ArtifactKey, String)> {
        let public_url = &self.site.settings.public_url;
        let feeds = self.site.feeds.iter();
        let keys =
            feeds.flat_map(|feed| feed.formats.iter().map(|format| feed.artifact_key(*format)));
        keys.map(|key| {
            let url = key.absolute_url(public_url);
            (key, url)
        })
        .collect()
    }

    fn public_urls(&self) -> Vec<PublicUrl> {
        let posts = self.site.all_entries().map(|entry| PublicUrl {
            url: entry.url().to_owned(),
            content_hash: entry.is_in_sitemap().then(|| hash::hash_value_u64(entry)),
        });
        let pages = self
            .site
            .sitemap_urls
            .page_urls()
            .iter()
            .map(|url| PublicUrl {
                url: url.to_string(),
                content_hash: Some(0),
            });
        posts.chain(pages).collect()
    }
}

impl SiteArtifacts {
    fn new_feed_renderer(&self, document: FeedDocument, format: FeedFormat) -> FeedRenderer {
        FeedRenderer {
            site: Arc::clone(&self.site),
            images: Arc::clone(&self.images),
            document,
            format,
        }
    }

    /// Returns a document of a feed; `None` if it does not exist in this format.
    fn lazy_feed(
        &self,
        key: &ArtifactKey,
        (scope, format): (&FeedScope, FeedFormat),
        page: FeedPageId,
    ) -> Option<Artifact> {
        let feed = self.site.feeds.get_by_scope(scope)?;
        let document = feed.document_at(page)?;
        let links = feed_links(&self.site, &document, format);
        let renderer = self.new_feed_renderer(document, format);
        let body = LazyBody {
            fingerprint: renderer.compute_fingerprint(),
            renderer: Arc::new(renderer),
        };
        let own = feed.artifact_key(format).page_key(page);
        let is_offered = feed.formats.contains(&format) && own == *key;
        is_offered.then(|| new_lazy_artifact(key, body, links))
    }

    /// Returns a hash of each entry of a document; it changes when the entry changes in any format.
    ///
    /// The hash does not cover whether a byte limit shortens the entry's content: for that, all entries before it would
    /// have to be rendered.
    fn compute_entry_hashes(&self, document: &FeedDocument) -> Vec<u128> {
        let entries = document.entries.iter().map(|entry| &**entry);
        entries
            .map(|entry| {
                let fallback = self.images.fallback_image_url(&self.site, entry);
                let leads_away = self.site.settings.link_posts_lead_away;
                let own_image = self.images.find_own_image(entry);
                let lengths = enclosure_lengths(entry, &*self.images);
                hash::hash_value_u128(&(entry, own_image, fallback, leads_away, lengths))
            })
            .collect()
    }

    fn lazy_stylesheet(&self) -> LazyBody {
        let settings = &self.site.settings;
        LazyBody {
            fingerprint: xml_stylesheet::stylesheet_fingerprint(settings),
            renderer: Arc::new(StylesheetRenderer(Arc::clone(settings))),
        }
    }

    fn lazy_card_page(&self, key: &ArtifactKey, card: Card) -> Artifact {
        let links = vec![Link {
            target: card.canonical_url.clone(),
            rel: "canonical",
            mime_type: None,
        }];
        let noindex = card.is_noindex;
        let renderer = CardPageRenderer {
            site: Arc::clone(&self.site),
            images: self.images.image_for(&self.site, &card),
            card,
        };
        let body = LazyBody {
            fingerprint: renderer.compute_fingerprint(),
            renderer: Arc::new(renderer),
        };
        Artifact {
            noindex,
            ..new_lazy_artifact(key, body, links)
        }
    }

    /// Returns a redirect if the card at this path moved, or 410 (Gone) if it was withdrawn.
    fn build_redirect_or_gone(
        &self,
        key: &ArtifactKey,
        path: &str,
        kind: fn(String) -> ArtifactKey,
    ) -> Option<Artifact> {
        let body = match self.site.moved_cards.get(path) {
            Some(to) => {
                ArtifactBody::Moved(kind(to.clone()).absolute_url(&self.site.settings.public_url))
            }
            None if self.site.withdrawn_cards.contains(path) => ArtifactBody::Gone,
            None => return None,
        };
        Some(Artifact {
            key: key.clone(),
            body,
            links: Vec::new(),
            noindex: false,
        })
    }
}

fn new_lazy_artifact(key: &ArtifactKey, body: LazyBody, links: Vec<Link>) -> Artifact {
    Artifact {
        key: key.clone(),
        body: ArtifactBody::Lazy(body),
        links,
        noindex: false,
    }
}

/// Renders a feed document on request.
#[derive(Debug)]
struct FeedRenderer {
    site: Arc<Site>,
    images: Arc<dyn CardImageSource>,
    document: FeedDocument,
    format: FeedFormat,
}

impl FeedRenderer {
    /// Hashes everything that the bytes depend on.
    fn compute_fingerprint(&self) -> String {
        let settings = &self.site.settings;
        let files: Vec<_> = self
            .document
            .entries
            .iter()
            .map(|entry| {
                let fallback = self.images.fallback_image_url(&self.site, entry);
                let lengths = enclosure_lengths(entry, &*self.images);
                (self.images.find_own_image(entry), fallback, lengths)
            })
            .collect();
        // Only RSS has it. Else hubs would be told of feeds whose bytes did not change.
        let ttl = (self.format == FeedFormat::Rss).then(|| self.site.ttl_minutes());
        hash::hash_value_hex(&(
            (OUTPUT_VERSION, env!("CARGO_PKG_VERSION"), self.format),
            xml_stylesheet::stylesheet_fingerprint(settings),
            (&settings.title, &settings.url, &settings.public_url),
            (&settings.language, &settings.copyright),
            (&settings.icon_url, &settings.logo_url),
            (&settings.managing_editor, &settings.webmaster),
            settings.link_posts_lead_away,
            (&self.document.feed.language, &settings.hubs),
            (ttl, self.document.fingerprint_inputs(), files),
        ))
    }
}

impl RenderBody for FeedRenderer {
    fn render_body(&self) -> Result<Vec<u8>, LazyRenderError> {
        let all: Vec<usize> = (0..self.document.entries.len()).collect();
        map_render_error(render_feed_body(
            &self.site,
            &self.document,
            &all,
            self.format,
            &*self.images,
        ))
    }
}

/// Renders a feed document with only the entries that a client does not have (RFC 3229 delta).
#[derive(Debug)]
struct FeedDeltaRenderer {
    feed: FeedRenderer,
    /// Indexes of the entries to keep.
    new_entries: Vec<usize>,
}

impl RenderBody for FeedDeltaRenderer {
    fn render_body(&self) -> Result<Vec<u8>, LazyRenderError> {
        let FeedRenderer {
            site,
            images,
            document,
            format,
        } = &self.feed;
        map_render_error(render_feed_body(
            site,
            document,
            &self.new_entries,
            *format,
            &**images,
        ))
    }
}

impl RenderBody for FeedHtmlPage {
    fn render_body(&self) -> Result<Vec<u8>, LazyRenderError> {
        Ok(self.render_html())
    }
}

/// Renders the style sheet of feeds and sitemaps on request.
#[derive(Debug)]
struct StylesheetRenderer(Arc<SiteSettings>);

impl RenderBody for StylesheetRenderer {
    fn render_body(&self) -> Result<Vec<u8>, LazyRenderError> {
        Ok(xml_stylesheet::render_stylesheet(&self.0))
    }
}

/// Renders a card's HTML page on request.
#[derive(Debug)]
struct CardPageRenderer {
    site: Arc<Site>,
    images: Option<CardImage>,
    card: Card,
}

impl CardPageRenderer {
    /// Hashes everything that the bytes depend on.
    fn compute_fingerprint(&self) -> String {
        let settings = &self.site.settings;
        let images = self.images.as_ref();
        let images = images.map(|images| {
            let fingerprint = images.body.fingerprint.clone();
            (fingerprint, images.own_image, images.own_position)
        });
        // The site's card names the configuration, whose path may differ between replicas.
        let site_card = self.card.id.is_empty().then(|| Card {
            source_path: String::new(),
            ..self.card.clone()
        });
        hash::hash_value_hex(&(
            (
                OUTPUT_VERSION,
                env!("CARGO_PKG_VERSION"),
                site_card.as_ref().unwrap_or(&self.card),
                images,
            ),
            (&settings.title, &settings.url, &settings.public_url),
            (&settings.description, &settings.theme_color),
            (settings.timezone.name(), &settings.language),
            &self
                .site
                .feeds
                .main_feed_of_language(&self.card.language)
                .title,
        ))
    }
}

impl RenderBody for CardPageRenderer {
    fn render_body(&self) -> Result<Vec<u8>, LazyRenderError> {
        Ok(card_page::render_card_page(
            &self.site,
            &self.card,
            self.images.as_ref(),
        ))
    }
}
