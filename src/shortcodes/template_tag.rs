//! Parses tags of template languages: their length, name, arguments and closing tag.

use crate::text::first_bytes;
use std::ops::Range;

/// Length in bytes above which a tag may have no second opening delimiter in it. Without a limit, braces that
/// nobody closed would hide the text up to the end of the next tag.
const MAX_LOOSE_TAG_BYTES: usize = 4_000;

/// Names of tags whose content is plain text, so that tags in it do not nest.
const VERBATIM_TAGS: [&str; 5] = ["raw", "verbatim", "highlight", "codeblock", "code"];
/// Names that begin an expression `${{ … }}` in a workflow of GitHub.
const GITHUB_NAMES: &str = "github env vars job jobs steps runner secrets strategy matrix needs inputs contains \
    startsWith format hashFiles toJSON fromJSON always failure success";
/// Maximum length of a closing tag, in bytes. It has little more than a name.
const MAX_CLOSING_TAG_BYTES: usize = 200;

/// A template tag as written.
#[derive(Debug, Clone)]
pub(super) struct TemplateTag<'a> {
    /// Length in bytes.
    pub(super) length: usize,
    pub(super) syntax: TagSyntax,
    /// The name. For an expression, its whole text.
    pub(super) name: &'a str,
    /// Values with their names, if they have one.
    pub(super) arguments: Vec<(Option<&'a str>, &'a str)>,
    /// True if it ends a pair.
    pub(super) is_closing: bool,
    /// True if it is self-closing: `{{< name />}}`.
    pub(super) is_self_closing: bool,
}

/// Syntax of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TagSyntax {
    /// Hugo's `{{< name >}}`.
    Angle,
    /// Hugo's `{{% name %}}`.
    Percent,
    /// `{{ name }}` of Liquid and others; Zola's `{{ name() }}`.
    Expression,
    /// `{% name %}` of Liquid and others; Zola's `{% name() %}`.
    Statement,
}

impl TagSyntax {
    fn delimiters(self) -> (&'static str, &'static str) {
        match self {
            TagSyntax::Angle => ("{{<", ">}}"),
            TagSyntax::Percent => ("{{%", "%}}"),
            TagSyntax::Expression => ("{{", "}}"),
            TagSyntax::Statement => ("{%", "%}"),
        }
    }
}

impl TemplateTag<'_> {
    /// Returns the tag without arguments, as findings show it.
    pub(super) fn display_name(&self) -> String {
        let (open, close) = self.syntax.delimiters();
        let name: String = self.name.chars().take(40).collect();
        format!("{open} {} {close}", name.trim())
    }

    /// Returns the first argument with one of the names.
    pub(super) fn named_argument(&self, names: &[&str]) -> Option<&str> {
        let mut arguments = self.arguments.iter();
        arguments.find_map(|(name, value)| {
            let name = name.as_ref()?;
            let is = names.iter().any(|wanted| wanted.eq_ignore_ascii_case(name));
            is.then_some(*value)
        })
    }

    /// Returns the arguments without a name.
    pub(super) fn positional_arguments(&self) -> impl Iterator<Item = &str> {
        self.arguments
            .iter()
            .filter(|(name, _)| name.is_none())
            .map(|(_, value)| *value)
    }
}

