//! Parses start tags of HTML elements and components, and decides which ones mark their content as locked or hidden.

use super::mdx;
pub(super) use crate::model::locked_names::{has_locked_substring, is_locked_name};
use crate::text::escapes::{self, decode_ascii_references};
use crate::text::first_bytes;

/// Maximum length of a start tag, in bytes. A longer one is not parsed.
const MAX_START_TAG_BYTES: usize = 4_000;

/// Maximum length of a start tag with a locked name, in bytes. A longer one is text.
const MAX_LOCKED_TAG_BYTES: usize = 100_000;

/// Returns true if an element's name is locked. The component `<Members>` lists people.
pub(super) fn is_locked_element(name: &str) -> bool {
    name != "Members" && is_locked_name(name)
}

/// Start tag of an element or component.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StartTag<'a> {
    pub(super) name: &'a str,
    /// Length in bytes.
    pub(super) length: usize,
    /// True if it has no content: `<Name />`, `<img>`.
    pub(super) is_empty_element: bool,
    /// True if its name is locked.
    pub(super) is_locked: bool,
    /// True if browsers do not show it: `hidden`, `style="display: none"`.
    pub(super) is_hidden: bool,
}

/// Parses the start tag at the start of a text.
pub(super) fn parse_start_tag(rest: &str) -> Option<StartTag<'_>> {
    let name = parse_start_tag_name(rest)?;
    let is_locked = is_locked_element(name);
    let text = first_bytes(rest, MAX_START_TAG_BYTES);
    match parse_attributes(text, 1 + name.len()) {
        Some((length, is_self_closing, has_hiding_attribute, is_open)) => {
            let is_hidden =
                has_hiding_attribute || (name.eq_ignore_ascii_case("dialog") && !is_open);
            let is_void = mdx::HTML_VOID_ELEMENTS.contains(&name.to_ascii_lowercase().as_str());
            // On an HTML element the closing slash has no effect.
            let is_html = name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
                && !is_locked;
            Some(StartTag {
                name,
                length,
                is_empty_element: is_void || (is_self_closing && !(is_html && is_hidden)),
                is_locked,
                is_hidden,
            })
        }
        // A tag that is malformed or too long is still locked by its name.
        None if is_locked && first_bytes(rest, MAX_LOCKED_TAG_BYTES).contains('>') => {
            Some(StartTag {
                name,
                length: 1 + name.len(),
                is_empty_element: false,
                is_locked,
                is_hidden: false,
            })
        }
        None => None,
    }
}

/// Parses the element name of a start tag at the start of a text.
pub(super) fn parse_start_tag_name(rest: &str) -> Option<&str> {
    parse_element_name(rest.strip_prefix('<')?)
}

/// Parses the element name of an end tag at the start of a text.
pub(super) fn parse_end_tag_name(rest: &str) -> Option<&str> {
    parse_element_name(rest.strip_prefix("</")?)
}

fn parse_element_name(inside: &str) -> Option<&str> {
    let end = inside
        .find(|c: char| !c.is_alphanumeric() && !matches!(c, '.' | '-' | '_' | ':'))
        .unwrap_or(inside.len());
    let (name, tail) = inside.split_at_checked(end)?;
    // A URL has a colon too: `<https://e.org>`.
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic()) && !name.ends_with(':');
    (is_name && tail.starts_with([' ', '\n', '\t', '\r', '>', '/'])).then_some(name)
}

/// Parses attributes from `at` to the end of the start tag. Returns the tag's length, whether it ends with a
/// slash, whether an attribute hides the element, and whether it has the attribute `open`.
fn parse_attributes(text: &str, at: usize) -> Option<(usize, bool, bool, bool)> {
    let mut tail = text.get(at..)?;
    let mut is_hidden = false;
    let mut is_open = false;
    loop {
        tail = tail.trim_start();
        if let Some(after) = tail.strip_prefix("/>") {
            return Some((text.len() - after.len(), true, is_hidden, is_open));
        }
        if let Some(after) = tail.strip_prefix('>') {
            return Some((text.len() - after.len(), false, is_hidden, is_open));
        }
        if let Some(after) = tail.strip_prefix('/') {
            tail = after;
            continue;
        }
        if tail.starts_with('{') {
            tail = tail.get(mdx::braced_length(tail)?..)?;
            continue;
        }
        let end = tail
            .find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/'))
            .filter(|end| *end > 0)?;
        let (name, after) = tail.split_at_checked(end)?;
        tail = after;
        let mut value = None;
        if let Some(after) = after.trim_start().strip_prefix('=') {
            let after = after.trim_start();
            let end = match after.chars().next()? {
                quote @ ('"' | '\'') => after.get(1..)?.find(quote)? + 2,
                '{' => mdx::braced_length(after)?,
                _ => after.find(|c: char| c.is_whitespace() || c == '>')?,
            };
            value = after.get(..end);
            tail = after.get(end..)?;
        }
        is_hidden |= is_hiding_attribute(name, value);
        is_open |= name.eq_ignore_ascii_case("open");
    }
}

