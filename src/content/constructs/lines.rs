//! Lines, and ends of lines, that are no text: fences, directives, attributes, tables of contents.

use super::tag::head;

/// Longer ones are text.
const MAX_ATTRIBUTES: usize = 500;

/// The mark of a fence (`CommonMark` §4.5), its length, and what stands behind it. It may be within a
/// list or a quote.
pub(super) fn fence(line: &str) -> Option<(char, usize, &str)> {
    let line = line.trim_start_matches([' ', '\t', '>']);
    let line = line
        .strip_prefix("- ")
        .or_else(|| line.strip_prefix("* "))
        .unwrap_or(line)
        .trim_start();
    let mark = line
        .chars()
        .next()
        .filter(|mark| matches!(mark, '`' | '~'))?;
    let length = line.chars().take_while(|c| *c == mark).count();
    let info = line.get(length..)?.trim();
    let is_span = mark == '`' && info.contains('`');
    (length >= 3 && !is_span).then_some((mark, length, info))
}

/// Reads a line that is a construct as a whole; how much of the text it is. What it has to say goes
/// to `out`.
pub(super) fn read(line: &str, rest: &str, out: &mut String) -> Option<usize> {
    let bare = line.trim();
    if matches!(bare, "[TOC]" | "[[toc]]" | "[[TOC]]" | "[toc]") {
        return Some(line.len());
    }
    if bare.starts_with("{:") && bare.ends_with('}') {
        // `{:toc}` makes a table of contents of the list item above it.
        if bare.contains("toc") {
            drop_last_item(out);
        }
        return Some(line.len());
    }
    if bare.starts_with("::") {
        return directive(bare, line, rest, out);
    }
    None
}

/// `::note`, `:::tip Title`, `:::`: containers of Docusaurus, Nuxt and others. The content stays.
fn directive(bare: &str, line: &str, rest: &str, out: &mut String) -> Option<usize> {
    let after = bare.trim_start_matches(':');
    let name_end = after
        .find(|c: char| !c.is_alphanumeric() && c != '-' && c != '_')
        .unwrap_or(after.len());
    let (name, tail) = after.trim_start().split_at_checked(name_end)?;
    if !tail.is_empty() && !tail.starts_with([' ', '{', '[']) {
        return None;
    }
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

fn drop_last_item(out: &mut String) {
    let trimmed = out.trim_end_matches('\n').len();
    let begin = out.get(..trimmed).and_then(|text| text.rfind('\n'));
    let begin = begin.map_or(0, |at| at + 1);
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
    if inside.starts_with(':') && !inside.starts_with("::") {
        return Some(end + 1);
    }
    let marks = inside.starts_with(['#', '.']) && !inside.starts_with("# ");
    let is_last = line.get(end + 1..)?.trim().is_empty();
    if !marks || !is_last {
        return None;
    }
    let begun = before.rsplit('\n').next().unwrap_or(before).trim();
    (begun.is_empty() || begun.starts_with('#')).then_some(end + 1)
}
