//! Findings into what people read in a terminal: the line, what of it is meant, and what to do.

use std::io::{self, Write};

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Padding, Renderer, Snippet};

use super::{Located, Report};
use crate::finding::Severity;

/// What of a line is shown, in columns: a terminal's usual width. The rest of it is left out on
/// both sides of what is meant.
const WIDTH: usize = 80;

/// Writes each finding on a few lines, with a blank line between two. Colours are for terminals.
///
/// # Errors
/// It cannot be written.
pub fn write(report: &Report<'_>, colour: bool, out: &mut impl Write) -> io::Result<()> {
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer.term_width(WIDTH);
    for (number, located) in report.located().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        let text = renderer.render(&[group(&located)]);
        // Without a line there is no gutter, and the arrow would stand further left than others.
        let indented = if located.finding.line.is_none() {
            text.replace('\n', "\n ")
        } else {
            text
        };
        writeln!(out, "{indented}")?;
    }
    Ok(())
}

fn group<'a>(located: &'a Located<'_>) -> Group<'a> {
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
        .and_then(|line| Some((line.text.as_str(), line.underlined()?)));
    let group = match (finding.line, underlined) {
        (Some(number), Some((text, range))) => title.element(
            Snippet::source(text)
                .path(located.path())
                .line_start(number)
                .annotation(AnnotationKind::Primary.span(range)),
        ),
        // The file has changed since, or is gone.
        (Some(number), None) => title
            .element(Origin::path(located.path()).line(number))
            .element(Padding),
        (None, _) => title.element(Origin::path(located.path())).element(Padding),
    };
    group.element(Level::HELP.with_name("hint").message(located.hint.as_str()))
}
