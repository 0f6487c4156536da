//! Replaces tags, components and expressions by their text, or removes them.

use crate::links::{MAX_ADDRESS_BYTES, OpenAddress, find_open_address};
use crate::model::markup::Markup;
use crate::text::code_fences::indent_width;
use crate::text::{code_spans, first_bytes};
use std::collections::HashMap;

use super::body_cursor::{BodyCursor, MAX_SEARCHED_NAMES};
use super::embed::{self, Replacement};
use super::mdx;
use super::removed::RemovalReason;
use super::template_tag::{self, TemplateTag};
use super::variables::Variables;

/// Scheme of a placeholder for an address that only the generator can resolve. Sanitizing drops such an
/// address and keeps the link's text.
pub(super) const UNRESOLVED_SCHEME: &str = "x-unresolved:";

/// Maximum bytes of an element's content on one line that is read as Markdown in MDX.
const MAX_CONTENT_BYTES: usize = 4_000;

/// Positions of the last closing tag of each name.
#[derive(Default)]
pub(super) struct ClosingTags {
    last_by_name: HashMap<String, Option<usize>>,
}

impl ClosingTags {
    /// Returns true if a closing tag follows.
    fn has_closing_tag(&mut self, cursor: &BodyCursor<'_>, tag: &TemplateTag<'_>) -> bool {
        if self.last_by_name.len() >= MAX_SEARCHED_NAMES
            && !self.last_by_name.contains_key(tag.name)
        {
            return false;
        }
        let last = self
            .last_by_name
            .entry(tag.name.to_owned())
            .or_insert_with(|| template_tag::find_last_closing_tag(tag, cursor.body));
        last.is_some_and(|last| last >= cursor.position)
    }
}

/// Replaces the tag that begins at `begin` and ends at the current position.
pub(super) fn process_tag(
    cursor: &mut BodyCursor<'_>,
    closing_tags: &mut ClosingTags,
    tag: &TemplateTag<'_>,
    begin: usize,
    variables: &mut Variables<'_>,
    is_conditional: bool,
) {
    match embed::replace_tag(tag, variables) {
        Replacement::Empty => {}
        Replacement::Text(text) => {
            let text = separate_caption(text, &cursor.output);
            push_replacement(cursor, &text);
        }
        Replacement::Value(value) if variables.reserve_insertion(value.len()) => {
            // In Jekyll `site.url` is only the part before `site.baseurl`.
            let is_repeated = value.contains("://") && cursor.output.ends_with(&value);
            cursor
                .output
                .push_str(if is_repeated { "" } else { &value });
        }
        Replacement::PostUrl(url) => {
            push_post_url(cursor, &url, tag, begin, variables);
        }
        Replacement::Value(_) | Replacement::Unresolved => {
            drop_unknown_output(cursor, tag.display_name(), begin);
        }
        Replacement::Assignment => {
            let written = cursor.body.get(begin..cursor.position).unwrap_or_default();
            // A hidden section assigns nothing.
            let is_conditional = is_conditional || cursor.section.is_some();
            variables.assign_variable(written, is_conditional);
        }
        Replacement::Verbatim => {
            let (inside, length) = content_until_end(cursor, tag.name).unwrap_or_default();
            cursor.output.push_str(inside);
            cursor.position += length;
        }
        Replacement::Code(language) => {
            let (inside, length) = content_until_end(cursor, tag.name).unwrap_or_default();
            let inside = inside.trim_matches('\n');
            let fence = code_spans::fence_around(inside);
            let block = format!("\n{fence}{language}\n{inside}\n{fence}\n");
            cursor.output.push_str(&block);
            cursor.position += length;
        }
        Replacement::Removed(is_reported) => {
            if let Some((_, length)) = content_until_end(cursor, tag.name) {
                cursor.position += length;
            }
            if is_reported {
                cursor.record_removal(tag.display_name(), begin, RemovalReason::UnknownOutput);
            }
        }
        Replacement::Unknown if tag.is_closing || closing_tags.has_closing_tag(cursor, tag) => {
            // Below HTML, Markdown begins after a blank line.
            let name = tag.name.trim_start_matches("end");
            if matches!(name, "markdown" | "md") && is_at_line_start(&cursor.output) {
                cursor.output.push_str("\n\n");
            }
        }
        Replacement::Unknown => drop_unknown_output(cursor, tag.display_name(), begin),
    }
}

