//! Finds the first value of a token list, and its text.

use super::token::{ScriptToken, TokenKind};
use crate::text::{collapse_whitespace, truncate_graphemes};

/// Maximum number of characters of a computed value that are shown.
const MAX_SHOWN_CHARS: usize = 120;
/// Maximum number of tokens searched for the end of a value. Without a limit, nested values would
/// take quadratic time.
pub(super) const MAX_VALUE_TOKENS: usize = 2000;
/// Returns code on one line, to show to people.
pub(super) fn shown_code(text: &str, start: usize, end: usize) -> String {
    let written = collapse_whitespace(text.get(start..end).unwrap_or_default());
    truncate_graphemes(&written, MAX_SHOWN_CHARS)
}

/// Returns the tokens up to the end of the first value.
pub(super) fn value_tokens(tokens: &[ScriptToken]) -> &[ScriptToken] {
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
pub(super) fn join_text(tokens: &[ScriptToken]) -> Option<String> {
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
