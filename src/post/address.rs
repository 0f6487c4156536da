//! Determines the permalink of a post and its permanent id.

use std::collections::HashSet;

use url::Url;

use super::fields::{FrontMatterFields, SourceSpan};
use super::id_lookup;
use super::permalink_pattern::{self, PermalinkParts};
use crate::config::{self, Field};
use crate::model::finding::{Rule, Severity};
use crate::model::post::permalink::MAX_URL_BYTES;
use crate::model::post::{self, IdSource, Permalink};
use crate::text::{collapse_whitespace, max_encoded_len};
use crate::url_path;

/// Hint for permalinks that are not a full URL.
const PERMALINK_HINT: &str =
    "write the address of the post, such as `https://example.org/blog/a-post`";

/// Permalink and id of a post.
pub(super) struct PostAddress {
    pub(super) permalink: Permalink,
    /// URL of the permalink, as the base for relative URLs.
    pub(crate) url: Url,
    /// The id; `None` if it equals the permalink.
    pub(super) id: Option<Box<str>>,
    pub(super) id_source: IdSource,
}

/// Determines permalink and id of a post.
///
/// The id is the first of these: the front matter's id, the id map's entry, the permalink as written in the front
/// matter, the permalink. It is kept as written, because a site that moves must not re-post its archive.
pub(super) fn resolve_post_address(
    fields: &FrontMatterFields<'_>,
    parts: &PermalinkParts<'_>,
    site: &config::SiteConfig,
) -> PostAddress {
    let written = fields
        .first_named_text(Field::Permalink)
        // In Eleventy `permalink: false` means no page. It is read as a marker.
        .filter(|(_, text, _)| {
            !["false", "no", "off"]
                .iter()
                .any(|no| text.eq_ignore_ascii_case(no))
        });
    let as_written = written.and_then(|(name, text, node)| {
        if let Some(pattern) = permalink_pattern::parse_pattern(text) {
            let url = permalink_pattern::fill_pattern(&pattern, parts, site, true);
            return Some((name, None, url, node.line));
        }
        let (url, is_absolute) =
            resolve_permalink(fields, name, text, node.line, site, parts.site_pattern)?;
        Some((name, Some(text).filter(|_| is_absolute), url, node.line))
    });
    let (written_url, mut url, from) = match as_written {
        Some((name, text, url, line)) => (text.map(str::to_owned), url, Some((name, line))),
        None => (
            None,
            permalink_pattern::fill_pattern(parts.site_pattern, parts, site, false),
            None,
        ),
    };
    if !is_below_home(&url, &site.url) {
        let moved = std::iter::once(&site.url)
            .chain(&site.former_urls)
            .find_map(|from| rebase_url(&url, from, &site.url));
        if let Some(here) = moved {
            url = here;
        }
    }
    let on_site = has_same_origin(&url, &site.url);
    if !on_site {
        fields.report_finding(
            Severity::Warning,
            Rule::ForeignPermalink,
            match written {
                Some((_, text, node)) if from.is_some() => SourceSpan::at_text(node.line, text),
                _ => SourceSpan::default(),
            },
            format!("the permalink `{url}` is not on `{}`", site.url.origin().ascii_serialization()),
            "if the site used to live there, add the address to `site.former_urls`; until then the post stays out of the sitemap",
        );
    }
    let host = site.url.host_str().unwrap_or_default();
    if let (Some((_, line)), Some((_, text, _))) = (from, written)
        && url.path().split('/').any(|part| part == host)
    {
        fields.report_finding(
            Severity::Warning,
            Rule::RepeatedHost,
            SourceSpan::at_text(line, text),
            format!("the permalink `{text}` has `{host}` in its path"),
            "check that the page exists; one URL may have been pasted after another",
        );
    }
    url.set_fragment(None);
    let path_of_id = url_path::normalize_escapes(url.path());
    if let Some(path) = url_path::normalize_path(url.path()) {
        if let Some((_, text, node)) = written.filter(|_| from.is_some())
            && has_unusual_escapes(text, &path)
        {
            fields.report_suggestion(
                Rule::PercentEncoding,
                SourceSpan::at_text(node.line, text),
                format!("the permalink `{text}` is not percent-encoded in the normal form"),
                format!("write its path as `{path}`"),
            );
        }
        url.set_path(&path);
    }
    let field = from.map(|(name, line)| post::FrontMatterField {
        name: name.into(),
        line,
    });
    let permalink = Permalink::new(url.clone(), on_site, field);
    let given = fields.first_text(Field::Id);
    if let Some(id) = id_lookup::look_up_id(fields, given, &site.ids) {
        return PostAddress {
            id: id_unless_permalink(id, &permalink),
            id_source: IdSource::IdMap,
            permalink,
            url,
        };
    }
    let (id, id_from) = match given {
        Some((id, line)) => {
            if Url::parse(id).is_err() {
                fields.report_finding(
                    Severity::Warning,
                    Rule::RelativeId,
                    SourceSpan::at_text(line, id),
                    format!("the id `{id}` is not an absolute URI, which Atom requires"),
                    "write a URL, or a `tag:` or `urn:` URI; if readers already know the post by this id, keep it",
                );
            }
            (
                id.to_owned(),
                IdSource::Field(u32::try_from(line).unwrap_or(u32::MAX)),
            )
        }
        None => match written_url {
            Some(written) => (written, IdSource::WrittenPermalink),
            None => {
                let mut id = url.clone();
                if let Some(path) = path_of_id {
                    id.set_path(&path);
                }
                (id.into(), IdSource::Permalink)
            }
        },
    };
    // An IRI has no spaces or brackets (RFC 3987 §2.2), and Atom compares ids byte by byte.
    PostAddress {
        id: id_unless_permalink(&collapse_whitespace(&url_path::escape_iri(&id)), &permalink),
        id_source: id_from,
        permalink,
        url,
    }
}