/// Writes the placeholder URL of a post as the target of the open link, or as a link whose text is the address.
fn push_post_url(
    cursor: &mut BodyCursor<'_>,
    url: &str,
    tag: &TemplateTag<'_>,
    begin: usize,
    variables: &Variables<'_>,
) {
    let home = variables.site.url.as_str().trim_end_matches('/');
    let home_path = variables.site.url.path().trim_end_matches('/');
    let address = find_open_address(&cursor.output).filter(|_| cursor.section.is_none());
    let start = match &address {
        Some(OpenAddress::Target(at) | OpenAddress::Shown(at)) => *at,
        None => cursor.output.len(),
    };
    let before = cursor.output.get(start..).unwrap_or_default();
    // The address is of the site, as in `{{ site.url }}{% post_url a %}`.
    let path = before.trim_start_matches('<').trim_end_matches('/');
    if ![home, home_path, ""].contains(&path) {
        return drop_unknown_output(cursor, tag.display_name(), begin);
    }
    let is_autolink = before.starts_with('<') && cursor.remaining_text().starts_with('>');
    cursor.position += usize::from(is_autolink);
    cursor.output.truncate(start);
    let (before, after) = match address {
        Some(OpenAddress::Target(_)) => ("", ""),
        _ if variables.page.markup == Markup::Html => ("<a href=\"", "\"></a>"),
        _ => ("[](", ")"),
    };
    cursor.output.extend([before, url, after]);
}

/// Leaves out the construct that begins at `begin`, because only the generator knows what it shows. An address
/// with such a part leads nowhere, so it is dropped too.
fn drop_unknown_output(cursor: &mut BodyCursor<'_>, name: String, begin: usize) {
    let address = match cursor.section {
        Some(_) => None,
        None => find_open_address(&cursor.output),
    };
    let reason = match address {
        Some(OpenAddress::Target(at)) => {
            if !cursor
                .output
                .get(at..)
                .is_some_and(|address| address.starts_with(UNRESOLVED_SCHEME))
            {
                cursor.output.insert_str(at, UNRESOLVED_SCHEME);
            }
            RemovalReason::UnresolvedAddress
        }
        Some(OpenAddress::Shown(at)) => {
            cursor.output.truncate(at);
            let rest = first_bytes(cursor.remaining_text(), MAX_ADDRESS_BYTES);
            let is_end = |c: char| {
                c.is_whitespace() || matches!(c, '<' | '>' | '{' | '(' | ')' | '[' | ']' | '"')
            };
            let end = rest.find(is_end).unwrap_or(rest.len());
            cursor.position +=
                end + usize::from(rest.get(end..).is_some_and(|rest| rest.starts_with('>')));
            RemovalReason::UnknownOutput
        }
        None => RemovalReason::UnknownOutput,
    };
    // `*{{ x }} a*` would become a list item, and `*{{ x }}*` is nothing.
    if let Some(mark) = find_emphasis_start(cursor) {
        let rest = cursor.remaining_text();
        if rest.starts_with(mark) {
            cursor.output.truncate(cursor.output.len() - mark.len());
            cursor.position += mark.len();
        } else {
            cursor.position += indent_width(rest);
        }
    }
    cursor.record_removal(name, begin, reason);
}

