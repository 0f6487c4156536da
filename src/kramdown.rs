//! Rewrites Markdown of kramdown, and that in HTML blocks of Python-Markdown, so that `CommonMark` reads it as meant.

use std::collections::HashSet;

use crate::text::code_fences::{indent_width, parse_fence};
use crate::text::first_bytes;

/// Maximum bytes of the text and of the label of a link: `[text][label]`. A longer one is text (`CommonMark` §4.7).
const MAX_LABEL_BYTES: usize = 999;

/// Elements that begin an HTML block in kramdown, MDX and `CommonMark` §4.6.
pub(crate) const HTML_BLOCK_ELEMENTS: &str = "address article aside blockquote details div dl fieldset figcaption figure footer form \
    h1 h2 h3 h4 h5 h6 header iframe main nav ol p section summary table ul";

/// Maximum columns of a table that gets a header. A row of more is hardly a table, and each row would get as many cells.
const MAX_TABLE_COLUMNS: usize = 100;
/// Maximum bytes of an end tag after its name, which are white space.
const MAX_END_TAG_BYTES: usize = 200;

/// Returns true if a body may have parts that kramdown reads otherwise than `CommonMark`. If false, it needs no change.
pub(crate) fn may_have_differences(body: &str) -> bool {
    let starts = ['<', '|'];
    body.starts_with(starts)
        || memchr::memchr_iter(b'\n', body.as_bytes()).any(|at| {
            body.get(at + 1..)
                .is_some_and(|rest| rest.trim_start_matches(' ').starts_with(starts))
        })
        || ["](", "] ["]
            .iter()
            .any(|mark| memchr::memmem::find(body.as_bytes(), mark.as_bytes()).is_some())
}

/// Returns true if a body may have an HTML block with `markdown="1"`.
pub(crate) fn has_markdown_block(body: &str) -> bool {
    memchr::memmem::find(body.as_bytes(), b" markdown=").is_some()
}

