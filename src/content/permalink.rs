//! A pattern of permalinks, and what is known of a post, into its address.

use chrono::{DateTime, Datelike as _, Timelike as _, Utc};
use url::Url;

use super::address::MAX_URL;
use super::date;
use super::location::Location;
use crate::config::{self, PERMALINK_PARTS};
use crate::percent;
use crate::text::slug;

/// What a pattern is filled from.
pub(super) struct Parts<'a> {
    /// What the file's path says.
    pub(super) location: &'a Location,
    /// What the front matter gives in place of the file's name.
    pub(super) slug: Option<&'a str>,
    /// What the front matter gives as title.
    pub(super) title: Option<&'a str>,
    /// The language, where it is not the site's.
    pub(super) language: Option<&'a str>,
    /// The date the post bears.
    pub(super) published: DateTime<Utc>,
    /// The categories.
    pub(super) categories: &'a [String],
}

/// The pattern that a permalink of a front matter is, be it by one of Jekyll's names for some;
/// `None` where it is an address.
pub(super) fn pattern_of(written: &str) -> Option<String> {
    let style = match written {
        "pretty" => "/:categories/:year/:month/:day/:title/",
        "date" => "/:categories/:year/:month/:day/:title.html",
        "ordinal" => "/:categories/:year/:y_day/:title.html",
        "none" => "/:categories/:title.html",
        _ => {
            // Each part may be as long as an address, so a longer pattern is none.
            let is_pattern = written.len() <= MAX_URL
                && written.starts_with(['/', ':'])
                && pieces(written).any(|piece| matches!(piece, Piece::Part(_)));
            return is_pattern.then(|| written.to_owned());
        }
    };
    Some(style.to_owned())
}

/// Fills a pattern. In one that a post gives itself, `:title` is the name of the file, as Jekyll has
/// it; in that of the site it is the title.
pub(super) fn fill(pattern: &str, parts: &Parts<'_>, site: &config::Site, of_post: bool) -> Url {
    let mut path = String::new();
    if let Some(language) = parts.language.filter(|_| !of_post) {
        path.push('/');
        path.push_str(&percent::segment(&language.to_ascii_lowercase()));
        path.push('/');
    }
    for piece in pieces(pattern) {
        match piece {
            Piece::Text(text) => path.push_str(text),
            Piece::Part(name) => path.push_str(&part(name, parts, site, of_post)),
        }
    }
    // A part that is empty leaves two slashes.
    while path.contains("//") {
        path = path.replace("//", "/");
    }
    let mut url = site.url.clone();
    let base = site.url.path();
    url.set_path(&format!("{base}{}", path.trim_start_matches('/')));
    url
}

enum Piece<'a> {
    Text(&'a str),
    Part(&'a str),
}

/// A pattern as text and parts. `:output_ext`, which Jekyll has, is text.
fn pieces(pattern: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut first = true;
    pattern.split(':').flat_map(move |rest| {
        let is_part = !std::mem::take(&mut first);
        let end = rest
            .find(|c: char| !c.is_ascii_alphabetic() && c != '_')
            .unwrap_or(rest.len());
        let (name, text) = rest.split_at_checked(end).unwrap_or((rest, ""));
        match (is_part, name) {
            (true, "output_ext") => [Piece::Text(".html"), Piece::Text(text)],
            (true, name) if PERMALINK_PARTS.contains(&name) => {
                [Piece::Part(name), Piece::Text(text)]
            }
            _ => [Piece::Text(rest), Piece::Text("")],
        }
    })
}

fn part(name: &str, parts: &Parts<'_>, site: &config::Site, of_post: bool) -> String {
    let Location {
        dirs, name: file, ..
    } = parts.location;
    let date = parts.published.with_timezone(&site.timezone);
    // Generators make slugs of words that are none yet.
    let given = parts
        .slug
        .map(|given| match given.contains(char::is_whitespace) {
            true => slug(given),
            false => given.to_owned(),
        });
    let given = given.as_deref();
    let bare = given.unwrap_or_else(|| without_date(file));
    let last = given.unwrap_or(file);
    let segments = |names: &mut dyn Iterator<Item = &str>| {
        names.map(percent::segment).collect::<Vec<_>>().join("/")
    };
    let dir = dirs.iter().map(String::as_str);
    match name {
        "year" => format!("{:04}", date.year()),
        "short_year" => format!("{:02}", date.year() % 100),
        "month" => format!("{:02}", date.month()),
        "i_month" => date.month().to_string(),
        "day" => format!("{:02}", date.day()),
        "i_day" => date.day().to_string(),
        "y_day" => format!("{:03}", date.ordinal()),
        "hour" => format!("{:02}", date.hour()),
        "minute" => format!("{:02}", date.minute()),
        "second" => format!("{:02}", date.second()),
        "category" => {
            let first = parts.categories.first().map(String::as_str);
            percent::segment(&slug(first.unwrap_or("uncategorized")))
        }
        "categories" => {
            let slugs: Vec<String> = parts.categories.iter().map(|label| slug(label)).collect();
            segments(&mut slugs.iter().map(String::as_str))
        }
        "slug_or_title" if given.is_some() => percent::segment(bare),
        "title" | "slug_or_title" if !of_post => match parts.title {
            Some(title) => percent::segment(&slug(title)),
            None => percent::segment(bare),
        },
        "slug" | "title" | "slug_or_title" => percent::segment(bare),
        "name" => percent::segment(without_date(file)),
        "dir" => segments(&mut dir.clone()),
        "section" => segments(&mut dir.clone().take(1)),
        _ => segments(&mut dir.clone().chain([last])),
    }
}

/// The name of a file without the date that Jekyll and Zola have before it.
pub(super) fn without_date(name: &str) -> &str {
    let rest = date::in_name(name).and_then(|_| name.get(date::NAME_LENGTH..));
    let rest = rest.map(|rest| rest.trim_start_matches(['-', '_', ' ']));
    rest.filter(|rest| !rest.is_empty()).unwrap_or(name)
}
