//! Prints the configuration in force and its JSON Schema.
//!
//! Both come from the annotated `config.toml` of the repository and from the keys that `config` takes,
//! so that no second list of keys has to be kept true.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};
use toml::{Table, Value};

use crate::config::list_keys;
use crate::config_table::ReadKey;

/// The annotated reference of all keys.
pub const REFERENCE: &str = include_str!("../config.toml");

/// Keys whose values are never printed.
const SECRET_KEYS: [&str; 2] = ["admin.token", "export.purge.headers"];

/// Key of the reference.
struct ReferenceKey<'t> {
    /// Dotted path of its table.
    table: &'t str,
    /// True if the table is one of a list, as in `[[feeds]]`.
    is_in_list: bool,
    name: &'t str,
    /// Value as TOML: the default, or an example.
    value: &'t str,
    is_commented_out: bool,
    /// Comment above the key, or above the first of several keys.
    comment: String,
}

/// Value that overrides a key of the file.
#[derive(Debug)]
pub struct ConfigOverride {
    /// Dotted path of the key.
    pub path: &'static str,
    /// Value as TOML.
    pub value: String,
    /// Source, as in `--listen`.
    pub source: &'static str,
}

impl ReferenceKey<'_> {
    fn path(&self) -> String {
        format!("{}.{}", self.table, self.name)
    }

    /// Returns the default as TOML, or in words as an error.
    fn default_value(&self) -> Result<&str, &str> {
        match self.comment.split_once("Default: ") {
            Some((_, text)) => match text.strip_prefix('"').and_then(|text| text.find('"')) {
                Some(end) => Ok(text.get(..end + 2).unwrap_or(text)),
                None => {
                    let words = text.split(". ").next().unwrap_or(text);
                    let words = words.split(';').next().unwrap_or(words);
                    Err(words.trim_end_matches('.'))
                }
            },
            None if self.is_commented_out => Ok(self.value),
            None => Err("none"),
        }
    }
}

/// Splits a line of the reference, commented out or not, into a key and its value.
fn split_key(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix("# ").unwrap_or(line).split_once(" = ")?;
    let is_name = name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    is_name.then_some((name, value))
}

/// Returns the heading of a table, commented out or not.
fn table_heading(line: &str) -> Option<&str> {
    let line = line.strip_prefix("# ").unwrap_or(line);
    (line.starts_with('[') && line.ends_with(']')).then_some(line)
}

fn parse_reference() -> Vec<ReferenceKey<'static>> {
    let mut keys = Vec::new();
    let (mut heading, mut comment, mut lines) = ("", String::new(), Vec::new());
    for line in REFERENCE.lines() {
        if let Some(found) = table_heading(line) {
            heading = found;
            comment = lines.join(" ");
            lines.clear();
        } else if let Some((name, value)) = split_key(line) {
            if !lines.is_empty() {
                comment = lines.join(" ");
                lines.clear();
            }
            keys.push(ReferenceKey {
                table: heading.trim_matches(['[', ']']),
                is_in_list: heading.starts_with("[["),
                name,
                value,
                is_commented_out: line.starts_with('#'),
                comment: comment.clone(),
            });
        } else if line.is_empty() {
            lines.clear();
        } else {
            lines.push(line.trim_start_matches("# "));
        }
    }
    keys
}

/// Returns the configuration in force as TOML, with the source of each value. `text` is a valid file.
pub fn format_config_in_force(text: &str, file: &str, overrides: &[ConfigOverride]) -> String {
    let written: Table = text.parse().unwrap_or_default();
    let read_keys = list_keys(text);
    let reference = parse_reference();
    let mut output = String::new();
    // Keys of a table that is not in the file and needs a key without a default are comments.
    let (mut table, mut comment_mark) = ("", "");
    for key in &reference {
        if key.table != table {
            table = key.table;
            let names = |name: &str| {
                reference
                    .iter()
                    .any(|key| key.table == table && key.name == name)
            };
            let is_table = |path: &str| reference.iter().any(|key| key.table == path);
            let items = match find_table(&written, table) {
                Some(Value::Array(items)) => items.as_slice(),
                Some(item) => std::slice::from_ref(item),
                None => &[],
            };
            if key.is_in_list && items.is_empty() {
                let _ = writeln!(output, "\n# [[{table}]]: none  (default)");
            } else if !key.is_in_list {
                let is_written = items.iter().any(|item| {
                    let mut names = reference.iter().filter(|key| key.table == table);
                    names.any(|key| item.get(key.name).is_some())
                });
                let is_off = !is_written && key.default_value().is_err();
                comment_mark = if is_off { "# " } else { "" };
                let _ = writeln!(output, "\n{comment_mark}[{table}]");
            }
            for (index, item) in items.iter().filter_map(Value::as_table).enumerate() {
                if key.is_in_list {
                    let _ = writeln!(output, "\n[[{table}]]");
                }
                for (name, value) in item {
                    let path = format!("{table}.{name}");
                    // Keys of the reference follow in its order.
                    if key.is_in_list || !names(name) && !is_table(&path) {
                        push_written(
                            &mut output,
                            name,
                            value,
                            &path,
                            file,
                            find_line(&read_keys, &path, index),
                        );
                    }
                }
            }
        }
        if key.is_in_list {
            continue;
        }
        let path = key.path();
        let value = find_table(&written, table).and_then(|table| table.get(key.name));
        if let Some(over) = overrides.iter().find(|over| over.path == path) {
            let _ = writeln!(
                output,
                "{} = {}  # command line, {}",
                key.name, over.value, over.source
            );
        } else if let Some(value) = value {
            push_written(
                &mut output,
                key.name,
                value,
                &path,
                file,
                find_line(&read_keys, &path, 0),
            );
        } else {
            let _ = match key.default_value() {
                Ok(value) => writeln!(output, "{comment_mark}{} = {value}  # default", key.name),
                Err(words) => writeln!(output, "# {}: {words}  (default)", key.name),
            };
        }
    }
    output.trim_start().to_owned()
}

