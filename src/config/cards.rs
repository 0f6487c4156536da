//! The section `[cards]`: what is written to what is meant.

use std::path::Path;

use super::raw::{Faults, Table, Written};
use super::{CardPicture, Cards, Theme};

/// A hundred thousand previews of a day are of a few hundred posts, at 20 to 60 KB each.
const CACHE_SIZE: usize = 64 * 1024 * 1024;
/// Half a second's work of one core, at the least.
const QUEUE: usize = 256;

/// Paths are relative to `dir`; `has_pictures` tells whether it is known where those of posts are.
pub(super) fn cards(
    mut table: Table<'_, '_>,
    faults: &Faults<'_>,
    dir: &Path,
    has_pictures: bool,
) -> Cards {
    let written = table.string("picture");
    let picture = choice(
        faults,
        written.clone(),
        &[
            ("own", CardPicture::Own),
            ("drawn", CardPicture::Drawn),
            ("framed", CardPicture::Framed),
        ],
    );
    let theme = choice(
        faults,
        table.string("theme"),
        &[
            ("paper", Theme::Paper),
            ("ink", Theme::Ink),
            ("poster", Theme::Poster),
        ],
    );
    if let (Some(CardPicture::Framed), Some(written), false) = (picture, &written, has_pictures) {
        let hint = "write where pictures are, such as `static_dir = \"static\"` in `[content]`";
        let message = "is `framed`, and `content.static_dir` is missing";
        faults.at(written, message, hint);
    }
    let path = |written: Written<String>| dir.join(written.value);
    let template = table.string("template").map(path);
    let logo = table.string("logo").map(path);
    let fonts = table
        .strings("fonts")
        .map(|written| written.value)
        .unwrap_or_default();
    let system_fonts = table
        .boolean("system_fonts")
        .is_none_or(|written| written.value);
    let cache_size = table
        .count("cache_size")
        .map_or(CACHE_SIZE, |written| written.value);
    let queue = table.count("queue").map_or(QUEUE, |written| written.value);
    table.finish();
    Cards {
        picture: picture.unwrap_or(CardPicture::Own),
        theme: theme.unwrap_or(Theme::Paper),
        template,
        logo,
        fonts: fonts.into_iter().map(|font| dir.join(font)).collect(),
        system_fonts,
        cache_size: cache_size as u64,
        queue: queue.max(1),
    }
}

/// One of a few words.
pub(super) fn choice<T: Copy>(
    faults: &Faults<'_>,
    written: Option<Written<String>>,
    known: &[(&str, T)],
) -> Option<T> {
    let written = written?;
    let found = known.iter().find(|(word, _)| *word == written.value);
    if found.is_none() {
        let words: Vec<_> = known.iter().map(|(word, _)| format!("`{word}`")).collect();
        let hint = match words.as_slice() {
            [others @ .., last] => format!("it is {} or {last}", others.join(", ")),
            [] => String::new(),
        };
        faults.at(&written, &format!("is `{}`", written.value), hint);
    }
    found.map(|(_, meant)| *meant)
}
