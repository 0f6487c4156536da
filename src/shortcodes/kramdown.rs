//! Rewrites Markdown of kramdown, and of files that were left out, so that `CommonMark` reads it as it was meant.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::directive_lines;
use super::mdx::HTML_BLOCK_ELEMENTS;
use super::replacement::UNRESOLVED_SCHEME;
use crate::text::first_bytes;

/// Maximum bytes of the text and of the label of a link: `[text][label]`. A longer one is text (`CommonMark` §4.7).
const MAX_LABEL_BYTES: usize = 999;
/// Maximum number of labels that are defined. A post with a thousand links has as many.
const MAX_DEFINED_LABELS: usize = 2_000;

/// Maximum bytes of an end tag after its name, which are white space.
const MAX_END_TAG_BYTES: usize = 200;

/// Writes a blank line after the end of each HTML block. There kramdown reads Markdown again, and `CommonMark` only
/// after a blank line.
pub(super) fn end_html_blocks(text: &str) -> String {
    let mut output = String::with_capacity(text.len() + 64);
    let mut fence: Option<(char, usize)> = None;
    // Name and number of the open elements of the block.
    let mut block: Option<(&str, usize)> = None;
    for line in text.split_inclusive('\n') {
        if let Some((mark, length, info)) = directive_lines::parse_fence(line) {
            match fence {
                Some((open, least)) if mark == open && length >= least && info.is_empty() => {
                    fence = None;
                }
                None if block.is_none() => fence = Some((mark, length)),
                _ => {}
            }
        }
        if fence.is_none() && block.is_none() {
            block = parse_block_start(line).map(|name| (name, 0));
        }
        let Some((name, depth)) = block else {
            output.push_str(line);
            continue;
        };
        let (depth, end) = count_open_elements(line, name, depth);
        block = Some((name, depth)).filter(|_| depth > 0);
        let (inside, after) = line.split_at_checked(end).unwrap_or((line, ""));
        output.push_str(inside);
        if depth == 0 {
            output.push_str(if after.trim().is_empty() {
                "\n"
            } else {
                "\n\n"
            });
        }
        output.push_str(after);
    }
    output
}

/// Returns the name of the block element that begins a line.
fn parse_block_start(line: &str) -> Option<&'static str> {
    let tag = line.trim_start_matches(' ').strip_prefix('<')?;
    let (name, after) = tag.split_at_checked(tag.find(|c: char| !c.is_ascii_alphanumeric())?)?;
    let is_start = directive_lines::indent_width(line) < 4
        && after.starts_with(|c: char| c.is_whitespace() || matches!(c, '>' | '/'));
    let mut names = HTML_BLOCK_ELEMENTS.split(' ').filter(|_| is_start);
    names.find(|known| known.eq_ignore_ascii_case(name))
}

/// Counts the elements of this name that are open after a line. Returns also where the last one ends, or the end of
/// the line.
fn count_open_elements(line: &str, name: &str, mut depth: usize) -> (usize, usize) {
    for (at, _) in line.match_indices('<') {
        let tag = line.get(at + 1..).unwrap_or_default();
        let (is_end, tag) = tag
            .strip_prefix('/')
            .map_or((false, tag), |tag| (true, tag));
        let found = tag.get(..name.len());
        let after = tag.get(name.len()..).unwrap_or_default();
        if !found.is_some_and(|found| found.eq_ignore_ascii_case(name))
            || after.starts_with(|c: char| c.is_alphanumeric() || c == '-')
        {
            continue;
        }
        if !is_end {
            depth += 1;
        } else if depth > 1 {
            depth -= 1;
        } else if let Some(end) = first_bytes(after, MAX_END_TAG_BYTES).find('>') {
            return (0, line.len() - after.len() + end + 1);
        }
    }
    (depth, line.len())
}

/// Defines the labels of all links at the end of a text. A link that the text itself defines keeps its address, as
/// the first definition counts. The others become their text.
pub(super) fn define_missing_links(text: &mut String) {
    let mut labels = HashSet::new();
    let mut definitions = String::from("\n\n");
    for (at, _) in text.match_indices("][") {
        let after = text.get(at + "][".len()..).unwrap_or_default();
        let label = first_bytes(after, MAX_LABEL_BYTES).split_once(']');
        let before = text.get(..at).unwrap_or_default();
        let Some((begin, shown)) = split_link_text(before) else {
            continue;
        };
        // `a[i][j]` is no link.
        let is_index =
            begin.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '\\' | ']' | ')'));
        let label = label.map(|(label, _)| {
            if label.trim().is_empty() {
                shown
            } else {
                label
            }
        });
        let Some(label) = label.filter(|label| !is_index && !label.contains(['[', ']', '\n']))
        else {
            continue;
        };
        if labels.len() < MAX_DEFINED_LABELS && labels.insert(label) {
            let _ = writeln!(definitions, "[{label}]: {UNRESOLVED_SCHEME}");
        }
    }
    if !labels.is_empty() {
        text.push_str(&definitions);
    }
}

/// Splits a text at the bracket that begins its last link text.
fn split_link_text(before: &str) -> Option<(&str, &str)> {
    let from = before.len().saturating_sub(MAX_LABEL_BYTES);
    let from = (from..=before.len()).find(|at| before.is_char_boundary(*at))?;
    let at = before.get(from..)?.rfind('[')?;
    let (begin, shown) = before.split_at_checked(from + at)?;
    Some((begin, shown.get(1..)?))
}
