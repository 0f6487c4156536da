//! Parses the expression at the start of a token list, as far as it is literal.

use super::expression::ScriptExpression;
use super::function_body::parse_body;
use super::token::{ScriptToken, TokenKind};
use super::token_list::{MAX_VALUE_TOKENS, join_text, shown_code, value_tokens};

/// Maximum number of functions that return each other: `() => (data) => …`.
const MAX_RETURNED_FUNCTIONS: usize = 3;

/// Parses the value; `None` for an object, whose fields are read one by one, and for `null`.
pub(super) fn parse_expression(text: &str, tokens: &[ScriptToken]) -> Option<ScriptExpression> {
    if tokens.first().is_none_or(|first| first.is_sign("{")) {
        return None;
    }
    let value_and_type = value_tokens(tokens);
    // A type assertion (`'a' as const`, `{…} satisfies T`) is not part of the value.
    let type_start = value_and_type.iter().position(|token| {
        token
            .as_word()
            .is_some_and(|name| matches!(name, "as" | "satisfies"))
    });
    let value = type_start
        .and_then(|at| value_and_type.get(..at))
        .unwrap_or(value_and_type);
    let first = value.first()?;
    let last = value.last()?;
    if let Some(returned) = parse_method(text, value) {
        return Some(returned);
    }
    if first.is_sign("[") {
        return parse_text_list(value)
            .map(ScriptExpression::TextList)
            .or_else(|| parse_partial_list(value));
    }
    let computed = || ScriptExpression::Computed(shown_code(text, first.start, last.end));
    if let Some(text) = join_text(value).or_else(|| join_path(value)) {
        return Some(ScriptExpression::Text(text));
    }
    if let [
        ScriptToken {
            kind: TokenKind::Word(word),
            ..
        },
    ] = value
    {
        let is_plain = word.starts_with(|c: char| c.is_ascii_digit())
            || matches!(word.as_str(), "true" | "false");
        return Some(match word.as_str() {
            "undefined" | "null" => return None,
            _ if is_plain => ScriptExpression::Text(word.clone()),
            _ => ScriptExpression::Reference(word.clone()),
        });
    }
    match value {
        [one] => return Some(parse_template(text, one).unwrap_or_else(computed)),
        [
            ..,
            or,
            ScriptToken {
                kind: TokenKind::Text(text),
                ..
            },
        ] if or.is_sign("||") || or.is_sign("??") => {
            return Some(ScriptExpression::WithFallback(text.clone()));
        }
        _ => {}
    }
    Some(parse_reference(value).map_or_else(computed, ScriptExpression::Reference))
}

fn parse_template(text: &str, token: &ScriptToken) -> Option<ScriptExpression> {
    let written = text.get(token.start..token.end)?;
    let inside = written.strip_prefix('`')?.strip_suffix('`')?;
    Some(ScriptExpression::Template(inside.to_owned()))
}

/// Parses what a function returns; `None` if it is not a function, or returns an expression that is not text.
pub(super) fn parse_method(text: &str, tokens: &[ScriptToken]) -> Option<ScriptExpression> {
    let mut value = tokens;
    for _ in 0..MAX_RETURNED_FUNCTIONS {
        match function_body(value) {
            Some(body) if body.first().is_some_and(|open| open.is_sign("{")) => {
                let [_, word, returned @ ..] = body else {
                    return None;
                };
                let returns = word.as_word() == Some("return");
                if !returns || function_body(returned).is_none() {
                    return parse_body(text, value.first()?.start, body);
                }
                value = value_tokens(returned);
            }
            Some(returned) => value = value_tokens(returned),
            None => break,
        }
    }
    let is_function = value.len() < tokens.len();
    match (join_text(value), value) {
        (Some(text), _) if is_function => Some(ScriptExpression::Text(text)),
        (None, [one]) if is_function => parse_template(text, one),
        _ => None,
    }
}

/// Returns the tokens after the head of a function: `(a) => …`, `function (a) { …`, `(a): string { …`.
fn function_body(tokens: &[ScriptToken]) -> Option<&[ScriptToken]> {
    let keywords = tokens
        .iter()
        .take_while(|token| matches!(token.as_word(), Some("async" | "function")))
        .count();
    let mut tokens = tokens.get(keywords..)?;
    if let [name, open, ..] = tokens
        && keywords > 0
        && name.as_word().is_some()
        && open.is_sign("(")
    {
        tokens = tokens.get(1..)?;
    }
    let mut depth = 0_usize;
    let head = tokens.iter().take(MAX_VALUE_TOKENS).position(|token| {
        match token.kind {
            TokenKind::Punctuation("(" | "[" | "{") => depth += 1,
            TokenKind::Punctuation(")" | "]" | "}") => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    })? + 1;
    let mut after = tokens.get(head..)?;
    if after.first()?.is_sign(":") {
        let is_body = |token: &ScriptToken| token.is_sign("{") || token.is_sign("=>");
        after = after.get(after.iter().position(is_body)?..)?;
    }
    match after {
        [arrow, body @ ..] if arrow.is_sign("=>") => Some(body),
        [open, ..] if open.is_sign("{") && head > 1 => Some(after),
        _ => None,
    }
}

/// Joins the arguments of `path.join(__dirname, 'a', 'b')` or `path.resolve`.
fn join_path(tokens: &[ScriptToken]) -> Option<String> {
    let open = tokens.iter().position(|token| token.is_sign("("))?;
    let name = tokens.get(open.checked_sub(1)?)?.as_word()?;
    let (close, arguments) = tokens.get(open + 1..)?.split_last()?;
    if !matches!(name, "join" | "resolve") || !close.is_sign(")") {
        return None;
    }
    let mut parts = Vec::new();
    for argument in arguments.iter().filter(|token| !token.is_sign(",")) {
        match argument.as_word() {
            Some("__dirname") => {}
            _ => parts.push(argument.as_text()?),
        }
    }
    Some(parts.join("/"))
}

/// Parses a list that has only strings.
fn parse_text_list(tokens: &[ScriptToken]) -> Option<Vec<String>> {
    let (_, inside) = tokens.split_first()?;
    let (close, inside) = inside.split_last()?;
    let items = inside.iter().filter(|token| !token.is_sign(","));
    close.is_sign("]").then(|| {
        items
            .map(|item| item.as_text().map(str::to_owned))
            .collect()
    })?
}

/// Parses the strings of a list of values other than objects and lists: `["a", /b/, join("c")]` has `a`.
fn parse_partial_list(tokens: &[ScriptToken]) -> Option<ScriptExpression> {
    let (close, inside) = tokens.split_last()?;
    let inside = inside.get(1..)?;
    let is_nested = |token: &ScriptToken| ["{", "["].iter().any(|sign| token.is_sign(sign));
    if !close.is_sign("]") || inside.iter().any(is_nested) {
        return None;
    }
    let mut depth = 0_usize;
    let mut texts = Vec::new();
    for token in inside {
        if token.is_sign("(") {
            depth += 1;
        } else if token.is_sign(")") {
            depth = depth.saturating_sub(1);
        } else if depth == 0 {
            texts.extend(token.as_text().map(str::to_owned));
        }
    }
    Some(ScriptExpression::PartialList(texts))
}

/// Parses `a.b.c`. `process` and `import`, which depend on the environment, give `None`.
fn parse_reference(tokens: &[ScriptToken]) -> Option<String> {
    let mut name = String::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.as_word() {
            Some("process" | "import") => return None,
            Some(word) if at % 2 == 0 => name.push_str(word),
            None if at % 2 == 1 && token.is_sign(".") => name.push('.'),
            _ => return None,
        }
    }
    Some(name)
}
