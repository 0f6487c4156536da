//! Finds the front matter of a text: its fences, in all the forms that generators take, or its braces.

use super::{BYTE_ORDER_MARK, Format, Front, Split, Value, json, parse};

/// How many lines are looked at for fields that stand without a fence.
const FIRST_LINES: usize = 12;
/// How long a front matter without an opening fence can be, in bytes.
const MAX_UNFENCED_BYTES: usize = 64 * 1024;

/// Splits a text at its fences, or behind its object. Only blanks and a byte order mark may stand before it.
pub(in crate::content) fn split(text: &str) -> Split<'_> {
    let begins = text.trim_start_matches(|c: char| c.is_whitespace() || c == BYTE_ORDER_MARK);
    let skipped = text.get(..text.len() - begins.len()).unwrap_or_default();
    let lines_before = skipped.matches('\n').count();
    let first = line_at(begins, 0);
    let Some((fence, format)) = opening(first) else {
        let split = json_object(begins, lines_before);
        return match split {
            Split::None => unfenced(begins, lines_before),
            found => found,
        };
    };
    let mut soft_end: Option<(usize, usize)> = None;
    let mut at = first.len();
    while at < begins.len() {
        let line = line_at(begins, at);
        let end = at + line.len();
        let bare = line.trim_start_matches(BYTE_ORDER_MARK).trim_end();
        if bare == fence {
            return front(
                format,
                lines_before + 1,
                begins,
                first.len(),
                soft_end,
                (at, end),
            );
        }
        // Tools that know only the bare fence read on from there.
        let is_soft = bare == "..." || opening(bare).is_some_and(|(found, _)| found == fence);
        if is_soft && fence == "---" && soft_end.is_none() {
            soft_end = Some((at, end));
        }
        at = end;
    }
    match soft_end {
        Some(end) => front(format, lines_before + 1, begins, first.len(), None, end),
        None => Split::Open(format),
    }
}

/// The front matter that begins at `from` and ends at the first of the ends. Text between the two is doubtful.
fn front<'a>(
    format: Format,
    lines_before: usize,
    text: &'a str,
    from: usize,
    soft_end: Option<(usize, usize)>,
    hard_end: (usize, usize),
) -> Split<'a> {
    let between = soft_end.and_then(|(_, end)| text.get(end..hard_end.0));
    let beyond = between.filter(|between| !between.trim().is_empty());
    let (end, body) = match (beyond, soft_end) {
        (Some(_), Some(soft_end)) => soft_end,
        _ => hard_end,
    };
    Split::Front(Front {
        format,
        lines_before,
        text: text.get(from..end).unwrap_or_default(),
        body: text.get(body..).unwrap_or_default(),
        beyond: beyond.unwrap_or_default(),
    })
}

/// The fence that a line opens front matter with, and the format of what follows. A language may stand behind
/// it, as gray-matter has it, or a comment.
fn opening(line: &str) -> Option<(&'static str, Format)> {
    let line = line.trim_end();
    let fences = [
        ("---", Format::Yaml),
        ("+++", Format::Toml),
        (";;;", Format::Json),
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
        ("yaml", Format::Yaml),
        ("yml", Format::Yaml),
        ("toml", Format::Toml),
        ("json", Format::Json),
    ];
    let named = languages
        .into_iter()
        .find(|(name, _)| fence == "---" && language.eq_ignore_ascii_case(name))?;
    Some((fence, named.1))
}

/// The line that begins at a place, with its end.
fn line_at(text: &str, at: usize) -> &str {
    let rest = text.get(at..).unwrap_or_default();
    let end = memchr::memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |end| end + 1);
    rest.get(..end).unwrap_or_default()
}

/// An object at the very beginning. A brace that a name or the end of the line does not follow is
/// that of a shortcode, and no object.
fn json_object(text: &str, lines_before: usize) -> Split<'_> {
    let inside = text.strip_prefix('{').map(str::trim_start);
    let begins = text.starts_with("{\n") || text.starts_with("{\r");
    let Some(inside) = inside.filter(|inside| begins || inside.starts_with(['"', '}'])) else {
        return Split::None;
    };
    match json::end(text) {
        Some(end) => Split::Front(Front {
            format: Format::Json,
            lines_before,
            text: text.get(..end).unwrap_or_default(),
            body: text.get(end..).unwrap_or_default(),
            beyond: "",
        }),
        None if inside.starts_with('"') => Split::Open(Format::Json),
        None => Split::None,
    }
}

