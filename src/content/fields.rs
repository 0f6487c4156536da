//! The fields of one front matter, looked up by lists of names, with findings for what is there
//! and cannot be used.

use std::cell::RefCell;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::date;
use super::front_matter::{Node, Value};
use crate::finding::{Finding, Rule, Severity};
use crate::post::{Author, MARKER_FIELDS, Marker, MarkerKind};
use crate::text::one_line;

/// The most categories, and the most authors, of one post: each is a feed of its own, in which
/// the whole post stands.
const MAX_TERMS: usize = 50;

/// A front matter being read.
pub(super) struct Fields<'a> {
    file: &'a str,
    root: &'a Node,
    zone: Tz,
    findings: RefCell<Vec<Finding>>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(file: &'a str, root: &'a Node, zone: Tz) -> Fields<'a> {
        Fields {
            file,
            root,
            zone,
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
        line: Option<usize>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.findings.borrow_mut().push(Finding {
            file: self.file.to_owned(),
            line,
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
        let mut found = None;
        for name in names {
            let Some(node) = self.root.get(name) else {
                continue;
            };
            match (&node.value, node.text()) {
                (_, Some(text)) => {
                    found = Some((text, node.line));
                    break;
                }
                (Value::List(_) | Value::Map(_), _) => self.note(
                    Severity::Warning,
                    Rule::FieldType,
                    Some(node.line),
                    format!("`{name}` is no text"),
                    format!("write `{name}: …` on one line"),
                ),
                _ => {}
            }
        }
        found
    }

    /// The first field of the list that holds text, as plain text on one line.
    pub(super) fn line(&self, names: &[&str]) -> Option<String> {
        self.text(names)
            .map(|(text, _)| one_line(text))
            .filter(|text| !text.is_empty())
    }

    /// The first field of the list that holds a date.
    pub(super) fn date(&self, names: &[&str]) -> Option<DateTime<Utc>> {
        for name in names {
            let Some(node) = self.root.get(name) else {
                continue;
            };
            let Some(text) = node.text() else { continue };
            if let Some(date) = date::parse(text, self.zone) {
                return Some(date);
            }
            // `published: false` is a marker, not a date that cannot be read.
            if !is_marker(name) {
                self.note(
                    Severity::Error,
                    Rule::UnreadableDate,
                    Some(node.line),
                    format!("`{name}` is no date: `{}`", one_line(text)),
                    format!("write `{name}: 2024-05-01T10:00:00Z`"),
                );
            }
        }
        None
    }

    /// Everything that is said of visibility, each marker under the name it is written with.
    pub(super) fn markers(&self) -> Vec<Marker> {
        let Value::Map(fields) = &self.root.value else {
            return Vec::new();
        };
        let mut markers = Vec::new();
        for (name, node) in fields {
            let known = MARKER_FIELDS
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name));
            let Some((_, kind)) = known else { continue };
            if let Some(marker) = self.marker(name, node, *kind) {
                markers.push(marker);
            }
        }
        let robots = ["robots", "seo.robots"]
            .iter()
            .find_map(|name| self.root.get(name));
        if let Some(node) =
            robots.filter(|node| words(node).any(|word| word.eq_ignore_ascii_case("noindex")))
        {
            markers.push(Marker {
                field: "robots".into(),
                value: "true".into(),
                line: Some(node.line),
                kind: MarkerKind::NoIndex,
            });
        }
        if let Some(marker) = self
            .root
            .get("seo.noindex")
            .and_then(|node| self.marker("seo.noindex", node, MarkerKind::NoIndex))
        {
            markers.push(marker);
        }
        markers
    }

    fn marker(&self, name: &str, node: &Node, kind: MarkerKind) -> Option<Marker> {
        let value = match &node.value {
            Value::Scalar(text) => text.trim().to_owned(),
            Value::Null => String::new(),
            // A map under `sitemap` holds hints for the sitemap, not a word on whether to be in it.
            Value::Map(_) if kind == MarkerKind::InSitemap => return None,
            Value::Map(_) => "{…}".to_owned(),
            Value::List(_) => "[…]".to_owned(),
        };
        // Some tools write the date of publication as `published`.
        if kind == MarkerKind::Shows && date::parse(&value, self.zone).is_some() {
            return None;
        }
        Some(Marker {
            field: name.to_owned(),
            value,
            line: Some(node.line),
            kind,
        })
    }

    /// Labels as a text, a list of texts, or a list of `{value, label}`; each once.
    pub(super) fn labels(&self, names: &[&str]) -> Vec<String> {
        let Some(node) = self.first(names) else {
            return Vec::new();
        };
        let mut labels: Vec<String> = Vec::new();
        for item in items(node) {
            let label = match &item.value {
                Value::Map(_) => ["label", "name", "title", "value"]
                    .iter()
                    .find_map(|name| item.get(name)?.text()),
                _ => item.text(),
            };
            let label = label.map(one_line).filter(|label| !label.is_empty());
            match label {
                Some(label) if !labels.contains(&label) => labels.push(label),
                Some(_) => {}
                None if item.value == Value::Null => {}
                None => self.note(
                    Severity::Warning,
                    Rule::FieldType,
                    Some(item.line),
                    "a category is neither text nor `{value, label}`",
                    "write `- label: News` or `- News`",
                ),
            }
        }
        self.bounded(labels, "categories", node.line)
    }

    /// Authors as a name, a list of names, or maps with `name`, `url` and `email`; each once.
    pub(super) fn authors(&self, names: &[&str]) -> Vec<Author> {
        let Some(node) = self.first(names) else {
            return Vec::new();
        };
        let mut authors: Vec<Author> = Vec::new();
        for item in items(node) {
            let part = |names: [&str; 3]| {
                names
                    .iter()
                    .find_map(|name| item.get(name)?.text())
                    .map(one_line)
            };
            let author = match &item.value {
                Value::Map(_) => part(["name", "title", "label"]).map(|name| Author {
                    name,
                    url: part(["url", "link", "website"]),
                    email: part(["email", "mail", "e-mail"]),
                }),
                _ => item.text().map(|name| Author {
                    name: one_line(name),
                    ..Author::default()
                }),
            };
            match author.filter(|author| !author.name.is_empty()) {
                Some(author) if authors.iter().all(|other| other.name != author.name) => {
                    authors.push(author)
                }
                Some(_) => {}
                None if item.value == Value::Null => {}
                None => self.note(
                    Severity::Warning,
                    Rule::FieldType,
                    Some(item.line),
                    "an author has no name",
                    "write `author: Name` or `- name: Name`",
                ),
            }
        }
        self.bounded(authors, "authors", node.line)
    }

    fn bounded<T>(&self, mut terms: Vec<T>, what: &str, line: usize) -> Vec<T> {
        if terms.len() > MAX_TERMS {
            self.note(
                Severity::Warning,
                Rule::FieldType,
                Some(line),
                format!(
                    "there are {} {what}, and the first {MAX_TERMS} count",
                    terms.len()
                ),
                "keep those that readers would subscribe to",
            );
            terms.truncate(MAX_TERMS);
        }
        terms
    }

    /// Whether the field holds the value: as its text, or as one of its items.
    pub(super) fn holds(&self, name: &str, value: &str) -> bool {
        self.root
            .get(name)
            .is_some_and(|node| items(node).any(|item| item.text() == Some(value)))
    }
}

fn is_marker(name: &str) -> bool {
    MARKER_FIELDS
        .iter()
        .any(|(known, _)| known.eq_ignore_ascii_case(name))
}

/// A list's items, or the one value.
fn items(node: &Node) -> impl Iterator<Item = &Node> {
    match &node.value {
        Value::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    }
    .iter()
}

fn words(node: &Node) -> impl Iterator<Item = &str> {
    items(node)
        .filter_map(Node::text)
        .flat_map(|text| text.split([',', ' ']))
        .map(str::trim)
}
