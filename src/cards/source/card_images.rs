//! Provides the images of all cards; each is prepared on first use.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError};

use super::card_job::{CardJob, FontSet};
use super::network_limits;
use super::new_finding::new_warning;
use crate::cards::card_image::{CardTemplate, CardText, builtin_template};
use crate::cards::font::{FontFallback, FontLibrary};
use crate::cards::local_image::{ImageLookup, LocalImage};
use crate::config::CardTheme;
use crate::model::artifact::LazyBody;
use crate::model::card_image::{CardImage, ImageInfo};
use crate::model::finding::{Finding, Rule};
use crate::model::post::Image;
use crate::persistent::PersistentMap;
use crate::site::Site;
use crate::site::card::{Card, PreviewSource};
use crate::site::card_images::CardImageSource;
use crate::site::entry::Entry;

/// Maximum prepared cards kept for reuse; beyond it, all are dropped.
const MAX_PREPARED_CARDS: usize = 4_096;

/// Font sets by the file fingerprints and indexes of their faces.
type FontSetsByFace = HashMap<Vec<(String, u32)>, Arc<FontSet>>;

/// Inputs that all cards share.
#[derive(Debug)]
pub(super) struct SharedInputs {
    pub(super) template: Arc<CardTemplate>,
    pub(super) theme: CardTheme,
    pub(super) fonts: Arc<FontLibrary>,
    pub(super) logo: Option<Arc<LocalImage>>,
}

/// Images of all cards, for one state of all files.
#[derive(Debug)]
pub(super) struct CardImageSet {
    inputs: SharedInputs,
    pictures: PersistentMap<String, ImageLookup>,
    frames_pictures: bool,
    version: u64,
    prepared: Mutex<HashMap<u64, CardImage>>,
    font_sets: Mutex<FontSetsByFace>,
}

impl CardImageSource for CardImageSet {
    fn image_for(&self, site: &Site, card: &Card) -> Option<CardImage> {
        let mut hasher = DefaultHasher::new();
        let lookups: Vec<_> = self.find_own_pictures(card).collect();
        (card, lookups).hash(&mut hasher);
        let hash = hasher.finish();
        let cached = self.lock_prepared().get(&hash).cloned();
        Some(cached.unwrap_or_else(|| {
            let image = self.prepare_image(site, card);
            let mut prepared = self.lock_prepared();
            if prepared.len() >= MAX_PREPARED_CARDS {
                prepared.clear();
            }
            prepared.insert(hash, image.clone());
            image
        }))
    }

    fn is_enabled(&self) -> bool {
        true
    }

    fn is_image_missing(&self, entry: &Entry, image: &Image) -> bool {
        is_missing(self.find_picture(entry.source_path(), entry.url(), &image.url))
    }

    fn file_length(&self, url: &str) -> Option<u64> {
        match self.pictures.get(url)? {
            ImageLookup::OtherMedia(length) => Some(*length),
            ImageLookup::Found(picture) => Some(picture.file_bytes),
            _ => None,
        }
    }

    fn assets_version(&self) -> u64 {
        self.version
    }
}

impl CardImageSet {
    pub(super) fn new(
        inputs: SharedInputs,
        pictures: PersistentMap<String, ImageLookup>,
        frames_pictures: bool,
        version: u64,
    ) -> CardImageSet {
        CardImageSet {
            inputs,
            pictures,
            frames_pictures,
            version,
            prepared: Mutex::default(),
            font_sets: Mutex::default(),
        }
    }

    /// Returns the characters of a card that no font has.
    pub(super) fn missing_glyphs(&self, site: &Site, card: &Card) -> BTreeSet<char> {
        let text = CardText::from_card(site, card);
        self.inputs
            .fonts
            .fallback_for(&text.joined_text(), &text.language)
            .missing
    }

    /// Prepares the image of a card, without drawing it.
    fn prepare_image(&self, site: &Site, card: &Card) -> CardImage {
        let mut text = CardText::from_card(site, card);
        let chain = self
            .inputs
            .fonts
            .fallback_for(&text.joined_text(), &text.language);
        text.remove_missing(&chain.missing);
        let mut lookups = self.find_own_pictures(card);
        let own_position = lookups.position(|lookup| !is_missing(lookup));
        let own = match own_position.and_then(|at| self.find_own_pictures(card).nth(at)) {
            Some(ImageLookup::Found(picture)) => Some(picture),
            _ => None,
        };
        let drawing = CardJob {
            text,
            template: Arc::clone(&self.inputs.template),
            fallback: builtin_template(self.inputs.theme),
            fonts: self.font_set_for(chain),
            cover: own
                .filter(|picture| self.frames_pictures && undrawable_reason(picture).is_none())
                .cloned(),
            logo: self.inputs.logo.clone(),
        };
        CardImage {
            body: LazyBody {
                fingerprint: drawing.compute_fingerprint(),
                renderer: Arc::new(drawing),
            },
            own_image: own.and_then(|picture| image_info(picture)),
            own_position,
        }
    }

