//! Parses TOML front matter (toml.io, 1.0), as Hugo and Zola write it, to a [`Node`].
//!
//! Only this file and the configuration use the `toml` crate.

use toml::de::{DeTable, DeValue};

use super::node::{
    FrontMatterError, FrontMatterValue, MAX_FRONT_MATTER_BYTES, MAX_FRONT_MATTER_NODES, Node,
    over_budget_error,
};
use crate::text::strip_forbidden_chars;

/// Parses one document; `lines_before` is added to its line numbers.
pub(super) fn parse_toml(text: &str, lines_before: usize) -> Result<Node, FrontMatterError> {
    let line_ends: Vec<usize> = memchr::memchr_iter(b'\n', text.as_bytes()).collect();
    let line_of = |offset: usize| line_ends.partition_point(|end| *end < offset) + 1 + lines_before;
    if text.len() > MAX_FRONT_MATTER_BYTES {
        return Err(over_budget_error(line_of(0), "is larger than 1 MiB"));
    }
    let table = DeTable::parse(text).map_err(|error| FrontMatterError {
        line: line_of(error.span().map_or(0, |span| span.start)),
        over_budget: false,
        message: format!("does not parse: {}", error.message().to_lowercase()),
        hint: "strings are quoted, as in `title = \"One\"`, and tables are headed `[name]`",
    })?;
    let mut nodes = 0;
    let root = table_to_value(table.get_ref(), &line_of, &mut nodes);
    if nodes > MAX_FRONT_MATTER_NODES {
        return Err(over_budget_error(line_of(0), "has more than 10,000 values"));
    }
    Ok(Node {
        line: line_of(0),
        value: root,
        is_plain: false,
    })
}

/// Converts a table to a map. The parser itself bounds the depth of tables and arrays.
fn table_to_value(
    table: &DeTable<'_>,
    line_of: &impl Fn(usize) -> usize,
    nodes: &mut usize,
) -> FrontMatterValue {
    let mut fields: Vec<(usize, String, Node)> = table
        .iter()
        .map(|(key, value)| {
            let start = key.span().start;
            let value = value_to_node(value.get_ref(), start, line_of, nodes);
            (
                start,
                strip_forbidden_chars(key.get_ref().clone().into_owned()),
                value,
            )
        })
        .collect();
    // Restore the order of the text, which the table does not keep.
    fields.sort_by_key(|(start, ..)| *start);
    FrontMatterValue::Map(
        fields
            .into_iter()
            .map(|(_, key, node)| (key, node))
            .collect(),
    )
}

fn value_to_node(
    value: &DeValue<'_>,
    at: usize,
    line_of: &impl Fn(usize) -> usize,
    nodes: &mut usize,
) -> Node {
    *nodes += 1;
    let value = match value {
        DeValue::String(text) => {
            FrontMatterValue::Scalar(strip_forbidden_chars(text.clone().into_owned()))
        }
        DeValue::Integer(number) => FrontMatterValue::Scalar(number.as_str().to_owned()),
        DeValue::Float(number) => FrontMatterValue::Scalar(number.as_str().to_owned()),
        DeValue::Boolean(is) => FrontMatterValue::Scalar(is.to_string()),
        DeValue::Datetime(date) => FrontMatterValue::Scalar(date.to_string()),
        DeValue::Array(items) => FrontMatterValue::List(
            items
                .iter()
                .map(|item| value_to_node(item.get_ref(), item.span().start, line_of, nodes))
                .collect(),
        ),
        DeValue::Table(table) => table_to_value(table, line_of, nodes),
    };
    Node {
        line: line_of(at),
        value,
        is_plain: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_text_and_their_lines() {
        let text = "title = \"A \\\"b\\\"\"\ndate = 2024-05-01\nweight = 1_0\n\n[extra]\ndraft = true\n\n[[authors]]\nname = 'A'\n";
        let root = parse_toml(text, 1).unwrap();
        for (path, written, line) in [
            ("title", "A \"b\"", 2),
            ("date", "2024-05-01", 3),
            ("weight", "10", 4),
            ("extra.draft", "true", 7),
        ] {
            let node = root.get(path).unwrap();
            assert_eq!((node.as_text(), node.line), (Some(written), line), "{path}");
        }
        let FrontMatterValue::List(authors) = &root.get("authors").unwrap().value else {
            panic!("a list")
        };
        assert_eq!(authors[0].get("name").and_then(Node::as_text), Some("A"));
    }

    #[test]
    fn errors_have_line_numbers() {
        let fault = parse_toml("title = \"a\"\ndraft = tru\n", 1).unwrap_err();
        assert_eq!((fault.line, fault.over_budget), (3, false));
        assert!(fault.message.starts_with("does not parse"), "{fault:?}");
        assert_eq!(parse_toml("a = 1\na = 2\n", 1).unwrap_err().line, 3);
    }

    #[test]
    fn hostile_nesting_and_size_are_errors() {
        assert!(parse_toml(&format!("a = {}", "[".repeat(100_000)), 1).is_err());
        assert!(
            parse_toml(&format!("a = [{}]", "1,".repeat(20_000)), 1)
                .unwrap_err()
                .over_budget
        );
        assert!(
            parse_toml(&format!("a = '{}'", "x".repeat(MAX_FRONT_MATTER_BYTES)), 1)
                .unwrap_err()
                .over_budget
        );
        assert_eq!(
            parse_toml("a = \"\\u0000\\u000b\"", 1)
                .unwrap()
                .get("a")
                .unwrap()
                .as_text(),
            None
        );
    }
}