/// Returns true if an attribute keeps browsers from showing the element.
fn is_hiding_attribute(name: &str, value: Option<&str>) -> bool {
    let value = decode_ascii_references(value.unwrap_or_default());
    if name.eq_ignore_ascii_case("hidden") {
        return escapes::normalize_value(&value) != "{false}";
    }
    if name.eq_ignore_ascii_case("style") {
        return escapes::is_hiding_style(&value);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_locked_in_any_spelling() {
        for name in [
            "encrypt",
            "Encrypted",
            "hugo-encrypt",
            "PasswordProtected",
            "password_protected",
            "passwordprotected",
            "protect",
            "private",
            "PrivateNote",
            "secret",
            "draft",
            "isDraft",
            "draft-only",
            "hidden",
            "hide",
            "hideBox",
            "members",
            "members-only",
            "MembersOnly",
            "membersonly",
            "memberOnly",
            "todo",
            "TODO",
            "ToDo",
            "TODOList",
            "post.locked",
            "Paywall",
            "members-area",
            "for-members",
            "lock",
            "LoginBox",
            "confidential",
            "premiumcontent",
            "restricted",
            "redacted",
            "unlisted",
            "internal-note",
            "encrypt:block",
        ] {
            assert!(is_locked_name(name), "{name}");
        }
        for name in [
            "details",
            "summary",
            "note",
            "figure",
            "remember",
            "blocked",
            "método",
            "metodo",
            "section",
            "overdraft",
            "include",
            "div",
            "Card",
            "unlock",
            "TeamMembers",
            "MembersList",
            "internal-link",
            "LockIcon",
            "blocks",
            "unrestricted",
            "hideToggle",
            "hideBlock",
            "HIDEINLINE",
            "",
        ] {
            assert!(!is_locked_name(name), "{name}");
        }
    }

    #[test]
    fn hiding_attributes_are_recognized_in_any_spelling() {
        for text in [
            "<div hIdden>",
            "<div style=\"dIsPlAy:nOnE\">",
            "<div STYLE=\"display&#58;none\">",
            "<div style=\"display&#x3Anone\">",
            "<div style=\"display&colon;n&#111;ne\">",
            "<div style=\"display:/**/none\">",
            "<div style=\"display/* a */: /* b */none\">",
            "<div style=\"background:url(/*);display:none\">",
            "<div style=\"display:n\\6f ne\">",
            "<div style=\"display:n\\one\">",
            "<div style=\"display:n&#92;6fne\">",
            "<dialog>",
            "<DIALOG id=\"a\">",
        ] {
            let is_hidden = parse_start_tag(text).map(|tag| tag.is_hidden);
            assert_eq!(is_hidden, Some(true), "{text}");
            assert!(crate::shortcodes::may_hide_content(text), "{text}");
        }
        for text in [
            "<dialog open>",
            "<div open style=\"display:/*none\">",
            "<div style=\"display:\\\">",
        ] {
            let is_hidden = parse_start_tag(text).map(|tag| tag.is_hidden);
            assert_eq!(is_hidden, Some(false), "{text}");
        }
    }

    #[test]
    fn hiding_start_tags_are_recognized() {
        let is_hidden = |text| parse_start_tag(text).map(|tag| tag.is_hidden);
        for text in [
            "<div hidden>",
            "<p class=\"a > b\" HIDDEN=\"\">",
            "<li\n hidden=hidden>",
            "<Box hidden={true}>",
            "<div style=\"color: red; display : none\">",
            "<div style={{ display: 'none' }}>",
            "<img hidden src=\"a.png\">",
            "<div hidden=\"until-found\">",
        ] {
            assert_eq!(is_hidden(text), Some(true), "{text}");
        }
        for text in [
            "<div>",
            "<Box hidden={false}>",
            "<input type=\"hidden\">",
            "<div aria-hidden=\"true\" style=\"overflow: hidden\">",
            "<div title=\"hidden\">",
        ] {
            assert_eq!(is_hidden(text), Some(false), "{text}");
        }
        for text in [
            "<",
            "< div hidden>",
            "<https://hidden>",
            "<div hidden",
            "<private",
            "<private://a>",
        ] {
            assert_eq!(is_hidden(text), None, "{text}");
        }
        let long = format!("<members-only a=\"{}\">", "x".repeat(5_000));
        assert!(parse_start_tag(&long).is_some_and(|tag| tag.is_locked && !tag.is_empty_element));
        assert!(parse_start_tag("<members-only />").is_some_and(|tag| tag.is_empty_element));
        assert!(parse_start_tag("<div hidden />").is_some_and(|tag| !tag.is_empty_element));
    }
}
