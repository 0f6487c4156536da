//! Categories and authors, in all the shapes that content tools write them in, into lists of names.

use std::borrow::Cow;
use std::collections::HashSet;

use super::Fields;
use crate::config::Field;
use crate::content::front_matter::{Node, Value};
use crate::content::plain_text::plain_text;
use crate::finding::{Rule, Severity};
use crate::post::Author;
use crate::text::{bounded, one_line};

/// The most categories, and the most authors, of one post: each is a feed of its own, in which
/// the whole post stands.
const MAX_TERMS: usize = 20;

/// Parts of one text that are read: as many as a front matter may have values, so that a text of
/// names costs no more than a list of them.
const MAX_PARTS: usize = 10_000;

/// The length of a name, in bytes.
const MAX_NAME: usize = 500;

impl Fields<'_> {
    /// Labels as a text, a list of texts, or a list of `{value, label}`; each once. A text under
    /// the name of several (`tags: a, b`) is split at its commas, and at blanks where `as_words`, as
    /// Jekyll has it.
    pub(in crate::content) fn labels(&self, field: Field, as_words: bool) -> Vec<String> {
        let Some((name, node)) = self.first_named(field) else {
            return Vec::new();
        };
        let mut labels: Vec<String> = Vec::new();
        let mut seen = HashSet::new();
        for item in parts(name, node, as_words).iter() {
            let label = match &item.value {
                Value::Map(_) => ["label", "name", "title", "value"]
                    .iter()
                    .find_map(|name| item.get(name)?.text()),
                _ => item.text(),
            };
            let label = label
                .map(|label| bounded(&plain_text(label), MAX_NAME))
                .filter(|label| !label.is_empty());
            match label {
                Some(label) if seen.insert(label.clone()) => labels.push(label),
                Some(_) => {}
                None if item.value == Value::Null => {}
                None => self.note(
                    Severity::Warning,
                    Rule::FieldType,
                    item,
                    format!("`{name}` holds what is neither text nor `{{value, label}}`"),
                    "write `- label: News` or `- News`",
                ),
            }
        }
        self.bounded(labels, name, node.line)
    }

    /// Authors as a name, a list of names, or maps with `name`, `url` and `email`; each once.
    pub(in crate::content) fn authors(&self, field: Field) -> Vec<Author> {
        let Some((name, node)) = self.first_named(field) else {
            return Vec::new();
        };
        let mut authors: Vec<Author> = Vec::new();
        let mut seen = HashSet::new();
        for item in parts(name, node, false).iter() {
            let part = |names: &[&str]| {
                names
                    .iter()
                    .find_map(|name| item.get(name)?.text())
                    .map(one_line)
            };
            let author =
                match &item.value {
                    Value::Map(_) => part(&["name", "title", "label", "display_name", "nickname"])
                        .map(|name| Author {
                            name: self.author_name(&name, item),
                            url: part(&["url", "link", "website", "uri"])
                                .and_then(|url| self.author_url(&url, item.line)),
                        }),
                    _ => item.text().map(|name| Author {
                        name: self.author_name(name, item),
                        ..Author::default()
                    }),
                };
            match author {
                // A mail address that was reported.
                Some(author) if author.name.is_empty() => {}
                Some(author) if seen.insert(author.name.clone()) => authors.push(author),
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

    /// The name of an author without mail addresses, which are in no output: of `Ada <ada@example.org>` and
    /// of `ada@example.org (Ada)` it is `Ada`. Empty, with a finding, where it was nothing else.
    fn author_name(&self, text: &str, item: &Node) -> String {
        // A mail address may be written with entities.
        let text = plain_text(text);
        if !text.contains('@') && !text.contains("%40") {
            return bounded(&text, MAX_NAME);
        }
        // Whatever has a sign within, but for what it begins with: `@ada@example.social` is a handle.
        let is_mail = |word: &str| {
            let word = word.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '@');
            word.find('@').is_some_and(|at| at > 0) || word.contains("%40")
        };
        // `[Ada](mailto:ada@example.org)`
        let text = text.split("](mailto:").next().unwrap_or(&text);
        let words = text.split_whitespace().filter(|word| !is_mail(word));
        let name = words.collect::<Vec<_>>().join(" ");
        // What stood around the name beside an address.
        let name = name.trim_matches(|c: char| c.is_whitespace() || "()<>[]\"',;:".contains(c));
        if name.is_empty() {
            self.note(
                Severity::Warning,
                Rule::FieldType,
                item,
                "an author is a mail address, which is in no output",
                "write the name; a mail address that may be shown goes to `[[authors]]` of the configuration",
            );
        }
        bounded(name, MAX_NAME)
    }

    /// The address of an author's page, absolute; a path is one of the site's.
    fn author_url(&self, text: &str, line: usize) -> Option<String> {
        let url = self
            .config
            .site
            .url
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
            let count = match terms.len() {
                MAX_PARTS => format!("{MAX_PARTS} or more"),
                count => count.to_string(),
            };
            self.note(
                Severity::Warning,
                Rule::FieldType,
                Some(line),
                format!("there are {count} in `{what}`, and the first {MAX_TERMS} count"),
                "keep those that readers would subscribe to",
            );
            terms.truncate(MAX_TERMS);
        }
        terms
    }
}

/// The items of a list, the parts of a text under the name of several, or the one value.
fn parts<'n>(name: &str, node: &'n Node, as_words: bool) -> Cow<'n, [Node]> {
    let several = name.to_ascii_lowercase().ends_with('s');
    match &node.value {
        Value::List(items) => Cow::Borrowed(items),
        Value::Scalar(text) if several => words(text, as_words)
            .take(MAX_PARTS)
            .map(|word| Node {
                line: node.line,
                value: Value::Scalar(word.to_owned()),
            })
            .collect(),
        _ => Cow::Borrowed(std::slice::from_ref(node)),
    }
}

/// The words of a text that holds several labels.
fn words(text: &str, as_words: bool) -> impl Iterator<Item = &str> {
    let at_blanks = as_words && !text.contains(',');
    text.split(move |c: char| c == ',' || (at_blanks && c.is_whitespace()))
        .map(str::trim)
        .filter(|word| !word.is_empty())
}
