//! Finds the front matter of a text, in each form of fence that generators accept, or as a JSON object.

use super::node::{FrontMatterValue, MAX_FRONT_MATTER_BYTES};
use super::{
    BYTE_ORDER_MARK, FrontMatter, FrontMatterFormat, FrontMatterSplit, field_lines, json,
    parse_front_matter,
};

/// Lines that are searched for fields without a fence.
const MAX_UNFENCED_SCAN_LINES: usize = 12;
/// Maximum length of a front matter without an opening fence, in bytes.
const MAX_UNFENCED_BYTES: usize = 64 * 1024;

/// Splits a text at its fences, or after its JSON object. Only white space and byte order marks may come before.
pub(crate) fn split_front_matter(text: &str) -> FrontMatterSplit<'_> {
    let begins = text.trim_start_matches(|c: char| c.is_whitespace() || c == BYTE_ORDER_MARK);
    let skipped = text.get(..text.len() - begins.len()).unwrap_or_default();
    let lines_before = skipped.matches('\n').count();
    let first = line_starting_at(begins, 0);
    let Some((fence, format)) = parse_opening_fence(first) else {
        let split = split_json_object(begins, lines_before);
        return match split {
            FrontMatterSplit::None => split_unfenced_fields(begins, lines_before),
            found => found,
        };
    };
    let mut soft_end: Option<(usize, usize)> = None;
    let mut at = first.len();
    while at < begins.len() {
        let line = line_starting_at(begins, at);
        let end = at + line.len();
        let bare = line.trim_start_matches(BYTE_ORDER_MARK).trim_end();
        if bare == fence {
            return cut_front_matter(
                format,
                lines_before + 1,
                begins,
                first.len(),
                soft_end,
                (at, end),
            );
        }
        // Some tools accept this as the closing fence; those that know only the bare fence read on.
        let is_soft =
            bare == "..." || parse_opening_fence(bare).is_some_and(|(found, _)| found == fence);
        if is_soft && fence == "---" && soft_end.is_none() {
            soft_end = Some((at, end));
        }
        at = end;
    }
    match soft_end {
        Some(end) => cut_front_matter(format, lines_before + 1, begins, first.len(), None, end),
        None => FrontMatterSplit::Unclosed(format),
    }
}

/// Cuts the front matter that begins at `from`.
///
/// It ends at `hard_end`, or at `soft_end` if there is text between the two: only some tools read that as fields.
fn cut_front_matter<'a>(
    format: FrontMatterFormat,
    lines_before: usize,
    text: &'a str,
    from: usize,
    soft_end: Option<(usize, usize)>,
    hard_end: (usize, usize),
) -> FrontMatterSplit<'a> {
    let between = soft_end.and_then(|(_, end)| text.get(end..hard_end.0));
    let beyond = between.filter(|between| !between.trim().is_empty());
    let (end, body) = match (beyond, soft_end) {
        (Some(_), Some(soft_end)) => soft_end,
        _ => hard_end,
    };
    FrontMatterSplit::Present(FrontMatter {
        format,
        lines_before,
        text: text.get(from..end).unwrap_or_default(),
        body: text.get(body..).unwrap_or_default(),
        ambiguous: beyond.unwrap_or_default(),
    })
}

/// Parses an opening fence, and returns it with the format of the front matter.
///
/// A language may follow it, as in gray-matter, or a comment.
fn parse_opening_fence(line: &str) -> Option<(&'static str, FrontMatterFormat)> {
    let line = line.trim_end();
    let fences = [
        ("---", FrontMatterFormat::Yaml),
        ("+++", FrontMatterFormat::Toml),
        (";;;", FrontMatterFormat::Json),
    ];
    let (fence, format) = fences
        .into_iter()
        .find(|(fence, _)| line.starts_with(fence))?;
    let behind = line.get(fence.len()..)?;
    let language = behind.trim_start();
    if language.is_empty() || (language.starts_with('#') && language.len() < behind.len()) {
        return Some((fence, format));
    }
    let languages = [
        ("yaml", FrontMatterFormat::Yaml),
        ("yml", FrontMatterFormat::Yaml),
        ("toml", FrontMatterFormat::Toml),
        ("json", FrontMatterFormat::Json),
    ];
    let named = languages
        .into_iter()
        .find(|(name, _)| fence == "---" && language.eq_ignore_ascii_case(name))?;
    Some((fence, named.1))
}

