//! The text of a post, split at its fences, its front matter parsed into a small tree.
//!
//! Scalars keep the text they were written with, and every node its line: a title `1.10` is not a
//! number, and a finding can point at the place.

mod fences;
mod json;
mod toml;
mod yaml;

use std::borrow::Cow;

pub(super) use fences::{looks_like_fields, split};

/// No front matter seen has a hundred values.
const MAX_NODES: usize = 10_000;
/// No map seen has a hundred fields. A name is compared with those before it, so that this bounds the
/// comparisons: 2 million in a map.
const MAX_FIELDS: usize = 2_000;
/// What a front matter may hold, and what aliases in it may expand to, in bytes.
const MAX_TEXT: usize = 1024 * 1024;

/// U+FEFF, which editors write before a text, and which is pasted with one.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// A front matter, or a value in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The line in the file, counted from 1.
    pub line: usize,
    /// What is written there.
    pub value: Value,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing, or `null`.
    Null,
    /// Text, a number, a date or a truth, as written.
    Scalar(String),
    /// Several values.
    List(Vec<Node>),
    /// Fields, in their order. Of a name that stands twice the last comes first, as it counts; the one before
    /// it stands at the end, for it may say that the post is hidden.
    Map(Vec<(String, Node)>),
}

/// Why a front matter is not one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The line in the file, counted from 1.
    pub line: usize,
    /// Whether the budget is what it broke.
    pub over_budget: bool,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: &'static str,
}

/// Front matter that was parsed.
#[derive(Debug)]
pub(super) struct Parsed {
    /// Its fields.
    pub(super) root: Node,
    /// The fields that stand twice, each with the line of the last.
    pub(super) repeated: Vec<(String, usize)>,
    /// Lines within values that other tools take for fields, or refuse, with their numbers.
    pub(super) doubtful: Vec<(usize, String)>,
}

/// A file's text in its two parts.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Split<'a> {
    /// Front matter, and the body.
    Front(Front<'a>),
    /// It begins as a front matter that never ends.
    Open(Format),
    /// It has none.
    None,
}

/// A front matter within its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Front<'a> {
    /// What it is written in.
    pub(super) format: Format,
    /// How many lines stand before its text.
    pub(super) lines_before: usize,
    /// The text between the fences, or that of the object.
    pub(super) text: &'a str,
    /// What comes after.
    pub(super) body: &'a str,
    /// The first part of the body, where tools that know fewer ends read it as front matter.
    pub(super) beyond: &'a str,
}

/// What a front matter is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// YAML 1.2, between `---` lines, or before one.
    Yaml,
    /// TOML 1.0, between `+++` lines, or below `---toml`.
    Toml,
    /// A JSON object, or the inside of one between `;;;` lines, or below `---json`.
    Json,
}

impl Node {
    /// The field at a dotted path, names compared without regard to case.
    pub fn get(&self, path: &str) -> Option<&Node> {
        if !path.as_bytes().contains(&b'.') {
            return self.field(path);
        }
        path.split('.')
            .try_fold(self, |node, name| node.field(name))
    }

    /// All fields at a dotted path, those that stand twice included.
    pub(super) fn all<'n>(&'n self, path: &str, found: &mut Vec<&'n Node>) {
        let (name, rest) = match path.split_once('.') {
            Some((name, rest)) => (name, Some(rest)),
            None => (path, None),
        };
        for (key, node) in self.fields() {
            match rest {
                _ if !key.eq_ignore_ascii_case(name) => {}
                Some(rest) => node.all(rest, found),
                None => found.push(node),
            }
        }
    }

    fn field(&self, name: &str) -> Option<&Node> {
        self.fields()
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, node)| node)
    }

    /// Its fields, where it is a map.
    pub(super) fn fields(&self) -> &[(String, Node)] {
        match &self.value {
            Value::Map(fields) => fields,
            _ => &[],
        }
    }

    /// The scalar's text without blanks at its ends, if it is a scalar and not empty.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            _ => None,
        }
    }
}

/// Parses the front matter of a file.
pub(super) fn parse(front: &Front<'_>) -> Result<Parsed, Fault> {
    // A mark of byte order that came with pasted text; YAML and JSON refuse it.
    let mut text = match front.text.contains(BYTE_ORDER_MARK) {
        true => Cow::Owned(front.text.replace(BYTE_ORDER_MARK, "")),
        false => Cow::Borrowed(front.text),
    };
    // Hexo writes an object without its braces.
    if front.format == Format::Json && !text.trim_start().starts_with('{') {
        text = Cow::Owned(format!("{{{text}}}"));
    }
    parse_below(front.lines_before, front.format, &text)
}

