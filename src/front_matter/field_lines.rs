//! Reads fields at the top of a text that no fence encloses, as Pelican and MultiMarkdown write them.
//!
//! Each line is `Name: value`, not YAML: a value may hold colons, and a comma separates tags. An indented line
//! continues the value above it. The first line of another form ends the fields.

use super::node::{
    FrontMatterError, FrontMatterValue, MAX_FIELDS_PER_MAP, Node, ParsedFrontMatter, add_field,
    over_budget_error,
};

/// Maximum length of a field's name, in bytes. A longer one is a sentence.
const MAX_NAME_BYTES: usize = 40;

/// Parses fields without a fence, with `lines` lines of the file before them.
pub(super) fn parse_field_lines(
    text: &str,
    lines: usize,
) -> Result<ParsedFrontMatter, FrontMatterError> {
    let mut written: Vec<(usize, &str, String)> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        match (parse_field(line), written.last_mut()) {
            (Some((name, value)), _) => written.push((lines + at + 1, name, value.to_owned())),
            (None, Some((_, name, value))) => {
                value.push(if is_plural(name) { ',' } else { '\n' });
                value.push_str(line.trim());
            }
            (None, None) => {}
        }
        if written.len() > MAX_FIELDS_PER_MAP {
            let what = format!("has more than {MAX_FIELDS_PER_MAP} fields");
            return Err(over_budget_error(lines + at + 1, &what));
        }
    }
    let mut fields = Vec::new();
    let mut repeated_fields = Vec::new();
    for (line, name, value) in written {
        let scalar = |text: &str| Node {
            line,
            value: FrontMatterValue::Scalar(text.trim().to_owned()),
            is_plain: false,
        };
        let node = match value.trim() {
            "" => Node {
                line,
                value: FrontMatterValue::Null,
                is_plain: false,
            },
            // `Last, First; Last, First`
            text if is_plural(name) && text.contains(';') => Node {
                line,
                value: FrontMatterValue::List(text.split(';').map(scalar).collect()),
                is_plain: false,
            },
            text => scalar(text),
        };
        if add_field(&mut fields, name.to_owned(), node)? {
            repeated_fields.push((name.to_owned(), line));
        }
    }
    Ok(ParsedFrontMatter {
        root: Node {
            line: lines + 1,
            value: FrontMatterValue::Map(fields),
            is_plain: false,
        },
        repeated_fields,
        ambiguous_lines: Vec::new(),
    })
}

/// Parses `Name: value`. MultiMarkdown's names may hold spaces.
pub(super) fn parse_field(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let indent = name.len() - name.trim_start().len();
    let name = name.trim();
    let is_name = name.starts_with(|c: char| c.is_alphanumeric())
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || " _-.".contains(c));
    (is_name && indent < 4 && name.len() <= MAX_NAME_BYTES).then_some((name, value.trim()))
}

/// Returns true if a line continues the value above it.
pub(super) fn is_continuation(line: &str) -> bool {
    (line.starts_with("    ") || line.starts_with('\t')) && !line.trim().is_empty()
}

/// Returns true if the field holds several names, as `Tags` does.
fn is_plural(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with('s') && !name.eq_ignore_ascii_case("status")
}

#[cfg(test)]
mod tests {
    use super::super::fences::split_with_field_lines;
    use super::super::{FrontMatter, FrontMatterFormat, FrontMatterSplit, parse_front_matter};
    use super::*;

    fn split(text: &str) -> FrontMatter<'_> {
        match split_with_field_lines(text, true) {
            FrontMatterSplit::Present(front) => front,
            other => panic!("{other:?} of {text:?}"),
        }
    }

    fn texts(text: &str, name: &str) -> Vec<String> {
        let root = parse_front_matter(&split(text)).unwrap().root;
        match &root.get(name).unwrap().value {
            FrontMatterValue::List(items) => items
                .iter()
                .filter_map(|item| item.as_text().map(str::to_owned))
                .collect(),
            FrontMatterValue::Scalar(text) => vec![text.clone()],
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn values_are_text_and_not_yaml() {
        let post = "\u{feff}Title: The pier: a \"history\"\nDate: 2010-12-03 10:20\nTags: a, b\n    c\nAuthors: Quay, Ada; Berth, Bo\nSummary: One\n    two.\nBase Header Level: 2\n\nBody: text\n";
        assert_eq!(texts(post, "title"), ["The pier: a \"history\""]);
        assert_eq!(texts(post, "tags"), ["a, b,c"]);
        assert_eq!(texts(post, "authors"), ["Quay, Ada", "Berth, Bo"]);
        assert_eq!(texts(post, "summary"), ["One\ntwo."]);
        assert_eq!(texts(post, "base header level"), ["2"]);
        assert_eq!(
            (split(post).body, split(post).ambiguous),
            ("Body: text\n", "")
        );
        let root = parse_front_matter(&split(post)).unwrap().root;
        assert_eq!(root.get("summary").unwrap().line, 6);
    }

    #[test]
    fn fields_end_at_blank_line_fence_or_text() {
        for (text, body, ambiguous) in [
            ("Title: A\n\nB\n", "B\n", ""),
            ("Title: A\n---\nB\n", "B\n", ""),
            ("Title: A\n...\nB\n", "B\n", ""),
            ("Title: A", "", ""),
            (
                "Title: A\nlong title\nStatus: draft\n\nB\n",
                "long title\nStatus: draft\n\nB\n",
                "long title\nStatus: draft",
            ),
        ] {
            assert_eq!(
                (split(text).body, split(text).ambiguous),
                (body, ambiguous),
                "{text}"
            );
            let without = split_with_field_lines(text, false);
            assert_eq!(
                without,
                FrontMatterSplit::None,
                "only if configured: {text}"
            );
        }
        for text in [
            "Date: 2024-05-01\n\nB\n",
            "\nTitle: A\n",
            "A title: B\n",
            "# Title: A\n",
            "",
        ] {
            assert_eq!(
                split_with_field_lines(text, true),
                FrontMatterSplit::None,
                "{text}"
            );
        }
        assert_eq!(
            split("---\ntitle: A\n---\nB").format,
            FrontMatterFormat::Yaml
        );
    }

    #[test]
    fn too_many_fields_are_rejected() {
        let text: String = (0..3000).map(|n| format!("a{n}: b\n")).collect();
        assert!(parse_field_lines(&text, 0).unwrap_err().over_budget);
    }
}
