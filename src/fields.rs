//! Looks up the fields of one front matter by lists of names, and reports values that cannot be used.

mod custom_fields;
mod dates;
mod episode;
mod markers;
mod media;
mod media_values;
mod shapes;
mod terms;

use std::cell::RefCell;
use std::path::Path;

use crate::config::{Config, Field};
use crate::front_matter::field_names::default_names;
use crate::front_matter::shown_fields;
use crate::front_matter::visibility_field_names::Initials;
use crate::front_matter::{FrontMatterValue, Node};
use crate::markdown::plain_text::to_plain_text;
use crate::model::finding::{Finding, Rule, Severity};
use crate::model::parse_mode::ParseMode;
use crate::model::post::VisibilityField;
use crate::model::post::image::has_picture_extension;
use crate::text::collapse_whitespace;

pub(crate) use custom_fields::is_hugo_build;
pub(crate) use dates::{date_options, read_dates};
pub(crate) use markers::{
    collect_section_markers, collect_visibility_markers, find_stray_dates, mask_password,
    parse_state, warn_misplaced_markers,
};
pub(crate) use media::read_media;
pub(crate) use shapes::{read_x_account, warn_non_map_fields};
pub(crate) use terms::{read_authors, read_labels};

/// Front matter of one file, with the findings so far.
pub(crate) struct FrontMatterFields<'a> {
    file: &'a str,
    root: &'a Node,
    initials: Initials,
    config: &'a Config,
    depth: ParseMode,
    findings: RefCell<Vec<Finding>>,
}

/// Position in the file that a finding points at.
#[derive(Debug, Clone, Default)]
pub(crate) struct SourceSpan {
    line: Option<usize>,
    mark: Option<String>,
}

impl SourceSpan {
    /// Points at a text on a line.
    pub(crate) fn at_text(line: usize, text: &str) -> SourceSpan {
        SourceSpan {
            line: Some(line),
            mark: Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        }
    }
}

impl From<Option<usize>> for SourceSpan {
    fn from(line: Option<usize>) -> SourceSpan {
        SourceSpan { line, mark: None }
    }
}

impl From<&Node> for SourceSpan {
    fn from(node: &Node) -> SourceSpan {
        SourceSpan::at_text(node.line, node.as_text().unwrap_or_default())
    }
}

impl From<&VisibilityField> for SourceSpan {
    fn from(marker: &VisibilityField) -> SourceSpan {
        match marker.line {
            Some(line) => SourceSpan::at_text(line, &marker.value),
            None => SourceSpan::default(),
        }
    }
}

