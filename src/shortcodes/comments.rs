//! Parses comments of template languages, kramdown and HTML, and link reference definitions used as comments.

use super::element::{has_locked_substring, is_locked_name};
use crate::text::first_bytes;

/// Maximum label length of a link reference definition used as a comment, in bytes.
const MAX_LABEL_BYTES: usize = 20;
/// Maximum length of the attributes of a kramdown comment, in bytes. With longer attributes, the tag is text.
const MAX_KRAMDOWN_ATTRIBUTES_BYTES: usize = 500;

/// Maximum length of an HTML comment that begins or ends a section, in bytes.
const MAX_SECTION_MARKER_BYTES: usize = 80;

/// A comment at the start of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Comment {
    /// A complete comment of this length, in bytes.
    Closed(usize),
    /// A comment without an end.
    Unclosed,
}

/// Delimiters of template comments.
const TEMPLATE_COMMENT_DELIMITERS: [(&str, &str); 4] = [
    ("{{!--", "--}}"),
    ("{{~!--", "--}}"),
    ("{{!", "}}"),
    ("{#", "#}"),
];

/// Parses a template or MDX comment at the start of a text. `find` returns the first position of a delimiter at or
/// after the given position.
pub(super) fn parse_template_comment(
    rest: &str,
    mut find: impl FnMut(&'static str, usize) -> Option<usize>,
) -> Option<Comment> {
    for (begin, end) in TEMPLATE_COMMENT_DELIMITERS {
        if !rest.starts_with(begin) || starts_with_heading_id(rest) {
            continue;
        }
        return match find(end, begin.len()) {
            Some(at) => Some(Comment::Closed(at + end.len())),
            // Without an end, `{#` is no comment: it has other uses too.
            None => Some(Comment::Unclosed).filter(|_| begin != "{#"),
        };
    }
    // `{{/* … */}}` of Go templates, also with dashes; `{/* … */}` of MDX; `{% # … %}` of Liquid.
    let (open, close) = match rest.as_bytes() {
        [b'{', b'{', ..] => ("{{", "}}"),
        [b'{', b'%', ..] => ("{%", "%}"),
        _ => ("{", "}"),
    };
    let after_open = rest.get(open.len()..)?;
    let inside = match open {
        "{" => after_open.trim_start(),
        _ => after_open.trim_start_matches(['-', '~']).trim_start(),
    };
    if open == "{%" {
        let is_comment = inside.starts_with('#');
        return is_comment.then(|| match find(close, open.len()) {
            Some(at) => Comment::Closed(at + close.len()),
            None => Comment::Unclosed,
        });
    }
    let text = inside.strip_prefix("/*")?;
    let Some(at) = find("*/", rest.len() - text.len()) else {
        // Without an end, `{/*` may be part of a glob pattern, which is text: `src/{/*`.
        return Some(Comment::Unclosed).filter(|_| open == "{{");
    };
    let after = rest.get(at + "*/".len()..)?;
    let tail = after.trim_start_matches([' ', '\n', '\t', '\r', '-', '~']);
    let end = tail.strip_prefix(close).unwrap_or(after);
    Some(Comment::Closed(rest.len() - end.len()))
}

/// Returns true if a text starts with the id of a heading, `{#id}`.
fn starts_with_heading_id(rest: &str) -> bool {
    let id = rest.strip_prefix("{#").map(|inside| {
        inside.trim_start_matches(|c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | ':'))
    });
    id.is_some_and(|after| after.starts_with('}'))
}

