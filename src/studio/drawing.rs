//! One card and all that it is made of, ready to be drawn.

use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tracing::warn;

use crate::artifact::{Draw, DrawError};
use crate::fingerprint;
use crate::font::Face;
use crate::picture::{self, Picture};
use crate::render::card_image::{self, CardText, EDITION, Pictures, Template, Typesetter};

/// A picture of more pixels takes tens of megabytes to draw with.
const LARGE: usize = 4_000_000;
/// So cards around such are drawn one at a time.
static LARGE_COVERS: Mutex<()> = Mutex::new(());

/// A card that can be drawn.
#[derive(Debug)]
pub(super) struct Drawing {
    pub(super) text: CardText,
    pub(super) template: Arc<Template>,
    /// Draws where the template fails.
    pub(super) fallback: &'static Template,
    pub(super) faces: Arc<Faces>,
    pub(super) cover: Option<Arc<Picture>>,
    pub(super) logo: Option<Arc<Picture>>,
}

/// Faces that are made ready when the first text is set in them.
#[derive(Debug)]
pub(super) struct Faces {
    faces: Vec<Face>,
    ready: OnceLock<Typesetter>,
}

impl Faces {
    pub(super) fn new(faces: Vec<Face>) -> Faces {
        Faces {
            faces,
            ready: OnceLock::new(),
        }
    }

    fn typesetter(&self) -> &Typesetter {
        self.ready.get_or_init(|| Typesetter::new(&self.faces))
    }
}

impl Drawing {
    /// A hash of all that the bytes depend on: this program, the template, the texts, the fonts and
    /// the pictures.
    pub(super) fn fingerprint(&self) -> String {
        // Texts that cannot be written as JSON do not exist.
        let text = serde_json::to_string(&self.text).unwrap_or_default();
        let version = env!("CARGO_PKG_VERSION");
        // Decoders of photographs may differ in a last bit between processors.
        let mut parts = format!(
            "{EDITION}\n{version}\n{}\n{}\n{}\n{text}\n",
            std::env::consts::ARCH,
            self.template.fingerprint,
            self.fallback.fingerprint
        );
        for face in &self.faces.faces {
            let _ = writeln!(parts, "{} {}", face.file.fingerprint, face.index);
        }
        for picture in [&self.cover, &self.logo] {
            // By its name too: who has the one under another name would look for the wrong file.
            let (name, bytes) = picture.as_ref().map_or(("", ""), |picture| {
                (
                    picture.name.as_str(),
                    picture.fingerprint.as_deref().unwrap_or_default(),
                )
            });
            let _ = writeln!(parts, "{} {name} {bytes}", name.len());
        }
        fingerprint::hex(parts.as_bytes())
    }
}

impl Draw for Drawing {
    fn draw(&self) -> Result<Vec<u8>, DrawError> {
        let bytes_of = |picture: &Option<Arc<Picture>>| {
            let Some(picture) = picture else {
                return Ok(None);
            };
            let bytes = picture::bytes(picture);
            bytes
                .map(Some)
                .ok_or_else(|| DrawError::Stale(picture.name.clone()))
        };
        let (cover, logo) = (bytes_of(&self.cover)?, bytes_of(&self.logo)?);
        // Held while the card is drawn.
        let _one_at_a_time = self
            .cover
            .as_ref()
            .filter(|picture| picture.width * picture.height > LARGE)
            .map(|_| LARGE_COVERS.lock().unwrap_or_else(PoisonError::into_inner));
        let (pictures, broken) = Pictures::read(cover.as_deref(), logo.as_deref());
        for name in broken {
            let title = &self.text.title;
            warn!(
                card = title,
                "its {name} is broken, and it is drawn without"
            );
        }
        let with = |template: &Template| {
            card_image::draw(&self.text, template, self.faces.typesetter(), &pictures)
        };
        // What a template makes of the renderer is not known, so its panics end here.
        let drawn = catch_unwind(AssertUnwindSafe(|| {
            with(&self.template).map_err(|error| error.to_string())
        }));
        drawn
            .unwrap_or_else(|_| Err("the renderer broke down".to_owned()))
            .or_else(|error| {
                warn!(
                    card = self.text.title,
                    error, "the built-in theme draws in place of the template"
                );
                with(self.fallback).map_err(|error| error.to_string())
            })
            .map_err(DrawError::Failed)
    }
}
