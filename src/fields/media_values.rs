//! Parses addresses, media types and playing times of the files that come with a post.

use url::Url;

use super::{FrontMatterFields, is_switch};
use crate::front_matter::Node;
use crate::markdown::url_rewrite::escape_url;
use crate::model::post::permalink::MAX_URL_BYTES;
use crate::text::{find_template_part, max_encoded_len};

/// Maximum bytes of a media type. None in use has half of that.
const MAX_TYPE_BYTES: usize = 127;

/// Finds the first of these names, which spaces separate, that holds text.
pub(super) fn find_text<'n>(map: &'n Node, names: &str) -> Option<&'n str> {
    let mut texts = names
        .split_whitespace()
        .filter_map(|name| map.get_in_any_spelling(name)?.as_text());
    texts.find(|text| !is_switch(text))
}

/// Resolves the address of a media file. A relative one is below `podcast.media_url`, or else beside the post.
pub(super) fn resolve_media_url(
    fields: &FrontMatterFields<'_>,
    text: &str,
    base: &Url,
) -> Option<String> {
    let is_relative = !text.contains("://") && !text.starts_with('/');
    let podcast = fields.config.podcast.as_ref().filter(|_| is_relative);
    let media_url = podcast.and_then(|podcast| podcast.media_url.as_ref());
    resolve_url(text, media_url.unwrap_or(base))
}

/// Resolves an address; `None` if it is not one of the web, or too long.
pub(super) fn resolve_url(text: &str, base: &Url) -> Option<String> {
    let url = base.join(text).ok()?;
    let is_usable = matches!(url.scheme(), "http" | "https")
        && find_template_part(text).is_none()
        && max_encoded_len(url.as_str()) <= MAX_URL_BYTES;
    is_usable.then(|| escape_url(url.into()))
}

/// Parses a media type, with its parameters.
pub(super) fn parse_media_type(text: &str) -> Option<String> {
    let (kind, subtype) = text.split_once('/')?;
    let is_kind = !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_subtype = subtype.starts_with(|c: char| c.is_ascii_alphanumeric());
    let is_plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let is_type = is_kind && is_subtype && is_plain && text.len() <= MAX_TYPE_BYTES;
    is_type.then(|| text.to_ascii_lowercase())
}

/// Parses a playing time: `3600`, `1:02:03`, `14:02`, `0:54:43.120`, `48m 3s`, or `PT5M48S` of ISO 8601.
pub(super) fn parse_duration_seconds(text: &str) -> Option<u32> {
    let written = text.strip_prefix("PT").unwrap_or(text).to_ascii_lowercase();
    if written.contains(|c: char| c.is_ascii_alphabetic()) {
        let duration = humantime::parse_duration(&written).ok()?;
        return u32::try_from(duration.as_secs()).ok();
    }
    let mut total: u32 = 0;
    for part in written.split(':') {
        let whole = part.split('.').next().unwrap_or(part).trim();
        total = total.checked_mul(60)?.checked_add(whole.parse().ok()?)?;
    }
    (total > 0).then_some(total)
}
