//! What MDX has besides Markdown: modules, expressions, components.

use std::fmt::Write as _;

use super::tag::head;

/// Longer ones are text.
const MAX_COMPONENT: usize = 4_000;

/// A module of more bytes ends at its first blank line.
const MAX_MODULE: usize = 20_000;

/// The elements without content (HTML §13.1.2).
pub(super) const VOID: [&str; 13] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr",
];

/// A tag of a component or an element.
#[derive(Debug)]
pub(super) struct Component<'a> {
    /// How long it is, in bytes.
    pub(super) length: usize,
    /// What it is called; nothing for a fragment.
    pub(super) name: &'a str,
    /// Whether it has no content: `<Name />`.
    pub(super) is_alone: bool,
    is_closing: bool,
    attributes: Vec<(&'a str, Option<&'a str>)>,
}

impl Component<'_> {
    /// An attribute that is text and no expression.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let mut attributes = self.attributes.iter();
        let (_, value) = attributes.find(|(other, _)| other.eq_ignore_ascii_case(name))?;
        *value
    }

    /// An element of HTML as HTML has it, its expressions left out; `None` for a component.
    pub(super) fn as_html(&self) -> Option<String> {
        let is_element = self.name.starts_with(|c: char| c.is_ascii_lowercase());
        if !is_element || self.name.contains('.') {
            return None;
        }
        if self.is_closing {
            return Some(format!("</{}>", self.name));
        }
        let mut html = format!("<{}", self.name);
        for (name, value) in &self.attributes {
            if let Some(value) = value {
                let _ = write!(html, " {name}=\"{}\"", value.replace('"', "&quot;"));
            }
        }
        html.push('>');
        // HTML closes no element by a slash, but for those that have no content.
        if self.is_alone && !VOID.contains(&self.name) {
            let _ = write!(html, "</{}>", self.name);
        }
        Some(html)
    }
}

/// `import …` and `export …` at the beginning of a line, to the next blank line; how long it is.
pub(super) fn module(rest: &str) -> Option<usize> {
    let is = |word: &str| {
        let after = rest.strip_prefix(word);
        after.is_some_and(|after| after.starts_with([' ', '{', '\t', '*']))
    };
    let line = rest.lines().next().unwrap_or_default();
    let is_import = is("import") && (line.contains(" from ") || line.contains(['"', '\'', '{']));
    let is_export = is("export")
        && [
            "const ",
            "let ",
            "var ",
            "function ",
            "default ",
            "async ",
            "class ",
            "{",
            "*",
        ]
        .iter()
        .any(|word| {
            line.get("export".len()..)
                .unwrap_or_default()
                .trim_start()
                .starts_with(word)
        });
    if !is_import && !is_export {
        return None;
    }
    // A function has blank lines in it: it ends at one where all its brackets are closed.
    let text = head(rest, MAX_MODULE);
    let mut open = 0_isize;
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find("\n\n")) {
        let end = from + at + 1;
        open += brackets(text.get(from..end).unwrap_or_default());
        if open <= 0 {
            return Some(end);
        }
        from = end;
    }
    open += brackets(text.get(from..).unwrap_or_default());
    match open <= 0 {
        true => Some(text.len()),
        false => Some(rest.find("\n\n").map_or(rest.len(), |end| end + 1)),
    }
}

/// How many more brackets a text opens than it closes.
fn brackets(text: &str) -> isize {
    let step = |byte| match byte {
        b'{' | b'(' | b'[' => 1,
        b'}' | b')' | b']' => -1,
        _ => 0,
    };
    text.bytes().map(step).sum()
}

/// `{…}` in a text: what it says, if that is text, and how long it is.
pub(super) fn expression(rest: &str) -> Option<(Option<&str>, usize)> {
    let end = braces(head(rest, MAX_COMPONENT))?;
    let inside = rest.get(1..end.checked_sub(1)?)?.trim();
    if inside.is_empty() || (inside.starts_with("/*") && inside.ends_with("*/")) {
        return Some((Some(""), end));
    }
    Some((literal(inside), end))
}

/// The text of a string, unless something is put into it.
fn literal(inside: &str) -> Option<&str> {
    let quote = inside
        .chars()
        .next()
        .filter(|c| matches!(c, '"' | '\'' | '`'))?;
    let text = inside.strip_prefix(quote)?.strip_suffix(quote)?;
    (!text.contains(quote) && !text.contains("${")).then_some(text)
}

/// The length of a text in braces, strings in it respected.
pub(super) fn braces(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            // An apostrophe in text between tags is none of a string's.
            (None, '"' | '`') => quote = Some(c),
            (None, '{') => depth += 1,
            (None, '}') => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// The tag that a text begins with; `None` where it begins with none, or with one of plain HTML.
pub(super) fn component(rest: &str) -> Option<Component<'_>> {
    let rest = head(rest, MAX_COMPONENT);
    let inside = rest.strip_prefix('<')?;
    let (inside, is_closing) = match inside.strip_prefix('/') {
        Some(inside) => (inside, true),
        None => (inside, false),
    };
    let name_end = inside
        .find(|c: char| !c.is_alphanumeric() && !matches!(c, '.' | '-' | '_'))
        .unwrap_or(inside.len());
    let (name, mut tail) = inside.split_at_checked(name_end)?;
    let begins = name.is_empty() || name.starts_with(|c: char| c.is_ascii_alphabetic());
    if !begins || !tail.starts_with([' ', '\n', '\t', '>', '/']) {
        return None;
    }
    let mut attributes = Vec::new();
    let (is_alone, after) = loop {
        tail = tail.trim_start();
        if let Some(after) = tail.strip_prefix("/>") {
            break (true, after);
        }
        if let Some(after) = tail.strip_prefix('>') {
            break (false, after);
        }
        if name.is_empty() {
            return None;
        }
        // `{...properties}`
        if tail.starts_with('{') {
            tail = tail.get(braces(tail)?..)?;
            continue;
        }
        let end = tail
            .find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/'))
            .filter(|end| *end > 0)?;
        let (attribute, rest) = tail.split_at_checked(end)?;
        let Some(value) = rest.trim_start().strip_prefix('=') else {
            attributes.push((attribute, None));
            tail = rest;
            continue;
        };
        let value = value.trim_start();
        let quote = value.chars().next()?;
        if quote == '{' {
            let end = braces(value)?;
            let inside = value.get(1..end.checked_sub(1)?)?.trim();
            attributes.push((attribute, literal(inside)));
            tail = value.get(end..)?;
        } else {
            let inside = value.strip_prefix(['"', '\''])?;
            let end = inside.find(quote)?;
            attributes.push((attribute, inside.get(..end)));
            tail = inside.get(end + 1..)?;
        }
    };
    Some(Component {
        length: rest.len() - after.len(),
        name,
        is_alone,
        is_closing,
        attributes,
    })
}
