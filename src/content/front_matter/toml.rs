//! A TOML front matter (toml.io, 1.0), as Hugo and Zola write it, into a [`Node`].
//!
//! Beside `config`, the only file that names the `toml` crate.

use toml::de::{DeTable, DeValue};

use super::{Fault, MAX_NODES, MAX_TEXT, Node, Value, over_budget};
use crate::text::clean;

/// Parses one document; `lines_before` is added to its line numbers.
pub(super) fn parse(text: &str, lines_before: usize) -> Result<Node, Fault> {
    let line_ends: Vec<usize> = memchr::memchr_iter(b'\n', text.as_bytes()).collect();
    let line_of = |offset: usize| line_ends.partition_point(|end| *end < offset) + 1 + lines_before;
    if text.len() > MAX_TEXT {
        return Err(over_budget(line_of(0), "is larger than 1 MiB"));
    }
    let table = DeTable::parse(text).map_err(|error| Fault {
        line: line_of(error.span().map_or(0, |span| span.start)),
        over_budget: false,
        message: format!("does not parse: {}", error.message().to_lowercase()),
        hint: "strings are quoted, as in `title = \"One\"`, and tables are headed `[name]`",
    })?;
    let mut nodes = 0;
    let root = map(table.get_ref(), &line_of, &mut nodes);
    if nodes > MAX_NODES {
        return Err(over_budget(line_of(0), "has more than 10,000 values"));
    }
    Ok(Node {
        line: line_of(0),
        value: root,
    })
}

/// The parser itself bounds how deep tables and arrays go.
fn map(table: &DeTable<'_>, line_of: &impl Fn(usize) -> usize, nodes: &mut usize) -> Value {
    let mut fields: Vec<(usize, String, Node)> = table
        .iter()
        .map(|(key, value)| {
            let start = key.span().start;
            let value = node(value.get_ref(), start, line_of, nodes);
            (start, clean(key.get_ref().clone().into_owned()), value)
        })
        .collect();
    // In the order of the text, which the table does not keep.
    fields.sort_by_key(|(start, ..)| *start);
    Value::Map(
        fields
            .into_iter()
            .map(|(_, key, node)| (key, node))
            .collect(),
    )
}

fn node(
    value: &DeValue<'_>,
    at: usize,
    line_of: &impl Fn(usize) -> usize,
    nodes: &mut usize,
) -> Node {
    *nodes += 1;
    let value = match value {
        DeValue::String(text) => Value::Scalar(clean(text.clone().into_owned())),
        DeValue::Integer(number) => Value::Scalar(number.as_str().to_owned()),
        DeValue::Float(number) => Value::Scalar(number.as_str().to_owned()),
        DeValue::Boolean(is) => Value::Scalar(is.to_string()),
        DeValue::Datetime(date) => Value::Scalar(date.to_string()),
        DeValue::Array(items) => Value::List(
            items
                .iter()
                .map(|item| node(item.get_ref(), item.span().start, line_of, nodes))
                .collect(),
        ),
        DeValue::Table(table) => map(table, line_of, nodes),
    };
    Node {
        line: line_of(at),
        value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_text_and_their_lines() {
        let text = "title = \"A \\\"b\\\"\"\ndate = 2024-05-01\nweight = 1_0\n\n[extra]\ndraft = true\n\n[[authors]]\nname = 'A'\n";
        let root = parse(text, 1).unwrap();
        for (path, written, line) in [
            ("title", "A \"b\"", 2),
            ("date", "2024-05-01", 3),
            ("weight", "10", 4),
            ("extra.draft", "true", 7),
        ] {
            let node = root.get(path).unwrap();
            assert_eq!((node.text(), node.line), (Some(written), line), "{path}");
        }
        let Value::List(authors) = &root.get("authors").unwrap().value else {
            panic!("a list")
        };
        assert_eq!(authors[0].get("name").and_then(Node::text), Some("A"));
    }

    #[test]
    fn a_fault_has_its_line() {
        let fault = parse("title = \"a\"\ndraft = tru\n", 1).unwrap_err();
        assert_eq!((fault.line, fault.over_budget), (3, false));
        assert!(fault.message.starts_with("does not parse"), "{fault:?}");
        assert_eq!(parse("a = 1\na = 2\n", 1).unwrap_err().line, 3);
    }

    #[test]
    fn hostile_nesting_and_size_are_faults_and_cost_nothing() {
        assert!(parse(&format!("a = {}", "[".repeat(100_000)), 1).is_err());
        assert!(
            parse(&format!("a = [{}]", "1,".repeat(20_000)), 1)
                .unwrap_err()
                .over_budget
        );
        assert!(
            parse(&format!("a = '{}'", "x".repeat(MAX_TEXT)), 1)
                .unwrap_err()
                .over_budget
        );
        assert_eq!(
            parse("a = \"\\u0000\\u000b\"", 1)
                .unwrap()
                .get("a")
                .unwrap()
                .text(),
            None
        );
    }
}
