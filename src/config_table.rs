//! Takes typed values out of a TOML table key by key and collects all errors of the file.
//!
//! A value of the wrong type is reported with its line. Keys that were not taken at the end are
//! unknown and are reported with the most similar known key. So all errors of a file are reported at
//! once, not one per start.

pub(crate) mod values;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use crate::model::finding::{Finding, Rule, Severity};
use crate::text::strip_forbidden_chars;

/// Errors of one file, collected while it is read.
#[derive(Debug)]
pub(crate) struct ConfigErrors<'a> {
    file: &'a str,
    text: &'a str,
    findings: RefCell<Vec<Finding>>,
    read_keys: RefCell<Vec<ReadKey>>,
}

/// Key that was looked for in the file.
#[derive(Debug)]
pub(crate) struct ReadKey {
    /// Dotted path.
    pub(crate) path: String,
    /// Type that the value must have, in words.
    pub(crate) expected: &'static str,
    /// Line of the key; `None` if it is not in the file.
    pub(crate) line: Option<usize>,
    /// Words that the value may be; empty for any.
    pub(crate) choices: Vec<String>,
}

/// Table of the file with the keys that are not yet taken.
#[derive(Debug)]
pub(crate) struct ConfigTable<'a, 'f> {
    /// Dotted path of the table with a trailing dot; empty for the root.
    path: String,
    /// Byte offset of the table, for errors about missing keys.
    offset: usize,
    entries: BTreeMap<String, TableEntry<'a>>,
    known_keys: RefCell<Vec<&'static str>>,
    faults: &'f ConfigErrors<'f>,
}

#[derive(Debug)]
struct TableEntry<'a> {
    offset: usize,
    end: usize,
    value: DeValue<'a>,
}

/// Value with its key and position in the file.
#[derive(Debug, Clone)]
pub(crate) struct Spanned<T> {
    pub(crate) value: T,
    /// Byte offset of the key.
    pub(crate) offset: usize,
    /// Byte offset of the end of the value.
    pub(crate) end: usize,
    /// Dotted key.
    pub(crate) key: String,
}

impl<'a> ConfigErrors<'a> {
    pub(crate) fn new(file: &'a str, text: &'a str) -> ConfigErrors<'a> {
        ConfigErrors {
            file,
            text,
            findings: RefCell::default(),
            read_keys: RefCell::default(),
        }
    }

    /// Records the words that a value may be.
    pub(crate) fn record_choices<'w>(&self, path: &str, words: impl Iterator<Item = &'w str>) {
        let mut keys = self.read_keys.borrow_mut();
        if let Some(key) = keys.iter_mut().rev().find(|key| key.path == path) {
            key.choices = words.map(str::to_owned).collect();
        }
    }

    /// Returns all keys that were looked for, in this order.
    pub(crate) fn into_read_keys(self) -> Vec<ReadKey> {
        self.read_keys.into_inner()
    }

    pub(crate) fn push_error(&self, offset: usize, message: String, hint: impl Into<String>) {
        self.findings.borrow_mut().push(Finding {
            file: self.file.to_owned(),
            line: Some(self.line_at(offset)),
            highlight: None,
            severity: Severity::Error,
            rule: Rule::Config,
            message,
            hint: hint.into(),
        });
    }

    /// Returns the line of a byte offset, from 1.
    pub(crate) fn line_at(&self, offset: usize) -> usize {
        let before = self.text.as_bytes().get(..offset).unwrap_or_default();
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    }

    /// Adds the errors of another file.
    pub(crate) fn extend(&self, findings: Vec<Finding>) {
        self.findings.borrow_mut().extend(findings);
    }

    /// Reports an error of a value. Points at the part of the value that the message quotes last, such as an item of a
    /// list.
    pub(crate) fn report_at<T>(
        &self,
        written: &Spanned<T>,
        message: &str,
        hint: impl Into<String>,
    ) {
        let quoted = message.rsplit('`').nth(1).filter(|text| !text.is_empty());
        let value = self.text.get(written.offset..written.end);
        let found = value.zip(quoted).and_then(|(value, quoted)| {
            let forms = [format!("\"{quoted}\""), format!("'{quoted}'")];
            let mut found = forms
                .into_iter()
                .filter_map(|it| Some((value.find(&it)?, it)));
            found.next()
        });
        let (at, mark) = found.unzip();
        let offset = written.offset + at.unwrap_or_default();
        self.push_error(offset, format!("`{}` {message}", written.key), hint);
        if let Some(last) = self.findings.borrow_mut().last_mut() {
            last.highlight = mark;
        }
    }

    pub(crate) fn into_findings(self) -> Vec<Finding> {
        let mut found = self.findings.into_inner();
        found.sort();
        found
    }

    /// Parses the file. Reports syntax errors and returns everything that could be parsed.
    pub(crate) fn parse_root<'f>(&'f self) -> ConfigTable<'f, 'f>
    where
        'a: 'f,
    {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let offset = error.span().map_or(0, |span| span.start);
            let message = format!("not valid TOML: {}", error.message().to_lowercase());
            self.push_error(
                offset,
                message,
                "quote strings, and begin tables with `[name]`",
            );
        }
        ConfigTable::new(String::new(), 0, table.into_inner(), self)
    }
}

