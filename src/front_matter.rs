//! Splits a file at the fences of its front matter and parses that as YAML, TOML or JSON.
//!
//! Scalars keep the text as written, because a title `1.10` is not a number. Every node keeps its line, so that
//! findings can point at it.

pub mod data_file;
pub(crate) mod date;
mod fences;
mod field_lines;
pub(crate) mod field_names;
mod json;
mod node;
pub(crate) mod shown_fields;
mod toml;
pub(crate) mod visibility_field_names;
mod yaml;

use node::ParsedFrontMatter;
use std::borrow::Cow;

pub(super) use fences::{
    find_unfenced_field, is_restructured_post, split_front_matter, split_with_field_lines,
};
pub use node::{FrontMatterError, FrontMatterValue, Node};

/// U+FEFF, which some editors write at the start of a file, and which pasted text brings along.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Text of a file, split in front matter and body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FrontMatterSplit<'a> {
    /// The text has front matter.
    Present(FrontMatter<'a>),
    /// The front matter is not closed.
    Unclosed(FrontMatterFormat),
    /// The text has no front matter.
    None,
}

/// Front matter within its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrontMatter<'a> {
    /// The format.
    pub(super) format: FrontMatterFormat,
    /// Number of lines before the text.
    pub(super) lines_before: usize,
    /// The text between the fences, or the JSON object.
    pub(super) text: &'a str,
    /// The text after the closing fence.
    pub(super) body: &'a str,
    /// The first part of the body that tools which do not know this closing fence read as front matter.
    pub(super) ambiguous: &'a str,
}

/// Format of a front matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrontMatterFormat {
    /// YAML 1.2, between `---` lines, or before one.
    Yaml,
    /// TOML 1.0, between `+++` lines, or below `---toml`.
    Toml,
    /// A JSON object, or the inside of one between `;;;` lines, or below `---json`.
    Json,
    /// Lines `Name: value` at the top, without a fence.
    FieldLines,
}

/// Parses the front matter of a file.
pub(super) fn parse_front_matter(
    front: &FrontMatter<'_>,
) -> Result<ParsedFrontMatter, FrontMatterError> {
    // YAML and JSON reject a byte order mark, which pasted text brings along.
    let mut text = match front.text.contains(BYTE_ORDER_MARK) {
        true => Cow::Owned(front.text.replace(BYTE_ORDER_MARK, "")),
        false => Cow::Borrowed(front.text),
    };
    // Hexo writes an object without braces.
    if front.format == FrontMatterFormat::Json && !text.trim_start().starts_with('{') {
        text = Cow::Owned(format!("{{{text}}}"));
    }
    parse_below_lines(front.lines_before, front.format, &text)
}

/// Parses the front matter of a file. Below a fence, Pelican reads lines `Name: value` that need not be YAML.
///
/// Only a reader of YAML could take the lines for other fields, so all of them are ambiguous then.
pub(super) fn parse_with_field_lines(
    front: &FrontMatter<'_>,
    has_field_lines: bool,
) -> Result<ParsedFrontMatter, FrontMatterError> {
    parse_front_matter(front).or_else(|error| {
        if !has_field_lines || front.format != FrontMatterFormat::Yaml {
            return Err(error);
        }
        let mut parsed = field_lines::parse_field_lines(front.text, front.lines_before)?;
        let lines = front.text.lines().enumerate();
        let lines = lines.map(|(at, line)| (front.lines_before + at + 1, line.to_owned()));
        parsed.ambiguous_lines.extend(lines);
        Ok(parsed)
    })
}

/// Parses a text that has `lines` lines of its file before it.
pub(super) fn parse_below_lines(
    lines: usize,
    format: FrontMatterFormat,
    text: &str,
) -> Result<ParsedFrontMatter, FrontMatterError> {
    match format {
        FrontMatterFormat::Yaml => yaml::parse_yaml(text, lines),
        FrontMatterFormat::Toml => toml::parse_toml(text, lines).map(ParsedFrontMatter::from),
        FrontMatterFormat::Json => json::parse_json(text, lines),
        FrontMatterFormat::FieldLines => field_lines::parse_field_lines(text, lines),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(format: FrontMatterFormat, text: &str) -> Node {
        parse_below_lines(1, format, text).unwrap().root
    }

    #[test]
    fn dotted_paths_match_in_any_case() {
        let node = parsed(FrontMatterFormat::Yaml, "seo:\n  URL: https://e.org/a\n");
        let url = node.get("Seo.url").unwrap();
        assert_eq!((url.as_text(), url.line), (Some("https://e.org/a"), 3));
        assert_eq!(node.get("seo.url.deeper"), None);
    }

    #[test]
    fn last_repeated_field_counts_and_both_are_kept() {
        for (format, text) in [
            (
                FrontMatterFormat::Yaml,
                "seo: {a: 1}\ndraft: true\nseo: {a: 2}\ndraft: false\n",
            ),
            (
                FrontMatterFormat::Json,
                "{\"seo\": {\"a\": 1},\n\"draft\": true,\n\"seo\": {\"a\": 2},\n\"draft\": false}",
            ),
        ] {
            let parsed = parse_below_lines(0, format, text).unwrap();
            let repeated = [("seo".to_owned(), 3), ("draft".to_owned(), 4)];
            assert_eq!(parsed.repeated_fields, repeated);
            let root = parsed.root;
            assert_eq!(root.get("draft").unwrap().as_text(), Some("false"));
            for path in ["draft", "seo.a"] {
                let mut all = Vec::new();
                root.collect_at_path(path, &mut all);
                assert_eq!(all.len(), 2, "{path}");
            }
        }
        let thrice =
            parse_below_lines(0, FrontMatterFormat::Yaml, "a: 1\na: 2\na: 3\n").unwrap_err();
        assert_eq!(
            (thrice.line, thrice.message.contains("three times")),
            (3, true)
        );
    }

    #[test]
    fn byte_order_marks_are_removed() {
        for (format, text) in [
            (
                FrontMatterFormat::Yaml,
                "title: \u{feff}A\n\u{feff}draft: true\n",
            ),
            (
                FrontMatterFormat::Json,
                "{\"title\": \u{feff}\"A\", \"draft\": true}",
            ),
            (
                FrontMatterFormat::Toml,
                "title = \u{feff}'A'\ndraft = true\n",
            ),
        ] {
            let front = FrontMatter {
                format,
                lines_before: 1,
                text,
                body: "",
                ambiguous: "",
            };
            let root = parse_front_matter(&front).unwrap().root;
            let text = |path| root.get(path).unwrap().as_text();
            assert_eq!((text("title"), text("draft")), (Some("A"), Some("true")));
        }
    }
}
