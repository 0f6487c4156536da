//! Parses start tags of HTML elements and components, and decides which ones mark their content as locked or hidden.

use std::borrow::Cow;

use super::mdx;
use super::template_tag::first_bytes;
use crate::markdown::html_source::decode_ascii_references;

/// Maximum length of a start tag, in bytes. A longer one is not parsed.
const MAX_START_TAG_BYTES: usize = 4_000;

/// Maximum length of a start tag with a locked name, in bytes. A longer one is text.
const MAX_LOCKED_TAG_BYTES: usize = 100_000;

/// Maximum number of digits of a character in CSS (CSS Syntax §4.3.7).
const MAX_STYLE_ESCAPE_DIGITS: usize = 6;

/// A name is locked if it contains one of these anywhere: `PasswordProtected`, `hugo-encrypt`.
const LOCKED_SUBSTRINGS: [&str; 10] = [
    "encrypt",
    "password",
    "protect",
    "private",
    "secret",
    "hidden",
    "memberonly",
    "membersonly",
    "paywall",
    "confidential",
];
/// A name is locked if it begins with one of these: `hideBox`, `premiumcontent`.
const LOCKED_PREFIXES: [&str; 4] = ["hide", "draft", "premium", "formembers"];
/// A name is locked if one of these is among its words. As parts of longer words they mean something else.
const LOCKED_WORDS: [&str; 14] = [
    "hide",
    "draft",
    "drafts",
    "todo",
    "todos",
    "lock",
    "locked",
    "login",
    "internal",
    "premium",
    "restricted",
    "redacted",
    "unlisted",
    "subscribers",
];
/// A name that ends with one of these is a widget, not a restriction: `internal-link`, `LockIcon`.
const WIDGET_WORDS: [&str; 6] = ["badge", "button", "form", "icon", "image", "link"];
/// A name that ends with one of these lists people: `MembersList`.
const PEOPLE_WORDS: [&str; 4] = ["card", "grid", "list", "table"];
/// Hexo tags that show their content on a click, to every reader.
const HEXO_TOGGLE_TAGS: [&str; 3] = ["hidetoggle", "hideblock", "hideinline"];

/// Returns true if the name of a tag, shortcode or container says that its content is not for every reader.
/// Letter case, `-` and `_` do not matter, as in front matter fields.
pub(super) fn is_locked_name(name: &str) -> bool {
    let normalized_name: String = name
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    if HEXO_TOGGLE_TAGS
        .iter()
        .any(|tag| tag.eq_ignore_ascii_case(name))
    {
        return false;
    }
    if has_locked_substring(&normalized_name) {
        return true;
    }
    let words: Vec<String> = split_words(name).map(str::to_lowercase).collect();
    let is_one_of = |list: &[&str], word: &String| list.contains(&word.as_str());
    let ends_with = |list: &[&str]| words.last().is_some_and(|word| is_one_of(list, word));
    if ends_with(&WIDGET_WORDS) {
        return false;
    }
    // `team-members` lists people.
    let begins_with_members = words.first().is_some_and(|word| word == "members");
    let is_for_members = (begins_with_members && !ends_with(&PEOPLE_WORDS))
        || words.windows(2).any(|pair| pair == ["for", "members"]);
    is_for_members
        || LOCKED_PREFIXES
            .iter()
            .any(|word| normalized_name.starts_with(word))
        || is_one_of(&LOCKED_WORDS, &normalized_name)
        || words.iter().any(|word| is_one_of(&LOCKED_WORDS, word))
}

/// Returns true if a lower-case name contains one of `LOCKED_SUBSTRINGS`, which always mean restricted content.
pub(super) fn has_locked_substring(lowercase_name: &str) -> bool {
    LOCKED_SUBSTRINGS
        .iter()
        .any(|word| lowercase_name.contains(word))
}

/// Returns true if an element's name is locked. The component `<Members>` lists people.
pub(super) fn is_locked_element(name: &str) -> bool {
    name != "Members" && is_locked_name(name)
}

/// Splits a name at punctuation and camel case: `members-only`, `membersOnly` and `TODOList` have two words each.
fn split_words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_alphanumeric())
        .flat_map(|part| {
            let mut word_start = 0;
            let mut words = Vec::new();
            let chars: Vec<(usize, char)> = part.char_indices().collect();
            for (index, (offset, letter)) in chars.iter().enumerate().skip(1) {
                let before = chars.get(index - 1).map(|(_, letter)| *letter);
                let after = chars.get(index + 1).map(|(_, letter)| *letter);
                let is_word_start = letter.is_uppercase()
                    && (before.is_some_and(char::is_lowercase)
                        || after.is_some_and(char::is_lowercase));
                if is_word_start {
                    words.extend(part.get(word_start..*offset));
                    word_start = *offset;
                }
            }
            words.extend(part.get(word_start..));
            words
        })
        .filter(|word| !word.is_empty())
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
        // Find-in-page still shows content that is `until-found`.
        return !matches!(normalize_value(&value).as_str(), "until-found" | "{false}");
    }
    if name.eq_ignore_ascii_case("style") {
        let style = decode_style_escapes(&value);
        // What looks like a comment may be part of an address.
        return is_hiding_style(&style) || is_hiding_style(&remove_style_comments(&style));
    }
    false
}

fn normalize_value(value: &str) -> String {
    let kept = value
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '"' | '\''));
    kept.flat_map(char::to_lowercase).collect()
}

fn is_hiding_style(style: &str) -> bool {
    let style = normalize_value(style);
    style.contains("display:none") || style.contains("visibility:hidden")
}

/// Removes CSS comments. One without an end goes on to the end of the text.
fn remove_style_comments(style: &str) -> String {
    let mut parts = style.split("/*");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str(part.split_once("*/").map_or("", |(_, after)| after));
    }
    kept
}

/// Decodes CSS escapes: `n\6f ne`, `n\one`.
fn decode_style_escapes(style: &str) -> Cow<'_, str> {
    if !style.contains('\\') {
        return Cow::Borrowed(style);
    }
    let mut parts = style.split('\\');
    let mut decoded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take(MAX_STYLE_ESCAPE_DIGITS);
        let length = digits.take_while(u8::is_ascii_hexdigit).count();
        let (code, rest) = part.split_at_checked(length).unwrap_or_default();
        let character = u32::from_str_radix(code, 16).ok().and_then(char::from_u32);
        decoded.extend(character);
        // A blank after the digits ends the escape; it is dropped with all others.
        decoded.push_str(rest);
    }
    Cow::Owned(decoded)
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
        ] {
            assert_eq!(is_hidden(text), Some(true), "{text}");
        }
        for text in [
            "<div>",
            "<div hidden=\"until-found\">",
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
