//! The texts of a card, a template, faces and pictures into the PNG that previews show.
//!
//! Pure: the same texts, template, faces and pictures give the same bytes, on every machine.

mod canvas;
mod date;
mod fit;
mod png;
mod template;
mod text;

use std::sync::LazyLock;

use crate::config::Theme;
use canvas::{Images, Page};
use template::Fields;

pub use canvas::Typesetter;
pub use template::{Template, TemplateFault};
pub use text::{CardText, Colours};

/// The size of the picture, in pixels.
pub const WIDTH: u32 = canvas::WIDTH;
/// See [`WIDTH`].
pub const HEIGHT: u32 = canvas::HEIGHT;
/// WhatsApp draws no larger picture.
pub const MAX_BYTES: usize = 300_000;
/// Counts the ways in which cards have been drawn. It is part of every fingerprint, so raise it
/// when the same card becomes other pixels: a theme, a renderer's new version, the palette.
pub const EDITION: u32 = 1;

/// The pictures in a card, decoded.
#[derive(Default)]
pub struct Pictures {
    images: Images,
    cover: &'static str,
    logo: &'static str,
}

impl Pictures {
    /// Decodes the post's own picture and the site's mark, as files hold them. Also returns which of
    /// them are broken, and left out.
    pub fn read(cover: Option<&[u8]>, logo: Option<&[u8]>) -> (Pictures, Vec<&'static str>) {
        let mut pictures = Pictures::default();
        let mut broken = Vec::new();
        let mut name_of = |name: &'static str, bytes: Option<&[u8]>| {
            match bytes.map(|bytes| pictures.images.add(name, bytes)) {
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

/// Why a card cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum CardImageError {
    /// The template cannot be filled in.
    #[error("cannot be filled in: {0}")]
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

/// The template of a built-in theme.
pub fn theme(theme: Theme) -> &'static Template {
    static PAPER: LazyLock<Template> =
        LazyLock::new(|| built_in(include_str!("card_image/themes/paper.html")));
    static INK: LazyLock<Template> =
        LazyLock::new(|| built_in(include_str!("card_image/themes/ink.html")));
    static POSTER: LazyLock<Template> =
        LazyLock::new(|| built_in(include_str!("card_image/themes/poster.html")));
    match theme {
        Theme::Paper => &PAPER,
        Theme::Ink => &INK,
        Theme::Poster => &POSTER,
    }
}

#[expect(
    clippy::expect_used,
    reason = "part of the binary, and tested: no input reaches it"
)]
fn built_in(text: &str) -> Template {
    Template::parse(text).expect("the built-in themes parse")
}

/// Draws a card of nobody's, to see whether a template can be drawn at all.
///
/// # Errors
/// As [`draw`].
pub fn try_out(template: &Template, typesetter: &Typesetter) -> Result<(), CardImageError> {
    for is_post in [true, false] {
        let text = CardText::sample(is_post);
        draw(&text, template, typesetter, &Pictures::default())?;
    }
    Ok(())
}

/// Whether a picture, as a file holds it, can be drawn.
pub fn is_picture(bytes: &[u8]) -> bool {
    Pictures::read(None, Some(bytes)).1.is_empty()
}

/// Draws a card.
///
/// # Errors
/// The template cannot be filled in, or a library failed.
pub fn draw(
    text: &CardText,
    template: &Template,
    typesetter: &Typesetter,
    pictures: &Pictures,
) -> Result<Vec<u8>, CardImageError> {
    let page = |setting: &fit::Setting, title: String| -> Result<Page<'_>, CardImageError> {
        let titled = CardText {
            title,
            ..text.clone()
        };
        let html = template
            .fill(&Fields {
                text: &titled,
                cover: pictures.cover,
                logo: pictures.logo,
            })
            .map_err(|error| CardImageError::Template(error.to_string()))?;
        let html = framed(&html, &titled, setting);
        Ok(Page::new(
            &html,
            &text.language,
            &template.sheet,
            typesetter,
            &pictures.images,
        )?)
    };
    let setting = fit::fit(&text.title, &template.sizes, |setting| {
        let marked = format!("{}{}", canvas::MARK, setting.title);
        page(setting, marked)?
            .holds(f32::from(setting.size))
            .map_err(CardImageError::from)
    })?;
    let pixels = page(&setting, setting.title.clone())?.draw()?;
    Ok(png::encode(&pixels, WIDTH as usize, MAX_BYTES)?)
}

/// The template's HTML within the card, which has the custom properties that style sheets use.
fn framed(html: &str, text: &CardText, setting: &fit::Setting) -> String {
    let Colours {
        accent,
        on_accent,
        on_light,
        on_dark,
    } = &text.colours;
    // Words of Korean have blanks between them, and lines end there.
    let word_break = if text.language.starts_with("ko") {
        "keep-all"
    } else {
        "normal"
    };
    let wrap = if setting.breaks { "anywhere" } else { "normal" };
    format!(
        "<div dir=\"{direction}\" style=\"display:block;position:relative;width:{WIDTH}px;\
         height:{HEIGHT}px;word-break:{word_break};background-color:#ffffff;--accent:{accent};--on-accent:{on_accent};\
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
    fn the_built_in_themes_parse_and_draw() {
        let typesetter = Typesetter::bundled();
        for theme in [Theme::Paper, Theme::Ink, Theme::Poster] {
            let tried = try_out(super::theme(theme), &typesetter);
            assert!(tried.is_ok(), "{theme:?}: {tried:?}");
        }
    }
}
