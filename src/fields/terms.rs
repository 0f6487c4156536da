//! Reads categories, tags and authors, in each shape that content tools write them in.

use std::borrow::Cow;
use std::collections::HashSet;

use super::{FrontMatterFields, is_switch};
use crate::config::Field;
use crate::front_matter::{FrontMatterValue, Node};
use crate::markdown::plain_text::strip_markdown;
use crate::model::finding::{Rule, Severity};
use crate::model::post::PostAuthor;
use crate::text::find_template_part;
use crate::text::{collapse_whitespace, split_person_names, truncate_encoded};
use crate::url_path;

/// Maximum categories, tags or authors of one post: more than people write. Each has its own feed, which is rendered on
/// request, so a term costs a few hundred bytes. It bounds what a file of ten thousand terms could cost.
const MAX_TERMS_PER_POST: usize = 100;

/// Maximum parts of one text: as many as a front matter may have values, so that a text of names costs no
/// more than a list.
const MAX_TERM_PARTS: usize = 10_000;

/// Maximum length of a name, in bytes.
const MAX_NAME_BYTES: usize = 500;

/// Reads labels from a text, a list of texts, or a list of `{value, label}`, without duplicates.
///
/// A text under a plural name (`tags: a, b`) is split at commas. With `as_words` a text without commas is
/// split at spaces, as Jekyll does. The items of lists in the list count too.
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
    for item in split_terms(name, node, as_words) {
        let label = match &item.value {
            FrontMatterValue::Map(_) => ["label", "name", "title", "value"]
                .iter()
                .find_map(|name| item.get(name)?.as_text()),
            _ => item.as_text(),
        };
        let label = label
            .map(|label| truncate_encoded(&strip_markdown(label), MAX_NAME_BYTES))
            .filter(|label| !label.is_empty());
        match label {
            Some(label) if is_switch(&label) => {}
            Some(label) if seen.insert(label.clone()) => labels.push(label),
            Some(_) => {}
            None if item.value == FrontMatterValue::Null => {}
            None => fields.report_finding(
                Severity::Warning,
                Rule::FieldType,
                &*item,
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
    for item in flatten_list(node) {
        let part = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| item.get(name)?.as_text())
                .map(collapse_whitespace)
        };
        let found = match (&item.value, item.as_text()) {
            (FrontMatterValue::Map(_), _) => part(&[
                "name",
                "title",
                "label",
                "display_name",
                "nickname",
                "login",
                "id",
            ])
            .map(|name| PostAuthor {
                name: clean_author_name(fields, &name, item),
                url: part(&["url", "link", "website", "uri"])
                    .and_then(|url| resolve_author_url(fields, &url, item.line)),
            })
            .into_iter()
            .collect(),
            (_, Some(text)) => {
                let is_list = matches!(node.value, FrontMatterValue::List(_));
                let names = match split_person_names(text) {
                    Some(names) => names,
                    None if is_plural(name) && !is_list => split_label_words(text, false).collect(),
                    None => vec![text],
                };
                let names = names.into_iter().take(MAX_TERM_PARTS);
                names.map(|text| parse_author(fields, text, item)).collect()
            }
            _ => Vec::new(),
        };
        if found.is_empty() && item.value != FrontMatterValue::Null {
            fields.report_finding(
                Severity::Warning,
                Rule::FieldType,
                item,
                "an author has no name",
                "write `author: Name` or `- name: Name`",
            );
        }
        // A name is empty if it was an email address, which was reported.
        let new = |author: &PostAuthor| !author.name.is_empty() && seen.insert(author.name.clone());
        authors.extend(found.into_iter().filter(new));
    }
    limit_terms(fields, authors, "authors", node.line)
}

/// Parses an author as written: `Name`, `[Name](url) (Company)`, `Name <address>` or `address (Name)`.
fn parse_author(fields: &FrontMatterFields<'_>, text: &str, item: &Node) -> PostAuthor {
    let link = text.strip_prefix('[').and_then(|rest| {
        let (name, rest) = rest.split_once("](")?;
        Some((name.to_owned(), rest.split_once(')')?.0))
    });
    // `Name <https://…>`, also with an email address before it.
    let (urls, words): (Vec<&str>, Vec<&str>) = text
        .split_whitespace()
        .partition(|word| word.contains("://"));
    let written = (words.join(" "), urls.first().copied().unwrap_or_default());
    let (name, url) = link.unwrap_or(written);
    let url = url.trim_matches(['<', '>', '(', ')']);
    let has_url = !name.is_empty() && !url.is_empty() && !url.starts_with("mailto:");
    PostAuthor {
        url: has_url
            .then(|| resolve_author_url(fields, url, item.line))
            .flatten(),
        name: clean_author_name(fields, if name.is_empty() { text } else { &name }, item),
    }
}

