//! YAML of the plainest kind into a [`Node`], at a tenth of the cost.
//!
//! Maps and lists by their indents, and scalars on one line that nothing has to be decoded of: what
//! content tools write. All else, and whatever is wrong, is left to the parser of all of YAML.

use super::{MAX_FIELDS, Node, Value};
use crate::content::rendering::count;

/// Nothing deeper or longer is read here, so that no budget is touched.
const MAX_DEPTH: usize = 16;
const MAX_TEXT: usize = 64 * 1024;

/// Reads a front matter; `None` where it is of another kind.
pub(super) fn parse(text: &str, lines_before: usize) -> Option<Node> {
    let is_control = |byte: u8| (byte < b' ' && byte != b'\n') || byte == 0x7f;
    if text.len() > MAX_TEXT || count(text, is_control) > 0 {
        return None;
    }
    // Line breaks of other scripts, blanks that are none, and marks of byte order.
    let is_odd = |c: char| matches!(c, '\u{80}'..='\u{a0}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}'..='\u{ffff}');
    if !text.is_ascii() && text.contains(is_odd) {
        return None;
    }
    let mut begin = 0;
    let ends = memchr::memchr_iter(b'\n', text.as_bytes()).chain([text.len()]);
    let mut lines = ends.enumerate().filter_map(|(at, end)| {
        let line = text.get(begin..end).unwrap_or_default();
        begin = end + 1;
        let text = line.trim_matches(' ');
        let indent = line.len() - line.trim_start_matches(' ').len();
        let number = at + 1 + lines_before;
        (!text.is_empty()).then_some(Line {
            indent,
            text,
            number,
        })
    });
    let mut reader = Reader {
        line: lines.next(),
        lines,
        number: 0,
    };
    let root = reader.map(0, 0)?;
    reader.line.is_none().then_some(root)
}

#[derive(Clone, Copy)]
struct Line<'a> {
    indent: usize,
    /// Without blanks at its ends.
    text: &'a str,
    number: usize,
}

struct Reader<'a, I> {
    /// The line at hand.
    line: Option<Line<'a>>,
    lines: I,
    /// The line that a value is on.
    number: usize,
}

impl<'a, I: Iterator<Item = Line<'a>>> Reader<'a, I> {
    fn next(&mut self) {
        self.number = self.line.map_or(0, |line| line.number);
        self.line = self.lines.next();
    }

    /// The fields at an indent, and what is below them.
    fn map(&mut self, indent: usize, depth: usize) -> Option<Node> {
        let first = self.line.filter(|_| depth < MAX_DEPTH)?;
        // As many as a front matter often has.
        let mut fields: Vec<(String, Node)> = Vec::with_capacity(if depth == 0 { 16 } else { 4 });
        while let Some(line) = self.line.filter(|line| line.indent >= indent) {
            let (name, value) = key(line.text).filter(|_| line.indent == indent)?;
            if fields.len() >= MAX_FIELDS || fields.iter().any(|(known, _)| known == name) {
                return None;
            }
            self.next();
            let value = self.value(value, indent, depth)?;
            let node = Node {
                line: line.number,
                value,
            };
            fields.push((name.to_owned(), node));
        }
        Some(Node {
            line: first.number,
            value: Value::Map(fields),
        })
    }

    /// The value of a field: behind it, or below it.
    fn value(&mut self, behind: &str, indent: usize, depth: usize) -> Option<Value> {
        if !behind.is_empty() {
            return self.scalar(behind, indent);
        }
        match self.line {
            Some(line) if line.indent >= indent && item(line.text).is_some() => {
                self.list(line.indent, depth + 1)
            }
            Some(line) if line.indent > indent => Some(self.map(line.indent, depth + 1)?.value),
            _ => Some(Value::Null),
        }
    }

    /// The items at an indent.
    fn list(&mut self, indent: usize, depth: usize) -> Option<Value> {
        let mut items = Vec::new();
        while let Some(line) = self
            .line
            .filter(|line| line.indent == indent && depth < MAX_DEPTH)
        {
            let Some(text) = item(line.text) else {
                break;
            };
            if key(text).is_some() {
                // Its other fields stand below the first.
                let indent = indent + line.text.len() - text.len();
                self.line = Some(Line {
                    indent,
                    text,
                    ..line
                });
                items.push(self.map(indent, depth + 1)?);
            } else {
                self.next();
                items.push(Node {
                    line: line.number,
                    value: self.scalar(text, indent)?,
                });
            }
        }
        items.shrink_to_fit();
        (!items.is_empty()).then_some(Value::List(items))
    }

    /// A scalar that the line ends with.
    fn scalar(&self, text: &str, indent: usize) -> Option<Value> {
        // One that goes on below.
        if self.line.is_some_and(|line| line.indent > indent) {
            return None;
        }
        if let Some(inside) = text.strip_prefix('[') {
            return self.flow(inside.strip_suffix(']')?);
        }
        for quote in ['"', '\''] {
            if let Some(inside) = text.strip_prefix(quote) {
                let inside = inside.strip_suffix(quote)?;
                let is_plain = !inside.contains([quote, '\\']);
                return is_plain.then(|| Value::Scalar(inside.to_owned()));
            }
        }
        let begins = |c: char| c.is_alphanumeric() || c == '/';
        let is_plain = text.starts_with(begins)
            && !text.ends_with(':')
            && !text.contains(": ")
            && !text.contains(" #");
        let is_null = matches!(text, "null" | "Null" | "NULL");
        match is_null {
            true => Some(Value::Null),
            false => is_plain.then(|| Value::Scalar(text.to_owned())),
        }
    }
    /// A list on one line, of words.
    fn flow(&self, inside: &str) -> Option<Value> {
        let line = self.number;
        let is_of_word = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | '/');
        let item = |text: &str| {
            let text = text.trim_matches(' ');
            let unquoted = text
                .strip_prefix('"')
                .and_then(|text| text.strip_suffix('"'));
            let is_null = matches!(text, "null" | "Null" | "NULL");
            let word = unquoted.unwrap_or(text);
            let is_word = word.chars().all(is_of_word)
                && (unquoted.is_some() || word.starts_with(char::is_alphanumeric));
            (is_word && !is_null).then(|| Node {
                line,
                value: Value::Scalar(word.to_owned()),
            })
        };
        inside
            .split(',')
            .map(item)
            .collect::<Option<_>>()
            .map(Value::List)
    }
}

