//! The outputs that are rendered when they are asked for: cards, the feeds of terms, and the further
//! pages of all feeds. Their names are known before.

use std::sync::Arc;

use super::feed_page::FeedPage;
use super::{CardImage, CardImages, card_page, failed, feed_body, feed_links, sitemap, xml_style};
use crate::artifact::{
    Artifact, ArtifactKey, Body, Deferred, Draw, DrawError, FeedFormat, FurtherPage, Link, Page,
    Shelf,
};
use crate::fingerprint;
use crate::site::card::Card;
use crate::site::feed::Document;
use crate::site::{Settings, Site};

/// To be raised when the same entries become other bytes.
const EDITION: u32 = 4;
/// There is no delta of a document with more entries: nobody polls a feed of thousands, and each is hashed for it.
const MAX_ENTRIES_OF_DELTA: usize = 1_024;

/// What can be asked for of one generation.
#[derive(Debug)]
pub(super) struct SiteShelf {
    pub(super) site: Arc<Site>,
    pub(super) images: Arc<dyn CardImages>,
}

impl Shelf for SiteShelf {
    fn artifact(&self, key: &ArtifactKey) -> Option<Artifact> {
        match key {
            ArtifactKey::Feed(scope, format) => {
                let feed = self.site.feeds.get(scope)?;
                let document = feed.first();
                let links = feed_links(&self.site, &document, *format);
                Some(artifact(key, self.document(document, *format), links))
            }
            ArtifactKey::CardPage(path) => match self.site.card_at(path) {
                Some(card) => Some(self.card_page(key, card)),
                None => self.left_behind(key, path, ArtifactKey::CardPage),
            },
            ArtifactKey::CardImage(path) => match self.site.card_at(path) {
                Some(card) => Some(Artifact {
                    noindex: card.noindex,
                    ..artifact(key, self.images.of(&self.site, &card)?.deferred, Vec::new())
                }),
                None => self.left_behind(key, path, ArtifactKey::CardImage),
            },
            ArtifactKey::XmlStyle => Some(artifact(key, self.xml_style(), Vec::new())),
            ArtifactKey::Sitemap | ArtifactKey::SitemapPart(_) => {
                let map = sitemap::deferred(&self.site, key)?;
                Some(artifact(key, map, Vec::new()))
            }
            _ => None,
        }
    }

    fn page(&self, key: &ArtifactKey, page: Page) -> Option<FurtherPage> {
        let ArtifactKey::Feed(scope, format) = key else {
            return None;
        };
        let document = self.site.feeds.get(scope)?.document(page)?;
        let links = feed_links(&self.site, &document, *format);
        Some(FurtherPage {
            deferred: self.document(document, *format),
            links,
        })
    }

    fn for_people(&self, key: &ArtifactKey) -> Option<FurtherPage> {
        let ArtifactKey::Feed(scope, format) = key else {
            return None;
        };
        let page = FeedPage {
            feed: Arc::clone(self.site.feeds.get(scope)?),
            site: Arc::clone(&self.site),
            format: *format,
        };
        self.has_pages_for_people().then(|| FurtherPage {
            links: page.links(),
            deferred: Deferred {
                fingerprint: page.fingerprint(),
                draw: Arc::new(page),
            },
        })
    }

    fn entries(&self, key: &ArtifactKey) -> Option<Vec<u128>> {
        let ArtifactKey::Feed(scope, _) = key else {
            return None;
        };
        let document = self.site.feeds.get(scope)?.first();
        let are_few = document.entries.len() <= MAX_ENTRIES_OF_DELTA;
        are_few.then(|| self.names(&document))
    }

    fn without(&self, key: &ArtifactKey, known: &[u128]) -> Option<Deferred> {
        let ArtifactKey::Feed(scope, format) = key else {
            return None;
        };
        let document = self.site.feeds.get(scope)?.first();
        let names = self.names(&document);
        let places = names.iter().enumerate();
        let new: Vec<usize> = places
            .filter(|(_, name)| !known.contains(name))
            .map(|(place, _)| place)
            .collect();
        let is_less = new.len() < names.len();
        is_less.then(|| {
            let drawing = self.drawing(document, *format);
            let fingerprint = format!("{}-{}", drawing.fingerprint(), fingerprint::of(&new));
            Deferred {
                fingerprint,
                draw: Arc::new(NewsDrawing { drawing, new }),
            }
        })
    }

    fn has_pages_for_people(&self) -> bool {
        self.site.settings.feed_pages
    }

    fn max_age(&self) -> u64 {
        self.site.rhythm().max_age().as_secs()
    }

    fn keys(&self) -> Vec<ArtifactKey> {
        let site = &self.site;
        let feeds = site.feeds.of_terms();
        let feeds = feeds.flat_map(|feed| feed.formats.iter().map(|format| feed.key(*format)));
        let cards = site.all_cards().flat_map(|card| {
            let is_drawn = self.images.of(site, &card).is_some();
            let image = is_drawn.then(|| card.image_key());
            std::iter::once(card.key()).chain(image)
        });
        let left: [fn(String) -> ArtifactKey; 2] = [ArtifactKey::CardPage, ArtifactKey::CardImage];
        let left_behind = site.moved.keys().chain(site.gone.iter());
        let left_behind = left_behind.flat_map(move |path| left.map(|key| key(path.clone())));
        let fixed = std::iter::once(ArtifactKey::XmlStyle).chain(sitemap::keys(site));
        fixed.chain(feeds).chain(cards).chain(left_behind).collect()
    }
}

