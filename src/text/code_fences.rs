//! Recognizes the lines around fenced code, list items and their indentation.

/// Parses a code fence (`CommonMark` §4.5), also in a list item or block quote. Returns its character, length and
/// info string.
pub(crate) fn parse_fence(line: &str) -> Option<(char, usize, &str)> {
    let line = line.trim_start_matches([' ', '\t', '>']);
    let line = strip_list_marker(line).unwrap_or(line).trim_start();
    let mark = line
        .chars()
        .next()
        .filter(|mark| matches!(mark, '`' | '~'))?;
    let length = line.chars().take_while(|c| *c == mark).count();
    let info = line.get(length..)?.trim();
    let is_code_span = mark == '`' && info.contains('`');
    (length >= 3 && !is_code_span).then_some((mark, length, info))
}

/// Returns the number of leading spaces and tabs of a line.
pub(crate) fn indent_width(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

/// Returns the text after a list marker.
pub(crate) fn strip_list_marker(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let marks: &[char] = if rest.len() < line.len() {
        &['.', ')']
    } else {
        &['-', '*', '+']
    };
    let after = rest.strip_prefix(marks)?;
    (after.is_empty() || after.starts_with([' ', '\t', '\n'])).then_some(after)
}
