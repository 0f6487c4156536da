//! Replaces shortcodes, template tags and components in a body by plain Markdown.
//!
//! Content stays: a paired shortcode leaves its inner text, a figure its image, a video a link, and
//! `{% highlight %}` a code block. All other tags are removed and reported.
//!
//! Content that is not for every reader is removed and reported too. Its tag has a locked name, as `{{< encrypt >}}`
//! or `:::private`, or hides it, as `<div hidden>`.
//!
//! Code is copied unchanged, except for escapes that keep a site generator from interpreting it.

mod body_cursor;
mod comments;
mod conditionals;
mod directive_lines;
mod element;
mod embed;
mod hidden_sections;
mod hiding_marks;
mod mdx;
mod missing_links;
mod removed;
mod replacement;
mod scan;
pub(crate) mod site_vars;
mod template_tag;
mod variables;

use memchr::memmem;

use crate::kramdown;
use crate::model::markup::Markup;
use crate::shortcodes::site_vars::{PageVars, SiteVars};
use element::is_locked_name;
pub(super) use hiding_marks::may_hide_content;
pub(super) use removed::RemovalReason;
pub(crate) use scan::Stripped;
use scan::{PELICAN_ROOT, ShortcodeScanner};

/// Returns true if a body may have a shortcode. If false, `strip_shortcodes` would change nothing.
pub(super) fn may_have_shortcodes(body: &str, markup: Markup, site: &SiteVars) -> bool {
    markup == Markup::Mdx
        || site.files.uses_kramdown && kramdown::may_have_differences(body)
        || kramdown::has_markdown_block(body)
        || site.url.path() != "/"
            && memmem::find(body.as_bytes(), PELICAN_ROOT.as_bytes()).is_some()
        || memchr::memchr3_iter(b'{', b':', b'[', body.as_bytes()).any(|at| {
            let from = body.as_bytes().get(at..).unwrap_or_default();
            match from {
                [b'{', next, ..] => b"{%:#./".contains(next),
                [b':', b':', ..] => true,
                [b':', next, ..] if next.is_ascii_alphabetic() => {
                    let (before, rest) = body.split_at_checked(at).unwrap_or_default();
                    directive_lines::parse_directive_name(rest).is_some_and(is_locked_name)
                        || directive_lines::parse_inline_component(rest, before).is_some()
                }
                // `[[toc]]`, or a wiki link.
                _ if from.starts_with(b"[[") => true,
                _ => directive_lines::TOC_MARKERS
                    .split(' ')
                    .any(|marker| from.starts_with(marker.trim_start_matches('@').as_bytes())),
            }
        })
        || ["!!!", "???"].iter().any(|mark| {
            memmem::find_iter(body.as_bytes(), mark).any(|at| {
                let name = body.get(at..).and_then(directive_lines::parse_admonition);
                name.is_some_and(is_locked_name)
            })
        })
        || memmem::find(body.as_bytes(), b"*[").is_some()
            && body.lines().any(directive_lines::is_abbreviation)
        || may_hide_content(body)
}

/// Replaces or removes shortcodes, and removes hidden sections.
pub(super) fn strip_shortcodes<'a>(
    body: &'a str,
    page: &PageVars,
    site: &SiteVars,
) -> Stripped<'a> {
    match may_have_shortcodes(body, page.markup, site) {
        true => ShortcodeScanner::new(body, page, true, site).into_stripped(),
        false => Stripped::from_unchanged(body),
    }
}