/// Returns the line that begins at byte `at`, with its line end.
fn line_starting_at(text: &str, at: usize) -> &str {
    let rest = text.get(at..).unwrap_or_default();
    let end = memchr::memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |end| end + 1);
    rest.get(..end).unwrap_or_default()
}

/// Splits a text that begins with a JSON object.
///
/// A brace that is not followed by a quoted name or a line end belongs to a shortcode.
fn split_json_object(text: &str, lines_before: usize) -> FrontMatterSplit<'_> {
    let inside = text.strip_prefix('{').map(str::trim_start);
    let begins = text.starts_with("{\n") || text.starts_with("{\r");
    let Some(inside) = inside.filter(|inside| begins || inside.starts_with(['"', '}'])) else {
        return FrontMatterSplit::None;
    };
    match json::find_value_end(text) {
        Some(end) => FrontMatterSplit::Present(FrontMatter {
            format: FrontMatterFormat::Json,
            lines_before,
            text: text.get(..end).unwrap_or_default(),
            body: text.get(end..).unwrap_or_default(),
            ambiguous: "",
        }),
        None if inside.starts_with('"') => FrontMatterSplit::Unclosed(FrontMatterFormat::Json),
        None => FrontMatterSplit::None,
    }
}

/// Splits front matter without an opening fence, which Hexo accepts.
///
/// All lines before the fence must be fields, at least two, with `title` or `date` among them. Otherwise an
/// underlined heading would match.
fn split_unfenced_fields(text: &str, lines_before: usize) -> FrontMatterSplit<'_> {
    let (fence, format) = match text.starts_with('"') {
        true => (";;;", FrontMatterFormat::Json),
        false => ("---", FrontMatterFormat::Yaml),
    };
    let first = line_starting_at(text, 0);
    let is_field =
        first.contains(':') && first.starts_with(|c: char| c.is_alphabetic() || c == '"');
    let mut at = 0;
    while is_field && at < text.len().min(MAX_UNFENCED_BYTES) {
        let line = line_starting_at(text, at);
        let end = at + line.len();
        if line.trim_end() != fence {
            at = end;
            continue;
        }
        let front = FrontMatter {
            format,
            lines_before,
            text: text.get(..at).unwrap_or_default(),
            body: text.get(end..).unwrap_or_default(),
            ambiguous: "",
        };
        let is_front = parse_front_matter(&front).is_ok_and(|parsed| match &parsed.root.value {
            FrontMatterValue::Map(fields) => {
                let names = ["title", "date"];
                fields.len() > 1 && fields.iter().any(|(name, _)| names.contains(&&**name))
            }
            _ => false,
        });
        return match is_front {
            true => FrontMatterSplit::Present(front),
            false => FrontMatterSplit::None,
        };
    }
    FrontMatterSplit::None
}

/// Splits a text as `split_front_matter` does, or, if `reads_field_lines`, below fields without a fence.
pub(crate) fn split_with_field_lines(text: &str, reads_field_lines: bool) -> FrontMatterSplit<'_> {
    match split_front_matter(text) {
        FrontMatterSplit::None if reads_field_lines => split_field_lines(text),
        split => split,
    }
}

