//! Decides from `Accept` whether a request for a feed gets HTML instead (RFC 9110 §12.5.1).
//!
//! Most feed readers name neither the feed's media type nor any other. So HTML is sent only if the client clearly
//! weights it above every media type of a feed, as browsers do. On a tie, and in doubt, the feed wins: a feed reader
//! cannot use a page, while a browser shows the feed with a stylesheet.

use super::qvalue::parse_qvalue;
use super::request_headers::{KnownHeader, RequestHeaders};

/// Returns true if the client prefers HTML to a feed. Allocates nothing.
pub(super) fn prefers_html(fields: &RequestHeaders<'_>) -> bool {
    let mut weights = AcceptWeights::default();
    for line in fields.all_values(KnownHeader::Accept) {
        let Some(line) = line.as_ascii_str() else {
            return false;
        };
        // Clients do not use quoted strings here. A comma in quotes would end a member.
        if line.contains('"') {
            return false;
        }
        for member in line.split(',') {
            let member = member.trim_matches([' ', '\t']);
            if !member.is_empty() && weights.add_media_range(member).is_none() {
                return false;
            }
        }
    }
    weights.is_html_preferred()
}

/// Highest weight of each group of media types, in thousandths.
#[derive(Debug, Default)]
struct AcceptWeights {
    html: u16,
    /// Media types that a feed has or might have.
    feed: u16,
    /// `*/*`.
    any_type: u16,
    names_xhtml: bool,
}

impl AcceptWeights {
    /// Adds one media range. `None` if it is malformed.
    fn add_media_range(&mut self, member: &str) -> Option<()> {
        let mut parts = member.split(';').map(|part| part.trim_matches([' ', '\t']));
        let (kind, subkind) = parts.next()?.split_once('/')?;
        let mut weight = None;
        let mut is_plain = true;
        for parameter in parts {
            let (name, value) = parameter.split_once('=')?;
            if !name.eq_ignore_ascii_case("q") {
                is_plain = false;
            } else if weight.replace(parse_qvalue(value)?).is_some() {
                return None;
            }
        }
        let weight = weight.unwrap_or(1000);
        let is = |name: &str| subkind.eq_ignore_ascii_case(name);
        let raise_to_weight = |known: &mut u16| *known = (*known).max(weight);
        if kind == "*" {
            raise_to_weight(&mut self.any_type);
        } else if kind.eq_ignore_ascii_case("text") {
            if is("html") && is_plain {
                raise_to_weight(&mut self.html);
            } else if is("xml") || is("json") || is("*") {
                raise_to_weight(&mut self.feed);
            }
        } else if kind.eq_ignore_ascii_case("application") {
            if is("xhtml+xml") {
                self.names_xhtml = true;
                if is_plain {
                    raise_to_weight(&mut self.html);
                }
            } else if is("*")
                || has_suffix_ignoring_case(subkind, "xml")
                || has_suffix_ignoring_case(subkind, "json")
            {
                raise_to_weight(&mut self.feed);
            }
        }
        Some(())
    }

    fn is_html_preferred(&self) -> bool {
        // HTTP libraries, such as those of Java and KDE, name HTML first by default and accept anything
        // after it. Browsers name XHTML as well.
        let is_library_default = self.any_type > 0 && !self.names_xhtml;
        self.html > self.feed && self.html >= self.any_type && !is_library_default
    }
}

