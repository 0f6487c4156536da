//! The fields of one front matter, looked up by lists of names, with findings for what is there
//! and cannot be used.

use std::cell::RefCell;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use url::Url;

use super::address::PERMALINK;
use super::date;
use super::front_matter::{Node, Value};
use crate::config;
use crate::finding::{Finding, Rule, Severity};
use crate::post::{Author, Marker, MarkerKind};
use crate::text::{bounded, is_email, one_line};

/// The most categories, and the most authors, of one post: each is a feed of its own, in which
/// the whole post stands.
const MAX_TERMS: usize = 20;

/// The length of a name, in bytes.
const MAX_NAME: usize = 500;

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

    /// Everything that is said of visibility, each marker under the name it is written with.
    pub(super) fn markers(&self) -> Vec<Marker> {
        let Value::Map(fields) = &self.root.value else {
            return Vec::new();
        };
        let mut markers = Vec::new();
        for (name, node) in fields {
            // In flow style `hidePost:true` is a name without a value, and meant as one with.
            let (name, node) = match (name.split_once(':'), &node.value) {
                (Some((name, value)), Value::Null) => {
                    let value = Value::Scalar(value.to_owned());
                    (
                        name,
                        &Node {
                            line: node.line,
                            value,
                        },
                    )
                }
                _ => (name.as_str(), node),
            };
            let Some(kind) = MarkerKind::of(name) else {
                continue;
            };
            if let Some(marker) = self.marker(name, node, kind) {
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
            let label = label
                .map(|label| bounded(&one_line(label), MAX_NAME))
                .filter(|label| !label.is_empty());
            match label {
                Some(label) if !labels.contains(&label) => labels.push(label),
                Some(_) => {}
                None if item.value == Value::Null => {}
                None => self.note(
                    Severity::Warning,
                    Rule::FieldType,
                    item,
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
            let named = |name: String| bounded(&name, MAX_NAME);
            let author = match &item.value {
                Value::Map(_) => part(["name", "title", "label"]).map(|name| Author {
                    name: named(name),
                    url: part(["url", "link", "website"])
                        .and_then(|url| self.author_url(&url, item.line)),
                    email: part(["email", "mail", "e-mail"]).filter(|email| is_email(email)),
                }),
                _ => item.text().map(|name| Author {
                    name: named(one_line(name)),
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
                    item,
                    "an author has no name",
                    "write `author: Name` or `- name: Name`",
                ),
            }
        }
        self.bounded(authors, "authors", node.line)
    }

    /// The address of an author's page, absolute; a path is one of the site's.
    fn author_url(&self, text: &str, line: usize) -> Option<String> {
        let url = self
            .site
            .join(text)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"));
        if url.is_none() {
            self.note(
                Severity::Warning,
                Rule::FieldType,
                Some(line),
                format!("the author's address `{text}` is no web address and is left out"),
                "write a URL, or a path of the site",
            );
        }
        url.map(Into::into)
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
