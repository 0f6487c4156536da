//! Removes comments, and sections that are locked or hidden from readers.
//!
//! A section without an end hides everything after it, because where it was meant to end is unknown.

use super::body_cursor::{BodyCursor, MAX_SEARCHED_NAMES, SectionEnd};
use super::comments::{self, Comment, SectionMarker};
use super::directive_lines::{self, ContainerLine};
use super::element::{self, StartTag, is_locked_element, is_locked_name};
use super::removed::RemovalReason;
use crate::text::code_fences::indent_width;
use crate::text::excerpt_mark::{self, EXCERPT_MARK};

/// Maximum number of HTML tags that may fail to parse before the rest is no longer examined.
pub(super) const MAX_UNPARSED_TAGS: usize = 1_000;
/// Maximum number of nested containers in a section. With more of them the section is taken to have no end.
const MAX_OPEN_CONTAINERS: usize = 1_000;

/// Parses the start tag at the start of a text if it hides its content. Counts the tags that cannot be parsed.
pub(super) fn parse_hiding_tag<'t>(
    rest: &'t str,
    has_hiding_attribute: bool,
    unparsed_tags: &mut usize,
) -> Option<StartTag<'t>> {
    let name = element::parse_start_tag_name(rest)?;
    let may_hide = has_hiding_attribute || is_locked_element(name);
    if !may_hide || *unparsed_tags >= MAX_UNPARSED_TAGS {
        return None;
    }
    let tag = element::parse_start_tag(rest);
    *unparsed_tags += usize::from(tag.is_none());
    tag.filter(|tag| tag.is_locked || tag.is_hidden)
}

/// Removes the template or kramdown comment at the current position. Returns false if there is none.
pub(super) fn remove_brace_comment(
    cursor: &mut BodyCursor<'_>,
    rest: &str,
    has_templates: bool,
) -> bool {
    let mut found =
        comments::parse_kramdown_comment(rest, |end, from| cursor.find_delimiter(end, from));
    if found.is_none() && has_templates {
        found =
            comments::parse_template_comment(rest, |end, from| cursor.find_delimiter(end, from));
    }
    match found {
        Some(Comment::Closed(length)) => {
            if excerpt_mark::is_mdx_mark(rest.get(..length).unwrap_or_default()) {
                cursor.output.push_str(EXCERPT_MARK);
            }
            cursor.position += length;
        }
        Some(Comment::Unclosed) => {
            let name = rest.split_whitespace().next().unwrap_or_default();
            cursor.remove_rest(name.chars().take(12).collect(), cursor.position);
        }
        None => return false,
    }
    true
}

/// Removes an Obsidian comment, `%%…%%`. At the start of a line it needs no end.
pub(super) fn remove_obsidian_comment(cursor: &mut BodyCursor<'_>, rest: &str) {
    let run = rest.bytes().take_while(|byte| *byte == b'%').count();
    let is_comment = run == 2 && !cursor.output.ends_with(|c: char| c.is_ascii_digit());
    if !is_comment {
        return cursor.copy_bytes(run);
    }
    let begin = cursor.position;
    match cursor.find_delimiter("%%", 2) {
        Some(at) => {
            cursor.position += at + 2;
            let inside = rest.get(..at).unwrap_or_default();
            if !cursor.is_at_line_start(begin) && inside.contains("\n\n") {
                cursor.record_removal("%%…%%".to_owned(), begin, RemovalReason::Locked);
            }
        }
        None if cursor.is_at_line_start(begin) => cursor.remove_rest("%%".to_owned(), begin),
        None => cursor.copy_bytes(2),
    }
}

/// Removes an HTML comment, as Markdown may show a part of it. Returns false if there is none.
pub(super) fn remove_html_comment(cursor: &mut BodyCursor<'_>, rest: &str) -> bool {
    let begin = cursor.position;
    match comments::parse_html_comment(rest, |end, from| cursor.find_delimiter(end, from)) {
        None => return false,
        Some(Comment::Unclosed) => cursor.remove_rest("<!--".to_owned(), begin),
        // An empty comment keeps the texts around it apart.
        Some(Comment::Closed(length)) => {
            let marker = comments::parse_section_marker(rest);
            if marker.is_some_and(|marker| apply_section_marker(cursor, rest, marker, length)) {
                return true;
            }
            let is_mark = excerpt_mark::starts_with_mark(rest);
            cursor
                .output
                .push_str(if is_mark { EXCERPT_MARK } else { "<!---->" });
            cursor.position += length;
        }
    }
    true
}

