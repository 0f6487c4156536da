//! The cards of a site into drawings: what each is made of, and its name before it is drawn.
//!
//! Looks at the files that cards are drawn with, template, fonts and pictures, and goes on with the
//! built-in ones where they are broken. Drawing itself waits until somebody asks.

mod drawing;
mod material;
mod networks;

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::SystemTime;

use rayon::prelude::*;

use crate::artifact::Deferred;
use crate::config::{CardPicture, Config};
use crate::finding::{Finding, Rule, Severity};
use crate::font::Chain;
use crate::picture::{Depth, Found, Picture, Pictures};
use crate::render::card_image::{CardText, Template, theme};
use crate::render::{CardImage, CardImages, Size};
use crate::site::Site;
use crate::site::card::{Card, Preview};
use drawing::{Drawing, Faces};
use material::Material;

/// Where cards are prepared.
#[derive(Debug)]
pub struct Studio {
    material: Material,
    pictures: Pictures,
    frames: bool,
    /// What the last generation's cards were prepared to: the next one's are mostly the same.
    prepared: HashMap<String, Known>,
    /// And the faces that they are drawn with.
    faces: HashMap<Vec<(String, u32)>, Arc<Faces>>,
}

/// A card that is prepared, by the hash of all that it says.
#[derive(Debug, Clone)]
struct Known {
    card: u64,
    image: CardImage,
    faces: Vec<(String, u32)>,
    missing: BTreeSet<char>,
}

/// The drawings of all cards, and what is wrong with what they are made of.
#[derive(Debug)]
pub struct Prepared {
    /// By the path of the card.
    pub images: CardImages,
    /// In no order.
    pub findings: Vec<Finding>,
}

/// One card on its way.
struct Sketch<'a> {
    card: &'a Card,
    hash: u64,
    work: Work,
}

enum Work {
    Done(Known),
    Begun(Box<CardText>, Chain),
}

impl Studio {
    /// A studio that has not looked yet.
    pub fn new(config: &Config) -> Studio {
        let frames = config.cards.picture == CardPicture::Framed;
        let homes = std::iter::once(&config.site.url).chain(&config.site.former_urls);
        let depth = if frames { Depth::Bytes } else { Depth::Size };
        Studio {
            material: Material::new(&config.cards),
            pictures: Pictures::new(
                config.content.static_dir.clone(),
                homes.cloned().collect(),
                depth,
            ),
            frames,
            prepared: HashMap::new(),
            faces: HashMap::new(),
        }
    }

    /// Looks at the files that cards are drawn with; whether any is other than it was.
    pub fn look(&mut self, now: SystemTime) -> bool {
        let material = self.material.look(now);
        if material {
            self.prepared.clear();
        }
        self.pictures.look_again(now) || material
    }

    /// Prepares the cards of a site. What was prepared for the last one and is the same card still is
    /// not prepared again.
    pub fn prepare(&mut self, site: &Site, now: SystemTime) -> Prepared {
        let urls = site.cards.iter().filter_map(|card| card.image.as_ref());
        self.pictures
            .look(urls.map(|image| image.url.as_str()), now);
        let sketches: Vec<Sketch<'_>> = site
            .cards
            .par_iter()
            .map(|card| self.sketch(site, card))
            .collect();
        self.collect_faces(&sketches);
        let template = self.material.template();
        let prepared: Vec<(&Card, Known)> = sketches
            .into_par_iter()
            .map(|sketch| (sketch.card, self.prepared(sketch, &template)))
            .collect();
        let mut findings = self.material.findings().to_vec();
        findings.extend(missing_glyphs(&prepared));
        findings.extend(
            site.cards
                .iter()
                .filter_map(|card| self.missing_picture(card)),
        );
        let image = |(card, known): &(&Card, Known)| (card.path.clone(), known.image.clone());
        let images = CardImages::new(prepared.iter().map(image).collect());
        self.prepared = prepared
            .into_iter()
            .map(|(card, known)| (card.path.clone(), known))
            .collect();
        Prepared { images, findings }
    }