/// Writes a blank line after the end of each HTML block. There kramdown reads Markdown again, and `CommonMark` only
/// after a blank line.
pub(crate) fn end_html_blocks(text: &str) -> String {
    let mut output = String::with_capacity(text.len() + 64);
    let mut fence: Option<(char, usize)> = None;
    // Name and number of the open elements of the block.
    let mut block: Option<(&str, usize)> = None;
    for line in text.split_inclusive('\n') {
        if let Some((mark, length, info)) = parse_fence(line) {
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

/// Writes blank lines around the Markdown in an HTML block with `markdown="1"`, as kramdown and Python-Markdown read it.
pub(crate) fn separate_markdown_blocks(text: &str) -> String {
    let mut output = String::with_capacity(text.len() + 64);
    let mut fence = None;
    // Names of the open blocks, and how many elements of the name are open.
    let mut open: Vec<(&str, usize)> = Vec::new();
    for line in text.split_inclusive('\n') {
        if update_fence(&mut fence, line) {
            output.push_str(line);
            continue;
        }
        let mut rest = line;
        if let Some(name) = parse_block_start(line)
            && let Some((tag, after)) = split_markdown_tag(line)
        {
            output.push_str(tag);
            output.push_str("\n\n");
            rest = after;
            open.push((name, 1));
        }
        let Some((name, depth)) = open.last_mut() else {
            output.push_str(rest);
            continue;
        };
        let (now_open, end) = count_open_elements(rest, name, *depth);
        *depth = now_open;
        let (inside, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        if let Some(at) = inside.rfind("</").filter(|_| now_open == 0) {
            let (inside, end_tag) = inside.split_at(at);
            output.extend([inside, "\n\n", end_tag, "\n\n", after]);
            open.pop();
        } else {
            output.push_str(rest);
        }
    }
    output
}

/// Updates the open code fence: its character and length. Returns true if the line is part of the code.
fn update_fence(fence: &mut Option<(char, usize)>, line: &str) -> bool {
    let found = parse_fence(line);
    match (*fence, found) {
        (Some((open, least)), Some((mark, length, info))) => {
            if mark == open && length >= least && info.is_empty() {
                *fence = None;
            }
            true
        }
        (None, Some((mark, length, _))) => {
            *fence = Some((mark, length));
            true
        }
        (open, None) => open.is_some(),
    }
}

/// Splits a line behind its first tag if the tag says that Markdown follows.
fn split_markdown_tag(line: &str) -> Option<(&str, &str)> {
    let (tag, after) = line.split_at_checked(line.find('>')? + 1)?;
    let (_, value) = tag.split_once(" markdown")?;
    let value = value.strip_prefix('=')?.trim_start_matches(['"', '\'']);
    let is_markdown = ["1", "block"].iter().any(|word| {
        let end = value.strip_prefix(word);
        end.is_some_and(|end| !end.starts_with(char::is_alphanumeric))
    });
    is_markdown.then_some((tag, after))
}

/// Writes kramdown's tables without a header row, and links that only kramdown reads, as `CommonMark` reads them.
pub(crate) fn convert_tables_and_links(text: &str) -> String {
    let mut output = String::with_capacity(text.len() + 64);
    let mut fence = None;
    let labels = defined_labels(text);
    let mut rows: Vec<&str> = Vec::new();
    let mut is_block_start = true;
    for line in text.split_inclusive('\n') {
        let is_code = update_fence(&mut fence, line);
        let is_row = !is_code && line.trim_start().starts_with('|');
        if is_row && (is_block_start || !rows.is_empty()) {
            rows.push(line);
            continue;
        }
        push_table(
            &mut output,
            &std::mem::take(&mut rows),
            line.trim().is_empty(),
        );
        is_block_start = line.trim().is_empty();
        match is_code || line.starts_with("    ") {
            true => output.push_str(line),
            false => push_links(&mut output, line, &labels),
        }
    }
    push_table(&mut output, &rows, true);
    output
}

/// Appends the rows of a table, below an empty header row if they have no header. `is_whole` is false if text follows in
/// the same block.
fn push_table(output: &mut String, rows: &[&str], is_whole: bool) {
    let is_rule = |row: &&str| {
        let is_rule_char = |c: char| "|-:+=".contains(c) || c.is_whitespace();
        row.contains(['-', '=']) && row.chars().all(is_rule_char)
    };
    let has_header = rows.get(1).is_some_and(&is_rule) && !rows.first().is_some_and(&is_rule);
    let cells = rows
        .iter()
        .map(|row| row.trim().trim_end_matches('|').matches('|').count());
    let columns = cells.max().unwrap_or_default();
    if has_header || !is_whole || !(1..=MAX_TABLE_COLUMNS).contains(&columns) {
        output.extend(rows.iter().copied());
        return;
    }
    output.extend([&"| ".repeat(columns), "|\n", &"|---".repeat(columns), "|\n"]);
    output.extend(rows.iter().filter(|row| !is_rule(row)).copied());
}

/// Returns the labels that a text defines: `b` of `[b]: /c/`.
fn defined_labels(text: &str) -> HashSet<&str> {
    let definitions = text.lines().filter_map(|line| {
        let (label, _) = line.trim_start().strip_prefix('[')?.split_once("]:")?;
        Some(label)
    });
    definitions.collect()
}

/// Appends a line with its links as `CommonMark` reads them: `[a](b c)` as `[a](b%20c)`, and `[a] [b]` as `[a][b]` if the
/// label is defined.
fn push_links(output: &mut String, line: &str, labels: &HashSet<&str>) {
    let mut rest = line;
    let mut backticks = 0;
    while let Some(at) = rest.find(']') {
        let (before, after) = rest.split_at(at + 1);
        output.push_str(before);
        rest = after;
        backticks += before.matches('`').count();
        // Code is left as it is.
        if backticks % 2 == 1 {
            continue;
        }
        let near = first_bytes(after, MAX_LABEL_BYTES);
        let label = near
            .strip_prefix(" [")
            .and_then(|near| near.split_once(']'));
        if label.is_some_and(|(label, _)| labels.contains(label)) {
            rest = after.trim_start();
        }
        let target = near.strip_prefix('(').and_then(|near| near.split_once(')'));
        let Some((target, _)) = target else { continue };
        let mut marks = [" \"", " '"].iter().filter_map(|mark| target.find(mark));
        let title_start = marks.next().unwrap_or(target.len());
        let (address, title) = target.split_at(title_start);
        if address.trim().contains(' ') && !address.contains(['<', '(']) {
            output.extend(["(", &address.trim().replace(' ', "%20"), title, ")"]);
            rest = after.get(target.len() + "()".len()..).unwrap_or_default();
        }
    }
    output.push_str(rest);
}

/// Returns the name of the block element that begins a line.
fn parse_block_start(line: &str) -> Option<&'static str> {
    let tag = line.trim_start_matches(' ').strip_prefix('<')?;
    let (name, after) = tag.split_at_checked(tag.find(|c: char| !c.is_ascii_alphanumeric())?)?;
    let is_start = indent_width(line) < 4
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_without_header_gets_an_empty_one() {
        for (text, converted) in [
            (
                "a\n\n| b | c |\n| d | e |\n\nf\n",
                "a\n\n| | |\n|---|---|\n| b | c |\n| d | e |\n\nf\n",
            ),
            ("|---|\n| b |\n|===|\n| c |", "| |\n|---|\n| b |\n| c |"),
            ("| b |\n|---|\n| c |\n", "| b |\n|---|\n| c |\n"),
            ("a\n| b |\n", "a\n| b |\n"),
            ("| b |\nc\n", "| b |\nc\n"),
            ("```\n\n| b |\n```\n", "```\n\n| b |\n```\n"),
        ] {
            assert_eq!(convert_tables_and_links(text), converted, "{text}");
        }
    }

    #[test]
    fn links_with_spaces_are_converted() {
        for (text, converted) in [
            (
                "[a b](/c d.pdf) ![e](f g.png \"h\")",
                "[a b](/c%20d.pdf) ![e](f%20g.png \"h\")",
            ),
            ("[a] [b]\n\n[b]: /c\n", "[a][b]\n\n[b]: /c\n"),
            ("[a] [b]", "[a] [b]"),
            (
                "`[a](b c)` [d](<e f>) [g](h \"i\")",
                "`[a](b c)` [d](<e f>) [g](h \"i\")",
            ),
            ("    [a](b c)\n", "    [a](b c)\n"),
        ] {
            assert_eq!(convert_tables_and_links(text), converted, "{text}");
        }
    }

    #[test]
    fn markdown_in_html_blocks_is_separated() {
        for (text, separated) in [
            (
                "<div markdown=\"1\">\n**a**\n<div>b</div>\n</div>\nc\n",
                "<div markdown=\"1\">\n\n\n**a**\n<div>b</div>\n\n\n</div>\n\n\nc\n",
            ),
            (
                "<div class=a markdown=1>a</div>",
                "<div class=a markdown=1>\n\na\n\n</div>\n\n",
            ),
            (
                "<div markdown=\"0\">\na\n</div>\n",
                "<div markdown=\"0\">\na\n</div>\n",
            ),
            (
                "```\n<div markdown=\"1\">\n```\n",
                "```\n<div markdown=\"1\">\n```\n",
            ),
        ] {
            assert_eq!(separate_markdown_blocks(text), separated, "{text}");
        }
    }
}
