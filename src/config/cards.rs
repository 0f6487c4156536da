//! Reads `[cards]` of `config.toml`: template, fonts and cache of preview images.

use std::path::{Path, PathBuf};

use crate::config_table::values::parse_choice;
use crate::config_table::{ConfigErrors, ConfigTable, Spanned};

/// Default size of the image cache, in bytes. A day of 100,000 previews shows a few hundred posts,
/// at 20 to 60 KB each.
const DEFAULT_CACHE_BYTES: usize = 64 * 1024 * 1024;
/// Default length of the render queue: at least half a second of work for one core.
const DEFAULT_QUEUE_LENGTH: usize = 256;

/// Reads the section. Paths are relative to `dir`; `has_pictures` is true if `content.static_dir` is set.
pub(super) fn read_cards(
    mut table: ConfigTable<'_, '_>,
    faults: &ConfigErrors<'_>,
    dir: &Path,
    has_static_dir: bool,
) -> CardConfig {
    let written = table.take_string("picture");
    let picture = parse_choice(
        faults,
        written.clone(),
        &[
            ("own", PreviewImage::Own),
            ("drawn", PreviewImage::Drawn),
            ("framed", PreviewImage::Framed),
        ],
    );
    let theme = parse_choice(
        faults,
        table.take_string("theme"),
        &[
            ("paper", CardTheme::Paper),
            ("ink", CardTheme::Ink),
            ("poster", CardTheme::Poster),
        ],
    );
    if let (Some(PreviewImage::Framed), Some(written), false) = (picture, &written, has_static_dir)
    {
        let hint = "write where pictures are, such as `static_dir = \"static\"` in `[content]`";
        let message = "is `framed`, and `content.static_dir` is missing";
        faults.report_at(written, message, hint);
    }
    let path = |written: Spanned<String>| dir.join(written.value);
    let template = table.take_string("template").map(path);
    let logo = table.take_string("logo").map(path);
    let fonts = table
        .take_strings("fonts")
        .map(|written| written.value)
        .unwrap_or_default();
    let system_fonts = table
        .take_bool("system_fonts")
        .is_none_or(|written| written.value);
    let cache_size = table
        .take_usize("cache_size")
        .map_or(DEFAULT_CACHE_BYTES, |written| written.value);
    let queue = table
        .take_usize("queue")
        .map_or(DEFAULT_QUEUE_LENGTH, |written| written.value);
    table.reject_unknown();
    CardConfig {
        picture: picture.unwrap_or(PreviewImage::Own),
        theme: theme.unwrap_or(CardTheme::Paper),
        template,
        logo,
        fonts: fonts.into_iter().map(|font| dir.join(font)).collect(),
        system_fonts,
        cache_size: cache_size as u64,
        queue: queue.max(1),
    }
}

/// `[cards]`: appearance of preview images.
#[derive(Debug, Clone, PartialEq)]
pub struct CardConfig {
    /// Preview image of a post that has an image of its own.
    pub picture: PreviewImage,
    /// Built-in template.
    pub theme: CardTheme,
    /// Custom template file, absolute or relative to the working directory.
    pub template: Option<PathBuf>,
    /// Image file of the site's logo.
    pub logo: Option<PathBuf>,
    /// Font files and directories of them, tried after the bundled fonts.
    pub fonts: Vec<PathBuf>,
    /// True if the system's fonts are tried after those.
    pub system_fonts: bool,
    /// Maximum size of the cache of rendered images, in bytes.
    pub cache_size: u64,
    /// Maximum number of images that wait to be rendered.
    pub queue: usize,
}

/// `cards.picture`: preview image of a post that has an image of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PreviewImage {
    /// The post's own image; a card is rendered only for posts without one.
    Own,
    /// A rendered card without the post's image.
    Drawn,
    /// A rendered card that contains the post's image, if that is on disk.
    Framed,
}

/// `cards.theme`: built-in template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardTheme {
    /// Dark text on a light background.
    Paper,
    /// Light text on a dark background.
    Ink,
    /// Background in the site's theme colour.
    Poster,
}
