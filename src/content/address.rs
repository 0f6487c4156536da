//! Where a post is read, and the id that names it for ever.

use std::collections::HashSet;

use url::Url;

use super::fields::{Fields, Place};
use super::ledger;
use super::permalink::{self, Parts};
use crate::config::{self, Field};
use crate::finding::{Rule, Severity};
use crate::percent;
use crate::post::{self, IdFrom, Permalink};
use crate::text::{one_line, written_length};

/// In bytes as HTML writes them. No crawler follows a longer one, and a card's head has to hold it.
pub(super) const MAX_URL: usize = 2048;
const HINT: &str = "write the address of the post, such as `https://example.org/blog/a-post`";

/// Where a post is read, and what names it.
pub(super) struct Address {
    pub(super) permalink: Permalink,
    /// The permalink's, to resolve other addresses against.
    pub(super) url: Url,
    /// The id, where it is not the permalink.
    pub(super) id: Option<Box<str>>,
    pub(super) id_from: IdFrom,
}

/// The permalink, and the id where it is not that.
///
/// The id is what the front matter gives as such, else what the ledger has, else the permalink as it
/// is written in the front matter, else the permalink. As it is written, because a site that moves
/// must not re-post its archive.
pub(super) fn address(fields: &Fields<'_>, parts: &Parts<'_>, site: &config::Site) -> Address {
    let written = fields
        .named_text(Field::Permalink)
        // Eleventy's way to write no page; a marker.
        .filter(|(_, text, _)| {
            !["false", "no", "off"]
                .iter()
                .any(|no| text.eq_ignore_ascii_case(no))
        });
    let as_written = written.and_then(|(name, text, node)| {
        if let Some(pattern) = permalink::pattern_of(text) {
            let url = permalink::fill(&pattern, parts, site, true);
            return Some((name, None, url, node.line));
        }
        let (url, is_absolute) = resolve(fields, (name, text, node.line), site)?;
        Some((name, Some(text).filter(|_| is_absolute), url, node.line))
    });
    let (written_url, mut url, from) = match as_written {
        Some((name, text, url, line)) => (text.map(str::to_owned), url, Some((name, line))),
        None => (
            None,
            permalink::fill(&site.permalinks, parts, site, false),
            None,
        ),
    };
    if !is_below(&url, &site.url) {
        let moved = std::iter::once(&site.url)
            .chain(&site.former_urls)
            .find_map(|from| moved(&url, from, &site.url));
        if let Some(here) = moved {
            url = here;
        }
    }
    let on_site = has_origin_of(&url, &site.url);
    if !on_site {
        fields.note(
            Severity::Warning,
            Rule::ForeignPermalink,
            match written {
                Some((_, text, node)) if from.is_some() => Place::mark(node.line, text),
                _ => Place::default(),
            },
            format!("the permalink `{url}` is not on `{}`", site.url.origin().ascii_serialization()),
            "if the site used to live there, add the address to `site.former_urls`; until then the post stays out of the sitemap",
        );
    }
    let host = site.url.host_str().unwrap_or_default();
    if let (Some((_, line)), Some((_, text, _))) = (from, written)
        && url.path().split('/').any(|part| part == host)
    {
        fields.note(
            Severity::Warning,
            Rule::RepeatedHost,
            Place::mark(line, text),
            format!("the permalink `{text}` has `{host}` in its path"),
            "an address that was pasted behind another one is seldom that of a page; look whether it is there",
        );
    }
    url.set_fragment(None);
    let path_of_id = percent::normalize_escapes(url.path());
    if let Some(path) = percent::normalize_path(url.path()) {
        if let Some((_, text, node)) = written.filter(|_| from.is_some())
            && is_misspelled(text, &path)
        {
            fields.advise(
                Rule::PercentEncoding,
                Place::mark(node.line, text),
                format!("the permalink `{text}` is not encoded the way addresses are compared"),
                format!("write its path as `{path}`"),
            );
        }
        url.set_path(&path);
    }
    let field = from.map(|(name, line)| post::Field {
        name: name.into(),
        line,
    });
    let permalink = Permalink::new(url.clone(), on_site, field);
    let given = fields.text(Field::Id);
    if let Some(id) = ledger::id(fields, given, &site.ids) {
        return Address {
            id: own(id, &permalink),
            id_from: IdFrom::Ledger,
            permalink,
            url,
        };
    }
    let (id, id_from) = match given {
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
            (
                id.to_owned(),
                IdFrom::Field(u32::try_from(line).unwrap_or(u32::MAX)),
            )
        }
        None => match written_url {
            Some(written) => (written, IdFrom::WrittenPermalink),
            None => {
                let mut id = url.clone();
                if let Some(path) = path_of_id {
                    id.set_path(&path);
                }
                (id.into(), IdFrom::Permalink)
            }
        },
    };
    // A blank or a bracket is none of an IRI's (RFC 3987 §2.2), and Atom compares ids as they are.
    Address {
        id: own(&one_line(&percent::iri(&id)), &permalink),
        id_from,
        permalink,
        url,
    }
}

