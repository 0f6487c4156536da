//! Parses the lines that mark blocks in Markdown dialects: fences, directives, containers, callouts, admonitions,
//! attribute lists and markers of a table of contents.

use super::element;
use crate::text::code_fences::{indent_width, parse_fence, strip_list_marker};
use crate::text::excerpt_mark::EXCERPT_MARK;
use crate::text::first_bytes;

/// Lines that stand for a table of contents.
pub(super) const TOC_MARKERS: &str = "[TOC] [toc] [[TOC]] [[toc]] [[_TOC_]] [[_toc_]] @[toc]";

/// Maximum length of an attribute list or callout name, in bytes. If longer, it is plain text.
const MAX_DIRECTIVE_ATTRIBUTES_BYTES: usize = 500;

/// Returns true if a line begins a list item (`CommonMark` §5.2).
pub(super) fn is_list_item(line: &str) -> bool {
    strip_list_marker(line.trim_start()).is_some()
}

/// Splits a line into its leading block quote and list markers, with the spaces around them, and the text after them.
pub(super) fn split_block_markers(line: &str) -> (&str, &str) {
    let mut text = line;
    loop {
        text = text.trim_start_matches([' ', '\t', '>']);
        match strip_list_marker(text) {
            Some(after) => text = after,
            None => break,
        }
    }
    line.split_at_checked(line.len() - text.len())
        .unwrap_or(("", line))
}

/// Parses a line that begins a callout, `> [!name]`. Returns the block markers before it and its name.
pub(super) fn parse_callout(line: &str) -> Option<(&str, &str)> {
    let (marks, text) = split_block_markers(line);
    let name = parse_callout_name(text)?;
    marks.contains('>').then_some((marks, name))
}

/// Parses the name of a callout at the start of a text, `[!name]`. In Obsidian, metadata may
/// follow after `|`.
pub(super) fn parse_callout_name(text: &str) -> Option<&str> {
    let inside = first_bytes(text.strip_prefix("[!")?, MAX_DIRECTIVE_ATTRIBUTES_BYTES);
    let (name, _) = inside.split_once([']', '|', '\n'])?;
    let is_name = name.starts_with(char::is_alphabetic)
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || "-_ ".contains(c));
    is_name.then_some(name)
}

/// Returns true if a line belongs to a block quote of this depth, possibly as a lazy continuation line
/// (`CommonMark` §5.1).
pub(super) fn is_in_quote(line: &str, depth: usize) -> bool {
    let text = line.trim_start_matches([' ', '\t', '>']);
    let marks = line.get(..line.len() - text.len()).unwrap_or_default();
    if marks.matches('>').count() >= depth {
        return true;
    }
    let begins_block = text.trim().is_empty()
        || text.starts_with('#')
        || is_list_item(text)
        || parse_fence(text).is_some()
        || parse_container(text.trim()).is_some()
        || element::parse_start_tag(text).is_some_and(|tag| tag.is_locked || tag.is_hidden);
    !begins_block
}

/// Parses the name of an admonition, `!!! name "Title"` or `??? name`. The indented lines below are its content.
pub(super) fn parse_admonition(line: &str) -> Option<&str> {
    let text = line.trim_start();
    let after = text
        .strip_prefix("!!!")
        .or_else(|| text.strip_prefix("???"))?;
    let title = after.trim_start_matches(['+', ' ']);
    let end = title.find(|c: char| !c.is_alphanumeric() && c != '-' && c != '_');
    let name = title.get(..end.unwrap_or(title.len()))?;
    name.starts_with(char::is_alphabetic).then_some(name)
}

/// Parses the name of a directive with a label at the start of a text: `:name[…]`, `::name[…]`.
pub(super) fn parse_directive_name(rest: &str) -> Option<&str> {
    let inside = rest.trim_start_matches(':');
    let end = inside.find(|c: char| !c.is_alphanumeric() && c != '-' && c != '_')?;
    let (name, tail) = inside.split_at_checked(end)?;
    (name.starts_with(char::is_alphabetic) && tail.starts_with('[')).then_some(name)
}

/// Returns the length of the bracketed label at the start of a text, including the attributes after it; `None`
/// if the label has no end in its paragraph.
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
                    let attributes = first_bytes(after, MAX_DIRECTIVE_ATTRIBUTES_BYTES);
                    let end = attributes.starts_with('{').then(|| attributes.find('}'));
                    return Some(at + 1 + end.flatten().map_or(0, |end| end + 1));
                }
            }
            _ => {}
        }
    }
    None
}

