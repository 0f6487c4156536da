//! Reads the limits on visibility from text that does not parse.
//!
//! An editor that saves in steps leaves files that are broken for a moment. Such a post keeps its last good
//! version, unless the broken text says `hidePost: true`: then the author withdrew it, and a leak cannot be recalled.
//! So every field that limits visibility counts here too, wherever it stands. It does not count if its value
//! clearly shows the post, or if the text ends in the middle of such a value.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::config::{Config, Field};
use crate::fields::{date_options, is_hugo_build, mask_password, parse_state};
use crate::front_matter::date::{self, DateOptions};
use crate::front_matter::visibility_field_names::{
    FieldLimit, effect_in_feed_map, is_feed_map, limits_for_last_name_part, limits_for_name,
};
use crate::model::post::{FlagValue, Post, VisibilityEffect, VisibilityField};

/// Limits on the visibility of a post, read from a file that is not a post now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VisibilityLimits {
    /// The post is hidden, or may be.
    pub hides: bool,
    /// The post is in no feed, or may be in none.
    pub leaves_feeds: bool,
    /// Latest start date: the post is not shown before it.
    pub start: Option<DateTime<Utc>>,
    /// Earliest end date: the post is not shown from then on.
    pub end: Option<DateTime<Utc>>,
}

impl VisibilityLimits {
    /// No limits.
    pub(crate) const NONE: VisibilityLimits = VisibilityLimits {
        hides: false,
        leaves_feeds: false,
        start: None,
        end: None,
    };

    pub(super) fn add_start_date(&mut self, start: DateTime<Utc>) {
        self.start = self.start.max(Some(start));
    }

    pub(super) fn add_end_date(&mut self, end: DateTime<Utc>) {
        self.end = Some(self.end.map_or(end, |earlier| earlier.min(end)));
    }

    /// Returns the post with the dates, and out of feeds, as further limits; the same `Arc` if they change nothing.
    pub(crate) fn apply_to(&self, post: Arc<Post>) -> Arc<Post> {
        let known_start = post.publish_after().unwrap_or(post.published_at);
        let start = self.start.filter(|start| *start > known_start);
        let is_earlier = |end: &DateTime<Utc>| post.expires_at().is_none_or(|known| *end < known);
        let end = self.end.filter(is_earlier);
        let mut markers = post.visibility_fields.iter();
        let leaves_feeds = self.leaves_feeds && !markers.any(VisibilityField::leaves_feeds);
        if start.is_none() && end.is_none() && !leaves_feeds {
            return post;
        }
        let mut limited = Post::clone(&post);
        if leaves_feeds {
            let kept = post.visibility_fields.iter().cloned();
            limited.visibility_fields = kept.chain([out_of_feeds_marker("feed")]).collect();
        }
        if start.is_none() && end.is_none() {
            return Arc::new(limited);
        }
        let rare = limited.extras.get_or_insert_default();
        rare.publish_after = start.or(rare.publish_after);
        rare.expires_at = end.or(rare.expires_at);
        Arc::new(limited)
    }
}

/// Makes the marker of a broken text that may keep posts out of feeds.
pub(crate) fn out_of_feeds_marker(field: &str) -> VisibilityField {
    VisibilityField {
        field: field.to_owned(),
        value: "may be false".to_owned(),
        line: None,
        effect: VisibilityEffect::OutOfFeeds,
    }
}

/// Reads the limits from a text, whatever else it holds.
pub(crate) fn scan_for_limits(text: &str, config: &Config) -> VisibilityLimits {
    // UTF-16 read as bytes has a NUL beside each letter. Old editors end lines with CR alone.
    let text = text.replace('\0', "").replace('\r', "\n");
    let mut reader = LimitScanner {
        config,
        clock: date_options(config),
        has_build: text.to_ascii_lowercase().contains("build"),
        feed_map_indent: None,
        indent: 0,
        limits: VisibilityLimits::NONE,
    };
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let below = lines.peek().copied();
        reader.read_line(line, below);
        if reader.limits.hides {
            break;
        }
    }
    reader.limits
}

struct LimitScanner<'a> {
    config: &'a Config,
    clock: DateOptions,
    /// The text mentions Hugo's `build`, which may enclose a field.
    has_build: bool,
    /// Least indent of the lines within the map of a feed field; `None` outside of one.
    feed_map_indent: Option<usize>,
    /// Indent of the current line.
    indent: usize,
    limits: VisibilityLimits,
}

/// Name and value of a field, as written.
struct FieldText<'a> {
    name: &'a str,
    /// The text after the name, up to the end of its part of the line.
    value: &'a str,
    /// The text after the name, up to the end of the line.
    rest: &'a str,
    /// The next line, if it continues the value.
    below: Option<&'a str>,
    /// The text ends with the value.
    is_last: bool,
}

