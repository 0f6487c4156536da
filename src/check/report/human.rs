//! Writes findings for a terminal: the line with the marked text, the message and a hint.

use std::io::{self, Write};

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Padding, Renderer, Snippet};

use super::{LocatedFinding, Report};
use crate::model::finding::Severity;

/// Maximum width of a quoted line, in columns: a terminal's usual width. Longer lines are cut on both
/// sides of the marked text.
const MAX_LINE_COLUMNS: usize = 80;

/// Writes the findings with a blank line between two. `colour` adds ANSI colours.
///
/// # Errors
/// Writing fails.
pub fn write_human(report: &Report<'_>, colour: bool, out: &mut impl Write) -> io::Result<()> {
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer.term_width(MAX_LINE_COLUMNS);
    for (number, located) in report.located_findings().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        let text = renderer.render(&[build_group(&located)]);
        // Without a line number there is no gutter. The indent aligns the arrow with those of other findings.
        let indented = if located.finding.line.is_none() {
            text.replace('\n', "\n ")
        } else {
            text
        };
        writeln!(out, "{indented}")?;
    }
    Ok(())
}

fn build_group<'a>(located: &'a LocatedFinding<'_>) -> Group<'a> {
    let finding = located.finding;
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level
        .primary_title(located.message.as_str())
        .id(finding.rule.name());
    let underlined = located
        .line
        .as_ref()
        .and_then(|line| Some((line.text.as_str(), line.underlined_range()?)));
    let group = match (finding.line, underlined) {
        (Some(number), Some((text, range))) => title.element(
            Snippet::source(text)
                .path(located.display_path())
                .line_start(number)
                .annotation(AnnotationKind::Primary.span(range)),
        ),
        // The file was changed or deleted in the meantime.
        (Some(number), None) => title
            .element(Origin::path(located.display_path()).line(number))
            .element(Padding),
        (None, _) => title
            .element(Origin::path(located.display_path()))
            .element(Padding),
    };
    group.element(Level::HELP.with_name("hint").message(located.hint.as_str()))
}
