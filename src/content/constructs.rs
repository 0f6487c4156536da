//! A body with its generator's constructs in it (shortcodes, template tags, components) into one that
//! Markdown alone can render.
//!
//! What has content is reduced to it: a paired shortcode to what stands within, a figure to its
//! picture, a video to a link, `{% highlight %}` to a block of code. The rest goes and is told of.
//! Code is left as it is, but for the marks that keep generators from reading it.

mod code;
mod embed;
mod left_out;
mod lines;
mod mdx;
mod tag;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::rendering::Home;
use embed::Embed;
pub(super) use left_out::LeftOut;
use left_out::{AllLeftOut, MAX_NAMES};
pub(super) use lines::fence;
use tag::Tag;

/// A code span of more bytes is none.
const MAX_SPAN: usize = 2_000;

/// A text with more braces and angles that begin nothing is no MDX.
const MAX_VAIN: usize = 5_000;

/// A link that cannot be followed, in the place of one that only the generator knows. Sanitising
/// drops the address and leaves the text.
const UNRESOLVED: &str = "x-unresolved:";

/// A body without constructs.
#[derive(Debug)]
pub(super) struct Reduced<'a> {
    /// The Markdown.
    pub(super) text: Cow<'a, str>,
    /// What it had besides, each name once, in the order of first sight.
    pub(super) left_out: Vec<LeftOut>,
}

impl Reduced<'_> {
    /// A body that is left as it is.
    pub(super) fn unchanged(text: &str) -> Reduced<'_> {
        Reduced {
            text: Cow::Borrowed(text),
            left_out: Vec::new(),
        }
    }
}

/// Whether there may be a construct in a body; where there is none, reducing changes nothing.
pub(super) fn may_have_any(body: &str, is_mdx: bool) -> bool {
    is_mdx
        || memchr::memchr3_iter(b'{', b':', b'[', body.as_bytes()).any(|at| {
            let from = body.as_bytes().get(at..).unwrap_or_default();
            match from {
                [b'{', next, ..] => b"{%:#.".contains(next),
                [b':', next, ..] => *next == b':',
                _ => from.starts_with(b"[TOC]") || from.starts_with(b"[[toc]]"),
            }
        })
}

/// Reduces a body.
pub(super) fn reduce<'a>(body: &'a str, is_mdx: bool, site: &Home) -> Reduced<'a> {
    if !may_have_any(body, is_mdx) {
        return Reduced::unchanged(body);
    }
    let mut scan = Scan {
        body,
        at: 0,
        out: String::with_capacity(body.len()),
        site,
        is_mdx,
        fence: None,
        fence_indent: 0,
        may_be_code: true,
        in_list: false,
        left_out: AllLeftOut::default(),
        closings: HashMap::new(),
        vain: 0,
        without_end: HashSet::new(),
    };
    scan.run();
    Reduced {
        text: Cow::Owned(scan.out),
        left_out: scan.left_out.list,
    }
}

struct Scan<'a, 's> {
    body: &'a str,
    at: usize,
    out: String,
    site: &'s Home,
    is_mdx: bool,
    /// The fence that the code at hand ends with.
    fence: Option<(char, usize)>,
    /// How far the code is indented, where it is within an item of a list.
    fence_indent: usize,
    /// Whether the last line was blank, or of code.
    may_be_code: bool,
    /// Whether the lines at hand are below an item of a list.
    in_list: bool,
    left_out: AllLeftOut,
    /// Where each closing tag stands last.
    closings: HashMap<String, Option<usize>>,
    /// How often something began as a part of MDX and was none.
    vain: usize,
    /// The tags whose end is nowhere to come.
    without_end: HashSet<String>,
}