/// Returns the mark of emphasis that the output ends in, to which a word must be joined.
fn find_emphasis_start(cursor: &BodyCursor<'_>) -> Option<&'static str> {
    ["*", "_", "**"].into_iter().find(|mark| {
        let before = cursor.output.strip_suffix(mark);
        before.is_some_and(|before| before.is_empty() || before.ends_with([' ', '\n']))
            && cursor.section.is_none()
    })
}

/// Returns true if a text ends in a line that is empty but for its indent.
fn is_at_line_start(text: &str) -> bool {
    let bytes = text.bytes().rev().take(MAX_ADDRESS_BYTES);
    let mut bytes = bytes.skip_while(|byte| matches!(byte, b' ' | b'\t'));
    bytes.next().is_none_or(|byte| byte == b'\n')
}

/// Writes a replacement. A figure is followed by a blank line, or Markdown after it would be part of its
/// HTML block.
fn push_replacement(cursor: &mut BodyCursor<'_>, text: &str) {
    cursor.output.push_str(text);
    if text.starts_with("<figure") {
        cursor.output.push_str("\n\n");
    }
}

/// Puts blank lines around a figure's caption that may have Markdown, which HTML blocks keep as it is. Within a line
/// there is no place for them.
fn separate_caption(figure: String, output: &str) -> String {
    let parts = figure.split_once("<figcaption>");
    let parts = parts.and_then(|(begin, rest)| {
        let (caption, end) = rest.rsplit_once("</figcaption>")?;
        let has_marks = caption.contains(['*', '_', '`', '[']);
        (has_marks && is_at_line_start(output)).then_some([begin, caption.trim(), end])
    });
    let Some([begin, caption, end]) = parts else {
        return figure;
    };
    let indent = output.rsplit('\n').next().unwrap_or_default();
    format!("{begin}<figcaption>\n\n{indent}{caption}\n\n{indent}</figcaption>{end}")
}

/// Returns the text before a tag's end, and its length including the end tag.
fn content_until_end<'a>(cursor: &mut BodyCursor<'a>, name: &str) -> Option<(&'a str, usize)> {
    // If one tag has no end, later ones of that name have none either, in any letter case.
    let known = name.to_ascii_lowercase();
    if cursor.unclosed_names.contains(&known) || cursor.unclosed_names.len() >= MAX_SEARCHED_NAMES {
        return None;
    }
    let found = template_tag::find_end_tag(name, cursor.remaining_text());
    if found.is_none() {
        cursor.unclosed_names.insert(known);
    }
    found
}

pub(super) fn process_component(cursor: &mut BodyCursor<'_>, rest: &str) {
    let Some(component) = cursor.try_parse(|| mdx::parse_component(rest)) else {
        return cursor.copy_bytes(1);
    };
    let begin = cursor.position;
    cursor.position += component.length;
    if let Some(html) = component.to_html() {
        // The content of a block is Markdown in MDX, but in `CommonMark` only between blank lines.
        let mut blocks = crate::kramdown::HTML_BLOCK_ELEMENTS.split(' ');
        let is_block = blocks.any(|name| name == component.name);
        if is_block && html.starts_with("</") {
            let line = cursor.output.bytes().rev().take(MAX_CONTENT_BYTES);
            let mut line = line.take_while(|byte| *byte != b'\n');
            if is_at_line_start(&cursor.output) {
                cursor.output.push('\n');
            } else if !line.any(|byte| byte == b'<') {
                cursor.output.push_str("\n\n");
            }
        }
        cursor.output.push_str(&html);
        if is_block && cursor.remaining_text().starts_with('\n') {
            cursor.output.push('\n');
        } else if is_block && holds_inline_markdown(component.name, cursor.remaining_text()) {
            cursor.output.push_str("\n\n");
        }
    } else if let Some(text) = embed::replace_component(&component) {
        push_replacement(cursor, &text);
    } else if component.is_self_closing {
        cursor.record_removal(
            format!("<{} />", component.name),
            begin,
            RemovalReason::UnknownOutput,
        );
    }
}

/// Returns true if an element ends on the line of its content, which has marks of Markdown. A paragraph holds no other.
fn holds_inline_markdown(name: &str, rest: &str) -> bool {
    let line = first_bytes(rest, MAX_CONTENT_BYTES).lines().next();
    let content = line.unwrap_or_default().split_once(&format!("</{name}>"));
    let marks = ["`", "](", "**", "__"];
    name != "p"
        && content.is_some_and(|(text, _)| {
            !text.contains('<') && marks.iter().any(|mark| text.contains(mark))
        })
}

pub(super) fn process_expression(cursor: &mut BodyCursor<'_>, rest: &str) {
    if template_tag::ends_with_formula(&cursor.output) {
        return cursor.copy_bytes(1);
    }
    let Some((text, length)) = cursor.try_parse(|| mdx::parse_expression(rest)) else {
        return cursor.copy_bytes(1);
    };
    let begin = cursor.position;
    cursor.position += length;
    match text {
        Some(text) => cursor.output.push_str(text),
        None => drop_unknown_output(cursor, "{…}".to_owned(), begin),
    }
}
