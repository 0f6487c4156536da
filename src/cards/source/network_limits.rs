//! Checks a picture against the limits of social networks.

use crate::cards::local_image::LocalImage;
use crate::model::finding::{Rule, Severity};

/// Minimum width and height in pixels: Facebook shows a smaller picture beside the text.
const MIN_LARGE_PREVIEW_SIZE: (usize, usize) = (600, 315);
/// Maximum bytes of a picture that WhatsApp shows.
const WHATSAPP_MAX_BYTES: u64 = 600_000;
/// Maximum bytes of a picture that X and LinkedIn show.
const X_MAX_BYTES: u64 = 5_000_000;

/// Returns the first problem of a picture: severity, rule, message and hint.
pub(super) fn check_network_limits(
    picture: &LocalImage,
) -> Option<(Severity, Rule, String, &'static str)> {
    let name = &picture.name;
    if picture.is_svg() {
        return Some((
            Severity::Warning,
            Rule::UnusablePicture,
            format!("the picture `{name}` is SVG, which no network shows"),
            "save it as PNG or JPEG, or set `cards.picture = \"drawn\"`",
        ));
    }
    let hint = "save it smaller; 1200 × 630 pixels and 300 KB are enough for every network";
    if picture.file_bytes > X_MAX_BYTES {
        let megabytes = picture.file_bytes / 1_000_000;
        let message =
            format!("the picture `{name}` has {megabytes} MB; the limit of X and LinkedIn is 5 MB");
        return Some((Severity::Warning, Rule::LargePicture, message, hint));
    }
    if picture.file_bytes > WHATSAPP_MAX_BYTES {
        let kilobytes = picture.file_bytes / 1_000;
        let message =
            format!("the picture `{name}` has {kilobytes} KB; the limit of WhatsApp is 600 KB");
        return Some((Severity::Note, Rule::LargePicture, message, hint));
    }
    let (width, height) = MIN_LARGE_PREVIEW_SIZE;
    (picture.width < width || picture.height < height).then(|| {
        (
            Severity::Note,
            Rule::SmallPicture,
            format!(
                "the picture `{name}` has {} × {} pixels; previews show it small",
                picture.width, picture.height
            ),
            "upload one of 1200 × 630 pixels",
        )
    })
}
