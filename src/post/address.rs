//! Determines the permalink of a post, its permanent id, and the URL of its original.

use std::borrow::Cow;
use std::collections::HashSet;

use url::Url;

use super::address_template::{fill_template, find_unknown_part};
use super::id_lookup;
use super::permalink_pattern::{self, PermalinkParts};
use crate::config::{self, Field, NameStyle};
use crate::fields::{FrontMatterFields, SourceSpan, mask_password};
use crate::front_matter::field_names::{is_address, is_slug};
use crate::model::finding::{Rule, Severity};
use crate::model::post::permalink::MAX_URL_BYTES;
use crate::model::post::{self, IdSource, Permalink};
use crate::text::find_template_part;
use crate::text::{collapse_whitespace, max_encoded_len, truncate_encoded};
use crate::url_path;

/// Hint for permalinks that are not a full URL.
const PERMALINK_HINT: &str =
    "write the address of the post, such as `https://example.org/blog/a-post`";

/// Permalink and id of a post, and the URL of its original.
pub(super) struct PostAddress {
    pub(super) permalink: Permalink,
    /// URL of the permalink, as the base for relative URLs.
    pub(crate) url: Url,
    /// The id; `None` if it equals the permalink.
    pub(super) id: Option<Box<str>>,
    pub(super) id_source: IdSource,
    /// URL of the original; `None` if the post is no copy.
    pub(super) canonical_url: Option<Box<str>>,
}

/// Permalink before it is normalized.
struct WrittenPermalink {
    /// Field of the front matter; `None` for the site's pattern.
    field: Option<post::FrontMatterField>,
    place: SourceSpan,
    url: Url,
    /// The URL as written; `None` if it is relative or a pattern.
    absolute: Option<String>,
}

/// Determines permalink and id of a post, and the URL of its original.
///
/// The id is the first of these: the front matter's id, the id map's entry, the permalink as written in the front
/// matter, the permalink. It is kept as written, because a site that moves must not re-post its archive.
pub(super) fn resolve_post_address(
    fields: &FrontMatterFields<'_>,
    parts: &PermalinkParts<'_>,
    site: &config::SiteConfig,
) -> PostAddress {
    let written = read_permalink(fields, parts, site).unwrap_or_else(|| WrittenPermalink {
        field: None,
        place: SourceSpan::default(),
        url: permalink_pattern::fill_pattern(parts.site_pattern, parts, site, false),
        absolute: None,
    });
    let mut url = rebase_to_home(written.url, site);
    let on_site = has_same_origin(&url, &site.url);
    if !on_site {
        fields.report_finding(
            Severity::Warning,
            Rule::ForeignPermalink,
            written.place,
            format!("the permalink `{url}` is not on `{}`", site.url.origin().ascii_serialization()),
            "if the site used to live there, add the address to `site.former_urls`; until then the post stays out of the sitemap",
        );
    }
    if on_site {
        let path = url_path::strip_index_file(url.path());
        let shorter = path.strip_suffix(".html").filter(|_| site.removes_html);
        let path = shorter.unwrap_or(path).to_owned();
        url.set_path(&path);
    }
    let path_of_id = url_path::normalize_escapes(url.path());
    normalize_url(&mut url);
    let permalink = Permalink::new(url.clone(), on_site, written.field);
    let given = fields.first_text_where(Field::Id, is_feed_id);
    let given = given.map(|(_, text, node)| (text, node.line));
    let (id, id_from) = match (given, written.absolute) {
        (Some((id, line)), _) => {
            if Url::parse(id).is_err() {
                fields.report_finding(
                    Severity::Warning,
                    Rule::RelativeId,
                    SourceSpan::at_text(line, id),
                    format!("the id `{id}` is not an absolute URI, which Atom requires"),
                    "write a URL, or a `tag:` or `urn:` URI; if readers already know the post by this id, keep it",
                );
            }
            let line = u32::try_from(line).unwrap_or(u32::MAX);
            (id.to_owned(), IdSource::Field(line))
        }
        (None, Some(written)) => (written, IdSource::WrittenPermalink),
        (None, None) => {
            let mut id = url.clone();
            if let Some(path) = path_of_id {
                id.set_path(&path);
            }
            (id.into(), IdSource::Permalink)
        }
    };
    let (id, id_source) = match id_lookup::look_up_id(fields, given, &site.ids) {
        Some(id) => (id.to_owned(), IdSource::IdMap),
        // An IRI has no spaces or brackets (RFC 3987 §2.2), and Atom compares ids byte by byte.
        None => (collapse_whitespace(&url_path::escape_iri(&id)), id_from),
    };
    PostAddress {
        // Most ids equal the permalink.
        id: (*id != *permalink.url).then(|| id.into()),
        id_source,
        permalink,
        canonical_url: read_canonical_url(fields, &url, site),
        url,
    }
}

