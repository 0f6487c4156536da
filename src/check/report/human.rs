//! Writes findings for a terminal: the line with the marked text, the message and a hint.

use std::io::{self, Write};

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Padding, Renderer, Snippet};

use super::source_location::shorten_message;
use super::{LocatedFinding, Report};
use crate::check::finding_groups::FindingGroup;
use crate::model::finding::Severity;
use crate::terminal_safe::printable_line;

/// Maximum width of a quoted line, in columns: a terminal's usual width. Longer lines are cut on both
/// sides of the marked text.
const MAX_LINE_COLUMNS: usize = 80;

/// Writes the findings with a blank line between two, grouped unless the report lists all. `colour` adds ANSI colours.
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
    let groups = report.grouped_findings();
    let examples: Vec<_> = groups.iter().flat_map(|group| &group.examples).collect();
    let examples: Vec<_> = examples.into_iter().map(|(finding, _)| *finding).collect();
    let mut located = report.locator.locate_all(&examples);
    let mut is_shortened = false;
    for (number, group) in groups.iter().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        let located: Vec<_> = located.by_ref().take(group.examples.len()).collect();
        let text = match located.as_slice() {
            [one] => renderer.render(&[build_group(one)]),
            several => renderer.render(&[summarize_group(group, several, report)]),
        };
        is_shortened |= group.count > 1;
        // Without a line number there is no gutter. The indent aligns the arrow with those of other findings.
        let has_gutter = group.count == 1 && group.first.line.is_some();
        let indent = if has_gutter { "\n" } else { "\n " };
        writeln!(out, "{}", text.replace('\n', indent))?;
    }
    if is_shortened {
        let count = report.findings.len();
        writeln!(out, "\n`courant check --all` lists all {count} findings")?;
    }
    Ok(())
}

/// Builds the entry of a group: its message, its examples, and the hint of the first one.
fn summarize_group<'a>(
    group: &FindingGroup<'_>,
    examples: &'a [LocatedFinding<'_>],
    report: &Report<'_>,
) -> Group<'a> {
    let published = report.posts.map_or(0, |posts| posts.published());
    let is_everywhere = group.has_one_message() && group.file_count == published;
    let (rule, hint) = (group.first.rule.name(), shorten_message(&group.first.hint));
    let mut message = printable_line(&group.message());
    if is_everywhere {
        message.push_str(&format!(", in every post; {hint}"));
    }
    let title = level(group.first.severity).primary_title(message).id(rule);
    if is_everywhere {
        return Group::with_title(title);
    }
    let mut entry = Group::with_title(title);
    for (located, example) in examples.iter().zip(&group.examples) {
        let message = group.example_message(*example);
        let message = message.map(|text| format!("  {}", shorten_message(&text)));
        let place = [located.display_place(), message.unwrap_or_default()].concat();
        entry = entry.element(Origin::path(place));
    }
    entry.element(Level::HELP.with_name("hint").message(hint))
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    }
}

fn build_group<'a>(located: &'a LocatedFinding<'_>) -> Group<'a> {
    let finding = located.finding;
    let title = level(finding.severity)
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
