//! Renders GitHub-flavoured Markdown to HTML with comrak.

pub(crate) mod asciidoc;
mod code_fence;
pub(crate) mod complexity;
pub(crate) mod excerpt;
pub(crate) mod excerpt_mark;
mod formulas;
pub(crate) mod html_cleanup;
pub(crate) mod html_source;
mod html_tokens;
mod image_tag;
mod marked_text;
pub(crate) mod plain_text;
mod rewrite;
pub(crate) mod safe_html;
pub(crate) mod sanitize;
pub(crate) mod url_rewrite;

pub use plain_text::to_plain_text;

use std::fmt;
use std::sync::LazyLock;

use comrak::arena_tree::NodeEdge;
use comrak::options::Options;
use comrak::{Arena, Node, try_parse_document};
use url::Url;

use complexity::{ExceededLimit, MAX_HTML_BYTES, StepCounter, count_inlined_bytes};
use formulas::ProtectedMarkdown;
use html_cleanup::ProcessedHtml;

/// Number of characters written as references above which the sanitizer's limits must be checked.
const MAX_CHARACTER_REFERENCES: usize = 20_000;

/// Options that omit raw HTML and script URLs.
static SAFE_OPTIONS: LazyLock<Options<'static>> = LazyLock::new(|| {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    // Also reads the alerts of GitHub: `> [!TIP]`.
    options.extension.ofm_callouts = true;
    // Japanese and Chinese have no spaces around `**`.
    options.extension.cjk_friendly_emphasis = true;
    options
});

/// Options that copy raw HTML.
static RAW_OPTIONS: LazyLock<Options<'static>> = LazyLock::new(|| {
    let mut options = SAFE_OPTIONS.clone();
    options.render.r#unsafe = true;
    options
});

/// Options of the parser, without and with emoji, and each without and with definition lists.
static PARSER_OPTIONS: LazyLock<[Options<'static>; 4]> = LazyLock::new(|| {
    [(false, false), (false, true), (true, false), (true, true)].map(|has| {
        let mut options = SAFE_OPTIONS.clone();
        (
            options.extension.shortcodes,
            options.extension.description_lists,
        ) = has;
        options
    })
});

/// A rendered body. The URLs of its Markdown are absolute.
pub(super) struct RenderedHtml {
    pub(crate) html: String,
    /// True if it has raw HTML, or so many character references that the sanitizer's limits must be checked.
    pub(super) must_be_sanitized: bool,
}

/// Renders a body. `has_emoji` is true if `:smile:` is an emoji.
///
/// # Errors
///
/// Returns the limit that the body exceeds.
pub(super) fn render_markdown(
    markdown: &str,
    base: &Url,
    has_emoji: bool,
) -> Result<RenderedHtml, ExceededLimit> {
    let arena = Arena::new();
    let protected = ProtectedMarkdown::new(markdown);
    let root = parse_markdown(&arena, &protected.text, has_emoji)?;
    let must_be_sanitized =
        rewrite::rewrite_tree(&arena, root, base)? || may_have_too_many_references(markdown);
    let options: &Options<'_> = if must_be_sanitized {
        &RAW_OPTIONS
    } else {
        &SAFE_OPTIONS
    };
    let mut html = LimitedHtml {
        html: String::with_capacity(markdown.len() + markdown.len() / 4),
        max_bytes: MAX_HTML_BYTES + count_inlined_bytes(markdown),
    };
    comrak::format_html(root, options, &mut html).map_err(|_| ExceededLimit::Size)?;
    Ok(RenderedHtml {
        html: protected.restore_formulas(html.html)?,
        must_be_sanitized,
    })
}

/// Renders a part of a body. `None` if it needs sanitizing or exceeds a limit.
pub(super) fn render_fragment(
    markdown: &str,
    base: &Url,
    has_emoji: bool,
) -> Option<ProcessedHtml> {
    let rendered = render_markdown(markdown, base, has_emoji).ok()?;
    (!rendered.must_be_sanitized).then(|| html_cleanup::process_html(&rendered.html, base))
}

/// Parses Markdown within the limit on parser steps.
fn parse_markdown<'a>(
    arena: &'a Arena<'a>,
    markdown: &str,
    has_emoji: bool,
) -> Result<Node<'a>, ExceededLimit> {
    let steps = StepCounter::default();
    // The extension also reads `~ text` as a definition, which is no one's syntax.
    let has_definitions = markdown.lines().any(is_definition);
    let [plain, definitions, emoji, both] = &*PARSER_OPTIONS;
    let options = match (has_emoji, has_definitions) {
        (false, false) => plain,
        (false, true) => definitions,
        (true, false) => emoji,
        (true, true) => both,
    };
    try_parse_document(arena, markdown, options, &|| steps.is_exceeded_after_call())
        .map_err(|_| ExceededLimit::Steps)
}

/// Returns true if a line may begin a definition, `: text`, of the term above it.
fn is_definition(line: &str) -> bool {
    let text = line.trim_start_matches([' ', '\t', '>']);
    text.starts_with(": ") || text.starts_with(":\t")
}

/// HTML output that fails once it exceeds a number of bytes.
struct LimitedHtml {
    html: String,
    max_bytes: usize,
}

impl fmt::Write for LimitedHtml {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        if self.html.len() + part.len() > self.max_bytes {
            return Err(fmt::Error);
        }
        self.html.push_str(part);
        Ok(())
    }
}

