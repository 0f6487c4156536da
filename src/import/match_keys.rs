//! Normalizes addresses, titles and dates, so that feed items can be matched with posts.

use url::Url;

use super::feed_item::FeedItem;
use crate::config::SiteConfig;
use crate::markdown::to_plain_text;
use crate::post::rebase_url;
use crate::text::collapse_whitespace;
use crate::time_zone::IanaZone;
use crate::url_path;

/// Forms of an address, from the most to the least specific. A form is `None` if it identifies no
/// page, such as the path of a home page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct AddressKeys {
    /// Whole URL, normalized as permalinks are.
    pub(super) exact: Option<String>,
    /// Whole URL, rebased from a former URL of the site to its current URL.
    pub(super) rebased: Option<String>,
    /// Path and query, regardless of the origin.
    pub(super) path: Option<String>,
    /// Path and query of `moved`, without index files, extensions and tracking parameters.
    pub(super) rebased_simplified_path: Option<String>,
    /// Path and query, without index files, extensions and tracking parameters.
    pub(super) simplified_path: Option<String>,
}

impl AddressKeys {
    /// Parses an address, which may be relative to the site; all forms are `None` if it is not an
    /// HTTP URL.
    pub(super) fn new(text: Option<&str>, site: &SiteConfig) -> AddressKeys {
        let url = text.and_then(|text| site.url.join(text).ok());
        let Some(url) = url.filter(|url| matches!(url.scheme(), "http" | "https")) else {
            return AddressKeys::default();
        };
        let url = normalize_url(url);
        let rebased = std::iter::once(&site.url)
            .chain(&site.former_urls)
            .find_map(|from| rebase_url(&url, from, &site.url))
            .map(normalize_url);
        AddressKeys {
            path: Some(append_query(url.path(), url.query())).filter(|path| path != "/"),
            simplified_path: simplified_path_key(&url),
            rebased_simplified_path: rebased.as_ref().and_then(simplified_path_key),
            rebased: rebased.map(Into::into),
            exact: Some(url.into()),
        }
    }
}

fn normalize_url(mut url: Url) -> Url {
    url.set_fragment(None);
    if let Some(path) = url_path::normalize_path(url.path()) {
        url.set_path(&path);
    }
    url
}

fn append_query(path: &str, query: Option<&str>) -> String {
    match query.filter(|query| !query.is_empty()) {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    }
}

/// Returns the same text for `/a`, `/a/`, `/a.html` and `/a/index.html?utm_source=feed`.
fn simplified_path_key(url: &Url) -> Option<String> {
    let mut path = url.path().trim_end_matches('/');
    for end in ["/index.html", "/index.htm", "/index.php", ".html", ".htm"] {
        path = path.strip_suffix(end).unwrap_or(path);
    }
    let query: Vec<_> = url
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|part| !part.starts_with("utm_"))
        .collect();
    let alike = append_query(path.trim_end_matches('/'), Some(&query.join("&")));
    Some(alike).filter(|alike| !alike.is_empty())
}

/// Normalizes a plain-text title: lower case, with ASCII quotes and dashes.
pub(super) fn title_key(text: &str) -> Option<String> {
    let mut title = String::with_capacity(text.len());
    for character in collapse_whitespace(text)
        .chars()
        .flat_map(char::to_lowercase)
    {
        match character {
            '‘' | '’' | '‛' | '′' => title.push('\''),
            '“' | '”' | '„' | '″' => title.push('"'),
            '‐' | '‑' | '–' | '—' | '−' => title.push('-'),
            '…' => title.push_str("..."),
            '\u{ad}' | '\u{200b}' | '\u{feff}' => {}
            other => title.push(other),
        }
    }
    // Smart punctuation turns `--` into a dash.
    while title.contains("--") {
        title = title.replace("--", "-");
    }
    Some(title).filter(|title| !title.is_empty())
}