/// Begins or ends a section at an HTML comment. Returns true if the comment was consumed.
fn apply_section_marker(
    cursor: &mut BodyCursor<'_>,
    rest: &str,
    marker: SectionMarker,
    length: usize,
) -> bool {
    let begins = cursor.section.is_none() && !marker.is_end;
    if begins && (marker.hides_without_end || has_marker_end(cursor, &marker)) {
        let label = rest.get(..length).unwrap_or_default().to_owned();
        cursor.begin_section(label, length, SectionEnd::Marker(marker.name, 0));
        return true;
    }
    let end = cursor.section.as_mut().map(|section| &mut section.end);
    let Some(SectionEnd::Marker(_, depth)) =
        end.filter(|end| matches!(end, SectionEnd::Marker(name, _) if *name == marker.name))
    else {
        return false;
    };
    if !marker.is_end {
        *depth += 1;
        return false;
    }
    if let Some(outer_depth) = depth.checked_sub(1) {
        *depth = outer_depth;
        return false;
    }
    cursor.position += length;
    cursor.end_section(RemovalReason::Locked);
    true
}

/// Returns true if an HTML comment that ends the section follows.
fn has_marker_end(cursor: &mut BodyCursor<'_>, marker: &SectionMarker) -> bool {
    let key = format!("<!-- /{}", marker.name);
    if cursor.unclosed_names.contains(&key) {
        return false;
    }
    // With more names than any site has, the search would cost too much.
    if cursor.unclosed_names.len() >= MAX_SEARCHED_NAMES {
        return true;
    }
    let rest = cursor.remaining_text();
    let is_found = rest.match_indices("<!--").any(|(at, _)| {
        let other = rest.get(at..).and_then(comments::parse_section_marker);
        other.is_some_and(|other| other.is_end && other.name == marker.name)
    });
    if !is_found {
        cursor.unclosed_names.insert(key);
    }
    is_found
}

/// Removes a link definition that is used as a comment. Returns false if there is none.
pub(super) fn remove_link_comment(cursor: &mut BodyCursor<'_>, rest: &str) -> bool {
    let length = comments::link_comment_length(rest);
    cursor.position += length.unwrap_or_default();
    length.is_some()
}

/// Begins or ends a section at an HTML tag. Returns true if the tag was consumed.
pub(super) fn apply_section_tag<'a>(
    cursor: &mut BodyCursor<'a>,
    rest: &'a str,
    has_hiding_attribute: bool,
    unparsed_tags: &mut usize,
) -> bool {
    match cursor.section.as_mut().map(|section| &mut section.end) {
        Some(SectionEnd::Element(name, depth)) => {
            let name = *name;
            let is_same = |other: &str| other.eq_ignore_ascii_case(name);
            if element::parse_end_tag_name(rest).is_some_and(is_same) {
                if let Some(outer_depth) = depth.checked_sub(1) {
                    *depth = outer_depth;
                    return false;
                }
                let length = rest.find('>').map_or(rest.len(), |at| at + 1);
                cursor.position += length;
                cursor.end_section(RemovalReason::Locked);
                return true;
            }
            if element::parse_start_tag_name(rest).is_some_and(is_same)
                && element::parse_start_tag(rest).is_some_and(|tag| !tag.is_empty_element)
            {
                *depth += 1;
            }
            false
        }
        Some(_) => false,
        None => {
            let Some(tag) = parse_hiding_tag(rest, has_hiding_attribute, unparsed_tags) else {
                return false;
            };
            if tag.is_empty_element {
                // A component without content is replaced like any other.
                cursor.position += if tag.is_hidden { tag.length } else { 0 };
                return tag.is_hidden;
            }
            let suffix = if tag.is_locked { "" } else { " hidden" };
            let name = format!("<{}{suffix}>", tag.name);
            cursor.begin_section(name, tag.length, SectionEnd::Element(tag.name, 0));
            true
        }
    }
}