/// Splits a text that begins with fields, `title` among them.
///
/// A blank line or a fence ends them. At any other line the end is in doubt, because a value that goes on without
/// an indent looks the same; the rest of the paragraph may then hold further fields.
fn split_field_lines(text: &str) -> FrontMatterSplit<'_> {
    let text = text.trim_start_matches(BYTE_ORDER_MARK);
    let mut has_title = false;
    let mut end = 0;
    let mut last = "";
    while end < text.len().min(MAX_FRONT_MATTER_BYTES) {
        last = line_starting_at(text, end);
        match field_lines::parse_field(last) {
            Some((name, _)) => has_title |= name.eq_ignore_ascii_case("title"),
            None if end > 0 && field_lines::is_continuation(last) => {}
            None => break,
        }
        end += last.len();
    }
    if !has_title {
        return FrontMatterSplit::None;
    }
    let bare = last.trim_end();
    let is_end = bare.is_empty() || bare == "---" || bare == "...";
    let (fields, mut body) = text.split_at_checked(end).unwrap_or((text, ""));
    let mut ambiguous = "";
    if is_end {
        body = body.get(last.len()..).unwrap_or_default();
    } else {
        ambiguous = body.split("\n\n").next().unwrap_or_default();
    }
    FrontMatterSplit::Present(FrontMatter {
        format: FrontMatterFormat::FieldLines,
        lines_before: 0,
        text: fields,
        body,
        ambiguous,
    })
}

/// Returns true if a file in reStructuredText has a field list with a date, as posts of Pelican, or the directive of a post
/// of `ABlog`.
pub(crate) fn is_restructured_post(text: &str) -> bool {
    let starts = [":date:", ".. post::"];
    let mut lines = text.lines().take(MAX_UNFENCED_SCAN_LINES);
    lines.any(|line| {
        starts
            .iter()
            .any(|start| line.trim_start().to_lowercase().starts_with(start))
    })
}