/// Returns the byte offset of a line's text, after the list marker if there is one.
pub(super) fn content_indent(line: &str) -> usize {
    match strip_list_marker(line.trim_start()) {
        Some(after) => line.len() - after.trim_start().len(),
        None => indent_width(line),
    }
}

/// Replaces a line that is a directive, an attribute list or the marker of a table of contents. `rest` is the body
/// from this line on.
///
/// Writes the replacement to `out` and returns the number of bytes of `rest` that it replaces; `None` for other lines.
pub(super) fn replace_directive_line(line: &str, rest: &str, out: &mut String) -> Option<usize> {
    let trimmed = line.trim();
    if TOC_MARKERS.split(' ').any(|marker| marker == trimmed) {
        return Some(line.len());
    }
    if let Some(inside) = trimmed
        .strip_prefix("{:")
        .and_then(|bare| bare.strip_suffix('}'))
        && is_attribute_list(inside)
    {
        // `{:toc}` turns the list item above it into a table of contents.
        if inside.split_whitespace().any(|word| word == "toc") {
            drop_last_list_item(out);
        }
        return Some(line.len());
    }
    if trimmed.starts_with("::") {
        return replace_directive(trimmed, line, rest, out);
    }
    None
}

/// Line of colons that begins or ends a container.
pub(super) struct ContainerLine<'a> {
    pub(super) colons: usize,
    /// Name, or the attributes if it has no name: `::: {.private}`. A closing line has neither.
    pub(super) name: &'a str,
    pub(super) is_opening: bool,
    /// True for two colons with a label, `::name[…]`. It is a leaf directive, without content, unless a later line
    /// ends it.
    pub(super) may_be_leaf: bool,
}

/// Parses a trimmed line that begins or ends a container.
pub(super) fn parse_container(bare: &str) -> Option<ContainerLine<'_>> {
    let (colons, name, tail) = bare.starts_with("::").then(|| split_directive(bare))??;
    let attributes = tail
        .trim()
        .strip_prefix('{')
        .and_then(|tail| tail.strip_suffix('}'));
    Some(ContainerLine {
        colons,
        name: if name.is_empty() {
            attributes.unwrap_or_default()
        } else {
            name
        },
        is_opening: !name.is_empty() || !tail.is_empty(),
        may_be_leaf: colons == 2 && tail.starts_with('['),
    })
}

/// Splits a line of colons into the number of colons, the name and the text after the name.
fn split_directive(bare: &str) -> Option<(usize, &str, &str)> {
    let after = bare.trim_start_matches(':');
    let colons = bare.len() - after.len();
    let after = after.trim_start();
    let name_end = after
        .find(|c: char| !c.is_alphanumeric() && c != '-' && c != '_')
        .unwrap_or(after.len());
    let (name, tail) = after.split_at_checked(name_end)?;
    let is_name = name.is_empty() || name.starts_with(char::is_alphabetic);
    // Two colons and a name may have attributes or a label, but no title: `::before inserts a box` is text.
    let is_valid_tail = match colons {
        2 => tail.is_empty() || tail.starts_with(['{', '[']),
        _ => tail.is_empty() || tail.starts_with([' ', '{', '[']),
    };
    (is_name && is_valid_tail).then_some((colons, name, tail))
}