/// Returns the table at a dotted path.
fn find_table<'t>(root: &'t Table, path: &str) -> Option<&'t Value> {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let mut names = rest.split('.').filter(|name| !name.is_empty());
    names.try_fold(root.get(first)?, |table, name| table.get(name))
}

/// Returns the line of a key; of a list of tables, in the item of that index.
fn find_line(read_keys: &[ReadKey], path: &str, index: usize) -> Option<usize> {
    read_keys
        .iter()
        .filter(|key| key.path == path)
        .nth(index)?
        .line
}

fn push_written(
    output: &mut String,
    name: &str,
    value: &Value,
    path: &str,
    file: &str,
    line: Option<usize>,
) {
    let mut value = value.clone();
    if SECRET_KEYS.contains(&path) {
        mask_secret(&mut value);
    }
    let line = line.map(|line| format!(":{line}")).unwrap_or_default();
    let _ = writeln!(output, "{name} = {value}  # {file}{line}");
}

/// Replaces all strings and numbers of a secret value. URLs with a password are no valid configuration.
fn mask_secret(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(mask_secret),
        Value::Table(table) => {
            for (_, item) in table.iter_mut() {
                mask_secret(item);
            }
        }
        _ => *value = Value::String("…".to_owned()),
    }
}

/// Returns the JSON Schema of the configuration.
#[expect(
    clippy::indexing_slicing,
    reason = "all values are JSON objects, built from a text that is a part of the program"
)]
pub fn config_schema() -> Json {
    let reference = parse_reference();
    let enabled: Vec<&str> = REFERENCE
        .lines()
        .map(
            |line| match split_key(line).is_some() || table_heading(line).is_some() {
                true => line.trim_start_matches("# "),
                false => line,
            },
        )
        .collect();
    let mut schema = type_schema("a table", &[]);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("Configuration of courant");
    schema["required"] = json!(["site"]);
    for read in list_keys(&enabled.join("\n")) {
        let mut property = type_schema(read.expected, &read.choices);
        let known = reference.iter().find(|key| key.path() == read.path);
        if let Some(key) = known {
            property["description"] = json!(key.comment);
            let default = key
                .default_value()
                .ok()
                .and_then(|text| format!("v = {text}").parse::<Table>().ok());
            if let Some(value) = default.as_ref().and_then(|table| table.get("v")) {
                property["default"] = json!(value);
            }
        }
        let (parents, name) = read.path.rsplit_once('.').unwrap_or(("", &read.path));
        let mut table = &mut schema;
        for parent in parents.split('.').filter(|name| !name.is_empty()) {
            table = &mut table["properties"][parent];
            if table.get("items").is_some() {
                table = &mut table["items"];
            }
        }
        if known.is_some_and(|key| key.comment.contains("Required."))
            && let Some(required) = table["required"].as_array_mut()
        {
            required.push(json!(name));
        }
        table["properties"][name] = property;
    }
    schema
}

/// Returns the schema of a type, as `ConfigTable` names it.
fn type_schema(expected: &str, choices: &[String]) -> Json {
    let list = json!({ "type": "array", "items": { "type": "string" } });
    let map = json!({ "type": "object", "additionalProperties": { "type": ["string", "integer", "boolean"] } });
    let string = json!({ "type": "string" });
    match expected {
        "a table" => {
            json!({ "type": "object", "properties": {}, "required": [], "additionalProperties": false })
        }
        "a list of tables" => json!({ "type": "array", "items": type_schema("a table", &[]) }),
        "a list of strings" => list,
        "a table of strings" => map,
        "a string or a list of strings" => json!({ "anyOf": [string, list] }),
        "a string or a table of strings" => json!({ "anyOf": [string, map] }),
        "a whole number" => json!({ "type": "integer", "minimum": 0 }),
        "`true` or `false`" => json!({ "type": "boolean" }),
        _ if !choices.is_empty() => json!({ "type": "string", "enum": choices }),
        // Strings and durations.
        _ => string,
    }
}
