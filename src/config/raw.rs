//! `config.toml` as written: a TOML table whose keys are taken one by one.
//!
//! Each take says what kind of value it expects; what does not fit is noted with its line, and
//! what nobody took at the end is an unknown key, with the nearest known one as a suggestion. So
//! all faults of a file are reported at once, not one per start.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use crate::finding::{Finding, Rule, Severity};
use crate::text::clean;

/// Collects the faults of one file.
#[derive(Debug)]
pub(super) struct Faults<'a> {
    file: &'a str,
    text: &'a str,
    found: RefCell<Vec<Finding>>,
}

/// One table of the file, its keys not yet taken.
#[derive(Debug)]
pub(super) struct Table<'a, 'f> {
    /// The dotted path of the table with a trailing dot; empty for the root.
    path: String,
    /// Where the table begins, for faults about keys that are missing.
    offset: usize,
    entries: BTreeMap<String, Entry<'a>>,
    known: RefCell<Vec<&'static str>>,
    faults: &'f Faults<'f>,
}

#[derive(Debug)]
struct Entry<'a> {
    offset: usize,
    value: DeValue<'a>,
}

/// A value with the place it was written at.
#[derive(Debug, Clone)]
pub(super) struct Written<T> {
    /// The value.
    pub(super) value: T,
    /// The byte offset of the key.
    pub(super) offset: usize,
    /// The dotted key.
    pub(super) key: String,
}

impl<'a> Faults<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Faults<'a> {
        Faults {
            file,
            text,
            found: RefCell::default(),
        }
    }

    pub(super) fn push(&self, offset: usize, message: String, hint: impl Into<String>) {
        self.found.borrow_mut().push(Finding {
            file: self.file.to_owned(),
            line: Some(self.line(offset)),
            mark: None,
            severity: Severity::Error,
            rule: Rule::Config,
            message,
            hint: hint.into(),
        });
    }

    /// The line of a byte offset, counted from 1.
    pub(super) fn line(&self, offset: usize) -> usize {
        let before = self.text.as_bytes().get(..offset).unwrap_or_default();
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    }

    /// Takes in the faults of another file.
    pub(super) fn extend(&self, findings: Vec<Finding>) {
        self.found.borrow_mut().extend(findings);
    }

    pub(super) fn at<T>(&self, written: &Written<T>, message: &str, hint: impl Into<String>) {
        self.push(written.offset, format!("`{}` {message}", written.key), hint);
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        let mut found = self.found.into_inner();
        found.sort();
        found
    }

    /// Reads the file. Syntax errors become faults; what could be read is still returned.
    pub(super) fn root<'f>(&'f self) -> Table<'f, 'f>
    where
        'a: 'f,
    {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let offset = error.span().map_or(0, |span| span.start);
            let message = format!("not valid TOML: {}", error.message().to_lowercase());
            self.push(
                offset,
                message,
                "strings are quoted, tables are headed `[name]`",
            );
        }
        Table::new(String::new(), 0, table.into_inner(), self)
    }
}

impl<'a, 'f> Table<'a, 'f> {
    fn new(path: String, offset: usize, table: DeTable<'a>, faults: &'f Faults<'f>) -> Self {
        let entries = table
            .into_iter()
            .map(|(key, value)| {
                let offset = key.span().start;
                let value = value.into_inner();
                (key.into_inner().into_owned(), Entry { offset, value })
            })
            .collect();
        Table {
            path,
            offset,
            entries,
            known: RefCell::default(),
            faults,
        }
    }

    fn take<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        read: impl FnOnce(&DeValue<'a>) -> Option<T>,
    ) -> Option<Written<T>> {
        self.known.borrow_mut().push(key);
        let entry = self.entries.remove(key)?;
        let path = format!("{}{key}", self.path);
        match read(&entry.value) {
            Some(value) => Some(Written {
                value,
                offset: entry.offset,
                key: path,
            }),
            None => {
                let message = format!("`{path}` takes {expected}, not {}", kind(&entry.value));
                self.faults.push(
                    entry.offset,
                    message,
                    format!("write `{key} = {}`", example(expected)),
                );
                None
            }
        }
    }

    /// Where the table begins.
    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    /// Notes a key that must be there and is not.
    pub(super) fn missing(&self, key: &str, hint: impl Into<String>) {
        self.faults.push(
            self.offset,
            format!("`{}{key}` is missing", self.path),
            hint,
        );
    }

    pub(super) fn string(&mut self, key: &'static str) -> Option<Written<String>> {
        self.take(key, "a string", |value| value.as_str().map(text))
    }

