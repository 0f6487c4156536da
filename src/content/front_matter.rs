//! The text of a post, split at its fences, its front matter parsed into a small tree.
//!
//! Scalars keep the text they were written with, and every node its line: a title `1.10` is not a
//! number, and a finding can point at the place.

mod json;
mod toml;
mod yaml;

/// No front matter seen has a hundred values.
const MAX_NODES: usize = 10_000;
/// What a front matter may hold, and what aliases in it may expand to, in bytes.
const MAX_TEXT: usize = 1024 * 1024;

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
    /// Fields, in their order, no name twice.
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

/// A file's text in its two parts.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Split<'a> {
    /// Front matter, and the body.
    Front {
        /// What it is written in.
        format: Format,
        /// The text between the fences, or that of the object.
        front: &'a str,
        /// What comes after.
        body: &'a str,
    },
    /// It begins as a front matter that never ends.
    Open(Format),
    /// It has none.
    None,
}

/// What a front matter is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// YAML 1.2, between `---` lines.
    Yaml,
    /// TOML 1.0, between `+++` lines.
    Toml,
    /// A JSON object.
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

/// Finds the fences, or the object. The first line must begin it; a byte order mark before it is
/// normal.
pub(super) fn split(text: &str) -> Split<'_> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let first = line_at(text, 0);
    if first.is_empty() {
        return Split::None;
    }
    let (fence, format) = match first.trim_end() {
        "---" => ("---", Format::Yaml),
        "+++" => ("+++", Format::Toml),
        _ => return json_object(text),
    };
    let mut at = first.len();
    while at < text.len() {
        let line = line_at(text, at);
        let end = at + line.len();
        // Not `...`, which ends a YAML document too: tools that know only `---` read on, and may
        // find there that the post is hidden.
        if line.trim_end() == fence {
            let front = text.get(first.len()..at).unwrap_or_default();
            return Split::Front {
                format,
                front,
                body: text.get(end..).unwrap_or_default(),
            };
        }
        at = end;
    }
    Split::Open(format)
}

/// The line that begins at a place, with its end.
fn line_at(text: &str, at: usize) -> &str {
    let rest = text.get(at..).unwrap_or_default();
    let end = memchr::memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |end| end + 1);
    rest.get(..end).unwrap_or_default()
}

/// An object at the very beginning. A brace that a name or the end of the line does not follow is
/// that of a shortcode, and no object.
fn json_object(text: &str) -> Split<'_> {
    let inside = text.strip_prefix('{').map(str::trim_start);
    let begins = text.starts_with("{\n") || text.starts_with("{\r");
    let Some(inside) = inside.filter(|inside| begins || inside.starts_with(['"', '}'])) else {
        return Split::None;
    };
    match json::end(text) {
        Some(end) => Split::Front {
            format: Format::Json,
            front: text.get(..end).unwrap_or_default(),
            body: text.get(end..).unwrap_or_default(),
        },
        None if inside.starts_with('"') => Split::Open(Format::Json),
        None => Split::None,
    }
}

/// Parses a front matter of a file.
pub(super) fn parse(format: Format, front: &str) -> Result<Node, Fault> {
    match format {
        // After the fence, on line 2.
        Format::Yaml | Format::Toml => parse_below(1, format, front),
        Format::Json => parse_below(0, format, front),
    }
}

/// Parses a text that stands below so many lines of its file.
pub(super) fn parse_below(lines: usize, format: Format, text: &str) -> Result<Node, Fault> {
    match format {
        Format::Yaml => yaml::parse(text, lines),
        Format::Toml => toml::parse(text, lines),
        Format::Json => json::parse(text, lines),
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

    #[test]
    fn bom_crlf_and_a_missing_final_newline_are_normal() {
        let split = |text| match split(text) {
            Split::Front { front, body, .. } => (front.to_owned(), body.to_owned()),
            other => panic!("{other:?}"),
        };
        let expected = ("title: a\r\n".to_owned(), "body".to_owned());
        assert_eq!(split("\u{feff}---\r\ntitle: a\r\n---\r\nbody"), expected);
        assert_eq!(split("---\n---"), (String::new(), String::new()));
        assert_eq!(
            split("--- \ntitle: a\n--- \n\n---\n").1,
            "\n---\n",
            "a rule in the body stays"
        );
    }

    #[test]
    fn the_three_formats_are_told_apart() {
        for (text, format, body) in [
            ("---\na: 1\n---\nb", Format::Yaml, "b"),
            ("+++\na = 1\n+++\nb", Format::Toml, "b"),
            ("{\"a\": 1}\nb", Format::Json, "\nb"),
            ("{\n  \"a\": \"}\"\n}\nb", Format::Json, "\nb"),
        ] {
            let Split::Front {
                format: found,
                front,
                body: rest,
            } = split(text)
            else {
                panic!("{text}")
            };
            assert_eq!((found, rest), (format, body), "{text}");
            assert!(parse(format, front).unwrap().get("a").is_some(), "{text}");
        }
    }

    #[test]
    fn no_fence_and_an_open_fence_are_told_apart() {
        assert_eq!(split(""), Split::None);
        assert_eq!(split("# Title\n---\n"), Split::None);
        assert_eq!(split("---\ntitle: a\n"), Split::Open(Format::Yaml));
        assert_eq!(split("+++\ntitle = 1\n---\n"), Split::Open(Format::Toml));
        assert_eq!(split("{\n\"title\": 1\n"), Split::Open(Format::Json));
        for shortcode in ["{{< a >}}\n", "{% a %}\n", "{a}", "{", "{ a: 1 }"] {
            assert_eq!(split(shortcode), Split::None, "{shortcode}");
        }
        assert_eq!(split("---- \n"), Split::None);
    }

    #[test]
    fn fields_are_found_by_dotted_path_in_any_case() {
        let node = parse(Format::Yaml, "seo:\n  URL: https://e.org/a\n").unwrap();
        let url = node.get("Seo.url").unwrap();
        assert_eq!((url.text(), url.line), (Some("https://e.org/a"), 3));
        assert_eq!(node.get("seo.url.deeper"), None);
    }
}