/// Returns the id to store; `None` if it equals the permalink.
fn id_unless_permalink(id: &str, permalink: &Permalink) -> Option<Box<str>> {
    (*id != *permalink.url).then(|| id.into())
}

/// Returns true if the path as written has escapes that differ from the normalized `path`.
fn has_unusual_escapes(text: &str, path: &str) -> bool {
    let begin = text.find("://").and_then(|at| text.get(at + 3..));
    let written = match begin {
        Some(rest) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"),
        None => text,
    };
    let written = written.split(['?', '#']).next().unwrap_or(written);
    written.contains('%') && !path.ends_with(written.trim_start_matches('/'))
}

/// Reads the former paths of a post, normalized and without duplicates or the current path.
pub(super) fn read_aliases(
    fields: &FrontMatterFields<'_>,
    permalink: &Permalink,
    own: &Url,
    site: &Url,
) -> Vec<String> {
    let mut paths = Vec::new();
    let mut seen = HashSet::new();
    for (text, line) in fields.all_texts(Field::Aliases) {
        // Relative to the page only with a leading `./` or `../`. Otherwise relative to the site, as in most tools.
        let base = if text.starts_with("./") || text.starts_with("../") {
            own
        } else {
            site
        };
        let path = base
            .join(text)
            .ok()
            .and_then(|url| url_path::normalize_path(url.path()))
            .filter(|path| max_encoded_len(path) <= MAX_URL_BYTES);
        match path {
            Some(path) if path == permalink.url_path() || !seen.insert(path.clone()) => {}
            Some(path) => paths.push(path),
            None => fields.report_finding(
                Severity::Warning,
                Rule::UnusablePermalink,
                SourceSpan::at_text(line, text),
                format!("the former address `{text}` is not a web address and is left out"),
                "write a path such as `/2019/old-name/`",
            ),
        }
    }
    paths
}

/// Resolves a permalink as written; returns it, and true if it was written as an absolute URL.
///
/// `None`, with a finding, if it is not a usable web address.
fn resolve_permalink(
    fields: &FrontMatterFields<'_>,
    name: &str,
    text: &str,
    line: usize,
    site: &config::SiteConfig,
    site_pattern: &str,
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
            && max_encoded_len(url.as_str()) <= MAX_URL_BYTES
            && url_path::normalize_path(url.path()).is_some()
    });
    match &url {
        None => fields.report_finding(
            Severity::Warning,
            Rule::UnusablePermalink,
            SourceSpan::at_text(line, text),
            format!(
                "the permalink `{text}` is not a web address, so the pattern `{site_pattern}` is used"
            ),
            PERMALINK_HINT,
        ),
        // Many tools write a path from the root, and Zola's `path` has no leading slash. Elsewhere a bare word
        // is a mistake.
        Some(url) if relative && !text.starts_with('/') && name != "path" => fields.report_finding(
            Severity::Warning,
            Rule::RelativePermalink,
            SourceSpan::at_text(line, text),
            format!("the permalink `{text}` is relative and is read as `{url}`"),
            PERMALINK_HINT,
        ),
        Some(_) => {}
    }
    url.map(|url| (url, !relative))
}

/// Returns true if the URL is already below the site's home, so that it needs no rebasing.
fn is_below_home(url: &Url, home: &Url) -> bool {
    let is_plain = url.username().is_empty() && url.password().is_none();
    is_plain && has_same_origin(url, home) && url.path().starts_with(home.path())
}

/// Returns true if two web addresses have the same origin (RFC 6454 §4).
///
/// It is called twice for each post, and avoids the copies that `Url::origin` makes.
fn has_same_origin(url: &Url, other: &Url) -> bool {
    url.scheme() == other.scheme() && url.host() == other.host() && url.port() == other.port()
}

/// Rebases a URL from a site's former home `from` to its new one `to`; `None` if it is not below `from`.
///
/// The scheme does not matter, so that `http` URLs of an `https` site match.
pub fn rebase_url(url: &Url, from: &Url, to: &Url) -> Option<Url> {
    let same = url.host() == from.host() && (url.port() == from.port());
    let rest = same
        .then(|| url.path().strip_prefix(from.path()))
        .flatten()?;
    let mut moved = to.clone();
    moved.set_path(&format!("{}{rest}", to.path()));
    moved.set_query(url.query());
    Some(moved)
}
