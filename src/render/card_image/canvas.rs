//! HTML, a style sheet and faces into pixels.
//!
//! The only file that names the `takumi` crate.

use std::collections::HashMap;
use std::sync::Arc;

use takumi::prelude::{
    FontFamily, FontOverride, FontResource, FontSource, Fonts, FromHtml as _, FromHtmlOptions,
    ImageSource, Lang, MeasuredNode, Node, RenderOptions, StyleSheet, Viewport,
};

use crate::font::{Face, FontBook};
use crate::text::{cut, one_line};

/// The size of a card in pixels: what every network takes, at a ratio of 1.91 to 1.
pub(super) const WIDTH: u32 = 1200;
/// See [`WIDTH`].
pub(super) const HEIGHT: u32 = 630;
/// How deep elements may stand in each other: layout needs stack for each.
const MAX_DEPTH: usize = 100;
/// How far text may stick out of its box before it counts, in pixels: glyphs reach past their line.
const SLACK: f32 = 2.0;

/// Stands before a title that is measured, and is how its element is known: U+2060, a word joiner,
/// which has no width and no line ends at.
pub(super) const MARK: char = '\u{2060}';
/// How far letters reach up and down from the middle of their line, in ems: capitals and the
/// descenders of most scripts.
const HALF_LINE: f32 = 0.5;

/// Why something cannot be drawn.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct CanvasError(String);

/// A style sheet, parsed.
#[derive(Debug, Clone)]
pub(super) struct Sheet(Arc<StyleSheet>);

/// Faces made ready to set text in.
pub struct Typesetter {
    fonts: Fonts,
    families: FontFamily,
    is_empty: bool,
}

/// A document that can be measured and drawn.
pub(super) struct Page<'a> {
    node: Node,
    sheet: &'a Sheet,
    typesetter: &'a Typesetter,
    images: &'a Images,
    language: Option<Lang>,
}

/// The pictures of a page by what its HTML calls them.
#[derive(Default)]
pub(super) struct Images(HashMap<Arc<str>, ImageSource>);

/// A box on the page: left, top, right, bottom.
type Bounds = [f32; 4];

impl Sheet {
    /// Parses CSS. The error says what, and where it stands in the text where that is known.
    pub(super) fn parse(css: &str) -> Result<Sheet, (String, Option<usize>)> {
        match StyleSheet::parse(css) {
            Ok(sheet) => Ok(Sheet(Arc::new(sheet))),
            Err(error) => {
                let at = error
                    .context
                    .as_deref()
                    .and_then(|context| css.find(context.trim()));
                Err((cut(&one_line(&error.to_string()), 200), at))
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
    /// The bundled face of text, ready.
    pub fn bundled() -> Typesetter {
        let book = FontBook::load(&[], false).0;
        Typesetter::new(&book.chain("", "").faces)
    }

    /// Whether the renderer takes a face at all.
    pub fn takes(face: &Face) -> bool {
        !Typesetter::new(std::slice::from_ref(face)).is_empty
    }

    /// Makes faces ready, in the order in which they are asked for a glyph. No other font is used.
    /// A face that cannot be read is left out.
    pub fn new(faces: &[Face]) -> Typesetter {
        let mut fonts = Fonts::default();
        let mut families: Vec<String> = Vec::new();
        for face in faces {
            let bytes: Arc<dyn AsRef<[u8]> + Send + Sync> =
                Arc::new(Shared(Arc::clone(&face.file.data)));
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

/// Shared bytes, as the renderer takes them.
struct Shared(Arc<Vec<u8>>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Images {
    /// Adds a picture under the name that the HTML has for it.
    pub(super) fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), CanvasError> {
        let image =
            ImageSource::from_bytes(bytes).map_err(|error| CanvasError(error.to_string()))?;
        self.0.insert(name.into(), image);
        Ok(())
    }
}

impl<'a> Page<'a> {
    pub(super) fn new(
        html: &str,
        language: &str,
        sheet: &'a Sheet,
        typesetter: &'a Typesetter,
        images: &'a Images,
    ) -> Result<Page<'a>, CanvasError> {
        let options = FromHtmlOptions::builder().max_depth(MAX_DEPTH).build();
        let node =
            Node::from_html(html, options).map_err(|error| CanvasError(error.to_string()))?;
        Ok(Page {
            node,
            sheet,
            typesetter,
            images,
            language: Lang::parse(language).ok(),
        })
    }

    /// Whether all text of the element that a [`MARK`] is in, set in letters of so many pixels, lies
    /// within all boxes that it is in.
    pub(super) fn holds(&self, size: f32) -> Result<bool, CanvasError> {
        let root =
            takumi::measure(self.options()).map_err(|error| CanvasError(error.to_string()))?;
        let card = [0.0, 0.0, WIDTH as f32, HEIGHT as f32];
        Ok(holds(&root, size * HALF_LINE, card))
    }

    /// Draws it: four bytes a pixel, the last of which is opacity.
    pub(super) fn draw(self) -> Result<Vec<u8>, CanvasError> {
        let image =
            takumi::render(self.options()).map_err(|error| CanvasError(error.to_string()))?;
        Ok(image.into_raw())
    }

    fn options(&self) -> RenderOptions<'a> {
        RenderOptions::builder()
            .viewport(Viewport::new((WIDTH, HEIGHT)))
            .fonts(&self.typesetter.fonts)
            .node(self.node.clone())
            .images(self.images.0.clone())
            .stylesheet(Arc::clone(&self.sheet.0))
            .font_families(Some(self.typesetter.families.clone()))
            .lang(self.language)
            .build()
    }
}

fn holds(node: &MeasuredNode, half: f32, around: Bounds) -> bool {
    let [.., x, y] = node.transform;
    let own = [x, y, x + node.width, y + node.height];
    let bounds = meet(around, own);
    let is_title = node.runs.iter().any(|run| run.text.contains(MARK));
    let fits = !is_title
        || node.runs.iter().all(|run| {
            let (left, top) = (x + run.x, y + run.y);
            // The height of a run is what its font could need, up to twice that of a line; but its
            // middle is that of its letters.
            let middle = top + run.height / 2.0;
            let [least_x, least_y, most_x, most_y] = bounds;
            left >= least_x - SLACK
                && left + run.width <= most_x + SLACK
                && middle - half >= least_y - SLACK
                && middle + half <= most_y + SLACK
        });
    fits && node.children.iter().all(|child| holds(child, half, bounds))
}

fn meet(a: Bounds, b: Bounds) -> Bounds {
    [
        a[0].max(b[0]),
        a[1].max(b[1]),
        a[2].min(b[2]),
        a[3].min(b[3]),
    ]
}
