//! A JSON front matter (RFC 8259), as Hugo reads it, into a [`Node`].

use std::fmt;

use serde::de::{
    Deserialize as _, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor,
};

use super::{Fault, MAX_FIELDS, MAX_NODES, MAX_TEXT, Node, Parsed, Value, add_field, over_budget};
use crate::text::clean;

/// Where the object that the text begins with ends, in bytes; `None` where it does not.
pub(super) fn end(text: &str) -> Option<usize> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    values.next()?.ok()?;
    Some(values.byte_offset())
}

/// Parses one object; `lines_before` is added to its line numbers.
pub(super) fn parse(text: &str, lines_before: usize) -> Result<Parsed, Fault> {
    if text.len() > MAX_TEXT {
        return Err(over_budget(1 + lines_before, "is larger than 1 MiB"));
    }
    let fault = |error: serde_json::Error| Fault {
        line: error.line().max(1) + lines_before,
        over_budget: false,
        message: format!("does not parse: {error}").to_lowercase(),
        hint: "write `\"name\": \"value\"` pairs with commas between them, and none after the last",
    };
    let mut lines = Lines {
        text,
        at: 0,
        line: 1 + lines_before,
        nodes: 0,
        repeated: Vec::new(),
        misses: 0,
        exceeded: None,
    };
    let mut reader = serde_json::Deserializer::from_str(text);
    let root = lines.deserialize(&mut reader);
    if let Some(what) = lines.exceeded {
        return Err(over_budget(lines.line, what));
    }
    let root = root.map_err(fault)?;
    // What stands after the object is the body, and was cut off before.
    reader.end().map_err(fault)?;
    Ok(Parsed {
        root,
        repeated: lines.repeated,
        doubtful: Vec::new(),
    })
}

/// Follows the text as its values are read, for the reader does not say where it is: names stand
/// in their order, so each is looked for after the one before.
struct Lines<'t> {
    text: &'t str,
    at: usize,
    line: usize,
    nodes: usize,
    repeated: Vec<(String, usize)>,
    /// Names that were looked for to the end of the text in vain.
    misses: usize,
    /// The bound that was exceeded, which ended the reading.
    exceeded: Option<&'static str>,
}

/// Each miss searches the rest of the text, which is a megabyte at most.
const MAX_MISSES: usize = 16;

impl Lines<'_> {
    /// Goes on to the line that a name is written on.
    fn find(&mut self, name: &str) {
        if self.misses >= MAX_MISSES {
            return;
        }
        let quoted = serde_json::to_string(name).unwrap_or_default();
        let rest = self.text.get(self.at..).unwrap_or_default();
        // A name that is written with escapes is not found, and has the line of the one before.
        let Some(found) = rest.find(&quoted) else {
            self.misses += 1;
            return;
        };
        let passed = rest.get(..found).unwrap_or_default();
        self.line += passed.matches('\n').count();
        self.at += found + quoted.len();
    }

    fn node(&mut self, value: Value) -> Node {
        self.nodes += 1;
        Node {
            line: self.line,
            value,
        }
    }

    /// Ends the reading where a map of so many fields, or the whole, is over budget.
    fn check<E: serde::de::Error>(&mut self, fields: usize) -> Result<(), E> {
        if self.nodes > MAX_NODES {
            self.exceeded = Some("has more than 10,000 values");
        } else if fields > MAX_FIELDS {
            self.exceeded = Some("has more than 2,000 fields in one map");
        }
        match self.exceeded {
            Some(what) => Err(E::custom(what)),
            None => Ok(()),
        }
    }
}

impl<'de> DeserializeSeed<'de> for &mut Lines<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Node, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Lines<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(self.node(Value::Null))
    }

    fn visit_bool<E>(self, is: bool) -> Result<Node, E> {
        Ok(self.node(Value::Scalar(is.to_string())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(self.node(Value::Scalar(number.to_string())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
        Ok(self.node(Value::Scalar(number.to_string())))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Node, E> {
        Ok(self.node(Value::Scalar(number.to_string())))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(self.node(Value::Scalar(clean(text.to_owned()))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let line = self.line;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(&mut *self)? {
            list.push(item);
            self.check(0)?;
        }
        self.nodes += 1;
        Ok(Node {
            line,
            value: Value::List(list),
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let line = self.line;
        let mut fields: Vec<(String, Node)> = Vec::new();
        while let Some(name) = entries.next_key_seed(Name)? {
            self.find(&name);
            let name_line = self.line;
            let value = entries.next_value_seed(&mut *self)?;
            let is_repeated = add_field(&mut fields, clean(name), value)
                .map_err(|fault| A::Error::custom(fault.message))?;
            if is_repeated && let Some((name, _)) = fields.last() {
                self.repeated.push((name.clone(), name_line));
            }
            self.check(fields.len())?;
        }
        self.nodes += 1;
        Ok(Node {
            line,
            value: Value::Map(fields),
        })
    }
}

/// A name of an object, as text.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
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
        let root = parse(text, 0).unwrap().root;
        for (path, written, line) in [
            ("title", "A 😀", 2),
            ("draft", "true", 3),
            ("seo.url", "/a", 5),
        ] {
            let node = root.get(path).unwrap();
            assert_eq!((node.text(), node.line), (Some(written), line), "{path}");
        }
    }

    #[test]
    fn the_object_ends_where_its_brace_does() {
        assert_eq!(end("{\"a\": \"}\"}\n\nbody }"), Some(10));
        assert_eq!(end("{\"a\": "), None);
        assert_eq!(end("{{< shortcode >}}"), None);
    }

    #[test]
    fn a_fault_has_its_line() {
        let fault = parse("{\n\"a\": 1,\n}", 0).unwrap_err();
        assert_eq!(fault.line, 3, "{fault:?}");
    }

    #[test]
    fn hostile_nesting_and_size_are_faults_and_cost_nothing() {
        assert!(parse(&"{\"a\":".repeat(100_000), 0).is_err());
        let many = format!("{{\"a\": [{}1]}}", "1,".repeat(20_000));
        assert!(parse(&many, 0).unwrap_err().over_budget);
    }
}
