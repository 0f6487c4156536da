//! Reads what a text that does not parse says of who may see the post.
//!
//! An editor that saves in halves leaves texts that break for a moment, and those keep their last
//! good version. A text that breaks while it says `hidePost: true` must not: the author took the
//! post back, and what is served in doubt cannot be recalled. So whatever field limits a post in a
//! text that parses ([`limits_of`]) limits it here, wherever it stands, unless its value plainly says
//! otherwise, or ends the text in the middle of saying so.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::date::{self, Clock};
use super::fields::{is_build, masked, state_of};
use super::limits::{Limit, limits_of, limits_of_dotted};
use crate::config::{Config, Field};
use crate::post::{Marker, MarkerKind, Post, Reading};

/// Limits that a text which is no post puts on the post of its file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Limits {
    /// The post is hidden, or may be.
    pub hides: bool,
    /// The latest of the dates before which it is not shown, if there is any.
    pub start: Option<DateTime<Utc>>,
    /// The earliest of the dates from which on it is not shown, if there is any.
    pub end: Option<DateTime<Utc>>,
}

impl Limits {
    /// Limits of a text that says nothing.
    pub(super) const NONE: Limits = Limits {
        hides: false,
        start: None,
        end: None,
    };

    pub(super) fn add_start(&mut self, start: DateTime<Utc>) {
        self.start = self.start.max(Some(start));
    }

    pub(super) fn add_end(&mut self, end: DateTime<Utc>) {
        self.end = Some(self.end.map_or(end, |earlier| earlier.min(end)));
    }

    /// Returns the post with these dates as limits too; the same post where they change nothing.
    pub(super) fn applied_to(&self, post: Arc<Post>) -> Arc<Post> {
        let known_start = post.publish_after().unwrap_or(post.published);
        let start = self.start.filter(|start| *start > known_start);
        let is_earlier = |end: &DateTime<Utc>| post.expires().is_none_or(|known| *end < known);
        let end = self.end.filter(is_earlier);
        if start.is_none() && end.is_none() {
            return post;
        }
        let mut limited = Post::clone(&post);
        let rare = limited.rare.get_or_insert_default();
        rare.publish_after = start.or(rare.publish_after);
        rare.expires = end.or(rare.expires);
        Arc::new(limited)
    }
}

/// Reads the limits out of a text, whatever stands around them.
pub(super) fn read_limits(text: &str, config: &Config) -> Limits {
    // UTF-16 read as bytes has a NUL beside each letter; old editors end lines with CR alone.
    let text = text.replace('\0', "").replace('\r', "\n");
    let mut reader = Reader {
        config,
        clock: Clock {
            zone: config.site.timezone,
            z_is_local: config.content.z_is_local,
        },
        has_build: text.to_ascii_lowercase().contains("build"),
        limits: Limits::NONE,
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

struct Reader<'a> {
    config: &'a Config,
    clock: Clock,
    /// The text mentions Hugo's `build`, which may stand around a field.
    has_build: bool,
    limits: Limits,
}

/// A field as it stands in the text.
struct Pair<'a> {
    name: &'a str,
    /// The text behind the name, up to the end of its part of the line.
    value: &'a str,
    /// The text behind the name, up to the end of the line.
    rest: &'a str,
    /// The line below, where it goes on with the value.
    below: Option<&'a str>,
    /// The text ends with the value.
    is_last: bool,
}