/// Parses the tag at the start of a text. `before` is the text in front of it: formulas have braces too. `find`
/// returns the first position of a delimiter at or after the given position.
pub(super) fn parse_tag<'a>(
    rest: &'a str,
    before: &str,
    find: impl FnOnce(&'static str, usize) -> Option<usize>,
) -> Option<TemplateTag<'a>> {
    let forms = [
        TagSyntax::Angle,
        TagSyntax::Percent,
        TagSyntax::Expression,
        TagSyntax::Statement,
    ];
    let form = forms
        .into_iter()
        .find(|form| rest.starts_with(form.delimiters().0))?;
    let (open, close) = form.delimiters();
    // White space control: `{{- x -}}`, `{%- x -%}`.
    let begin = rest.get(open.len()..)?.trim_start_matches(['-', '~']);
    let begin = begin.trim_start().trim_start_matches('/').trim_start();
    // LaTeX has no spaces in the braces after `_`.
    let is_index = before.ends_with('_') && rest.starts_with("{{ ");
    let is_formula = form == TagSyntax::Expression && !is_index && ends_with_formula(before);
    // Checked before the end is searched, as most braces begin no tag.
    if is_formula || !begin.starts_with(is_name_start) {
        return None;
    }
    let (inside, length) = tag_text(rest, open, find(close, open.len())?)?;
    let trimmed = inside.trim_matches(['-', '~']).trim();
    let (content, is_closing) = match trimmed.strip_prefix('/') {
        Some(content) => (content.trim_start(), true),
        None => (trimmed, false),
    };
    let is_alone = content.ends_with('/');
    let inside = content.trim_end_matches('/').trim_end();
    // `{{ 2 }}` may be anything, but `{{ 2 | ordinal }}` is a tag.
    let is_filtered = form == TagSyntax::Expression && inside.contains('|');
    let is_number = inside.starts_with(|c: char| c.is_ascii_digit()) && !is_filtered;
    if is_number || !inside.starts_with(is_name_start) {
        return None;
    }
    let name_end = inside
        .find(|c: char| c.is_whitespace() || c == '(' || c == '|')
        .unwrap_or(inside.len());
    let (name, tail) = inside.split_at_checked(name_end)?;
    if form == TagSyntax::Expression && !tail.trim_start().starts_with('(') {
        return Some(TemplateTag {
            length,
            syntax: form,
            name: inside,
            arguments: Vec::new(),
            is_closing,
            is_self_closing: is_alone,
        });
    }
    Some(TemplateTag {
        length,
        syntax: form,
        name,
        arguments: parse_arguments(tail.trim().trim_start_matches('(').trim_end_matches(')')),
        is_closing: is_closing || (form == TagSyntax::Statement && name.starts_with("end")),
        is_self_closing: is_alone,
    })
}

/// Returns true if braces after `$` are a tag: `${{ item.price }}`. Shells and formulas write no space.
pub(super) fn is_after_currency(rest: &str) -> bool {
    let name = rest.strip_prefix("{{ ").unwrap_or_default().trim_start();
    let outer = name.split(|c: char| !c.is_alphanumeric()).next();
    name.starts_with(is_name_start) && !GITHUB_NAMES.split(' ').any(|known| Some(known) == outer)
}

/// Returns true if a tag may begin with a character. Hugo shows a tag with `*` instead of running it.
fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || c.is_ascii_digit() || matches!(c, '_' | '"' | '\'' | '.' | '$')
}

/// Returns the text in a tag whose closing delimiter is at `end`, and the length of the tag. `None` if the
/// delimiters probably belong to two tags.
fn tag_text<'a>(rest: &'a str, open: &str, end: usize) -> Option<(&'a str, usize)> {
    let inside = rest.get(open.len()..end)?;
    let is_text = inside.len() > MAX_LOOSE_TAG_BYTES
        && (inside.contains(open) || (open == "{{" && inside.contains("\n\n")));
    // Both delimiters are of the same length.
    (!is_text).then_some((inside, end + open.len()))
}

/// Returns true if a text ends in LaTeX that takes braces: `^`, `_`, `\frac`.
pub(super) fn ends_with_formula(before: &str) -> bool {
    let from = before.len().saturating_sub(40);
    let from = (from..=before.len()).find(|at| before.is_char_boundary(*at));
    let before = from.and_then(|from| before.get(from..)).unwrap_or_default();
    let command = before.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    // `_` after a space begins emphasis.
    let is_subscript = before.strip_suffix('_').is_some_and(|before| {
        before.ends_with(|c: char| !c.is_whitespace() && !matches!(c, '_' | '*' | '(' | '>' | '"'))
    });
    is_subscript
        || before.ends_with(['^', '{', '}'])
        || before.trim_ascii_end().ends_with("$$")
        || (command.len() < before.len() && command.ends_with('\\'))
}

/// Parses `name="a value"`, `name=value`, `"a value"` and `value`, separated by spaces or commas.
pub(super) fn parse_arguments(text: &str) -> Vec<(Option<&str>, &str)> {
    let mut arguments = Vec::new();
    let mut rest = text.trim_start_matches(is_separator);
    while !rest.is_empty() {
        let Some((first, after)) = parse_value(rest) else {
            break;
        };
        let after = after.trim_start();
        match after.strip_prefix('=').or_else(|| after.strip_prefix(':')) {
            Some(after) => {
                let Some((second, after)) = parse_value(after.trim_start()) else {
                    break;
                };
                arguments.push((Some(first), second));
                rest = after;
            }
            None => {
                arguments.push((None, first));
                rest = after;
            }
        }
        rest = rest.trim_start_matches(is_separator);
    }
    arguments
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || c == ','
}