/// Parses a text that stands below so many lines of its file.
pub(super) fn parse_below(lines: usize, format: Format, text: &str) -> Result<Parsed, Fault> {
    match format {
        Format::Yaml => yaml::parse(text, lines),
        Format::Toml => toml::parse(text, lines).map(Parsed::from),
        Format::Json => json::parse(text, lines),
    }
}

impl From<Node> for Parsed {
    fn from(root: Node) -> Parsed {
        Parsed {
            root,
            repeated: Vec::new(),
            doubtful: Vec::new(),
        }
    }
}

/// Adds a field to a map, or replaces the one of its name, which is kept behind all others. Returns whether
/// the name was there; a name that stands three times is a fault.
fn add_field(fields: &mut Vec<(String, Node)>, name: String, node: Node) -> Result<bool, Fault> {
    let mut same = fields
        .iter()
        .enumerate()
        .filter(|(_, (key, _))| *key == name);
    let (at, is_third) = (same.next().map(|(at, _)| at), same.next().is_some());
    if is_third {
        return Err(Fault {
            line: node.line,
            over_budget: false,
            message: format!("has the field `{name}` three times"),
            hint: "keep one of them",
        });
    }
    match at.and_then(|at| fields.get_mut(at)) {
        Some((_, before)) => {
            let before = std::mem::replace(before, node);
            fields.push((name, before));
            Ok(true)
        }
        None => {
            fields.push((name, node));
            Ok(false)
        }
    }
}

fn over_budget(line: usize, what: &str) -> Fault {
    Fault {
        line,
        over_budget: true,
        message: what.to_owned(),
        hint: "a front matter holds a post's fields; move data elsewhere",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(format: Format, text: &str) -> Node {
        parse_below(1, format, text).unwrap().root
    }

    #[test]
    fn fields_are_found_by_dotted_path_in_any_case() {
        let node = parsed(Format::Yaml, "seo:\n  URL: https://e.org/a\n");
        let url = node.get("Seo.url").unwrap();
        assert_eq!((url.text(), url.line), (Some("https://e.org/a"), 3));
        assert_eq!(node.get("seo.url.deeper"), None);
    }

    #[test]
    fn of_a_repeated_field_the_last_counts_and_both_are_kept() {
        for (format, text) in [
            (
                Format::Yaml,
                "seo: {a: 1}\ndraft: true\nseo: {a: 2}\ndraft: false\n",
            ),
            (
                Format::Json,
                "{\"seo\": {\"a\": 1},\n\"draft\": true,\n\"seo\": {\"a\": 2},\n\"draft\": false}",
            ),
        ] {
            let parsed = parse_below(0, format, text).unwrap();
            let repeated = [("seo".to_owned(), 3), ("draft".to_owned(), 4)];
            assert_eq!(parsed.repeated, repeated);
            let root = parsed.root;
            assert_eq!(root.get("draft").unwrap().text(), Some("false"));
            for path in ["draft", "seo.a"] {
                let mut all = Vec::new();
                root.all(path, &mut all);
                assert_eq!(all.len(), 2, "{path}");
            }
        }
        let thrice = parse_below(0, Format::Yaml, "a: 1\na: 2\na: 3\n").unwrap_err();
        assert_eq!(
            (thrice.line, thrice.message.contains("three times")),
            (3, true)
        );
    }

    #[test]
    fn byte_order_marks_within_are_dropped() {
        for (format, text) in [
            (Format::Yaml, "title: \u{feff}A\n\u{feff}draft: true\n"),
            (Format::Json, "{\"title\": \u{feff}\"A\", \"draft\": true}"),
            (Format::Toml, "title = \u{feff}'A'\ndraft = true\n"),
        ] {
            let front = Front {
                format,
                lines_before: 1,
                text,
                body: "",
                beyond: "",
            };
            let root = parse(&front).unwrap().root;
            let text = |path| root.get(path).unwrap().text();
            assert_eq!((text("title"), text("draft")), (Some("A"), Some("true")));
        }
    }
}
