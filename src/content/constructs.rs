//! Reduces a body with its generator's constructs in it (shortcodes, template tags, components) to one that
//! Markdown alone can render.
//!
//! What has content is reduced to it: a paired shortcode to what stands within, a figure to its
//! picture, a video to a link, `{% highlight %}` to a block of code. The rest goes and is told of, and so does
//! what a pair encloses that locks or hides it.
//! Code is left as it is, but for the marks that keep generators from reading it.

mod code;
mod comment;
mod condition;
mod element;
mod embed;
mod hiding;
mod left_out;
mod lines;
mod mdx;
mod replacement;
mod tag;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use memchr::memmem;

use super::rendering::Home;
use element::is_locked_name;
use hiding::Section;
pub(super) use hiding::may_hide_any;
use left_out::AllLeftOut;
pub(super) use left_out::{LeftOut, Reason};
pub(super) use lines::fence;

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
                [b'{', next, ..] => b"{%:#./".contains(next),
                [b':', b':', ..] => true,
                [b':', next, ..] if next.is_ascii_alphabetic() => {
                    let name = body.get(at..).and_then(lines::directive_name);
                    name.is_some_and(is_locked_name)
                }
                _ => from.starts_with(b"[TOC]") || from.starts_with(b"[[toc]]"),
            }
        })
        || ["!!!", "???"].iter().any(|mark| {
            memmem::find_iter(body.as_bytes(), mark).any(|at| {
                let name = body.get(at..).and_then(lines::admonition);
                name.is_some_and(is_locked_name)
            })
        })
        || may_hide_any(body)
}

/// Reduces a body.
pub(super) fn reduce<'a>(body: &'a str, is_mdx: bool, site: &Home) -> Reduced<'a> {
    match may_have_any(body, is_mdx) {
        true => Scan::new(body, is_mdx, true, site).reduced(),
        false => Reduced::unchanged(body),
    }
}

/// Leaves out of a body what Markdown and HTML hide, and takes constructs for text.
pub(super) fn without_hidden<'a>(body: &'a str, site: &Home) -> Reduced<'a> {
    match may_hide_any(body) {
        true => Scan::new(body, false, false, site).reduced(),
        false => Reduced::unchanged(body),
    }
}

struct Scan<'a, 's> {
    body: &'a str,
    at: usize,
    out: String,
    site: &'s Home,
    is_mdx: bool,
    /// Whether tags of templates are read; else they are text.
    has_templates: bool,
    /// Whether an attribute may hide an element.
    has_hiding_attribute: bool,
    /// The section that is being left out.
    section: Option<Section<'a>>,
    /// The conditions of templates that are open, by name, and whether their other part is for some readers only.
    conditions: Vec<(&'a str, bool)>,
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
    /// How many tags of HTML could not be read.
    unreadable: usize,
    /// The tags whose end is nowhere to come.
    without_end: HashSet<String>,
}

impl<'a, 's> Scan<'a, 's> {
    fn new(body: &'a str, is_mdx: bool, has_templates: bool, site: &'s Home) -> Scan<'a, 's> {
        Scan {
            body,
            at: 0,
            out: String::with_capacity(body.len()),
            site,
            is_mdx,
            has_templates,
            has_hiding_attribute: hiding::may_have_hiding_attribute(body),
            section: None,
            conditions: Vec::new(),
            fence: None,
            fence_indent: 0,
            may_be_code: true,
            in_list: false,
            left_out: AllLeftOut::default(),
            closings: HashMap::new(),
            vain: 0,
            unreadable: 0,
            without_end: HashSet::new(),
        }
    }

