//! Reads categories, tags and authors, in each shape that content tools write them in.

use std::borrow::Cow;
use std::collections::HashSet;

use super::FrontMatterFields;
use crate::config::Field;
use crate::front_matter::{FrontMatterValue, Node};
use crate::markdown::plain_text::to_plain_text;
use crate::model::finding::{Rule, Severity};
use crate::model::post::PostAuthor;
use crate::post::address_template::find_template_part;
use crate::text::{collapse_whitespace, truncate_encoded};
use crate::url_path;

/// Maximum categories, tags or authors of one post. Each has its own feed, which repeats the whole post.
const MAX_TERMS_PER_POST: usize = 20;

/// Maximum parts of one text: as many as a front matter may have values, so that a text of names costs no
/// more than a list.
const MAX_TERM_PARTS: usize = 10_000;

/// Maximum length of a name, in bytes.
const MAX_NAME_BYTES: usize = 500;

/// Reads labels from a text, a list of texts, or a list of `{value, label}`, without duplicates.
///
/// A text under a plural name (`tags: a, b`) is split at commas. With `as_words` a text without commas is
/// split at spaces, as Jekyll does.
pub(crate) fn read_labels(
    fields: &FrontMatterFields<'_>,
    field: Field,
    as_words: bool,
) -> Vec<String> {
    let Some((name, node)) = fields.first_named_node(field) else {
        return Vec::new();
    };
    let mut labels: Vec<String> = Vec::new();
    let mut seen = HashSet::new();
    for item in split_terms(name, node, as_words).iter() {
        let label = match &item.value {
            FrontMatterValue::Map(_) => ["label", "name", "title", "value"]
                .iter()
                .find_map(|name| item.get(name)?.as_text()),
            _ => item.as_text(),
        };
        let label = label
            .map(|label| truncate_encoded(&to_plain_text(label), MAX_NAME_BYTES))
            .filter(|label| !label.is_empty());
        match label {
            Some(label) if seen.insert(label.clone()) => labels.push(label),
            Some(_) => {}
            None if item.value == FrontMatterValue::Null => {}
            None => fields.report_finding(
                Severity::Warning,
                Rule::FieldType,
                item,
                format!("`{name}` has an item that is neither text nor `{{value, label}}`"),
                "write `- label: News` or `- News`",
            ),
        }
    }
    limit_terms(fields, labels, name, node.line)
}

/// Reads authors from a name, a list of names, or maps with `name`, `url` and `email`, without duplicates.
pub(crate) fn read_authors(fields: &FrontMatterFields<'_>, field: Field) -> Vec<PostAuthor> {
    let Some((name, node)) = fields.first_named_node(field) else {
        return Vec::new();
    };
    let mut authors: Vec<PostAuthor> = Vec::new();
    let mut seen = HashSet::new();
    for item in split_terms(name, node, false).iter() {
        let part = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| item.get(name)?.as_text())
                .map(collapse_whitespace)
        };
        let author = match &item.value {
            FrontMatterValue::Map(_) => {
                part(&["name", "title", "label", "display_name", "nickname"]).map(|name| {
                    PostAuthor {
                        name: clean_author_name(fields, &name, item),
                        url: part(&["url", "link", "website", "uri"])
                            .and_then(|url| resolve_author_url(fields, &url, item.line)),
                    }
                })
            }
            _ => item.as_text().map(|name| PostAuthor {
                name: clean_author_name(fields, name, item),
                ..PostAuthor::default()
            }),
        };
        match author {
            // An email address, which was reported.
            Some(author) if author.name.is_empty() => {}
            Some(author) if seen.insert(author.name.clone()) => authors.push(author),
            Some(_) => {}
            None if item.value == FrontMatterValue::Null => {}
            None => fields.report_finding(
                Severity::Warning,
                Rule::FieldType,
                item,
                "an author has no name",
                "write `author: Name` or `- name: Name`",
            ),
        }
    }
    limit_terms(fields, authors, "authors", node.line)
}

