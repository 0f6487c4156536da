//! Finds comments: of template languages, of kramdown, Obsidian and HTML, and of links that define nothing.

use super::element::{is_locked_name, is_strictly_locked};
use super::tag::head;

/// The label of a link with more bytes marks no comment.
const MAX_LABEL_BYTES: usize = 20;
/// A comment of kramdown with longer attributes is text.
const MAX_ATTRIBUTES_BYTES: usize = 500;

/// A comment of HTML with more bytes begins no section.
const MAX_MARKER_BYTES: usize = 80;

/// A comment that a text begins with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Comment {
    /// It has this many bytes.
    Closed(usize),
    /// It has no end.
    Unclosed,
}

/// How comments begin, and how they end.
const TEMPLATE_COMMENTS: [(&str, &str); 4] = [
    ("{{!--", "--}}"),
    ("{{~!--", "--}}"),
    ("{{!", "}}"),
    ("{#", "#}"),
];

/// The comment of a template language, or of MDX, that a text begins with. `find` looks for an end from a
/// place of the text.
pub(super) fn of_template(
    rest: &str,
    mut find: impl FnMut(&'static str, usize) -> Option<usize>,
) -> Option<Comment> {
    for (begin, end) in TEMPLATE_COMMENTS {
        if !rest.starts_with(begin) || is_heading_id(rest) {
            continue;
        }
        return match find(end, begin.len()) {
            Some(at) => Some(Comment::Closed(at + end.len())),
            // `{#` begins other things too.
            None => Some(Comment::Unclosed).filter(|_| begin != "{#"),
        };
    }
    // `{{/* … */}}` of Go, also with dashes; `{/* … */}` of MDX; `{% # … %}` of Liquid.
    let (open, close) = match rest.as_bytes() {
        [b'{', b'{', ..] => ("{{", "}}"),
        [b'{', b'%', ..] => ("{%", "%}"),
        _ => ("{", "}"),
    };
    let inside = rest.get(open.len()..)?;
    let inside = match open {
        "{" => inside.trim_start(),
        _ => inside.trim_start_matches(['-', '~']).trim_start(),
    };
    if open == "{%" {
        let is_comment = inside.starts_with('#');
        return is_comment.then(|| match find(close, open.len()) {
            Some(at) => Comment::Closed(at + close.len()),
            None => Comment::Unclosed,
        });
    }
    let inside = inside.strip_prefix("/*")?;
    let Some(at) = find("*/", rest.len() - inside.len()) else {
        // A pattern of file names may stand for itself: `src/{/*`.
        return Some(Comment::Unclosed).filter(|_| open == "{{");
    };
    let after = rest.get(at + "*/".len()..)?;
    let tail = after.trim_start_matches([' ', '\n', '\t', '\r', '-', '~']);
    let end = tail.strip_prefix(close).unwrap_or(after);
    Some(Comment::Closed(rest.len() - end.len()))
}

/// Whether a text begins with the id of a heading, `{#id}`.
fn is_heading_id(rest: &str) -> bool {
    let id = rest.strip_prefix("{#").map(|inside| {
        inside.trim_start_matches(|c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | ':'))
    });
    id.is_some_and(|after| after.starts_with('}'))
}

