//! Draws the PNG image of a card from its texts, a template, fonts and pictures.
//!
//! Pure: the same inputs give the same bytes, on every machine.

mod canvas;
mod card_text;
mod localized_date;
mod png;
mod template;
mod title_fit;

use std::sync::LazyLock;

use crate::config::CardTheme;
use crate::model::card_size::{CARD_HEIGHT, CARD_WIDTH};
use canvas::{CardDocument, NamedImages};
use template::TemplateFields;

pub use canvas::Typesetter;
pub use card_text::{CardColors, CardText};
pub use template::{CardTemplate, TemplateError};

/// Maximum bytes of a card image: WhatsApp shows no larger one.
pub const MAX_CARD_IMAGE_BYTES: usize = 300_000;

/// Decoded pictures of a card.
#[derive(Default)]
pub struct DecodedPictures {
    images: NamedImages,
    cover: &'static str,
    logo: &'static str,
}

impl DecodedPictures {
    /// Decodes the post's picture and the site's logo from file contents. Also returns the names of those that are
    /// corrupt; they are left out.
    pub fn decode(
        cover: Option<&[u8]>,
        logo: Option<&[u8]>,
    ) -> (DecodedPictures, Vec<&'static str>) {
        let mut pictures = DecodedPictures::default();
        let mut broken = Vec::new();
        let mut name_of = |name: &'static str, bytes: Option<&[u8]>| {
            match bytes.map(|bytes| pictures.images.decode_image(name, bytes)) {
                Some(Ok(())) => return name,
                Some(Err(_)) => broken.push(name),
                None => {}
            }
            ""
        };
        let (cover, logo) = (name_of("cover", cover), name_of("logo", logo));
        pictures.cover = cover;
        pictures.logo = logo;
        (pictures, broken)
    }
}

/// Error that prevents a card from being drawn.
#[derive(Debug, thiserror::Error)]
pub enum CardImageError {
    /// The template cannot be rendered.
    #[error("cannot be rendered: {0}")]
    Template(String),
    /// The page cannot be laid out or drawn.
    #[error("cannot be drawn: {0}")]
    Canvas(String),
    /// The PNG cannot be written.
    #[error(transparent)]
    Png(#[from] png::PngError),
}

impl From<canvas::CanvasError> for CardImageError {
    fn from(error: canvas::CanvasError) -> CardImageError {
        CardImageError::Canvas(error.to_string())
    }
}

/// Returns the template of a built-in theme.
pub fn builtin_template(theme: CardTheme) -> &'static CardTemplate {
    static PAPER: LazyLock<CardTemplate> =
        LazyLock::new(|| parse_builtin(include_str!("card_image/themes/paper.html")));
    static INK: LazyLock<CardTemplate> =
        LazyLock::new(|| parse_builtin(include_str!("card_image/themes/ink.html")));
    static POSTER: LazyLock<CardTemplate> =
        LazyLock::new(|| parse_builtin(include_str!("card_image/themes/poster.html")));
    match theme {
        CardTheme::Paper => &PAPER,
        CardTheme::Ink => &INK,
        CardTheme::Poster => &POSTER,
    }
}

#[expect(
    clippy::expect_used,
    reason = "the themes are part of the binary and tested; no input gets here"
)]
fn parse_builtin(text: &str) -> CardTemplate {
    CardTemplate::parse(text).expect("the built-in themes parse")
}

/// Draws sample cards, to check that a template can be drawn at all.
///
/// # Errors
/// See [`draw_card`].
pub fn draw_samples(
    template: &CardTemplate,
    typesetter: &Typesetter,
) -> Result<(), CardImageError> {
    for is_post in [true, false] {
        let text = CardText::sample_text(is_post);
        draw_card(&text, template, typesetter, &DecodedPictures::default())?;
    }
    Ok(())
}

/// Returns true if the contents of a picture file can be decoded.
pub fn can_decode_picture(bytes: &[u8]) -> bool {
    DecodedPictures::decode(None, Some(bytes)).1.is_empty()
}

/// Draws a card as PNG.
///
/// # Errors
/// Returns an error if the template cannot be rendered, or a library fails.
pub fn draw_card(
    text: &CardText,
    template: &CardTemplate,
    typesetter: &Typesetter,
    pictures: &DecodedPictures,
) -> Result<Vec<u8>, CardImageError> {
    let page = |setting: &title_fit::TitleLayout,
                title: String|
     -> Result<CardDocument<'_>, CardImageError> {
        let titled = CardText {
            title,
            ..text.clone()
        };
        let html = template
            .render_html(&TemplateFields {
                text: &titled,
                cover: pictures.cover,
                logo: pictures.logo,
            })
            .map_err(|error| CardImageError::Template(error.to_string()))?;
        let html = wrap_in_card(&html, &titled, setting);
        Ok(CardDocument::new(
            &html,
            &text.language,
            &template.style_sheet,
            typesetter,
            &pictures.images,
        )?)
    };
    let setting = title_fit::fit_title(&text.title, &template.title_sizes, |setting| {
        let marked = format!("{}{}", canvas::TITLE_MARK, setting.title);
        page(setting, marked)?
            .is_title_inside(f32::from(setting.size))
            .map_err(CardImageError::from)
    })?;
    let pixels = page(&setting, setting.title.clone())?.draw_pixels()?;
    Ok(png::encode_png(
        &pixels,
        CARD_WIDTH as usize,
        MAX_CARD_IMAGE_BYTES,
    )?)
}

/// Wraps the template's HTML in the card's element, which sets the custom properties that style sheets use.
fn wrap_in_card(html: &str, text: &CardText, setting: &title_fit::TitleLayout) -> String {
    let CardColors {
        accent,
        on_accent,
        on_light,
        on_dark,
    } = &text.colours;
    // Korean separates words by spaces, and lines should break only there.
    let word_break = if text.language.starts_with("ko") {
        "keep-all"
    } else {
        "normal"
    };
    let (width, height) = (CARD_WIDTH, CARD_HEIGHT);
    let wrap = if setting.breaks_words {
        "anywhere"
    } else {
        "normal"
    };
    format!(
        "<div dir=\"{direction}\" style=\"display:block;position:relative;width:{width}px;\
         height:{height}px;word-break:{word_break};background-color:#ffffff;--accent:{accent};--on-accent:{on_accent};\
         --accent-on-light:{on_light};--accent-on-dark:{on_dark};--title-size:{size}px;--title-wrap:{wrap}\">\
         {html}</div>",
        direction = text.direction,
        size = setting.size,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builtin_themes_parse_and_draw() {
        let typesetter = Typesetter::with_bundled_font();
        for theme in [CardTheme::Paper, CardTheme::Ink, CardTheme::Poster] {
            let tried = draw_samples(super::builtin_template(theme), &typesetter);
            assert!(tried.is_ok(), "{theme:?}: {tried:?}");
        }
    }
}
