//! Reads what a function returns after simple statements.

use super::expression::ScriptExpression;
use super::token::{ScriptToken, TokenKind};
use super::token_list::{join_text, shown_code, value_tokens};

/// Maximum bytes of a returned expression whose variables are replaced. Addresses are shorter.
const MAX_EXPRESSION_BYTES: usize = 500;
/// Maximum number of tokens of a function that is read or shown. The longest ones seen have some hundred.
const MAX_FUNCTION_TOKENS: usize = 2000;

/// Reads a function that begins after its head, at `{`: declarations, `if (…) return false`, and what it returns.
/// Any other body is kept as its source text. `start` is the function's first byte.
pub(super) fn parse_body(
    text: &str,
    start: usize,
    tokens: &[ScriptToken],
) -> Option<ScriptExpression> {
    let inside = bracketed(tokens)?;
    let mut body = FunctionBody {
        text,
        variables: Vec::new(),
        conditions: Vec::new(),
    };
    let end = tokens.get(inside.len() + 1)?.end;
    let returned = body.parse_statements(inside);
    let code = || ScriptExpression::Computed(shown_code(text, start, end));
    let returns_false = inside.iter().any(|token| token.as_word() == Some("false"));
    Some(match returned {
        Some(value) if body.conditions.is_empty() => value,
        Some(value) => ScriptExpression::ReturnedUnless(Box::new(value), body.conditions),
        None if returns_false => {
            let unread = vec![shown_code(text, start, end)];
            ScriptExpression::ReturnedUnless(Box::new(code()), unread)
        }
        None => code(),
    })
}

struct FunctionBody<'t> {
    text: &'t str,
    /// Declared variables and the code of their values.
    variables: Vec<(String, String)>,
    /// Conditions on which the function returns `false`.
    conditions: Vec<String>,
}