/// What stands behind the dash of an item.
fn item(text: &str) -> Option<&str> {
    text.strip_prefix("- ")
        .map(|text| text.trim_start_matches(' '))
}

/// The name and the value of a field, where the name is of letters.
fn key(text: &str) -> Option<(&str, &str)> {
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let end = text.bytes().position(|byte| !is_of_name(byte))?;
    let (name, rest) = text.split_at_checked(end)?;
    let value = rest.strip_prefix(':')?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.len() < 100
        && !name.eq_ignore_ascii_case("null");
    (is_name && (value.is_empty() || value.starts_with(' ')))
        .then(|| (name, value.trim_start_matches(' ')))
}

#[cfg(test)]
mod tests {
    use super::super::whole;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_content_tools_write_is_read() {
        let text = "title: \"One: two\"\ndate: 2024-05-01T10:00:00.000Z\n\ncategory:\n  - value: a\n    label: A & B\n  - value: b\ntags:\n- x\n- 'y z'\nflow: [a, \"b c\", d-e]\nseo:\n  url: https://e.org/a#b\n  none:\nempty: \"\"\nlast: null\n";
        let node = parse(text, 1).unwrap();
        assert_eq!(Ok(node), whole(text, 1).map(|parsed| parsed.root));
    }

    #[test]
    fn all_else_is_left() {
        for text in [
            "",
            "- a",
            " a: b",
            "a: b: c",
            "a: b #c",
            "a: |\n  b",
            "a: b\n  c",
            "a: b\na: c",
            "a: &b c",
            "<<: a",
            "a: [b, [c]]",
            "a: [b: c]",
            "a: []",
            "a: [b,\n c]",
            "a: \"b\\n\"",
            "a: 'it''s'",
            "a:\tb",
            "? a",
            "a: \"b\" c",
            "a: b\r\n",
            "a:\n - b\n  c: d",
            "# a",
            "a: \"b\n c\"",
        ] {
            assert_eq!(parse(text, 1), None, "{text}");
        }
    }

    fn line() -> impl Strategy<Value = String> {
        let key = "(a|bc|d_e|f-g|null|h1|<<)";
        let value = prop_oneof![
            Just(String::new()),
            "[a-zé0-9/][a-z :#'\"&,\\[\\]é.-]{0,8}",
            "\"[a-z :#'é\\\\-]{0,6}\"",
            "'[a-z :#\"é-]{0,6}'",
            "\\[[a-z0-9 ,\"'é./-]{0,10}\\]",
            "(null|~|true|2024-05-01|1.10|\\||>-|\\*a|&a b|\\[a, b\\]|-|- a|- a: b|#a)",
        ];
        (" {0,4}", "(- |-|-  |)", prop_oneof![4 => key.prop_map(|key| format!("{key}: ")), 2 => key.prop_map(|key| format!("{key}:")), 2 => Just(String::new())], value)
            .prop_map(|(indent, dash, key, value)| format!("{indent}{dash}{key}{value}"))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]
        #[test]
        fn it_is_as_all_of_yaml_has_it(lines in proptest::collection::vec(line(), 0..6)) {
            let text = lines.join("\n");
            if let Some(node) = parse(&text, 1) {
                prop_assert_eq!(Ok(node), whole(&text, 1).map(|parsed| parsed.root));
            }
        }
    }
}