/// Returns true if a text identifies a post in feeds. Tools write slugs and numbers of their own as `id`.
fn is_feed_id(name: &str, text: &str) -> bool {
    let is_meant = !name.eq_ignore_ascii_case("id") || Url::parse(text).is_ok();
    is_meant && find_template_part(text).is_none()
}

/// Reads the slug. Reports one that only the generator can fill.
pub(super) fn read_slug(fields: &FrontMatterFields<'_>) -> Option<String> {
    let (_, text, node) = fields.first_text_where(Field::Slug, is_slug)?;
    if let Some(part) = find_template_part(text) {
        let reason = describe_unfilled(part);
        let message = format!("the slug `{text}` {reason}, and is left out");
        report_unusable(fields, node.line, text, message, "write the slug itself");
        return None;
    }
    Some(truncate_encoded(&collapse_whitespace(text), MAX_URL_BYTES))
}

/// Reads the permalink of the front matter, which may be a pattern or a template.
///
/// `None`, with a finding, if it is not a usable web address.
fn read_permalink(
    fields: &FrontMatterFields<'_>,
    parts: &PermalinkParts<'_>,
    site: &config::SiteConfig,
) -> Option<WrittenPermalink> {
    let (name, text, node) = fields.first_text_where(Field::Permalink, is_address)?;
    let (url, literal) = match resolve_permalink(text, parts, site) {
        Ok(resolved) => resolved,
        Err(reason) => {
            let used = format!("so the pattern `{}` is used", parts.site_pattern);
            let shown = mask_userinfo(text);
            let message = format!("the permalink `{shown}` {reason}, {used}");
            report_unusable(fields, node.line, text, message, PERMALINK_HINT);
            return None;
        }
    };
    // Values for the tags of a template are normal already.
    let is_as_written = literal.as_deref() == Some(text);
    let absolute = literal.filter(|text| Url::parse(text).is_ok());
    let place = SourceSpan::at_text(node.line, text);
    // Many tools write a path from the root. Zola's `path` and Hugo's `url` need no leading slash. Elsewhere a bare
    // word is a mistake.
    if is_as_written
        && absolute.is_none()
        && !text.starts_with('/')
        && name != "path"
        && !parts.names.is_hugo()
    {
        fields.report_finding(
            Severity::Warning,
            Rule::RelativePermalink,
            place.clone(),
            format!("the permalink `{text}` is relative and is read as `{url}`"),
            PERMALINK_HINT,
        );
    }
    let host = site.url.host_str().unwrap_or_default();
    if url.path().split('/').any(|part| part == host) {
        fields.report_finding(
            Severity::Warning,
            Rule::RepeatedHost,
            place.clone(),
            format!("the permalink `{text}` has `{host}` in its path"),
            "check that the page exists; one URL may have been pasted after another",
        );
    }
    if let Some(path) = url_path::normalize_path(url.path())
        && is_as_written
        && has_unusual_escapes(text, &path)
    {
        fields.report_suggestion(
            Rule::PercentEncoding,
            place.clone(),
            format!("the permalink `{text}` is not percent-encoded in the normal form"),
            format!("write its path as `{path}`"),
        );
    }
    let (name, line) = (name.into(), node.line);
    Some(WrittenPermalink {
        field: Some(post::FrontMatterField { name, line }),
        place,
        url,
        absolute,
    })
}

/// Returns the URL of a permalink, and its text with values for tags, unless it is a pattern.
///
/// # Errors
/// The reason why it is not usable, to follow the address.
fn resolve_permalink(
    text: &str,
    parts: &PermalinkParts<'_>,
    site: &config::SiteConfig,
) -> Result<(Url, Option<String>), String> {
    if let Some(part) = find_unknown_part(text) {
        return Err(describe_unfilled(part));
    }
    let filled = fill_template(text, parts, site).map_err(describe_unfilled)?;
    if let Some(pattern) = permalink_pattern::parse_pattern(&filled) {
        let url = permalink_pattern::fill_pattern(&pattern, parts, site, true);
        let path = url.path().strip_prefix(site.url.path());
        let path = path.unwrap_or_default().to_owned();
        return Ok((add_final_slash(url, &path, parts.names, false), None));
    }
    let url = resolve_address(&filled, None, &site.url)?;
    Ok((
        add_final_slash(url, &filled, parts.names, false),
        Some(filled),
    ))
}

