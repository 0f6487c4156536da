//! Parses data files and the front matter of posts for modules that inspect a site without building posts.

use chrono::{DateTime, Utc};

use super::date::{self, DateOptions};
use super::field_names::{default_names, is_address};
use super::{self as front_matter, FrontMatterSplit};
use crate::config::Field;
use crate::time_zone::IanaZone;

pub use super::FrontMatterFormat;
pub use super::node::{FrontMatterError, FrontMatterValue, Node};

/// Parses a whole file. Lines count from 1.
///
/// # Errors
/// The text does not parse, or exceeds the size limits of a front matter.
pub fn parse_data_file(format: FrontMatterFormat, text: &str) -> Result<Node, FrontMatterError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    Ok(front_matter::parse_below_lines(0, format, text)?.root)
}

/// Parses the front matter of a post; `None` if there is none, or it does not parse.
///
/// With `reads_field_lines`, it may be fields without a fence.
pub fn parse_post_front_matter(text: &str, reads_field_lines: bool) -> Option<Node> {
    match front_matter::split_with_field_lines(text, reads_field_lines) {
        FrontMatterSplit::Present(front) => Some(
            front_matter::parse_with_field_lines(&front, reads_field_lines)
                .ok()?
                .root,
        ),
        FrontMatterSplit::Unclosed(_) | FrontMatterSplit::None => None,
    }
}

/// Finds the date of a post: in a field, in its path, or in its permalink.
///
/// `stem` is its path without the extension. A date without a zone is read as UTC.
pub fn find_post_date(front: &Node, stem: &str) -> Option<DateTime<Utc>> {
    let in_address = || date::parse_path_date(find_permalink(front)?.0, IanaZone::UTC);
    date_field_names()
        .find_map(|name| parse_field_date(front.get(name)?))
        .or_else(|| date::parse_path_date(stem, IanaZone::UTC))
        .or_else(in_address)
}

/// Parses the date in a field, as UTC if it has no zone.
pub fn parse_field_date(field: &Node) -> Option<DateTime<Utc>> {
    date::parse_date(field.as_text()?, date_options_for_zone(IanaZone::UTC))
}

fn date_options_for_zone(zone: IanaZone) -> DateOptions {
    DateOptions {
        zone,
        z_is_local: false,
        plain_times_are_utc: false,
    }
}

/// Lists the names of the fields that may hold the date of a post.
fn date_field_names() -> impl Iterator<Item = &'static str> {
    let fields = [Field::Date, Field::PublishDate];
    fields.into_iter().flat_map(default_names).copied()
}

/// Finds the permalink in the front matter, as written, and its line.
pub fn find_permalink(front: &Node) -> Option<(&str, usize)> {
    default_names(Field::Permalink).iter().find_map(|name| {
        let node = front.get(name)?;
        let text = node.as_text().filter(|text| is_address(name, text))?;
        Some((text, node.line))
    })
}

/// Returns true if the front matter has a title that is not empty.
pub fn has_title(front: &Node) -> bool {
    let mut names = default_names(Field::Title).iter();
    names.any(|name| {
        front
            .get(name)
            .is_some_and(|node| node.as_text().is_some_and(|text| !text.trim().is_empty()))
    })
}

/// Returns true if the date of a post has no zone, so that its instant depends on the site's.
pub fn has_zoneless_date(front: &Node) -> bool {
    let mut names = default_names(Field::Date).iter();
    let date = names.find_map(|name| front.get(name)?.as_text());
    let zones = [Some(IanaZone::UTC), IanaZone::from_name("Pacific/Auckland")];
    date.is_some_and(|date| {
        let [here, there] = zones.map(|zone| date::parse_date(date, date_options_for_zone(zone?)));
        here.is_some() && here != there
    })
}

/// Returns true if a field of this name may hold the date of a post.
pub fn is_date_field(name: &str) -> bool {
    date_field_names().any(|known| known.eq_ignore_ascii_case(name))
}

/// Returns true if a file name begins with a day: `2024-05-01-a-post`.
pub fn has_date_prefix(name: &str) -> bool {
    date::parse_date_prefix(name).is_some()
}
