//! Findings into one JSON document. `docs/check.md` describes it.

use std::io::{self, Write};

use serde::Serialize;

use super::{Counts, Located, Posts, Report};

/// Raised when a program that reads the document would have to be changed.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    findings: Vec<Entry<'a>>,
    counts: Counts,
    posts: Option<Posts>,
}

#[derive(Serialize)]
struct Entry<'a> {
    rule: &'static str,
    severity: String,
    message: &'a str,
    hint: &'a str,
    file: String,
    line: Option<usize>,
    column: Option<usize>,
    end_column: Option<usize>,
    url: String,
}

/// Writes the document, and a line end after it.
///
/// # Errors
/// It cannot be written.
pub fn write(report: &Report<'_>, out: &mut impl Write) -> io::Result<()> {
    let document = Document {
        version: VERSION,
        findings: report.located().map(|located| entry(&located)).collect(),
        counts: report.counts,
        posts: report.posts,
    };
    pretty(&document, out)
}

fn entry<'a>(located: &Located<'a>) -> Entry<'a> {
    let finding = located.finding;
    let columns = located.columns();
    Entry {
        rule: finding.rule.name(),
        severity: finding.severity.to_string(),
        message: &finding.message,
        hint: &finding.hint,
        file: located.path.display().to_string(),
        line: finding.line,
        column: columns.as_ref().map(|columns| columns.start),
        end_column: columns.as_ref().map(|columns| columns.end),
        url: format!("docs/rules.md#{}", finding.rule),
    }
}

/// Writes a value for programs and people. JSON need not escape U+007F to U+009F, which steer
/// terminals; here they are.
pub(super) fn pretty(value: &impl Serialize, out: &mut impl Write) -> io::Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    let mut written = String::with_capacity(text.len() + 1);
    for character in text.chars() {
        match character {
            // They can only stand in strings.
            '\u{7f}'..='\u{9f}' => {
                written.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            other => written.push(other),
        }
    }
    written.push('\n');
    out.write_all(written.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_character_steers_a_terminal_and_all_are_still_there() {
        let text: String = (0..=0x9f_u8).map(char::from).chain(['é', '日']).collect();
        let mut out = Vec::new();
        pretty(&[&text], &mut out).unwrap();
        let json = String::from_utf8(out).unwrap();
        assert!(
            json.chars().all(|c| !c.is_control() || c == '\n'),
            "{json:?}"
        );
        let read: Vec<String> = serde_json::from_str(&json).unwrap();
        assert_eq!(read, [text]);
    }
}