/// Replaces a line of a Docusaurus or Nuxt container: `::note`, `:::tip Title`, `:::`. The content stays.
fn replace_directive(bare: &str, line: &str, rest: &str, out: &mut String) -> Option<usize> {
    let (_, name, tail) = split_directive(bare)?;
    let title = tail
        .trim()
        .trim_start_matches('[')
        .trim_end_matches(']')
        .trim();
    if name == "more" && title.is_empty() {
        out.push_str(&format!("{EXCERPT_MARK}\n"));
    } else if !name.is_empty() && !title.is_empty() && !tail.starts_with('{') {
        out.push_str(&format!("\n**{title}**\n\n"));
    } else {
        out.push('\n');
    }
    let mut length = line.len();
    // Properties of a Nuxt component are YAML between `---` lines directly below.
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

/// Returns true if the text in `{: … }` is a kramdown attribute list: `.class`, `#id`, `key="value"`, `toc`.
/// Code of other languages is not: `{:ok, value}` in Elixir, `{:?}` in Rust.
fn is_attribute_list(inside: &str) -> bool {
    let inside = inside.trim().trim_start_matches(':');
    // A quoted value may have spaces in it.
    let outside: Vec<&str> = inside.split('"').step_by(2).collect();
    let outside = outside.join("x");
    let are_all_attributes = outside.split_whitespace().all(|word| {
        let name = word.trim_start_matches(['.', '#']);
        let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && !name.contains([',', '(', '?']);
        let is_marked = name.len() < word.len() || word.contains('=');
        is_name && (is_marked || matches!(word, "toc" | "footnotes"))
    });
    !outside.trim().is_empty() && are_all_attributes
}

/// Removes the last line of the output if it is a list item.
fn drop_last_list_item(out: &mut String) {
    let trimmed = out.trim_end_matches('\n').len();
    // The list item that `{:toc}` replaces is a word or two, so a longer line is kept.
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

/// An inline component of MDC: `:badge[text]{color="red"}`.
pub(super) struct InlineComponent<'a> {
    pub(super) name: &'a str,
    /// The text, if it has any.
    pub(super) label: &'a str,
    pub(super) length: usize,
}

/// Parses an inline component at the start of a text. `before` is the text in front of it.
pub(super) fn parse_inline_component<'a>(
    rest: &'a str,
    before: &str,
) -> Option<InlineComponent<'a>> {
    let inside = first_bytes(rest.strip_prefix(':')?, MAX_DIRECTIVE_ATTRIBUTES_BYTES);
    let end = inside.find(|c: char| !c.is_alphanumeric() && c != '-')?;
    let (name, mut tail) = inside.split_at_checked(end)?;
    let is_in_word = before.ends_with(|c: char| c.is_alphanumeric() || ":/\\{".contains(c));
    if is_in_word || !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return None;
    }
    let mut label = "";
    if let Some(text) = tail.strip_prefix('[') {
        (label, tail) = text.split_once(']')?;
        // A bracket after it begins a link, and markup may be hidden.
        if label.contains(['[', '<', '{', ':', '%', '`', '\n']) || tail.starts_with(['(', '[', ':'])
        {
            return None;
        }
    } else if !tail.starts_with('{') {
        return None;
    }
    if let Some(attributes) = tail.strip_prefix('{') {
        let (attributes, after) = attributes.split_once('}')?;
        if !attributes.trim().is_empty() && !is_attribute_list(attributes) {
            return None;
        }
        tail = after;
    }
    let length = ":".len() + inside.len() - tail.len();
    (!element::is_locked_name(name)).then_some(InlineComponent {
        name,
        label,
        length,
    })
}

/// Returns true if a line defines an abbreviation, as in kramdown: `*[HTML]: Hypertext …`.
pub(super) fn is_abbreviation(line: &str) -> bool {
    let text = line.trim_start_matches(' ').strip_prefix("*[");
    let label = text.and_then(|text| text.split_once("]:"));
    indent_width(line) < 4 && label.is_some_and(|(label, _)| !label.is_empty())
}

/// Returns true if the text in `{: … }` begins or ends an extension of kramdown whose content stays.
fn is_kramdown_extension(inside: &str) -> bool {
    let begin = inside.strip_prefix(':').and_then(|name| {
        let name = name.split([' ', '/']).next()?;
        Some(matches!(name, "options" | "nomarkdown"))
    });
    begin.unwrap_or(matches!(inside, "/" | "/nomarkdown" | "/options"))
}

/// Returns the length of attributes at the start of a text: kramdown's `{: .class}`, and `{#id}` or `{.class}`
/// after a heading or alone on a line. As markdown-it reads them, also directly after a link, an image or
/// emphasis, and `{.class}` at the end of a line.
pub(super) fn attributes_length(rest: &str, before: &str) -> Option<usize> {
    let paragraph = first_bytes(rest, MAX_DIRECTIVE_ATTRIBUTES_BYTES);
    let paragraph = paragraph.split("\n\n").next().unwrap_or(paragraph);
    if let Some(inside) = paragraph.strip_prefix("{:") {
        let (inside, _) = inside.split_once('}')?;
        return (is_kramdown_extension(inside) || is_attribute_list(inside))
            .then_some("{:".len() + inside.len() + "}".len());
    }
    let line = paragraph.split('\n').next().unwrap_or(paragraph);
    let end = line.find('}')?;
    let inside = line.get(1..end)?;
    let has_attribute_marker = inside.starts_with(['#', '.']) && !inside.starts_with("# ");
    let is_last = line.get(end + 1..)?.trim().is_empty();
    let is_attached = before.ends_with([')', ']', '*', '_', '`']);
    let is_of_text = is_last && inside.starts_with('.') && before.ends_with(' ');
    if (is_attached || is_of_text) && has_attribute_marker && is_attribute_list(inside) {
        return Some(end + 1);
    }
    if !has_attribute_marker || !is_last {
        return None;
    }
    let line_start = before.rsplit('\n').next().unwrap_or(before).trim();
    (line_start.is_empty() || line_start.starts_with('#')).then_some(end + 1)
}
