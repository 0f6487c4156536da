//! Keeps formulas of TeX byte for byte: `$…$`, `$$…$$`, `\(…\)`, `\[…\]`.
//!
//! Each line of a formula becomes a placeholder before Markdown is parsed, and its text again in the HTML. So no
//! underscore is emphasis, no backslash an escape, no bar a table cell, and no minus a list item. In code the text comes
//! back unchanged, so code needs no rules here.

use std::borrow::Cow;
use std::ops::Range;

use super::complexity::{ExceededLimit, MAX_HTML_BYTES};
use super::html_source::escape_text;
use crate::text::first_bytes;

/// Encloses the number of a placeholder: a noncharacter, which no text has (Unicode §23.7).
const PLACEHOLDER: &str = "\u{fdd1}";
/// The same in a URL.
const URL_PLACEHOLDER: &str = "%EF%B7%91";
/// Maximum bytes of a formula in a line of text. A long one has two hundred.
const MAX_INLINE_BYTES: usize = 1_000;
/// Maximum bytes of a formula of several lines.
const MAX_DISPLAY_BYTES: usize = 10_000;
/// Maximum number of marks whose end is searched in vain. It bounds the cost of marks that begin no formula.
const MAX_FAILED_SEARCHES: usize = 1_000;

/// Delimiters of a formula.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delimiters {
    Dollar,
    DoubleDollar,
    Parentheses,
    Brackets,
}

/// Markdown whose formulas are placeholders.
pub(super) struct ProtectedMarkdown<'a> {
    source: &'a str,
    pub(super) text: Cow<'a, str>,
    /// Lines of formulas in the source, by the number of their placeholder.
    lines: Vec<Range<usize>>,
}

impl<'a> ProtectedMarkdown<'a> {
    /// Replaces the formulas of a body.
    pub(super) fn new(source: &'a str) -> ProtectedMarkdown<'a> {
        let mut text = String::new();
        let mut lines = Vec::new();
        let mut copied = 0;
        for formula in FormulaFinder::new(source) {
            text.push_str(source.get(copied..formula.start).unwrap_or_default());
            copied = formula.end;
            push_placeholders(source, formula, &mut text, &mut lines);
        }
        let text = match lines.is_empty() {
            true => Cow::Borrowed(source),
            false => {
                text.push_str(source.get(copied..).unwrap_or_default());
                Cow::Owned(text)
            }
        };
        ProtectedMarkdown {
            source,
            text,
            lines,
        }
    }

    /// Writes the formulas in place of their placeholders.
    ///
    /// # Errors
    ///
    /// Returns the limit on the size of the HTML, as a placeholder may stand there many times.
    pub(super) fn restore_formulas(&self, html: String) -> Result<String, ExceededLimit> {
        if self.lines.is_empty() {
            return Ok(html);
        }
        // A placeholder in a link has the form of URLs.
        let html = html.replace(URL_PLACEHOLDER, PLACEHOLDER);
        let mut output = String::with_capacity(html.len() + html.len() / 4);
        // Every second part is a number, unless the text has such a character itself.
        for (at, part) in html.split(PLACEHOLDER).enumerate() {
            let number = part.parse::<usize>().ok().filter(|_| at % 2 == 1);
            let line = number.and_then(|number| self.source.get(self.lines.get(number)?.clone()));
            match line {
                Some(line) => output.push_str(&escape_text(line)),
                None => output.push_str(part),
            }
            if output.len() > MAX_HTML_BYTES + html.len() {
                return Err(ExceededLimit::Size);
            }
        }
        Ok(output)
    }
}

/// Returns true if a body has a formula.
pub(super) fn has_formulas(source: &str) -> bool {
    FormulaFinder::new(source).next().is_some()
}

/// Writes a placeholder for each line of a formula. The indent and the marks of a quote stay in front of it.
fn push_placeholders(
    source: &str,
    formula: Range<usize>,
    text: &mut String,
    lines: &mut Vec<Range<usize>>,
) {
    let before = source.get(..formula.start).unwrap_or_default();
    let first_line = before.rsplit('\n').next().unwrap_or_default();
    let is_in_quote = first_line.trim_start().starts_with('>');
    let mut at = formula.start;
    for line in source
        .get(formula)
        .unwrap_or_default()
        .split_inclusive('\n')
    {
        let content = match at == before.len() {
            true => line,
            false if is_in_quote => line.trim_start_matches([' ', '\t', '>']),
            false => line.trim_start_matches([' ', '\t']),
        };
        let start = at + line.len() - content.len();
        let end = start + content.trim_end_matches('\n').len();
        text.push_str(source.get(at..start).unwrap_or_default());
        if start < end {
            text.push_str(&format!("{PLACEHOLDER}{}{PLACEHOLDER}", lines.len()));
            lines.push(start..end);
        }
        at += line.len();
        text.push_str(source.get(end..at).unwrap_or_default());
    }
}

/// Finds formulas from start to end.
struct FormulaFinder<'a> {
    source: &'a str,
    position: usize,
    failed_searches: usize,
}

