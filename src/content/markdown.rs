//! Renders Markdown, GitHub-flavoured, to HTML with comrak.

mod image_tag;
mod rewrite;

use std::fmt;
use std::sync::LazyLock;

use comrak::arena_tree::NodeEdge;
use comrak::options::Options;
use comrak::{Arena, Node, try_parse_document};
use url::Url;

use super::budget::{Excess, MAX_HTML_BYTES, Steps, inlined_bytes};
use super::markup::{self, Markup};
pub(super) use image_tag::ImageTag;

/// More characters that are written as references may be more than a sanitiser takes at once.
const MAX_REFERENCES: usize = 20_000;

/// Leaves out raw HTML and addresses of scripts.
static SAFE: LazyLock<Options<'static>> = LazyLock::new(|| {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    // Japanese and Chinese put no blanks around `**`.
    options.extension.cjk_friendly_emphasis = true;
    options
});

/// Writes raw HTML as it is.
static RAW: LazyLock<Options<'static>> = LazyLock::new(|| {
    let mut options = SAFE.clone();
    options.render.r#unsafe = true;
    options
});

/// A body as HTML, the addresses of its Markdown absolute.
pub(super) struct Html {
    pub(super) html: String,
    /// Whether raw HTML went through as it is, or there are so many references that only the sanitizer's bounds tell
    /// whether an HTML parser takes them.
    pub(super) must_be_sanitized: bool,
}

/// Renders a body.
pub(super) fn render(markdown: &str, base: &Url) -> Result<Html, Excess> {
    let arena = Arena::new();
    let root = parse(&arena, markdown)?;
    let must_be_sanitized =
        rewrite::rewrite(&arena, root, base)? || may_have_too_many_references(markdown);
    let options: &Options<'_> = if must_be_sanitized { &RAW } else { &SAFE };
    let mut html = Bounded {
        html: String::with_capacity(markdown.len() + markdown.len() / 4),
        max_bytes: MAX_HTML_BYTES + inlined_bytes(markdown),
    };
    comrak::format_html(root, options, &mut html).map_err(|_| Excess::Size)?;
    Ok(Html {
        html: html.html,
        must_be_sanitized,
    })
}

/// Renders a part of a body that has no raw HTML.
pub(super) fn render_part(markdown: &str, base: &Url) -> Option<Markup> {
    let rendered = render(markdown, base).ok()?;
    (!rendered.must_be_sanitized).then(|| markup::read(&rendered.html))
}

/// Parses Markdown within the bound of steps.
fn parse<'a>(arena: &'a Arena<'a>, markdown: &str) -> Result<Node<'a>, Excess> {
    let steps = Steps::default();
    let should_cancel = || steps.are_exceeded_by_call();
    try_parse_document(arena, markdown, &SAFE, &should_cancel).map_err(|_| Excess::Steps)
}

/// HTML that is refused where it grows beyond a bound.
struct Bounded {
    html: String,
    max_bytes: usize,
}

impl fmt::Write for Bounded {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        if self.html.len() + part.len() > self.max_bytes {
            return Err(fmt::Error);
        }
        self.html.push_str(part);
        Ok(())
    }
}