impl<'a> Scan<'a, '_> {
    fn rest(&self) -> &'a str {
        self.body.get(self.at..).unwrap_or_default()
    }

    fn copy(&mut self, bytes: usize) {
        let text = self.rest().get(..bytes).unwrap_or(self.rest());
        self.out.push_str(text);
        self.at += text.len().max(1);
    }

    fn run(&mut self) {
        let has_code = self.body.contains("<pre") || self.body.contains("<code");
        while self.at < self.body.len() {
            let begins_line = self.at == 0 || self.body.as_bytes().get(self.at - 1) == Some(&b'\n');
            if begins_line && self.line() {
                continue;
            }
            let rest = self.rest();
            let special = |byte: u8| match byte {
                b'`' | b'{' | b'\n' => true,
                b'<' => self.is_mdx || has_code,
                _ => false,
            };
            match rest.bytes().position(special) {
                None => self.copy(rest.len()),
                Some(0) => self.special(rest),
                Some(at) => self.copy(at),
            }
        }
    }

    /// Whole lines that are no text: fences and the code between them, directives, MDX's modules.
    fn line(&mut self) -> bool {
        let rest = self.rest();
        let line = rest.split_inclusive('\n').next().unwrap_or(rest);
        // A fence within an item of a list ends with the item.
        if self.fence_indent > lines::indent(line) && !line.trim().is_empty() {
            self.fence = None;
            self.fence_indent = 0;
        }
        if let Some((mark, length)) = self.fence {
            let ends = lines::fence(line).is_some_and(|(other, more, info)| {
                other == mark && more >= length && info.is_empty()
            });
            if ends {
                self.fence = None;
                self.fence_indent = 0;
            }
            self.out.push_str(&code::unmarked(line));
            self.at += line.len();
            return true;
        }
        if self.is_indented_code(line) {
            self.out.push_str(&code::unmarked(line));
            self.at += line.len();
            return true;
        }
        if let Some((mark, length, _)) = lines::fence(line) {
            self.fence = Some((mark, length));
            self.fence_indent = if self.in_list {
                lines::content_indent(line)
            } else {
                0
            };
            self.copy(line.len());
            return true;
        }
        if self.is_mdx
            && let Some(length) = mdx::module(rest)
        {
            self.at += length;
            return true;
        }
        match lines::read(line, rest, &mut self.out) {
            Some(length) => {
                self.at += length;
                true
            }
            None => false,
        }
    }

    /// Whether a line is of code that is indented (`CommonMark` §4.4): after a blank line, and not below
    /// an item of a list, where indented lines are the item's.
    fn is_indented_code(&mut self, line: &str) -> bool {
        let is_blank = line.trim().is_empty();
        let is_indented = line.starts_with("    ") || line.starts_with('\t');
        let is_code = is_indented && !is_blank && self.may_be_code && !self.in_list && !self.is_mdx;
        if is_blank {
            self.may_be_code = true;
        } else if !is_code {
            self.may_be_code = false;
            self.in_list = lines::is_item(line) || (self.in_list && line.starts_with([' ', '\t']));
        }
        is_code
    }

    fn special(&mut self, rest: &'a str) {
        if rest.starts_with('\n') {
            return self.copy(1);
        }
        if rest.starts_with('`') {
            return self.code_span(rest);
        }
        if rest.starts_with('<') {
            let begins_code = rest.starts_with("<pre") || rest.starts_with("<code");
            let code = begins_code.then(|| self.vainly(|| code::element(rest)));
            return match code.flatten() {
                Some(length) => {
                    self.out
                        .push_str(&code::unmarked(rest.get(..length).unwrap_or(rest)));
                    self.at += length;
                }
                None if self.is_mdx => self.component(rest),
                None => self.copy(1),
            };
        }
        if let Some((text, length)) = code::escaped_shortcode(rest) {
            self.out.push_str(&text);
            self.at += length;
            return;
        }
        // An escaped brace is a brace, and `${{` is no template's.
        if self.out.ends_with(['\\', '$']) {
            let braces = rest.bytes().take_while(|byte| *byte == b'{').count();
            return self.copy(braces);
        }
        if let Some(length) = lines::attributes(rest, &self.out) {
            self.at += length;
            return;
        }
        match tag::read(rest, &self.out) {
            Some(tag) => self.tag(tag),
            None if self.is_mdx => self.expression(rest),
            None => self.copy(1),
        }
    }

    fn code_span(&mut self, rest: &'a str) {
        let run = rest.bytes().take_while(|byte| *byte == b'`').count();
        let inside = rest.get(run..).unwrap_or_default();
        let inside = tag::head(inside, MAX_SPAN);
        let inside = inside.split("\n\n").next().unwrap_or(inside);
        let mut from = 0;
        while let Some(at) = inside.get(from..).and_then(|rest| rest.find('`')) {
            let begin = from + at;
            let ticks = inside.get(begin..).unwrap_or_default();
            let ticks = ticks.bytes().take_while(|byte| *byte == b'`').count();
            if ticks == run {
                let whole = rest.get(..run + begin + ticks).unwrap_or(rest);
                self.out.push_str(&code::unmarked(whole));
                self.at += whole.len();
                return;
            }
            from = begin + ticks;
        }
        self.copy(run);
    }

    fn tag(&mut self, tag: Tag<'a>) {
        let begin = self.at;
        self.at += tag.length;
        match embed::of(&tag, self.site) {
            Embed::Nothing => {}
            Embed::Text(text) => self.push_embed(&text),
            Embed::Unresolved => {
                let in_address = ["](", "](<", "=\"", "='"]
                    .iter()
                    .any(|begin| self.out.ends_with(begin));
                self.out.push_str(if in_address { UNRESOLVED } else { "" });
                self.leave_out(tag.shown(), begin, in_address);
            }
            Embed::Verbatim => {
                let (inside, length) = self.until_end(tag.name).unwrap_or_default();
                self.out.push_str(inside);
                self.at += length;
            }
            Embed::Code(language) => {
                let (inside, length) = self.until_end(tag.name).unwrap_or_default();
                let inside = inside.trim_matches('\n');
                let fence = code::fence_around(inside);
                let block = format!("\n{fence}{language}\n{inside}\n{fence}\n");
                self.out.push_str(&block);
                self.at += length;
            }
            Embed::Without(is_told) => {
                if let Some((_, length)) = self.until_end(tag.name) {
                    self.at += length;
                }
                if is_told {
                    self.leave_out(tag.shown(), begin, false);
                }
            }
            Embed::Unknown if tag.is_closing => {}
            Embed::Unknown if self.is_closed(&tag) => {}
            Embed::Unknown => self.leave_out(tag.shown(), begin, false),
        }
    }

    /// HTML that begins a line needs an end of its own, or Markdown after it is taken for HTML.
    fn push_embed(&mut self, text: &str) {
        self.out.push_str(text);
        if text.starts_with("<figure") {
            self.out.push_str("\n\n");
        }
    }

    /// What stands before the end of a tag, and the length of that with the end.
    fn until_end(&mut self, name: &str) -> Option<(&'a str, usize)> {
        // Where one has no end, none after it has, in whatever case it is written.
        let known = name.to_ascii_lowercase();
        if self.without_end.contains(&known) || self.without_end.len() >= MAX_NAMES {
            return None;
        }
        let found = tag::end_of(name, self.rest());
        if found.is_none() {
            self.without_end.insert(known);
        }
        found
    }

    /// Whether a tag has its closing one further on.
    fn is_closed(&mut self, tag: &Tag<'a>) -> bool {
        if self.closings.len() >= MAX_NAMES && !self.closings.contains_key(tag.name) {
            return false;
        }
        let body = self.body;
        let last = self
            .closings
            .entry(tag.name.to_owned())
            .or_insert_with(|| tag::last_closing(tag, body));
        last.is_some_and(|last| last >= self.at)
    }

    fn leave_out(&mut self, name: String, begin: usize, is_address: bool) {
        self.left_out
            .add(name, self.body, begin..self.at, is_address);
    }

    /// Each look may go some way in vain, so there are only so many of those.
    fn vainly<T>(&mut self, look: impl FnOnce() -> Option<T>) -> Option<T> {
        let found = (self.vain < MAX_VAIN).then(look).flatten();
        self.vain += usize::from(found.is_none());
        found
    }

    fn component(&mut self, rest: &'a str) {
        let Some(component) = self.vainly(|| mdx::component(rest)) else {
            return self.copy(1);
        };
        let begin = self.at;
        self.at += component.length;
        if let Some(html) = component.as_html() {
            self.out.push_str(&html);
        } else if let Some(text) = embed::of_component(&component) {
            self.push_embed(&text);
        } else if component.is_alone {
            self.leave_out(format!("<{} />", component.name), begin, false);
        }
    }

    fn expression(&mut self, rest: &'a str) {
        if tag::is_formula(&self.out) {
            return self.copy(1);
        }
        let Some((text, length)) = self.vainly(|| mdx::expression(rest)) else {
            return self.copy(1);
        };
        let begin = self.at;
        self.at += length;
        match text {
            Some(text) => self.out.push_str(text),
            None => self.leave_out("{…}".to_owned(), begin, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;
    use proptest::prelude::*;

    fn site() -> Home {
        let toml = "[site]\nurl = \"https://e.org/blog\"\ntitle = \"The Site\"\n";
        Home::of(&Config::parse(toml, "config.toml", Path::new("")).unwrap())
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
            "returns {:ok, value} or {:error, reason}, and {:?} or {:>5}",
            "::1 is an address, and\n::before inserts a box",
            "<pre><code>{{ x }} {:ok, 1} {% y %}</code></pre>",
            "1. ```js\n   a\n\n   const a = {{ b }};\n   ```\n",
            "`{% raw %}` and `{% endraw %}`",
            "text\n\n    write {{ name }} here\n\n    [TOC]\n\n    {% x %}\n",
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
            ("{{</* shown */>}} in text", "{{< shown >}} in text"),
            ("{{< comment >}}a{{< /comment >}}b", "b"),
            ("{{/* a */}}b{{!-- c --}}", "b"),
            ("{{< bytes \"5\" >}}{{< register \"a\" >}}c", "c"),
            ("`{{</* shown */>}}`", "`{{< shown >}}`"),
            ("{{- /* a comment */ -}}b", "b"),
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
            assert_eq!(mdx(body), expected, "{body}");
        }
        assert_eq!(
            left_out("{props.a}\n<Chart data={x} />\n<Box>b</Box>", true),
            [("{…}".to_owned(), 0, 1), ("<Chart />".to_owned(), 1, 1)]
        );
    }

    #[test]
    fn a_long_text_of_mdx_with_code_in_it_is_reduced_to_its_end() {
        let body = format!(
            "<code>a</code>\n\n{}<Box>b</Box>",
            "<i>c</i> ".repeat(10_000)
        );
        assert!(mdx(&body).ends_with("<i>c</i> b"));
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
            "{{a}}",
            "{:toc}\n",
        ] {
            let body = format!("{}{}", "a".repeat(300_000), piece.repeat(100_000));
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
}
