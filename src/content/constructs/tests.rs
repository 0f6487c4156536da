use std::path::Path;

use super::*;
use crate::config::Config;
use proptest::prelude::*;

fn site() -> config::Site {
    let toml = "[site]\nurl = \"https://e.org/blog\"\ntitle = \"The Site\"\n";
    Config::parse(toml, "config.toml", Path::new(""))
        .unwrap()
        .site
}

fn text(body: &str) -> String {
    reduce(body, false, &site()).text.into_owned()
}

fn mdx(body: &str) -> String {
    reduce(body, true, &site()).text.into_owned()
}

fn left_out(body: &str, is_mdx: bool) -> Vec<(String, usize, usize)> {
    let left_out = reduce(body, is_mdx, &site()).left_out;
    left_out
        .into_iter()
        .map(|one| (one.name, one.line, one.times))
        .collect()
}

#[test]
fn what_is_no_construct_stays() {
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
        "100% {%",
    ] {
        let reduced = reduce(body, false, &site());
        assert_eq!((&*reduced.text, reduced.left_out), (body, vec![]), "{body}");
    }
}

#[test]
fn hugo_is_reduced() {
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
        ("[x]({{< ref \"a.md\" >}})", "[x](x-unresolved:)"),
        (
            "{{< figure src=\"/a.png\" alt=\"A \\\"b\" caption=\"*C*\" >}}",
            "<figure><img src=\"/a.png\" alt=\"A \\\"><figcaption>*C*</figcaption></figure>\n\n",
        ),
        (
            "{{< highlight rust \"linenos=table\" >}}\nlet a = 1;\n{{< /highlight >}}",
            "\n```rust\nlet a = 1;\n```\n",
        ),
        ("{{</* shown */>}} in text", "{{</* shown */>}} in text"),
        ("`{{</* shown */>}}`", "`{{< shown >}}`"),
        ("{{- /* a comment */ -}}b", "{{- /* a comment */ -}}b"),
    ] {
        assert_eq!(text(body), expected, "{body}");
    }
    assert_eq!(
        left_out(
            "a\n{{< map 1 >}}\n\n{{< map 2 >}} [x]({{< ref \"a\" >}})",
            false
        ),
        [
            ("{{< map >}}".to_owned(), 1, 2),
            ("{{< ref >}}".to_owned(), 3, 1)
        ]
    );
    // What a site calls a picture may be anywhere.
    assert_eq!(text("{{< legacy-img src=\"2016/a.jpg\" >}}"), "");
    assert!(text("{{< legacy-img src=\"https://e.org/a.jpg\" >}}").contains("<img src"));
}

#[test]
fn liquid_is_reduced() {
    for (body, expected) in [
        ("{{ site.baseurl }}/a", "https://e.org/blog/a"),
        (
            "{{ \"/a.png\" | relative_url }}",
            "https://e.org/blog/a.png",
        ),
        ("{{ '{{' }}", "{{"),
        ("{{ site.title }}", "The Site"),
        ("[a]({{ site.repo }}/b)", "[a](x-unresolved:/b)"),
        ("[a]({% post_url 2024-05-01-b %})", "[a](x-unresolved:)"),
        ("{% raw %}{{ x }} {% y %}{% endraw %}z", "{{ x }} {% y %}z"),
        ("`{% raw %}{{ x }}{% endraw %}`", "`{{ x }}`"),
        ("{% comment %} {{ a }} {% endcomment %}b", "b"),
        ("{% if a %}b{% else %}c{% endif %}", "bc"),
        ("{%- assign a = 1 -%}b", "b"),
        ("{% for a in b %}{{ a }}{% endfor %}c", "c"),
        (
            "{% highlight ruby %}\nputs 1\n{% endhighlight %}",
            "\n```ruby\nputs 1\n```\n",
        ),
        (
            "{% include video.html youtube=1 url=\"https://e.org/v\" %}",
            "<https://e.org/v>",
        ),
        ("{# a note #}b", "b"),
        ("A.\n{: .lead #x}\nB {: .c}", "A.\nB "),
        ("* TOC\n{:toc}\nA", "A"),
        (
            "## Title {#the-title}\n{.wide}\ntext {#not}",
            "## Title \n\ntext {#not}",
        ),
        ("[TOC]\na", "a"),
    ] {
        assert_eq!(text(body), expected, "{body}");
    }
    assert_eq!(
        left_out(
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
fn zola_is_reduced() {
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
    ] {
        assert_eq!(text(body), expected, "{body}");
    }
    assert_eq!(
        left_out("{{ poll(n=1) }}", false),
        [("{{ poll }}".to_owned(), 0, 1)]
    );
}

#[test]
fn directives_leave_their_content() {
    assert_eq!(text(":::note Mind\nA\n:::\n"), "\n**Mind**\n\nA\n\n");
    assert_eq!(text("::hero\n---\na: 1\n---\nB\n::"), "\nB\n\n");
    assert_eq!(
        text(":::tip[Do *this*]\nA\n:::"),
        "\n**Do *this***\n\nA\n\n"
    );
}

#[test]
fn mdx_is_reduced() {
    for (body, expected) in [
        ("import A from './a'\nimport { B } from 'b'\n\n# T", "\n# T"),
        ("export const a = {\n  b: 1,\n}\n\nT", "\nT"),
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
        assert_eq!(mdx(body), expected, "{body}");
    }
    assert_eq!(
        left_out("{props.a}\n<Chart data={x} />\n<Box>b</Box>", true),
        [("{…}".to_owned(), 0, 1), ("<Chart />".to_owned(), 1, 1)]
    );
}

#[test]
fn thousands_of_open_tags_cost_little() {
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
    ] {
        let body = piece.repeat(100_000);
        for is_mdx in [false, true] {
            reduce(&body, is_mdx, &site());
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_survived_and_nothing_is_made_of_nothing(
        body in "(\\{\\{<?|>?\\}\\}|\\{%|%\\}|\\{|\\}|`|<A |/>|\n|[a-z é\"'=(]|raw|end){0,40}",
        is_mdx in any::<bool>(),
    ) {
        let reduced = reduce(&body, is_mdx, &site());
        prop_assert!(reduced.text.len() <= body.len() * 4 + 200);
    }

    #[test]
    fn text_without_braces_stays(body in "[a-z `*#<>\n]{0,60}") {
        prop_assert_eq!(&*reduce(&body, false, &site()).text, body.as_str());
    }
}
