//! Renders the components that several admin pages share.

use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};

use crate::admin::post_table::PostTable;
use crate::check::finding_groups::FindingGroup;
use crate::time_zone::IanaZone;

/// Current time and time zone of the site.
#[derive(Debug, Clone, Copy)]
pub(super) struct SiteClock {
    now: DateTime<Utc>,
    time_zone: IanaZone,
}

impl SiteClock {
    pub(super) fn new(now: DateTime<Utc>, time_zone: IanaZone) -> SiteClock {
        SiteClock { now, time_zone }
    }

    /// Renders a time with its day and minute, in the site's time zone.
    pub(super) fn render_time(self, at: DateTime<Utc>) -> Markup {
        let local = at.with_timezone(&self.time_zone);
        html! {
            time datetime=(format_rfc3339(at)) { (local.format("%-d %b %Y, %H:%M %Z")) }
        }
    }

    /// Renders how long ago a time was, or how far ahead it is. The script updates it.
    pub(super) fn render_relative_time(self, at: DateTime<Utc>) -> Markup {
        let local = at.with_timezone(&self.time_zone);
        html! {
            time datetime=(format_rfc3339(at)) data-ago title=(local.format("%-d %b %Y, %H:%M:%S %Z")) {
                (format_span(self.now - at))
            }
        }
    }
}

/// Formats a time span in its largest unit. The script formats spans in the same way.
fn format_span(past: TimeDelta) -> String {
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

fn format_rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// Formats a number with a narrow space between groups of three digits.
pub(super) fn format_number(count: u64) -> String {
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

/// Formats a `usize` in the same way.
pub(super) fn format_count(count: usize) -> String {
    format_number(count as u64)
}

/// Formats a number of bytes with a decimal unit.
pub(super) fn format_bytes(length: u64) -> String {
    match length {
        0..1_000 => format!("{length} B"),
        1_000..1_000_000 => format!("{:.1} KB", length as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", length as f64 / 1e6),
        _ => format!("{:.1} GB", length as f64 / 1e9),
    }
}

/// Formats a share in percent; a dash if the whole is zero.
pub(super) fn format_percent(part: u64, whole: u64) -> String {
    match whole {
        0 => "–".to_owned(),
        _ => format!("{:.0} %", part as f64 * 100.0 / whole as f64),
    }
}

/// Formats a count with its noun: `1 post`, `2 posts`.
pub(super) fn format_plural(count: usize, word: &str) -> String {
    match count {
        1 => format!("1 {word}"),
        _ => format!("{} {word}s", self::format_count(count)),
    }
}

/// Renders a table with text columns, then number columns. `heading` is the id of its heading.
pub(super) fn render_table(
    heading: &str,
    texts: &[&str],
    numbers: &[&str],
    rows: &Markup,
) -> Markup {
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

/// Renders the state of a post as a badge.
pub(super) fn render_badge(state: &str) -> Markup {
    html! { span.badge data-state=(state) { (state) } }
}

/// Renders a link to the page of a post.
pub(super) fn link_to_post(path: &str, text: &str) -> Markup {
    html! { a href=(url_with_query("/post", &[("path", path)])) { (text) } }
}

/// Builds a path with a query. Parameters with an empty value are left out.
pub(super) fn url_with_query(path: &str, pairs: &[(&str, &str)]) -> String {
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

/// Renders a link to a URL given by a post; only text if its scheme is not HTTP. Other schemes, such
/// as `javascript:`, could run scripts.
pub(super) fn external_link(url: &str, text: &str) -> Markup {
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    html! {
        @if is_web { a href=(url) rel="noopener noreferrer" target="_blank" { (text) } }
        @else { (text) }
    }
}

/// Renders a message, with the names that it has in backticks as code.
pub(super) fn render_message(text: &str) -> Markup {
    let mut parts = text.split('`');
    let has_unpaired = text.matches('`').count() % 2 == 1;
    html! {
        @if has_unpaired { (text) }
        @else {
            (parts.next().unwrap_or_default())
            @while let Some(name) = parts.next() {
                code { (name) }
                (parts.next().unwrap_or_default())
            }
        }
    }
}

/// Renders a finding, or the findings of a rule, as a list item. `posts` are linked; `line` is that of the file.
pub(super) fn render_finding(
    group: &FindingGroup<'_>,
    posts: Option<&PostTable>,
    line: Option<&str>,
) -> Markup {
    let (first, severity) = (group.first, group.first.severity.to_string());
    html! {
        li.finding data-severity=(severity) {
            p {
                span.badge data-state=(severity) { (severity) } " "
                (render_message(&group.message())) " "
                code.rule { (first.rule.name()) }
            }
            @for (finding, same) in &group.examples {
                p.place {
                    @if posts.is_some_and(|posts| posts.find_row(&finding.file).is_some()) { (link_to_post(&finding.file, &finding.file)) } @else { span { (finding.file) } }
                    @if let Some(line) = finding.line { ", line " (line) }
                    @if let Some(message) = group.example_message((finding, *same)) { ": " (render_message(&message)) }
                }
            }
            @if let Some(line) = line { pre.source { code { (line) } } }
            @if !first.hint.is_empty() { p.hint { (render_message(&first.hint)) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_spans_use_the_largest_unit() {
        let format = |seconds| format_span(TimeDelta::seconds(seconds));
        assert_eq!(format(0), "just now");
        assert_eq!(format(59), "59 s ago");
        assert_eq!(format(60), "1 min ago");
        assert_eq!(format(7_200), "2 h ago");
        assert_eq!(format(172_800), "2 days ago");
        assert_eq!(format(-90), "in 1 min");
    }

    #[test]
    fn numbers_are_formatted_with_separators_and_units() {
        assert_eq!(format_number(999), "999");
        assert_eq!(format_number(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(format_bytes(36_480), "36.5 KB");
        assert_eq!(format_percent(1, 0), "–");
        assert_eq!(format_percent(9, 10), "90 %");
        assert_eq!(format_plural(1, "post"), "1 post");
    }

    #[test]
    fn backticks_in_a_message_become_code() {
        let html = |text| render_message(text).into_string();
        assert_eq!(
            html("no `a<b`, but `c`"),
            "no <code>a&lt;b</code>, but <code>c</code>"
        );
        assert_eq!(html("one ` alone"), "one ` alone");
        assert_eq!(html(""), "");
    }

    #[test]
    fn only_http_urls_become_links() {
        let html = external_link("javascript:alert(1)", "x").into_string();
        assert_eq!(html, "x");
        let html = link_to_post("a&b\"<.md", "<").into_string();
        assert_eq!(html, "<a href=\"/post?path=a%26b%22%3C.md\">&lt;</a>");
    }
}
