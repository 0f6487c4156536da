//! The text of a data file, or of a post, into the tree that front matter is read as.
//!
//! For rooms that look at a site without making posts of it. The tree is read, not made, there.

use chrono::{DateTime, Utc};

use super::date::{self, Clock};
use super::dialect::built_in;
use super::front_matter::{self, Split};
use crate::config::Field;
use crate::zone::Zone;

pub use super::front_matter::{Fault, Format, Node, Value};

/// Parses a whole file. Lines count from 1.
///
/// # Errors
/// The text does not parse, or is beyond the budget of a front matter.
pub fn document(format: Format, text: &str) -> Result<Node, Fault> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    Ok(front_matter::parse_below(0, format, text)?.root)
}

/// The front matter that the text of a post begins with; `None` where there is none that parses.
pub fn front_matter(text: &str) -> Option<Node> {
    match front_matter::split(text) {
        Split::Front(front) => Some(front_matter::parse(&front).ok()?.root),
        Split::Open(_) | Split::None => None,
    }
}

/// The date of a post: in a field, in its path, or in the address that it gives itself. `stem` is
/// its path without the extension. A date without a zone is read as UTC.
pub fn date(front: &Node, stem: &str) -> Option<DateTime<Utc>> {
    let in_address = || date::in_path(permalink(front)?.0, Zone::UTC);
    date_fields()
        .find_map(|name| date_in(front.get(name)?))
        .or_else(|| date::in_path(stem, Zone::UTC))
        .or_else(in_address)
}

/// The date that a field holds.
pub fn date_in(field: &Node) -> Option<DateTime<Utc>> {
    date::parse(field.text()?, clock(Zone::UTC))
}

fn clock(zone: Zone) -> Clock {
    Clock {
        zone,
        z_is_local: false,
    }
}

/// The names of the fields that a post's date is looked for in.
fn date_fields() -> impl Iterator<Item = &'static str> {
    let fields = [Field::Date, Field::PublishDate];
    fields.into_iter().flat_map(built_in).copied()
}

/// The address that a post gives itself, as it is written, and its line.
pub fn permalink(front: &Node) -> Option<(&str, usize)> {
    built_in(Field::Permalink).iter().find_map(|name| {
        let node = front.get(name)?;
        Some((node.text()?, node.line))
    })
}

/// Whether a post has a title of its own.
pub fn has_title(front: &Node) -> bool {
    let mut names = built_in(Field::Title).iter();
    names.any(|name| {
        front
            .get(name)
            .is_some_and(|node| node.text().is_some_and(|text| !text.trim().is_empty()))
    })
}

/// Whether the date of a post names no zone, so that it means another instant in each.
pub fn is_without_zone(front: &Node) -> bool {
    let mut names = built_in(Field::Date).iter();
    let date = names.find_map(|name| front.get(name)?.text());
    let zones = [Some(Zone::UTC), Zone::named("Pacific/Auckland")];
    date.is_some_and(|date| {
        let [here, there] = zones.map(|zone| date::parse(date, clock(zone?)));
        here.is_some() && here != there
    })
}

/// Whether the date of a post is looked for in a field of this name.
pub fn is_date_field(name: &str) -> bool {
    date_fields().any(|known| known.eq_ignore_ascii_case(name))
}

/// Whether a file's name begins with a day: `2024-05-01-a-post`.
pub fn begins_with_day(name: &str) -> bool {
    date::in_name(name).is_some()
}
