//! Writes to the terminal.

use crate::check::report::{Report, human};
use std::io::IsTerminal;
use std::io::Write as _;

/// Renders findings for stderr.
pub(super) fn render_for_stderr(report: &Report<'_>) -> String {
    let mut text = Vec::new();
    // Writing to memory cannot fail.
    let _ = human::write_human(report, has_colours(&std::io::stderr()), &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// Returns true if a stream is a terminal on which colours are not disabled.
pub(super) fn has_colours(stream: &impl IsTerminal) -> bool {
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    stream.is_terminal() && !is_dumb && !no_color
}

/// Writes to stderr and ignores errors: a closed pipe is no reason to fail.
pub(super) fn write_stderr(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}