    fn reduced(mut self) -> Reduced<'a> {
        self.run();
        self.end_section_at_end();
        Reduced {
            text: Cow::Owned(self.out),
            left_out: self.left_out.list,
        }
    }

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
        let has_hidden = may_hide_any(self.body);
        while self.at < self.body.len() {
            let begins_line = self.at == 0 || self.body.as_bytes().get(self.at - 1) == Some(&b'\n');
            if begins_line && self.line() {
                continue;
            }
            let rest = self.rest();
            let special = |byte: u8| match byte {
                b'`' | b'{' | b'\n' => true,
                b'<' => self.is_mdx || has_code || has_hidden,
                b'%' => has_hidden,
                b':' => self.has_templates,
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
        self.end_section_before(line);
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
            self.code(line);
            return true;
        }
        if self.is_indented_code(line) {
            self.code(line);
            return true;
        }
        if self.link_comment(rest) || self.section_block(line) {
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
        if !self.has_templates {
            return false;
        }
        if self.section_line(line) {
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

    /// Code, without the marks that keep generators from reading it.
    fn code(&mut self, code: &str) {
        match self.has_templates {
            true => self.out.push_str(&code::unmarked(code)),
            false => self.out.push_str(code),
        }
        self.at += code.len();
    }

    /// Whether what comes is escaped: an odd number of backslashes stands before it.
    fn is_escaped(&self) -> bool {
        let before = self.out.trim_end_matches('\\').len();
        (self.out.len() - before) % 2 == 1
    }

    fn special(&mut self, rest: &'a str) {
        if rest.starts_with('\n') {
            return self.copy(1);
        }
        if rest.starts_with('`') {
            return self.code_span(rest);
        }
        if rest.starts_with('%') {
            return self.comment_in_percents(rest);
        }
        if rest.starts_with(':') {
            return self.inline_directive(rest);
        }
        if rest.starts_with('<') {
            if !self.is_escaped() && (self.html_comment(rest) || self.section_tag(rest)) {
                return;
            }
            let begins_code = rest.starts_with("<pre") || rest.starts_with("<code");
            let code = begins_code.then(|| self.vainly(|| code::element(rest)));
            return match code.flatten() {
                Some(length) => self.code(rest.get(..length).unwrap_or(rest)),
                None if self.is_mdx => self.component(rest),
                None => self.copy(1),
            };
        }
        if self.has_templates
            && let Some((text, length)) = code::escaped_shortcode(rest)
        {
            self.out.push_str(&text);
            self.at += length;
            return;
        }
        // An escaped brace is a brace, and `${{` is no template's.
        let is_variable = self.out.ends_with('$')
            && !["{%", "{#", "{{%", "{{<", "{{#", "{/"]
                .iter()
                .any(|open| rest.starts_with(open));
        if is_variable || self.is_escaped() {
            let braces = rest.bytes().take_while(|byte| *byte == b'{').count();
            return self.copy(braces);
        }
        if self.comment_in_braces(rest) {
            return;
        }
        if !self.has_templates {
            return self.copy(1);
        }
        if self.section_of_block(rest) {
            return;
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
                return self.code(whole);
            }
            from = begin + ticks;
        }
        self.copy(run);
    }

    fn leave_out(&mut self, name: String, begin: usize, reason: Reason) {
        // Of a section that is left out as a whole no part is told of.
        if self.section.is_none() {
            self.left_out.add(name, self.body, begin..self.at, reason);
        }
    }

    /// Each look may go some way in vain, so there are only so many of those.
    fn vainly<T>(&mut self, look: impl FnOnce() -> Option<T>) -> Option<T> {
        let found = (self.vain < MAX_VAIN).then(look).flatten();
        self.vain += usize::from(found.is_none());
        found
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
    fn comments_of_every_dialect_are_left_out() {
        let long = "secret ".repeat(3_000);
        let long = format!("{{# {long} #}}b{{/* {long} */}}c");
        for (body, expected) in [
            ("{::comment}\nsecret\n{:/comment}\nb", "\nb"),
            (
                "a {::comment}secret{:/comment} b {::comment}secret{:/} c",
                "a  b  c",
            ),
            ("{::nomarkdown}*a*{:/}", "{::nomarkdown}*a*{:/}"),
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
            assert_eq!(text(body), expected, "{body}");
            assert_eq!(left_out(body, false), [], "{body}");
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
            assert_eq!(text(&body), "a\n\n", "{body}");
            let left_out = reduce(&body, false, &site()).left_out;
            assert_eq!(left_out.len(), 1, "{body}");
            assert_eq!(
                (left_out[0].line, left_out[0].reason),
                (2, Reason::Unclosed),
                "{body}"
            );
        }
        assert_eq!(
            left_out("a %%secret\n\nsecret%% b", false),
            [("%%…%%".to_owned(), 0, 1)]
        );
    }

    #[test]
    fn what_a_locked_pair_encloses_is_left_out() {
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
            assert_eq!(text(body), expected, "{body}");
            assert_eq!(mdx(body), expected, "{body}");
            let left_out = reduce(body, false, &site()).left_out;
            assert_eq!(left_out.len(), 1, "{body}: {left_out:?}");
            assert_eq!(left_out[0].reason, Reason::Locked, "{body}");
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
            assert_eq!(text(&body), "a\n\n", "{body}");
            assert_eq!(mdx(&body), "a\n\n", "{body}");
            let left_out = reduce(&body, false, &site()).left_out;
            assert_eq!(left_out.len(), 1, "{body}: {left_out:?}");
            assert_eq!(
                (left_out[0].line, left_out[0].reason),
                (2, Reason::Unclosed),
                "{body}"
            );
        }
    }

    #[test]
    fn what_encloses_nothing_or_is_code_locks_nothing() {
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
            assert_eq!(text(body), expected, "{body}");
        }
        assert_eq!(mdx("<Encrypt a={1} />b"), "b");
    }

    #[test]
    fn where_constructs_are_text_markdown_and_html_still_hide() {
        let kept = |body: &str| without_hidden(body, &site()).text.into_owned();
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
        ] {
            let body = format!("{}{}", "a".repeat(100_000), piece.repeat(20_000));
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