    fn sketch<'a>(&self, site: &Site, card: &'a Card) -> Sketch<'a> {
        let mut hasher = DefaultHasher::new();
        card.hash(&mut hasher);
        self.own(card).hash(&mut hasher);
        let hash = hasher.finish();
        let known = self.prepared.get(&card.path);
        let work = match known.filter(|known| known.card == hash) {
            Some(known) => Work::Done(known.clone()),
            None => {
                let mut text = CardText::of(site, card);
                let chain = self.material.fonts().chain(&text.drawn(), &text.language);
                text.without(&chain.missing);
                Work::Begun(Box::new(text), chain)
            }
        };
        Sketch { card, hash, work }
    }

    /// One set of faces for all cards that need the same.
    fn collect_faces(&mut self, sketches: &[Sketch<'_>]) {
        let mut faces = HashMap::new();
        for sketch in sketches {
            match &sketch.work {
                Work::Done(known) => {
                    if let Some((key, made)) = self.faces.get_key_value(&known.faces) {
                        faces.entry(key.clone()).or_insert_with(|| Arc::clone(made));
                    }
                }
                Work::Begun(_, chain) => {
                    faces.entry(key(chain)).or_insert_with_key(|key| {
                        let known = self.faces.get(key).cloned();
                        known.unwrap_or_else(|| Arc::new(Faces::new(chain.faces.clone())))
                    });
                }
            }
        }
        self.faces = faces;
    }

    fn prepared(&self, sketch: Sketch<'_>, template: &Arc<Template>) -> Known {
        let (text, chain) = match sketch.work {
            Work::Done(known) => return known,
            Work::Begun(text, chain) => (*text, chain),
        };
        let own = match self.own(sketch.card) {
            Some(Found::Picture(picture)) => Some(picture),
            _ => None,
        };
        let key = key(&chain);
        let faces = self.faces.get(&key).cloned();
        let drawing = Drawing {
            text,
            template: Arc::clone(template),
            fallback: theme(self.material.theme()),
            faces: faces.unwrap_or_else(|| Arc::new(Faces::new(chain.faces))),
            cover: own
                .filter(|picture| self.frames && undrawable(picture).is_none())
                .cloned(),
            logo: self.material.logo().cloned(),
        };
        Known {
            card: sketch.hash,
            image: CardImage {
                deferred: Deferred {
                    fingerprint: drawing.fingerprint(),
                    draw: Arc::new(drawing),
                },
                own: own.and_then(|picture| size(picture)),
            },
            faces: key,
            missing: chain.missing,
        }
    }

    /// What is known of the card's own picture.
    fn own(&self, card: &Card) -> Option<&Found> {
        let image = card.image.as_ref()?;
        Some(self.pictures.of(&image.url))
    }

    fn missing_picture(&self, card: &Card) -> Option<Finding> {
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

/// What each post's card lacks; what all lack, for it is in the site's name, is told once.
fn missing_glyphs(prepared: &[(&Card, Known)]) -> Vec<Finding> {
    let none = BTreeSet::new();
    let site = prepared.first().map_or(&none, |(_, known)| &known.missing);
    prepared
        .iter()
        .enumerate()
        .filter_map(|(place, (card, Known { missing, .. }))| {
            let own: BTreeSet<char> = if place == 0 { missing.clone() } else { missing - site };
            let first = own.first()?;
            let others = match own.len() - 1 {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let message = format!(
                "no font has `{first}` (U+{:04X}){others}, so the card is drawn without",
                u32::from(*first)
            );
            let hint = "install a font that has it, such as one of Noto's, or name its file in `cards.fonts`";
            Some(warning(&card.source, Rule::MissingGlyph, message, hint))
        })
        .collect()
}

fn warning(file: &str, rule: Rule, message: String, hint: &str) -> Finding {
    Finding {
        file: file.to_owned(),
        line: None,
        mark: None,
        severity: Severity::Warning,
        rule,
        message,
        hint: hint.to_owned(),
    }
}
