//! Finds the parts of an address that only a generator can fill, and fills those of Eleventy's permalinks.

use std::fmt::Write as _;

use super::permalink_pattern::{PermalinkParts, strip_date_prefix};
use crate::config::{NameStyle, PERMALINK_PARTS, SiteConfig};
use crate::model::post::permalink::MAX_URL_BYTES;
use crate::path_segments::{SegmentSource, make_segments};
use crate::text::find_template_part;
use crate::text::without_extension;
use crate::url_path::{encode_segment, encode_segments};

/// Finds a part of a pattern that nothing fills, such as `:collection`. A full URL is no pattern.
pub(super) fn find_unknown_part(text: &str) -> Option<&str> {
    let is_url = text.contains("://");
    text.split(['/', '-', '.']).find(|piece| {
        let name = piece.strip_prefix(':').unwrap_or_default();
        let end = name.find(|c: char| !c.is_ascii_alphabetic() && c != '_');
        let name = end.map_or(name, |end| name.get(..end).unwrap_or_default());
        let is_known = PERMALINK_PARTS.contains(&name) || name == "output_ext";
        !name.is_empty() && (is_url || !is_known)
    })
}

/// Fills the tags of a permalink: `{{ page.fileSlug }}`, `{{ title | slugify }}`.
///
/// # Errors
/// The first part that has no known value.
pub(super) fn fill_template<'t>(
    text: &'t str,
    parts: &PermalinkParts<'_>,
    site: &SiteConfig,
) -> Result<String, &'t str> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some(part) = find_template_part(rest) {
        let (literal, next) = rest.split_once(part).ok_or(part)?;
        filled.push_str(literal);
        // A value may be long, and a text may have many tags.
        if text.len().max(filled.len()) > MAX_URL_BYTES {
            return Err(part);
        }
        filled.push_str(&fill_tag(part, parts, site).ok_or(part)?);
        rest = next;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// Returns the value of a tag as a part of a path; `None` if it is not known.
fn fill_tag(part: &str, parts: &PermalinkParts<'_>, site: &SiteConfig) -> Option<String> {
    // Hyphens inside the braces remove the spaces around the tag.
    let tag = part.strip_prefix("{{")?.strip_suffix("}}")?;
    let (name, filter) = tag.trim_matches('-').split_once('|').unwrap_or((tag, ""));
    let filter = filter.trim();
    let value = match name.trim_matches(['-', ' ']) {
        "page.fileSlug" => strip_date_prefix(&parts.location.name),
        "title" => parts.title?,
        "slug" => parts.slug?,
        "page.filePathStem" if filter.is_empty() => return file_path_stem(parts),
        "page.date" | "date" => return format_date(filter, parts, site),
        _ => return None,
    };
    match filter {
        "" => Some(encode_segment(value)),
        "slugify" => Some(make_segments(
            NameStyle::Eleventy,
            SegmentSource::Title,
            value,
        )),
        "slug" => Some(make_segments(
            NameStyle::EleventySlug,
            SegmentSource::Title,
            value,
        )),
        _ => None,
    }
}

/// Returns the path of a file below Eleventy's input, without extension and date; `None` if it is not known.
///
/// The site's pattern says where the content is: `/posts/:path/` is for a directory `posts` of the input.
fn file_path_stem(parts: &PermalinkParts<'_>) -> Option<String> {
    let (above, _) = parts.site_pattern.split_once(":path")?;
    let stem = without_extension(parts.file);
    let (dir, name) = stem.rsplit_once('/').unwrap_or(("", stem));
    let path = encode_segments(&format!("{dir}/{}", strip_date_prefix(name)));
    let is_known = above.ends_with('/') && !above.contains(':');
    is_known.then(|| format!("{above}{}", path.trim_start_matches('/')))
}

/// Formats the date of the post by Liquid's filter `date`; `None` if the filter is different or has no format.
fn format_date(filter: &str, parts: &PermalinkParts<'_>, site: &SiteConfig) -> Option<String> {
    let format = filter.strip_prefix("date")?.trim_start();
    let format = format.strip_prefix([':', '('])?;
    let format = format.trim_matches([' ', ')', '"', '\'']);
    let date = parts.published.with_timezone(&site.timezone);
    let mut path = String::new();
    // A format without a part is the name of a variable. Writing fails if a part is invalid.
    write!(path, "{}", date.format(format))
        .ok()
        .filter(|()| format.contains('%'))?;
    Some(encode_segments(&path))
}