/// Removes email addresses from an author's name, as they are never published.
///
/// `Ada <ada@example.org>` and `ada@example.org (Ada)` become `Ada`. Empty, with a finding, if the text was
/// only an address.
fn clean_author_name(fields: &FrontMatterFields<'_>, text: &str, item: &Node) -> String {
    // An email address may be written with entities.
    let text = to_plain_text(text);
    if !text.contains('@') && !text.contains("%40") {
        return truncate_encoded(&text, MAX_NAME_BYTES);
    }
    // A word with `@` inside is an address, but `@ada@example.social` is a handle.
    let is_mail = |word: &str| {
        let word = word.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '@');
        word.find('@').is_some_and(|at| at > 0) || word.contains("%40")
    };
    // `[Ada](mailto:ada@example.org)`
    let text = text.split("](mailto:").next().unwrap_or(&text);
    let words = text.split_whitespace().filter(|word| !is_mail(word));
    let name = words.collect::<Vec<_>>().join(" ");
    // Brackets and punctuation that stood around the address.
    let name = name.trim_matches(|c: char| c.is_whitespace() || "()<>[]\"',;:".contains(c));
    if name.is_empty() {
        fields.report_finding(
            Severity::Warning,
            Rule::FieldType,
            item,
            "an author is only an email address, which is never published",
            "write the name; an email address to publish goes to `[[authors]]` in the configuration",
        );
    }
    truncate_encoded(name, MAX_NAME_BYTES)
}

/// Resolves the URL of an author's page against the site.
fn resolve_author_url(fields: &FrontMatterFields<'_>, text: &str, line: usize) -> Option<String> {
    let url = url_path::join_home(&fields.config.site.url, text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .filter(|_| find_template_part(text).is_none());
    if url.is_none() {
        fields.report_finding(
            Severity::Warning,
            Rule::FieldType,
            Some(line),
            format!("the author's URL `{text}` is not a web address and is left out"),
            "write a URL, or a path of the site",
        );
    }
    url.map(Into::into)
}

/// Keeps as many terms as a post may have, and reports the rest.
fn limit_terms<T>(
    fields: &FrontMatterFields<'_>,
    mut terms: Vec<T>,
    what: &str,
    line: usize,
) -> Vec<T> {
    if terms.len() > MAX_TERMS_PER_POST {
        let count = match terms.len() {
            MAX_TERM_PARTS => format!("{MAX_TERM_PARTS} or more"),
            count => count.to_string(),
        };
        fields.report_finding(
            Severity::Warning,
            Rule::FieldType,
            Some(line),
            format!("`{what}` has {count} items, and only the first {MAX_TERMS_PER_POST} count"),
            "keep the ones that readers would subscribe to",
        );
        terms.truncate(MAX_TERMS_PER_POST);
    }
    terms
}

/// Splits a value: the items of a list, the parts of a text under a plural name, or the single value.
fn split_terms<'n>(name: &str, node: &'n Node, as_words: bool) -> Cow<'n, [Node]> {
    let is_plural = name.to_ascii_lowercase().ends_with('s');
    match &node.value {
        FrontMatterValue::List(items) => Cow::Borrowed(items),
        FrontMatterValue::Scalar(text) if is_plural => split_label_words(text, as_words)
            .take(MAX_TERM_PARTS)
            .map(|word| Node {
                line: node.line,
                value: FrontMatterValue::Scalar(word.to_owned()),
            })
            .collect(),
        _ => Cow::Borrowed(std::slice::from_ref(node)),
    }
}

/// Splits a text at commas, or with `as_words` at spaces if it has no comma.
fn split_label_words(text: &str, as_words: bool) -> impl Iterator<Item = &str> {
    let at_blanks = as_words && !text.contains(',');
    text.split(move |c: char| c == ',' || (at_blanks && c.is_whitespace()))
        .map(str::trim)
        .filter(|word| !word.is_empty())
}
