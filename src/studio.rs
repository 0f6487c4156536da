//! The cards of a site into drawings: what each is made of, and its name before it is drawn.
//!
//! Looks at the files that cards are drawn with, template, fonts and pictures, and goes on with the
//! built-in ones where they are broken. A card is prepared when it is asked for, and drawn later still.

mod drawing;
mod material;
mod networks;
mod wall;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use rayon::prelude::*;

use crate::collection::Map;
use crate::config::{CardPicture, Config};
use crate::finding::{Finding, Rule, Severity};
use crate::picture::{Depth, Found, Pictures};
use crate::render::CardImages;
use crate::site::Site;
use crate::site::card::Card;
use material::Material;
use wall::{Set, Wall};

/// Where cards are prepared.
#[derive(Debug)]
pub struct Studio {
    material: Material,
    pictures: Pictures,
    frames: bool,
    edition: u64,
    wall: Option<Arc<Wall>>,
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
            edition: 0,
            wall: None,
        }
    }

    /// Looks at the files that cards are drawn with; whether any is other than it was. Of pictures, those
    /// of these files and below these directories, or all of them.
    pub fn look(&mut self, paths: Option<&BTreeSet<PathBuf>>, now: SystemTime) -> bool {
        let material = self.material.look(now);
        if material {
            self.edition += 1;
        }
        let pictures = self.pictures.look_again(paths, now);
        if material || pictures {
            self.wall = None;
        }
        material || pictures
    }

    /// Looks at pictures that are new, by their addresses, and gives what shows the pictures of all
    /// cards.
    pub fn show<'a>(
        &mut self,
        new: impl Iterator<Item = &'a str>,
        now: SystemTime,
    ) -> Arc<dyn CardImages> {
        if self.pictures.look(new, now) {
            self.wall = None;
        }
        self.wall() as Arc<dyn CardImages>
    }

    /// Forgets all pictures but those of these addresses.
    pub fn keep<'a>(&mut self, urls: impl Iterator<Item = &'a str>) {
        self.pictures.keep(urls);
    }

    /// The pictures that posts name, by their addresses, as far as they were looked at.
    pub fn pictures(&self) -> Map<String, Found> {
        self.pictures.found()
    }

    /// What is wrong with what all cards are drawn with.
    pub fn findings(&self) -> &[Finding] {
        self.material.findings()
    }

    /// What is wrong with cards, each with its place among them.
    pub fn faults(&mut self, site: &Site, cards: &[Card]) -> Vec<Vec<Finding>> {
        let wall = self.wall();
        let of_site = wall.missing(site, &site.own_card());
        cards
            .par_iter()
            .map(|card| {
                let missing = wall.missing(site, card);
                let own = match card.article {
                    None => missing,
                    // What all lack, for it is in the site's name, is told once.
                    Some(_) => &missing - &of_site,
                };
                let glyphs = missing_glyphs(card, &own);
                glyphs
                    .into_iter()
                    .chain(wall.missing_picture(card))
                    .collect()
            })
            .collect()
    }

    fn wall(&mut self) -> Arc<Wall> {
        let (material, pictures) = (&self.material, &self.pictures);
        let (frames, edition) = (self.frames, self.edition);
        let before = self.wall.take();
        let wall = before.unwrap_or_else(|| {
            let set = Set {
                template: material.template(),
                theme: material.theme(),
                fonts: material.fonts(),
                logo: material.logo().cloned(),
            };
            Arc::new(Wall::new(set, pictures.found(), frames, edition))
        });
        self.wall = Some(Arc::clone(&wall));
        wall
    }
}

/// What a card lacks.
fn missing_glyphs(card: &Card, missing: &BTreeSet<char>) -> Option<Finding> {
    let first = missing.first()?;
    let others = match missing.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!(
        "no font has `{first}` (U+{:04X}){others}, so the card is drawn without",
        u32::from(*first)
    );
    let hint =
        "install a font that has it, such as one of Noto's, or name its file in `cards.fonts`";
    Some(warning(&card.source, Rule::MissingGlyph, message, hint))
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