/// Finds the first line that looks like a `title` or `date` field, outside of fenced code. Counts from 1.
pub(crate) fn find_unfenced_field(text: &str) -> Option<usize> {
    let mut is_code = false;
    for (at, line) in text.lines().take(MAX_UNFENCED_SCAN_LINES).enumerate() {
        let is_mark =
            |c: char| c.is_whitespace() || matches!(c, '{' | '"' | '\'' | BYTE_ORDER_MARK);
        let line = line.trim_start_matches(is_mark);
        if line.starts_with("```") || line.starts_with("~~~") {
            is_code = !is_code;
            continue;
        }
        let mut names = ["title", "date", "#+title", "#+date"].iter();
        let is_field = names.any(|name| {
            let named = line
                .get(..name.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(name));
            let behind = line.get(name.len()..).unwrap_or_default();
            let behind = behind.trim_start_matches(['"', '\'', ' ', '\t']);
            named && behind.starts_with([':', '='])
        });
        if is_field && !is_code {
            return Some(at + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> FrontMatter<'_> {
        match split_front_matter(text) {
            FrontMatterSplit::Present(front) => front,
            other => panic!("{other:?} of {text:?}"),
        }
    }

    fn title(text: &str) -> (String, usize, &str) {
        let front = found(text);
        let root = parse_front_matter(&front).unwrap().root;
        let title = root.get("title").unwrap();
        (title.as_text().unwrap().to_owned(), title.line, front.body)
    }

    #[test]
    fn bom_crlf_and_a_missing_final_newline_are_normal() {
        let split = |text| {
            let front = found(text);
            (front.text.to_owned(), front.body.to_owned())
        };
        let expected = ("title: a\r\n".to_owned(), "body".to_owned());
        assert_eq!(split("\u{feff}---\r\ntitle: a\r\n---\r\nbody"), expected);
        assert_eq!(split("---\n---"), (String::new(), String::new()));
        assert_eq!(
            split("--- \ntitle: a\n--- \n\n---\n").1,
            "\n---\n",
            "a rule in the body stays"
        );
    }

    #[test]
    fn fences_are_read_as_generators_write_them() {
        for (text, line) in [
            ("---\ntitle: A\n---\nB", 2),
            ("---yaml\ntitle: A\n---\nB", 2),
            ("--- yml\ntitle: A\n---\nB", 2),
            ("---toml\ntitle = 'A'\n---\nB", 2),
            ("---json\n{\"title\": \"A\"}\n---\nB", 2),
            ("---JSON\n{\n\"title\": \"A\"}\n---\nB", 3),
            ("--- # remark\ntitle: A\n---\nB", 2),
            ("---\ntitle: A\n--- # remark\nB", 2),
            ("\n \n\u{feff}\n  ---\ntitle: A\n---\nB", 5),
            ("\n+++\ntitle = 'A'\n+++\nB", 3),
            ("+++ # remark\ntitle = 'A'\n+++\nB", 2),
            ("\n{\"title\":\n\"A\"}B", 2),
            ("---\ntitle: A\n...\nB", 2),
            ("---\ntitle: A\n...\n---\nB", 2),
            (";;;\n\"title\": \"A\"\n;;;\nB", 2),
            (";;;\n{\"title\": \"A\"}\n;;;\nB", 2),
            ("\"title\": \"A\",\n\"date\": \"2024-05-01\"\n;;;\nB", 1),
            ("title: A\ndate: 2024-05-01\n---\nB", 1),
            ("\ndate: 2024-05-01\n\ntitle: A\n---\nB", 4),
        ] {
            assert_eq!(title(text), ("A".to_owned(), line, "B"), "{text}");
        }
    }

    #[test]
    fn text_after_a_soft_end_is_body_and_ambiguous() {
        let front = found("---\ntitle: A\n...\ndraft: true\n---\nB");
        assert_eq!(front.text, "title: A\n");
        assert_eq!(front.ambiguous, "draft: true\n");
        assert_eq!(front.body, "draft: true\n---\nB");
        assert_eq!(found("---\ntitle: A\n...\nB\n").ambiguous, "");
    }

    #[test]
    fn missing_and_unclosed_fences_differ() {
        assert_eq!(split_front_matter(""), FrontMatterSplit::None);
        assert_eq!(split_front_matter("# Title\n---\n"), FrontMatterSplit::None);
        assert_eq!(
            split_front_matter("---\ntitle: a\n"),
            FrontMatterSplit::Unclosed(FrontMatterFormat::Yaml)
        );
        assert_eq!(
            split_front_matter("+++\ntitle = 1\n---\n"),
            FrontMatterSplit::Unclosed(FrontMatterFormat::Toml)
        );
        assert_eq!(
            split_front_matter("{\n\"title\": 1\n"),
            FrontMatterSplit::Unclosed(FrontMatterFormat::Json)
        );
        assert_eq!(
            split_front_matter(";;;\n\"title\": 1\n"),
            FrontMatterSplit::Unclosed(FrontMatterFormat::Json)
        );
        for shortcode in ["{{< a >}}\n", "{% a %}\n", "{a}", "{", "{ a: 1 }"] {
            assert_eq!(
                split_front_matter(shortcode),
                FrontMatterSplit::None,
                "{shortcode}"
            );
        }
        assert_eq!(split_front_matter("---- \n"), FrontMatterSplit::None);
    }

    #[test]
    fn markdown_before_a_rule_is_not_front_matter() {
        for text in [
            "title: A heading\n---\nText\n",
            "Note: read this\nTip: and this\n---\nText\n",
            "date: today\n\nText of the body: more\nand more\n\n---\n",
            "Title: A\nDate: 2024-05-01\n---\n",
            "title: A\ndate: 2024-05-01\n\nText\n",
            "---js\n{title: 'A'}\n---\n",
            "---json5\n{title: 'A'}\n---\n",
        ] {
            assert_eq!(split_front_matter(text), FrontMatterSplit::None, "{text}");
        }
    }

    #[test]
    fn titles_and_dates_without_a_fence_are_found() {
        for (text, line) in [
            ("title: A\n", Some(1)),
            ("<!-- x -->\n---\nDate = 1\n", Some(3)),
            ("---js\n{ \"title\" : 'A' }\n", Some(2)),
            ("#+TITLE: A\n", Some(1)),
            ("# A\n\n```yaml\ntitle: A\n```\n", None),
            ("Titles: A\n", None),
            ("untitled: A\n", None),
        ] {
            assert_eq!(find_unfenced_field(text), line, "{text}");
        }
    }
}
