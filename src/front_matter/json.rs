//! Parses JSON front matter (RFC 8259, in the form that Hugo accepts) to a [`Node`].

use std::fmt;

use serde::de::{
    Deserialize as _, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor,
};

use super::node::{
    FrontMatterError, FrontMatterValue, MAX_FIELDS_PER_MAP, MAX_FRONT_MATTER_BYTES,
    MAX_FRONT_MATTER_NODES, Node, ParsedFrontMatter, add_field, over_budget_error,
};
use crate::text::strip_forbidden_chars;

/// Returns the length of the JSON value that the text begins with, in bytes; `None` if it does not parse.
pub(super) fn find_value_end(text: &str) -> Option<usize> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    values.next()?.ok()?;
    Some(values.byte_offset())
}

/// Parses one object. `lines_before` is the number of lines before it in the file.
pub(super) fn parse_json(
    text: &str,
    lines_before: usize,
) -> Result<ParsedFrontMatter, FrontMatterError> {
    if text.len() > MAX_FRONT_MATTER_BYTES {
        return Err(over_budget_error(1 + lines_before, "is larger than 1 MiB"));
    }
    let fault = |error: serde_json::Error| FrontMatterError {
        line: error.line().max(1) + lines_before,
        over_budget: false,
        message: format!("does not parse: {error}").to_lowercase(),
        hint: "write `\"name\": \"value\"` pairs with commas between them, and none after the last",
    };
    let mut builder = JsonTreeBuilder {
        text,
        at: 0,
        line: 1 + lines_before,
        nodes: 0,
        repeated: Vec::new(),
        names_not_found: 0,
        exceeded: None,
    };
    let mut reader = serde_json::Deserializer::from_str(text);
    let root = builder.deserialize(&mut reader);
    if let Some(what) = builder.exceeded {
        return Err(over_budget_error(builder.line, what));
    }
    let root = root.map_err(fault)?;
    // The caller already cut off the body after the object.
    reader.end().map_err(fault)?;
    Ok(ParsedFrontMatter {
        root,
        repeated_fields: builder.repeated,
        ambiguous_lines: Vec::new(),
    })
}

/// Builds the nodes that serde visits. Tracks their line numbers itself, because serde does not report positions.
///
/// serde visits names in the order of the text, so each name is searched for after the previous one.
struct JsonTreeBuilder<'t> {
    text: &'t str,
    at: usize,
    line: usize,
    nodes: usize,
    repeated: Vec<(String, usize)>,
    /// Number of names that were not found in the text.
    names_not_found: usize,
    /// Message about the limit that was exceeded, which ended parsing.
    exceeded: Option<&'static str>,
}

/// Maximum number of names that are not found. Each such search reads the rest of the text, up to 1 MiB.
const MAX_NAMES_NOT_FOUND: usize = 16;

impl JsonTreeBuilder<'_> {
    /// Advances to the line of a name.
    fn advance_to_name(&mut self, name: &str) {
        if self.names_not_found >= MAX_NAMES_NOT_FOUND {
            return;
        }
        let quoted = serde_json::to_string(name).unwrap_or_default();
        let rest = self.text.get(self.at..).unwrap_or_default();
        // A name written with escapes is not found and keeps the line of the previous one.
        let Some(found) = rest.find(&quoted) else {
            self.names_not_found += 1;
            return;
        };
        let skipped = rest.get(..found).unwrap_or_default();
        self.line += skipped.matches('\n').count();
        self.at += found + quoted.len();
    }

    /// Creates a node on the current line, and counts it.
    fn create_node(&mut self, value: FrontMatterValue) -> Node {
        self.nodes += 1;
        Node {
            line: self.line,
            value,
            is_plain: false,
        }
    }

    /// Fails if a map of this many fields, or the whole front matter, exceeds a limit.
    fn check_budget<E: serde::de::Error>(&mut self, fields: usize) -> Result<(), E> {
        if self.nodes > MAX_FRONT_MATTER_NODES {
            self.exceeded = Some("has more than 10,000 values");
        } else if fields > MAX_FIELDS_PER_MAP {
            self.exceeded = Some("has more than 2,000 fields in one map");
        }
        match self.exceeded {
            Some(what) => Err(E::custom(what)),
            None => Ok(()),
        }
    }
}

impl<'de> DeserializeSeed<'de> for &mut JsonTreeBuilder<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Node, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut JsonTreeBuilder<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(self.create_node(FrontMatterValue::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(self.create_node(FrontMatterValue::Scalar(value.to_string())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(self.create_node(FrontMatterValue::Scalar(number.to_string())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
        Ok(self.create_node(FrontMatterValue::Scalar(number.to_string())))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Node, E> {
        Ok(self.create_node(FrontMatterValue::Scalar(number.to_string())))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(
            self.create_node(FrontMatterValue::Scalar(strip_forbidden_chars(
                text.to_owned(),
            ))),
        )
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let line = self.line;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(&mut *self)? {
            list.push(item);
            self.check_budget(0)?;
        }
        self.nodes += 1;
        Ok(Node {
            line,
            value: FrontMatterValue::List(list),
            is_plain: false,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let line = self.line;
        let mut fields: Vec<(String, Node)> = Vec::new();
        while let Some(name) = entries.next_key_seed(FieldNameSeed)? {
            self.advance_to_name(&name);
            let name_line = self.line;
            let value = entries.next_value_seed(&mut *self)?;
            let is_repeated = add_field(&mut fields, strip_forbidden_chars(name), value)
                .map_err(|fault| A::Error::custom(fault.message))?;
            if is_repeated && let Some((name, _)) = fields.last() {
                self.repeated.push((name.clone(), name_line));
            }
            self.check_budget(fields.len())?;
        }
        self.nodes += 1;
        Ok(Node {
            line,
            value: FrontMatterValue::Map(fields),
            is_plain: false,
        })
    }
}

/// Deserializes the name of a field as text.
struct FieldNameSeed;

impl<'de> DeserializeSeed<'de> for FieldNameSeed {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<String, D::Error> {
        String::deserialize(reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_text_and_their_lines() {
        let text = "{\n  \"title\": \"A \\ud83d\\ude00\",\n\t\"draft\": true,\n  \"seo\": {\n    \"url\": \"/a\", \"n\": [1,\n 2]\n  }\n}";
        let root = parse_json(text, 0).unwrap().root;
        for (path, written, line) in [
            ("title", "A 😀", 2),
            ("draft", "true", 3),
            ("seo.url", "/a", 5),
        ] {
            let node = root.get(path).unwrap();
            assert_eq!((node.as_text(), node.line), (Some(written), line), "{path}");
        }
    }

    #[test]
    fn object_ends_at_its_brace() {
        assert_eq!(find_value_end("{\"a\": \"}\"}\n\nbody }"), Some(10));
        assert_eq!(find_value_end("{\"a\": "), None);
        assert_eq!(find_value_end("{{< shortcode >}}"), None);
    }

    #[test]
    fn errors_have_line_numbers() {
        let fault = parse_json("{\n\"a\": 1,\n}", 0).unwrap_err();
        assert_eq!(fault.line, 3, "{fault:?}");
    }

    #[test]
    fn hostile_nesting_and_size_are_errors() {
        assert!(parse_json(&"{\"a\":".repeat(100_000), 0).is_err());
        let many = format!("{{\"a\": [{}1]}}", "1,".repeat(20_000));
        assert!(parse_json(&many, 0).unwrap_err().over_budget);
    }
}