/// Parses a kramdown comment at the start of a text: `{::comment}…{:/comment}`, `{::comment}…{:/}`.
pub(super) fn parse_kramdown_comment(
    rest: &str,
    mut find: impl FnMut(&'static str, usize) -> Option<usize>,
) -> Option<Comment> {
    let inside = rest.strip_prefix("{::comment")?;
    let end = first_bytes(inside, MAX_KRAMDOWN_ATTRIBUTES_BYTES).find(['}', '\n'])?;
    let (attributes, tail) = inside.split_at_checked(end)?;
    let has_valid_attributes = attributes.is_empty() || attributes.starts_with([' ', '\t', '/']);
    if !has_valid_attributes || tail.starts_with('\n') {
        return None;
    }
    let length = rest.len() - tail.len() + 1;
    if attributes.ends_with('/') {
        return Some(Comment::Closed(length));
    }
    let ends = ["{:/comment}", "{:/}"].map(|end| find(end, length).map(|at| at + end.len()));
    let first = ends.into_iter().flatten().min();
    Some(first.map_or(Comment::Unclosed, Comment::Closed))
}

/// Returns the length of a link reference definition used as a comment, `[//]: # (a comment)`, at the start of
/// a line. Comments that Markdown would show as text, such as `[//]: # a`, are included.
pub(super) fn link_comment_length(rest: &str) -> Option<usize> {
    // The label is checked before the line is searched, as most brackets begin no definition.
    let text = rest.trim_start_matches(' ').strip_prefix('[')?;
    let (label, _) = first_bytes(text, MAX_LABEL_BYTES).split_once("]:")?;
    let is_punctuation =
        !label.is_empty() && label.chars().all(|c| c.is_ascii_punctuation() && c != '^');
    let is_comment = label.eq_ignore_ascii_case("comment") || is_punctuation;
    if !is_comment {
        return None;
    }
    let blanks: &[char] = &[' ', '\t'];
    let after = text
        .get(label.len() + "]:".len()..)?
        .trim_start_matches(blanks);
    let title = ["#", "<>", "<#>"]
        .iter()
        .find_map(|address| after.strip_prefix(address)?.strip_prefix(blanks))?;
    let line = rest.split_inclusive('\n').next()?;
    let title = title.lines().next()?.trim();
    let end = match title.chars().next()? {
        '(' => ')',
        quote @ ('"' | '\'') => quote,
        _ => return Some(line.len()),
    };
    // A quoted comment continues to the line that closes the quotes.
    let mut length = 0;
    for (index, line) in rest.split_inclusive('\n').enumerate() {
        if line.trim().is_empty() {
            break;
        }
        length += line.len();
        let line = line.trim_end();
        let is_after_opening = index > 0 || title.len() > 1;
        if is_after_opening && line.ends_with(end) {
            break;
        }
    }
    Some(length)
}

/// Parses an HTML comment at the start of a text.
pub(super) fn parse_html_comment(
    rest: &str,
    mut find: impl FnMut(&'static str, usize) -> Option<usize>,
) -> Option<Comment> {
    if !rest.starts_with("<!--") {
        return None;
    }
    // `<!-->` is a complete comment (HTML §13.2.5.43).
    let end = find("-->", "<!".len()).map(|at| at + "-->".len());
    Some(end.map_or(Comment::Unclosed, Comment::Closed))
}

/// An HTML comment that begins or ends a section: `<!-- private -->`, `<!-- /private -->`, `<!--members-only-->`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SectionMarker {
    /// The name in lower case, letters and digits only, without words like `begin` and `end`.
    pub(super) name: String,
    pub(super) is_end: bool,
    /// True if it hides the rest of the body even without an end. Without this it may be a note: `<!-- todo -->`.
    pub(super) hides_without_end: bool,
}

/// Parses an HTML comment with a locked name at the start of a text.
pub(super) fn parse_section_marker(text: &str) -> Option<SectionMarker> {
    let inside = first_bytes(text.strip_prefix("<!--")?, MAX_SECTION_MARKER_BYTES);
    let inside = inside.get(..inside.find("-->")?)?.trim();
    let has_word =
        |list: &[&str], text: &str| list.iter().any(|word| text.eq_ignore_ascii_case(word));
    // A comment of several words is a note.
    let words = inside.split([' ', ':', '\n']);
    let words = words.filter(|word| {
        let word = word.trim_matches('/');
        !word.is_empty() && !has_word(&["begin", "start", "end", "for", "only"], word)
    });
    if words.count() > 1 {
        return None;
    }
    let parts: Vec<&str> = inside
        .split(|c: char| !c.is_alphanumeric())
        .filter(|part| !part.is_empty())
        .collect();
    let is_end = inside.starts_with('/') || parts.iter().any(|part| has_word(&["end"], part));
    let name: Vec<&str> = parts
        .into_iter()
        .filter(|part| !has_word(&["begin", "start", "end"], part))
        .collect();
    let joined_name = name.concat().to_lowercase();
    let (name, is_end) = match joined_name
        .strip_prefix("end")
        .filter(|name| is_locked_name(name))
    {
        Some(base_name) => (base_name.to_owned(), true),
        None if is_locked_name(&name.join("-")) => (joined_name, is_end),
        None => return None,
    };
    Some(SectionMarker {
        hides_without_end: has_locked_substring(&name),
        name,
        is_end,
    })
}

/// Returns true if Markdown and HTML agree on where a comment ends: it is on one line and in one table cell.
pub(super) fn is_simple_html_comment(rest: &str) -> bool {
    let line = rest.lines().next().unwrap_or_default();
    let end = line.get("<!".len()..).and_then(|inside| inside.find("-->"));
    end.and_then(|end| line.get(..end))
        .is_some_and(|inside| !inside.contains('|'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_comments_with_locked_names_are_markers() {
        for (text, name, is_end, hides_without_end) in [
            ("<!-- private -->", "private", false, true),
            ("<!--/Private-->", "private", true, true),
            ("<!-- end: private -->", "private", true, true),
            ("<!-- endprivate -->", "private", true, true),
            ("<!-- BEGIN private -->", "private", false, true),
            ("<!-- private-end -->", "private", true, true),
            ("<!--members-only-->", "membersonly", false, true),
            ("<!-- For members only -->", "formembersonly", false, true),
            (
                "<!-- password_protected -->",
                "passwordprotected",
                false,
                true,
            ),
            ("<!-- todo -->", "todo", false, false),
            ("<!-- members -->", "members", false, false),
        ] {
            let expected = SectionMarker {
                name: name.to_owned(),
                is_end,
                hides_without_end,
            };
            assert_eq!(parse_section_marker(text), Some(expected), "{text}");
        }
        for text in [
            "<!--more-->",
            "<!-- todo: mend this -->",
            "<!-- note: private -->",
            "<!-- hide the sidebar -->",
            "<!-- end -->",
            "<!-- -->",
            "<!-- private",
        ] {
            assert_eq!(parse_section_marker(text), None, "{text}");
        }
    }

    #[test]
    fn template_comments_end_as_their_language_defines() {
        let parse = |text: &str| {
            parse_template_comment(text, |end, from| Some(from + text.get(from..)?.find(end)?))
        };
        for (text, length) in [
            ("{# a }} b #}c", 12),
            ("{{/* a }} b */}}c", 16),
            ("{{- /* a */ -}}c", 15),
            ("{{!-- a }} b --}}c", 17),
            ("{{! a }}c", 8),
            ("{% # a %}c", 9),
            ("{%- # a -%}c", 11),
            ("{/* don't } \"a */}c", 18),
            ("{ /* a */ }c", 11),
            ("{/* a */ b}c", 8),
        ] {
            assert_eq!(parse(text), Some(Comment::Closed(length)), "{text}");
        }
        for text in ["{{/* a", "{{!-- a }}", "{% # a"] {
            assert_eq!(parse(text), Some(Comment::Unclosed), "{text}");
        }
        for text in ["{#id} a #}", "{# a", "{/*", "{{ a }}", "{% a %}", "{a}"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn link_definitions_with_empty_address_are_comments() {
        for (text, length) in [
            ("[//]: # (a)\nb", 12),
            ("[//]: # (a (b) c)\nd", 18),
            ("[comment]: <> (a)\nb", 18),
            ("[_]: # \"a\nb\"\nc", 13),
            ("[//]: # a\nb", 10),
            ("[//]: # (a\nb\n\nc)", 13),
        ] {
            assert_eq!(link_comment_length(text), Some(length), "{text}");
        }
        for text in [
            "[//]: #\n(a)",
            "[a]: # (b)",
            "[//]: https://e.org (a)",
            "[^]: # (a)",
            "[//] # (a)",
        ] {
            assert_eq!(link_comment_length(text), None, "{text}");
        }
    }
}
