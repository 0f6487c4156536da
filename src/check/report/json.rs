//! Writes findings as one JSON document. `docs/check.md` describes it.

use std::io::{self, Write};

use serde::Serialize;

use super::{FindingCounts, LocatedFinding, PostCounts, Report};

/// Version of the format. Bump it when a change breaks programs that read the document.
const FORMAT_VERSION: u32 = 1;

#[derive(Serialize)]
struct JsonReport<'a> {
    version: u32,
    findings: Vec<JsonFinding<'a>>,
    counts: FindingCounts,
    posts: Option<PostCounts>,
}

#[derive(Serialize)]
struct JsonFinding<'a> {
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

/// Writes the document and a final line break.
///
/// # Errors
/// Writing fails.
pub fn write_json(report: &Report<'_>, out: &mut impl Write) -> io::Result<()> {
    let document = JsonReport {
        version: FORMAT_VERSION,
        findings: report
            .located_findings()
            .map(|located| build_finding(&located))
            .collect(),
        counts: report.counts,
        posts: report.posts,
    };
    write_pretty_json(&document, out)
}

fn build_finding<'a>(located: &LocatedFinding<'a>) -> JsonFinding<'a> {
    let finding = located.finding;
    let columns = located.marked_columns();
    JsonFinding {
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

/// Writes indented JSON. Escapes U+007F to U+009F, which JSON allows unescaped, because they control
/// terminals.
pub(super) fn write_pretty_json(value: &impl Serialize, out: &mut impl Write) -> io::Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    let mut written = String::with_capacity(text.len() + 1);
    for character in text.chars() {
        match character {
            // These characters occur only in strings.
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
    fn json_escapes_terminal_controls_and_keeps_all_text() {
        let text: String = (0..=0x9f_u8).map(char::from).chain(['é', '日']).collect();
        let mut out = Vec::new();
        write_pretty_json(&[&text], &mut out).unwrap();
        let json = String::from_utf8(out).unwrap();
        assert!(
            json.chars().all(|c| !c.is_control() || c == '\n'),
            "{json:?}"
        );
        let read: Vec<String> = serde_json::from_str(&json).unwrap();
        assert_eq!(read, [text]);
    }
}
