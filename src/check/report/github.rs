//! Writes findings as workflow commands, which GitHub Actions shows beside their lines.

use std::io::{self, Write};

use super::{LocatedFinding, Report};
use crate::model::finding::Severity;

/// Writes one command per line.
///
/// # Errors
/// Writing fails.
pub fn write_workflow_commands(report: &Report<'_>, out: &mut impl Write) -> io::Result<()> {
    for located in report.located_findings() {
        writeln!(out, "{}", format_command(&located))?;
    }
    Ok(())
}

fn format_command(located: &LocatedFinding<'_>) -> String {
    let finding = located.finding;
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = vec![format!("file={}", escape_property(&located.display_path()))];
    if let Some(line) = finding.line {
        properties.push(format!("line={line}"));
    }
    if let Some(columns) = located.marked_columns() {
        properties.push(format!("col={}", columns.start));
        properties.push(format!("endColumn={}", columns.end));
    }
    properties.push(format!("title={}", escape_property(finding.rule.name())));
    let text = format!("{}\nhint: {}", located.message, located.hint);
    format!("::{level} {}::{}", properties.join(","), escape_data(&text))
}

/// Escapes a message: a line break would end the command.
fn escape_data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes a property value: a comma would end it, and `::` would end all properties.
fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_in_text_are_escaped() {
        assert_eq!(
            escape_data("50% of\r\n::error::x"),
            "50%25 of%0D%0A::error::x"
        );
        assert_eq!(escape_property("a,b::c%3A\n"), "a%2Cb%3A%3Ac%253A%0A");
    }
}
