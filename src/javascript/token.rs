//! Tokenises a script: words, strings and punctuation, without comments.
//!
//! An unclosed string ends at the end of its line, so that one mistake does not hide the rest.

/// Token of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ScriptToken {
    pub(super) kind: TokenKind,
    /// Offset of the first byte.
    pub(super) start: usize,
    /// Offset after the last byte.
    pub(super) end: usize,
    /// Line of the first byte, counted from 1.
    pub(super) line: usize,
}

/// Type of a token, and its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// Name, keyword or number.
    Word(String),
    /// String, with escapes resolved.
    Text(String),
    /// Bracket, comma or operator.
    Punctuation(&'static str),
    /// Template with substitutions, regular expression, or unknown character.
    Other,
}

/// Brackets, separators and operators; longer ones come first, so that they match first.
const PUNCTUATION: [&str; 30] = [
    "===", "!==", "...", "=>", "==", "!=", "<=", ">=", "||", "??", "&&", "+=", "{", "}", "[", "]",
    "(", ")", ",", ";", ":", "=", ".", "+", "?", "!", "<", ">", "|", "&",
];

impl ScriptToken {
    pub(super) fn is_sign(&self, sign: &str) -> bool {
        matches!(self.kind, TokenKind::Punctuation(is) if is == sign)
    }

    pub(super) fn as_word(&self) -> Option<&str> {
        match &self.kind {
            TokenKind::Word(name) => Some(name),
            _ => None,
        }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match &self.kind {
            TokenKind::Text(text) => Some(text),
            _ => None,
        }
    }
}

pub(super) fn tokenize_script(text: &str) -> Vec<ScriptToken> {
    let mut tokens: Vec<ScriptToken> = Vec::new();
    let mut at = 0;
    let mut line = 1;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let (length, kind) = scan_token(rest, tokens.last());
        if let Some(kind) = kind {
            tokens.push(ScriptToken {
                kind,
                start: at,
                end: at + length,
                line,
            });
        }
        let passed = rest.get(..length).unwrap_or(rest);
        line += passed.bytes().filter(|byte| *byte == b'\n').count();
        at += passed.len();
    }
    tokens
}

/// Returns the length and type of the first token; the type is `None` for blanks and comments.
fn scan_token(rest: &str, before: Option<&ScriptToken>) -> (usize, Option<TokenKind>) {
    let first = rest.chars().next().unwrap_or_default();
    let length_while = |is: &dyn Fn(char) -> bool| rest.find(|c| !is(c)).unwrap_or(rest.len());
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), None);
    }
    if rest.starts_with("/*") {
        return (rest.find("*/").map_or(rest.len(), |end| end + 2), None);
    }
    if first.is_whitespace() {
        return (length_while(&char::is_whitespace), None);
    }
    if first == '"' || first == '\'' {
        let (text, length) = scan_string(rest, first);
        return (length, Some(TokenKind::Text(text)));
    }
    if first == '`' {
        return scan_template(rest);
    }
    if is_name_char(first) {
        let length = length_while(&is_name_char);
        let word = rest.get(..length).unwrap_or_default().to_owned();
        return (length, Some(TokenKind::Word(word)));
    }
    let may_be_regex = first == '/' && before.is_none_or(can_precede_value);
    if let Some(length) = may_be_regex.then(|| regex_length(rest)).flatten() {
        return (length, Some(TokenKind::Other));
    }
    match PUNCTUATION.iter().find(|sign| rest.starts_with(**sign)) {
        Some(sign) => (sign.len(), Some(TokenKind::Punctuation(sign))),
        None => (first.len_utf8(), Some(TokenKind::Other)),
    }
}

fn is_name_char(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == '$'
}

/// Returns true if a value can follow the token. A slash then begins a regular expression,
/// otherwise it divides.
fn can_precede_value(before: &ScriptToken) -> bool {
    match &before.kind {
        TokenKind::Punctuation(sign) => !matches!(*sign, ")" | "]" | "}"),
        TokenKind::Word(word) => word == "return",
        TokenKind::Text(_) | TokenKind::Other => false,
    }
}

/// Returns the length of a regular expression with its flags; `None` if it does not end on its
/// line.
fn regex_length(rest: &str) -> Option<usize> {
    let mut in_class = false;
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            '\n' => return None,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '/' if !in_class => {
                let flags = rest.get(at + 1..)?;
                let flags = flags.find(|c| !is_name_char(c)).unwrap_or(flags.len());
                return Some(at + 1 + flags);
            }
            _ => {}
        }
    }
    None
}

/// Returns the text of a string and its length with quotes.
fn scan_string(rest: &str, quote: char) -> (String, usize) {
    let mut text = String::new();
    let mut characters = rest.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            _ if character == quote => return (text, at + 1),
            '\n' if quote != '`' => return (text, at),
            '\\' => decode_escape(&mut characters, &mut text),
            _ => text.push(character),
        }
    }
    (text, rest.len())
}

/// Decodes an escape sequence (ECMAScript, "Literals: String Literals").
fn decode_escape(characters: &mut impl Iterator<Item = (usize, char)>, text: &mut String) {
    let Some((_, character)) = characters.next() else {
        return;
    };
    let mut take_hex_char = |most: usize| {
        let mut rest = characters.by_ref().map(|(_, c)| c);
        let mut digits: String = rest.by_ref().take(1).collect();
        // `\u{2019}` has up to six digits.
        match digits.as_str() {
            "{" => digits = rest.take(7).take_while(|c| *c != '}').collect(),
            _ => digits.extend(rest.take(most - 1)),
        }
        u32::from_str_radix(&digits, 16)
            .ok()
            .and_then(char::from_u32)
    };
    match character {
        'n' => text.push('\n'),
        't' => text.push('\t'),
        'r' | '\n' => {}
        'x' => text.extend(take_hex_char(2)),
        'u' => text.extend(take_hex_char(4)),
        other => text.push(other),
    }
}

/// Scans a template. It is a string if it has no substitution but a leading `${__dirname}`.
fn scan_template(rest: &str) -> (usize, Option<TokenKind>) {
    let directory = rest.strip_prefix("`${__dirname}");
    let plain = directory.unwrap_or_else(|| rest.get(1..).unwrap_or_default());
    let end = plain.find('`').unwrap_or(plain.len());
    let inside = plain.get(..end).unwrap_or_default();
    if !inside.contains("${") {
        // Scanned as a string, so that an escaped backtick does not end it.
        let (text, length) = scan_string(&format!("`{plain}"), '`');
        let before = rest.len() - plain.len() - 1;
        return (before + length, Some(TokenKind::Text(text)));
    }
    (template_length(rest), Some(TokenKind::Other))
}

/// Returns the length of a template, with its substitutions and nested templates.
fn template_length(rest: &str) -> usize {
    // For each open template, the number of open braces in its substitution; 0 is in its text.
    let mut open: Vec<usize> = Vec::new();
    let mut characters = rest.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let braces = open.last_mut();
        match (character, braces) {
            ('\\', _) => {
                characters.next();
            }
            ('`', Some(0)) => {
                open.pop();
                if open.is_empty() {
                    return at + 1;
                }
            }
            ('`', _) => open.push(0),
            ('$', Some(braces)) if *braces == 0 => {
                let begins = characters.next_if(|(_, next)| *next == '{').is_some();
                *braces = usize::from(begins);
            }
            ('{', Some(braces)) if *braces > 0 => *braces += 1,
            ('}', Some(braces)) if *braces > 0 => *braces -= 1,
            _ => {}
        }
    }
    rest.len()
}