impl SiteShelf {
    fn drawing(&self, document: Document, format: FeedFormat) -> FeedDrawing {
        FeedDrawing {
            site: Arc::clone(&self.site),
            images: Arc::clone(&self.images),
            document,
            format,
        }
    }

    fn document(&self, document: Document, format: FeedFormat) -> Deferred {
        let drawing = self.drawing(document, format);
        Deferred {
            fingerprint: drawing.fingerprint(),
            draw: Arc::new(drawing),
        }
    }

    /// What the entries of a document are told as, in any format. Whether one carries its content within a byte
    /// limit is not looked at: to know that is to render what is before it.
    fn names(&self, document: &Document) -> Vec<u128> {
        let entries = document.entries.iter();
        let name = |entry| fingerprint::wide_of(&(entry, self.images.stand_in(&self.site, entry)));
        entries.map(|entry| name(&**entry)).collect()
    }

    fn xml_style(&self) -> Deferred {
        let settings = &self.site.settings;
        Deferred {
            fingerprint: xml_style::version(settings),
            draw: Arc::new(StyleDrawing(Arc::clone(settings))),
        }
    }

    fn card_page(&self, key: &ArtifactKey, card: Card) -> Artifact {
        let links = vec![Link {
            target: card.url.clone(),
            rel: "canonical",
            mime_type: None,
        }];
        let noindex = card.noindex;
        let drawing = CardDrawing {
            site: Arc::clone(&self.site),
            images: self.images.of(&self.site, &card),
            card,
        };
        let deferred = Deferred {
            fingerprint: drawing.fingerprint(),
            draw: Arc::new(drawing),
        };
        Artifact {
            noindex,
            ..artifact(key, deferred, links)
        }
    }

    /// What is where a card was: the way to where it is, or that it is no more.
    fn left_behind(
        &self,
        key: &ArtifactKey,
        path: &str,
        kind: fn(String) -> ArtifactKey,
    ) -> Option<Artifact> {
        let body = match self.site.moved.get(path) {
            Some(to) => Body::Moved(kind(to.clone()).url(&self.site.settings.public_url)),
            None if self.site.gone.contains(path) => Body::Gone,
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

fn artifact(key: &ArtifactKey, deferred: Deferred, links: Vec<Link>) -> Artifact {
    Artifact {
        key: key.clone(),
        body: Body::Deferred(deferred),
        links,
        noindex: false,
    }
}

/// A document of a feed that can be rendered.
#[derive(Debug)]
struct FeedDrawing {
    site: Arc<Site>,
    images: Arc<dyn CardImages>,
    document: Document,
    format: FeedFormat,
}

impl FeedDrawing {
    /// A hash of all that the bytes depend on.
    fn fingerprint(&self) -> String {
        let settings = &self.site.settings;
        let pictures: Vec<_> = self
            .document
            .entries
            .iter()
            .map(|entry| self.images.stand_in(&self.site, entry))
            .collect();
        fingerprint::of(&(
            (EDITION, env!("CARGO_PKG_VERSION"), self.format),
            xml_style::version(settings),
            (&settings.title, &settings.url, &settings.public_url),
            (&settings.language, &settings.copyright),
            (self.site.ttl_minutes(), self.document.ground(), pictures),
        ))
    }
}

impl Draw for FeedDrawing {
    fn draw(&self) -> Result<Vec<u8>, DrawError> {
        let all: Vec<usize> = (0..self.document.entries.len()).collect();
        failed(feed_body(
            &self.site,
            &self.document,
            &all,
            self.format,
            &*self.images,
        ))
    }
}

/// A document of a feed with the entries at some places alone.
#[derive(Debug)]
struct NewsDrawing {
    drawing: FeedDrawing,
    new: Vec<usize>,
}

impl Draw for NewsDrawing {
    fn draw(&self) -> Result<Vec<u8>, DrawError> {
        let FeedDrawing {
            site,
            images,
            document,
            format,
        } = &self.drawing;
        failed(feed_body(site, document, &self.new, *format, &**images))
    }
}

impl Draw for FeedPage {
    fn draw(&self) -> Result<Vec<u8>, DrawError> {
        Ok(self.render())
    }
}

/// The sheet of what is XML.
#[derive(Debug)]
struct StyleDrawing(Arc<Settings>);

impl Draw for StyleDrawing {
    fn draw(&self) -> Result<Vec<u8>, DrawError> {
        Ok(xml_style::render(&self.0))
    }
}

/// A card's page that can be rendered.
#[derive(Debug)]
struct CardDrawing {
    site: Arc<Site>,
    images: Option<CardImage>,
    card: Card,
}

impl CardDrawing {
    fn fingerprint(&self) -> String {
        let settings = &self.site.settings;
        let images = self.images.as_ref();
        let images = images.map(|images| (images.deferred.fingerprint.clone(), images.own));
        fingerprint::of(&(
            (EDITION, env!("CARGO_PKG_VERSION"), &self.card, images),
            (&settings.title, &settings.url, &settings.public_url),
            (&settings.description, &settings.theme_color),
            (settings.timezone.name(), &settings.language),
            &self.site.feeds.main().title,
        ))
    }
}

impl Draw for CardDrawing {
    fn draw(&self) -> Result<Vec<u8>, DrawError> {
        Ok(card_page::render(
            &self.site,
            &self.card,
            self.images.as_ref(),
        ))
    }
}