impl FunctionBody<'_> {
    /// Returns the value of the last statement, a `return`; `None` if any statement is another one.
    fn parse_statements(&mut self, mut tokens: &[ScriptToken]) -> Option<ScriptExpression> {
        loop {
            let (first, rest) = tokens.split_first()?;
            tokens = match first.as_word() {
                _ if first.is_sign(";") => rest,
                Some("const" | "let" | "var") => self.parse_declaration(rest)?,
                Some("if") => self.parse_condition(rest)?,
                Some("return") => {
                    let value = value_tokens(rest);
                    let after = rest.get(value.len()..)?;
                    let is_last = after.iter().all(|token| token.is_sign(";"));
                    return self.read_returned(value).filter(|_| is_last);
                }
                _ => return None,
            };
        }
    }

    /// Reads `name = value` or `{ title } = data`, and returns the tokens after it.
    fn parse_declaration<'s>(&mut self, tokens: &'s [ScriptToken]) -> Option<&'s [ScriptToken]> {
        let equals = tokens.iter().position(|token| token.is_sign("="))?;
        let after = tokens.get(equals + 1..)?;
        let value = value_tokens(after);
        let code = self.code_of(value)?;
        match tokens.get(..equals)? {
            [name, ..] if name.as_word().is_some() => {
                let code = self.expand_variables(code)?;
                self.variables.push((name.as_word()?.to_owned(), code));
            }
            [open, names @ .., close] if open.is_sign("{") && close.is_sign("}") => {
                let is_plain =
                    |token: &ScriptToken| token.as_word().is_some() || token.is_sign(",");
                if value.len() != 1 || !names.iter().all(is_plain) {
                    return None;
                }
            }
            _ => return None,
        }
        let rest = after.get(value.len()..)?;
        rest.first()
            .is_none_or(|next| !next.is_sign(","))
            .then_some(rest)
    }

    /// Reads `(…) return false` or `(…) { return false }`, and returns the tokens after it.
    fn parse_condition<'s>(&mut self, tokens: &'s [ScriptToken]) -> Option<&'s [ScriptToken]> {
        let inside = bracketed(tokens)?;
        let after = tokens.get(inside.len() + 2..)?;
        let (is_block, body) = match after {
            [open, body @ ..] if open.is_sign("{") => (true, body),
            body => (false, body),
        };
        let [word, value, rest @ ..] = body else {
            return None;
        };
        if word.as_word() != Some("return") || value.as_word() != Some("false") {
            return None;
        }
        let ends = |token: &ScriptToken| token.is_sign(";") || token.is_sign("}");
        let ended = rest.iter().take_while(|token| ends(token)).count();
        let closed = rest.iter().take(ended).any(|token| token.is_sign("}"));
        if is_block != closed {
            return None;
        }
        let condition = self.expand_variables(self.code_of(inside)?)?;
        self.conditions.push(condition);
        rest.get(ended..)
            .filter(|rest| rest.first().and_then(ScriptToken::as_word) != Some("else"))
    }

    /// Converts the returned value to a template without variables of the function.
    fn read_returned(&self, value: &[ScriptToken]) -> Option<ScriptExpression> {
        if let Some(text) = join_text(value) {
            return Some(ScriptExpression::Text(text));
        }
        if let [word] = value
            && word.as_word() == Some("false")
        {
            return Some(ScriptExpression::Text("false".to_owned()));
        }
        // Any other expression may be an object, or a choice.
        let is_text = |token: &ScriptToken| {
            let code = self.code_of(std::slice::from_ref(token));
            let is_template = code.is_some_and(|code| code.starts_with(['"', '\'', '`']));
            let mut names = self.variables.iter().map(|variable| variable.0.as_str());
            is_template || names.any(|name| code == Some(name))
        };
        let mut depth = 0_usize;
        let parts = value.split(|token| {
            match token.kind {
                TokenKind::Punctuation("(") => depth += 1,
                TokenKind::Punctuation(")") => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && token.is_sign("+")
        });
        let parts: Vec<&[ScriptToken]> = parts.collect();
        if !parts
            .iter()
            .any(|part| matches!(part, [one] if is_text(one)))
        {
            return None;
        }
        let mut template = String::new();
        for part in parts {
            template.push_str(&self.expand_template(self.code_of(part)?)?);
        }
        Some(ScriptExpression::Template(template))
    }

    /// Replaces the variables of an expression, and returns it as a part of a template.
    fn expand_template(&self, code: &str) -> Option<String> {
        let code = self.expand_variables(code)?;
        let Some(inside) = code
            .strip_prefix('`')
            .and_then(|code| code.strip_suffix('`'))
        else {
            let text = ['"', '\''].iter().find_map(|quote| {
                let inside = code.strip_prefix(*quote)?.strip_suffix(*quote)?;
                (!inside.contains(*quote)).then(|| inside.to_owned())
            });
            return Some(text.unwrap_or_else(|| format!("${{{code}}}")));
        };
        let mut template = String::new();
        let mut rest = inside;
        while let Some((literal, after)) = rest.split_once("${") {
            let (name, next) = after.split_once('}')?;
            template.push_str(literal);
            template.push_str(&match name.contains('`') {
                true => return None,
                false => self.expand_template(name.trim())?,
            });
            rest = next;
        }
        (template.len() <= MAX_EXPRESSION_BYTES).then(|| template + rest)
    }

    /// Replaces the names of variables by their values; `None` if the result is too long.
    fn expand_variables(&self, code: &str) -> Option<String> {
        let mut expanded = String::new();
        let mut rest = code;
        let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        // The text of a template is not code.
        if code.starts_with('`') {
            return Some(code.to_owned());
        }
        while let Some(first) = rest.chars().next() {
            let length = match is_name(first) {
                true => rest.find(|c| !is_name(c)).unwrap_or(rest.len()),
                false => first.len_utf8(),
            };
            let (word, next) = rest.split_at_checked(length)?;
            let is_field = expanded.ends_with(['.', '"', '\'', '`']);
            let mut variables = self.variables.iter().rev();
            let variable = variables.find(|(name, _)| name == word && !is_field);
            expanded.push_str(variable.map_or(word, |(_, value)| value));
            rest = next;
        }
        (expanded.len() <= MAX_EXPRESSION_BYTES).then_some(expanded)
    }

    fn code_of(&self, tokens: &[ScriptToken]) -> Option<&str> {
        self.text.get(tokens.first()?.start..tokens.last()?.end)
    }
}

/// Returns the tokens between the bracket at the start and the one that closes it.
fn bracketed(tokens: &[ScriptToken]) -> Option<&[ScriptToken]> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().take(MAX_FUNCTION_TOKENS).enumerate() {
        match token.kind {
            TokenKind::Punctuation("(" | "[" | "{") => depth += 1,
            TokenKind::Punctuation(")" | "]" | "}") => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return tokens.get(1..at);
        }
    }
    None
}