/// Removes comments and the content of hidden elements and blocks. Shortcodes are kept as text.
pub(super) fn strip_hidden_content<'a>(body: &'a str, site: &SiteVars) -> Stripped<'a> {
    match may_hide_content(body) {
        true => ShortcodeScanner::new(body, &PageVars::default(), false, site).into_stripped(),
        false => Stripped::from_unchanged(body),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::config::Config;
    use proptest::prelude::*;

    fn site_vars() -> SiteVars {
        let toml = "[site]\nurl = \"https://e.org/blog\"\ntitle = \"The Site\"\n";
        let config = Config::parse(toml, "config.toml", Path::new("")).unwrap();
        SiteVars::new(&config, Arc::default())
    }

    fn strip_body<'a>(body: &'a str, is_mdx: bool) -> Stripped<'a> {
        let markup = if is_mdx {
            Markup::Mdx
        } else {
            Markup::Markdown
        };
        let page = PageVars {
            markup,
            ..PageVars::default()
        };
        strip_shortcodes(body, &page, &site_vars())
    }

    fn strip_text(body: &str) -> String {
        strip_body(body, false).text.into_owned()
    }

    fn strip_mdx(body: &str) -> String {
        strip_body(body, true).text.into_owned()
    }

    fn removed_names(body: &str, is_mdx: bool) -> Vec<(String, usize, usize)> {
        let left_out = strip_body(body, is_mdx).removed;
        left_out
            .into_iter()
            .map(|one| (one.name, one.line, one.count))
            .collect()
    }

    #[test]
    fn text_without_shortcodes_is_unchanged() {
        for body in [
            "plain {braces} and {{ 2 }} and a { {",
            "$x^{{a}}$ and $\\frac{{a}}{b}$ and ${{ secrets.TOKEN }}",
            "\\{{ not.a.tag }}",
            "`{{ in.code }}` and ``{% x ` %}``",
            "```\n{{< x >}}\n{% y %}\n```\n",
            "> ~~~\n> {{ z }}\n> ~~~\n",
            "::std::move is no directive",
            "{% unclosed and {{ unclosed too",
            "a: {:",
            "returns {:ok, value} or {:error, reason}, and {:?} or {:>5}",
            "::1 is an address, and\n::before inserts a box",
            "<pre><code>{{ x }} {:ok, 1} {% y %}</code></pre>",
            "1. ```js\n   a\n\n   const a = {{ b }};\n   ```\n",
            "`{% raw %}` and `{% endraw %}`",
            "text\n\n    write {{ name }} here\n\n    [TOC]\n\n    {% x %}\n",
            "100% {%",
        ] {
            let reduced = strip_body(body, false);
            assert_eq!((&*reduced.text, reduced.removed), (body, vec![]), "{body}");
        }
    }

    #[test]
    fn hugo_shortcodes_are_replaced() {
        for (body, expected) in [
            ("a {{< b >}}c{{< /b >}} d", "a c d"),
            ("{{% note %}}\n**c**\n{{% /note %}}", "\n**c**\n"),
            (
                "{{< youtube abc-1 >}}",
                "<https://www.youtube.com/watch?v=abc-1>",
            ),
            ("{{< vimeo id=\"42\" >}}", "<https://vimeo.com/42>"),
            (
                "{{< tweet user=\"ada\" id=\"7\" >}}",
                "<https://x.com/ada/status/7>",
            ),
            ("{{< gist ada 0f >}}", "<https://gist.github.com/ada/0f>"),
            (
                "{{< button \"https://e.org/a b\" \"Go\" >}}",
                "[Go](https://e.org/a%20b)",
            ),
            ("{{< toc >}}", ""),
            ("[x]({{< ref \"a.md\" >}})", "[x](x-post:n::a.md)"),
            ("[x]({{< relref \"/b/a#c\" >}})", "[x](x-post:r::b/a#c)"),
            (
                "[x]({{% ref path=\"./a.md\" lang=\"de\" %}}#c)",
                "[x](x-post:f:de:./a.md#c)",
            ),
            ("see {{< ref \"a\" >}}.", "see [](x-post:n::a)."),
            (
                "{{< figure src=\"/a.png\" alt=\"A \\\"b\" caption=\"*C*\" >}}",
                "<figure><img src=\"/a.png\" alt=\"A \\\"><figcaption>\n\n*C*\n\n</figcaption></figure>\n\n",
            ),
            (
                "- a\n\n  {{< figure src=\"/a.png\" caption=\"A [b](/c) **d**\" >}}",
                "- a\n\n  <figure><img src=\"/a.png\" alt=\"A b d\"><figcaption>\n\n  A [b](/c) **d**\n\n  </figcaption></figure>\n\n",
            ),
            (
                "{{< highlight rust \"linenos=table\" >}}\nlet a = 1;\n{{< /highlight >}}",
                "\n```rust\nlet a = 1;\n```\n",
            ),
            ("{{</* shown */>}} in text", "{{< shown >}} in text"),
            ("{{< comment >}}a{{< /comment >}}b", "b"),
            ("{{/* a */}}b{{!-- c --}}", "b"),
            ("{{< bytes \"5\" >}}{{< register \"a\" >}}c", "c"),
            ("`{{</* shown */>}}`", "`{{< shown >}}`"),
            ("{{- /* a comment */ -}}b", "b"),
        ] {
            assert_eq!(strip_text(body), expected, "{body}");
        }
        assert_eq!(
            removed_names(
                "a\n{{< map 1 >}}\n\n{{< map 2 >}} [x]({{< ref \"a\" >}})",
                false
            ),
            [("{{< map >}}".to_owned(), 1, 2)]
        );
        // In a shortcode that a site defines itself, an image path may be relative to any directory.
        assert_eq!(strip_text("{{< legacy-img src=\"2016/a.jpg\" >}}"), "");
        assert!(strip_text("{{< legacy-img src=\"https://e.org/a.jpg\" >}}").contains("<img src"));
    }

    #[test]
    fn liquid_tags_are_replaced() {
        for (body, expected) in [
            ("{{ site.baseurl }}/a", "https://e.org/blog/a"),
            (
                "{{ \"/a.png\" | relative_url }}",
                "https://e.org/blog/a.png",
            ),
            ("{{ '{{' }}", "{{"),
            ("{{ site.title }}", "The Site"),
            ("[a]({{ site.repo }}/b)", "[a](x-unresolved:/b)"),
            (
                "[a]({% post_url c/2024-05-01-b %}#d)",
                "[a](x-post:n::c/2024-05-01-b#d)",
            ),
            (
                "[a]({{ site.baseurl }}{% link _posts/2024-05-01-b.md %})",
                "[a](x-post:r::_posts/2024-05-01-b.md)",
            ),
            (
                "<https://e.org/blog{% post_url b %}> <a href=\"{% post_url b %}\">c</a>",
                "[](x-post:n::b) <a href=\"x-post:n::b\">c</a>",
            ),
            (
                "[a](https://other.example/{% post_url b %})",
                "[a](x-unresolved:https://other.example/)",
            ),
            ("{% raw %}{{ x }} {% y %}{% endraw %}z", "{{ x }} {% y %}z"),
            ("`{% raw %}{{ x }}{% endraw %}`", "`{{ x }}`"),
            ("{% comment %} {{ a }} {% endcomment %}b", "b"),
            ("{% if a %}b{% else %}c{% endif %}", "bc"),
            ("{%- assign a = 1 -%}b", "b"),
            ("{% for a in b %}{{ a }}{% endfor %}c", "c"),
            (
                "{% for a in b %}{% for c in d %}x{% endfor %}y{% endfor %}z",
                "z",
            ),
            (
                "- item\n\n    of {{ site.title }}\n",
                "- item\n\n    of The Site\n",
            ),
            (
                "{% highlight ruby %}\nputs 1\n{% endhighlight %}",
                "\n```ruby\nputs 1\n```\n",
            ),
            (
                "{% include video.html youtube=1 url=\"https://e.org/v\" %}",
                "<https://e.org/v>",
            ),
            ("{# a note #}b{% # c %}", "b"),
            ("{% COMMENT %}a{% ENDCOMMENT %}b", "b"),
            ("{% set x %}a{% endset %}b{% set y = 1 %}c", "bc"),
            ("It has ({{ page.views }} views)", "It has ( views)"),
            ("- bread\n- milk\n{: .stock-list }\n", "- bread\n- milk\n"),
            (
                "- item\n  ```\n  {{ x }}\n\nOf {{ site.title }}",
                "- item\n  ```\n  {{ x }}\n\nOf The Site",
            ),
            ("A.\n{: .lead #x}\nB {: .c}", "A.\nB "),
            ("* TOC\n{:toc}\nA", "A"),
            (
                "## Title {#the-title}\n{.wide}\ntext {#not}",
                "## Title \n\ntext {#not}",
            ),
            ("[TOC]\na", "a"),
        ] {
            assert_eq!(strip_text(body), expected, "{body}");
        }
        assert_eq!(
            removed_names(
                "{% for a in b %}{{ a }}{% endfor %}\n{{ a.b }}\n{% weather %}",
                false
            ),
            [
                ("{% for %}".to_owned(), 0, 1),
                ("{{ a.b }}".to_owned(), 1, 1),
                ("{% weather %}".to_owned(), 2, 1),
            ]
        );
    }

    #[test]
    fn tags_beside_marks_are_tags() {
        for (body, expected) in [
            ("_{{ page.x }}_ **{{ page.x }}** a", "  a"),
            ("*{% private %}{{ page.x }}*secret{% endprivate %}b", "*b"),
            (
                "_{{ site.title }}_ and file_{{ site.title }}",
                "_The Site_ and file_The Site",
            ),
            ("on the {{ 3 | ordinal }} of May", "on the 3 of May"),
            (
                "costs ${{ item.price }} or ${{ site.title }}",
                "costs $ or $The Site",
            ),
            ("*{{ x.y }} a* b", "*a* b"),
            ("a **{{ x.y }} b**", "a **b**"),
            ("* {{ x.y }} a", "*  a"),
            ("**a**{{ x.y }} b", "**a** b"),
            (
                "<div>\n{% markdown %}\n**a**\n{% endmarkdown %}\n</div>",
                "<div>\n\n\n\n**a**\n\n\n\n</div>",
            ),
        ] {
            assert_eq!(strip_text(body), expected, "{body}");
        }
        for body in [
            "`${{ item.price }}`",
            "$x_{{a}}$ and ${{a}}$ and {{ 2 }}",
            "with ${{ secrets.TOKEN }} and ${{ matrix.os }}",
        ] {
            assert_eq!(strip_text(body), body, "{body}");
        }
    }

    #[test]
    fn blocks_of_mdx_hold_markdown() {
        for (body, expected) in [
            (
                "<aside>\n**a**\n</aside>\nb",
                "<aside>\n\n**a**\n\n</aside>\n\nb",
            ),
            (
                "<summary>A</summary>\n- b\n",
                "<summary>A</summary>\n\n- b\n",
            ),
            ("<div>\n    **a**\n</div>", "<div>\n\n**a**\n\n</div>"),
            ("a <b>c</b>\nd", "a <b>c</b>\nd"),
            (
                "<figure>\n<img src=\"a.png\" />\n<figcaption style={{ color: 'red' }}>By `x` and [y](https://e.org).</figcaption>\n</figure>",
                "<figure>\n\n<img src=\"a.png\">\n<figcaption>\n\nBy `x` and [y](https://e.org).\n\n</figcaption>\n\n\n</figure>",
            ),
            ("<p>a **b**</p>", "<p>a **b**</p>"),
        ] {
            assert_eq!(strip_mdx(body), expected, "{body}");
        }
    }

    #[test]
    fn attributes_of_markdown_it_are_left_out() {
        for (body, expected) in [
            ("A paragraph {.wide}\nb", "A paragraph \nb"),
            ("![x](/a.png){.dark style=\"a: b\"} y", "![x](/a.png) y"),
            ("**b**{.c}, `d`{#e}", "**b**, `d`"),
        ] {
            assert_eq!(strip_text(body), expected, "{body}");
        }
        let code = "use `{.a}` or {.b} here, f(x){.y, z}";
        assert_eq!(strip_text(code), code);
    }

    #[test]
    fn tags_of_any_length_are_tags() {
        let text = "words ".repeat(2_000);
        for (body, expected) in [
            ("{% include asked.md q=\"TEXT\" %}b", "b"),
            ("{{< own q=\"TEXT\" >}}b", "b"),
            ("{{% own q=\"TEXT\" %}}b", "b"),
            ("{{ own(q=\"TEXT\") }}b", "b"),
            ("{{</* own q=\"TEXT\" */>}}", "{{< own q=\"TEXT\" >}}"),
            ("{% private q=\"TEXT\" %}secret{% endprivate %}b", "b"),
            (
                "{% private() %}{% quote(q=\"TEXT\") %}{% end %}secret{% end %}b",
                "b",
            ),
            ("{{#private q=\"TEXT\"}}secret{{/private}}b", "b"),
            (
                "{{#private}}{{#private q=\"TEXT\"}}{{/private}}secret{{/private}}b",
                "b",
            ),
            ("{{ a TEXT\n\nTEXT }}", "{{ a TEXT\n\nTEXT }}"),
            ("{% a TEXT {% b %}", "{% a TEXT "),
        ] {
            let [body, expected] = [body, expected].map(|part| part.replace("TEXT", &text));
            let head: String = body.chars().take(20).collect();
            assert_eq!(strip_text(&body), expected, "{head}");
        }
    }

    #[test]
    fn inline_components_leave_their_text() {
        for (body, expected) in [
            ("a :badge[New]{color=\"red\"} b", "a New b"),
            (":badge[New]", "New"),
            ("a :icon{name=\"x\"} b", "a  b"),
            (":private[secret] b", " b"),
            (
                "at 10:30, :smile: and :smile:[a](b)",
                "at 10:30, :smile: and :smile:[a](b)",
            ),
            (
                ":a[b](c), :a[b][c] and note:a[b]",
                ":a[b](c), :a[b][c] and note:a[b]",
            ),
            (
                ":a{b c} :ok{ http://e.org:a[b]",
                ":a{b c} :ok{ http://e.org:a[b]",
            ),
            ("`:badge[New]` \\:badge[New]", "`:badge[New]` \\:badge[New]"),
        ] {
            assert_eq!(strip_text(body), expected, "{body}");
        }
        assert_eq!(
            removed_names("\n :source{src=\"a\"}", false),
            [(":source".to_owned(), 1, 1)]
        );
    }

    #[test]
    fn zola_shortcodes_are_replaced() {
        for (body, expected) in [
            (
                "{{ youtube(id=\"abc\") }}",
                "<https://www.youtube.com/watch?v=abc>",
            ),
            ("{% quote(author=\"V\") %}\nA\n{% end %}", "\nA\n"),
            (
                "{{ image(src=\"/a.png\", alt=\"b\") }}",
                "<figure><img src=\"/a.png\" alt=\"b\"></figure>\n\n",
            ),
            (
                "{{ resize_image(path=\"log/tern.webp\", width=600, op=\"fit_width\") }}",
                "<figure><img src=\"/log/tern.webp\" alt=\"\"></figure>\n\n",
            ),
            (
                "{{ themed-img(path_light=\"tern.png\", alt=\"T\") }}",
                "<figure><img src=\"tern.png\" alt=\"T\"></figure>\n\n",
            ),
        ] {
            assert_eq!(strip_text(body), expected, "{body}");
        }
        assert_eq!(
            removed_names("{{ image_list(path=\"log/terns.json\") }}", false),
            [("{{ image_list }}".to_owned(), 0, 1)]
        );
        assert_eq!(
            removed_names("{{ poll(n=1) }}", false),
            [("{{ poll }}".to_owned(), 0, 1)]
        );
    }

    #[test]
    fn directives_leave_their_content() {
        assert_eq!(strip_text(":::note Mind\nA\n:::\n"), "\n**Mind**\n\nA\n\n");
        assert_eq!(strip_text("::hero\n---\na: 1\n---\nB\n::"), "\nB\n\n");
        assert_eq!(
            strip_text(":::tip[Do *this*]\nA\n:::"),
            "\n**Do *this***\n\nA\n\n"
        );
    }

    #[test]
    fn mdx_components_are_replaced() {
        for (body, expected) in [
            ("import A from './a'\nimport { B } from 'b'\n\n# T", "\n# T"),
            ("export const a = {\n  b: 1,\n}\n\nT", "\nT"),
            (
                "export function X() {\n  const a = 1\n\n  return word(a)\n}\n\nT",
                "\nT",
            ),
            (
                "import is a word and so is export",
                "import is a word and so is export",
            ),
            ("a {/* note */} b {\"c\"} {' '}d", "a  b c  d"),
            (
                "<Card title=\"x\" on={() => { a('}') }}>\n\n**b**\n\n</Card>",
                "\n\n**b**\n\n",
            ),
            ("<><b>c</b></>", "<b>c</b>"),
            (
                "<YouTube id=\"abc\" />",
                "<https://www.youtube.com/watch?v=abc>",
            ),
            (
                "<Image src=\"/a.png\" alt={\"b\"} />",
                "<figure><img src=\"/a.png\" alt=\"b\"></figure>\n\n",
            ),
            ("<p style={{ a: 1 }} id=\"b\">c</p>", "<p id=\"b\">c</p>"),
            (
                "`{a}` and `<B />`\n\n```jsx\n<B c={d} />\n```\n",
                "`{a}` and `<B />`\n\n```jsx\n<B c={d} />\n```\n",
            ),
            ("1 < 2 and {", "1 < 2 and {"),
            ("<https://e.org>", "<https://e.org>"),
        ] {
            assert_eq!(strip_mdx(body), expected, "{body}");
        }
        assert_eq!(
            removed_names("{props.a}\n<Chart data={x} />\n<Box>b</Box>", true),
            [("{…}".to_owned(), 0, 1), ("<Chart />".to_owned(), 1, 1)]
        );
    }

    #[test]
    fn comments_of_every_dialect_are_removed() {
        let long = "secret ".repeat(3_000);
        let long = format!("{{# {long} #}}b{{/* {long} */}}c");
        for (body, expected) in [
            ("{::comment}\nsecret\n{:/comment}\nb", "\nb"),
            (
                "a {::comment}secret{:/comment} b {::comment}secret{:/} c",
                "a  b  c",
            ),
            ("{::nomarkdown}*a*{:/}", "*a*"),
            (
                "a %%secret%% b\n\n%%\nsecret\n\nsecret\n%%\nc",
                "a  b\n\n\nc",
            ),
            (
                "5%% or 6%% of it, and a lone %% here",
                "5%% or 6%% of it, and a lone %% here",
            ),
            ("a <!-- secret\n\nsecret --> b", "a <!----> b"),
            ("| a <!-- secret | secret --> | b |", "| a <!----> | b |"),
            (
                "a <!-- kept by Markdown --> b",
                "a <!-- kept by Markdown --> b",
            ),
            ("a\n[//]: # (secret (secret) secret)\nb", "a\nb"),
            ("[comment]: <> \"secret\nsecret\"\nb", "b"),
            ("{# secret }} {% secret #}b", "b"),
            ("{{/* secret }} secret */}}b", "b"),
            ("{{!-- secret }} secret --}}b{{! secret }}c", "bc"),
            ("{%- # secret -%}b", "b"),
            (
                "{% comment %}a{% comment %}b{% endcomment %}secret{% endcomment %}c",
                "c",
            ),
            ("{/* don't } \"secret */}b", "b"),
            (
                "$ {/* secret */} ${% comment %}secret{% endcomment %}",
                "$  $",
            ),
            (long.as_str(), "bc"),
            ("`%%a%% {/* b */} <!-- c`", "`%%a%% {/* b */} <!-- c`"),
            (
                "```\n%%a%%\n{::comment}\n[//]: # (a)\n<!-- a\n\n```\n",
                "```\n%%a%%\n{::comment}\n[//]: # (a)\n<!-- a\n\n```\n",
            ),
            ("\\{::comment} and \\<!-- a", "\\{::comment} and \\<!-- a"),
        ] {
            assert_eq!(strip_text(body), expected, "{body}");
            assert_eq!(removed_names(body, false), [], "{body}");
        }
        for body in [
            "{::comment}",
            "{% comment %}",
            "{{< comment >}}",
            "{{/*",
            "{{!--",
            "<!--",
            "%%",
        ] {
            let body = format!("a\n\n{body} secret\n\nsecret");
            assert_eq!(strip_text(&body), "a\n\n", "{body}");
            let left_out = strip_body(&body, false).removed;
            assert_eq!(left_out.len(), 1, "{body}");
            assert_eq!(
                (left_out[0].line, left_out[0].reason),
                (2, RemovalReason::Unclosed),
                "{body}"
            );
        }
        assert_eq!(
            removed_names("a %%secret\n\nsecret%% b", false),
            [("%%…%%".to_owned(), 0, 1)]
        );
    }

    #[test]
    fn content_of_locked_pairs_is_removed() {
        for (body, expected, name) in [
            (
                "a {{< encrypt >}}secret{{< /encrypt >}} b",
                "a  b",
                "{{< encrypt >}}",
            ),
            (
                "{{% private %}}a{{% private %}}b{{% /private %}}secret{{% /private %}}c",
                "c",
                "{{% private %}}",
            ),
            (
                "{% encrypt \"x\" %}secret{% endencrypt %}b",
                "b",
                "{% encrypt %}",
            ),
            (
                "{%- hidden -%}secret{% raw %}{% endhidden %}secret{% endraw %}{%- endhidden -%}b",
                "b",
                "{% hidden %}",
            ),
            (
                "{% private() %}secret{% quote() %}secret{% end %}secret{%- end -%}b",
                "b",
                "{% private %}",
            ),
            (
                "{% if page.private %}secret{% if a %}secret{% endif %}secret{% else %}secret{% endif %}b",
                "b",
                "{% if %}",
            ),
            (
                ":::private Title\nsecret\n:::note\nsecret\n:::\nsecret\n:::\nb",
                "b",
                ":::private",
            ),
            (
                "::: {.content-hidden when-format=\"html\"}\nsecret\n:::\nb",
                "b",
                ":::.content-hidden when-format=\"html\"",
            ),
            (
                "::members-only\n---\na: 1\n---\nsecret\n```\n::\n```\nsecret\n::\nb",
                "b",
                "::members-only",
            ),
            (
                "a\n<members-only>\n\nsecret\n\n`</members-only>` secret\n</Members-Only >\nb",
                "a\n\nb",
                "<members-only>",
            ),
            (
                "<div hidden>secret<div>secret</div>secret</div>b",
                "b",
                "<div hidden>",
            ),
            ("<p style=\"display:none\">secret</p>b", "b", "<p hidden>"),
            ("<pre hidden>secret</pre>b", "b", "<pre hidden>"),
        ] {
            assert_eq!(strip_text(body), expected, "{body}");
            assert_eq!(strip_mdx(body), expected, "{body}");
            let left_out = strip_body(body, false).removed;
            assert_eq!(left_out.len(), 1, "{body}: {left_out:?}");
            assert_eq!(left_out[0].reason, RemovalReason::Locked, "{body}");
            assert_eq!(left_out[0].name, name, "{body}");
        }
        for body in [
            "{{< encrypt >}}",
            "{% private() %}",
            "<Encrypt>",
            ":::secret",
            "<div hidden>",
        ] {
            let body = format!("a\n\n{body}\nsecret\n\nsecret");
            assert_eq!(strip_text(&body), "a\n\n", "{body}");
            assert_eq!(strip_mdx(&body), "a\n\n", "{body}");
            let left_out = strip_body(&body, false).removed;
            assert_eq!(left_out.len(), 1, "{body}: {left_out:?}");
            assert_eq!(
                (left_out[0].line, left_out[0].reason),
                (2, RemovalReason::Unclosed),
                "{body}"
            );
        }
    }

    #[test]
    fn hidden_content_of_code_elements_is_removed() {
        for (body, expected) in [
            (
                "<pre>a <span hidden>secret</span> b</pre>c",
                "<pre>a  b</pre>c",
            ),
            (
                "<code><span style=\"display:none\">secret</span>b</code>",
                "<code>b</code>",
            ),
            (
                "<pre>\n<members-only>\nsecret\n</members-only></pre>b",
                "<pre>\n</pre>b",
            ),
            (
                "<pre>{% private %}secret{% endprivate %}</pre>b",
                "<pre></pre>b",
            ),
            (
                "<pre>{{< private >}}secret{{< /private >}}{{/* secret */}}</pre>b",
                "<pre></pre>b",
            ),
            (
                "<pre>{% comment %}secret{% endcomment %}{# secret #}</pre>b",
                "<pre></pre>b",
            ),
            (
                "<pre><code>a<!-- private -->secret<!-- /private --></code></pre>b",
                "<pre><code>a</code></pre>b",
            ),
            // Nothing in a block of HTML is Markdown.
            (
                "<pre>\n\n    <i hidden>secret</i>\n```\n`<i hidden>secret</i>`\\<i hidden>secret</i></pre>\n\n`<i hidden>`",
                "<pre>\n\n    \n```\n``\\</pre>\n\n`<i hidden>`",
            ),
            (
                "<pre>{% raw %}{% private %}{% endraw %}</pre>b",
                "<pre>{% private %}</pre>b",
            ),
            (
                "<pre><code>{{</* private */>}}</code></pre>",
                "<pre><code>{{< private >}}</code></pre>",
            ),
            (
                "<code>%%a%% &lt;i hidden></code>",
                "<code>%%a%% &lt;i hidden></code>",
            ),
        ] {
            assert_eq!(strip_text(body), expected, "{body}");
        }
    }

    #[test]
    fn empty_tags_and_code_hide_nothing() {
        for (body, expected) in [
            ("{{< todo />}}b", "b"),
            ("a {{ private }} b", "a  b"),
            ("{% include hidden.html %}b", "b"),
            (
                "<details><summary>a</summary>b</details>",
                "<details><summary>a</summary>b</details>",
            ),
            ("<img hidden src=\"a.png\">b", "b"),
            (
                "`<private>` and `{{< private >}}`",
                "`<private>` and `{{< private >}}`",
            ),
            (
                "```\n:::private\n<div hidden>\n{% private %}\n```\n",
                "```\n:::private\n<div hidden>\n{% private %}\n```\n",
            ),
            ("\\<private> a", "\\<private> a"),
        ] {
            assert_eq!(strip_text(body), expected, "{body}");
        }
        assert_eq!(strip_mdx("<Encrypt a={1} />b"), "b");
    }

    #[test]
    fn hidden_content_is_removed_even_if_shortcodes_are_kept() {
        let kept = |body: &str| strip_hidden_content(body, &site_vars()).text.into_owned();
        for (body, expected) in [
            ("a <members-only>secret</members-only> b", "a  b"),
            ("a %%secret%% {::comment}secret{:/} b", "a   b"),
            (
                "{{< private >}}a{{< /private >}} {# b #} <i hidden>c</i>",
                "{{< private >}}a{{< /private >}} {# b #} ",
            ),
            ("`{% raw %}a` %%secret%%", "`{% raw %}a` "),
        ] {
            assert_eq!(kept(body), expected, "{body}");
        }
    }

    #[test]
    fn long_mdx_with_code_is_processed_to_its_end() {
        let body = format!(
            "<code>a</code>\n\n{}<Box>b</Box>",
            "<i>c</i> ".repeat(10_000)
        );
        assert!(strip_mdx(&body).ends_with("<i>c</i> b"));
    }

    #[test]
    fn thousands_of_unclosed_tags_cost_little() {
        for piece in [
            "{% for %}",
            "{{< a ",
            "{% {% ",
            "{{ x",
            "<A b={",
            "```\n",
            "`a``",
            "{:",
            "{% a1 %}{{< b >}}",
            "{{a}}",
            "{:toc}\n",
            "{{a {%b ",
            "{% include a.md ",
            "{{#a {{#if ",
            "{{</* ",
            ":a[b ",
            "](/{{ a }}",
            "{% assign a = a | append: a %}{{ a }}",
            "[a][b] {% include c %}",
            "*[a",
            "[[a|",
            "{% post_url a %}",
        ] {
            let body = format!("{}{}", "a".repeat(300_000), piece.repeat(100_000));
            for is_mdx in [false, true] {
                strip_body(&body, is_mdx);
            }
        }
    }

    #[test]
    fn thousands_of_sections_and_comments_cost_little() {
        for piece in [
            "<div hidden a=\"",
            "<private ",
            "<!-- ",
            "%% ",
            "{# ",
            "{/* ",
            "{::comment",
            "[//]: ",
            "{% private %}",
            ":::private\n",
            "<i>",
            "::private[a]\n",
            ":private[a](",
            ":private[a]\n\n:private[",
            "{{#private}}{{/a}}",
            "{% if a %}{% else %}",
            "{% if not draft %}",
            "<!-- todo -->",
            "> [!private]\n",
            "> [!private]\n\n",
            "!!! private\n",
            "!!!",
            "???+ ",
            "<pre><i hidden>",
            "<pre><code><i hidden></code>",
            "<pre><i hidden></i></pre>",
        ] {
            let body = format!("{}{}", "a".repeat(100_000), piece.repeat(20_000));
            for is_mdx in [false, true] {
                strip_body(&body, is_mdx);
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_processed_without_excessive_growth(
            body in "(\\{\\{<?|>?\\}\\}|\\{%|%\\}|\\{|\\}|`|<A |/>|\n|[a-z é\"'=(]|raw|end){0,40}",
            is_mdx in any::<bool>(),
        ) {
            let reduced = strip_body(&body, is_mdx);
            prop_assert!(reduced.text.len() <= body.len() * 4 + 200);
        }

        #[test]
        fn text_without_braces_is_unchanged(body in "[a-z `*#<>\n]{0,60}") {
            prop_assert_eq!(&*strip_body(&body, false).text, body.as_str());
        }
    }
}
