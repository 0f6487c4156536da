//! Fills permalink patterns with the parts of a post.

use chrono::{DateTime, Datelike as _, Timelike as _, Utc};
use url::Url;

use super::path_info::PathInfo;
use crate::config::{self, PERMALINK_PARTS};
use crate::front_matter::date;
use crate::model::post::permalink::MAX_URL_BYTES;
use crate::text::slugify_label;
use crate::url_path;

/// Values for the parts of a pattern.
pub(super) struct PermalinkParts<'a> {
    /// Information from the file's path.
    pub(super) location: &'a PathInfo,
    /// Slug from the front matter, in place of the file name.
    pub(super) slug: Option<&'a str>,
    /// Title from the front matter.
    pub(crate) title: Option<&'a str>,
    /// Language, if it is not the site's default.
    pub(super) language: Option<&'a str>,
    /// Date of the post.
    pub(super) published: DateTime<Utc>,
    /// Labels of the categories.
    pub(super) categories: &'a [String],
}

/// Parses a permalink of the front matter as a pattern, or as one of Jekyll's names for patterns; `None` if it is
/// an address.
pub(super) fn parse_pattern(written: &str) -> Option<String> {
    let style = match written {
        "pretty" => "/:categories/:year/:month/:day/:title/",
        "date" => "/:categories/:year/:month/:day/:title.html",
        "ordinal" => "/:categories/:year/:y_day/:title.html",
        "none" => "/:categories/:title.html",
        _ => {
            // Each part may become as long as a URL, so longer patterns are rejected.
            let is_pattern = written.len() <= MAX_URL_BYTES
                && written.starts_with(['/', ':'])
                && split_pattern(written).any(|piece| matches!(piece, PatternPiece::Part(_)));
            return is_pattern.then(|| written.to_owned());
        }
    };
    Some(style.to_owned())
}

/// Fills a pattern, which is the post's own if `of_post`.
///
/// In a post's own pattern `:title` is the file name, as in Jekyll. In the site's pattern it is the title.
pub(super) fn fill_pattern(
    pattern: &str,
    parts: &PermalinkParts<'_>,
    site: &config::SiteConfig,
    of_post: bool,
) -> Url {
    let mut path = String::new();
    if let Some(language) = parts.language.filter(|_| !of_post) {
        path.push('/');
        path.push_str(&url_path::encode_segment(&language.to_ascii_lowercase()));
        path.push('/');
    }
    for piece in split_pattern(pattern) {
        match piece {
            PatternPiece::Text(text) => path.push_str(text),
            PatternPiece::Part(name) => path.push_str(&format_part(name, parts, site, of_post)),
        }
    }
    // An empty part leaves two slashes.
    while path.contains("//") {
        path = path.replace("//", "/");
    }
    let mut url = site.url.clone();
    let base = site.url.path();
    url.set_path(&format!("{base}{}", path.trim_start_matches('/')));
    url
}

enum PatternPiece<'a> {
    Text(&'a str),
    Part(&'a str),
}

/// Splits a pattern into text and parts. Jekyll's `:output_ext` becomes text.
fn split_pattern(pattern: &str) -> impl Iterator<Item = PatternPiece<'_>> {
    let mut first = true;
    pattern.split(':').flat_map(move |rest| {
        let is_part = !std::mem::take(&mut first);
        let end = rest
            .find(|c: char| !c.is_ascii_alphabetic() && c != '_')
            .unwrap_or(rest.len());
        let (name, text) = rest.split_at_checked(end).unwrap_or((rest, ""));
        match (is_part, name) {
            (true, "output_ext") => [PatternPiece::Text(".html"), PatternPiece::Text(text)],
            (true, name) if PERMALINK_PARTS.contains(&name) => {
                [PatternPiece::Part(name), PatternPiece::Text(text)]
            }
            _ => [PatternPiece::Text(rest), PatternPiece::Text("")],
        }
    })
}

fn format_part(
    name: &str,
    parts: &PermalinkParts<'_>,
    site: &config::SiteConfig,
    of_post: bool,
) -> String {
    let PathInfo {
        dirs, name: file, ..
    } = parts.location;
    let date = parts.published.with_timezone(&site.timezone);
    // Generators turn a slug with spaces into a real one.
    let given = parts
        .slug
        .map(|given| match given.contains(char::is_whitespace) {
            true => slugify_label(given),
            false => given.to_owned(),
        });
    let given = given.as_deref();
    let bare = given.unwrap_or_else(|| strip_date_prefix(file));
    let last = given.unwrap_or(file);
    let segments = |names: &mut dyn Iterator<Item = &str>| {
        names
            .map(url_path::encode_segment)
            .collect::<Vec<_>>()
            .join("/")
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
            url_path::encode_segment(&slugify_label(first.unwrap_or("uncategorized")))
        }
        "categories" => {
            let slugs: Vec<String> = parts
                .categories
                .iter()
                .map(|label| slugify_label(label))
                .collect();
            segments(&mut slugs.iter().map(String::as_str))
        }
        "slug_or_title" if given.is_some() => url_path::encode_segment(bare),
        "title" | "slug_or_title" if !of_post => match parts.title {
            Some(title) => url_path::encode_segment(&slugify_label(title)),
            None => url_path::encode_segment(bare),
        },
        "slug" | "title" | "slug_or_title" => url_path::encode_segment(bare),
        "name" => url_path::encode_segment(strip_date_prefix(file)),
        "dated_path" => {
            let path: Vec<&str> = match parts.slug {
                Some(slug) => slug.split('/').filter(|name| !name.is_empty()).collect(),
                None => dir.clone().chain([file.as_str()]).collect(),
            };
            let dated = move_date_first(&path, site).filter(|_| parts.slug.is_none());
            segments(&mut dated.unwrap_or(path).into_iter())
        }
        "dir" => segments(&mut dir.clone()),
        "section" => segments(&mut dir.clone().take(1)),
        _ => segments(&mut dir.clone().chain([last])),
    }
}

/// Moves the date of a path to its front, as Docusaurus does: `news/2024-05-01-pier` becomes `2024/05/01/news/pier`.
/// `None` if the path has no date.
fn move_date_first<'a>(names: &[&'a str], site: &config::SiteConfig) -> Option<Vec<&'a str>> {
    let has_date = |name: &&str| date::parse_date_prefix(name).is_some();
    let is_date = |names: &[&str]| date::parse_path_date(&names.join("/"), site.timezone).is_some();
    let prefixed = names.iter().rposition(has_date);
    let at = prefixed.or_else(|| names.windows(3).position(is_date))?;
    let mut parts = Vec::new();
    for (number, name) in names.iter().enumerate() {
        if prefixed == Some(number) {
            let (day, rest) = name.split_at_checked(date::DATE_PREFIX_BYTES)?;
            let rest = Some(rest.trim_start_matches('-')).filter(|rest| !rest.is_empty());
            parts.extend(day.split('-').chain(rest));
        } else {
            parts.push(*name);
        }
    }
    parts.get_mut(..at + 3)?.rotate_left(at);
    Some(parts)
}

/// Removes the date that Jekyll and Zola write before a file name.
pub(super) fn strip_date_prefix(name: &str) -> &str {
    let rest = date::parse_date_prefix(name).and_then(|_| name.get(date::DATE_PREFIX_BYTES..));
    let rest = rest.map(|rest| rest.trim_start_matches(['-', '_', ' ']));
    rest.filter(|rest| !rest.is_empty()).unwrap_or(name)
}
