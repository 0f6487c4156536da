//! Reads lines, and ends of lines, that are no text: fences, directives, attributes, tables of contents.

use super::tag::head;

/// Longer ones are text.
const MAX_ATTRIBUTES: usize = 500;

/// The mark of a fence (`CommonMark` §4.5), its length, and what stands behind it. It may be within a
/// list or a quote.
pub(in crate::content) fn fence(line: &str) -> Option<(char, usize, &str)> {
    let line = line.trim_start_matches([' ', '\t', '>']);
    let line = after_mark(line).unwrap_or(line).trim_start();
    let mark = line
        .chars()
        .next()
        .filter(|mark| matches!(mark, '`' | '~'))?;
    let length = line.chars().take_while(|c| *c == mark).count();
    let info = line.get(length..)?.trim();
    let is_span = mark == '`' && info.contains('`');
    (length >= 3 && !is_span).then_some((mark, length, info))
}

/// Whether a line begins an item of a list (`CommonMark` §5.2).
pub(super) fn is_item(line: &str) -> bool {
    after_mark(line.trim_start()).is_some()
}

/// What stands behind the mark of an item.
fn after_mark(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let marks: &[char] = if rest.len() < line.len() {
        &['.', ')']
    } else {
        &['-', '*', '+']
    };
    let after = rest.strip_prefix(marks)?;
    (after.is_empty() || after.starts_with([' ', '\t', '\n'])).then_some(after)
}

/// How many blanks a line begins with.
pub(super) fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

/// How far what a line says is from its beginning, behind the mark of an item.
pub(super) fn content_indent(line: &str) -> usize {
    match after_mark(line.trim_start()) {
        Some(after) => line.len() - after.trim_start().len(),
        None => indent(line),
    }
}

/// Reads a line that is a construct as a whole; how much of the text it is. What it has to say goes
/// to `out`.
pub(super) fn read(line: &str, rest: &str, out: &mut String) -> Option<usize> {
    let bare = line.trim();
    if matches!(bare, "[TOC]" | "[[toc]]" | "[[TOC]]" | "[toc]") {
        return Some(line.len());
    }
    if let Some(inside) = bare
        .strip_prefix("{:")
        .and_then(|bare| bare.strip_suffix('}'))
        && is_attributes(inside)
    {
        // `{:toc}` makes a table of contents of the list item above it.
        if inside.split_whitespace().any(|word| word == "toc") {
            drop_last_item(out);
        }
        return Some(line.len());
    }
    if bare.starts_with("::") {
        return directive(bare, line, rest, out);
    }
    None
}

/// A line that begins or ends a container.
pub(super) struct Container<'a> {
    pub(super) colons: usize,
    /// What it is called; of one without a name, `::: {.private}`, its attributes.
    pub(super) name: &'a str,
    pub(super) opens: bool,
}

/// The container that a line, without the blanks around it, begins or ends.
pub(super) fn container(bare: &str) -> Option<Container<'_>> {
    let (colons, name, tail) = bare.starts_with("::").then(|| parts(bare))??;
    let attributes = tail
        .trim()
        .strip_prefix('{')
        .and_then(|tail| tail.strip_suffix('}'));
    Some(Container {
        colons,
        name: if name.is_empty() {
            attributes.unwrap_or_default()
        } else {
            name
        },
        opens: !name.is_empty() || !tail.is_empty(),
    })
}

/// The colons of a line, the name behind them, and what stands behind that.
fn parts(bare: &str) -> Option<(usize, &str, &str)> {
    let after = bare.trim_start_matches(':');
    let colons = bare.len() - after.len();
    let after = after.trim_start();
    let name_end = after
        .find(|c: char| !c.is_alphanumeric() && c != '-' && c != '_')
        .unwrap_or(after.len());
    let (name, tail) = after.split_at_checked(name_end)?;
    let is_name = name.is_empty() || name.starts_with(char::is_alphabetic);
    // Two colons have properties behind the name, and no title: `::1 is an address`.
    let fits = match colons {
        2 => tail.is_empty() || tail.starts_with(['{', '[']),
        _ => tail.is_empty() || tail.starts_with([' ', '{', '[']),
    };
    (is_name && fits).then_some((colons, name, tail))
}

/// `::note`, `:::tip Title`, `:::`: containers of Docusaurus, Nuxt and others. The content stays.
fn directive(bare: &str, line: &str, rest: &str, out: &mut String) -> Option<usize> {
    let (_, name, tail) = parts(bare)?;
    let title = tail
        .trim()
        .trim_start_matches('[')
        .trim_end_matches(']')
        .trim();
    if !name.is_empty() && !title.is_empty() && !tail.starts_with('{') {
        out.push_str(&format!("\n**{title}**\n\n"));
    } else {
        out.push('\n');
    }
    let mut length = line.len();
    // The properties of Nuxt's components: YAML between fences, right below.
    let below = rest.get(length..).unwrap_or_default();
    if let Some(properties) = below.strip_prefix("---\n")
        && let Some(end) = properties.find("\n---")
    {
        let after = properties.get(end + 1..).unwrap_or_default();
        let last = after.split_inclusive('\n').next().unwrap_or_default();
        length += "---\n".len() + end + 1 + last.len();
    }
    Some(length)
}

/// Whether what stands in `{: … }` is what kramdown has there: `.class`, `#id`, `key="value"`, `toc`.
/// Other languages have `{:ok, value}` and `{:?}`.
fn is_attributes(inside: &str) -> bool {
    let fits = |word: &str| {
        let name = word.trim_start_matches(['.', '#']);
        let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && !name.contains([',', '(', '?']);
        let is_marked = name.len() < word.len() || word.contains('=');
        is_name && (is_marked || matches!(word, "toc" | "footnotes"))
    };
    let inside = inside.trim().trim_start_matches(':');
    // A quoted value may have blanks in it.
    let outside: Vec<&str> = inside.split('"').step_by(2).collect();
    let outside = outside.join("x");
    !outside.trim().is_empty() && outside.split_whitespace().all(fits)
}

fn drop_last_item(out: &mut String) {
    let trimmed = out.trim_end_matches('\n').len();
    // An item that stands for a table of contents is a word or two.
    let from = trimmed.saturating_sub(200);
    let bytes = out.as_bytes().get(from..trimmed).unwrap_or_default();
    let begin = match bytes.iter().rposition(|byte| *byte == b'\n') {
        Some(at) => from + at + 1,
        None if from == 0 => 0,
        None => return,
    };
    let line = out.get(begin..).unwrap_or_default().trim_start();
    if line.starts_with(['*', '-', '+']) || line.starts_with("1.") {
        out.truncate(begin);
    }
}

/// Attributes of what stands before: kramdown's `{: .class}`, and `{#id}` or `{.class}` behind a
/// heading or alone on a line. How long they are.
pub(super) fn attributes(rest: &str, before: &str) -> Option<usize> {
    let line = head(rest, MAX_ATTRIBUTES);
    let line = line.split('\n').next().unwrap_or(line);
    let end = line.find('}')?;
    let inside = line.get(1..end)?;
    if let Some(inside) = inside.strip_prefix(':') {
        return is_attributes(inside).then_some(end + 1);
    }
    let marks = inside.starts_with(['#', '.']) && !inside.starts_with("# ");
    let is_last = line.get(end + 1..)?.trim().is_empty();
    if !marks || !is_last {
        return None;
    }
    let begun = before.rsplit('\n').next().unwrap_or(before).trim();
    (begun.is_empty() || begun.starts_with('#')).then_some(end + 1)
}
