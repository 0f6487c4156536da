//! Evaluates the variables of template languages: `{{ page.x }}`, `{{ site.x | relative_url }}`, `{% assign x = "…" %}`.

use std::collections::HashMap;

use super::element::is_locked_name;
use super::site_vars::{PageVars, SiteVars};
use super::template_tag::TemplateTag;

/// Maximum bytes of values and included files in one body. A longer text is no post.
const MAX_INSERTED_BYTES: usize = 1024 * 1024;
/// Maximum bytes of one value. It bounds variables that are appended to themselves.
const MAX_VALUE_BYTES: usize = 2_000;
/// Maximum number of assigned variables. Sites have a dozen.
const MAX_VARIABLES: usize = 1_000;

/// Variables that a body can show.
pub(super) struct Variables<'s> {
    pub(super) site: &'s SiteVars,
    pub(super) page: &'s PageVars,
    /// Assigned values; `None` if only the generator knows the value.
    assigned: HashMap<String, Option<String>>,
    /// Bytes of values and included files so far.
    pub(super) inserted_bytes: usize,
}

impl<'s> Variables<'s> {
    pub(super) fn new(site: &'s SiteVars, page: &'s PageVars) -> Variables<'s> {
        Variables {
            site,
            page,
            assigned: HashMap::new(),
            inserted_bytes: 0,
        }
    }

    /// Sets the parameters of an included file to those of its tag: `{% include a.md name="value" %}`.
    pub(super) fn set_parameters(&mut self, tag: &TemplateTag<'_>) {
        self.assigned
            .retain(|name, _| !name.starts_with("include."));
        for (name, value) in tag.arguments.iter().take(MAX_VARIABLES) {
            let value = Some((*value).to_owned()).filter(|value| value.len() <= MAX_VALUE_BYTES);
            let name = name.map(|name| format!("include.{name}"));
            self.assigned.extend(name.map(|name| (name, value)));
        }
    }

    /// Counts bytes that are inserted. Returns false if they are too many.
    pub(super) fn reserve_insertion(&mut self, bytes: usize) -> bool {
        self.inserted_bytes = self.inserted_bytes.saturating_add(bytes.max(64));
        self.inserted_bytes <= MAX_INSERTED_BYTES
    }

    /// Returns the included Markdown file that a tag names.
    pub(super) fn find_include(&self, tag: &TemplateTag<'_>) -> Option<&'s str> {
        let is_include = tag.name.eq_ignore_ascii_case("include") && !tag.is_closing;
        let file = tag.positional_arguments().next().filter(|_| is_include)?;
        let text = self.site.files.includes.get(file)?;
        (!is_locked_name(file)).then_some(text)
    }

    /// Evaluates `{% assign name = expression %}`. The value is unknown if the tag is under a condition.
    pub(super) fn assign_variable(&mut self, written: &str, is_conditional: bool) {
        let inside = written.trim_matches(['{', '%', '}', '-', '~', ' ']);
        let assignment = inside.split_once(char::is_whitespace);
        let Some((name, expression)) = assignment.and_then(|(_, rest)| rest.split_once('=')) else {
            return;
        };
        let value = self
            .evaluate_expression(expression)
            .filter(|_| !is_conditional);
        if self.assigned.len() < MAX_VARIABLES {
            self.assigned.insert(name.trim().to_owned(), value);
        }
    }

    /// Evaluates an expression with its filters. `None` if only the generator knows the value.
    pub(super) fn evaluate_expression(&self, expression: &str) -> Option<String> {
        let (first, filters) = expression.split_once('|').unwrap_or((expression, ""));
        let mut value = self.find_operand(first.trim())?;
        let is_literal = literal_text(first.trim()).is_some();
        for filter in filters.split('|').map(str::trim) {
            let (name, argument) = filter.split_once(':').unwrap_or((filter, ""));
            let argument = || self.find_operand(argument.trim());
            value = match name.trim().to_ascii_lowercase().as_str() {
                "" | "strip" | "escape" | "safe" => value,
                "append" => value + &argument()?,
                "prepend" => argument()? + &value,
                "url_encode" | "urlencode" | "url_escape" | "uri_escape" => return None,
                name if name.contains("url") || name == "safe_link" => {
                    let joined = self.site.url.join(value.trim_start_matches('/'));
                    joined.ok()?.into()
                }
                _ if is_literal => value,
                _ => return None,
            };
            if value.len() > MAX_VALUE_BYTES {
                return None;
            }
        }
        Some(value)
    }

    /// Returns the value of a literal or a variable.
    fn find_operand(&self, name: &str) -> Option<String> {
        if let Some(text) = literal_text(name) {
            return Some(text.to_owned());
        }
        if let Some(value) = self.assigned.get(name) {
            return value.clone();
        }
        let site = self.site;
        let lowercase_name = name.to_ascii_lowercase();
        match lowercase_name.as_str() {
            "site.url" | "site.baseurl" | "config.base_url" | ".site.baseurl" | "metadata.url"
            | "site.github.url" => Some(site.url.as_str().trim_end_matches('/').to_owned()),
            "site.title" | "config.title" | "metadata.title" | ".site.title" => {
                Some(site.title.clone())
            }
            name => match name.strip_prefix("page.") {
                Some(field) => self.page_value(field),
                None => site.files.values.get(name.strip_prefix("site.")?).cloned(),
            },
        }
    }

    /// Returns the text of a front matter field that the body may show.
    pub(super) fn page_value(&self, field: &str) -> Option<String> {
        let mut values = self.page.values.iter();
        let (_, value) = values.find(|(name, _)| name.eq_ignore_ascii_case(field))?;
        Some(value.clone())
    }
}

/// Returns the text of a string or number.
fn literal_text(text: &str) -> Option<&str> {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return Some(text);
    }
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    text.strip_prefix(quote)?.strip_suffix(quote)
}
