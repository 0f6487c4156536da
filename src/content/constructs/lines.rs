//! Reads lines, and ends of lines, that are no text: fences, directives, attributes, tables of contents.

use super::element;
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

/// The marks of quotes and items that a line begins with, with the blanks around them, and what stands behind.
pub(super) fn split_marks(line: &str) -> (&str, &str) {
    let mut text = line;
    loop {
        text = text.trim_start_matches([' ', '\t', '>']);
        match after_mark(text) {
            Some(after) => text = after,
            None => break,
        }
    }
    line.split_at_checked(line.len() - text.len())
        .unwrap_or(("", line))
}

/// The callout that a line begins, `> [!name]`: the marks before it, and its name.
pub(super) fn callout(line: &str) -> Option<(&str, &str)> {
    let (marks, text) = split_marks(line);
    let name = callout_name(text)?;
    marks.contains('>').then_some((marks, name))
}

/// The name of the callout whose brackets a text begins with. Obsidian has more behind a bar.
pub(super) fn callout_name(text: &str) -> Option<&str> {
    let inside = head(text.strip_prefix("[!")?, MAX_ATTRIBUTES);
    let (name, _) = inside.split_once([']', '|', '\n'])?;
    let is_name = name.starts_with(char::is_alphabetic)
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || "-_ ".contains(c));
    is_name.then_some(name)
}

/// Whether a line is in a quote that has so many marks before it, be it only as more of a paragraph
/// (`CommonMark` §5.1).
pub(super) fn is_in_quote(line: &str, quotes: usize) -> bool {
    let text = line.trim_start_matches([' ', '\t', '>']);
    let marks = line.get(..line.len() - text.len()).unwrap_or_default();
    if marks.matches('>').count() >= quotes {
        return true;
    }
    let begins_block = text.trim().is_empty()
        || text.starts_with('#')
        || is_item(text)
        || fence(text).is_some()
        || container(text.trim()).is_some()
        || element::start_tag(text).is_some_and(|tag| tag.is_locked || tag.is_hidden);
    !begins_block
}

/// The name of the admonition that a line begins, `!!! name "Title"` or `??? name`. What is indented below is in it.
pub(super) fn admonition(line: &str) -> Option<&str> {
    let text = line.trim_start();
    let text = text
        .strip_prefix("!!!")
        .or_else(|| text.strip_prefix("???"))?;
    let text = text.trim_start_matches(['+', ' ']);
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '-' && c != '_');
    let name = text.get(..end.unwrap_or(text.len()))?;
    name.starts_with(char::is_alphabetic).then_some(name)
}

/// The name of the directive that a text begins with, if it has a label: `:name[…]`, `::name[…]`.
pub(super) fn directive_name(rest: &str) -> Option<&str> {
    let inside = rest.trim_start_matches(':');
    let end = inside.find(|c: char| !c.is_alphanumeric() && c != '-' && c != '_')?;
    let (name, tail) = inside.split_at_checked(end)?;
    (name.starts_with(char::is_alphabetic) && tail.starts_with('[')).then_some(name)
}

/// The length of the label in brackets that a text begins with, with the attributes behind it. It ends within
/// its paragraph.
pub(super) fn label_length(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let (mut is_escaped, mut in_code) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            '\n' => {
                let next = text.get(at + 1..)?.trim_start_matches([' ', '\t', '>']);
                if next.is_empty() || next.starts_with('\n') {
                    return None;
                }
            }
            '`' => in_code = !in_code,
            _ if in_code => {}
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '[' => depth += 1,
            ']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    let after = text.get(at + 1..)?;
                    let attributes = head(after, MAX_ATTRIBUTES);
                    let end = attributes.starts_with('{').then(|| attributes.find('}'));
                    return Some(at + 1 + end.flatten().map_or(0, |end| end + 1));
                }
            }
            _ => {}
        }
    }
    None
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
    /// Whether it is a directive with a label, `::name[…]`, which encloses nothing unless a line ends it.
    pub(super) may_be_leaf: bool,
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
        may_be_leaf: colons == 2 && tail.starts_with('['),
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
