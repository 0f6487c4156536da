//! The fields of one front matter, looked up by lists of names, with findings for what is there
//! and cannot be used.

mod markers;
mod shapes;
mod terms;

use std::cell::RefCell;

use chrono::{DateTime, Datelike as _, Utc};

use super::Depth;
use super::date::{self, Clock};
use super::dialect::built_in;
use super::front_matter::{Node, Value};
use super::limits::{self, Limit};
use super::plain_text::plain_text;
use crate::config::{Config, Field};
use crate::finding::{Finding, Rule, Severity};
use crate::post::{Marker, MarkerKind};
use crate::text::one_line;
pub(super) use markers::{is_build, masked, state_of};

/// A front matter being read.
pub(super) struct Fields<'a> {
    file: &'a str,
    root: &'a Node,
    config: &'a Config,
    depth: Depth,
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
    pub(super) fn new(
        file: &'a str,
        root: &'a Node,
        config: &'a Config,
        depth: Depth,
    ) -> Fields<'a> {
        Fields {
            file,
            root,
            config,
            depth,
            findings: RefCell::default(),
        }
    }

    /// How the dates are read.
    pub(super) fn clock(&self) -> Clock {
        Clock {
            zone: self.config.site.timezone,
            z_is_local: self.config.content.z_is_local,
        }
    }

    /// The names of a field: those that the configuration gives, or the built-in ones.
    fn names(&self, field: Field) -> impl Iterator<Item = &'a str> + use<'a> {
        let own = self.config.content.fields.of(field);
        let built_in = own.is_none().then(|| built_in(field));
        let own = own.into_iter().flatten().map(String::as_str);
        own.chain(built_in.into_iter().flatten().copied())
    }

    /// The nodes of a field's names, in the order of the names.
    fn nodes(&self, field: Field) -> impl Iterator<Item = (&'a str, &'a Node)> + use<'a> {
        let root = self.root;
        self.names(field)
            .filter_map(move |name| Some((name, root.get(name)?)))
    }

    /// The file below the content directory.
    pub(super) fn file(&self) -> &'a str {
        self.file
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

    /// Whether nobody asks for the body yet.
    pub(super) fn is_outlined(&self) -> bool {
        self.depth == Depth::Outline
    }

    /// Whether anybody asks what could be better.
    pub(super) fn is_checked(&self) -> bool {
        self.depth == Depth::Check
    }

    /// What could be better, if anybody asks for that.
    pub(super) fn advise(
        &self,
        rule: Rule,
        place: impl Into<Place>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        if self.is_checked() {
            self.note(Severity::Note, rule, place, message, hint);
        }
    }

    /// The first name of the field that is there and not empty.
    pub(super) fn first(&self, field: Field) -> Option<&'a Node> {
        self.first_named(field).map(|(_, node)| node)
    }

    fn first_named(&self, field: Field) -> Option<(&'a str, &'a Node)> {
        self.nodes(field).find(|(_, node)| match &node.value {
            Value::Null => false,
            Value::Scalar(text) => !text.trim().is_empty(),
            Value::List(items) => !items.is_empty(),
            Value::Map(fields) => !fields.is_empty(),
        })
    }

    /// The first name of the field that holds text, with the text.
    pub(super) fn named_text(&self, field: Field) -> Option<(&'a str, &'a str, &'a Node)> {
        for (name, node) in self.nodes(field) {
            match (&node.value, node.text()) {
                (_, Some(text)) => return Some((name, text, node)),
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

    /// The first name of the field that holds text.
    pub(super) fn text(&self, field: Field) -> Option<(&'a str, usize)> {
        self.named_text(field)
            .map(|(_, text, node)| (text, node.line))
    }

    /// The first name of the field that holds text, as plain text on one line.
    pub(super) fn line(&self, field: Field) -> Option<String> {
        self.text(field)
            .map(|(text, _)| one_line(text))
            .filter(|text| !text.is_empty())
    }

    /// The first name of the field that holds text, without the HTML and the references that tools write.
    pub(super) fn plain_text(&self, field: Field) -> Option<String> {
        self.text(field)
            .map(|(text, _)| plain_text(text))
            .filter(|text| !text.is_empty())
    }

    /// Every text of the first name of the field that is there, with its line.
    pub(super) fn texts(&self, field: Field) -> Vec<(&'a str, usize)> {
        let node = self.first(field);
        let items = node.into_iter().flat_map(items);
        items
            .filter_map(|item| Some((item.text()?, item.line)))
            .collect()
    }

    /// What every name of the field says of a date, in the order of the names. Names of dates that limit
    /// are read in any spelling, and also within the maps that hold a site's own fields.
    pub(super) fn dates(&self, field: Field) -> Vec<Dated> {
        let names: Vec<&str> = self.names(field).collect();
        let order = |name: &str| {
            let mut names = names.iter();
            names.position(|known| limits::is_spelled(name, known))
        };
        let mut found: Vec<(usize, &str, &Node)> = Vec::new();
        for (name, node) in self.root.fields() {
            found.extend(order(name).map(|order| (order, name.as_str(), node)));
        }
        for (at, path) in names
            .iter()
            .enumerate()
            .filter(|(_, name)| name.contains('.'))
        {
            let mut nodes = Vec::new();
            self.root.all(path, &mut nodes);
            found.extend(nodes.into_iter().map(|node| (at, *path, node)));
        }
        found.sort_by_key(|(order, ..)| *order);
        let mut dates: Vec<Dated> = found
            .into_iter()
            .filter_map(|(_, name, node)| self.date(name, node))
            .collect();
        if matches!(field, Field::PublishDate | Field::Expires) {
            self.each_nested_field(&mut |name, node| {
                let last = name.rsplit('.').next().unwrap_or(name);
                if limits::limits_of(last, self.config).contains(&Limit::Date(field)) {
                    dates.extend(self.date(name, node));
                }
            });
        }
        dates
    }

    fn date(&self, name: &str, node: &Node) -> Option<Dated> {
        let value = match &node.value {
            Value::Null => return None,
            Value::Scalar(text) if text.trim().is_empty() => return None,
            Value::Scalar(text) => text.trim(),
            Value::List(_) | Value::Map(_) => "…",
        };
        if let Some(date) = date::parse(value, self.clock()) {
            self.advise_on_zone(name, node, value, date);
            return Some(Dated::Is(date));
        }
        // `published: false` is a marker, not a date that cannot be read.
        let is_marker = |limit: &Limit| matches!(limit, Limit::Marker(_));
        if limits::limits_of(name, self.config).iter().any(is_marker) {
            return None;
        }
        let reason = date::refusal(value).map(|reason| format!(": {reason}"));
        self.note(
            Severity::Error,
            Rule::UnreadableDate,
            node,
            format!(
                "`{name}` is no date: `{}`{}",
                one_line(value),
                reason.unwrap_or_default()
            ),
            format!("write `{name}: 2024-05-01T10:00:00Z`"),
        );
        Some(Dated::Unreadable(Marker {
            field: name.to_owned(),
            value: one_line(value),
            line: Some(node.line),
            kind: MarkerKind::Hides,
        }))
    }

    /// Blanks at the ends of a quoted text are dropped, and show where others read the field.
    pub(super) fn advise_on_blanks(&self) {
        for (name, node) in self.root.fields() {
            let Value::Scalar(text) = &node.value else {
                continue;
            };
            let is_line = !text.trim().is_empty() && !text.trim().contains('\n');
            if is_line && text.trim() != text.trim_end_matches('\n') {
                self.advise(
                    Rule::TrailingBlanks,
                    node,
                    format!("`{name}` has blanks at its ends, which are dropped"),
                    "delete them",
                );
            }
        }
    }

    /// A time without a zone, and a zone that moves the day, are what content tools get wrong.
    fn advise_on_zone(&self, name: &str, node: &Node, value: &str, date: DateTime<Utc>) {
        if !self.is_checked() {
            return;
        }
        let site = &self.config.site;
        if !site.timezone_is_set && date::is_zoneless_time(value) {
            self.advise(
                Rule::ZonelessDate,
                node,
                format!("`{name}` names no zone, nor does the configuration, so it is read as UTC"),
                "set `site.timezone`, or write the offset, as in `2024-05-01T10:00:00+02:00`",
            );
        }
        let local = date.with_timezone(&site.timezone);
        let is_suspect = value.ends_with(['Z', 'z']) && !self.config.content.z_is_local;
        if is_suspect && local.num_days_from_ce() != date.num_days_from_ce() {
            self.advise(
                Rule::SuspectZone,
                node,
                format!(
                    "`{value}` is {} in `{}`, another day than is written",
                    local.format("%Y-%m-%d"),
                    site.timezone
                ),
                "some content tools write `Z` after local time; if yours does, set `content.z_is_local`",
            );
        }
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
