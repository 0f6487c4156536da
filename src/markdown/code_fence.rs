//! Recognizes the lines that begin and end a fenced code block (`CommonMark` §4.5).

/// Returns the length of the code fence at the start of a line.
pub(super) fn fence_length(line: &[u8]) -> Option<usize> {
    let mark = *line.first().filter(|mark| b"`~".contains(mark))?;
    let length = line.iter().take_while(|byte| **byte == mark).count();
    let info = line.get(length..).unwrap_or_default();
    (length >= 3 && !(mark == b'`' && info.contains(&b'`'))).then_some(length)
}

/// Returns true if a line ends a code block that such a fence began.
pub(super) fn is_closing_fence(line: &[u8], mark: u8, least: usize) -> bool {
    let indent = line.iter().take_while(|byte| **byte == b' ').count();
    let bare = line.get(indent..).unwrap_or_default().trim_ascii_end();
    indent < 4 && bare.len() >= least && bare.iter().all(|byte| *byte == mark)
}
