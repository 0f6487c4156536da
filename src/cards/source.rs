//! Prepares card images: the inputs of each, and its fingerprint before it is drawn.
//!
//! It reads the template, fonts and pictures, and uses the built-in ones in place of invalid ones. A card is prepared
//! when its page or a feed needs it, and drawn when its image is requested.

mod card_assets;
mod card_images;
mod card_job;
mod network_limits;
mod new_finding;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use rayon::prelude::*;

use super::source::new_finding::new_warning;
use crate::cards::local_image::{ImageLookup, ImageReadMode, LocalImages};
use crate::config::{Config, PreviewImage};
use crate::model::finding::{Finding, Rule};
use crate::persistent::PersistentMap;
use crate::site::Site;
use crate::site::card::Card;
use crate::site::card_images::CardImageSource;
use crate::site::entry::Entry;
use card_assets::CardAssets;
use card_images::{CardImageSet, SharedInputs};

/// Reads the files of cards, and provides a source of card images for each state of them.
#[derive(Debug)]
pub struct CardSource {
    assets: CardAssets,
    pictures: LocalImages,
    frames_pictures: bool,
    version: u64,
    image_set: Option<Arc<CardImageSet>>,
}

impl CardSource {
    /// Creates a source that has not read any file yet.
    pub fn new(config: &Config) -> CardSource {
        let frames_pictures = config.cards.picture == PreviewImage::Framed;
        let base_urls = std::iter::once(&config.site.url).chain(&config.site.former_urls);
        let depth = if frames_pictures {
            ImageReadMode::FullContent
        } else {
            ImageReadMode::Header
        };
        CardSource {
            assets: CardAssets::new(&config.cards),
            pictures: LocalImages::new(
                config.content.static_dir.clone(),
                base_urls.cloned().collect(),
                depth,
            ),
            frames_pictures,
            version: 0,
            image_set: None,
        }
    }

    /// Reads changed files again, and returns true if cards can be different now. Pictures are checked if they are at
    /// or below one of `paths`; all of them if `paths` is `None`.
    pub fn rescan_files(&mut self, paths: Option<&BTreeSet<PathBuf>>, now: SystemTime) -> bool {
        let assets_changed = self.assets.reload_if_changed(now);
        let pictures_changed = self.pictures.rescan_known(paths, now);
        if assets_changed || pictures_changed {
            self.version += 1;
            self.image_set = None;
        }
        assets_changed || pictures_changed
    }

    /// Reads the pictures of the site and of changed entries, and returns the source of all card images. The next picture
    /// of an entry is read only if the file of one is missing.
    pub fn refresh_images(
        &mut self,
        site: &Site,
        mut entries: Vec<&Entry>,
        now: SystemTime,
    ) -> Arc<dyn CardImageSource> {
        let enclosures = entries.iter().flat_map(|entry| entry.unmeasured_urls());
        let urls = site.site_image_url().into_iter().chain(enclosures);
        let mut has_changed = self.pictures.scan_urls(urls, now);
        let mut position = 0;
        while !entries.is_empty() {
            entries.retain(|entry| entry.preview_images().nth(position).is_some());
            let images = entries.iter();
            let images = images.filter_map(|entry| entry.preview_images().nth(position));
            let urls: Vec<&str> = images.map(|image| image.url.as_str()).collect();
            has_changed |= self.pictures.scan_urls(urls.iter().copied(), now);
            let lookups = self.pictures.lookups();
            let mut urls = urls.into_iter();
            entries.retain(|_| {
                let lookup = urls.next().and_then(|url| lookups.get(url));
                lookup.is_some_and(card_images::is_missing)
            });
            position += 1;
        }
        if has_changed {
            self.image_set = None;
        }
        self.current_images() as Arc<dyn CardImageSource>
    }

    /// Forgets all pictures except those at these URLs.
    pub fn retain_pictures<'a>(&mut self, urls: impl Iterator<Item = &'a str>) {
        self.pictures.retain_urls(urls);
    }

    /// Returns the pictures that were looked up, by URL.
    pub fn pictures(&self) -> PersistentMap<String, ImageLookup> {
        self.pictures.lookups()
    }

    /// Returns the findings about the template, fonts and logo.
    pub fn asset_findings(&self) -> &[Finding] {
        self.assets.findings()
    }

    /// Returns the findings about each card, in the order of `cards`.
    pub fn lint_cards(&mut self, site: &Site, cards: &[Card]) -> Vec<Vec<Finding>> {
        let wall = self.current_images();
        let missing_for_site = wall.missing_glyphs(site, &site.build_site_card());
        cards
            .par_iter()
            .map(|card| {
                let missing = wall.missing_glyphs(site, card);
                let own = match card.article {
                    None => missing,
                    // Characters of the site's name are reported once, for the site's card.
                    Some(_) => &missing - &missing_for_site,
                };
                missing_glyph_finding(card, &own)
                    .into_iter()
                    .chain(wall.picture_finding(card))
                    .collect()
            })
            .collect()
    }

    /// Returns the current card images; builds them if files changed.
    fn current_images(&mut self) -> Arc<CardImageSet> {
        let (material, pictures) = (&self.assets, &self.pictures);
        let (frames, edition) = (self.frames_pictures, self.version);
        let before = self.image_set.take();
        let wall = before.unwrap_or_else(|| {
            let set = SharedInputs {
                template: material.template(),
                theme: material.theme(),
                fonts: material.fonts(),
                logo: material.logo().cloned(),
            };
            Arc::new(CardImageSet::new(set, pictures.lookups(), frames, edition))
        });
        self.image_set = Some(Arc::clone(&wall));
        wall
    }
}

/// Reports the characters of a card that no font has.
fn missing_glyph_finding(card: &Card, missing: &BTreeSet<char>) -> Option<Finding> {
    let first = missing.first()?;
    let (others, pronoun) = match missing.len() - 1 {
        0 => (String::new(), "it"),
        more => (format!(" and {more} more"), "them"),
    };
    let message = format!(
        "no font has `{first}` (U+{:04X}){others}; the card is drawn without {pronoun}",
        u32::from(*first)
    );
    let hint = "install a font that has it, such as a Noto font, or list its file in `cards.fonts`";
    Some(new_warning(
        &card.source_path,
        Rule::MissingGlyph,
        message,
        hint,
    ))
}
