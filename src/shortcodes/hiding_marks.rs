//! Tells whether a body may contain a hidden section, without a full scan.

use super::element::is_locked_name;
use super::hidden_sections::{MAX_UNPARSED_TAGS, parse_hiding_tag};
use super::{comments, directive_lines};
use crate::text::escapes::contains_ignoring_case;
use memchr::memmem;

/// Maximum tags that are parsed before the body is searched for names of hiding attributes. Most bodies have fewer, and
/// parsing one is fifty times faster than the search.
const MAX_TAGS_BEFORE_SEARCH: usize = 16;

/// Returns true if a body may have a comment or a hidden section of any dialect.
pub(crate) fn may_hide_content(body: &str) -> bool {
    let mut has_hiding_attribute = None;
    let mut tags = 0;
    let mut unreadable = 0;
    memchr::memchr3_iter(b'<', b'%', b'[', body.as_bytes()).any(|at| {
        let from = body.get(at..).unwrap_or_default();
        match from.as_bytes() {
            [b'<', b'!', ..] => {
                let is_comment = from.starts_with("<!--");
                is_comment
                    && (!comments::is_simple_html_comment(from)
                        || comments::parse_section_marker(from).is_some())
            }
            [b'<', next, ..] if next.is_ascii_alphabetic() => {
                tags += 1;
                let attribute = tags <= MAX_TAGS_BEFORE_SEARCH
                    || *has_hiding_attribute.get_or_insert_with(|| may_have_hiding_attribute(body));
                let is_hiding = parse_hiding_tag(from, attribute, &mut unreadable).is_some();
                is_hiding || unreadable >= MAX_UNPARSED_TAGS
            }
            [b'<', ..] => false,
            [b'%', ..] => from.starts_with("%%"),
            _ => {
                comments::link_comment_length(from).is_some()
                    || directive_lines::parse_callout_name(from).is_some_and(is_locked_name)
            }
        }
    }) || memmem::find(body.as_bytes(), b"{::comment").is_some()
}

/// Returns true if an element for code may have a comment or a hidden section of HTML, or of templates if
/// they are interpreted.
pub(super) fn may_hide_in_element(code: &str, has_templates: bool) -> bool {
    let has_hiding_attribute = may_have_hiding_attribute(code);
    let mut unreadable = 0;
    let has_element = memchr::memchr_iter(b'<', code.as_bytes())
        .skip(1)
        .any(|at| {
            let from = code.get(at..).unwrap_or_default();
            let is_comment = from.starts_with("<!--")
                && (!comments::is_simple_html_comment(from)
                    || comments::parse_section_marker(from).is_some());
            is_comment
                || parse_hiding_tag(from, has_hiding_attribute, &mut unreadable).is_some()
                || unreadable >= MAX_UNPARSED_TAGS
        });
    has_element || (has_templates && has_hiding_template_tag(code))
}

/// Returns true if a text has a template comment, or a template tag with a locked word. Escaped tags are code.
fn has_hiding_template_tag(code: &str) -> bool {
    let begins_comment = |begin: &str| memmem::find(code.as_bytes(), begin.as_bytes()).is_some();
    if ["{{/*", "{{- /*", "{{!"].into_iter().any(begins_comment)
        || (begins_comment("{#") && begins_comment("#}"))
    {
        return true;
    }
    let mut tags = code.split('{').skip(1).filter(|tag| {
        let is_escaped = tag.starts_with("</*") || tag.starts_with("%/*");
        tag.starts_with(['%', '<', '#']) && !is_escaped
    });
    tags.any(|tag| {
        let inside = tag.split_once('}').map_or(tag, |(inside, _)| inside);
        let is_comment = |word: &str| word.starts_with('#') || word.eq_ignore_ascii_case("comment");
        inside
            .split(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '_' | '#'))
            .any(|word| is_comment(word) || is_locked_name(word))
    })
}

/// Returns true if an attribute in a body may hide an element. Most bodies have none.
pub(super) fn may_have_hiding_attribute(body: &str) -> bool {
    // Only a value may have references, so that these names always occur as such.
    ["hidden", "style", "<dialog"]
        .iter()
        .any(|word| contains_ignoring_case(body.as_bytes(), word.as_bytes()))
}