impl<'a> FrontMatterFields<'a> {
    pub(crate) fn new(
        file: &'a str,
        root: &'a Node,
        config: &'a Config,
        depth: ParseMode,
    ) -> FrontMatterFields<'a> {
        let names = root.as_fields().iter().map(|(name, _)| name.as_str());
        FrontMatterFields {
            file,
            root,
            initials: Initials::of_names(names),
            config,
            depth,
            findings: RefCell::default(),
        }
    }

    /// Names of a field: the configured ones, or else the defaults.
    fn field_names(&self, field: Field) -> impl Iterator<Item = &'a str> + use<'a> {
        let own = self.config.content.fields.names_for(field);
        let built_in = own.is_none().then(|| default_names(field));
        let own = own.into_iter().flatten().map(String::as_str);
        own.chain(built_in.into_iter().flatten().copied())
    }

    /// Names of a field that may be on the top level of this front matter.
    fn possible_field_names(&self, field: Field) -> impl Iterator<Item = &'a str> + use<'a> {
        let initials = self.initials;
        self.field_names(field)
            .filter(move |name| initials.may_include(name))
    }

    /// Finds the nodes of a field, in the order of its names.
    pub(crate) fn field_nodes(
        &self,
        field: Field,
    ) -> impl Iterator<Item = (&'a str, &'a Node)> + use<'a> {
        let root = self.root;
        self.possible_field_names(field)
            .filter_map(move |name| Some((name, root.get_in_any_spelling(name)?)))
    }

    /// Path of the file, relative to the content directory.
    pub(crate) fn file_path(&self) -> &'a str {
        self.file
    }

    /// Directory of the posts.
    pub(crate) fn content_dir(&self) -> &'a Path {
        &self.config.content.dir
    }

    pub(crate) fn into_findings(self) -> Vec<Finding> {
        self.findings.into_inner()
    }

    /// Adds a finding.
    pub(crate) fn report_finding(
        &self,
        severity: Severity,
        rule: Rule,
        place: impl Into<SourceSpan>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let SourceSpan { line, mark } = place.into();
        self.findings.borrow_mut().push(Finding {
            file: self.file.to_owned(),
            line,
            highlight: mark,
            severity,
            rule,
            message: message.into(),
            hint: hint.into(),
        });
    }

    /// Collects the texts of the fields that a body shows.
    pub(crate) fn collect_page_values(&self, body: &str, url_path: &str) -> Vec<(String, String)> {
        shown_fields::collect_page_values(self.root, body, url_path, self.config)
    }

    /// Returns true if the body is rendered later.
    pub(crate) fn is_metadata_only(&self) -> bool {
        self.depth == ParseMode::Metadata
    }

    /// Returns true if suggestions are wanted.
    pub(crate) fn is_lint_mode(&self) -> bool {
        self.depth == ParseMode::Lint
    }

    /// Adds a suggestion, if suggestions are wanted.
    pub(crate) fn report_suggestion(
        &self,
        rule: Rule,
        place: impl Into<SourceSpan>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        if self.is_lint_mode() {
            self.report_finding(Severity::Note, rule, place, message, hint);
        }
    }

    /// Finds the first value of the field that is not empty.
    pub(crate) fn first_node(&self, field: Field) -> Option<&'a Node> {
        self.first_named_node(field).map(|(_, node)| node)
    }

    fn first_named_node(&self, field: Field) -> Option<(&'a str, &'a Node)> {
        self.field_nodes(field).find(|(_, node)| match &node.value {
            FrontMatterValue::Null => false,
            FrontMatterValue::Scalar(text) => {
                !text.trim().is_empty() && !is_no_value(field, text.trim())
            }
            FrontMatterValue::List(items) => !items.is_empty(),
            FrontMatterValue::Map(fields) => !fields.is_empty(),
        })
    }

    /// Finds the first name of the field that holds text. Reports lists and maps before it.
    pub(crate) fn first_named_text(&self, field: Field) -> Option<(&'a str, &'a str, &'a Node)> {
        self.first_text_where(field, |_, _| true)
    }

    /// Finds the first name of the field that holds text with which it `is_usable`. Reports lists and maps before it.
    pub(crate) fn first_text_where(
        &self,
        field: Field,
        is_usable: fn(&str, &str) -> bool,
    ) -> Option<(&'a str, &'a str, &'a Node)> {
        for (name, node) in self.field_nodes(field) {
            match (&node.value, node.as_text()) {
                (_, Some(text)) if is_no_value(field, text) => {}
                (_, Some(text)) if is_usable(name, text) => return Some((name, text, node)),
                (FrontMatterValue::List(_) | FrontMatterValue::Map(_), _) => self.report_finding(
                    Severity::Warning,
                    Rule::FieldType,
                    node,
                    format!("`{name}` is not text"),
                    format!("write `{name}: …` on one line"),
                ),
                _ => {}
            }
        }
        None
    }

    /// Finds the first text of the field, and its line.
    pub(crate) fn first_text(&self, field: Field) -> Option<(&'a str, usize)> {
        self.first_named_text(field)
            .map(|(_, text, node)| (text, node.line))
    }

    /// Reads the first text of the field, joined into one line.
    pub(crate) fn one_line_text(&self, field: Field) -> Option<String> {
        self.first_text(field)
            .map(|(text, _)| collapse_whitespace(text))
            .filter(|text| !text.is_empty())
    }

    /// Reads the first text of the field, without the HTML tags and references that tools write.
    pub(crate) fn first_plain_text(&self, field: Field) -> Option<String> {
        self.first_text(field)
            .map(|(text, _)| to_plain_text(text))
            .filter(|text| !text.is_empty())
    }

    /// Lists all texts of the first value that is not empty, with their lines.
    pub(crate) fn all_texts(&self, field: Field) -> Vec<(&'a str, usize)> {
        let node = self.first_node(field);
        let items = node.into_iter().flat_map(list_items);
        items
            .filter_map(|item| Some((item.as_text()?, item.line)))
            .collect()
    }

    /// Suggests removing leading and trailing spaces of quoted texts. They are dropped here but not by other tools.
    pub(crate) fn lint_outer_spaces(&self) {
        for (name, node) in self.root.as_fields() {
            let FrontMatterValue::Scalar(text) = &node.value else {
                continue;
            };
            let is_line = !text.trim().is_empty() && !text.trim().contains('\n');
            if is_line && text.trim() != text.trim_end_matches('\n') {
                self.report_suggestion(
                    Rule::TrailingBlanks,
                    node,
                    format!("`{name}` has leading or trailing spaces, which are dropped"),
                    "delete the spaces",
                );
            }
        }
    }

    /// Returns the text of a field by its exact name.
    pub(crate) fn text_by_name(&self, name: &str) -> Option<&'a str> {
        self.root.get(name)?.as_text()
    }

    /// Returns true if the field's text, or one item of its list, is the value.
    pub(crate) fn has_value(&self, name: &str, value: &str) -> bool {
        self.root
            .get(name)
            .is_some_and(|node| list_items(node).any(|item| item.as_text() == Some(value)))
    }
}

/// Returns true if a text is no value of the field, so that its next name counts: a switch, such as `author: false`, a
/// word for none, or the picture of a teaser in place of its text.
fn is_no_value(field: Field, text: &str) -> bool {
    match field {
        // It may be any word.
        Field::Title => false,
        Field::Author | Field::Category | Field::Tags => {
            is_switch(text) || text.eq_ignore_ascii_case("none")
        }
        Field::Description => is_switch(text) || has_picture_extension(text),
        _ => is_switch(text),
    }
}

/// Returns true for a YAML boolean.
pub(crate) fn is_switch(text: &str) -> bool {
    ["true", "false"]
        .iter()
        .any(|switch| text.eq_ignore_ascii_case(switch))
}

/// Iterates over the items of a list, or over the single value.
pub(crate) fn list_items(node: &Node) -> impl Iterator<Item = &Node> {
    match &node.value {
        FrontMatterValue::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    }
    .iter()
}
