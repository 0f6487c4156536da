//! Lays out HTML with a style sheet and fonts, and draws it to pixels.
//!
//! The only file that names the `takumi` crate.

use std::collections::HashMap;
use std::sync::Arc;

use takumi::prelude::{
    FontFamily, FontOverride, FontResource, FontSource, Fonts, FromHtml as _, FromHtmlOptions,
    ImageSource, Lang, MeasuredNode, Node, RenderOptions, StyleSheet, Viewport,
};

use crate::cards::font::{FontFace, FontLibrary};
use crate::model::card_size::{CARD_HEIGHT, CARD_WIDTH};
use crate::text::{collapse_whitespace, truncate_graphemes};

/// Maximum nesting of elements: layout needs stack for each level.
const MAX_ELEMENT_DEPTH: usize = 100;
/// Tolerated overflow of text out of its box, in pixels: glyphs reach past their line.
const OVERFLOW_TOLERANCE_PX: f32 = 2.0;

/// Marks the element of a title that is measured, as the first character of its text: U+2060, a word joiner, which has
/// no width and allows no line break.
pub(super) const TITLE_MARK: char = '\u{2060}';
/// Distance that letters reach up and down from the middle of their line, in ems: capitals, and the
/// descenders of most scripts.
const HALF_LINE_EMS: f32 = 0.5;

/// Error of the layout and drawing library.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct CanvasError(String);

/// Parsed style sheet.
#[derive(Debug, Clone)]
pub(super) struct CardStyleSheet(Arc<StyleSheet>);

/// Fonts registered with the renderer, to set text in.
pub struct Typesetter {
    fonts: Fonts,
    families: FontFamily,
    is_empty: bool,
}

/// HTML document that can be measured and drawn.
pub(super) struct CardDocument<'a> {
    node: Node,
    sheet: &'a CardStyleSheet,
    typesetter: &'a Typesetter,
    images: &'a NamedImages,
    language: Option<Lang>,
}

/// Decoded pictures, by the names that the HTML uses.
#[derive(Default)]
pub(super) struct NamedImages(HashMap<Arc<str>, ImageSource>);

/// Box on the page: left, top, right, bottom.
type Bounds = [f32; 4];

impl CardStyleSheet {
    /// Parses CSS. The error has a message, and the byte offset in the text if it is known.
    pub(super) fn parse(css: &str) -> Result<CardStyleSheet, (String, Option<usize>)> {
        match StyleSheet::parse(css) {
            Ok(sheet) => Ok(CardStyleSheet(Arc::new(sheet))),
            Err(error) => {
                let at = error
                    .context
                    .as_deref()
                    .and_then(|context| css.find(context.trim()));
                Err((
                    truncate_graphemes(&collapse_whitespace(&error.to_string()), 200),
                    at,
                ))
            }
        }
    }
}

impl std::fmt::Debug for Typesetter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Typesetter").finish_non_exhaustive()
    }
}

impl Typesetter {
    /// Registers the bundled text font only.
    pub fn with_bundled_font() -> Typesetter {
        let book = FontLibrary::load(&[], false).0;
        Typesetter::new(&book.fallback_for("", "").faces)
    }

    /// Returns true if the renderer accepts a face.
    pub fn can_register(face: &FontFace) -> bool {
        !Typesetter::new(std::slice::from_ref(face)).is_empty
    }

    /// Registers faces in order of preference for a glyph. No other font is used.
    /// A face that cannot be read is left out.
    pub fn new(faces: &[FontFace]) -> Typesetter {
        let mut fonts = Fonts::default();
        let mut families: Vec<String> = Vec::new();
        for face in faces {
            let bytes: Arc<dyn AsRef<[u8]> + Send + Sync> =
                Arc::new(SharedFontData(Arc::clone(&face.file.data)));
            let mut font = FontResource::new(FontSource::from_shared(bytes));
            if let Some(family) = face.family {
                font = font.override_info(FontOverride {
                    family_name: Some(family.into()),
                    ..FontOverride::default()
                });
            }
            let registered = fonts.register(font).unwrap_or_default();
            let named = registered
                .iter()
                .find(|family| family.faces.iter().any(|known| known.index == face.index))
                .or(registered.first());
            if let Some(family) = named.filter(|family| !families.contains(&family.name)) {
                families.push(family.name.clone());
            }
        }
        Typesetter {
            is_empty: families.is_empty(),
            fonts,
            families: FontFamily::from_names(families),
        }
    }
}

