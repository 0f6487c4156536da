//! Defines the interface through which renderers ask for the image of a card.

use super::card::Card;
use super::entry::Entry;
use super::public_site::Site;
use crate::model::card_image::CardImage;
use crate::model::post::Image;

/// Provides the images of social cards.
pub trait CardImageSource: std::fmt::Debug + Send + Sync {
    /// Returns the image of a card; `None` if cards have no images.
    fn image_for(&self, site: &Site, card: &Card) -> Option<CardImage>;

    /// Returns true if cards have images.
    fn is_enabled(&self) -> bool;

    /// Returns true if the file of an entry's image is missing or no picture.
    fn is_image_missing(&self, entry: &Entry, image: &Image) -> bool;

    /// Returns the length in bytes of a file of the site; `None` if it is not in the static directory.
    fn file_length(&self, _url: &str) -> Option<u64> {
        None
    }

    /// Returns a number that changes when the template, fonts or pictures of cards change.
    fn assets_version(&self) -> u64;
}

impl dyn CardImageSource + '_ {
    /// Returns the first image of an entry whose file is not missing.
    pub(crate) fn find_own_image<'e>(&self, entry: &'e Entry) -> Option<&'e Image> {
        let mut images = entry.preview_images();
        images.find(|image| !self.is_image_missing(entry, image))
    }

    /// Returns the URL of the drawn card image for an entry without an image of its own, or with a missing one.
    pub(crate) fn fallback_image_url(&self, site: &Site, entry: &Entry) -> Option<String> {
        let has_image = self.find_own_image(entry).is_some();
        if !self.is_enabled() || has_image || entry.card_path().is_none() {
            return None;
        }
        let card = site.build_post_card(entry);
        let image = self.image_for(site, &card)?;
        let key = card.image_key();
        Some(key.versioned_url(&site.settings.public_url, &image.body.fingerprint))
    }
}

/// Source without any card images.
#[derive(Debug, Clone, Copy)]
pub struct NoCardImages;

impl CardImageSource for NoCardImages {
    fn image_for(&self, _: &Site, _: &Card) -> Option<CardImage> {
        None
    }

    fn is_enabled(&self) -> bool {
        false
    }

    fn is_image_missing(&self, _: &Entry, _: &Image) -> bool {
        false
    }

    fn assets_version(&self) -> u64 {
        0
    }
}
