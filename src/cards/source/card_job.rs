//! Draws one card image from its prepared inputs.

use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tracing::warn;

use crate::cards::card_image::{self, CardTemplate, CardText, DecodedPictures, Typesetter};
use crate::cards::font::FontFace;
use crate::cards::local_image::{self, LocalImage};
use crate::hash;
use crate::model::artifact::{LazyRenderError, OUTPUT_VERSION, RenderBody};

/// Cover size in pixels above which drawing takes tens of megabytes.
const LARGE_COVER_PIXELS: usize = 4_000_000;
/// Allows only one card with a large cover to be drawn at a time, to bound memory.
static LARGE_COVER_LOCK: Mutex<()> = Mutex::new(());

/// Card image to draw, with all its inputs.
#[derive(Debug)]
pub(super) struct CardJob {
    pub(super) text: CardText,
    pub(super) template: Arc<CardTemplate>,
    /// Built-in theme, used if the template fails.
    pub(super) fallback: &'static CardTemplate,
    pub(super) fonts: Arc<FontSet>,
    pub(super) cover: Option<Arc<LocalImage>>,
    pub(super) logo: Option<Arc<LocalImage>>,
}

/// Font faces, registered with the renderer on first use.
#[derive(Debug)]
pub(super) struct FontSet {
    faces: Vec<FontFace>,
    registered: OnceLock<Typesetter>,
}

impl FontSet {
    pub(super) fn new(faces: Vec<FontFace>) -> FontSet {
        FontSet {
            faces,
            registered: OnceLock::new(),
        }
    }

    fn typesetter(&self) -> &Typesetter {
        self.registered.get_or_init(|| Typesetter::new(&self.faces))
    }
}

impl CardJob {
    /// Hashes everything that the bytes depend on: this program, the template, the texts, the fonts
    /// and the pictures.
    pub(super) fn compute_fingerprint(&self) -> String {
        // Serializing plain strings cannot fail.
        let text = serde_json::to_string(&self.text).unwrap_or_default();
        let (edition, version) = (OUTPUT_VERSION, env!("CARGO_PKG_VERSION"));
        // Photo decoders may differ in the last bit between CPU architectures.
        let mut parts = format!(
            "{edition}\n{version}\n{}\n{}\n{}\n{text}\n",
            std::env::consts::ARCH,
            self.template.fingerprint,
            self.fallback.fingerprint
        );
        for face in &self.fonts.faces {
            let _ = writeln!(parts, "{} {}", face.file.fingerprint, face.index);
        }
        for picture in [&self.cover, &self.logo] {
            // The name counts too: the same bytes under a new name must be read from a new file.
            let (name, bytes) = picture.as_ref().map_or(("", ""), |picture| {
                (
                    picture.name.as_str(),
                    picture.fingerprint.as_deref().unwrap_or_default(),
                )
            });
            let _ = writeln!(parts, "{} {name} {bytes}", name.len());
        }
        hash::blake3_hex(parts.as_bytes())
    }
}

impl RenderBody for CardJob {
    fn render_body(&self) -> Result<Vec<u8>, LazyRenderError> {
        let bytes_of = |picture: &Option<Arc<LocalImage>>| {
            let Some(picture) = picture else {
                return Ok(None);
            };
            local_image::read_unchanged_bytes(picture)
                .map(Some)
                .ok_or_else(|| LazyRenderError::SourceChanged(picture.name.clone()))
        };
        let (cover, logo) = (bytes_of(&self.cover)?, bytes_of(&self.logo)?);
        // The guard is held while the card is drawn.
        let _one_at_a_time = self
            .cover
            .as_ref()
            .filter(|picture| picture.width * picture.height > LARGE_COVER_PIXELS)
            .map(|_| {
                LARGE_COVER_LOCK
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
            });
        let (pictures, broken) = DecodedPictures::decode(cover.as_deref(), logo.as_deref());
        for name in broken {
            let title = &self.text.title;
            warn!(
                card = title,
                "the {name} is corrupt; the card is drawn without it"
            );
        }
        let draw_with = |template: &CardTemplate| {
            card_image::draw_card(&self.text, template, self.fonts.typesetter(), &pictures)
        };
        // A custom template can make the renderer panic.
        let drawn = catch_unwind(AssertUnwindSafe(|| {
            draw_with(&self.template).map_err(|error| error.to_string())
        }));
        drawn
            .unwrap_or_else(|_| Err("the renderer panicked".to_owned()))
            .or_else(|error| {
                warn!(
                    card = self.text.title,
                    error, "the template failed; the built-in theme is used instead"
                );
                draw_with(self.fallback).map_err(|error| error.to_string())
            })
            .map_err(LazyRenderError::Failed)
    }
}