/// Parses a quoted or bare value and returns it with the text after it. `None` for an empty text.
fn parse_value(rest: &str) -> Option<(&str, &str)> {
    let quote = rest.chars().next()?;
    if matches!(quote, '"' | '\'' | '`' | '“') {
        let closing = if quote == '“' { '”' } else { quote };
        let inside = rest.get(quote.len_utf8()..)?;
        let end = inside.find(closing).unwrap_or(inside.len());
        let (value, after) = inside.split_at_checked(end)?;
        return Some((value, after.get(closing.len_utf8()..).unwrap_or_default()));
    }
    // The colon of a URL does not end a name.
    let end = rest
        .find(|c: char| c.is_whitespace() || matches!(c, ',' | '='))
        .unwrap_or(rest.len());
    let (value, after) = rest.split_at_checked(end.max(quote.len_utf8()))?;
    match value.split_once(':') {
        Some((name, tail)) if !tail.starts_with("//") && !name.is_empty() => {
            Some((name, rest.get(name.len()..)?))
        }
        _ => Some((value, after)),
    }
}

/// Returns the text before the `{% endname %}` or `{{< /name >}}` that ends a tag, and its length including the
/// end tag. Tags of the same name may nest.
pub(super) fn find_end_tag<'a>(name: &str, rest: &'a str) -> Option<(&'a str, usize)> {
    let mut depth = 0_usize;
    for (at, _) in rest
        .match_indices('{')
        .filter(|(at, _)| is_tag_start_at(rest, *at))
    {
        if let Some(Range { start, end }) = closing_tag_at(name, rest, at) {
            if depth == 0 {
                return Some((rest.get(..start)?, end));
            }
            depth -= 1;
        } else if !VERBATIM_TAGS.contains(&name) && is_opening_tag_at(name, rest, at) {
            depth += 1;
        }
    }
    None
}

/// Returns the length of a section's content including the end tag. Tags of the same name may nest. If
/// `is_call`, as in Zola, `{% end %}` ends the section and other calls may nest too.
pub(super) fn section_length(name: &str, is_call: bool, rest: &str) -> Option<usize> {
    let (mut named, mut unnamed) = (0_usize, 0_usize);
    let mut at = 0;
    while let Some(next) = rest.get(at..).and_then(|rest| rest.find('{')) {
        let begin = at + next;
        let tail = rest.get(begin..)?;
        // The second brace of `{{%` begins no tag.
        at = begin + if tail.starts_with("{{") { 2 } else { 1 };
        if !is_tag_start_at(rest, begin) {
            continue;
        }
        let statement = statement_text(tail);
        if statement.is_some_and(|inside| inside == "raw") {
            at = find_end_tag("raw", tail.get(2..)?).map_or(at, |(_, length)| begin + 2 + length);
        } else if let Some(end) = closing_tag_at(name, rest, begin) {
            match named.checked_sub(1) {
                Some(fewer) => named = fewer,
                None => return Some(end.end),
            }
        } else if is_call && statement == Some("end") {
            match unnamed.checked_sub(1) {
                Some(fewer) => unnamed = fewer,
                None => return Some(begin + tail.find("%}")? + 2),
            }
        } else {
            named += usize::from(is_opening_tag_at(name, rest, begin));
            unnamed += usize::from(statement.is_some_and(|inside| inside.contains('(')));
        }
    }
    None
}

/// A Handlebars block tag.
pub(super) struct BlockTag<'a> {
    /// `#` begins a block, `/` ends it, `^` begins its `else` branch.
    pub(super) mark: char,
    pub(super) name: &'a str,
    /// The text after the name.
    pub(super) arguments: &'a str,
    pub(super) length: usize,
}

/// Parses a Handlebars block tag at the start of a text: `{{#name …}}`, `{{else}}`, `{{/name}}`. `find` returns the
/// first position of a delimiter at or after the given position.
pub(super) fn parse_block_tag(
    rest: &str,
    find: impl FnOnce(&'static str, usize) -> Option<usize>,
) -> Option<BlockTag<'_>> {
    let begin = rest.strip_prefix("{{")?.trim_start_matches('~');
    let begin = begin.trim_start();
    if !begin.starts_with(['#', '/', '^']) && !begin.starts_with("else") {
        return None;
    }
    let (inside, length) = tag_text(rest, "{{", find("}}", "{{".len())?)?;
    let inside = inside.trim_matches('~').trim();
    let (mark, inside) = match inside.strip_prefix(['#', '/']) {
        Some(after) => (inside.chars().next()?, after.trim_start()),
        None if inside == "^" => ('^', ""),
        None => {
            let after = inside.strip_prefix("else")?;
            let is_else = after.is_empty() || after.starts_with(' ');
            return is_else.then_some(BlockTag {
                mark: '^',
                name: "else",
                arguments: after,
                length,
            });
        }
    };
    let name_end = inside.find(char::is_whitespace).unwrap_or(inside.len());
    let (name, arguments) = inside.split_at_checked(name_end)?;
    Some(BlockTag {
        mark,
        name,
        arguments,
        length,
    })
}