impl Reader<'_> {
    /// Reads the fields of one line. Flow maps put several on one.
    fn read_line(&mut self, line: &str, below: Option<&str>) {
        let mut at = 0;
        for part in line.split([',', '{', '}']) {
            let start = at;
            at += part.len() + 1;
            let is_last = below.is_none() && at > line.len();
            let Some((name, value, value_at)) = split_pair(part) else {
                continue;
            };
            let rest = line.get(start + value_at..).unwrap_or(value);
            self.read_pair(&Pair {
                name,
                value,
                rest,
                below: below.filter(|below| goes_on(line, below)),
                is_last,
            });
        }
        // `? name`, with `: value` below.
        let alone = line.trim().trim_start_matches(['?', ' ']);
        if let Some(value) = below.and_then(|below| below.trim_start().strip_prefix(':')) {
            self.read_pair(&Pair {
                name: alone,
                value,
                rest: value,
                below: None,
                is_last: false,
            });
        }
    }

    fn read_pair(&mut self, pair: &Pair<'_>) {
        let name = pair
            .name
            .trim()
            .trim_matches(['"', '\'', '[', ']', '-', ' ']);
        let last = name.rsplit('.').next().unwrap_or(name);
        if last.is_empty() || last.len() > 100 {
            return;
        }
        let limits = limits_of(last, self.config);
        // `published` is a marker and a date: `published: false` is the marker.
        let may_be_marker = limits.iter().any(|limit| matches!(limit, Limit::Marker(_)));
        let dotted = limits_of_dotted(last, self.config);
        for limit in limits.into_iter().chain(dotted) {
            match limit {
                Limit::Marker(kind) => self.read_marker(kind, pair, true),
                Limit::SharedMarker(kind) => self.read_marker(kind, pair, false),
                Limit::BuildMarker(kind) if self.has_build && !is_build(last) => {
                    self.read_marker(kind, pair, true);
                }
                Limit::BuildMarker(_) => {}
                Limit::State => self.read_state(pair, true),
                Limit::SharedState => self.read_state(pair, false),
                Limit::Date(_) if may_be_marker => {}
                Limit::Date(field) => self.read_date(field, pair),
            }
        }
    }

    fn read_marker(&mut self, kind: MarkerKind, pair: &Pair<'_>, doubt_hides: bool) {
        if matches!(kind, MarkerKind::NoIndex | MarkerKind::InSitemap) {
            return;
        }
        let value = pair.first_word();
        // `hidePost:` at the end of a text is the beginning of either.
        if pair.is_last && kind.begins_to_show(value.unwrap_or_default()) {
            return;
        }
        let is_date = || pair.dates(self.clock).next().is_some();
        if kind == MarkerKind::Shows && is_date() {
            return;
        }
        let value = value.unwrap_or_default();
        let marker = Marker {
            field: String::new(),
            value: match kind {
                MarkerKind::Locks => masked(value).to_owned(),
                _ => value.to_owned(),
            },
            line: None,
            kind,
        };
        self.limits.hides |= match marker.reading() {
            Reading::Unreadable => doubt_hides,
            _ => marker.surely_withdraws(),
        };
    }

    fn read_state(&mut self, pair: &Pair<'_>, doubt_hides: bool) {
        // A choice is `{value: draft}`.
        let choice = || {
            let (_, choice) = pair.rest.split_once("value")?;
            first_word(choice.trim_start_matches(['"', '\'', ' ', ':']))
        };
        let word = pair.first_word().or_else(choice).unwrap_or_default();
        let word = word.trim_end_matches(['}', ',']);
        // Words of states may be two, as in `in review`.
        let whole = pair.whole().unwrap_or(word);
        if pair.is_last && MarkerKind::State.begins_to_show(whole) {
            return;
        }
        let [of_word, of_whole] = [word, whole].map(|word| state_of(word, self.config));
        let mut kinds = [of_word, of_whole].into_iter().flatten();
        let hides_surely = kinds.any(|kind| kind != MarkerKind::State);
        let is_unknown = of_whole == Some(MarkerKind::State);
        self.limits.hides |= hides_surely || (doubt_hides && is_unknown);
    }

    fn read_date(&mut self, field: Field, pair: &Pair<'_>) {
        let Some(word) = pair.first_word() else {
            return;
        };
        if matches!(word, "null" | "~") {
            return;
        }
        let mut is_read = false;
        for at in pair.dates(self.clock) {
            is_read = true;
            match field {
                Field::Expires => self.limits.add_end(at),
                _ => self.limits.add_start(at),
            }
        }
        // A date may be what the text ends in.
        self.limits.hides |= !is_read && !pair.is_last;
    }
}

impl<'a> Pair<'a> {
    /// Returns the first word that is a value: not a comment, a tag, an anchor, or the sign of a block.
    fn first_word(&self) -> Option<&'a str> {
        first_word(self.value)
            .or_else(|| first_word(self.below?.trim_start().trim_start_matches(':')))
    }

    /// Returns the value as it stands in its part of the line, without quotes, brackets and comments; `None` where it is
    /// empty.
    fn whole(&self) -> Option<&'a str> {
        let text = self.value.split(" #").next()?;
        let text = text.trim_matches(|c: char| c.is_whitespace() || "\"'[];".contains(c));
        Some(text).filter(|text| !text.is_empty())
    }

    /// Reads the dates that the value may be: that on its line, in its part of the line, or below.
    fn dates(&self, clock: Clock) -> impl Iterator<Item = DateTime<Utc>> {
        let below = self.below.filter(|_| first_word(self.value).is_none());
        let texts = [Some(self.rest), Some(self.value), below];
        texts.into_iter().flatten().filter_map(move |text| {
            let text = text.split(" #").next().unwrap_or(text);
            let text = text.trim_matches(|c: char| c.is_whitespace() || "\"'-:,;}]".contains(c));
            date::parse(text, clock)
        })
    }
}

/// Splits a part of a line into name and value, with the place where the value begins.
fn split_pair(part: &str) -> Option<(&str, &str, usize)> {
    if let Some(at) = part.find([':', '=', '：']) {
        let (name, value) = part.split_at(at);
        let mut letters = value.chars();
        let sign = letters.next()?;
        return Some((name, letters.as_str(), at + sign.len_utf8()));
    }
    // The colon may be what is wrong: two words, and nothing else.
    let trimmed = part.trim();
    let (name, value) = trimmed.split_once(char::is_whitespace)?;
    let value = value.trim();
    let value_at = part.trim_end().len() - value.len();
    (!value.contains(char::is_whitespace)).then_some((name, value, value_at))
}

/// Tells whether the value of a field may go on in the line below: it is further in, or an item of a list.
fn goes_on(line: &str, below: &str) -> bool {
    let indent = |line: &str| line.len() - line.trim_start().len();
    indent(below) > indent(line) || below.trim_start().starts_with(['-', ':'])
}

fn first_word(text: &str) -> Option<&str> {
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
        read_limits(text, &config()).hides
    }

    #[test]
    fn a_hiding_marker_is_found_in_any_ruin() {
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
    fn dates_that_limit_are_read_out_of_ruin() {
        let read = |text: &str| {
            let limits = read_limits(text, &config());
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
}
