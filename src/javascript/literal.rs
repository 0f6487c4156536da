//! Parses the expression at the start of a token list, as far as it is literal.

use super::expression::ScriptExpression;
use super::token::{ScriptToken, TokenKind};
use crate::text::{collapse_whitespace, truncate_graphemes};

/// Maximum number of characters of a computed value that are shown.
const MAX_SHOWN_CHARS: usize = 120;
/// Maximum number of tokens searched for the end of a value. Without a limit, nested values would
/// take quadratic time.
const MAX_VALUE_TOKENS: usize = 2000;
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
    let computed = || {
        let written = text.get(first.start..last.end).unwrap_or_default();
        ScriptExpression::Computed(truncate_graphemes(
            &collapse_whitespace(written),
            MAX_SHOWN_CHARS,
        ))
    };
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

/// Parses the text that a function returns; `None` if it does or returns anything else.
pub(super) fn parse_method(text: &str, tokens: &[ScriptToken]) -> Option<ScriptExpression> {
    let mut value = value_tokens(returned_tokens(tokens)?);
    for _ in 1..MAX_RETURNED_FUNCTIONS {
        value = returned_tokens(value).map_or(value, value_tokens);
    }
    match (join_text(value), value) {
        (Some(text), _) => Some(ScriptExpression::Text(text)),
        (None, [one]) => parse_template(text, one),
        _ => None,
    }
}

/// Returns the tokens after the head of a function and its `return`: `(a) => …`, `function (a) { return …`.
fn returned_tokens(tokens: &[ScriptToken]) -> Option<&[ScriptToken]> {
    let keywords = tokens
        .iter()
        .take_while(|token| matches!(token.as_word(), Some("async" | "function")));
    let tokens = tokens.get(keywords.count()..)?;
    let mut depth = 0_usize;
    let head = tokens.iter().take(MAX_VALUE_TOKENS).position(|token| {
        match token.kind {
            TokenKind::Punctuation("(" | "[" | "{") => depth += 1,
            TokenKind::Punctuation(")" | "]" | "}") => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    })? + 1;
    let (arrow, body) = tokens.get(head..)?.split_first()?;
    match body {
        [open, word, value @ ..] if arrow.is_sign("=>") && open.is_sign("{") => {
            (word.as_word() == Some("return")).then_some(value)
        }
        [word, value @ ..] if arrow.is_sign("{") && head > 1 => {
            (word.as_word() == Some("return")).then_some(value)
        }
        _ => arrow.is_sign("=>").then_some(body),
    }
}

/// Returns the tokens up to the end of the first value.
fn value_tokens(tokens: &[ScriptToken]) -> &[ScriptToken] {
    let mut depth = 0_usize;
    let mut before: Option<&ScriptToken> = None;
    for (at, token) in tokens.iter().take(MAX_VALUE_TOKENS).enumerate() {
        let ends = match &token.kind {
            TokenKind::Punctuation("," | ";") => depth == 0,
            TokenKind::Punctuation("{" | "[" | "(") => {
                depth += 1;
                false
            }
            TokenKind::Punctuation("}" | "]" | ")") => {
                let ends = depth == 0;
                depth = depth.saturating_sub(1);
                ends
            }
            // A word on a new line begins a statement, as a semicolon is optional.
            TokenKind::Word(_) => depth == 0 && before.is_some_and(|before| {
                before.line < token.line
                    && !matches!(before.kind, TokenKind::Punctuation(sign) if !matches!(sign, ")" | "]" | "}"))
            }),
            TokenKind::Punctuation(_) | TokenKind::Text(_) | TokenKind::Other => false,
        };
        if ends {
            return tokens.get(..at).unwrap_or_default();
        }
        before = Some(token);
    }
    tokens
}

/// Joins `'a' + 'b'`, or returns a single string.
fn join_text(tokens: &[ScriptToken]) -> Option<String> {
    let mut joined = String::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.as_text() {
            Some(text) if at % 2 == 0 => joined.push_str(text),
            None if at % 2 == 1 && token.is_sign("+") => {}
            _ => return None,
        }
    }
    (tokens.len() % 2 == 1).then_some(joined)
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
