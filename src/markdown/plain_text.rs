//! Converts front matter text to plain text: strips HTML from titles and descriptions, decodes its references, and
//! removes the Markdown of descriptions.

use std::borrow::Cow;

use url::Url;

use super::marked_text::{MARKUP_ELEMENTS, is_inline_element};
use super::{self as markdown, sanitize};
use crate::markdown::safe_html;
use crate::text::collapse_whitespace;

/// Elements without content that count as markup.
const VOID_ELEMENTS: [&str; 3] = ["br", "wbr", "hr"];
/// Length of the longest name of a character in HTML, `CounterClockwiseContourIntegral`.
const MAX_REFERENCE_LETTERS: usize = 31;
/// Maximum tags that are read in one text. Further ones stay in it.
const MAX_TAGS_PER_TEXT: usize = 1_000;
/// Placeholder for `<` while Markdown is parsed. It is a private-use character, which ordinary text does not hold.
const BRACKET_PLACEHOLDER: &str = "\u{f8fe}";

/// Joins a text into one line, without HTML tags, and decodes HTML references.
pub fn to_plain_text(text: &str) -> String {
    if !text.contains(['<', '&']) {
        return collapse_whitespace(text);
    }
    collapse_whitespace(&decode_references(&strip_tags(text)))
}

/// Converts a text as [`to_plain_text`] does, and also removes Markdown.
pub(crate) fn strip_markdown(text: &str) -> String {
    if !["](", "**"].iter().any(|mark| text.contains(mark)) {
        return to_plain_text(text);
    }
    let text = strip_tags(text);
    let paragraph = Url::parse("https://example.invalid/")
        .ok()
        .and_then(|nowhere| {
            let line = collapse_whitespace(&text).replace('<', BRACKET_PLACEHOLDER);
            safe_html::render_body(&line, &nowhere)
                .ok()?
                .first_paragraph
        });
    match paragraph {
        Some(paragraph) => paragraph.replace(BRACKET_PLACEHOLDER, "<"),
        None => collapse_whitespace(&decode_references(&text)),
    }
}

/// HTML tag in a text.
struct PlainTextTag<'a> {
    begin: usize,
    end: usize,
    name: &'a str,
    is_closing: bool,
    is_markup: bool,
}

/// Removes comments and tags that are markup. An unclosed comment removes the rest of the text.
fn strip_tags(text: &str) -> String {
    let text = strip_comments(text);
    let mut tags = find_tags(&text);
    let mut open: Vec<usize> = Vec::new();
    for index in 0..tags.len() {
        let Some(tag) = tags.get(index) else { break };
        if !tag.is_closing {
            open.push(index);
            continue;
        }
        let is_same = |at: &usize| {
            tags.get(*at)
                .is_some_and(|other| other.name.eq_ignore_ascii_case(tag.name))
        };
        if let Some(at) = open.iter().rposition(is_same) {
            let opening = open.get(at).copied().unwrap_or(index);
            open.remove(at);
            for both in [opening, index] {
                if let Some(tag) = tags.get_mut(both) {
                    tag.is_markup = true;
                }
            }
        }
    }
    let mut plain = String::with_capacity(text.len());
    let mut from = 0;
    for tag in tags.iter().filter(|tag| tag.is_markup) {
        plain.push_str(text.get(from..tag.begin).unwrap_or_default());
        plain.push_str(if is_inline_element(tag.name) { "" } else { " " });
        from = tag.end;
    }
    plain.push_str(text.get(from..).unwrap_or_default());
    plain
}

/// Removes comments. An unclosed one removes the rest of the text.
fn strip_comments(text: &str) -> Cow<'_, str> {
    if !text.contains("<!--") {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, comment)) = rest.split_once("<!--") {
        kept.push_str(before);
        rest = comment.split_once("-->").map_or("", |(_, after)| after);
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}

/// Finds the tags of elements that may be markup.
fn find_tags(text: &str) -> Vec<PlainTextTag<'_>> {
    let mut tags = Vec::new();
    let mut at = 0;
    while let Some(next) = text.get(at..).and_then(|rest| rest.find('<')) {
        let begin = at + next;
        at = begin + 1;
        let rest = text.get(at..).unwrap_or_default();
        let inside = rest.strip_prefix('/').unwrap_or(rest);
        let end = inside
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(inside.len());
        let (name, tail) = inside.split_at_checked(end).unwrap_or_default();
        let is = |names: &[&str]| names.iter().any(|known| name.eq_ignore_ascii_case(known));
        let is_break = is(&VOID_ELEMENTS);
        // `<img>` without `src` is part of the text.
        let is_picture = is(&["img"]) && tail.contains("src");
        let is_tag = is(&MARKUP_ELEMENTS) || is_break || is_picture;
        if !is_tag || !tail.starts_with([' ', '\n', '\t', '\r', '>', '/']) {
            continue;
        }
        let Some(length) = tail.find('>') else {
            continue;
        };
        at = text.len() - tail.len() + length + 1;
        tags.push(PlainTextTag {
            begin,
            end: at,
            name,
            is_closing: rest.starts_with('/'),
            is_markup: is_break || is_picture,
        });
        if tags.len() >= MAX_TAGS_PER_TEXT {
            break;
        }
    }
    tags
}