impl<'a> FormulaFinder<'a> {
    fn new(source: &'a str) -> FormulaFinder<'a> {
        FormulaFinder {
            source,
            position: 0,
            failed_searches: 0,
        }
    }

    /// Returns the length of the formula that begins at a mark, or of the text to skip.
    fn read_mark(&mut self, at: usize) -> Result<usize, usize> {
        let rest = self.source.get(at..).unwrap_or_default();
        let (delimiters, open, close) = match rest.as_bytes() {
            [b'\\', b'(', ..] => (Delimiters::Parentheses, "\\(", "\\)"),
            [b'\\', b'[', ..] => (Delimiters::Brackets, "\\[", "\\]"),
            // An escape.
            [b'\\', ..] => return Err(2),
            _ => match rest.bytes().take_while(|byte| *byte == b'$').count() {
                1 => (Delimiters::Dollar, "$", "$"),
                2 => (Delimiters::DoubleDollar, "$$", "$$"),
                run => return Err(run),
            },
        };
        let before = self.source.get(..at).unwrap_or_default();
        // `US$5`, and a part of an address.
        let is_in_word = delimiters == Delimiters::Dollar
            && before.ends_with(|c: char| c.is_alphanumeric() || "/=&%".contains(c));
        if is_in_word || self.failed_searches > MAX_FAILED_SEARCHES {
            return Err(open.len());
        }
        let max_bytes = match delimiters {
            Delimiters::Dollar | Delimiters::Parentheses => MAX_INLINE_BYTES,
            Delimiters::DoubleDollar | Delimiters::Brackets => MAX_DISPLAY_BYTES,
        };
        let inside = first_bytes(rest.get(open.len()..).unwrap_or_default(), max_bytes);
        let end = find_end(inside, close);
        let formula = end.and_then(|end| inside.split_at_checked(end));
        let is_found = formula.is_some_and(|(content, after)| {
            let after = after.get(close.len()..).unwrap_or_default();
            is_formula(delimiters, content, after)
        });
        self.failed_searches += usize::from(!is_found);
        match end.filter(|_| is_found) {
            Some(end) => Ok(open.len() + end + close.len()),
            None => Err(open.len()),
        }
    }
}

impl Iterator for FormulaFinder<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        loop {
            let rest = self.source.as_bytes().get(self.position..)?;
            let at = self.position + memchr::memchr2(b'$', b'\\', rest)?;
            match self.read_mark(at) {
                Ok(length) => {
                    self.position = at + length;
                    return Some(at..at + length);
                }
                Err(length) => self.position = at + length,
            }
        }
    }
}

/// Finds the end of a formula: the first such delimiter that is not escaped. A run of dollars has its exact length.
fn find_end(inside: &str, close: &str) -> Option<usize> {
    let bytes = inside.as_bytes();
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'$', b'\\', bytes.get(at..)?)?;
        let from = bytes.get(at..)?;
        if close.starts_with('\\') && from.starts_with(close.as_bytes()) {
            return Some(at);
        }
        let run = from.iter().take_while(|byte| **byte == b'$').count();
        if close.starts_with('$') && run == close.len() {
            return Some(at);
        }
        // A single dollar ends at the first one, or is none.
        if close == "$" && run > 0 {
            return None;
        }
        at += if run > 0 { run } else { 2 };
    }
}

/// Returns true if a text between delimiters is a formula, and no price, code or escaped bracket.
fn is_formula(delimiters: Delimiters, content: &str, after: &str) -> bool {
    let is_display = matches!(delimiters, Delimiters::DoubleDollar | Delimiters::Brackets);
    let has_code = content.contains('`') && !(content.starts_with('`') && content.ends_with('`'));
    let is_text = content.trim().is_empty()
        || content.contains("](")
        || content.contains("://")
        || content.contains("~~~")
        || has_code
        || !is_display && content.contains("\n\n");
    if is_text {
        return false;
    }
    let has_any = |marks: &[char]| content.contains(marks);
    match delimiters {
        Delimiters::Dollar => {
            let is_joined = content.trim() == content
                && !after.starts_with(|c: char| c.is_alphanumeric() || c == '$');
            let has_mark = match content.starts_with(|c: char| c.is_ascii_digit()) {
                // `*$5* and *10$*` is about prices.
                true => has_any(&['\\', '^', '{', '=', '+', '<', '>']),
                false => has_any(&['\\', '^', '_', '{', '=', '+', '<', '>', '*', '|', '/', '`']),
            };
            is_joined && has_mark
        }
        Delimiters::DoubleDollar => {
            has_any(&['\\', '^', '_', '{', '=', '+', '<', '>']) || content.trim().len() == 1
        }
        // `\(c\)` and `\[sic\]` are escaped brackets.
        Delimiters::Parentheses => {
            has_any(&['\\', '^', '_', '{', '=', '+', '<', '>', '*'])
                || content.trim().len() == 1 && !"cCrRpP".contains(content.trim())
        }
        // `\[my_file\]` as well, but `x_1` is a letter with an index.
        Delimiters::Brackets => {
            has_any(&['\\', '^', '{', '=', '+', '<', '>']) || has_index(content)
        }
    }
}

