//! Prepares a body that is written in HTML for the reader of shortcodes, which expects Markdown.

use std::borrow::Cow;

/// Marks of Markdown that HTML does not have, and the references that keep them out: of code and of escapes.
const MARKDOWN_MARKS: [(&str, &str); 3] = [("`", "&#96;"), ("~~~", "&#126;~~"), ("\\", "&#92;")];

/// Writes HTML so that none of it counts as Markdown code, in which template tags and comments would stay, or as an
/// escape, which would keep an element from being read.
///
/// Indents are dropped, or begin with a reference within `<pre>`. Lines keep their numbers.
pub(crate) fn escape_markdown_code(html: &str) -> String {
    let mut source = String::with_capacity(html.len() + html.len() / 8);
    let mut is_preformatted = false;
    for line in html.split_inclusive('\n') {
        let unindented = line.trim_start_matches([' ', '\t']);
        let indent = line
            .get(..line.len() - unindented.len())
            .unwrap_or_default();
        let mut text = Cow::Borrowed(unindented);
        if is_preformatted && let Some(first) = indent.chars().next() {
            source.push_str(if first == ' ' { "&#32;" } else { "&#9;" });
            source.push_str(indent.get(1..).unwrap_or_default());
        }
        for (mark, reference) in MARKDOWN_MARKS {
            text = Cow::Owned(text.replace(mark, reference));
        }
        source.push_str(&text);
        let opens = unindented.rfind("<pre");
        let closes = unindented.rfind("</pre");
        is_preformatted = (is_preformatted && closes.is_none()) || opens > closes;
    }
    source
}

/// Converts the Markdown that replaces shortcodes to HTML: fenced code and `<https://…>`.
///
/// The HTML has neither of its own after [`escape_markdown_code`].
pub(crate) fn convert_replacements(source: &str) -> String {
    let mut html = String::with_capacity(source.len());
    for (at, part) in source.split("\n```").enumerate() {
        if at % 2 == 1 {
            let code = part.split_once('\n').map_or("", |(_, code)| code);
            let code = MARKDOWN_MARKS
                .iter()
                .fold(code.to_owned(), |code, (mark, reference)| {
                    code.replace(reference, mark)
                });
            html.push_str("\n<pre><code>");
            html.push_str(&escape_text(&code));
            html.push_str("</code></pre>");
            continue;
        }
        for (at, part) in part.split("<http").enumerate() {
            let (address, rest) = part.split_once('>').unwrap_or(("", part));
            if at == 0 || address.is_empty() {
                html.push_str(part);
                continue;
            }
            let url = escape_text(&format!("http{address}"));
            html.push_str(&format!("<a href=\"{url}\">{url}</a>{rest}"));
        }
    }
    html
}

/// Escapes text for HTML, also for an attribute in double quotes.
pub(crate) fn escape_text(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_html_is_markdown_code() {
        assert_eq!(
            escape_markdown_code("<p>\n\n    {% if a %}`b`\n~~~\n"),
            "<p>\n\n{% if a %}&#96;b&#96;\n&#126;~~\n"
        );
        assert_eq!(
            escape_markdown_code("<pre>\n  a\n\tb</pre>\n  c <pre>d\n e"),
            "<pre>\n&#32; a\n&#9;b</pre>\nc <pre>d\n&#32;e"
        );
    }

    #[test]
    fn a_backslash_escapes_nothing_in_html() {
        assert_eq!(
            escape_markdown_code("C:\\<div hidden>\\{% a %}"),
            "C:&#92;<div hidden>&#92;{% a %}"
        );
        assert_eq!(
            convert_replacements("\n```\na&#92;n&#96;\n```\n"),
            "\n<pre><code>a\\n`</code></pre>\n"
        );
    }

    #[test]
    fn replacements_become_html() {
        assert_eq!(
            convert_replacements("a\n```rust\nx < \"y\"\n```\nb <https://e.org/?a&b> c"),
            "a\n<pre><code>x &lt; &quot;y&quot;</code></pre>\nb <a href=\"https://e.org/?a&amp;b\">https://e.org/?a&amp;b</a> c"
        );
        assert_eq!(convert_replacements("<p>a</p> <http"), "<p>a</p> ");
    }
}