    pub(super) fn strings(&mut self, key: &'static str) -> Option<Written<Vec<String>>> {
        self.take(key, "a list of strings", |value| {
            value
                .as_array()?
                .iter()
                .map(|item| item.get_ref().as_str().map(text))
                .collect()
        })
    }

    /// One string, or several.
    pub(super) fn string_or_strings(&mut self, key: &'static str) -> Option<Written<Vec<String>>> {
        self.take(key, "a string or a list of strings", |value| {
            if let Some(one) = value.as_str() {
                return Some(vec![text(one)]);
            }
            value
                .as_array()?
                .iter()
                .map(|item| item.get_ref().as_str().map(text))
                .collect()
        })
    }

    /// Every entry, each a string, in the order in which they are written: of a table whose keys
    /// are not ours.
    pub(super) fn every_string(self, hint: &str) -> Vec<Written<String>> {
        let mut strings = Vec::new();
        for (key, Entry { offset, value }) in self.entries {
            match value.as_str() {
                Some(value) => strings.push(Written {
                    value: text(value),
                    offset,
                    key,
                }),
                None => self.faults.push(
                    offset,
                    format!("`{key}` takes a string, not {}", kind(&value)),
                    hint,
                ),
            }
        }
        strings.sort_by_key(|written| written.offset);
        strings
    }

    /// A table of any keys, each with a scalar, as text.
    pub(super) fn scalars(&mut self, key: &'static str) -> Option<Written<Vec<(String, String)>>> {
        self.take(key, "a table of strings", |value| {
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

    pub(super) fn count(&mut self, key: &'static str) -> Option<Written<usize>> {
        self.take(key, "a whole number", |value| {
            let number = value.as_integer()?;
            usize::from_str_radix(number.as_str(), number.radix()).ok()
        })
    }

    pub(super) fn boolean(&mut self, key: &'static str) -> Option<Written<bool>> {
        self.take(key, "yes or no", DeValue::as_bool)
    }

    pub(super) fn duration(&mut self, key: &'static str) -> Option<Written<Duration>> {
        self.take(key, "a duration", |value| {
            humantime::parse_duration(value.as_str()?).ok()
        })
    }

    /// A table below this one; an empty one where it is not written.
    pub(super) fn table(&mut self, key: &'static str) -> Table<'a, 'f> {
        let path = format!("{}{key}.", self.path);
        let faults = self.faults;
        match self.take(key, "a table", |value| value.as_table().cloned()) {
            Some(written) => Table::new(path, written.offset, written.value, faults),
            None => Table::new(path, self.offset, DeTable::new(), faults),
        }
    }

    /// The tables of an array of tables.
    pub(super) fn tables(&mut self, key: &'static str) -> Vec<Table<'a, 'f>> {
        let path = format!("{}{key}.", self.path);
        let faults = self.faults;
        let written = self.take(key, "a list of tables", |value| {
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
            .map(|(offset, table)| Table::new(path.clone(), offset, table, faults))
            .collect()
    }

    /// Rejects a key that earlier versions read, and says what to do instead.
    pub(super) fn former(&mut self, key: &str, hint: &str) {
        if let Some(entry) = self.entries.remove(key) {
            let message = format!("`{}{key}` is not a key any more", self.path);
            self.faults.push(entry.offset, message, hint);
        }
    }

    /// Notes what nobody took. Call it last.
    pub(super) fn finish(self) {
        let known = self.known.borrow();
        for (key, entry) in &self.entries {
            let near = known
                .iter()
                .map(|name| (strsim::osa_distance(name, key), *name))
                .min()
                .filter(|(distance, name)| *distance <= 1 + name.len() / 3);
            let hint = match near {
                Some((_, name)) => format!("did you mean `{name}`?"),
                None => format!("known here: {}", quoted(&known)),
            };
            self.faults.push(
                entry.offset,
                format!("unknown key `{}{key}`", self.path),
                hint,
            );
        }
    }
}

/// TOML can write characters that no feed can hold.
fn text(text: &str) -> String {
    clean(text.to_owned())
}

fn quoted(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn kind(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the string `{text}`"),
        DeValue::Integer(number) => format!("the number `{}`", number.as_str()),
        DeValue::Float(number) => format!("the number `{}`", number.as_str()),
        DeValue::Boolean(is) => format!("`{is}`"),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "a list of something else".to_owned(),
        DeValue::Table(_) => "a table of something else".to_owned(),
    }
}

fn example(expected: &str) -> &'static str {
    match expected {
        "a string" | "a string or a list of strings" => "\"…\"",
        "a list of strings" => "[\"…\"]",
        "a table of strings" => "{ name = \"…\" }",
        "a whole number" => "20",
        "a duration" => "\"10s\"",
        "yes or no" => "true",
        _ => "{ … }",
    }
}