fn has_suffix_ignoring_case(text: &str, end: &str) -> bool {
    let start = text.len().checked_sub(end.len());
    let tail = start.and_then(|start| text.get(start..));
    tail.is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;
    use proptest::prelude::*;

    fn chosen(lines: &[&[u8]]) -> bool {
        let mut headers = hyper::HeaderMap::new();
        for line in lines {
            if let Ok(value) = HeaderValue::from_bytes(line) {
                headers.append(hyper::header::ACCEPT, value);
            }
        }
        prefers_html(&RequestHeaders::from_map(&headers))
    }

    fn is_html(line: &str) -> bool {
        chosen(&[line.as_bytes()])
    }

    #[test]
    fn browsers_get_the_page() {
        let browsers = [
            (
                "Chrome and Edge",
                "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,\
                 image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
            ),
            (
                "Firefox",
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            ),
            (
                "Firefox up to 131",
                "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,\
                 image/png,image/svg+xml,*/*;q=0.8",
            ),
            (
                "Safari",
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            ),
            (
                "Internet Explorer",
                "text/html, application/xhtml+xml, image/jxr, */*",
            ),
            (
                "Lynx",
                "text/html, text/plain, text/sgml, text/css, application/xhtml+xml, */*;q=0.01",
            ),
            ("w3m", "text/html, text/*;q=0.5, image/*"),
            ("a user at a command line", "text/html"),
            ("and in capitals", "TEXT/HTML;Q=0.5"),
            ("and XHTML alone", "application/xhtml+xml"),
        ];
        for (name, line) in browsers {
            assert!(is_html(line), "{name}");
        }
    }

    #[test]
    fn programs_get_the_feed() {
        let programs = [
            ("curl, wget, NetNewsWire, scripts in browsers", "*/*"),
            (
                "feedparser",
                "application/atom+xml,application/rdf+xml,application/rss+xml,\
                 application/x-netcdf,application/xml;q=0.9,text/xml;q=0.2,*/*;q=0.1",
            ),
            (
                "Miniflux",
                "application/xml, application/atom+xml, application/rss+xml, application/rdf+xml, \
                 application/feed+json, text/html, */*;q=0.9",
            ),
            (
                "SimplePie: FreshRSS, WordPress",
                "application/atom+xml, application/rss+xml, application/rdf+xml;q=0.9, \
                 application/xml;q=0.8, text/xml;q=0.8, text/html;q=0.7, unknown/unknown;q=0.1, \
                 application/unknown;q=0.1, */*;q=0.1",
            ),
            ("QuiteRSS", "text/xml, text/html, */*"),
            (
                "Liferea",
                "application/atom+xml,application/xml;q=0.9,text/xml;q=0.8,*/*;q=0.7",
            ),
            (
                "Java up to 19, and with it ROME",
                "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
            ),
            (
                "Java from 20 on",
                "text/html, image/gif, image/jpeg, */*; q=0.2",
            ),
            (
                "KDE, and with it Akregator",
                "text/html, text/*;q=0.9, image/jpeg;q=0.9, image/png;q=0.9, image/*;q=0.9, \
                 */*;q=0.8",
            ),
            ("readers of JSON", "application/feed+json, application/json"),
        ];
        for (name, line) in programs {
            assert!(!is_html(line), "{name}");
        }
        assert!(!chosen(&[]), "no Accept header");
    }

    #[test]
    fn feed_wins_on_a_tie_and_in_doubt() {
        let feed = [
            "text/html, application/rss+xml",
            "text/html, application/atom+xml;q=1.0",
            "text/html;q=0.8, application/xml;q=0.8",
            "text/html;q=0.8, text/xml;q=0.9",
            "text/html;q=0.8, application/json;q=0.8",
            "text/html;q=0.8, application/*;q=0.8",
            "text/html;q=0.8, text/*;q=0.8",
            "text/html, application/xhtml+xml, application/rdf+xml",
            "text/html;q=0.5, application/xhtml+xml;q=0.5, */*;q=0.6",
            "text/html, */*;q=0.1",
            "text/html;q=0",
            "text/html;q=0.000",
            "text/html;q=",
            "text/html;q=.5",
            "text/html;q=2",
            "text/html;q=0.1234",
            "text/html;q=0.5;q=0.5",
            "text/html;q",
            "text/html, *",
            "text/html, nonsense",
            "text/html;level=1",
            "image/png;x=\", text/html, a/b\"",
            "text/htmlx",
            "",
            ",,",
        ];
        for line in feed {
            assert!(!is_html(line), "{line}");
        }
        let page = [
            "text/html, application/xml;q=0.999",
            "application/xml ; q=0.3 ,\ttext/html ;\tq=0.301,,",
            "text/html;q=0.001",
        ];
        for line in page {
            assert!(is_html(line), "{line}");
        }
        assert!(
            chosen(&[b"application/xml;q=0.9", b"text/html"]),
            "several lines are one list"
        );
        assert!(!chosen(&[b"text/html", b"application/xml"]));
        assert!(!chosen(&[b"text/html", b"\xff"]));
    }

    proptest! {
        #[test]
        fn html_is_sent_only_if_named(line in any::<Vec<u8>>()) {
            let names = String::from_utf8_lossy(&line).to_ascii_lowercase().contains("html");
            prop_assert!(names || !chosen(&[&line]));
        }

        #[test]
        fn feed_named_with_full_weight_is_sent(
            before in "[a-z/*+;=0-9., ]{0,40}",
            feed in "application/(rss\\+|atom\\+|)xml|text/xml|application/(feed\\+)?json",
            after in "[a-z/*+;=0-9., ]{0,40}",
        ) {
            let line = format!("text/html,{before},{feed},{after}");
            prop_assert!(!is_html(&line));
        }
    }
}
