//! The text of a script into its words, texts and signs, without comments.
//!
//! A text that does not end ends with its line, so that one slip does not swallow the rest.

/// One word of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Where it begins, in bytes.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// The line that it begins on, counted from 1.
    pub(super) line: usize,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name, a keyword or a number.
    Word(String),
    /// A string, its escapes resolved.
    Text(String),
    /// A bracket, a comma, an operator.
    Sign(&'static str),
    /// A template with parts, a regular expression.
    Other,
}

/// Longer ones first.
const SIGNS: [&str; 30] = [
    "===", "!==", "...", "=>", "==", "!=", "<=", ">=", "||", "??", "&&", "+=", "{", "}", "[", "]",
    "(", ")", ",", ";", ":", "=", ".", "+", "?", "!", "<", ">", "|", "&",
];

impl Token {
    pub(super) fn is(&self, sign: &str) -> bool {
        matches!(self.kind, Kind::Sign(is) if is == sign)
    }

    pub(super) fn name(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(name) => Some(name),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }
}

pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = 0;
    let mut line = 1;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let (length, kind) = next(rest, tokens.last());
        if let Some(kind) = kind {
            tokens.push(Token {
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

/// The length of what the text begins with, and what it is; blanks and comments are nothing.
fn next(rest: &str, before: Option<&Token>) -> (usize, Option<Kind>) {
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
        let (text, length) = string(rest, first);
        return (length, Some(Kind::Text(text)));
    }
    if first == '`' {
        return template(rest);
    }
    if is_name(first) {
        let length = length_while(&is_name);
        let word = rest.get(..length).unwrap_or_default().to_owned();
        return (length, Some(Kind::Word(word)));
    }
    let is_pattern = first == '/' && before.is_none_or(begins_value);
    if let Some(length) = is_pattern.then(|| pattern(rest)).flatten() {
        return (length, Some(Kind::Other));
    }
    match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
        Some(sign) => (sign.len(), Some(Kind::Sign(sign))),
        None => (first.len_utf8(), Some(Kind::Other)),
    }
}

fn is_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == '$'
}

/// Whether a value can come after the token: then a slash begins a pattern, and divides otherwise.
fn begins_value(before: &Token) -> bool {
    match &before.kind {
        Kind::Sign(sign) => !matches!(*sign, ")" | "]" | "}"),
        Kind::Word(word) => word == "return",
        Kind::Text(_) | Kind::Other => false,
    }
}

/// The length of a regular expression with its flags; it ends on its line.
fn pattern(rest: &str) -> Option<usize> {
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
                let flags = flags.find(|c| !is_name(c)).unwrap_or(flags.len());
                return Some(at + 1 + flags);
            }
            _ => {}
        }
    }
    None
}

/// The text of a string, and its length with its quotes.
fn string(rest: &str, quote: char) -> (String, usize) {
    let mut text = String::new();
    let mut characters = rest.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            _ if character == quote => return (text, at + 1),
            '\n' if quote != '`' => return (text, at),
            '\\' => escape(&mut characters, &mut text),
            _ => text.push(character),
        }
    }
    (text, rest.len())
}

/// ECMAScript, "Literals: String Literals".
fn escape(characters: &mut impl Iterator<Item = (usize, char)>, text: &mut String) {
    let Some((_, character)) = characters.next() else {
        return;
    };
    let mut hexadecimal = |most: usize| {
        let digits: String = characters.by_ref().take(most).map(|(_, c)| c).collect();
        u32::from_str_radix(&digits, 16)
            .ok()
            .and_then(char::from_u32)
    };
    match character {
        'n' => text.push('\n'),
        't' => text.push('\t'),
        'r' | '\n' => {}
        'x' => text.extend(hexadecimal(2)),
        'u' => text.extend(hexadecimal(4)),
        other => text.push(other),
    }
}

/// A template: text where it has no parts, or none but the directory of the file.
fn template(rest: &str) -> (usize, Option<Kind>) {
    let directory = rest.strip_prefix("`${__dirname}");
    let plain = directory.unwrap_or_else(|| rest.get(1..).unwrap_or_default());
    let end = plain.find('`').unwrap_or(plain.len());
    let inside = plain.get(..end).unwrap_or_default();
    if !inside.contains("${") {
        // Read with its quotes, so that an escaped one does not end it.
        let (text, length) = string(&format!("`{plain}"), '`');
        let before = rest.len() - plain.len() - 1;
        return (before + length, Some(Kind::Text(text)));
    }
    (template_length(rest), Some(Kind::Other))
}

/// The length of a template, over its parts and the templates in them.
fn template_length(rest: &str) -> usize {
    // For each template that is open: how many braces are, within its part; 0 is in its text.
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