/// Returns the length of a Handlebars block's content including the end tag. Blocks of the same name may nest.
pub(super) fn block_length(name: &str, rest: &str) -> Option<usize> {
    let mut more = 0_usize;
    let mut ends = rest.match_indices("}}").peekable();
    for (at, _) in rest.match_indices("{{") {
        while ends.next_if(|(end, _)| *end < at + "{{".len()).is_some() {}
        let end = ends.peek().map(|(end, _)| end - at);
        let tail = rest.get(at..).unwrap_or_default();
        let Some(tag) = parse_block_tag(tail, |_, _| end) else {
            continue;
        };
        match tag.mark {
            '#' if tag.name == name => more += 1,
            '/' if tag.name == name => match more.checked_sub(1) {
                Some(fewer) => more = fewer,
                None => return Some(at + tag.length),
            },
            _ => {}
        }
    }
    None
}

/// Returns the inner text of the statement `{% … %}` at the start of a text, or the beginning of a long one.
fn statement_text(text: &str) -> Option<&str> {
    let inside = first_bytes(text.strip_prefix("{%")?, MAX_LOOSE_TAG_BYTES);
    let inside = inside.get(..inside.find("%}").unwrap_or(inside.len()))?;
    Some(inside.trim_matches(['-', '~']).trim())
}

/// Returns true if a tag of this name begins at a position.
fn is_opening_tag_at(name: &str, text: &str, at: usize) -> bool {
    let tail = text.get(at..).unwrap_or_default();
    let inside = ["{%", "{{<", "{{%"]
        .iter()
        .find_map(|open| tail.strip_prefix(open));
    let inside = inside.map(|inside| inside.trim_start_matches(['-', '~', '<', '%']).trim_start());
    let rest = inside.and_then(|inside| inside.strip_prefix(name.trim()));
    rest.is_some_and(|rest| rest.starts_with([' ', '%', '>', '-', '(', '\n']))
}

/// Returns the position of the last closing tag of a tag's name.
pub(super) fn find_last_closing_tag(tag: &TemplateTag<'_>, body: &str) -> Option<usize> {
    body.rmatch_indices('{')
        .filter(|(at, _)| is_tag_start_at(body, *at))
        .find_map(|(at, _)| closing_tag_at(tag.name, body, at))
        .map(|range| range.start)
        // In Zola every call ends with `{% end %}`.
        .or_else(|| match tag.syntax {
            TagSyntax::Statement => body.rfind("{% end %}"),
            _ => None,
        })
}

/// Returns the range of the closing tag of a name, if one begins at a position.
fn closing_tag_at(name: &str, text: &str, at: usize) -> Option<Range<usize>> {
    let word = name.trim();
    let tail = first_bytes(text.get(at..)?, MAX_CLOSING_TAG_BYTES);
    let is_hugo = tail.starts_with("{{<") || tail.starts_with("{{%");
    let (open, close) = if is_hugo {
        (3, tail.find("}}")? + 2)
    } else {
        (2, tail.find("%}")? + 2)
    };
    let inside = tail.get(open..close.checked_sub(2)?)?;
    let inside = inside.trim_matches(['-', '~', '<', '>', '%', ' ', '\n', '\t']);
    let is = match inside.strip_prefix('/') {
        Some(other) => is_hugo && other.trim().eq_ignore_ascii_case(word),
        None => {
            // An end tag may repeat the block's name: `{% endblock name %}`.
            let inside = inside.split_whitespace().next()?;
            let (end, other) = inside.split_at_checked(3)?;
            !is_hugo && end.eq_ignore_ascii_case("end") && other.eq_ignore_ascii_case(word)
        }
    };
    is.then_some(at..at + close)
}

/// Returns true if a statement or a Hugo shortcode begins at a position.
fn is_tag_start_at(text: &str, at: usize) -> bool {
    let tail = text.get(at..).unwrap_or_default();
    ["{{<", "{{%", "{%"]
        .iter()
        .any(|open| tail.starts_with(open))
}
