//! Renders Markdown, GitHub-flavoured, to HTML: safe where that costs nothing, else to be sanitised.

mod raw;
mod walk;

use std::fmt;
use std::sync::LazyLock;

use comrak::arena_tree::NodeEdge;
use comrak::options::Options;
use comrak::{Arena, Node, try_parse_document};
use url::Url;

use super::budget::{Excess, MAX_HTML_BYTES, Steps, inlined_bytes};
use super::markup::Markup;

/// More characters that are written as references may be more than a sanitiser takes at once.
const MAX_REFERENCES: usize = 20_000;

static OPTIONS: LazyLock<Options<'static>> = LazyLock::new(|| {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    // Japanese and Chinese put no blanks around `**`.
    options.extension.cjk_friendly_emphasis = true;
    options.render.r#unsafe = true;
    options
});

/// A body as HTML.
pub(super) enum Html {
    /// It is safe, and its URLs are absolute.
    Safe(Markup),
    /// Raw HTML went through as it is, so that it must be sanitised.
    Raw(String),
}

/// Renders a body, safe where that is sure.
pub(super) fn render(markdown: &str, base: &Url) -> Result<Html, Excess> {
    let arena = Arena::new();
    let root = parse(&arena, markdown)?;
    match safe_html(root, markdown, base) {
        Some(markup) => Ok(Html::Safe(markup)),
        None => raw_html(root, markdown).map(Html::Raw),
    }
}

/// Writes a tree as it is.
fn raw_html(root: Node<'_>, markdown: &str) -> Result<String, Excess> {
    let mut html = Bounded {
        html: String::with_capacity(markdown.len()),
        max_bytes: MAX_HTML_BYTES + inlined_bytes(markdown),
    };
    comrak::format_html(root, &OPTIONS, &mut html).map_err(|_| Excess::Size)?;
    Ok(html.html)
}

/// Writes a tree without raw HTML but the simplest, with its URLs made absolute: what sanitising what [`raw_html`]
/// writes and reading it as [`super::markup::read`] does would give, to the byte, for a fifth of the cost. `None`
/// where that is not sure.
fn safe_html(root: Node<'_>, markdown: &str, base: &Url) -> Option<Markup> {
    if may_have_too_many_references(markdown) {
        return None;
    }
    walk::render(root, base, markdown.len() + markdown.len() / 4)
}

/// Renders a part of a body where it is sure to be safe.
pub(super) fn to_safe_html(markdown: &str, base: &Url) -> Option<Markup> {
    let arena = Arena::new();
    safe_html(parse(&arena, markdown).ok()?, markdown, base)
}

/// Parses Markdown within the bound of steps.
fn parse<'a>(arena: &'a Arena<'a>, markdown: &str) -> Result<Node<'a>, Excess> {
    let steps = Steps::default();
    let should_cancel = || steps.are_exceeded_by_call();
    try_parse_document(arena, markdown, &OPTIONS, &should_cancel).map_err(|_| Excess::Steps)
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

/// The address and the words of a picture of raw HTML that a block of Markdown is, and nothing else.
pub(super) fn raw_picture(block: &str) -> Option<(&str, Option<&str>)> {
    // A tag alone on a line begins HTML, and one of two lines does not.
    let block = block.strip_suffix('\n').unwrap_or(block);
    if !block.starts_with("<img ") || block.contains('\n') {
        return None;
    }
    match raw::piece(block)? {
        (
            raw::Piece::Picture {
                source,
                before,
                after,
            },
            "",
        ) => {
            let alt = before.iter().chain(&after).find(|(name, _)| *name == "alt");
            Some((source, alt.map(|(_, alt)| *alt)))
        }
        _ => None,
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
    use crate::content::{budget, markup, sanitize};
    use proptest::prelude::*;

    fn base() -> Url {
        Url::parse("https://e.org/blog/post?x=1").unwrap()
    }

    fn to_html(markdown: &str) -> Result<String, Excess> {
        let arena = Arena::new();
        raw_html(parse(&arena, markdown)?, markdown)
    }

    fn the_long_way(markdown: &str) -> Option<Markup> {
        let html = to_html(markdown).ok()?;
        budget::fits(&html).then(|| markup::read(&sanitize::sanitize(&html, &base())))
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
            "footnote",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }

    #[test]
    fn the_short_way_is_taken_and_gives_what_the_long_way_does() {
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
            "```rust ignore\nfn <T>() {\n\n}\n```\n\n    indented & \"code\"\n\n~~~\n~~~\n",
            "<img src=\"/a.png\" width=\"640\" alt=\"A &gt\" class=\"x\">\n\ntext <img alt=\"b\" src=\"b.png\"/> <br> <b>bold *em*</b> x<sup>2</sup>\n",
            "<img src=\"https://img.example/7-3.png\" width=\"640\" alt=\"words\">",
            "**a *b* c** ***d*** ~~e~~ ****f****",
            "a&nbsp;b &copy; &#35; &amp;lt; &#1;",
        ] {
            let short = to_safe_html(markdown, &base());
            if !markdown.contains("&gt\"") {
                assert!(short.is_some(), "{markdown}");
            }
            if let Some(short) = short {
                assert_eq!(Some(short), the_long_way(markdown), "{markdown}");
            }
        }
    }

    #[test]
    fn what_only_a_sanitiser_can_tell_goes_the_long_way() {
        for markdown in [
            "<script>alert(1)</script>",
            "a <b onclick=\"x\">b</b>",
            "<b>never closed",
            "*a <b>b* c</b>",
            "<img src=\"a\" srcset=\"b 2x\">",
            "<img src='a'>",
            "<div>\n\na\n\n</div>",
            "&#13; a",
            "[^a]: [^a]: \u{a0}\n[^a]: \n",
        ] {
            assert_eq!(to_safe_html(markdown, &base()), None, "{markdown}");
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
            assert!(to_safe_html(&body, &base()).is_none(), "{head}");
        }
        let references = format!("{}\n\n[^a]: b\n", "[^a] ".repeat(18_000));
        assert!(to_html(&references) == Err(Excess::Size));
    }

    #[test]
    fn what_is_nested_beyond_reason_goes_the_long_way() {
        let quotes = format!("{}a", "> ".repeat(30_000));
        assert_eq!(to_safe_html(&quotes, &base()), None);
        let quoted = "\"".repeat(60_000);
        assert_eq!(to_safe_html(&quoted, &base()), None);
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
        fn both_ways_give_the_same(markdown in markdown()) {
            if let Some(short) = to_safe_html(&markdown, &base()) {
                let again = sanitize::sanitize(&short.html, &base());
                prop_assert_eq!(&again, &short.html);
                prop_assert_eq!(Some(short), the_long_way(&markdown));
            }
        }
    }
}
