//! The cards of a site into drawings: what each is made of, and its name before it is drawn.
//!
//! Looks at the files that cards are drawn with, template, fonts and pictures, and goes on with the
//! built-in ones where they are broken. Drawing itself waits until somebody asks.

mod drawing;
mod material;

use std::collections::{BTreeSet, HashMap};
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
use crate::site::card::Card;
use drawing::{Drawing, Faces};
use material::Material;

/// Where cards are prepared.
#[derive(Debug)]
pub struct Studio {
    material: Material,
    pictures: Pictures,
    frames: bool,
    /// The faces of the last generation's cards: those of the next are mostly the same.
    faces: HashMap<Vec<(String, u32)>, Arc<Faces>>,
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
    text: CardText,
    chain: Chain,
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
            faces: HashMap::new(),
        }
    }

    /// Looks at the files that cards are drawn with; whether any is other than it was.
    pub fn look(&mut self, now: SystemTime) -> bool {
        let material = self.material.look(now);
        self.pictures.look_again(now) || material
    }

    /// Prepares the cards of a site.
    pub fn prepare(&mut self, site: &Site, now: SystemTime) -> Prepared {
        let urls = site.cards.iter().filter_map(|card| card.image.as_ref());
        self.pictures
            .look(urls.map(|image| image.url.as_str()), now);
        let sketches: Vec<Sketch<'_>> = site
            .cards
            .par_iter()
            .map(|card| self.sketch(site, card))
            .collect();
        let mut findings = self.material.findings().to_vec();
        findings.extend(missing_glyphs(&sketches));
        findings.extend(
            site.cards
                .iter()
                .filter_map(|card| self.missing_picture(card)),
        );
        self.collect_faces(&sketches);
        let template = self.material.template();
        let images = sketches
            .into_par_iter()
            .map(|sketch| (sketch.card.path.clone(), self.image(sketch, &template)))
            .collect();
        Prepared {
            images: CardImages::new(images),
            findings,
        }
    }

    fn sketch<'a>(&self, site: &Site, card: &'a Card) -> Sketch<'a> {
        let mut text = CardText::of(site, card);
        let chain = self.material.fonts().chain(&text.drawn(), &text.language);
        text.without(&chain.missing);
        Sketch { card, text, chain }
    }

    /// One set of faces for all cards that need the same.
    fn collect_faces(&mut self, sketches: &[Sketch<'_>]) {
        let mut faces = HashMap::new();
        for sketch in sketches {
            faces.entry(key(&sketch.chain)).or_insert_with_key(|key| {
                let known = self.faces.remove(key);
                known.unwrap_or_else(|| Arc::new(Faces::new(sketch.chain.faces.clone())))
            });
        }
        self.faces = faces;
    }

    fn image(&self, sketch: Sketch<'_>, template: &Arc<Template>) -> CardImage {
        let own = sketch
            .card
            .image
            .as_ref()
            .map(|image| self.pictures.of(&image.url));
        let own = match own {
            Some(Found::Picture(picture)) => Some(picture),
            _ => None,
        };
        let faces = self.faces.get(&key(&sketch.chain)).cloned();
        let drawing = Drawing {
            text: sketch.text,
            template: Arc::clone(template),
            fallback: theme(self.material.theme()),
            faces: faces.unwrap_or_else(|| Arc::new(Faces::new(sketch.chain.faces))),
            cover: own
                .filter(|picture| self.frames && picture.is_drawable)
                .cloned(),
            logo: self.material.logo().cloned(),
        };
        CardImage {
            deferred: Deferred {
                fingerprint: drawing.fingerprint(),
                draw: Arc::new(drawing),
            },
            own: own.and_then(|picture| size(picture)),
        }
    }

    fn missing_picture(&self, card: &Card) -> Option<Finding> {
        let (rule, message, hint) = match self.pictures.of(&card.image.as_ref()?.url) {
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
            Found::Elsewhere | Found::Picture(_) => return None,
        };
        Some(warning(&card.source, rule, message, hint))
    }
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
fn missing_glyphs(sketches: &[Sketch<'_>]) -> Vec<Finding> {
    let site = sketches
        .first()
        .map(|sketch| sketch.chain.missing.clone())
        .unwrap_or_default();
    sketches
        .iter()
        .enumerate()
        .filter_map(|(place, sketch)| {
            let missing = &sketch.chain.missing;
            let own: BTreeSet<char> = if place == 0 { missing.clone() } else { missing - &site };
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
            Some(warning(&sketch.card.source, Rule::MissingGlyph, message, hint))
        })
        .collect()
}

fn warning(file: &str, rule: Rule, message: String, hint: &str) -> Finding {
    Finding {
        file: file.to_owned(),
        line: None,
        severity: Severity::Warning,
        rule,
        message,
        hint: hint.to_owned(),
    }
}