/// Fields without an opening fence, as Hexo takes them: only where all lines before the fence are fields, two
/// at least, with `title` or `date` among them. Else a heading that is underlined would be one.
fn unfenced(text: &str, lines_before: usize) -> Split<'_> {
    let (fence, format) = match text.starts_with('"') {
        true => (";;;", Format::Json),
        false => ("---", Format::Yaml),
    };
    let first = line_at(text, 0);
    let is_field =
        first.contains(':') && first.starts_with(|c: char| c.is_alphabetic() || c == '"');
    let mut at = 0;
    while is_field && at < text.len().min(MAX_UNFENCED_BYTES) {
        let line = line_at(text, at);
        let end = at + line.len();
        if line.trim_end() != fence {
            at = end;
            continue;
        }
        let front = Front {
            format,
            lines_before,
            text: text.get(..at).unwrap_or_default(),
            body: text.get(end..).unwrap_or_default(),
            beyond: "",
        };
        let is_front = parse(&front).is_ok_and(|parsed| match &parsed.root.value {
            Value::Map(fields) => {
                let names = ["title", "date"];
                fields.len() > 1 && fields.iter().any(|(name, _)| names.contains(&&**name))
            }
            _ => false,
        });
        return match is_front {
            true => Split::Front(front),
            false => Split::None,
        };
    }
    Split::None
}

/// The line of the first text that reads like a title or a date in front matter, outside of fenced code.
pub(in crate::content) fn looks_like_fields(text: &str) -> Option<usize> {
    let mut is_code = false;
    for (at, line) in text.lines().take(FIRST_LINES).enumerate() {
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

    fn found(text: &str) -> Front<'_> {
        match split(text) {
            Split::Front(front) => front,
            other => panic!("{other:?} of {text:?}"),
        }
    }

    fn title(text: &str) -> (String, usize, &str) {
        let front = found(text);
        let root = parse(&front).unwrap().root;
        let title = root.get("title").unwrap();
        (title.text().unwrap().to_owned(), title.line, front.body)
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
    fn fences_are_read_as_generators_take_them() {
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
    fn text_behind_a_soft_end_is_body_and_doubtful() {
        let front = found("---\ntitle: A\n...\ndraft: true\n---\nB");
        assert_eq!(front.text, "title: A\n");
        assert_eq!(front.beyond, "draft: true\n");
        assert_eq!(front.body, "draft: true\n---\nB");
        assert_eq!(found("---\ntitle: A\n...\nB\n").beyond, "");
    }

    #[test]
    fn no_fence_and_an_open_fence_are_told_apart() {
        assert_eq!(split(""), Split::None);
        assert_eq!(split("# Title\n---\n"), Split::None);
        assert_eq!(split("---\ntitle: a\n"), Split::Open(Format::Yaml));
        assert_eq!(split("+++\ntitle = 1\n---\n"), Split::Open(Format::Toml));
        assert_eq!(split("{\n\"title\": 1\n"), Split::Open(Format::Json));
        assert_eq!(split(";;;\n\"title\": 1\n"), Split::Open(Format::Json));
        for shortcode in ["{{< a >}}\n", "{% a %}\n", "{a}", "{", "{ a: 1 }"] {
            assert_eq!(split(shortcode), Split::None, "{shortcode}");
        }
        assert_eq!(split("---- \n"), Split::None);
    }

    #[test]
    fn markdown_before_a_rule_is_no_front_matter() {
        for text in [
            "title: A heading\n---\nText\n",
            "Note: read this\nTip: and this\n---\nText\n",
            "date: today\n\nText of the body: more\nand more\n\n---\n",
            "Title: A\nDate: 2024-05-01\n---\n",
            "title: A\ndate: 2024-05-01\n\nText\n",
            "---js\n{title: 'A'}\n---\n",
            "---json5\n{title: 'A'}\n---\n",
        ] {
            assert_eq!(split(text), Split::None, "{text}");
        }
    }

    #[test]
    fn titles_and_dates_without_a_fence_are_seen() {
        for (text, line) in [
            ("title: A\n", Some(1)),
            ("<!-- x -->\n---\nDate = 1\n", Some(3)),
            ("---js\n{ \"title\" : 'A' }\n", Some(2)),
            ("#+TITLE: A\n", Some(1)),
            ("# A\n\n```yaml\ntitle: A\n```\n", None),
            ("Titles: A\n", None),
            ("untitled: A\n", None),
        ] {
            assert_eq!(looks_like_fields(text), line, "{text}");
        }
    }
}