/// Adds the slash with which a generator ends a path of the front matter.
///
/// Hugo keeps a URL that has a full stop. Both keep an alias that ends in `.html`.
fn add_final_slash(mut url: Url, written: &str, names: NameStyle, is_alias: bool) -> Url {
    let is_whole = match is_alias {
        true => !(names.is_hugo() || names.is_zola()) || url.path().ends_with(".html"),
        false => !names.is_zola() && (!names.is_hugo() || written.contains('.')),
    };
    let is_path = Url::parse(written).is_err() && url.query().is_none();
    if is_path && !is_whole && !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    url
}

/// Reads the URL of the original; `None` if the post has none or names itself.
fn read_canonical_url(
    fields: &FrontMatterFields<'_>,
    own: &Url,
    site: &config::SiteConfig,
) -> Option<Box<str>> {
    let (_, text, node) = fields.first_text_where(Field::Canonical, is_address)?;
    match resolve_address(text, Some(own), &site.url) {
        Ok(url) => {
            let mut url = rebase_to_home(url, site);
            normalize_url(&mut url);
            let page = url_path::strip_index_file(url.as_str()).trim_end_matches('/');
            (page != own.as_str().trim_end_matches('/')).then(|| url.as_str().into())
        }
        Err(reason) => {
            let shown = mask_userinfo(text);
            let message = format!("the canonical address `{shown}` {reason}, and is left out");
            report_unusable(
                fields,
                node.line,
                text,
                message,
                "write the URL of the original",
            );
            None
        }
    }
}

/// Reads the URL of the page elsewhere that the post is about; `None` if the post is no link post.
///
/// Some names have other uses as well, so only a web address of another site counts.
pub(super) fn read_external_url(
    fields: &FrontMatterFields<'_>,
    site: &config::SiteConfig,
) -> Option<Box<str>> {
    let mut texts = fields
        .field_nodes(Field::ExternalUrl)
        .filter_map(|(_, node)| node.as_text())
        .filter(|text| text.len() <= MAX_URL_BYTES && find_template_part(text).is_none());
    texts.find_map(|text| {
        let url = rebase_to_home(Url::parse(text.trim()).ok()?, site);
        let is_web = matches!(url.scheme(), "http" | "https");
        let has_login = !url.username().is_empty() || url.password().is_some();
        let is_external = is_web && !has_login && !is_below_home(&url, &site.url);
        (is_external && url.as_str().len() <= MAX_URL_BYTES).then(|| url.as_str().into())
    })
}

/// Removes the fragment, and percent-encodes the path in the normal form.
fn normalize_url(url: &mut Url) {
    url.set_fragment(None);
    if let Some(path) = url_path::normalize_path(url.path()) {
        url.set_path(&path);
    }
}

/// Reports an address of the front matter that is not used.
fn report_unusable(
    fields: &FrontMatterFields<'_>,
    line: usize,
    text: &str,
    message: String,
    hint: &str,
) {
    let place = SourceSpan::at_text(line, mask_userinfo(text));
    fields.report_finding(
        Severity::Warning,
        Rule::UnusablePermalink,
        place,
        message,
        hint,
    );
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
    config: &config::Config,
) -> Vec<String> {
    let mut paths = Vec::new();
    let mut seen = HashSet::new();
    let is_hugo = config.content.names.is_hugo();
    let mut page = own.clone();
    if is_hugo {
        // In Hugo, an alias of `/post/a/` is relative to `/post/`.
        page.set_path(own.path().trim_end_matches('/'));
    }
    for (text, line) in fields.all_texts(Field::Aliases) {
        let is_of_page = is_hugo && !text.starts_with('/') && Url::parse(text).is_err();
        let address = match is_of_page {
            true => Cow::Owned(format!("./{text}")),
            false => Cow::Borrowed(text),
        };
        match resolve_address(&address, Some(&page), &config.site.url) {
            Ok(url) => {
                let url = add_final_slash(url, text, config.content.names, true);
                let path = url_path::normalize_path(url_path::strip_index_file(url.path()));
                let path = path.filter(|path| path != permalink.url_path());
                paths.extend(path.filter(|path| seen.insert(path.clone())));
            }
            Err(reason) => {
                let shown = mask_userinfo(text);
                let message = format!("the former address `{shown}` {reason}, and is left out");
                let hint = "write a path such as `/2019/old-name/`";
                report_unusable(fields, line, text, message, hint);
            }
        }
    }
    paths
}

