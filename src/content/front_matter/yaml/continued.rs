//! Indents the lines of a quoted text, or of a list or map in brackets, that goes on at column 0.
//!
//! Blanks at the beginning of such lines are no part of the value, so that they can be added.

/// Longer texts are left as they are, in bytes: each value costs a pass over the text.
const MAX_TEXT: usize = 64 * 1024;
/// How far lines are indented: deeper than what holds them, in blanks.
const INDENT: usize = 64;

/// A text in which one value was indented.
pub(super) struct Continued {
    pub(super) text: String,
    /// The lines that were, with their numbers.
    pub(super) lines: Vec<(usize, String)>,
}

/// Indents the value that the parser stopped in, by what it says and after how many characters. `None` where it
/// stopped for another reason, or the value does not end.
pub(super) fn indent(text: &str, message: &str, character: usize) -> Option<Continued> {
    if text.len() > MAX_TEXT {
        return None;
    }
    let (at, _) = text.char_indices().nth(character)?;
    let rest = text.get(at..)?;
    let (from, end) = match message {
        "invalid indentation in quoted scalar" => (at, end_of_quoted(rest)?),
        // Within brackets it stops at the first line that is not indented.
        "invalid indentation" | "invalid indentation in flow construct" => {
            let line = text.get(..at)?.rfind('\n').map_or(0, |end| end + 1);
            (
                line.saturating_sub(1),
                at - line.saturating_sub(1) + end_of_brackets(rest)?,
            )
        }
        _ => return None,
    };
    let value = text.get(from..from + end)?;
    let mut indented = String::with_capacity(text.len() + INDENT);
    indented.push_str(text.get(..from)?);
    let first = text.get(..from)?.matches('\n').count() + 1;
    let mut lines = Vec::new();
    for (number, line) in value.split('\n').enumerate() {
        if number > 0 {
            indented.push('\n');
            let own = line.len() - line.trim_start_matches(' ').len();
            if own < INDENT && !line.trim().is_empty() {
                indented.extend(std::iter::repeat_n(' ', INDENT - own));
                lines.push((first + number, line.to_owned()));
            }
        }
        indented.push_str(line);
    }
    indented.push_str(text.get(from + end..)?);
    (!lines.is_empty()).then_some(Continued {
        text: indented,
        lines,
    })
}

/// How long a quoted text is, with its quotes.
fn end_of_quoted(text: &str) -> Option<usize> {
    let mut bytes = text.bytes().enumerate().peekable();
    let (_, quote) = bytes
        .next()
        .filter(|(_, byte)| matches!(byte, b'"' | b'\''))?;
    while let Some((at, byte)) = bytes.next() {
        if byte == b'\\' && quote == b'"' {
            bytes.next();
        } else if byte == quote {
            let is_doubled = quote == b'\'' && bytes.next_if(|(_, next)| *next == quote).is_some();
            if !is_doubled {
                return Some(at + 1);
            }
        }
    }
    None
}

/// How long the rest of what is in brackets is, with the bracket that closes it.
fn end_of_brackets(text: &str) -> Option<usize> {
    let mut depth = 1_usize;
    let mut at = 0;
    let mut before = b'\n';
    while let Some(byte) = text.as_bytes().get(at).copied() {
        let is_begin = before.is_ascii_whitespace() || matches!(before, b'[' | b'{' | b',' | b':');
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' | b'\'' if is_begin => {
                at += end_of_quoted(text.get(at..)?)?;
                before = byte;
                continue;
            }
            b'#' if before.is_ascii_whitespace() => {
                at += memchr::memchr(b'\n', text.as_bytes().get(at..)?)?;
                before = b'\n';
                continue;
            }
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
        before = byte;
    }
    None
}