impl LimitScanner<'_> {
    /// Reads the fields of one line. A flow map puts several fields on one line.
    fn read_line(&mut self, line: &str, below: Option<&str>) {
        self.find_feed_map(line);
        let mut at = 0;
        for part in line.split([',', '{', '}']) {
            let start = at;
            at += part.len() + 1;
            let is_last = below.is_none() && at > line.len();
            let Some((name, value, value_at)) = split_field(part) else {
                continue;
            };
            let rest = line.get(start + value_at..).unwrap_or(value);
            self.read_field(&FieldText {
                name,
                value,
                rest,
                below: below.filter(|below| is_continued_below(line, below)),
                is_last,
            });
        }
        // `? name`, with `: value` below.
        let alone = line.trim().trim_start_matches(['?', ' ']);
        if let Some(value) = below.and_then(|below| below.trim_start().strip_prefix(':')) {
            self.read_field(&FieldText {
                name: alone,
                value,
                rest: value,
                below: None,
                is_last: false,
            });
            if is_feed_map(alone) {
                self.feed_map_indent = Some(0);
            }
        }
    }

    /// Notes where the map of a feed field ends. In TOML it begins with a line `[rss]`.
    fn find_feed_map(&mut self, line: &str) {
        self.indent = line.len() - line.trim_start().len();
        let table = line.trim().strip_prefix('[');
        let indent = match line.trim() {
            "" => usize::MAX,
            _ => self.indent,
        };
        self.feed_map_indent = self
            .feed_map_indent
            .filter(|least| table.is_none() && indent >= *least);
        if table.is_some_and(|table| table.split([']', '.']).any(is_feed_map)) {
            self.feed_map_indent = Some(0);
        }
    }

    fn read_field(&mut self, pair: &FieldText<'_>) {
        let name = pair
            .name
            .trim()
            .trim_matches(['"', '\'', '[', ']', '-', ' ']);
        let last = name.rsplit('.').next().unwrap_or(name);
        if last.is_empty() || last.len() > 100 {
            return;
        }
        let within = name.rsplit('.').nth(1).is_some_and(is_feed_map);
        if let Some(kind) = effect_in_feed_map(last)
            && (within || self.feed_map_indent.is_some())
        {
            self.read_marker(kind, pair, true);
        }
        if is_feed_map(last) && pair.may_begin_map() {
            self.feed_map_indent = Some(self.indent + 1);
        }
        let limits = limits_for_name(last, self.config);
        // `published` is a marker and a date: `published: false` is the marker.
        let may_be_marker = limits
            .iter()
            .any(|limit| matches!(limit, FieldLimit::Marker(_)));
        let dotted = limits_for_last_name_part(last, self.config);
        for limit in limits.into_iter().chain(dotted) {
            match limit {
                FieldLimit::Marker(kind) => self.read_marker(kind, pair, true),
                FieldLimit::SharedMarker(kind) => self.read_marker(kind, pair, false),
                FieldLimit::BuildMarker(kind) if self.has_build && !is_hugo_build(last) => {
                    self.read_marker(kind, pair, true);
                }
                FieldLimit::BuildMarker(_) | FieldLimit::Robots => {}
                FieldLimit::State => self.read_state(pair, true),
                FieldLimit::SharedState => self.read_state(pair, false),
                FieldLimit::Date(_) if may_be_marker => {}
                FieldLimit::Date(field) => self.read_date(field, pair),
            }
        }
    }

    fn read_marker(&mut self, kind: VisibilityEffect, pair: &FieldText<'_>, doubt_hides: bool) {
        if matches!(
            kind,
            VisibilityEffect::NoIndex | VisibilityEffect::InSitemap
        ) {
            return;
        }
        let value = pair.first_value_word();
        // `hidePost:` at the end of the text may be the beginning of true or false.
        if pair.is_last && kind.may_begin_to_show(value.unwrap_or_default()) {
            return;
        }
        let is_date = || pair.possible_dates(self.clock).next().is_some();
        if kind == VisibilityEffect::Shows && is_date() {
            return;
        }
        let value = value.unwrap_or_default();
        let marker = VisibilityField {
            field: String::new(),
            value: match kind {
                VisibilityEffect::Restricts => mask_password(value).to_owned(),
                _ => value.to_owned(),
            },
            line: None,
            effect: kind,
        };
        let is_doubtful = marker.parse_value() == FlagValue::Unreadable;
        if is_doubtful && !doubt_hides {
            return;
        }
        if marker.affects_feeds() {
            self.limits.leaves_feeds |= marker.leaves_feeds();
        } else {
            self.limits.hides |= marker.may_unpublish();
        }
    }

    fn read_state(&mut self, pair: &FieldText<'_>, doubt_hides: bool) {
        // A choice is `{value: draft}`.
        let choice = || {
            let (_, choice) = pair.rest.split_once("value")?;
            find_value_word(choice.trim_start_matches(['"', '\'', ' ', ':']))
        };
        let word = pair.first_value_word().or_else(choice).unwrap_or_default();
        let word = word.trim_end_matches(['}', ',']);
        // A state may be two words, as in `in review`.
        let whole = pair.whole_value().unwrap_or(word);
        if pair.is_last && VisibilityEffect::UnknownState.may_begin_to_show(whole) {
            return;
        }
        let [of_word, of_whole] = [word, whole].map(|word| parse_state(word, self.config));
        let mut kinds = [of_word, of_whole].into_iter().flatten();
        let hides_surely = kinds.any(|kind| kind != VisibilityEffect::UnknownState);
        let is_unknown = of_whole == Some(VisibilityEffect::UnknownState);
        self.limits.hides |= hides_surely || (doubt_hides && is_unknown);
    }

    fn read_date(&mut self, field: Field, pair: &FieldText<'_>) {
        let Some(word) = pair.first_value_word() else {
            return;
        };
        if matches!(word, "null" | "~") {
            return;
        }
        let mut is_read = false;
        for at in pair.possible_dates(self.clock) {
            is_read = true;
            match field {
                Field::Expires => self.limits.add_end_date(at),
                _ => self.limits.add_start_date(at),
            }
        }
        // The text may end in the middle of a date.
        self.limits.hides |= !is_read && !pair.is_last;
    }
}