/// Whether so much of a text may be written as references that a sanitiser refuses it.
pub(super) fn may_have_too_many_references(text: &str) -> bool {
    let may_be_one = |byte: &u8| matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'' | 0xa0);
    text.len() > MAX_REFERENCES && text.bytes().filter(may_be_one).count() > MAX_REFERENCES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::{budget, rendering, sanitize};
    use proptest::prelude::*;

    fn base() -> Url {
        Url::parse("https://e.org/blog/post?x=1").unwrap()
    }

    fn to_html(markdown: &str) -> Result<String, Excess> {
        render(markdown, &base()).map(|rendered| rendered.html)
    }

    /// One spelling for what comrak and the sanitizer spell differently.
    fn one_spelling(html: &str) -> String {
        html.replace(" />", ">")
            .replace("&quot;", "\"")
            .replace("&#x27;", "'")
            .replace("&nbsp;", "\u{a0}")
            .replace("\r\n", "\n")
            .replace('\r', "\n")
    }

    /// Asserts that HTML that is not sanitized is what sanitizing would leave of it.
    fn assert_safe(markdown: &str) {
        let Ok(rendered) = render(markdown, &base()) else {
            return;
        };
        if rendered.must_be_sanitized {
            return;
        }
        let [safe, sanitized] = [
            rendered.html.clone(),
            sanitize::sanitize(&rendered.html, &base()),
        ]
        .map(|html| {
            let markup = markup::read(&html);
            Markup {
                html: one_spelling(&markup.html),
                ..markup
            }
        });
        assert_eq!(safe, sanitized, "{markdown}");
    }

    #[test]
    fn github_flavour_is_rendered() {
        let html =
            to_html("~~a~~ https://e.org\n\n| a |\n|---|\n| b |\n\n- [x] c\n\nd[^1]\n\n[^1]: e\n")
                .unwrap();
        for part in [
            "<del>a</del>",
            "<a href=\"https://e.org\">",
            "<table>",
            "checked",
            "<sup><a href=\"https://e.org/blog/post?x=1#fn-1\">1</a></sup>",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }

    #[test]
    fn markdown_without_raw_html_needs_no_sanitizer() {
        for markdown in [
            "",
            "plain \"text\" & more < 3 > 2, it's\u{a0}here\\\nand there  \nend",
            "# One\n\n## Two `code` *em*\n\nSetext\n===\n\n###### six",
            "[a](/b \"t<i>t\\\"le\") [](x.md) [*b*](../c.md#d) <https://e.org/?a&b> www.example.org me@example.org",
            "[a](javascript:alert(1)) ![b](data:image/png;base64,AA) [c](JAVASCRIPT:x) [d](vbscript:x) [](javascript:x)",
            "![a *b* `c`](/i.png \"title\") ![](//h.example/x.png) ![x]() [![](a.png)](b) [ ](c)",
            "> quote\n>\n> > deeper\n\n---\n\n***",
            "- a\n- b\n  - c\n\n    d\n- [x] done\n- [ ] not\n",
            "3. a\n4. b\n\n   c\n\n1) x\n",
            "| a | b | c |\n|:--|--:|:-:|\n| 1 | `2|` | ~~3~~ |\n| [x](y) |\n\n| h |\n|---|\n",
            "one[^a] two[^a] three[^b c]\n\n[^a]: note\n\n    more\n[^b c]: - list\n",
            "[^a]: [^a]: \u{a0}\n[^a]: \n",
            "```rust ignore\nfn <T>() {\n\n}\n```\n\n    indented & \"code\"\n\n~~~\n~~~\n",
            "**a *b* c** ***d*** ~~e~~ ****f****",
            "<img src=\"/a.png\" width=\"640\" alt=\"A b\" class=\"x\">\n\ntext <img alt=\"b\" src=\"b.png\"/> <br> c<br />d\n",
            "<img src=\"javascript:a\">\n\na <img src=\"\"> b\n\n<img src=\"#\">",
            "a&nbsp;b &copy; &#35; &amp;lt; &#1; &#13; a",
            "![a <b>c</b> ![d](javascript:x) [^a]](e.png)\n\n[^a]: f",
        ] {
            assert!(
                !render(markdown, &base()).unwrap().must_be_sanitized,
                "{markdown}"
            );
            assert_safe(markdown);
        }
    }

    #[test]
    fn raw_html_and_nested_links_must_be_sanitized() {
        for markdown in [
            "<script>alert(1)</script>",
            "a <b>b</b>",
            "<img src='a'>",
            "<img src=\"a\" onerror=\"b\">",
            "<img src=\"a\">\nb <i>",
            "<div>\n\na\n\n</div>",
            "<!-- a -->",
            "[a [^b]](c)\n\n[^b]: d",
        ] {
            assert!(
                render(markdown, &base()).unwrap().must_be_sanitized,
                "{markdown}"
            );
        }
    }

    #[test]
    fn parser_stops_at_the_bound_of_steps() {
        let table = |size| {
            let cells = |cell: &str| cell.repeat(size);
            format!("|{}\n|{}\n{}", cells("a|"), cells("-|"), cells("|b|\n"))
        };
        assert!(to_html(&table(200)).is_ok());
        for body in [
            table(1_000),
            format!("{}\n\n", table(200)).repeat(20),
            "w".repeat(500_000),
            "*a*".repeat(200_000),
        ] {
            let head: String = body.chars().take(20).collect();
            assert!(to_html(&body) == Err(Excess::Steps), "{head}");
            assert!(render_part(&body, &base()).is_none(), "{head}");
        }
    }

    #[test]
    fn html_beyond_the_bound_of_bytes_is_refused() {
        let references = format!("{}\n\n[^a]: b\n", "[^a] ".repeat(18_000));
        assert!(to_html(&references) == Err(Excess::Size));
        let long = Url::parse(&format!("https://e.org/{}/", "a".repeat(2_000))).unwrap();
        let links = "[](b)".repeat(2_000);
        assert!(render(&links, &long).map(|rendered| rendered.html) == Err(Excess::Size));
    }

    #[test]
    fn body_nested_beyond_reason_is_refused() {
        let quotes = format!("{}a", "> ".repeat(30_000));
        assert_eq!(rendering::markup(&quotes, &base()), Err(Excess::Html));
    }

    /// Markdown of all kinds, a part of it broken.
    fn markdown() -> impl Strategy<Value = String> {
        let inline = prop_oneof![
            "[a-z &\"'<>é\u{a0}]{0,12}",
            "\\*{1,3}[a-z ]{1,6}\\*{1,3}",
            "\\[[a-z*`!\\[\\] ]{0,6}\\]\\([a-z/.:?&%'#]{0,12}( \"[a-z&<]{0,4}\")?\\)",
            "!\\[[a-z*`_ ]{0,6}\\]\\((https://h\\.example/|/|javascript:|data:|)[a-z/.é ]{0,8}\\)",
            "`[a-z<&` ]{1,6}`",
            "<(https://e.org/|mailto:)[a-z&?=]{0,6}>",
            "(https?://|www\\.)[a-z.]{1,8}(/[a-z(&;)]{0,6})?",
            "\\[\\^[ab]\\]|\\[r\\]|!\\[r\\]|\\[t\\]\\[r\\]",
            "&(amp|lt|nbsp|quot|copy|#13|#1|#0|#160);",
            "</?(b|i|em|sup|u|kbd)>|<br ?/?>",
            "<img( (src|alt|width|class|srcset)=\"[a-z/.]{0,5}\"){0,3} ?/?>",
            "~~[a-z]{1,4}~~|\\\\\n|  \n|\n|\\\\[*_<]",
        ];
        let line = (
            prop_oneof![
                Just(""),
                Just("# "),
                Just("### "),
                Just("> "),
                Just("- "),
                Just("  - "),
                Just("1. "),
                Just("7) "),
                Just("- [x] "),
                Just("- [ ] "),
                Just("    "),
                Just("| "),
                Just("[^a]: "),
                Just("[r]: "),
                Just("```x\n"),
                Just("```\n"),
                Just("> - "),
                Just("|--|:-:|\n"),
                Just("a | b\n--|:-:\n"),
                Just("<div>\n"),
                Just("</p>"),
                Just("---\n"),
                Just("===\n"),
            ],
            proptest::collection::vec(inline, 0..4),
            prop_oneof![Just("\n"), Just("\n\n"), Just(" | x |\n"), Just("")],
        )
            .prop_map(|(begin, inline, end)| format!("{begin}{}{end}", inline.concat()));
        proptest::collection::vec(line, 0..10).prop_map(|lines| lines.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// What is taken in parts is nothing that is refused as a whole.
        #[test]
        fn steps_are_never_more_than_was_estimated(
            first in markdown(),
            second in "[-+*>#|:a1. \n\t`~_\\[\\]()!<>&w=\\\\^]{1,8}",
            repeated in 1usize..2_000,
            front in 0usize..40,
        ) {
            let text = format!("{}{first}{}", "- ".repeat(front), second.repeat(repeated));
            if !budget::may_take_too_many_steps(&text) && budget::check_markdown(&text).is_ok() {
                let arena = Arena::new();
                prop_assert!(parse(&arena, &text).is_ok(), "{}", text.len());
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(600))]
        #[test]
        fn what_is_not_sanitized_is_safe(markdown in markdown()) {
            assert_safe(&markdown);
        }
    }
}
