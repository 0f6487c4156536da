//! The tokens that a value begins with into the value, as far as it is written out.

use super::Expression;
use super::token::{Kind, Token};
use crate::text::{cut, one_line};

/// What is shown of a value that is computed, in characters.
const SHOWN: usize = 60;
/// How many tokens are looked at for the end of a value: nested ones would be, again and again.
const MAX_TOKENS: usize = 2000;

/// Reads the value; `None` for an object, a function or nothing, whose parts stand for themselves.
pub(super) fn read(text: &str, tokens: &[Token]) -> Option<Expression> {
    if tokens.first().is_none_or(|first| first.is("{")) {
        return None;
    }
    let all = whole(tokens);
    // `'a' as const`, `{…} satisfies T`: what is said of its type is not a part of it.
    let typed = all.iter().position(|token| {
        token
            .name()
            .is_some_and(|name| matches!(name, "as" | "satisfies"))
    });
    let value = typed.and_then(|at| all.get(..at)).unwrap_or(all);
    let first = value.first()?;
    let last = value.last()?;
    if first.is("[") {
        return texts(value).map(Expression::Texts);
    }
    let computed = || {
        let written = text.get(first.start..last.end).unwrap_or_default();
        Expression::Computed(cut(&one_line(written), SHOWN))
    };
    if let Some(text) = joined_text(value).or_else(|| joined_path(value)) {
        return Some(Expression::Text(text));
    }
    if let [
        Token {
            kind: Kind::Word(word),
            ..
        },
    ] = value
    {
        let is_plain = word.starts_with(|c: char| c.is_ascii_digit())
            || matches!(word.as_str(), "true" | "false");
        return Some(match word.as_str() {
            "undefined" | "null" => return None,
            _ if is_plain => Expression::Text(word.clone()),
            _ => Expression::Reference(word.clone()),
        });
    }
    match value {
        [one] => {
            let written = text.get(one.start..one.end).unwrap_or_default();
            let inside = written
                .strip_prefix('`')
                .and_then(|rest| rest.strip_suffix('`'));
            let template = inside.map(|inside| Expression::Template(inside.to_owned()));
            return Some(template.unwrap_or_else(computed));
        }
        [
            ..,
            or,
            Token {
                kind: Kind::Text(text),
                ..
            },
        ] if or.is("||") || or.is("??") => {
            return Some(Expression::Otherwise(text.clone()));
        }
        _ => {}
    }
    Some(reference(value).map_or_else(computed, Expression::Reference))
}

/// The tokens up to the end of the value that they begin with.
fn whole(tokens: &[Token]) -> &[Token] {
    let mut depth = 0_usize;
    let mut before: Option<&Token> = None;
    for (at, token) in tokens.iter().take(MAX_TOKENS).enumerate() {
        let ends = match &token.kind {
            Kind::Sign("," | ";") => depth == 0,
            Kind::Sign("{" | "[" | "(") => {
                depth += 1;
                false
            }
            Kind::Sign("}" | "]" | ")") => {
                let ends = depth == 0;
                depth = depth.saturating_sub(1);
                ends
            }
            // A line that begins a statement: the value before it was not closed by a sign.
            Kind::Word(_) => depth == 0 && before.is_some_and(|before| {
                before.line < token.line
                    && !matches!(before.kind, Kind::Sign(sign) if !matches!(sign, ")" | "]" | "}"))
            }),
            Kind::Sign(_) | Kind::Text(_) | Kind::Other => false,
        };
        if ends {
            return tokens.get(..at).unwrap_or_default();
        }
        before = Some(token);
    }
    tokens
}

/// `'a' + 'b'`, or one text.
fn joined_text(tokens: &[Token]) -> Option<String> {
    let mut joined = String::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.text() {
            Some(text) if at % 2 == 0 => joined.push_str(text),
            None if at % 2 == 1 && token.is("+") => {}
            _ => return None,
        }
    }
    (tokens.len() % 2 == 1).then_some(joined)
}

/// `path.join(__dirname, 'a', 'b')`, and the same with `resolve`.
fn joined_path(tokens: &[Token]) -> Option<String> {
    let open = tokens.iter().position(|token| token.is("("))?;
    let name = tokens.get(open.checked_sub(1)?)?.name()?;
    let (close, arguments) = tokens.get(open + 1..)?.split_last()?;
    if !matches!(name, "join" | "resolve") || !close.is(")") {
        return None;
    }
    let mut parts = Vec::new();
    for argument in arguments.iter().filter(|token| !token.is(",")) {
        match argument.name() {
            Some("__dirname") => {}
            _ => parts.push(argument.text()?),
        }
    }
    Some(parts.join("/"))
}

/// A list of nothing but texts.
fn texts(tokens: &[Token]) -> Option<Vec<String>> {
    let (_, inside) = tokens.split_first()?;
    let (close, inside) = inside.split_last()?;
    let items = inside.iter().filter(|token| !token.is(","));
    close
        .is("]")
        .then(|| items.map(|item| item.text().map(str::to_owned)).collect())?
}

/// `a.b.c`, but for what the process is given from outside.
fn reference(tokens: &[Token]) -> Option<String> {
    let mut name = String::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.name() {
            Some("process" | "import") => return None,
            Some(word) if at % 2 == 0 => name.push_str(word),
            None if at % 2 == 1 && token.is(".") => name.push('.'),
            _ => return None,
        }
    }
    Some(name)
}