/// Shared bytes as the type that the renderer accepts.
struct SharedFontData(Arc<Vec<u8>>);

impl AsRef<[u8]> for SharedFontData {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl NamedImages {
    /// Decodes a picture and adds it under the name that the HTML uses.
    pub(super) fn decode_image(&mut self, name: &str, bytes: &[u8]) -> Result<(), CanvasError> {
        let image =
            ImageSource::from_bytes(bytes).map_err(|error| CanvasError(error.to_string()))?;
        self.0.insert(name.into(), image);
        Ok(())
    }
}

impl<'a> CardDocument<'a> {
    pub(super) fn new(
        html: &str,
        language: &str,
        sheet: &'a CardStyleSheet,
        typesetter: &'a Typesetter,
        images: &'a NamedImages,
    ) -> Result<CardDocument<'a>, CanvasError> {
        let options = FromHtmlOptions::builder()
            .max_depth(MAX_ELEMENT_DEPTH)
            .build();
        let node =
            Node::from_html(html, options).map_err(|error| CanvasError(error.to_string()))?;
        Ok(CardDocument {
            node,
            sheet,
            typesetter,
            images,
            language: Lang::parse(language).ok(),
        })
    }

    /// Returns true if the text of the element with [`TITLE_MARK`], at a font size of `size` pixels, stays inside all
    /// boxes around it.
    pub(super) fn is_title_inside(&self, size: f32) -> Result<bool, CanvasError> {
        let root = takumi::measure(self.render_options())
            .map_err(|error| CanvasError(error.to_string()))?;
        let card = [0.0, 0.0, CARD_WIDTH as f32, CARD_HEIGHT as f32];
        Ok(is_title_within(&root, size * HALF_LINE_EMS, card))
    }

    /// Draws the document: four bytes a pixel (RGBA).
    pub(super) fn draw_pixels(self) -> Result<Vec<u8>, CanvasError> {
        let image = takumi::render(self.render_options())
            .map_err(|error| CanvasError(error.to_string()))?;
        Ok(image.into_raw())
    }

    fn render_options(&self) -> RenderOptions<'a> {
        RenderOptions::builder()
            .viewport(Viewport::new((CARD_WIDTH, CARD_HEIGHT)))
            .fonts(&self.typesetter.fonts)
            .node(self.node.clone())
            .images(self.images.0.clone())
            .stylesheet(Arc::clone(&self.sheet.0))
            .font_families(Some(self.typesetter.families.clone()))
            .lang(self.language)
            .build()
    }
}

/// Returns true if the marked title in this subtree stays inside `around`; `half` is half a line in pixels.
fn is_title_within(node: &MeasuredNode, half: f32, around: Bounds) -> bool {
    let [.., x, y] = node.transform;
    let own = [x, y, x + node.width, y + node.height];
    let bounds = intersect_bounds(around, own);
    let is_title = node.runs.iter().any(|run| run.text.contains(TITLE_MARK));
    let fits = !is_title
        || node.runs.iter().all(|run| {
            let (left, top) = (x + run.x, y + run.y);
            // A run is as tall as its font could need, up to twice the line height. Its middle is still
            // the middle of its letters.
            let middle = top + run.height / 2.0;
            let [least_x, least_y, most_x, most_y] = bounds;
            left >= least_x - OVERFLOW_TOLERANCE_PX
                && left + run.width <= most_x + OVERFLOW_TOLERANCE_PX
                && middle - half >= least_y - OVERFLOW_TOLERANCE_PX
                && middle + half <= most_y + OVERFLOW_TOLERANCE_PX
        });
    fits && node
        .children
        .iter()
        .all(|child| is_title_within(child, half, bounds))
}

/// Returns the intersection of two boxes.
fn intersect_bounds(a: Bounds, b: Bounds) -> Bounds {
    [
        a[0].max(b[0]),
        a[1].max(b[1]),
        a[2].min(b[2]),
        a[3].min(b[3]),
    ]
}
