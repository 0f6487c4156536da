//! Reads the tags of template languages: where one ends, what it is called, what it is given.

use std::ops::Range;

/// Longer ones are text.
const MAX_TAG: usize = 4_000;

/// What is between these is text, whatever it looks like.
const IS_TEXT: [&str; 5] = ["raw", "verbatim", "highlight", "codeblock", "code"];
/// A closing tag has a name and nothing else.
const MAX_CLOSING: usize = 200;

/// The beginning of a text, in at most so many bytes.
pub(super) fn head(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len()))
        .rev()
        .find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or_default()).unwrap_or_default()
}

/// A tag as it is written.
#[derive(Debug, Clone)]
pub(super) struct Tag<'a> {
    /// How long it is, in bytes.
    pub(super) length: usize,
    /// Whose it is.
    pub(super) form: Form,
    /// What it is called; of an expression, all of it.
    pub(super) name: &'a str,
    /// What it is given, with names or without.
    pub(super) arguments: Vec<(Option<&'a str>, &'a str)>,
    /// Whether it ends another one.
    pub(super) is_closing: bool,
    /// Whether it says that it encloses nothing: `{{< name />}}`.
    pub(super) is_alone: bool,
}

/// The forms of tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Hugo's `{{< name >}}`.
    Angle,
    /// Hugo's `{{% name %}}`.
    Percent,
    /// `{{ name }}` of Liquid and others; Zola's `{{ name() }}`.
    Expression,
    /// `{% name %}` of Liquid and others; Zola's `{% name() %}`.
    Statement,
}

impl Form {
    fn fences(self) -> (&'static str, &'static str) {
        match self {
            Form::Angle => ("{{<", ">}}"),
            Form::Percent => ("{{%", "%}}"),
            Form::Expression => ("{{", "}}"),
            Form::Statement => ("{%", "%}"),
        }
    }
}

impl Tag<'_> {
    /// How findings call it.
    pub(super) fn shown(&self) -> String {
        let (open, close) = self.form.fences();
        let name: String = self.name.chars().take(40).collect();
        format!("{open} {} {close}", name.trim())
    }

    /// The first argument of one of the names.
    pub(super) fn named(&self, names: &[&str]) -> Option<&str> {
        let mut arguments = self.arguments.iter();
        arguments.find_map(|(name, value)| {
            let name = name.as_ref()?;
            let is = names.iter().any(|wanted| wanted.eq_ignore_ascii_case(name));
            is.then_some(*value)
        })
    }

    /// The arguments without a name.
    pub(super) fn positional(&self) -> impl Iterator<Item = &str> {
        self.arguments
            .iter()
            .filter(|(name, _)| name.is_none())
            .map(|(_, value)| *value)
    }
}

/// The tag that a text begins with. `before` is what stands in front of it: formulas have braces too.
pub(super) fn read<'a>(rest: &'a str, before: &str) -> Option<Tag<'a>> {
    let forms = [
        Form::Angle,
        Form::Percent,
        Form::Expression,
        Form::Statement,
    ];
    let form = forms
        .into_iter()
        .find(|form| rest.starts_with(form.fences().0))?;
    let (open, close) = form.fences();
    let inside = rest.get(open.len()..)?;
    let end = head(inside, MAX_TAG).find(close)?;
    let length = open.len() + end + close.len();
    // Blanks may be swallowed at either end: `{{- x -}}`, `{%- x -%}`.
    let inside = inside.get(..end)?.trim_matches(['-', '~']).trim();
    if form == Form::Expression && is_formula(before) {
        return None;
    }
    let (inside, is_closing) = match inside.strip_prefix('/') {
        Some(inside) => (inside.trim_start(), true),
        None => (inside, false),
    };
    let is_alone = inside.ends_with('/');
    let inside = inside.trim_end_matches('/').trim_end();
    // Hugo's way to show a tag and not run it.
    if inside.starts_with('*') {
        return None;
    }
    let begins = |c: char| c.is_alphabetic() || matches!(c, '_' | '"' | '\'' | '.' | '$');
    if !inside.starts_with(begins) {
        return None;
    }
    let name_end = inside
        .find(|c: char| c.is_whitespace() || c == '(' || c == '|')
        .unwrap_or(inside.len());
    let (name, tail) = inside.split_at_checked(name_end)?;
    if form == Form::Expression && !tail.trim_start().starts_with('(') {
        return Some(Tag {
            length,
            form,
            name: inside,
            arguments: Vec::new(),
            is_closing,
            is_alone,
        });
    }
    Some(Tag {
        length,
        form,
        name,
        arguments: arguments(tail.trim().trim_start_matches('(').trim_end_matches(')')),
        is_closing: is_closing || (form == Form::Statement && name.starts_with("end")),
        is_alone,
    })
}

