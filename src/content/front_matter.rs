//! The text of a post, split at its fences, its front matter parsed into a small tree.
//!
//! Scalars keep the text they were written with, and every node its line: a title `1.10` is not a
//! number, and a finding can point at the place.

mod yaml;

/// A front matter, or a value in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    /// The line in the file, counted from 1.
    pub(super) line: usize,
    /// What is written there.
    pub(super) value: Value,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
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
pub(super) struct Fault {
    /// The line in the file, counted from 1.
    pub(super) line: usize,
    /// Whether the budget is what it broke.
    pub(super) over_budget: bool,
    /// What is wrong.
    pub(super) message: String,
    /// What to do.
    pub(super) hint: &'static str,
}

/// A file's text in its two parts.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Split<'a> {
    /// Front matter in YAML, and the body.
    Yaml { front: &'a str, body: &'a str },
    /// It begins with a fence that never ends.
    Open,
    /// It has none.
    None,
}

impl Node {
    /// The field at a dotted path, names compared without regard to case.
    pub(super) fn get(&self, path: &str) -> Option<&Node> {
        path.split('.')
            .try_fold(self, |node, name| node.field(name))
    }

    fn field(&self, name: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(fields) => fields
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, node)| node),
            _ => None,
        }
    }

    /// The scalar's text without blanks at its ends, if it is a scalar and not empty.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            _ => None,
        }
    }
}

/// Finds the fences. The first line must be one; a byte order mark before it is normal.
pub(super) fn split(text: &str) -> Split<'_> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.split_inclusive('\n');
    let Some(first) = lines.next() else {
        return Split::None;
    };
    if first.trim_end() != "---" {
        return Split::None;
    }
    let mut at = first.len();
    for line in lines {
        let end = at + line.len();
        // Not `...`, which ends a YAML document too: tools that know only `---` read on, and may
        // find there that the post is hidden.
        if line.trim_end() == "---" {
            let front = text.get(first.len()..at).unwrap_or_default();
            return Split::Yaml {
                front,
                body: text.get(end..).unwrap_or_default(),
            };
        }
        at = end;
    }
    Split::Open
}

/// Parses a YAML front matter whose first line is line 2 of the file.
pub(super) fn parse_yaml(front: &str) -> Result<Node, Fault> {
    yaml::parse(front, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bom_crlf_and_a_missing_final_newline_are_normal() {
        let split = |text| match split(text) {
            Split::Yaml { front, body } => (front.to_owned(), body.to_owned()),
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
    fn no_fence_and_an_open_fence_are_told_apart() {
        assert_eq!(split(""), Split::None);
        assert_eq!(split("# Title\n---\n"), Split::None);
        assert_eq!(split("---\ntitle: a\n"), Split::Open);
        assert_eq!(split("---- \n"), Split::None);
    }

    #[test]
    fn fields_are_found_by_dotted_path_in_any_case() {
        let node = parse_yaml("seo:\n  URL: https://e.org/a\n").unwrap();
        let url = node.get("Seo.url").unwrap();
        assert_eq!((url.text(), url.line), (Some("https://e.org/a"), 3));
        assert_eq!(node.get("seo.url.deeper"), None);
    }
}