    /// Returns the font set of these faces, shared by all cards that need the same.
    fn font_set_for(&self, chain: FontFallback) -> Arc<FontSet> {
        let mut sets = self
            .font_sets
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let set = sets
            .entry(font_set_key(&chain))
            .or_insert_with(|| Arc::new(FontSet::new(chain.faces.clone())));
        Arc::clone(set)
    }

    fn lock_prepared(&self) -> std::sync::MutexGuard<'_, HashMap<u64, CardImage>> {
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks up the card's own pictures.
    fn find_own_pictures<'a>(&'a self, card: &'a Card) -> impl Iterator<Item = &'a ImageLookup> {
        let images = card.images.iter();
        images.map(|image| self.find_picture(&card.source_path, &card.url, &image.url))
    }

    /// Looks up a picture of the page at `page_url`. Files beside an `index` file are not looked for: the generator
    /// publishes them with the page.
    fn find_picture(&self, source_path: &str, page_url: &str, image_url: &str) -> &ImageLookup {
        let lookup = self.pictures.get(image_url);
        let name = source_path.rsplit('/').next().unwrap_or(source_path);
        let page = page_url.trim_end_matches('/');
        let dir_of = |url: &str| url.rsplit_once('/').map(|(dir, _)| dir.to_owned());
        let is_below = || {
            image_url
                .strip_prefix(page)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        let is_beside =
            || name.starts_with("index.") && (dir_of(image_url) == dir_of(page) || is_below());
        lookup
            .filter(|lookup| !matches!(lookup, ImageLookup::Missing(_)) || !is_beside())
            .unwrap_or(&ImageLookup::External)
    }

    /// Returns the finding about the card's own picture, if there is a problem with it.
    pub(super) fn picture_finding(&self, card: &Card) -> Option<Finding> {
        let (rule, message, hint) = match self.find_own_pictures(card).next()? {
            ImageLookup::Missing(name) => (
                Rule::MissingPicture,
                format!("the picture `{name}` is not in `content.static_dir`"),
                "upload it, or use the path of an existing picture",
            ),
            ImageLookup::Unusable(name, reason) => (
                Rule::UnusablePicture,
                format!("the picture `{name}` {reason}"),
                "save it as JPEG, PNG or WebP",
            ),
            ImageLookup::Found(picture) if self.frames_pictures => (
                Rule::UnusablePicture,
                format!(
                    "the picture `{}` {}; the card is drawn without it",
                    picture.name,
                    undrawable_reason(picture)?
                ),
                "save it upright as JPEG, PNG or WebP, at the size that pages show",
            ),
            ImageLookup::Found(picture) if card.preview_source == PreviewSource::Own => {
                let (severity, rule, message, hint) =
                    network_limits::check_network_limits(picture)?;
                return Some(Finding {
                    severity,
                    ..new_warning(&card.source_path, rule, message, hint)
                });
            }
            ImageLookup::External | ImageLookup::OtherMedia(_) | ImageLookup::Found(_) => {
                return None;
            }
        };
        Some(new_warning(&card.source_path, rule, message, hint))
    }
}

pub(super) fn is_missing(lookup: &ImageLookup) -> bool {
    matches!(lookup, ImageLookup::Missing(_) | ImageLookup::Unusable(..))
}

/// Returns the reason why cards do not embed a picture; `None` if they do. SVG is excluded, as any author may upload
/// one that takes very long to render.
fn undrawable_reason(picture: &LocalImage) -> Option<&'static str> {
    let drawing = picture.is_svg().then_some("is SVG");
    picture.undrawable.or(drawing)
}

/// Returns size and media type of a picture; `None` if the size is unknown.
fn image_info(picture: &LocalImage) -> Option<ImageInfo> {
    let pixels = |pixels: usize| u32::try_from(pixels).ok().filter(|pixels| *pixels > 0);
    Some(ImageInfo {
        width: pixels(picture.width)?,
        height: pixels(picture.height)?,
        mime_type: picture.mime_type,
    })
}

/// Returns the cache key of the faces.
fn font_set_key(chain: &FontFallback) -> Vec<(String, u32)> {
    chain
        .faces
        .iter()
        .map(|face| (face.file.fingerprint.clone(), face.index))
        .collect()
}