/// Decodes HTML references: `&amp;`, `&#8217;`, `&nbsp;`. One without a semicolon stays as text.
fn decode_references(text: &str) -> String {
    if !text.contains('&') || markdown::may_have_too_many_references(text) {
        return text.to_owned();
    }
    // Decoding takes an HTML parser, and most ampersands are text.
    if !text
        .match_indices('&')
        .any(|(at, _)| is_reference_at(text, at))
    {
        return text.to_owned();
    }
    let mut html = String::with_capacity(text.len() + 16);
    for (at, c) in text.char_indices() {
        match c {
            '<' => html.push_str("&lt;"),
            '&' if !is_reference_at(text, at) => html.push_str("&amp;"),
            _ => html.push(c),
        }
    }
    super::html_tokens::decode_references(&sanitize::normalize_references(&html)).into_owned()
}

/// Returns true if the ampersand at `at` begins a reference that a semicolon ends.
fn is_reference_at(text: &str, at: usize) -> bool {
    let after = text.get(at + 1..).unwrap_or_default();
    let name = after.strip_prefix('#').unwrap_or(after);
    let letters = name.bytes().take(MAX_REFERENCE_LETTERS + 1);
    let length = letters.take_while(u8::is_ascii_alphanumeric).count();
    (1..=MAX_REFERENCE_LETTERS).contains(&length)
        && name.get(length..).is_some_and(|rest| rest.starts_with(';'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn markup_is_removed_and_words_stay() {
        for (text, plain) in [
            (
                "Book <em>of</em>&nbsp;records, Bob&#8217;s &amp; more",
                "Book of records, Bob’s & more",
            ),
            ("Tom &amp; Jerry &#8217;", "Tom & Jerry ’"),
            ("Using <Suspense> in React", "Using <Suspense> in React"),
            ("How the <a> tag works", "How the <a> tag works"),
            ("a < b and c > d", "a < b and c > d"),
            ("&lt;em&gt; is &amp;lt;", "<em> is &lt;"),
            ("one<br>two<BR/>three", "one two three"),
            ("<a href=\"/x\" title=\"y\">link</a>", "link"),
            ("R&D, AT&T, ?a=1&copy=2&reg", "R&D, AT&T, ?a=1&copy=2&reg"),
            ("<b><i>a</b></i> </u>", "a </u>"),
            ("a <!-- b --> c <!-- d", "a c"),
            ("a <!----> b <!-- c <!-- d --> e", "a b e"),
            ("<img src=\"a.png\"> a", "a"),
            ("The <img> element", "The <img> element"),
            ("&bogus; &#x1F600;", "&bogus; 😀"),
        ] {
            assert_eq!(to_plain_text(text), plain, "{text}");
        }
    }

    #[test]
    fn descriptions_lose_html_and_markdown() {
        for (text, plain) in [
            ("<p>Para <b>one</b> &mdash; **two**</p>", "Para one — two"),
            (
                "See [this](https://e.org) &amp; <Suspense>",
                "See this & <Suspense>",
            ),
            ("<p>One</p><p>Two</p>", "One Two"),
            ("a * b * c, `x`, __init__", "a * b * c, `x`, __init__"),
            ("- [a](b)", "- [a](b)"),
        ] {
            assert_eq!(strip_markdown(text), plain, "{text}");
        }
    }

    proptest! {
        #[test]
        fn text_without_markup_stays(text in "[a-zé .,;:!?#*_()\\[\\]>'\"-]{0,40}") {
            prop_assert_eq!(to_plain_text(&text), collapse_whitespace(&text));
        }

        #[test]
        fn any_text_is_survived(text in "(</?(em|p|a|B|br|x)( a=\"b\")?/?>|&(amp|lt|#38|nope);?|<!--|-->|[<>&a é\n])*") {
            to_plain_text(&text);
            strip_markdown(&text);
        }
    }
}