/// Removes email addresses from an author's name, as they are never published.
///
/// `Ada <ada@example.org>` and `ada@example.org (Ada)` become `Ada`. Empty, with a finding, if the text was
/// only an address.
fn clean_author_name(fields: &FrontMatterFields<'_>, text: &str, item: &Node) -> String {
    // An email address may be written with entities.
    let text = strip_markdown(text);
    if !text.contains('@') && !text.contains("%40") {
        return truncate_encoded(&text, MAX_NAME_BYTES);
    }
    // A word with `@` inside is an address, but `@ada@example.social` is a handle.
    let is_mail = |word: &str| {
        let word = word.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '@');
        word.find('@').is_some_and(|at| at > 0) || word.contains("%40")
    };
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
fn split_terms<'n>(name: &str, node: &'n Node, as_words: bool) -> Vec<Cow<'n, Node>> {
    match &node.value {
        FrontMatterValue::Scalar(text) if is_plural(name) => split_label_words(text, as_words)
            .take(MAX_TERM_PARTS)
            .map(|word| {
                Cow::Owned(Node {
                    line: node.line,
                    value: FrontMatterValue::Scalar(word.to_owned()),
                    is_plain: node.is_plain,
                })
            })
            .collect(),
        _ => flatten_list(node).into_iter().map(Cow::Borrowed).collect(),
    }
}

/// Lists the items of a list and of the lists in it, or the single value.
fn flatten_list(node: &Node) -> Vec<&Node> {
    match &node.value {
        FrontMatterValue::List(items) => items.iter().flat_map(flatten_list).collect(),
        _ => vec![node],
    }
}

fn is_plural(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with('s')
}

/// Splits a text at commas, or with `as_words` at spaces if it has no comma.
fn split_label_words(text: &str, as_words: bool) -> impl Iterator<Item = &str> {
    let at_blanks = as_words && !text.contains(',');
    text.split(move |c: char| c == ',' || (at_blanks && c.is_whitespace()))
        .map(str::trim)
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use crate::post::parse::tests::parse_sample;

    fn read_authors(front: &str) -> Vec<(String, Option<String>)> {
        let authors = parse_sample(front, "").0.authors.to_vec();
        authors
            .into_iter()
            .map(|author| (author.name, author.url))
            .collect()
    }

    #[test]
    fn labels_in_nested_lists_are_kept() {
        for (front, expected) in [
            (
                "categories: [[Sports, [Baseball, [Music]]], Rivalries, Sports]",
                &["Sports", "Baseball", "Music", "Rivalries"][..],
            ),
            (
                "categories: ['[News](/news)', '**Sea**', 'Q&amp;A']",
                &["News", "Sea", "Q&A"],
            ),
            ("categories: false", &[]),
            ("category: none", &[]),
            ("category: false\ncategories: [true, Sea]", &["Sea"]),
            ("category: 2021", &["2021"]),
        ] {
            let (post, findings) = parse_sample(front, "");
            let labels: Vec<&str> = post.categories.iter().map(|label| &**label).collect();
            assert_eq!(labels, expected, "{front}");
            assert_eq!(findings, [], "{front}");
        }
    }

    #[test]
    fn only_terms_beyond_the_limit_are_dropped_and_reported() {
        for (count, kept, reported) in [(60, 60, 0), (100, 100, 0), (101, 100, 1)] {
            let tags: String = (0..count).map(|number| format!("- t{number}\n")).collect();
            let (post, findings) = parse_sample(&format!("tags:\n{tags}"), "");
            assert_eq!((post.tags.len(), findings.len()), (kept, reported));
        }
    }

    #[test]
    fn author_is_parsed_in_every_written_form() {
        let url = Some("https://code.example/ada");
        for (author, expected) in [
            (
                "'[Ada Quay](https://code.example/ada) (Harbour Works)'",
                url,
            ),
            ("Ada Quay <https://code.example/ada>", url),
            ("Ada Quay <ada@e.org> (https://code.example/ada)", url),
            ("Ada Quay <ada@e.org>", None),
            ("ada@e.org (Ada Quay)", None),
            ("'[Ada Quay](mailto:ada@e.org)'", None),
            ("'**Ada Quay**'", None),
            (
                "{display_name: Ada Quay, login: ada, email: ada@e.org}",
                None,
            ),
            ("{nickname: Ada Quay, uri: https://code.example/ada}", url),
            ("[[Ada Quay]]", None),
        ] {
            let expected = vec![("Ada Quay".to_owned(), expected.map(str::to_owned))];
            assert_eq!(
                read_authors(&format!("author: {author}")),
                expected,
                "{author}"
            );
        }
        assert_eq!(
            read_authors("author: false\nby: Ada Quay"),
            read_authors("author: Ada Quay")
        );
        assert_eq!(read_authors("author: none"), []);
    }

    #[test]
    fn text_under_a_plural_name_is_split_at_commas() {
        let names = |front: &str| -> Vec<String> {
            let authors = read_authors(front).into_iter();
            authors.map(|(name, _)| name).collect()
        };
        assert_eq!(
            names("authors: Rope and Sons, Ada"),
            ["Rope and Sons", "Ada"]
        );
        assert_eq!(names("author: Quay, Ada"), ["Quay, Ada"]);
        assert_eq!(
            names("author: Ada Quay and Ben Reef"),
            ["Ada Quay", "Ben Reef"]
        );
        assert_eq!(names("authors: ['Quay, Ada']"), ["Quay, Ada"]);
    }
}