impl<'a, 'f> ConfigTable<'a, 'f> {
    fn new(path: String, offset: usize, table: DeTable<'a>, faults: &'f ConfigErrors<'f>) -> Self {
        let entries = table
            .into_iter()
            .map(|(key, value)| {
                let (offset, end) = (key.span().start, value.span().end);
                let value = value.into_inner();
                let key = key.into_inner().into_owned();
                (key, TableEntry { offset, end, value })
            })
            .collect();
        ConfigTable {
            path,
            offset,
            entries,
            known_keys: RefCell::default(),
            faults,
        }
    }

    fn take_value<T>(
        &mut self,
        key: &'static str,
        expected: &'static str,
        read: impl FnOnce(&DeValue<'a>) -> Option<T>,
    ) -> Option<Spanned<T>> {
        self.known_keys.borrow_mut().push(key);
        let entry = self.entries.remove(key);
        let path = format!("{}{key}", self.path);
        self.faults.read_keys.borrow_mut().push(ReadKey {
            path: path.clone(),
            expected,
            line: entry
                .as_ref()
                .map(|entry| self.faults.line_at(entry.offset)),
            choices: Vec::new(),
        });
        let entry = entry?;
        match read(&entry.value) {
            Some(value) => Some(Spanned {
                value,
                offset: entry.offset,
                end: entry.end,
                key: path,
            }),
            None => {
                let message = format!(
                    "`{path}` must be {expected}, not {}",
                    describe_value(&entry.value)
                );
                self.faults.push_error(
                    entry.offset,
                    message,
                    format!("write `{key} = {}`", example_value(expected)),
                );
                None
            }
        }
    }

    /// Returns true if no key is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the byte offset of the table.
    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    /// Reports a required key that is missing.
    pub(crate) fn report_missing(&self, key: &str, hint: impl Into<String>) {
        self.faults.push_error(
            self.offset,
            format!("`{}{key}` is missing", self.path),
            hint,
        );
    }

    pub(crate) fn take_string(&mut self, key: &'static str) -> Option<Spanned<String>> {
        self.take_value(key, "a string", |value| value.as_str().map(clean_string))
    }

    pub(crate) fn take_strings(&mut self, key: &'static str) -> Option<Spanned<Vec<String>>> {
        self.take_value(key, "a list of strings", |value| {
            value
                .as_array()?
                .iter()
                .map(|item| item.get_ref().as_str().map(clean_string))
                .collect()
        })
    }

    /// Takes a string or a list of strings.
    pub(crate) fn take_string_or_list(
        &mut self,
        key: &'static str,
    ) -> Option<Spanned<Vec<String>>> {
        self.take_value(key, "a string or a list of strings", |value| {
            if let Some(one) = value.as_str() {
                return Some(vec![clean_string(one)]);
            }
            value
                .as_array()?
                .iter()
                .map(|item| item.get_ref().as_str().map(clean_string))
                .collect()
        })
    }

    /// Returns all entries in file order, for a table with arbitrary keys and string values.
    pub(crate) fn into_string_entries(self, hint: &str) -> Vec<Spanned<String>> {
        let mut strings = Vec::new();
        for (key, TableEntry { offset, end, value }) in self.entries {
            match value.as_str() {
                Some(value) => strings.push(Spanned {
                    value: clean_string(value),
                    offset,
                    end,
                    key,
                }),
                None => self.faults.push_error(
                    offset,
                    format!("`{key}` must be a string, not {}", describe_value(&value)),
                    hint,
                ),
            }
        }
        strings.sort_by_key(|written| written.offset);
        strings
    }

    /// Takes a table of any keys with scalar values, as text.
    pub(crate) fn take_scalar_map(
        &mut self,
        key: &'static str,
    ) -> Option<Spanned<Vec<(String, String)>>> {
        self.take_value(key, "a table of strings", |value| {
            value
                .as_table()?
                .iter()
                .map(|(key, value)| {
                    let value = value.get_ref();
                    let text = match value {
                        DeValue::Boolean(is) => is.to_string(),
                        DeValue::Integer(number) => number.as_str().to_owned(),
                        other => other.as_str()?.to_owned(),
                    };
                    Some((key.get_ref().clone().into_owned(), text))
                })
                .collect()
        })
    }

    /// Takes a string, which gets the key `""`, or a table of strings.
    pub(crate) fn take_string_or_map(
        &mut self,
        key: &'static str,
    ) -> Option<Spanned<Vec<(String, String)>>> {
        self.take_value(key, "a string or a table of strings", |value| {
            if let Some(one) = value.as_str() {
                return Some(vec![(String::new(), clean_string(one))]);
            }
            let entries = value.as_table()?.iter();
            entries
                .map(|(key, value)| {
                    let text = clean_string(value.get_ref().as_str()?);
                    Some((clean_string(key.get_ref()), text))
                })
                .collect()
        })
    }

    pub(crate) fn take_usize(&mut self, key: &'static str) -> Option<Spanned<usize>> {
        self.take_value(key, "a whole number", |value| {
            let number = value.as_integer()?;
            usize::from_str_radix(number.as_str(), number.radix()).ok()
        })
    }

    pub(crate) fn take_bool(&mut self, key: &'static str) -> Option<Spanned<bool>> {
        self.take_value(key, "`true` or `false`", DeValue::as_bool)
    }

    pub(crate) fn take_duration(&mut self, key: &'static str) -> Option<Spanned<Duration>> {
        self.take_value(key, "a duration", |value| {
            humantime::parse_duration(value.as_str()?).ok()
        })
    }

    /// Takes a subtable. Returns an empty one if it is missing.
    pub(crate) fn take_table(&mut self, key: &'static str) -> ConfigTable<'a, 'f> {
        let path = format!("{}{key}.", self.path);
        let faults = self.faults;
        match self.take_value(key, "a table", |value| value.as_table().cloned()) {
            Some(written) => ConfigTable::new(path, written.offset, written.value, faults),
            None => ConfigTable::new(path, self.offset, DeTable::new(), faults),
        }
    }

    /// Takes a subtable with arbitrary keys and string values, in file order. Returns none if it is missing.
    pub(crate) fn take_string_entries(
        &mut self,
        key: &'static str,
        hint: &str,
    ) -> Vec<Spanned<String>> {
        let path = format!("{}{key}.", self.path);
        let faults = self.faults;
        let written = self.take_value(key, "a table of strings", |value| value.as_table().cloned());
        let table =
            written.map(|written| ConfigTable::new(path, written.offset, written.value, faults));
        table.map_or_else(Vec::new, |table| table.into_string_entries(hint))
    }

    /// Takes an array of tables.
    pub(crate) fn take_tables(&mut self, key: &'static str) -> Vec<ConfigTable<'a, 'f>> {
        let path = format!("{}{key}.", self.path);
        let faults = self.faults;
        let written = self.take_value(key, "a list of tables", |value| {
            value
                .as_array()?
                .iter()
                .map(|item| Some((item.span().start, item.get_ref().as_table()?.clone())))
                .collect::<Option<Vec<_>>>()
        });
        written
            .map(|written| written.value)
            .unwrap_or_default()
            .into_iter()
            .map(|(offset, table)| ConfigTable::new(path.clone(), offset, table, faults))
            .collect()
    }

    /// Reports a key that earlier versions read, and what to do instead.
    pub(crate) fn reject_removed_key(&mut self, key: &str, hint: &str) {
        if let Some(entry) = self.entries.remove(key) {
            let message = format!("`{}{key}` is no longer a key", self.path);
            self.faults.push_error(entry.offset, message, hint);
        }
    }

    /// Reports keys that were not taken. Call it last.
    pub(crate) fn reject_unknown(self) {
        let known = self.known_keys.borrow();
        for (key, entry) in &self.entries {
            let near = known
                .iter()
                .map(|name| (strsim::osa_distance(name, key), *name))
                .min()
                .filter(|(distance, name)| *distance <= 1 + name.len() / 3);
            let hint = match near {
                Some((_, name)) => format!("did you mean `{name}`?"),
                None => format!("known here: {}", quote_names(&known)),
            };
            self.faults.push_error(
                entry.offset,
                format!("unknown key `{}{key}`", self.path),
                hint,
            );
        }
    }
}

/// Removes characters that TOML strings may contain but feeds may not.
fn clean_string(text: &str) -> String {
    strip_forbidden_chars(text.to_owned())
}

fn quote_names(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn describe_value(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the string `{text}`"),
        DeValue::Integer(number) => format!("the number `{}`", number.as_str()),
        DeValue::Float(number) => format!("the number `{}`", number.as_str()),
        DeValue::Boolean(is) => format!("`{is}`"),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "a list of other values".to_owned(),
        DeValue::Table(_) => "a table of other values".to_owned(),
    }
}

fn example_value(expected: &str) -> &'static str {
    match expected {
        "a string" | "a string or a list of strings" | "a string or a table of strings" => "\"…\"",
        "a list of strings" => "[\"…\"]",
        "a table of strings" => "{ name = \"…\" }",
        "a whole number" => "20",
        "a duration" => "\"10s\"",
        "`true` or `false`" => "true",
        _ => "{ … }",
    }
}