impl<'a> FieldText<'a> {
    /// Returns the first word of the value: no comment, tag, anchor or block indicator.
    fn first_value_word(&self) -> Option<&'a str> {
        find_value_word(self.value)
            .or_else(|| find_value_word(self.below?.trim_start().trim_start_matches(':')))
    }

    /// Returns true if the value is a map, or is on the next lines.
    fn may_begin_map(&self) -> bool {
        let word = find_value_word(self.rest);
        word.is_none_or(|word| word.starts_with('{'))
    }

    /// Returns the value in its part of the line, without quotes, brackets and comments; `None` if it is empty.
    fn whole_value(&self) -> Option<&'a str> {
        let text = self.value.split(" #").next()?;
        let text = text.trim_matches(|c: char| c.is_whitespace() || "\"'[];".contains(c));
        Some(text).filter(|text| !text.is_empty())
    }

    /// Reads the dates that the value may stand for: from the line, its part of the line, or the next line.
    fn possible_dates(&self, clock: DateOptions) -> impl Iterator<Item = DateTime<Utc>> {
        let below = self.below.filter(|_| find_value_word(self.value).is_none());
        let texts = [Some(self.rest), Some(self.value), below];
        texts.into_iter().flatten().filter_map(move |text| {
            let text = text.split(" #").next().unwrap_or(text);
            let is_quoted = text
                .trim_start_matches(['-', ':', ' '])
                .starts_with(['"', '\'']);
            let text = text.trim_matches(|c: char| c.is_whitespace() || "\"'-:,;}]".contains(c));
            let clock = if is_quoted {
                clock
            } else {
                clock.for_plain_text(text)
            };
            date::parse_date(text, clock)
        })
    }
}

/// Splits a part of a line at its colon; returns name, value and the byte at which the value begins.
fn split_field(part: &str) -> Option<(&str, &str, usize)> {
    if let Some(at) = part.find([':', '=', '：']) {
        let (name, value) = part.split_at(at);
        let mut letters = value.chars();
        let sign = letters.next()?;
        return Some((name, letters.as_str(), at + sign.len_utf8()));
    }
    // The missing colon may be the error: accept exactly two words.
    let trimmed = part.trim();
    let (name, value) = trimmed.split_once(char::is_whitespace)?;
    let value = value.trim();
    let value_at = part.trim_end().len() - value.len();
    (!value.contains(char::is_whitespace)).then_some((name, value, value_at))
}

/// Returns true if the next line may continue the value: it is indented further, or is a list item.
fn is_continued_below(line: &str, below: &str) -> bool {
    let indent = |line: &str| line.len() - line.trim_start().len();
    indent(below) > indent(line) || below.trim_start().starts_with(['-', ':'])
}

