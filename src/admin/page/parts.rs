//! Pieces that several pages are made of.

use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};

use crate::finding::{Finding, Severity};
use crate::zone::Zone;

/// The time as the operator reads it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    now: DateTime<Utc>,
    zone: Zone,
}

impl Clock {
    pub(super) fn new(now: DateTime<Utc>, zone: Zone) -> Clock {
        Clock { now, zone }
    }

    /// An instant with its day and minute, in the site's zone.
    pub(super) fn at(self, at: DateTime<Utc>) -> Markup {
        let local = at.with_timezone(&self.zone);
        html! {
            time datetime=(rfc3339(at)) { (local.format("%-d %b %Y, %H:%M %Z")) }
        }
    }

    /// How long ago it was, or how long until then. The script keeps that true.
    pub(super) fn ago(self, at: DateTime<Utc>) -> Markup {
        let local = at.with_timezone(&self.zone);
        html! {
            time datetime=(rfc3339(at)) data-ago title=(local.format("%-d %b %Y, %H:%M:%S %Z")) {
                (span(self.now - at))
            }
        }
    }
}

/// As the script says it, too.
fn span(past: TimeDelta) -> String {
    let seconds = past.num_seconds();
    let (long, is_ahead) = (seconds.unsigned_abs(), seconds < 0);
    let (count, unit) = match long {
        0..60 => (long, "s"),
        60..3_600 => (long / 60, "min"),
        3_600..172_800 => (long / 3_600, "h"),
        _ => (long / 86_400, "days"),
    };
    match is_ahead {
        true => format!("in {count} {unit}"),
        false if long < 2 => "just now".to_owned(),
        false => format!("{count} {unit} ago"),
    }
}

fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// A number with its thousands apart.
pub(super) fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// The same of a `usize`.
pub(super) fn count(count: usize) -> String {
    number(count as u64)
}

/// A length in bytes.
pub(super) fn bytes(length: u64) -> String {
    match length {
        0..1_000 => format!("{length} B"),
        1_000..1_000_000 => format!("{:.1} KB", length as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", length as f64 / 1e6),
        _ => format!("{:.1} GB", length as f64 / 1e9),
    }
}

/// A share in percent.
pub(super) fn percent(part: u64, whole: u64) -> String {
    match whole {
        0 => "–".to_owned(),
        _ => format!("{:.0} %", part as f64 * 100.0 / whole as f64),
    }
}

/// `1 post`, `2 posts`.
pub(super) fn plural(count: usize, word: &str) -> String {
    match count {
        1 => format!("1 {word}"),
        _ => format!("{} {word}s", self::count(count)),
    }
}

/// A table below the heading whose id is `heading`: the first columns hold text, those of `numbers` numbers.
pub(super) fn table(heading: &str, texts: &[&str], numbers: &[&str], rows: &Markup) -> Markup {
    html! {
        div.scroll tabindex="0" role="group" aria-labelledby=(heading) {
            table {
                thead { tr {
                    @for name in texts { th scope="col" { (name) } }
                    @for name in numbers { th.number scope="col" { (name) } }
                } }
                tbody { (rows) }
            }
        }
    }
}

/// The state of a post.
pub(super) fn badge(state: &str) -> Markup {
    html! { span.badge data-state=(state) { (state) } }
}

/// Where a post is told of.
pub(super) fn post_link(path: &str, text: &str) -> Markup {
    html! { a href=(link("/post", &[("path", path)])) { (text) } }
}

/// A path with a query.
pub(super) fn link(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        if !value.is_empty() {
            query.append_pair(name, value);
        }
    }
    match query.finish() {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

/// A link to an address that a post gave, where it is one of the web: what else there is runs in the page.
pub(super) fn outside(url: &str, text: &str) -> Markup {
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    html! {
        @if is_web { a href=(url) rel="noopener noreferrer" target="_blank" { (text) } }
        @else { (text) }
    }
}

/// A message with its names, which it has in backticks, as what they are.
pub(super) fn message(text: &str) -> Markup {
    let mut parts = text.split('`');
    let odd = text.matches('`').count() % 2 == 1;
    html! {
        @if odd { (text) }
        @else {
            (parts.next().unwrap_or_default())
            @while let Some(name) = parts.next() {
                code { (name) }
                (parts.next().unwrap_or_default())
            }
        }
    }
}

/// A finding in a list, with a line of the file where it is known.
pub(super) fn finding(finding: &Finding, is_a_post: bool, line: Option<&str>) -> Markup {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    html! {
        li.finding data-severity=(severity) {
            p {
                span.badge data-state=(severity) { (severity) } " "
                (message(&finding.message)) " "
                code.rule { (finding.rule.name()) }
            }
            p.place {
                @if is_a_post { (post_link(&finding.file, &finding.file)) } @else { span { (finding.file) } }
                @if let Some(line) = finding.line { ", line " (line) }
            }
            @if let Some(line) = line { pre.source { code { (line) } } }
            @if !finding.hint.is_empty() { p.hint { (message(&finding.hint)) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_the_unit_that_people_count_in() {
        let of = |seconds| span(TimeDelta::seconds(seconds));
        assert_eq!(of(0), "just now");
        assert_eq!(of(59), "59 s ago");
        assert_eq!(of(60), "1 min ago");
        assert_eq!(of(7_200), "2 h ago");
        assert_eq!(of(172_800), "2 days ago");
        assert_eq!(of(-90), "in 1 min");
    }

    #[test]
    fn numbers_are_told_as_people_read_them() {
        assert_eq!(number(999), "999");
        assert_eq!(number(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(bytes(36_480), "36.5 KB");
        assert_eq!(percent(1, 0), "–");
        assert_eq!(percent(9, 10), "90 %");
        assert_eq!(plural(1, "post"), "1 post");
    }

    #[test]
    fn what_a_message_has_in_backticks_is_a_name() {
        let of = |text| message(text).into_string();
        assert_eq!(
            of("no `a<b`, but `c`"),
            "no <code>a&lt;b</code>, but <code>c</code>"
        );
        assert_eq!(of("one ` alone"), "one ` alone");
        assert_eq!(of(""), "");
    }

    #[test]
    fn an_address_that_would_run_is_no_link() {
        let html = outside("javascript:alert(1)", "x").into_string();
        assert_eq!(html, "x");
        let html = post_link("a&b\"<.md", "<").into_string();
        assert_eq!(html, "<a href=\"/post?path=a%26b%22%3C.md\">&lt;</a>");
    }
}
