//! The fields of one front matter, looked up by lists of names, with findings for what is there
//! and cannot be used.

mod markers;
mod terms;

use std::cell::RefCell;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use url::Url;

use super::address::PERMALINK;
use super::date;
use super::front_matter::{Node, Value};
use crate::config;
use crate::finding::{Finding, Rule, Severity};
use crate::post::{Marker, MarkerKind};
use crate::text::one_line;

/// A front matter being read.
pub(super) struct Fields<'a> {
    file: &'a str,
    root: &'a Node,
    zone: Tz,
    site: &'a Url,
    findings: RefCell<Vec<Finding>>,
}

/// Where in the file something is.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    line: Option<usize>,
    mark: Option<String>,
}

impl Place {
    /// A text on a line.
    pub(super) fn mark(line: usize, text: &str) -> Place {
        Place {
            line: Some(line),
            mark: Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        }
    }
}

impl From<Option<usize>> for Place {
    fn from(line: Option<usize>) -> Place {
        Place { line, mark: None }
    }
}

impl From<&Node> for Place {
    fn from(node: &Node) -> Place {
        Place::mark(node.line, node.text().unwrap_or_default())
    }
}

impl From<&Marker> for Place {
    fn from(marker: &Marker) -> Place {
        match marker.line {
            Some(line) => Place::mark(line, &marker.value),
            None => Place::default(),
        }
    }
}

/// What a field says of a date.
pub(super) enum Dated {
    /// When.
    Is(DateTime<Utc>),
    /// Something that cannot be read. When an embargo ends, or a post expires, is then in doubt,
    /// and this is the marker of it, which hides.
    Unreadable(Marker),
}

impl Dated {
    /// The date, if there is one; a doubt goes to the others.
    pub(super) fn or_doubt(self, doubts: &mut Vec<Marker>) -> Option<DateTime<Utc>> {
        match self {
            Dated::Is(date) => Some(date),
            Dated::Unreadable(marker) => {
                doubts.push(marker);
                None
            }
        }
    }
}

impl<'a> Fields<'a> {
    pub(super) fn new(file: &'a str, root: &'a Node, site: &'a config::Site) -> Fields<'a> {
        Fields {
            file,
            root,
            zone: site.timezone,
            site: &site.url,
            findings: RefCell::default(),
        }
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.findings.into_inner()
    }

    pub(super) fn note(
        &self,
        severity: Severity,
        rule: Rule,
        place: impl Into<Place>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let Place { line, mark } = place.into();
        self.findings.borrow_mut().push(Finding {
            file: self.file.to_owned(),
            line,
            mark,
            severity,
            rule,
            message: message.into(),
            hint: hint.into(),
        });
    }

    /// The first field of the list that is there and not empty.
    pub(super) fn first(&self, names: &[&str]) -> Option<&'a Node> {
        names
            .iter()
            .filter_map(|name| self.root.get(name))
            .find(|node| match &node.value {
                Value::Null => false,
                Value::Scalar(text) => !text.trim().is_empty(),
                Value::List(items) => !items.is_empty(),
                Value::Map(fields) => !fields.is_empty(),
            })
    }

    /// The first field of the list that holds text.
    pub(super) fn text(&self, names: &[&str]) -> Option<(&'a str, usize)> {
        for name in names {
            let Some(node) = self.root.get(name) else {
                continue;
            };
            match (&node.value, node.text()) {
                (_, Some(text)) => return Some((text, node.line)),
                (Value::List(_) | Value::Map(_), _) => self.note(
                    Severity::Warning,
                    Rule::FieldType,
                    node,
                    format!("`{name}` is no text"),
                    format!("write `{name}: …` on one line"),
                ),
                _ => {}
            }
        }
        None
    }

    /// The first field of the list that holds text, as plain text on one line.
    pub(super) fn line(&self, names: &[&str]) -> Option<String> {
        self.text(names)
            .map(|(text, _)| one_line(text))
            .filter(|text| !text.is_empty())
    }

    /// What every field of the list says of a date, in the order of the list.
    pub(super) fn dates(&self, names: &[&str]) -> Vec<Dated> {
        names
            .iter()
            .flat_map(|name| self.named(name))
            .filter_map(|(name, node)| self.date(name, node))
            .collect()
    }

    /// The day in the address that the post gives itself.
    pub(super) fn date_in_address(&self) -> Option<DateTime<Utc>> {
        let address = self.first(&PERMALINK)?.text()?;
        date::in_path(address, self.zone)
    }

    fn date(&self, name: &str, node: &Node) -> Option<Dated> {
        let value = match &node.value {
            Value::Null => return None,
            Value::Scalar(text) if text.trim().is_empty() => return None,
            Value::Scalar(text) => text.trim(),
            Value::List(_) | Value::Map(_) => "…",
        };
        if let Some(date) = date::parse(value, self.zone) {
            return Some(Dated::Is(date));
        }
        // `published: false` is a marker, not a date that cannot be read.
        if MarkerKind::of(name).is_some() {
            return None;
        }
        self.note(
            Severity::Error,
            Rule::UnreadableDate,
            node,
            format!("`{name}` is no date: `{}`", one_line(value)),
            format!("write `{name}: 2024-05-01T10:00:00Z`"),
        );
        Some(Dated::Unreadable(Marker {
            field: name.to_owned(),
            value: one_line(value),
            line: Some(node.line),
            kind: MarkerKind::Hides,
        }))
    }

    /// Every field of a name, in whatever case it is written.
    fn named(&self, name: &str) -> impl Iterator<Item = (&'a str, &'a Node)> {
        let fields = match &self.root.value {
            Value::Map(fields) => fields.as_slice(),
            _ => &[],
        };
        fields
            .iter()
            .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(key, node)| (key.as_str(), node))
    }

    /// Whether the field holds the value: as its text, or as one of its items.
    pub(super) fn holds(&self, name: &str, value: &str) -> bool {
        self.root
            .get(name)
            .is_some_and(|node| items(node).any(|item| item.text() == Some(value)))
    }
}

/// A list's items, or the one value.
fn items(node: &Node) -> impl Iterator<Item = &Node> {
    match &node.value {
        Value::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    }
    .iter()
}