/// Whether what ends here is LaTeX, whose braces group: `^`, `_`, `\frac`.
pub(super) fn is_formula(before: &str) -> bool {
    let from = before.len().saturating_sub(40);
    let from = (from..=before.len()).find(|at| before.is_char_boundary(*at));
    let before = from.and_then(|from| before.get(from..)).unwrap_or_default();
    let command = before.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    before.ends_with(['^', '_', '{', '}'])
        || (command.len() < before.len() && command.ends_with('\\'))
}

/// `name="a value"`, `name=value`, `"a value"`, `value`, with blanks or commas between them.
pub(super) fn arguments(text: &str) -> Vec<(Option<&str>, &str)> {
    let mut arguments = Vec::new();
    let mut rest = text.trim_start_matches(is_gap);
    while !rest.is_empty() {
        let Some((first, after)) = value(rest) else {
            break;
        };
        let after = after.trim_start();
        match after.strip_prefix('=').or_else(|| after.strip_prefix(':')) {
            Some(after) => {
                let Some((second, after)) = value(after.trim_start()) else {
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
        rest = rest.trim_start_matches(is_gap);
    }
    arguments
}

fn is_gap(c: char) -> bool {
    c.is_whitespace() || c == ','
}

/// A quoted or bare value, and what comes after it. `None` where there is none.
fn value(rest: &str) -> Option<(&str, &str)> {
    let quote = rest.chars().next()?;
    if matches!(quote, '"' | '\'' | '`' | '“') {
        let closing = if quote == '“' { '”' } else { quote };
        let inside = rest.get(quote.len_utf8()..)?;
        let end = inside.find(closing).unwrap_or(inside.len());
        let (value, after) = inside.split_at_checked(end)?;
        return Some((value, after.get(closing.len_utf8()..).unwrap_or_default()));
    }
    // A URL's colon is not that of a name.
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

/// What stands before the `{% endname %}`, or Hugo's `{{< /name >}}`, that ends it, and the length of
/// that with the end. Tags of the same name may stand within.
pub(super) fn end_of<'a>(name: &str, rest: &'a str) -> Option<(&'a str, usize)> {
    let mut depth = 0_usize;
    for (at, _) in rest.match_indices('{').filter(|(at, _)| begins(rest, *at)) {
        if let Some(Range { start, end }) = closing_at(name, rest, at) {
            if depth == 0 {
                return Some((rest.get(..start)?, end));
            }
            depth -= 1;
        } else if !IS_TEXT.contains(&name) && opens_at(name, rest, at) {
            depth += 1;
        }
    }
    None
}

/// The length of what stands before the end of the section that a tag of a name begins, with that end. Tags of
/// the same name may stand within, and where it `is_call`, as Zola's are, others that `{% end %}` ends.
pub(super) fn section_length(name: &str, is_call: bool, rest: &str) -> Option<usize> {
    let (mut named, mut unnamed) = (0_usize, 0_usize);
    let mut at = 0;
    while let Some(next) = rest.get(at..).and_then(|rest| rest.find('{')) {
        let begin = at + next;
        let tail = rest.get(begin..)?;
        // The second brace of `{{%` begins nothing.
        at = begin + if tail.starts_with("{{") { 2 } else { 1 };
        if !begins(rest, begin) {
            continue;
        }
        let statement = statement(tail);
        if statement.is_some_and(|inside| inside == "raw") {
            at = end_of("raw", tail.get(2..)?).map_or(at, |(_, length)| begin + 2 + length);
        } else if let Some(end) = closing_at(name, rest, begin) {
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
            named += usize::from(opens_at(name, rest, begin));
            unnamed += usize::from(statement.is_some_and(|inside| inside.contains('(')));
        }
    }
    None
}

/// A tag of Handlebars that begins a text.
pub(super) struct BlockTag<'a> {
    /// `#` where it begins a block, `/` where it ends one, `^` where it begins the other part of one.
    pub(super) mark: char,
    pub(super) name: &'a str,
    /// What stands behind the name.
    pub(super) arguments: &'a str,
    pub(super) length: usize,
}

/// The tag of a block of Handlebars that a text begins with: `{{#name …}}`, `{{else}}`, `{{/name}}`.
pub(super) fn block_tag(rest: &str) -> Option<BlockTag<'_>> {
    let inside = head(rest.strip_prefix("{{")?, MAX_TAG);
    let end = inside.find("}}")?;
    let length = "{{".len() + end + "}}".len();
    let inside = inside.get(..end)?.trim_matches('~').trim();
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

/// The length of what stands before the end of a block of Handlebars, with that end. Blocks of the same name may
/// stand within.
pub(super) fn block_length(name: &str, rest: &str) -> Option<usize> {
    let mut more = 0_usize;
    for (at, _) in rest.match_indices("{{") {
        let Some(tag) = rest.get(at..).and_then(block_tag) else {
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

/// What stands in the statement that a text begins with.
fn statement(text: &str) -> Option<&str> {
    let inside = head(text.strip_prefix("{%")?, MAX_TAG);
    let inside = inside.get(..inside.find("%}")?)?;
    Some(inside.trim_matches(['-', '~']).trim())
}

/// Whether a statement of the name begins here.
fn opens_at(name: &str, text: &str, at: usize) -> bool {
    let tail = text.get(at..).unwrap_or_default();
    let inside = ["{%", "{{<", "{{%"]
        .iter()
        .find_map(|open| tail.strip_prefix(open));
    let inside = inside.map(|inside| inside.trim_start_matches(['-', '~', '<', '%']).trim_start());
    let rest = inside.and_then(|inside| inside.strip_prefix(name.trim()));
    rest.is_some_and(|rest| rest.starts_with([' ', '%', '>', '-', '(', '\n']))
}

/// Where the last closing tag of a name begins.
pub(super) fn last_closing(tag: &Tag<'_>, body: &str) -> Option<usize> {
    body.rmatch_indices('{')
        .filter(|(at, _)| begins(body, *at))
        .find_map(|(at, _)| closing_at(tag.name, body, at))
        .map(|range| range.start)
        // Zola ends all of them with `{% end %}`.
        .or_else(|| match tag.form {
            Form::Statement => body.rfind("{% end %}"),
            _ => None,
        })
}

/// The closing tag of a name, if one begins here.
fn closing_at(name: &str, text: &str, at: usize) -> Option<Range<usize>> {
    let word = name.trim();
    let tail = head(text.get(at..)?, MAX_CLOSING);
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
            // A block may be named at its end: `{% endblock name %}`.
            let inside = inside.split_whitespace().next()?;
            let (end, other) = inside.split_at_checked(3)?;
            !is_hugo && end.eq_ignore_ascii_case("end") && other.eq_ignore_ascii_case(word)
        }
    };
    is.then_some(at..at + close)
}

fn begins(text: &str, at: usize) -> bool {
    let tail = text.get(at..).unwrap_or_default();
    ["{{<", "{{%", "{%"]
        .iter()
        .any(|open| tail.starts_with(open))
}