/// Returns true if a text may have more character references than the sanitizer accepts.
pub(super) fn may_have_too_many_references(text: &str) -> bool {
    text.len() > MAX_CHARACTER_REFERENCES
        && text
            .bytes()
            .filter(|byte| matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'' | 0xa0))
            .count()
            > MAX_CHARACTER_REFERENCES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown::safe_html;
    use crate::markdown::{complexity, sanitize};
    use proptest::prelude::*;

    fn base_url() -> Url {
        Url::parse("https://e.org/blog/post?x=1").unwrap()
    }

    fn to_html(markdown: &str) -> Result<String, ExceededLimit> {
        render_markdown(markdown, &base_url(), false).map(|rendered| rendered.html)
    }

    /// Normalizes what comrak and the sanitizer write differently.
    fn normalize_html(html: &str) -> String {
        html.replace(" />", ">")
            .replace("&quot;", "\"")
            .replace("&#x27;", "'")
            .replace("&nbsp;", "\u{a0}")
            .replace("\r\n", "\n")
            .replace('\r', "\n")
    }

    /// Asserts that sanitizing would not change HTML that is published unsanitized.
    fn assert_safe(markdown: &str) {
        let Ok(rendered) = render_markdown(markdown, &base_url(), false) else {
            return;
        };
        if rendered.must_be_sanitized {
            return;
        }
        let [safe, sanitized] = [
            rendered.html.clone(),
            sanitize::sanitize_html(&rendered.html, &base_url()),
        ]
        .map(|html| {
            let markup = html_cleanup::process_html(&html, &base_url());
            ProcessedHtml {
                html: normalize_html(&markup.html),
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
            "term *a*\n: b\n: c\n\n  d\n\nother\n\n: - e\n\n> f\n> : g\n",
            "```rust ignore\nfn <T>() {\n\n}\n```\n\n    indented & \"code\"\n\n~~~\n~~~\n",
            "**a *b* c** ***d*** ~~e~~ ****f****",
            "<img src=\"/a.png\" width=\"640\" alt=\"A b\" class=\"x\">\n\ntext <img alt=\"b\" src=\"b.png\"/> <br> c<br />d\n",
            "<img src=\"javascript:a\">\n\na <img src=\"\"> b\n\n<img src=\"#\">",
            "a&nbsp;b &copy; &#35; &amp;lt; &#1; &#13; a",
            "![a <b>c</b> ![d](javascript:x) [^a]](e.png)\n\n[^a]: f",
        ] {
            assert!(
                !render_markdown(markdown, &base_url(), false)
                    .unwrap()
                    .must_be_sanitized,
                "{markdown}"
            );
            assert_safe(markdown);
        }
    }

    #[test]
    fn callouts_are_quotes_with_a_title() {
        for (markdown, html) in [
            (
                "> [!TIP]\n> Mind *it*.",
                "<blockquote>\n<h4>Tip</h4>\n<p>Mind <em>it</em>.</p>\n</blockquote>\n",
            ),
            (
                "> [!note] The *pier*\n> a",
                "<blockquote>\n<h4>The <em>pier</em></h4>\n<p>a</p>\n</blockquote>\n",
            ),
        ] {
            assert_eq!(to_html(markdown).as_deref(), Ok(html));
            let read = safe_html::render_body(markdown, &base_url()).unwrap();
            assert!(!read.first_paragraph.unwrap().contains("Tip"));
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
                render_markdown(markdown, &base_url(), false)
                    .unwrap()
                    .must_be_sanitized,
                "{markdown}"
            );
        }
    }

    #[test]
    fn parser_stops_at_the_step_limit() {
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
            assert!(to_html(&body) == Err(ExceededLimit::Steps), "{head}");
            assert!(
                render_fragment(&body, &base_url(), false).is_none(),
                "{head}"
            );
        }
    }

    #[test]
    fn html_above_the_size_limit_is_rejected() {
        let references = format!("{}\n\n[^a]: b\n", "[^a] ".repeat(18_000));
        assert!(to_html(&references) == Err(ExceededLimit::Size));
        let long = Url::parse(&format!("https://e.org/{}/", "a".repeat(2_000))).unwrap();
        let links = "[](b)".repeat(2_000);
        assert!(
            render_markdown(&links, &long, false).map(|rendered| rendered.html)
                == Err(ExceededLimit::Size)
        );
    }

    #[test]
    fn excessive_nesting_is_rejected() {
        let quotes = format!("{}a", "> ".repeat(30_000));
        assert_eq!(
            safe_html::render_body(&quotes, &base_url()),
            Err(ExceededLimit::Html)
        );
    }

    /// Markdown of all kinds, partly malformed.
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
                Just("> [!tip] "),
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
                Just(": "),
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
        /// A body whose excerpt is read in parts never exceeds the limit as a whole.
        #[test]
        fn steps_never_exceed_their_estimate(
            first in markdown(),
            second in "[-+*>#|:a1. \n\t`~_\\[\\]()!<>&w=\\\\^]{1,8}",
            repeated in 1usize..2_000,
            front in 0usize..40,
        ) {
            let text = format!("{}{first}{}", "- ".repeat(front), second.repeat(repeated));
            if !complexity::may_take_too_many_steps(&text) && complexity::check_markdown(&text).is_ok() {
                let arena = Arena::new();
                prop_assert!(parse_markdown(&arena, &text, false).is_ok(), "{}", text.len());
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(600))]
        #[test]
        fn unsanitized_html_is_safe(markdown in markdown()) {
            assert_safe(&markdown);
        }
    }
}