/// An id that is not the address.
fn own(id: &str, permalink: &Permalink) -> Option<Box<str>> {
    (*id != *permalink.url).then(|| id.into())
}

/// Whether an address as written says its path in escapes other than those of its one spelling.
fn is_misspelled(text: &str, path: &str) -> bool {
    let begin = text.find("://").and_then(|at| text.get(at + 3..));
    let written = match begin {
        Some(rest) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"),
        None => text,
    };
    let written = written.split(['?', '#']).next().unwrap_or(written);
    written.contains('%') && !path.ends_with(written.trim_start_matches('/'))
}

/// The paths that a post used to have, each in its one spelling, without its own.
pub(super) fn aliases(
    fields: &Fields<'_>,
    (permalink, own): (&Permalink, &Url),
    site: &Url,
) -> Vec<String> {
    let mut paths = Vec::new();
    let mut seen = HashSet::new();
    for (text, line) in fields.texts(Field::Aliases) {
        // Hugo resolves one without a slash against the page, most others against the site.
        let base = if text.starts_with("./") || text.starts_with("../") {
            own
        } else {
            site
        };
        let path = base
            .join(text)
            .ok()
            .and_then(|url| percent::normalize_path(url.path()))
            .filter(|path| written_length(path) <= MAX_URL);
        match path {
            Some(path) if path == permalink.path() || !seen.insert(path.clone()) => {}
            Some(path) => paths.push(path),
            None => fields.note(
                Severity::Warning,
                Rule::UnusablePermalink,
                Place::mark(line, text),
                format!("the former address `{text}` is no web address and is left out"),
                "write a path such as `/2019/old-name/`",
            ),
        }
    }
    paths
}

/// A permalink as written, absolute, and whether it is written so; `None`, with a finding, where it cannot
/// be one.
fn resolve(
    fields: &Fields<'_>,
    (name, text, line): (&str, &str, usize),
    site: &config::Site,
) -> Option<(Url, bool)> {
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
        // A path from the root is how many tools write it, and Zola writes it without the slash; a
        // bare word elsewhere is a slip.
        Some(url) if relative && !text.starts_with('/') && name != "path" => fields.note(
            Severity::Warning,
            Rule::RelativePermalink,
            Place::mark(line, text),
            format!("the permalink `{text}` is relative and is read as `{url}`"),
            HINT,
        ),
        Some(_) => {}
    }
    url.map(|url| (url, !relative))
}

/// Whether an address is one of a site's as it stands, so that it is where it would be moved to.
fn is_below(url: &Url, home: &Url) -> bool {
    let is_plain = url.username().is_empty() && url.password().is_none();
    is_plain && has_origin_of(url, home) && url.path().starts_with(home.path())
}

/// Whether two web addresses have one origin (RFC 6454 §4), without the copies that `Url::origin` makes: this is
/// asked twice of each post.
fn has_origin_of(url: &Url, other: &Url) -> bool {
    url.scheme() == other.scheme() && url.host() == other.host() && url.port() == other.port()
}

/// Where an address on a site's former home is now; also `http` where the site is `https`.
pub fn moved(url: &Url, from: &Url, to: &Url) -> Option<Url> {
    let same = url.host() == from.host() && (url.port() == from.port());
    let rest = same
        .then(|| url.path().strip_prefix(from.path()))
        .flatten()?;
    let mut moved = to.clone();
    moved.set_path(&format!("{}{rest}", to.path()));
    moved.set_query(url.query());
    Some(moved)
}
