//! Parses the parts of MDX that are not Markdown: imports and exports, expressions, components.

use std::fmt::Write as _;

use crate::text::first_bytes;

/// Maximum length of a component's tag or an expression, in bytes. A longer one is text.
const MAX_COMPONENT_BYTES: usize = 4_000;

/// Maximum length of an import or export, in bytes. A longer one ends at its first blank line.
const MAX_MODULE_BYTES: usize = 20_000;

/// Void elements (HTML §13.1.2).
pub(super) const HTML_VOID_ELEMENTS: [&str; 13] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr",
];

/// Tag of a component or element.
#[derive(Debug)]
pub(super) struct MdxTag<'a> {
    /// Length in bytes.
    pub(super) length: usize,
    /// The name. Empty for a fragment.
    pub(super) name: &'a str,
    /// True if it is self-closing: `<Name />`.
    pub(super) is_self_closing: bool,
    is_closing: bool,
    attributes: Vec<(&'a str, Option<&'a str>)>,
}

impl MdxTag<'_> {
    /// Returns the value of an attribute. `None` if it is an expression.
    pub(super) fn text_attribute(&self, name: &str) -> Option<&str> {
        let mut attributes = self.attributes.iter();
        let (_, value) = attributes.find(|(other, _)| other.eq_ignore_ascii_case(name))?;
        *value
    }

    /// Returns the tag as HTML, without attributes that are expressions. `None` for a component.
    pub(super) fn to_html(&self) -> Option<String> {
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
        // In HTML only void elements need no end tag.
        if self.is_self_closing && !HTML_VOID_ELEMENTS.contains(&self.name) {
            let _ = write!(html, "</{}>", self.name);
        }
        Some(html)
    }
}

/// Returns the length of an `import` or `export` at the start of a line. It ends at a blank line.
pub(super) fn module_length(rest: &str) -> Option<usize> {
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
    // Functions have blank lines in them: the end is a blank line where all brackets are closed.
    let text = first_bytes(rest, MAX_MODULE_BYTES);
    let mut open = 0_isize;
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find("\n\n")) {
        let end = from + at + 1;
        open += bracket_balance(text.get(from..end).unwrap_or_default());
        if open <= 0 {
            return Some(end);
        }
        from = end;
    }
    open += bracket_balance(text.get(from..).unwrap_or_default());
    match open <= 0 {
        true => Some(text.len()),
        false => Some(rest.find("\n\n").map_or(rest.len(), |end| end + 1)),
    }
}

/// Returns the number of opened minus closed brackets in a text.
fn bracket_balance(text: &str) -> isize {
    text.bytes()
        .map(|byte| match byte {
            b'{' | b'(' | b'[' => 1,
            b'}' | b')' | b']' => -1,
            _ => 0,
        })
        .sum()
}

/// Parses `{…}` at the start of a text. Returns its value if it is a string literal or empty, and its length.
pub(super) fn parse_expression(rest: &str) -> Option<(Option<&str>, usize)> {
    let end = braced_length(first_bytes(rest, MAX_COMPONENT_BYTES))?;
    let inside = rest.get(1..end.checked_sub(1)?)?.trim();
    if inside.is_empty() || (inside.starts_with("/*") && inside.ends_with("*/")) {
        return Some((Some(""), end));
    }
    Some((parse_string_literal(inside), end))
}

/// Returns the text of a string literal without interpolation.
fn parse_string_literal(inside: &str) -> Option<&str> {
    let quote = inside
        .chars()
        .next()
        .filter(|c| matches!(c, '"' | '\'' | '`'))?;
    let text = inside.strip_prefix(quote)?.strip_suffix(quote)?;
    (!text.contains(quote) && !text.contains("${")).then_some(text)
}

/// Returns the length of a balanced pair of braces at the start of a text. Braces in strings do not count.
pub(super) fn braced_length(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            // An apostrophe may be part of text, so single quotes begin no string.
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

/// Parses the tag of a component or element at the start of a text.
pub(super) fn parse_component(rest: &str) -> Option<MdxTag<'_>> {
    let rest = first_bytes(rest, MAX_COMPONENT_BYTES);
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
            tail = tail.get(braced_length(tail)?..)?;
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
            let end = braced_length(value)?;
            let inside = value.get(1..end.checked_sub(1)?)?.trim();
            attributes.push((attribute, parse_string_literal(inside)));
            tail = value.get(end..)?;
        } else {
            let inside = value.strip_prefix(['"', '\''])?;
            let end = inside.find(quote)?;
            attributes.push((attribute, inside.get(..end)));
            tail = inside.get(end + 1..)?;
        }
    };
    Some(MdxTag {
        length: rest.len() - after.len(),
        name,
        is_self_closing: is_alone,
        is_closing,
        attributes,
    })
}