fn find_value_word(text: &str) -> Option<&str> {
    let text = text.split(" #").next()?;
    let is_value =
        |word: &&str| !word.starts_with(['!', '&', '#', '>', '|']) && !matches!(*word, "-" | "---");
    let word = text.split_whitespace().find(is_value)?;
    let word = word.trim_matches(['"', '\'', '[', ']', ';']);
    Some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        let toml = "[site]\nurl = \"https://e.org\"\ntitle = \"E\"\n[content.fields]\nhidden = [\"held\", \"cms.embargoed\"]\n";
        Config::parse(toml, "config.toml", std::path::Path::new("/")).unwrap()
    }

    fn says_hidden(text: &str) -> bool {
        scan_for_limits(text, &config()).hides
    }

    #[test]
    fn hiding_markers_are_found_in_broken_text() {
        for text in [
            "---\ntitle: One: two\nhidePost: true\n",
            "hidepost:   'Yes'   # not yet\r\n",
            "{ \"draft\": true, \"title\": ",
            "draft = true",
            "published: false",
            "\tdraft: !!bool true",
            "hidePost:\n  true\n",
            "hidePost: >-\n  true\n",
            "? hidePost\n: true\n",
            "hide_post: true",
            "hidePost: [true]",
            "hidePost: true;",
            "hidePost: “true”",
            "hidePost: ture\ntitle: a",
            "hidePost true",
            "hidePost： true",
            "hidePost: tr",
            "hidePost:\ntitle: a",
            "title: a\rhidePost: true\r",
            "\u{feff}hidePost: true",
            "published: fa",
            "unlisted: true",
            "h\0i\0d\0d\0e\0n\0:\0 \0t\0r\0u\0e\0",
            "render: false",
            "permalink: false\nx: [",
            "permalink = false",
            "build: {render: never}",
            "_build:\n  render: link\nx: [",
            "[build]\nlist = \"never\"",
            "build: {render: perhaps}",
            "status: [draft]",
            "status: {value: draft}",
            "status:\n  - draft",
            "status: in_review",
            "visibility: members\nx: [",
            "access:\nx: [",
            "eleventyExcludeFromCollections: true",
            "held: true",
            "cms:\n  embargoed: yes\n",
            "password: hello",
            "\"encrypted\": true, ",
            "members-only: yes",
            "publishDate: next week\nx: [",
        ] {
            assert!(says_hidden(text), "{text}");
        }
        for text in [
            "hidePost: false",
            "title: draft: true or not",
            "hidePost: fa",
            "hidePost:",
            "hidePost: 'fal",
            "published: tr",
            "noindex: true",
            "hidePost: false # true",
            "published: true",
            "permalink: /blog/a/\nx: [",
            "render: markdown\nx: [",
            "list: [a, b]\nx: [",
            "status: published\nx: [",
            "status: publ",
            "password:\ntitle: a",
            "password: ''\ntitle: a",
            "tags: [a, hidden]\nx: [",
            "tags:\n  - draft\n  - password\nx: [",
            "description: >\n  Status quo ante.\n  Draft horses pull ploughs.\nx: [",
            "publishDate: 20",
            "expires:\nx: [",
            "",
        ] {
            assert!(!says_hidden(text), "{text}");
        }
    }

    #[test]
    fn limiting_dates_are_found_in_broken_text() {
        let read = |text: &str| {
            let limits = scan_for_limits(text, &config());
            assert!(!limits.hides, "{text}");
            let day = |at: DateTime<Utc>| at.format("%Y-%m-%d").to_string();
            (limits.start.map(day), limits.end.map(day))
        };
        for text in [
            "publish-date: 2099-01-02\nx: [",
            "date: 2024-01-01\npublishDate: '2099-01-02T00:00:00Z' # then\nx: [",
            "{\"date\": \"2099-01-02\", \"x\": [",
            "go_live = 2099-01-02",
            "publishDate 2099-01-02   \nx: [",
            "date: Jan 2, 2099\nx: [",
            "embargo:\n  2099-01-02\nx: [",
            "params: {release_date: 2099-01-02}\nx: [",
        ] {
            assert_eq!(read(text), (Some("2099-01-02".into()), None), "{text}");
        }
        for text in ["expiry_date: 2024-01-02\nx: [", "valid-until = 2024-01-02"] {
            assert_eq!(read(text), (None, Some("2024-01-02".into())), "{text}");
        }
    }

    #[test]
    fn jekylls_unquoted_times_are_utc_as_in_whole_texts() {
        let toml = "[site]\nurl = \"https://e.org\"\ntitle = \"E\"\ntimezone = \"Asia/Tokyo\"\n[content]\nnames = \"jekyll\"\n";
        let config = Config::parse(toml, "config.toml", std::path::Path::new("/")).unwrap();
        for (written, expected) in [
            ("2026-05-01 12:00:00", "2026-05-01T12:00:00Z"),
            ("'2026-05-01 12:00:00'", "2026-05-01T03:00:00Z"),
            ("2026-05-01 12:00", "2026-05-01T03:00:00Z"),
        ] {
            let text = format!("---\ntitle: [a\npublishDate: {written}\n---\n");
            let start = scan_for_limits(&text, &config).start;
            assert_eq!(start, Some(expected.parse().unwrap()), "{written}");
        }
    }
}
