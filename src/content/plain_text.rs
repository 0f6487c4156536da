//! Reduces text of front matter to plain text: the HTML that tools write into titles and descriptions, its
//! references, and the Markdown of descriptions.

use std::borrow::Cow;

use url::Url;

use super::{markdown, markup, rendering, sanitize};
use crate::text::one_line;

/// Elements that are taken for markup where both of their tags are there. Other names in angle brackets are what
/// a title is about: `Using <Suspense> in React`.
const ELEMENTS: [&str; 48] = [
    "a",
    "abbr",
    "b",
    "bdi",
    "bdo",
    "big",
    "cite",
    "code",
    "del",
    "dfn",
    "em",
    "font",
    "i",
    "ins",
    "kbd",
    "mark",
    "nobr",
    "q",
    "s",
    "samp",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "time",
    "tt",
    "u",
    "var",
    "article",
    "blockquote",
    "center",
    "div",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "li",
    "ol",
    "p",
    "pre",
    "section",
    "ul",
    "dd",
    "dt",
];
/// Of those the first ones are within a line; others begin a new one.
const INLINE_ELEMENTS: usize = 30;
/// Elements without content that are taken for markup.
const BREAKS: [&str; 3] = ["br", "wbr", "hr"];
/// The longest name of a character in HTML has 31 letters (`CounterClockwiseContourIntegral`).
const MAX_REFERENCE_LETTERS: usize = 31;
/// Further tags of a text are text.
const MAX_TAGS: usize = 1_000;
/// Stands for an angle bracket while Markdown is read, for which it is no markup. It is of those characters that
/// no text has but for a font of its own.
const BRACKET: &str = "\u{f8fe}";

/// A text on one line, without markup and references of HTML.
pub fn plain_text(text: &str) -> String {
    if !text.contains(['<', '&']) {
        return one_line(text);
    }
    one_line(&without_references(&without_tags(text)))
}

/// A text on one line, also without Markdown.
pub(super) fn without_markdown(text: &str) -> String {
    if !["](", "**"].iter().any(|mark| text.contains(mark)) {
        return plain_text(text);
    }
    let text = without_tags(text);
    let paragraph = Url::parse("https://example.invalid/")
        .ok()
        .and_then(|nowhere| {
            let line = one_line(&text).replace('<', BRACKET);
            rendering::markup(&line, &nowhere).ok()?.first_paragraph
        });
    match paragraph {
        Some(paragraph) => paragraph.replace(BRACKET, "<"),
        None => one_line(&without_references(&text)),
    }
}

/// A tag in a text.
struct Tag<'a> {
    begin: usize,
    end: usize,
    name: &'a str,
    is_closing: bool,
    is_markup: bool,
}

/// A text without the tags that are markup, and without comments. One that has no end hides all after it.
fn without_tags(text: &str) -> String {
    let text = without_comments(text);
    let mut tags = tags(&text);
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
        let place = ELEMENTS
            .iter()
            .position(|name| tag.name.eq_ignore_ascii_case(name));
        let is_inline = place.is_some_and(|place| place < INLINE_ELEMENTS)
            || tag.name.eq_ignore_ascii_case("wbr");
        plain.push_str(if is_inline { "" } else { " " });
        from = tag.end;
    }
    plain.push_str(text.get(from..).unwrap_or_default());
    plain
}

/// Removes comments. One that does not end hides all text after it.
fn without_comments(text: &str) -> Cow<'_, str> {
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

/// The tags of elements that may be markup.
fn tags(text: &str) -> Vec<Tag<'_>> {
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
        let is_break = is(&BREAKS);
        // A picture without an address is what the text is about.
        let is_picture = is(&["img"]) && tail.contains("src");
        let is_tag = is(&ELEMENTS) || is_break || is_picture;
        if !is_tag || !tail.starts_with([' ', '\n', '\t', '\r', '>', '/']) {
            continue;
        }
        let Some(length) = tail.find('>') else {
            continue;
        };
        at = text.len() - tail.len() + length + 1;
        tags.push(Tag {
            begin,
            end: at,
            name,
            is_closing: rest.starts_with('/'),
            is_markup: is_break || is_picture,
        });
        if tags.len() >= MAX_TAGS {
            break;
        }
    }
    tags
}

/// A text with its references decoded: `&amp;`, `&#8217;`, `&nbsp;`. One that no semicolon ends is text.
fn without_references(text: &str) -> String {
    if !text.contains('&') || markdown::may_have_too_many_references(text) {
        return text.to_owned();
    }
    // Decoding takes an HTML parser, and most ampersands are text.
    if !text.match_indices('&').any(|(at, _)| begins_reference(text, at)) {
        return text.to_owned();
    }
    let mut html = String::with_capacity(text.len() + 16);
    for (at, c) in text.char_indices() {
        match c {
            '<' => html.push_str("&lt;"),
            '&' if !begins_reference(text, at) => html.push_str("&amp;"),
            _ => html.push(c),
        }
    }
    markup::unescape(&sanitize::decoded(&html)).into_owned()
}

/// Returns true if a reference that a semicolon ends begins at the ampersand at `at`.
fn begins_reference(text: &str, at: usize) -> bool {
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
    fn markup_of_tools_is_gone_and_words_stay() {
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
            assert_eq!(plain_text(text), plain, "{text}");
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
            assert_eq!(without_markdown(text), plain, "{text}");
        }
    }

    proptest! {
        #[test]
        fn text_without_markup_stays(text in "[a-zé .,;:!?#*_()\\[\\]>'\"-]{0,40}") {
            prop_assert_eq!(plain_text(&text), one_line(&text));
        }

        #[test]
        fn any_text_is_survived(text in "(</?(em|p|a|B|br|x)( a=\"b\")?/?>|&(amp|lt|#38|nope);?|<!--|-->|[<>&a é\n])*") {
            plain_text(&text);
            without_markdown(&text);
        }
    }
}
