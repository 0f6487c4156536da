//! Addresses and titles into the forms in which those of items and posts are compared.

use url::Url;

use super::Item;
use crate::config::Site;
use crate::content::{moved, plain_text};
use crate::percent;
use crate::text::one_line;
use crate::zone::Zone;

/// An address, from the form that says most to the one that says least. Where it has no such form, or
/// that would say nothing, as the path of a home page does, there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Address {
    /// The whole of it, spelled as courant spells permalinks.
    pub(super) exact: Option<String>,
    /// The whole of it, brought from the site's former addresses to the present one.
    pub(super) moved: Option<String>,
    /// Path and query, on whatever origin.
    pub(super) path: Option<String>,
    /// Those of `moved`, without what sites write in several ways.
    pub(super) moved_alike: Option<String>,
    /// Those of `path`, without what sites write in several ways.
    pub(super) alike: Option<String>,
}

impl Address {
    /// The address that a text is, if it is that of a page.
    pub(super) fn new(text: Option<&str>, site: &Site) -> Address {
        let url = text.and_then(|text| site.url.join(text).ok());
        let Some(url) = url.filter(|url| matches!(url.scheme(), "http" | "https")) else {
            return Address::default();
        };
        let url = spelled(url);
        let moved = std::iter::once(&site.url)
            .chain(&site.former_urls)
            .find_map(|from| moved(&url, from, &site.url))
            .map(spelled);
        Address {
            path: Some(with_query(url.path(), url.query())).filter(|path| path != "/"),
            alike: alike(&url),
            moved_alike: moved.as_ref().and_then(alike),
            moved: moved.map(Into::into),
            exact: Some(url.into()),
        }
    }
}

fn spelled(mut url: Url) -> Url {
    url.set_fragment(None);
    if let Some(path) = percent::normalize_path(url.path()) {
        url.set_path(&path);
    }
    url
}

fn with_query(path: &str, query: Option<&str>) -> String {
    match query.filter(|query| !query.is_empty()) {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    }
}

/// `/a`, `/a/`, `/a.html` and `/a/index.html?utm_source=feed` are one page.
fn alike(url: &Url) -> Option<String> {
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
    let alike = with_query(path.trim_end_matches('/'), Some(&query.join("&")));
    Some(alike).filter(|alike| !alike.is_empty())
}

/// A title as it is compared: in whatever case, with the signs that a keyboard has.
pub(super) fn title(text: &str) -> Option<String> {
    let mut title = String::with_capacity(text.len());
    for character in one_line(text).chars().flat_map(char::to_lowercase) {
        match character {
            '‘' | '’' | '‛' | '′' => title.push('\''),
            '“' | '”' | '„' | '″' => title.push('"'),
            '‐' | '‑' | '–' | '—' | '−' => title.push('-'),
            '…' => title.push_str("..."),
            '\u{ad}' | '\u{200b}' | '\u{feff}' => {}
            other => title.push(other),
        }
    }
    // What a typesetter makes a dash of.
    while title.contains("--") {
        title = title.replace("--", "-");
    }
    Some(title).filter(|title| !title.is_empty())
}

/// The same of a title that is HTML.
pub(super) fn title_of_html(html: &str) -> Option<String> {
    if !html.contains(['<', '&']) {
        return None;
    }
    title(&plain_text(html))
}

/// The days that an item may be of: in the site's zone, and in that in which the feed writes it.
pub(super) fn days(item: &Item, zone: Zone) -> [Option<String>; 2] {
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

    fn site() -> Site {
        let toml = "[site]\nurl = \"https://e.org/blog/\"\ntitle = \"E\"\nformer_urls = [\"http://old.example/news/\"]";
        crate::config::Config::parse(toml, "", Path::new(""))
            .unwrap()
            .site
    }

    #[test]
    fn an_address_has_forms_that_say_less_and_less() {
        let form = |text: &str| Address::new(Some(text), &site());
        let address = form("https://old.example/news/%7ea/index.html?utm_medium=x&p=1#top");
        assert_eq!(
            address,
            Address {
                exact: Some("https://old.example/news/~a/index.html?utm_medium=x&p=1".into()),
                moved: Some("https://e.org/blog/~a/index.html?utm_medium=x&p=1".into()),
                path: Some("/news/~a/index.html?utm_medium=x&p=1".into()),
                moved_alike: Some("/blog/~a?p=1".into()),
                alike: Some("/news/~a?p=1".into()),
            }
        );
        assert_eq!(form("a").exact.as_deref(), Some("https://e.org/blog/a"));
        assert_eq!(form("http://e.org/blog/a").moved, form("a").exact);
        for same in [
            "/a",
            "/a/",
            "/a.html",
            "/a/index.html",
            "/a/?utm_source=feed&utm_medium=rss",
            "/a//",
        ] {
            assert_eq!(form(same).alike.as_deref(), Some("/a"), "{same}");
        }
        for other in ["/A", "/a?p=1", "/a.xhtml", "/index/a", "/a.html/b"] {
            assert_ne!(form(other).alike.as_deref(), Some("/a"), "{other}");
        }
        for home in [
            "https://x.example",
            "https://x.example/?",
            "https://x.example/#a",
        ] {
            assert_eq!((form(home).path, form(home).alike), (None, None), "{home}");
        }
        assert_eq!(form("/index.html").alike, None);
        for none in ["mailto:a@e.org", "urn:x:y", "http://"] {
            assert_eq!(form(none), Address::default(), "{none}");
        }
    }

    #[test]
    fn titles_are_compared_as_people_read_them() {
        let same = title("Don't \"stop\" -- it's ... 5 < 6 & more");
        assert!(same.is_some());
        for text in [
            " DON’T\n“Stop” — it’s … 5 < 6 & more ",
            "don't \"stop\" - it's ... 5 < 6 & more",
        ] {
            assert_eq!(title(text), same, "{text}");
        }
        for html in [
            "<b>Don&#8217;t</b> &ldquo;stop&#x201D; &mdash; it&rsquo;s &hellip; 5 &lt; 6 &amp; more",
            "Don't \"stop\" – it's … 5 < 6 & more<br/>",
        ] {
            assert_eq!(title_of_html(html), same, "{html}");
        }
        assert_eq!((title(" "), title_of_html("<i></i>")), (None, None));
        assert_eq!(title_of_html("plain"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "([&<>;#x0-9a-z]|\\PC){0,24}") {
            let _ = (title(&text), title_of_html(&text), Address::new(Some(&text), &site()));
        }
    }
}
