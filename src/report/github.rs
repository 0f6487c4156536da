//! Findings into workflow commands: GitHub Actions shows each beside its line.

use std::io::{self, Write};

use super::{Located, Report};
use crate::finding::Severity;

/// Writes a command a line.
///
/// # Errors
/// It cannot be written.
pub fn write(report: &Report<'_>, out: &mut impl Write) -> io::Result<()> {
    for located in report.located() {
        writeln!(out, "{}", command(&located))?;
    }
    Ok(())
}

fn command(located: &Located<'_>) -> String {
    let finding = located.finding;
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = vec![format!("file={}", property(&located.path()))];
    if let Some(line) = finding.line {
        properties.push(format!("line={line}"));
    }
    if let Some(columns) = located.columns() {
        properties.push(format!("col={}", columns.start));
        properties.push(format!("endColumn={}", columns.end));
    }
    properties.push(format!("title={}", property(finding.rule.name())));
    let text = format!("{}\nhint: {}", located.message, located.hint);
    format!("::{level} {}::{}", properties.join(","), data(&text))
}

/// A message, as the runner takes it apart: a line ends the command.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// The value of a property, which a comma ends, and `::` all of them.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_written_ends_a_command_or_a_property() {
        assert_eq!(data("50% of\r\n::error::x"), "50%25 of%0D%0A::error::x");
        assert_eq!(property("a,b::c%3A\n"), "a%2Cb%3A%3Ac%253A%0A");
    }
}