/// Normalizes an HTML title; `None` if it has no tags and no character references, because
/// [`title_key`] covers it.
pub(super) fn html_title_key(html: &str) -> Option<String> {
    if !html.contains(['<', '&']) {
        return None;
    }
    title_key(&to_plain_text(html))
}

/// Returns the date of an item, in the site's time zone and in the item's own UTC offset.
pub(super) fn item_days(item: &FeedItem, zone: IanaZone) -> [Option<String>; 2] {
    let date = item.published.or(item.updated);
    [
        date.map(|date| date.with_timezone(&zone).date_naive().to_string()),
        date.map(|date| date.date_naive().to_string()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::path::Path;

    fn site() -> SiteConfig {
        let toml = "[site]\nurl = \"https://e.org/blog/\"\ntitle = \"E\"\nformer_urls = [\"http://old.example/news/\"]";
        crate::config::Config::parse(toml, "", Path::new(""))
            .unwrap()
            .site
    }

    #[test]
    fn address_keys_are_less_and_less_specific() {
        let parse_keys = |text: &str| AddressKeys::new(Some(text), &site());
        let address = parse_keys("https://old.example/news/%7ea/index.html?utm_medium=x&p=1#top");
        assert_eq!(
            address,
            AddressKeys {
                exact: Some("https://old.example/news/~a/index.html?utm_medium=x&p=1".into()),
                rebased: Some("https://e.org/blog/~a/index.html?utm_medium=x&p=1".into()),
                path: Some("/news/~a/index.html?utm_medium=x&p=1".into()),
                rebased_simplified_path: Some("/blog/~a?p=1".into()),
                simplified_path: Some("/news/~a?p=1".into()),
            }
        );
        assert_eq!(
            parse_keys("a").exact.as_deref(),
            Some("https://e.org/blog/a")
        );
        assert_eq!(
            parse_keys("http://e.org/blog/a").rebased,
            parse_keys("a").exact
        );
        for same in [
            "/a",
            "/a/",
            "/a.html",
            "/a/index.html",
            "/a/?utm_source=feed&utm_medium=rss",
            "/a//",
        ] {
            assert_eq!(
                parse_keys(same).simplified_path.as_deref(),
                Some("/a"),
                "{same}"
            );
        }
        for other in ["/A", "/a?p=1", "/a.xhtml", "/index/a", "/a.html/b"] {
            assert_ne!(
                parse_keys(other).simplified_path.as_deref(),
                Some("/a"),
                "{other}"
            );
        }
        for home in [
            "https://x.example",
            "https://x.example/?",
            "https://x.example/#a",
        ] {
            assert_eq!(
                (parse_keys(home).path, parse_keys(home).simplified_path),
                (None, None),
                "{home}"
            );
        }
        assert_eq!(parse_keys("/index.html").simplified_path, None);
        for none in ["mailto:a@e.org", "urn:x:y", "http://"] {
            assert_eq!(parse_keys(none), AddressKeys::default(), "{none}");
        }
    }

    #[test]
    fn titles_are_compared_without_typography() {
        let same = title_key("Don't \"stop\" -- it's ... 5 < 6 & more");
        assert!(same.is_some());
        for text in [
            " DON’T\n“Stop” — it’s … 5 < 6 & more ",
            "don't \"stop\" - it's ... 5 < 6 & more",
        ] {
            assert_eq!(title_key(text), same, "{text}");
        }
        for html in [
            "<b>Don&#8217;t</b> &ldquo;stop&#x201D; &mdash; it&rsquo;s &hellip; 5 &lt; 6 &amp; more",
            "Don't \"stop\" – it's … 5 < 6 & more<br/>",
        ] {
            assert_eq!(html_title_key(html), same, "{html}");
        }
        assert_eq!((title_key(" "), html_title_key("<i></i>")), (None, None));
        assert_eq!(html_title_key("plain"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_accepted(text in "([&<>;#x0-9a-z]|\\PC){0,24}") {
            let _ = (title_key(&text), html_title_key(&text), AddressKeys::new(Some(&text), &site()));
        }
    }
}
