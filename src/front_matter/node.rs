//! Defines the tree of parsed front matter, and the budget of its parsers.

use super::visibility_field_names::is_same_spelling;

/// Maximum values in a front matter. None seen in practice has a hundred.
pub(super) const MAX_FRONT_MATTER_NODES: usize = 10_000;

/// Maximum fields in one map. None seen in practice has a hundred. Each name is compared with all before it,
/// so this allows 2 million comparisons.
pub(super) const MAX_FIELDS_PER_MAP: usize = 2_000;

/// Maximum size of a front matter in bytes, also after its aliases are expanded.
pub(super) const MAX_FRONT_MATTER_BYTES: usize = 1024 * 1024;

/// A front matter, or a value in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The line in the file, counted from 1.
    pub line: usize,
    /// The value.
    pub value: FrontMatterValue,
    /// True for a text of YAML without quotes, which tools may take for a time.
    pub is_plain: bool,
}

/// Value of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrontMatterValue {
    /// Nothing, or `null`.
    Null,
    /// Text, a number, a date or a boolean, as written.
    Scalar(String),
    /// A list of values.
    List(Vec<Node>),
    /// Fields, in their order. If a name appears twice, the last value takes the first place, because it counts.
    /// The earlier value moves to the end: it may say that the post is hidden.
    Map(Vec<(String, Node)>),
}

/// Error in a front matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrontMatterError {
    /// The line in the file, counted from 1.
    pub line: usize,
    /// True if the front matter exceeds a size limit.
    pub over_budget: bool,
    /// Description of the error, to follow "the front matter".
    pub message: String,
    /// Advice on fixing it.
    pub hint: &'static str,
}

/// Parsed front matter.
#[derive(Debug)]
pub(crate) struct ParsedFrontMatter {
    /// The map of its fields.
    pub(crate) root: Node,
    /// Names of fields that appear twice, with the line of the last one.
    pub(crate) repeated_fields: Vec<(String, usize)>,
    /// Lines inside values that other tools take for fields or reject, with their numbers.
    pub(crate) ambiguous_lines: Vec<(usize, String)>,
}

impl Node {
    /// Finds the field at a dotted path. Names match in any case.
    pub fn get(&self, path: &str) -> Option<&Node> {
        if !path.as_bytes().contains(&b'.') {
            return self.find_field(path);
        }
        path.split('.')
            .try_fold(self, |node, name| node.find_field(name))
    }

    /// Finds the field at a dotted path. A name also matches with other hyphens and underscores: `cover-image` for
    /// `coverImage`.
    pub(crate) fn get_in_any_spelling(&self, path: &str) -> Option<&Node> {
        path.split('.').try_fold(self, |node, name| {
            let mut fields = node.as_fields().iter();
            node.find_field(name).or_else(|| {
                let other = fields.find(|(key, _)| key.is_ascii() && is_same_spelling(key, name));
                other.map(|(_, node)| node)
            })
        })
    }

    /// Adds all fields at a dotted path to `found`, including repeated ones.
    pub(crate) fn collect_at_path<'n>(&'n self, path: &str, found: &mut Vec<&'n Node>) {
        let (name, rest) = match path.split_once('.') {
            Some((name, rest)) => (name, Some(rest)),
            None => (path, None),
        };
        for (key, node) in self.as_fields() {
            match rest {
                _ if !key.eq_ignore_ascii_case(name) => {}
                Some(rest) => node.collect_at_path(rest, found),
                None => found.push(node),
            }
        }
    }

    fn find_field(&self, name: &str) -> Option<&Node> {
        self.as_fields()
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, node)| node)
    }

    /// The fields of a map; empty for other values.
    pub(crate) fn as_fields(&self) -> &[(String, Node)] {
        match &self.value {
            FrontMatterValue::Map(fields) => fields,
            _ => &[],
        }
    }

    /// The trimmed text of a scalar; `None` if it is empty or not a scalar.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            FrontMatterValue::Scalar(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            _ => None,
        }
    }
}

impl From<Node> for ParsedFrontMatter {
    fn from(root: Node) -> ParsedFrontMatter {
        ParsedFrontMatter {
            root,
            repeated_fields: Vec::new(),
            ambiguous_lines: Vec::new(),
        }
    }
}

/// Adds a field to a map. A field of the same name is replaced and moves to the end of the map.
///
/// Returns true if the name was there. A third field of one name is an error.
pub(super) fn add_field(
    fields: &mut Vec<(String, Node)>,
    name: String,
    node: Node,
) -> Result<bool, FrontMatterError> {
    let mut same = fields
        .iter()
        .enumerate()
        .filter(|(_, (key, _))| *key == name);
    let (at, is_third) = (same.next().map(|(at, _)| at), same.next().is_some());
    if is_third {
        return Err(FrontMatterError {
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

pub(super) fn over_budget_error(line: usize, what: &str) -> FrontMatterError {
    FrontMatterError {
        line,
        over_budget: true,
        message: what.to_owned(),
        hint: "a front matter holds a post's fields; move data elsewhere",
    }
}
