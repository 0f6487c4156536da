//! `Accept` into whether it is a person who asks, RFC 9110 §12.5.1.
//!
//! A feed's address is for programs, and most of them name neither the feed's type nor any. So it is the
//! feed for everybody but those who plainly want HTML more than anything that a feed could be called, as
//! browsers do. On a tie the feed wins, and so it does wherever there is doubt: a reader that got a page in
//! place of its feed would be lost, while a person who gets the feed sees it styled.

use super::fields::{Field, Fields};
use super::qvalue::thousandths;

/// Whether HTML is wanted more than a feed. Allocates nothing.
pub(super) fn prefers_html(fields: &Fields<'_>) -> bool {
    let mut wishes = Wishes::default();
    for line in fields.lines(Field::Accept) {
        let Some(line) = line.text() else {
            return false;
        };
        // Nobody quotes here; a comma in quotes would be read as the end of a member.
        if line.contains('"') {
            return false;
        }
        for member in line.split(',') {
            let member = member.trim_matches([' ', '\t']);
            if !member.is_empty() && wishes.take(member).is_none() {
                return false;
            }
        }
    }
    wishes.are_a_person_s()
}

/// The highest weights, in thousandths.
#[derive(Debug, Default)]
struct Wishes {
    html: u16,
    /// What a feed is called, or might be.
    feed: u16,
    anything: u16,
    names_xhtml: bool,
}

impl Wishes {
    /// `None` where it cannot be read.
    fn take(&mut self, member: &str) -> Option<()> {
        let mut parts = member.split(';').map(|part| part.trim_matches([' ', '\t']));
        let (kind, subkind) = parts.next()?.split_once('/')?;
        let mut weight = None;
        let mut is_plain = true;
        for parameter in parts {
            let (name, value) = parameter.split_once('=')?;
            if !name.eq_ignore_ascii_case("q") {
                is_plain = false;
            } else if weight.replace(thousandths(value)?).is_some() {
                return None;
            }
        }
        let weight = weight.unwrap_or(1000);
        let is = |name: &str| subkind.eq_ignore_ascii_case(name);
        let most = |known: &mut u16| *known = (*known).max(weight);
        if kind == "*" {
            most(&mut self.anything);
        } else if kind.eq_ignore_ascii_case("text") {
            if is("html") && is_plain {
                most(&mut self.html);
            } else if is("xml") || is("json") || is("*") {
                most(&mut self.feed);
            }
        } else if kind.eq_ignore_ascii_case("application") {
            if is("xhtml+xml") {
                self.names_xhtml = true;
                if is_plain {
                    most(&mut self.html);
                }
            } else if is("*") || ends_in(subkind, "xml") || ends_in(subkind, "json") {
                most(&mut self.feed);
            }
        }
        Some(())
    }

    fn are_a_person_s(&self) -> bool {
        // Libraries name HTML first without meaning it, Java's and KDE's among them, and take anything
        // after it. Browsers name XHTML as well.
        let is_a_library_s = self.anything > 0 && !self.names_xhtml;
        self.html > self.feed && self.html >= self.anything && !is_a_library_s
    }
}

fn ends_in(text: &str, end: &str) -> bool {
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
        prefers_html(&Fields::of(&headers))
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
            ("somebody at a command line", "text/html"),
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
        assert!(!chosen(&[]), "who says nothing");
    }

    #[test]
    fn on_a_tie_and_in_doubt_it_is_the_feed() {
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
        fn any_bytes_are_survived_and_html_that_is_not_named_is_not_sent(line in any::<Vec<u8>>()) {
            let names = String::from_utf8_lossy(&line).to_ascii_lowercase().contains("html");
            prop_assert!(names || !chosen(&[&line]));
        }

        #[test]
        fn who_names_a_feed_with_full_weight_gets_it(
            before in "[a-z/*+;=0-9., ]{0,40}",
            feed in "application/(rss\\+|atom\\+|)xml|text/xml|application/(feed\\+)?json",
            after in "[a-z/*+;=0-9., ]{0,40}",
        ) {
            let line = format!("text/html,{before},{feed},{after}");
            prop_assert!(!is_html(&line));
        }
    }
}