/// Begins or ends a section at a line of colons. Returns true if the line was consumed.
pub(super) fn apply_container_line(cursor: &mut BodyCursor<'_>, line: &str) -> bool {
    let (markers, text) = directive_lines::split_block_markers(line);
    let Some(container) = directive_lines::parse_container(text.trim()) else {
        return false;
    };
    let ContainerLine {
        name,
        is_opening: opens,
        ..
    } = container;
    let container_fence = (container.colons, markers.matches('>').count());
    match cursor.section.as_mut().map(|section| &mut section.end) {
        Some(SectionEnd::Container(open)) => {
            if opens {
                // With too many nested containers everything after is removed.
                open.push(container_fence);
                let is_nested_too_deeply = open.len() > MAX_OPEN_CONTAINERS;
                cursor.position = if is_nested_too_deeply {
                    cursor.body.len()
                } else {
                    cursor.position
                };
            } else if markers.chars().all(|c| c == '>' || c.is_whitespace())
                && let Some(at) = open.iter().rposition(|other| *other == container_fence)
            {
                open.truncate(at);
            }
            let has_ended = open.is_empty();
            cursor.position += line.len();
            if has_ended {
                cursor.end_section(RemovalReason::Locked);
            }
        }
        Some(_) => return false,
        None if opens && name.split_whitespace().any(is_locked_name) => {
            let short_name: String = name.chars().take(40).collect();
            let label = ":".repeat(container.colons.min(10)) + &short_name;
            copy_block_markers(cursor, markers);
            if container.may_be_leaf && !has_container_end(cursor) {
                let begin = cursor.position;
                cursor.position += line.len();
                cursor.record_removal(label, begin, RemovalReason::Locked);
            } else {
                cursor.begin_section(
                    label,
                    line.len(),
                    SectionEnd::Container(vec![container_fence]),
                );
            }
        }
        None => return false,
    }
    true
}

/// Returns true if a line follows that ends a container of two colons.
fn has_container_end(cursor: &mut BodyCursor<'_>) -> bool {
    if cursor.unclosed_names.contains("::") {
        return false;
    }
    let mut lines = cursor
        .remaining_text()
        .lines()
        .map(directive_lines::split_block_markers);
    let is_found = lines.any(|(_, text)| text.trim() == "::");
    if !is_found {
        cursor.unclosed_names.insert("::".to_owned());
    }
    is_found
}

/// Copies the quote and list marks of a line, as later lines may belong to the same quote or item.
fn copy_block_markers(cursor: &mut BodyCursor<'_>, marks: &str) {
    if !marks.trim().is_empty() {
        cursor.output.push_str(marks.trim_end());
        cursor.output.push('\n');
    }
}

/// Begins a section at a callout or admonition with a locked name. Returns false if the line begins none.
pub(super) fn begin_block_section(
    cursor: &mut BodyCursor<'_>,
    line: &str,
    has_templates: bool,
) -> bool {
    if cursor.section.is_some() {
        return false;
    }
    if let Some((marks, name)) =
        directive_lines::parse_callout(line).filter(|(_, name)| is_locked_name(name))
    {
        let label = format!("[!{}]", name.chars().take(40).collect::<String>());
        let quote_depth = marks.matches('>').count();
        let (before, _) = marks.rsplit_once('>').unwrap_or_default();
        copy_block_markers(cursor, before);
        cursor.begin_section(label, line.len(), SectionEnd::Quote(quote_depth));
        return true;
    }
    let name = directive_lines::parse_admonition(line)
        .filter(|name| has_templates && is_locked_name(name));
    if let Some(name) = name {
        let label = format!("!!! {}", name.chars().take(40).collect::<String>());
        cursor.begin_section(label, line.len(), SectionEnd::Indented(indent_width(line)));
    }
    name.is_some()
}

/// Ends a callout or admonition before a line that is outside of it. Returns true if one ended.
pub(super) fn end_block_section_before(cursor: &mut BodyCursor<'_>, line: &str) -> bool {
    let has_ended = match cursor.section.as_ref().map(|section| &section.end) {
        Some(SectionEnd::Quote(quote_depth)) => !directive_lines::is_in_quote(line, *quote_depth),
        Some(SectionEnd::Indented(indent)) => {
            !line.trim().is_empty() && indent_width(line) <= *indent
        }
        _ => false,
    };
    if has_ended {
        cursor.end_section(RemovalReason::Locked);
    }
    has_ended
}

/// Removes an inline directive with a locked name: `:private[…]`.
pub(super) fn remove_locked_directive(cursor: &mut BodyCursor<'_>, rest: &str) {
    let colons = rest.len() - rest.trim_start_matches(':').len();
    let name = directive_lines::parse_directive_name(rest).filter(|name| is_locked_name(name));
    let Some(name) = name.filter(|_| !cursor.is_escaped()) else {
        return cursor.copy_bytes(colons);
    };
    let begin = cursor.position;
    let label = format!(":{}", name.chars().take(40).collect::<String>());
    let head = colons + name.len();
    match rest.get(head..).and_then(directive_lines::label_length) {
        Some(length) => {
            cursor.position += head + length;
            cursor.record_removal(label, begin, RemovalReason::Locked);
        }
        None => cursor.remove_rest(label, begin),
    }
}
