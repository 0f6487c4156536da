//! What shows the pictures of cards: each is prepared when it is first asked for.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError};

use super::drawing::{Drawing, Faces};
use super::{networks, warning};
use crate::artifact::Deferred;
use crate::collection::Map;
use crate::config::Theme;
use crate::finding::{Finding, Rule};
use crate::font::{Chain, FontBook};
use crate::picture::{Found, Picture};
use crate::render::card_image::{CardText, Template, theme};
use crate::render::{CardImage, CardImages, Size};
use crate::site::Site;
use crate::site::card::{Card, Preview};

/// So many prepared cards are kept, in case that they are asked for again.
const MOST: usize = 4_096;

/// Faces by the fingerprints of their files, and which of each they are.
type FacesByName = HashMap<Vec<(String, u32)>, Arc<Faces>>;

/// What all cards are drawn with.
#[derive(Debug)]
pub(super) struct Set {
    pub(super) template: Arc<Template>,
    pub(super) theme: Theme,
    pub(super) fonts: Arc<FontBook>,
    pub(super) logo: Option<Arc<Picture>>,
}

/// The pictures of cards, as all files were at one time.
#[derive(Debug)]
pub(super) struct Wall {
    set: Set,
    pictures: Map<String, Found>,
    frames: bool,
    edition: u64,
    prepared: Mutex<HashMap<u64, CardImage>>,
    faces: Mutex<FacesByName>,
}

impl CardImages for Wall {
    fn of(&self, site: &Site, card: &Card) -> Option<CardImage> {
        let mut hasher = DefaultHasher::new();
        (card, self.own(card)).hash(&mut hasher);
        let hash = hasher.finish();
        let known = self.prepared().get(&hash).cloned();
        Some(known.unwrap_or_else(|| {
            let image = self.prepare(site, card);
            let mut prepared = self.prepared();
            if prepared.len() >= MOST {
                prepared.clear();
            }
            prepared.insert(hash, image.clone());
            image
        }))
    }

    fn draws(&self) -> bool {
        true
    }

    fn edition(&self) -> u64 {
        self.edition
    }
}

impl Wall {
    pub(super) fn new(set: Set, pictures: Map<String, Found>, frames: bool, edition: u64) -> Wall {
        Wall {
            set,
            pictures,
            frames,
            edition,
            prepared: Mutex::default(),
            faces: Mutex::default(),
        }
    }

    /// The characters of a card that no font has.
    pub(super) fn missing(&self, site: &Site, card: &Card) -> BTreeSet<char> {
        let text = CardText::of(site, card);
        self.set.fonts.chain(&text.drawn(), &text.language).missing
    }

    fn prepare(&self, site: &Site, card: &Card) -> CardImage {
        let mut text = CardText::of(site, card);
        let chain = self.set.fonts.chain(&text.drawn(), &text.language);
        text.without(&chain.missing);
        let own = match self.own(card) {
            Some(Found::Picture(picture)) => Some(picture),
            _ => None,
        };
        let drawing = Drawing {
            text,
            template: Arc::clone(&self.set.template),
            fallback: theme(self.set.theme),
            faces: self.faces(chain),
            cover: own
                .filter(|picture| self.frames && undrawable(picture).is_none())
                .cloned(),
            logo: self.set.logo.clone(),
        };
        CardImage {
            deferred: Deferred {
                fingerprint: drawing.fingerprint(),
                draw: Arc::new(drawing),
            },
            own: own.and_then(|picture| size(picture)),
        }
    }

    /// One set of faces for all cards that need the same.
    fn faces(&self, chain: Chain) -> Arc<Faces> {
        let mut faces = self.faces.lock().unwrap_or_else(PoisonError::into_inner);
        let made = || Arc::new(Faces::new(chain.faces.clone()));
        Arc::clone(faces.entry(key(&chain)).or_insert_with(made))
    }

    fn prepared(&self) -> std::sync::MutexGuard<'_, HashMap<u64, CardImage>> {
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of the card's own picture.
    fn own(&self, card: &Card) -> Option<&Found> {
        let image = card.image.as_ref()?;
        Some(self.pictures.get(&image.url).unwrap_or(&Found::Elsewhere))
    }

    pub(super) fn missing_picture(&self, card: &Card) -> Option<Finding> {
        let (rule, message, hint) = match self.own(card)? {
            Found::Missing(name) => (
                Rule::MissingPicture,
                format!("the picture `{name}` is not in `content.static_dir`"),
                "upload it, or write the path of one that is there",
            ),
            Found::Unusable(name, why) => (
                Rule::UnusablePicture,
                format!("the picture `{name}` {why}"),
                "save it as JPEG, PNG or WebP",
            ),
            Found::Picture(picture) if self.frames => (
                Rule::UnusablePicture,
                format!(
                    "the picture `{}` {}, so the card is drawn without",
                    picture.name,
                    undrawable(picture)?
                ),
                "save it upright, as JPEG, PNG or WebP, in the size that pages show",
            ),
            Found::Picture(picture) if card.preview == Preview::Own => {
                let (severity, rule, message, hint) = networks::verdict(picture)?;
                return Some(Finding {
                    severity,
                    ..warning(&card.source, rule, message, hint)
                });
            }
            Found::Elsewhere | Found::Picture(_) => return None,
        };
        Some(warning(&card.source, rule, message, hint))
    }
}

/// Why no card is drawn around a picture. Anybody who writes may upload one, so no drawing is among
/// them that has to be computed.
fn undrawable(picture: &Picture) -> Option<&'static str> {
    let drawing = picture.is_drawing().then_some("is SVG");
    picture.undrawable.or(drawing)
}

fn size(picture: &Picture) -> Option<Size> {
    let pixels = |pixels: usize| u32::try_from(pixels).ok().filter(|pixels| *pixels > 0);
    Some(Size {
        width: pixels(picture.width)?,
        height: pixels(picture.height)?,
        mime_type: picture.mime_type,
    })
}

/// A chain by what it is made of.
fn key(chain: &Chain) -> Vec<(String, u32)> {
    chain
        .faces
        .iter()
        .map(|face| (face.file.fingerprint.clone(), face.index))
        .collect()
}
