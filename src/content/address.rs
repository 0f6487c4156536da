//! Where a post is read, and the id that names it for ever.

use chrono::{DateTime, Datelike as _, Utc};
use url::Url;

use super::date;
use super::fields::{Fields, Place};
use crate::config;
use crate::finding::{Rule, Severity};
use crate::percent;
use crate::post::Permalink;
use crate::text::{slug, written_length};

pub(super) const PERMALINK: [&str; 6] = [
    "seo.url",
    "canonical_url",
    "canonicalUrl",
    "permalink",
    "url",
    "path",
];
const ID: [&str; 2] = ["id", "guid"];
/// In bytes as HTML writes them. No crawler follows a longer one, and a card's head has to hold it.
pub(super) const MAX_URL: usize = 2048;
const HINT: &str = "write the address of the post, such as `https://example.org/blog/a-post`";

/// What a permalink pattern is filled from.
pub(super) struct Parts<'a> {
    /// The file below the content directory, without its extension; of a page bundle, its directory.
    pub(super) stem: &'a str,
    /// What the front matter gives in place of the file's name.
    pub(super) slug: Option<&'a str>,
    /// The date the post bears.
    pub(super) published: DateTime<Utc>,
    /// The first category.
    pub(super) category: Option<&'a str>,
}

/// The permalink and the id.
///
/// The id is what the front matter gives as such, else the permalink as it is written there, else
/// the permalink. As it is written, because a site that moves must not re-post its archive.
pub(super) fn address(
    fields: &Fields<'_>,
    parts: &Parts<'_>,
    site: &config::Site,
) -> (Permalink, String) {
    let written = fields.text(&PERMALINK);
    let as_written = written
        .and_then(|(text, line)| resolve(fields, text, line, site).map(|url| (text, url, line)));
    let (written_url, mut url, line) = match as_written {
        Some((text, url, line)) => (
            Url::parse(text).ok().map(|_| text.to_owned()),
            url,
            Some(line),
        ),
        None => (None, from_pattern(parts, site), None),
    };
    let moved = std::iter::once(&site.url)
        .chain(&site.former_urls)
        .find_map(|from| moved(&url, from, &site.url));
    if let Some(here) = moved {
        url = here;
    }
    let on_site = url.origin() == site.url.origin();
    if !on_site {
        fields.note(
            Severity::Warning,
            Rule::ForeignPermalink,
            match (line, written) {
                (Some(line), Some((text, _))) => Place::mark(line, text),
                _ => Place::default(),
            },
            format!("the permalink `{url}` is not on `{}`", site.url.origin().ascii_serialization()),
            "if the site used to live there, add the address to `site.former_urls`; until then the post stays out of the sitemap",
        );
    }
    url.set_fragment(None);
    if let Some(path) = percent::normalize_path(url.path()) {
        url.set_path(&path);
    }
    let permalink = Permalink {
        path: url.path().to_owned(),
        url: url.into(),
        on_site,
        line,
    };
    let id = match fields.text(&ID) {
        Some((id, line)) => {
            if Url::parse(id).is_err() {
                fields.note(
                    Severity::Warning,
                    Rule::RelativeId,
                    Place::mark(line, id),
                    format!("the id `{id}` is no absolute address, which Atom asks for"),
                    "write a URL or a `tag:` or `urn:` address; if readers know the post by this id already, keep it",
                );
            }
            id.to_owned()
        }
        None => written_url.unwrap_or_else(|| permalink.url.clone()),
    };
    // A blank or a bracket is none of an IRI's (RFC 3987 §2.2), and Atom compares ids as they are.
    (permalink, percent::iri(&id))
}

/// A permalink as written, absolute; `None`, with a finding, where it cannot be one.
fn resolve(fields: &Fields<'_>, text: &str, line: usize, site: &config::Site) -> Option<Url> {
    let parsed = Url::parse(text);
    let relative = parsed == Err(url::ParseError::RelativeUrlWithoutBase);
    let url = if relative {
        site.url.join(text)
    } else {
        parsed
    };
    let url = url.ok().filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && written_length(url.as_str()) <= MAX_URL
            && percent::normalize_path(url.path()).is_some()
    });
    match &url {
        None => fields.note(
            Severity::Warning,
            Rule::UnusablePermalink,
            Place::mark(line, text),
            format!(
                "the permalink `{text}` is no web address, so the pattern `{}` is used",
                site.permalinks
            ),
            HINT,
        ),
        // A path from the root is how many tools write it; a bare word is a slip.
        Some(url) if relative && !text.starts_with('/') => fields.note(
            Severity::Warning,
            Rule::RelativePermalink,
            Place::mark(line, text),
            format!("the permalink `{text}` is relative and is read as `{url}`"),
            HINT,
        ),
        Some(_) => {}
    }
    url
}

/// Where an address on a site's former home is now; also `http` where the site is `https`.
fn moved(url: &Url, from: &Url, to: &Url) -> Option<Url> {
    let same = url.host() == from.host() && (url.port() == from.port());
    let rest = same
        .then(|| url.path().strip_prefix(from.path()))
        .flatten()?;
    let mut moved = to.clone();
    moved.set_path(&format!("{}{rest}", to.path()));
    moved.set_query(url.query());
    Some(moved)
}

fn from_pattern(parts: &Parts<'_>, site: &config::Site) -> Url {
    let (dirs, file) = match parts.stem.rsplit_once('/') {
        Some((dirs, file)) => (Some(dirs), file),
        None => (None, parts.stem),
    };
    let name = parts.slug.unwrap_or_else(|| without_date(file));
    let last = parts.slug.unwrap_or(file);
    let date = parts.published.with_timezone(&site.timezone);
    // Longest names first would matter if one began with another; none does.
    let path = site
        .permalinks
        .replace(":year", &format!("{:04}", date.year()))
        .replace(":month", &format!("{:02}", date.month()))
        .replace(":day", &format!("{:02}", date.day()))
        .replace(
            ":category",
            &percent::segment(&slug(parts.category.unwrap_or("uncategorized"))),
        )
        .replace(":slug", &percent::segment(name))
        .replace(
            ":path",
            &dirs
                .into_iter()
                .flat_map(|dirs| dirs.split('/'))
                .chain([last])
                .map(percent::segment)
                .collect::<Vec<_>>()
                .join("/"),
        );
    let mut url = site.url.clone();
    url.set_path(&format!(
        "{}{}",
        site.url.path(),
        path.trim_start_matches('/')
    ));
    url
}

/// The name of a file without the date that Jekyll and Zola have before it.
fn without_date(name: &str) -> &str {
    let rest = date::in_name(name).and_then(|_| name.get(date::NAME_LENGTH..));
    let rest = rest.map(|rest| rest.trim_start_matches(['-', '_', ' ']));
    rest.filter(|rest| !rest.is_empty()).unwrap_or(name)
}
