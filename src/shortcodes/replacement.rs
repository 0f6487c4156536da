//! Replaces tags, components and expressions by their text, or removes them.

use std::collections::HashMap;

use super::body_cursor::{BodyCursor, MAX_SEARCHED_NAMES};
use super::embed::{self, Replacement};
use super::removed::RemovalReason;
use super::site_vars::SiteVars;
use super::template_tag::{self, TemplateTag};
use super::{code_spans, mdx};

/// Scheme of a placeholder for an address that only the generator can resolve. Sanitizing drops such an
/// address and keeps the link's text.
pub(super) const UNRESOLVED_SCHEME: &str = "x-unresolved:";

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
    site: &SiteVars,
) {
    match embed::replace_tag(tag, site) {
        Replacement::Empty => {}
        Replacement::Text(text) => push_replacement(cursor, &text),
        Replacement::Unresolved => {
            let in_address = ["](", "](<", "=\"", "='"]
                .iter()
                .any(|begin| cursor.output.ends_with(begin));
            cursor
                .output
                .push_str(if in_address { UNRESOLVED_SCHEME } else { "" });
            let reason = if in_address {
                RemovalReason::UnresolvedAddress
            } else {
                RemovalReason::UnknownOutput
            };
            cursor.record_removal(tag.display_name(), begin, reason);
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
        Replacement::Unknown if tag.is_closing => {}
        Replacement::Unknown if closing_tags.has_closing_tag(cursor, tag) => {}
        Replacement::Unknown => {
            cursor.record_removal(tag.display_name(), begin, RemovalReason::UnknownOutput)
        }
    }
}

/// Writes a replacement. A figure is followed by a blank line, or Markdown after it would be part of its
/// HTML block.
fn push_replacement(cursor: &mut BodyCursor<'_>, text: &str) {
    cursor.output.push_str(text);
    if text.starts_with("<figure") {
        cursor.output.push_str("\n\n");
    }
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
        cursor.output.push_str(&html);
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
        None => cursor.record_removal("{…}".to_owned(), begin, RemovalReason::UnknownOutput),
    }
}