/// Returns true if a single letter has an index: `x_1`.
fn has_index(content: &str) -> bool {
    content.split('_').rev().skip(1).any(|before| {
        let mut letters = before.chars().rev();
        letters.next().is_some_and(char::is_alphabetic)
            && !letters.next().is_some_and(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown::safe_html;
    use proptest::prelude::*;
    use url::Url;

    fn render_to_html(markdown: &str) -> String {
        let base = Url::parse("https://e.org/p").unwrap();
        safe_html::render_body(markdown, &base).unwrap().html
    }

    #[test]
    fn formulas_stay_byte_for_byte() {
        for formula in [
            "$a_1 * b_2 * c_3$",
            "$\\{x\\} \\_ \\\\ \\# y$",
            "$x <b> y$",
            "$|x|$ and $\\|y\\|$",
            "$$a_1 * b_2 *c$$",
            "$$\n- a\n+ b\n= c\\\\\n\\end{x} $$",
            "\\(a_1 *b* c\\)",
            "\\(n\\)",
            "\\[ x_1 * y = *z \\]",
            "\\[ x_1 * y_2 *z \\]",
            "\\[\nx_1\n=\ny_2\n\\]",
            "$`a_1*b*c`$",
        ] {
            let expected = format!("<p>A {} b.</p>\n", escape_text(formula));
            assert_eq!(
                render_to_html(&format!("A {formula} b.\n")),
                expected,
                "{formula}"
            );
            let quoted = format!("> {}\n", formula.replace('\n', "\n> "));
            assert!(
                render_to_html(&quoted).contains(&escape_text(formula)),
                "{formula}"
            );
        }
    }

    #[test]
    fn prices_escapes_and_code_are_no_formulas() {
        for (markdown, html) in [
            ("$5 and *$10*", "$5 and <em>$10</em>"),
            ("US$5_a_ or US$7", "US$5_a_ or US$7"),
            ("*$5* and *10$*", "<em>$5</em> and <em>10$</em>"),
            ("[in $](/a) and [€/$](/b)", "[in"),
            ("\\[sic\\] and \\(c\\)", "[sic] and (c)"),
            ("\\[my_file\\]", "[my_file]"),
            ("\\$a_1 *b*$", "$a_1 <em>b</em>$"),
            ("$HOME/*a*:$PATH/*b*", "$HOME/<em>a</em>:$PATH/<em>b</em>"),
            (
                "`$a_1` *b* `c$`",
                "<code>$a_1</code> <em>b</em> <code>c$</code>",
            ),
            ("$$ cheap, *$$* dear", "$$ cheap, <em>$$</em> dear"),
        ] {
            let shown = render_to_html(markdown);
            if html == "[in" {
                assert_eq!(shown.matches("<a href").count(), 2, "{shown}");
            } else {
                assert_eq!(shown, format!("<p>{html}</p>\n"), "{markdown}");
            }
        }
        assert_eq!(
            render_to_html("```\nx=\"$a_{1}$\" <b>\n```\n\n    $y^2$\n"),
            "<pre><code>x=&quot;$a_{1}$&quot; &lt;b&gt;\n</code></pre>\n<pre><code>$y^2$\n</code></pre>\n"
        );
    }

    #[test]
    fn formulas_of_many_marks_cost_little() {
        for part in ["$$a $$$ ", "\\(", "\\[a ", "$a ", "$\\$", "$$"] {
            let text = part.repeat(200_000 / part.len());
            assert!(FormulaFinder::new(&text).count() <= text.len());
        }
    }

    #[test]
    fn repeated_formula_is_bounded() {
        let title = format!("$x_{{{}}}$", "<".repeat(900));
        let text = format!("[a]: /b \"{title}\"\n\n{}", "[a] ".repeat(2_000));
        let base = Url::parse("https://e.org/p").unwrap();
        assert_eq!(
            safe_html::render_body(&text, &base),
            Err(ExceededLimit::Size)
        );
    }

    proptest! {
        #[test]
        fn formulas_keep_their_bytes_in_a_paragraph(
            formula in "[a-zA-Z][a-z0-9*_^+=<>{}| -]{0,20}=[a-z0-9*_^{}]{1,9}",
        ) {
            let html = render_to_html(&format!("A ${formula}$ b."));
            prop_assert_eq!(html, format!("<p>A ${}$ b.</p>\n", escape_text(&formula)));
        }

        #[test]
        fn any_text_with_marks_is_survived(text in "([$\\\\()\\[\\]>`~*_a1 =\n]|\\$\\$|\u{fdd1}0\u{fdd1}){0,60}") {
            let base = Url::parse("https://e.org/p").unwrap();
            let html = safe_html::render_body(&text, &base).unwrap().html;
            prop_assert!(!html.contains("<script"));
        }
    }
}