/// The comment of kramdown that a text begins with: `{::comment}…{:/comment}`, `{::comment}…{:/}`.
pub(super) fn of_kramdown(
    rest: &str,
    mut find: impl FnMut(&'static str, usize) -> Option<usize>,
) -> Option<Comment> {
    let inside = rest.strip_prefix("{::comment")?;
    let end = head(inside, MAX_ATTRIBUTES_BYTES).find(['}', '\n'])?;
    let (attributes, tail) = inside.split_at_checked(end)?;
    let are_attributes = attributes.is_empty() || attributes.starts_with([' ', '\t', '/']);
    if !are_attributes || tail.starts_with('\n') {
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

/// How many bytes of a text, from the beginning of a line on, are a comment in the form of a link that
/// defines nothing: `[//]: # (a comment)`. What Markdown itself takes for such a definition needs no more
/// than that; others it would show.
pub(super) fn of_link_definition(rest: &str) -> Option<usize> {
    // All is looked at before the line is, for most brackets begin no definition.
    let text = rest.trim_start_matches(' ').strip_prefix('[')?;
    let (label, _) = head(text, MAX_LABEL_BYTES).split_once("]:")?;
    let is_mark = |c: char| c.is_ascii_punctuation() && c != '^';
    let is_comment =
        label.eq_ignore_ascii_case("comment") || (!label.is_empty() && label.chars().all(is_mark));
    if !is_comment {
        return None;
    }
    let blanks: &[char] = &[' ', '\t'];
    let after = text
        .get(label.len() + "]:".len()..)?
        .trim_start_matches(blanks);
    let words = ["#", "<>", "<#>"]
        .iter()
        .find_map(|address| after.strip_prefix(address)?.strip_prefix(blanks))?;
    let line = rest.split_inclusive('\n').next()?;
    let words = words.lines().next()?.trim();
    let end = match words.chars().next()? {
        '(' => ')',
        quote @ ('"' | '\'') => quote,
        _ => return Some(line.len()),
    };
    // Words in quotes go on to the line that ends them.
    let mut length = 0;
    for (index, line) in rest.split_inclusive('\n').enumerate() {
        if line.trim().is_empty() {
            break;
        }
        length += line.len();
        let line = line.trim_end();
        let is_long_enough = index > 0 || words.len() > 1;
        if is_long_enough && line.ends_with(end) {
            break;
        }
    }
    Some(length)
}

/// The comment of HTML that a text begins with.
pub(super) fn of_html(
    rest: &str,
    mut find: impl FnMut(&'static str, usize) -> Option<usize>,
) -> Option<Comment> {
    if !rest.starts_with("<!--") {
        return None;
    }
    // `<!-->` is one (HTML §13.2.5.43).
    let end = find("-->", "<!".len()).map(|at| at + "-->".len());
    Some(end.map_or(Comment::Unclosed, Comment::Closed))
}

/// A comment of HTML that begins or ends a section: `<!-- private -->`, `<!-- /private -->`, `<!--members-only-->`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Marker {
    /// Its small letters, without what says where it stands.
    pub(super) name: String,
    pub(super) is_end: bool,
    /// Whether it hides all that follows where it has no end. Others may be notes: `<!-- todo -->`.
    pub(super) needs_no_end: bool,
}

/// The marker of a section that a text begins with, if its name locks.
pub(super) fn marker(text: &str) -> Option<Marker> {
    let inside = head(text.strip_prefix("<!--")?, MAX_MARKER_BYTES);
    let inside = inside.get(..inside.find("-->")?)?.trim();
    let has_word =
        |list: &[&str], text: &str| list.iter().any(|word| text.eq_ignore_ascii_case(word));
    // More words than a name has are a note.
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
    let letters = name.concat().to_lowercase();
    let (name, is_end) = match letters
        .strip_prefix("end")
        .filter(|name| is_locked_name(name))
    {
        Some(unended) => (unended.to_owned(), true),
        None if is_locked_name(&name.join("-")) => (letters, is_end),
        None => return None,
    };
    Some(Marker {
        needs_no_end: is_strictly_locked(&name),
        name,
        is_end,
    })
}

/// Whether a comment of HTML is read alike by Markdown and HTML wherever it stands: it is on one line, and
/// in one cell of a table.
pub(super) fn is_simple_html(rest: &str) -> bool {
    let line = rest.lines().next().unwrap_or_default();
    let end = line.get("<!".len()..).and_then(|inside| inside.find("-->"));
    end.and_then(|end| line.get(..end))
        .is_some_and(|inside| !inside.contains('|'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_of_html_that_name_a_lock_are_markers() {
        for (text, name, is_end, needs_no_end) in [
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
            let expected = Marker {
                name: name.to_owned(),
                is_end,
                needs_no_end,
            };
            assert_eq!(marker(text), Some(expected), "{text}");
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
            assert_eq!(marker(text), None, "{text}");
        }
    }

    #[test]
    fn comments_of_templates_end_where_their_language_says() {
        let read =
            |text: &str| of_template(text, |end, from| Some(from + text.get(from..)?.find(end)?));
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
            assert_eq!(read(text), Some(Comment::Closed(length)), "{text}");
        }
        for text in ["{{/* a", "{{!-- a }}", "{% # a"] {
            assert_eq!(read(text), Some(Comment::Unclosed), "{text}");
        }
        for text in ["{#id} a #}", "{# a", "{/*", "{{ a }}", "{% a %}", "{a}"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn definitions_that_define_nothing_are_comments() {
        for (text, length) in [
            ("[//]: # (a)\nb", 12),
            ("[//]: # (a (b) c)\nd", 18),
            ("[comment]: <> (a)\nb", 18),
            ("[_]: # \"a\nb\"\nc", 13),
            ("[//]: # a\nb", 10),
            ("[//]: # (a\nb\n\nc)", 13),
        ] {
            assert_eq!(of_link_definition(text), Some(length), "{text}");
        }
        for text in [
            "[//]: #\n(a)",
            "[a]: # (b)",
            "[//]: https://e.org (a)",
            "[^]: # (a)",
            "[//] # (a)",
        ] {
            assert_eq!(of_link_definition(text), None, "{text}");
        }
    }
}
