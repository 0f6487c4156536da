//! Indents continuation lines at column 0 in quoted scalars and flow collections (lists and maps in brackets).
//!
//! The parser rejects such lines. Their leading spaces are not part of the value, so adding some is safe.

/// Maximum length of a text to indent, in bytes. Each indented value costs a pass over the text.
const MAX_INDENTED_TEXT_BYTES: usize = 64 * 1024;
/// Column that lines are indented to. It is deeper than any map around the value.
const INDENT_COLUMN: usize = 64;

/// Text with one value indented.
pub(super) struct IndentedText {
    pub(super) text: String,
    /// The indented lines without the added spaces, with their line numbers from 1.
    pub(super) lines: Vec<(usize, String)>,
}

/// Indents the value in which the parser failed with `message` after `character` characters.
///
/// `None` if nothing was indented: the text is too long, the value has no end, or the error has another cause.
pub(super) fn indent_continued_value(
    text: &str,
    message: &str,
    character: usize,
) -> Option<IndentedText> {
    if text.len() > MAX_INDENTED_TEXT_BYTES {
        return None;
    }
    let (at, _) = text.char_indices().nth(character)?;
    let rest = text.get(at..)?;
    let (from, length) = match message {
        "invalid indentation in quoted scalar" => (at, quoted_scalar_length(rest)?),
        // Within brackets the parser fails at the first line that is not indented.
        "invalid indentation" | "invalid indentation in flow construct" => {
            let line_start = text.get(..at)?.rfind('\n').map_or(0, |end| end + 1);
            (
                line_start.saturating_sub(1),
                at - line_start.saturating_sub(1) + flow_collection_rest_length(rest)?,
            )
        }
        _ => return None,
    };
    let value = text.get(from..from + length)?;
    let mut indented = String::with_capacity(text.len() + INDENT_COLUMN);
    indented.push_str(text.get(..from)?);
    let first_line = text.get(..from)?.matches('\n').count() + 1;
    let mut lines = Vec::new();
    for (number, line) in value.split('\n').enumerate() {
        if number > 0 {
            indented.push('\n');
            let indent = line.len() - line.trim_start_matches(' ').len();
            if indent < INDENT_COLUMN && !line.trim().is_empty() {
                indented.extend(std::iter::repeat_n(' ', INDENT_COLUMN - indent));
                lines.push((first_line + number, line.to_owned()));
            }
        }
        indented.push_str(line);
    }
    indented.push_str(text.get(from + length..)?);
    (!lines.is_empty()).then_some(IndentedText {
        text: indented,
        lines,
    })
}

/// Returns the length of a quoted scalar with its quotes, in bytes. `None` if it is not closed.
fn quoted_scalar_length(text: &str) -> Option<usize> {
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

/// Returns the length of the rest of a flow collection with its closing bracket, in bytes. `None` if it is not closed.
fn flow_collection_rest_length(text: &str) -> Option<usize> {
    let mut depth = 1_usize;
    let mut at = 0;
    let mut previous = b'\n';
    while let Some(byte) = text.as_bytes().get(at).copied() {
        let is_scalar_start =
            previous.is_ascii_whitespace() || matches!(previous, b'[' | b'{' | b',' | b':');
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' | b'\'' if is_scalar_start => {
                at += quoted_scalar_length(text.get(at..)?)?;
                previous = byte;
                continue;
            }
            b'#' if previous.is_ascii_whitespace() => {
                at += memchr::memchr(b'\n', text.as_bytes().get(at..)?)?;
                previous = b'\n';
                continue;
            }
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
        previous = byte;
    }
    None
}