/// Resolves an address of the front matter.
///
/// It is relative to the post's `page` only with a leading `./` or `../`. Otherwise it is relative to the site, as in
/// most tools.
///
/// # Errors
/// The reason why it is not usable, to follow the address.
fn resolve_address(text: &str, page: Option<&Url>, site: &Url) -> Result<Url, String> {
    if let Some(part) = find_template_part(text) {
        return Err(describe_unfilled(part));
    }
    let is_of_page = text.starts_with("./") || text.starts_with("../");
    let url = match page.filter(|_| is_of_page) {
        Some(page) => page.join(text),
        None => url_path::join_home(site, text),
    };
    url.ok()
        .filter(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.username().is_empty()
                && url.password().is_none()
                && max_encoded_len(url.as_str()) <= MAX_URL_BYTES
                && url_path::normalize_path(url.path()).is_some()
        })
        .ok_or_else(|| "is not a web address".to_owned())
}

/// Masks an address with an `@`, which a user name and a password may precede.
fn mask_userinfo(text: &str) -> &str {
    if text.contains('@') {
        mask_password(text)
    } else {
        text
    }
}

fn describe_unfilled(part: &str) -> String {
    format!("has the part `{part}`, which only the generator can fill")
}

/// Moves a URL from a former home of the site to its current one.
fn rebase_to_home(url: Url, site: &config::SiteConfig) -> Url {
    if is_below_home(&url, &site.url) {
        return url;
    }
    let moved = std::iter::once(&site.url)
        .chain(&site.former_urls)
        .find_map(|from| rebase_url(&url, from, &site.url));
    moved.unwrap_or(url)
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

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use crate::config::Config;
    use crate::model::finding::Finding;
    use crate::model::parse_mode::ParseMode;
    use crate::model::post::Post;
    use crate::post::parse::{ParsedFile, parse_file};

    fn parse_post(site: &str, path: &str, front: &str) -> (Arc<Post>, Vec<Finding>) {
        let toml = format!("[site]\ntitle = \"E\"\n{site}");
        let config = Config::parse(&toml, "config.toml", Path::new("")).unwrap();
        let date = match front.starts_with("date:") {
            true => "",
            false => "date: 2024-05-01\n",
        };
        let text = format!("---\ntitle: A Title!\n{date}{front}\n---\nText.\n");
        match parse_file(text.as_bytes(), path, &config, ParseMode::Full) {
            ParsedFile::Post { post, findings } => (post, findings),
            other => panic!("{front}: {other:?}"),
        }
    }

    fn address(path: &str, front: &str) -> (String, Vec<String>) {
        let site = "url = \"https://e.org\"";
        let (post, findings) = parse_post(site, path, front);
        let findings = findings.into_iter().map(|finding| finding.message);
        (post.permalink.url.to_string(), findings.collect())
    }

    #[test]
    fn eleventy_permalinks_are_filled() {
        for (permalink, expected) in [
            ("/notes/{{ page.fileSlug }}/index.html", "/notes/my-file/"),
            ("/notes/{{page.fileSlug}}.html", "/notes/my-file.html"),
            ("{{ page.filePathStem }}.html", "/dir/my-file.html"),
            ("/posts/{{ title | slugify }}/", "/posts/a-title/"),
            ("posts/{{ title | slug }}/index.html", "/posts/a-title!/"),
            ("/{{- title | slug -}}/", "/a-title!/"),
            ("/{{ title }}/", "/A%20Title!/"),
            (
                "/{{ page.date | date: '%Y/%m/%d' }}/{{ page.fileSlug }}/",
                "/2024/05/01/my-file/",
            ),
            ("/{{ page.date | date(\\\"%Y-%-m\\\") }}/", "/2024-5/"),
            ("/{{ slug | slugify }}/", "/own-slug/"),
        ] {
            let front = format!("slug: Own slug\npermalink: \"{permalink}\"");
            let (url, findings) = address("dir/2024-05-01-my-file.md", &front);
            assert_eq!(url, format!("https://e.org{expected}"), "{permalink}");
            assert_eq!(findings, Vec::<String>::new(), "{permalink}");
        }
    }

    #[test]
    fn paths_of_front_matter_end_as_the_generator_writes_them() {
        for (names, front, expected) in [
            ("zola", "path: 2014/11/20/Cargo", "/2014/11/20/Cargo/"),
            ("zola-safe", "path: /a.html", "/a.html/"),
            ("zola-off", "path: a/", "/a/"),
            ("zola", "path: https://f.org/a", "https://f.org/a"),
            ("hugo", "url: /post/a", "/post/a/"),
            ("hugo-cased", "url: /post/d/index.html", "/post/d/"),
            ("hugo", "url: /post/a.html", "/post/a.html"),
            ("hugo", "url: /v1.2/notes", "/v1.2/notes"),
            ("hugo", "url: /:year/:slug", "/2024/a-title/"),
            ("hugo", "url: /:year/m.html", "/2024/m.html"),
            ("as-written", "url: /post/a", "/post/a"),
            ("jekyll", "permalink: /post/a", "/post/a"),
        ] {
            let site = format!("url = \"https://e.org\"\n[content]\nnames = \"{names}\"");
            let (post, _) = parse_post(&site, "a.md", front);
            let url = post.permalink.url.replace("https://e.org", "");
            assert_eq!(url, expected, "{names}: {front}");
            assert_eq!(post.id(), &*post.permalink.url);
        }
        for (names, expected) in [
            ("hugo", ["/old/", "/v1.2/", "/b.html"]),
            ("zola", ["/old/", "/v1.2/", "/b.html"]),
            ("jekyll", ["/old", "/v1.2", "/b.html"]),
        ] {
            let site = format!("url = \"https://e.org\"\n[content]\nnames = \"{names}\"");
            let (post, _) = parse_post(&site, "a.md", "aliases: [/old, /v1.2, /b.html]");
            assert_eq!(post.aliases(), expected, "{names}");
        }
        for (names, expected) in [
            ("hugo", ["/post/old/", "/post/b.html", "/c/"]),
            ("zola", ["/old/", "/b.html", "/post/c/"]),
        ] {
            let site = format!("url = \"https://e.org\"\n[content]\nnames = \"{names}\"");
            let front = "permalink: /post/a/\naliases: [old, b.html, ../c]";
            let (post, _) = parse_post(&site, "a.md", front);
            assert_eq!(post.aliases(), expected, "{names}");
        }
    }

    #[test]
    fn day_in_the_slug_is_the_date() {
        let site = "url = \"https://e.org\"\n[content]\nfields = { slug = \"path\", permalink = \"seo.url\" }";
        let config = format!("[site]\ntitle = \"E\"\n{site}");
        let config = Config::parse(&config, "config.toml", Path::new("")).unwrap();
        let text = "---\ntitle: a\npath: 2014/11/20/Cargo\n---\n";
        let ParsedFile::Post { post, .. } =
            parse_file(text.as_bytes(), "a.md", &config, ParseMode::Full)
        else {
            panic!("no post");
        };
        assert_eq!(post.published_at.to_rfc3339(), "2014-11-20T00:00:00+00:00");
    }

    #[test]
    fn day_in_address_is_that_of_the_generator() {
        for (names, date, expected) in [
            ("hugo", "2020-01-21 21:10:00 -0500", "/2020/01/21/a/"),
            ("hugo", "2020-01-21T23:30:00Z", "/2020/01/21/a/"),
            ("hugo", "2020-01-21T23:30:00", "/2020/01/21/a/"),
            ("pelican", "2020-01-21 21:10:00 -0500", "/2020/01/21/a/"),
            ("jekyll", "2020-01-21 21:10:00 -0500", "/2020/01/22/a/"),
            ("hexo", "2020-01-21T23:30:00Z", "/2020/01/22/a/"),
        ] {
            let site = format!(
                "url = \"https://e.org\"\ntimezone = \"Europe/Berlin\"\npermalinks = \"/:year/:month/:day/:slug/\"\n[content]\nnames = \"{names}\""
            );
            let (post, _) = parse_post(&site, "a.md", &format!("date: {date}"));
            assert_eq!(post.permalink.url_path(), expected, "{names}: {date}");
        }
    }

    #[test]
    fn file_path_stem_begins_where_the_pattern_says() {
        let stem = |pattern: &str| {
            let site = format!("url = \"https://e.org\"\npermalinks = \"{pattern}\"");
            let front = "permalink: '{{ page.filePathStem }}/'";
            let (post, findings) = parse_post(&site, "a/index.md", front);
            (post.permalink.url.to_string(), findings.len())
        };
        assert_eq!(
            stem("/posts/:path/"),
            ("https://e.org/posts/a/index/".to_owned(), 0)
        );
        assert_eq!(
            stem("/blog/:slug/"),
            ("https://e.org/blog/a/".to_owned(), 1)
        );
    }

    #[test]
    fn unfilled_parts_are_named_and_the_pattern_is_used() {
        for (permalink, part) in [
            ("/{{ page.views }}/", "{{ page.views }}"),
            ("/{{ title | shout }}/", "{{ title | shout }}"),
            ("/{{ page.date }}/", "{{ page.date }}"),
            (
                "/{{ page.date | date: '%Q' }}/",
                "{{ page.date | date: '%Q' }}",
            ),
            (
                "/{{ page.date | date: form }}/",
                "{{ page.date | date: form }}",
            ),
            ("/{% if draft %}a{% endif %}/", "{% if draft %}"),
            ("/{{ page.fileSlug }}/{{ title", "{{ title"),
            ("https://e.org/${slug}/", "${slug}"),
            ("/<%= slug %>/", "<%= slug %>"),
            ("/:collection/:title/", ":collection"),
            ("/:year/:slugorfilename/", ":slugorfilename"),
            ("https://e.org/:year/:title/", ":year"),
        ] {
            let (url, findings) = address("my-file.md", &format!("permalink: \"{permalink}\""));
            assert_eq!(url, "https://e.org/my-file/", "{permalink}");
            let [finding] = &findings[..] else {
                panic!("{permalink}: {findings:?}");
            };
            assert!(finding.contains(&format!("`{part}`")), "{finding}");
        }
        let long = format!("permalink: \"/{}\"", "{{ title }}".repeat(2_000));
        assert_eq!(address("my-file.md", &long).0, "https://e.org/my-file/");
    }

    #[test]
    fn addresses_with_unfilled_parts_are_left_out() {
        let site = "url = \"https://e.org\"";
        let front = "slug: '{{ title | slug }}'\nredirect_from: ['/{{ x }}/', /old/index.html]\nimage: '{{ site.url }}/a.png'\nauthor: {name: Ada, url: '/{{ x }}'}\ncanonical_url: '{{ site.url }}{{ page.url }}'";
        let (post, findings) = parse_post(site, "a.md", front);
        assert_eq!(&*post.permalink.url, "https://e.org/a/");
        assert_eq!(post.aliases(), ["/old/"]);
        assert_eq!((post.images.len(), post.canonical_url()), (0, None));
        assert_eq!(post.authors[0].url, None);
        let lines: Vec<_> = findings.iter().filter_map(|finding| finding.line).collect();
        assert_eq!(lines.len(), 5, "{findings:?}");
    }

    #[test]
    fn index_file_is_its_directory() {
        for (front, expected) in [
            (
                "permalink: /custom/idx/index.html",
                "https://e.org/custom/idx/",
            ),
            ("url: https://e.org/a/index.html?b#c", "https://e.org/a/?b"),
            ("permalink: /:title/index.html", "https://e.org/my-file/"),
            ("permalink: /a/index.htm", "https://e.org/a/index.htm"),
            (
                "permalink: https://f.org/a/index.html",
                "https://f.org/a/index.html",
            ),
        ] {
            assert_eq!(address("my-file.md", front).0, expected, "{front}");
        }
        let site = "url = \"https://e.org\"\npermalinks = \"/:path/index.html\"";
        let (post, _) = parse_post(site, "a.md", "");
        assert_eq!(
            (&*post.permalink.url, post.id()),
            ("https://e.org/a/", "https://e.org/a/")
        );
    }

    #[test]
    fn root_paths_are_below_the_path_of_the_site() {
        let site = "url = \"https://user.example/project\"";
        for (front, expected) in [
            ("permalink: /blog/a/", "/project/blog/a/"),
            ("permalink: /project/blog/a/", "/project/blog/a/"),
            ("permalink: /projects/", "/project/projects/"),
            ("permalink: /blog/:title/", "/project/blog/my-file/"),
            ("permalink: /project/:title/", "/project/my-file/"),
            ("permalink: '/{{ page.fileSlug }}/'", "/project/my-file/"),
            ("url: https://user.example/other/", "/other/"),
        ] {
            let (post, _) = parse_post(site, "my-file.md", front);
            assert_eq!(post.permalink.url_path(), expected, "{front}");
        }
        let front = "aliases: [/old/, /project/older/]\ncanonical_url: /my-file/";
        let (post, _) = parse_post(site, "my-file.md", front);
        assert_eq!(post.aliases(), ["/project/old/", "/project/older/"]);
        assert_eq!(post.canonical_url(), None, "it is the post itself");
        let pattern = format!("{site}\npermalinks = \"/project/:path/\"");
        let (post, _) = parse_post(&pattern, "project/a.md", "");
        assert_eq!(post.permalink.url_path(), "/project/project/a/");
    }

    #[test]
    fn canonical_url_names_the_original_and_is_not_the_address() {
        let site = "url = \"https://e.org\"\nformer_urls = [\"https://old.example\"]";
        for (front, canonical) in [
            (
                "canonical_url: https://employer.example/blog/a#top",
                Some("https://employer.example/blog/a"),
            ),
            (
                "canonicalURL: https://f.org/é",
                Some("https://f.org/%C3%A9"),
            ),
            ("canonical: /pillar/", Some("https://e.org/pillar/")),
            ("canonical: ../b", Some("https://e.org/b")),
            (
                "extra: {canonical_url: 'https://f.org/'}",
                Some("https://f.org/"),
            ),
            ("canonical: https://e.org/my-file/", None),
            ("canonical: http://e.org/my-file/index.html", None),
            ("canonical: https://old.example/my-file", None),
            ("canonical: true", None),
            ("canonical: 42", None),
        ] {
            let (post, findings) = parse_post(site, "my-file.md", front);
            assert_eq!(post.canonical_url(), canonical, "{front}");
            assert_eq!(&*post.permalink.url, "https://e.org/my-file/", "{front}");
            assert_eq!((post.id(), findings.len()), ("https://e.org/my-file/", 0));
        }
        let (post, findings) = parse_post(site, "a.md", "canonical: 'mailto:a@e.org'");
        assert_eq!((post.canonical_url(), findings[0].line), (None, Some(4)));
        let (post, findings) = parse_post(site, "a.md", "canonical: 'https://ada:secret@f.org/'");
        assert_eq!((post.canonical_url(), findings.len()), (None, 1));
        let fields = format!("{site}\n[content.fields]\npermalink = \"canonical_url\"");
        let (post, _) = parse_post(&fields, "a.md", "canonical_url: https://e.org/b");
        assert_eq!(&*post.permalink.url, "https://e.org/b", "by configuration");
        assert_eq!(post.canonical_url(), None);
    }

    #[test]
    fn switches_and_numbers_are_skipped_for_the_next_name() {
        for (front, expected) in [
            ("permalink: true", "https://e.org/my-file/"),
            ("permalink: 42\nurl: /b/", "https://e.org/b/"),
            ("url: ~\npath: c", "https://e.org/c"),
            ("path: 42", "https://e.org/42"),
            ("slug: false", "https://e.org/my-file/"),
            ("slug: 1984", "https://e.org/1984/"),
            ("permalink: none", "https://e.org/my-file.html"),
        ] {
            let (url, findings) = address("my-file.md", front);
            assert_eq!(url, expected, "{front}");
            assert_eq!(findings, Vec::<String>::new(), "{front}");
        }
    }

    #[test]
    fn id_must_be_an_iri_or_a_guid() {
        let site = "url = \"https://e.org\"";
        for (front, expected) in [
            ("id: 12", "https://e.org/a/"),
            ("id: my-post", "https://e.org/a/"),
            ("id: '{{ page.url }}'", "https://e.org/a/"),
            ("id: 'https://e.org/{{ slug }}'", "https://e.org/a/"),
            ("id: 12\nguid: 13", "13"),
            ("id: urn:x:1", "urn:x:1"),
            ("ID: 'tag:e.org,2024:1'\nguid: 13", "tag:e.org,2024:1"),
        ] {
            let (post, _) = parse_post(site, "a.md", front);
            assert_eq!(post.id(), expected, "{front}");
        }
    }
}
