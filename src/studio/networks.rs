//! A picture as previews are to show it, into what networks make of it.

use crate::finding::{Rule, Severity};
use crate::picture::Picture;

/// Facebook draws smaller ones beside the text, and not above it.
const LARGE_PREVIEW: (usize, usize) = (600, 315);
/// WhatsApp draws none that is larger, in bytes.
const WHATSAPP: u64 = 600_000;
/// X and LinkedIn draw none that is larger, in bytes.
const X: u64 = 5_000_000;

/// What is to be said of a picture: how bad, which rule, what, and what to do.
pub(super) fn verdict(picture: &Picture) -> Option<(Severity, Rule, String, &'static str)> {
    let name = &picture.name;
    if picture.is_drawing() {
        return Some((
            Severity::Warning,
            Rule::UnusablePicture,
            format!("the picture `{name}` is SVG, which no network draws"),
            "save it as PNG or JPEG, or set `cards.picture = \"drawn\"`",
        ));
    }
    let hint = "save it smaller; 1200 × 630 pixels and 300 KB are enough for every network";
    if picture.bytes > X {
        let megabytes = picture.bytes / 1_000_000;
        let message = format!("the picture `{name}` has {megabytes} MB, and X and LinkedIn take 5");
        return Some((Severity::Warning, Rule::LargePicture, message, hint));
    }
    if picture.bytes > WHATSAPP {
        let kilobytes = picture.bytes / 1_000;
        let message = format!("the picture `{name}` has {kilobytes} KB, and WhatsApp takes 600");
        return Some((Severity::Note, Rule::LargePicture, message, hint));
    }
    let (width, height) = LARGE_PREVIEW;
    (picture.width < width || picture.height < height).then(|| {
        (
            Severity::Note,
            Rule::SmallPicture,
            format!(
                "the picture `{name}` has {} × {} pixels, and previews draw it small",
                picture.width, picture.height
            ),
            "upload one of 1200 × 630 pixels",
        )
    })
}
