//! Writes a summary for people: what the site is made with, and which settings were found where.

use std::fmt::Write as _;
use std::path::Path;

use super::proposed_config::ProposedConfig;
use crate::detect::setting::{Setting, SettingKey, SettingSource, SettingValue};
use crate::text::{pluralize_count, truncate_graphemes};

/// Maximum length of a shown value, in characters.
const MAX_VALUE_CHARS: usize = 48;

/// Returns the summary.
pub fn format_summary(survey: &ProposedConfig) -> String {
    let mut text = String::new();
    let makers: Vec<_> = survey
        .tools
        .iter()
        .map(|(name, file)| format!("{name} (`{}`)", display_path(&survey.root, file, None)))
        .collect();
    let _ = match makers.as_slice() {
        [] => writeln!(text, "no generator was recognised\n"),
        makers => writeln!(text, "made with {}\n", makers.join(" and ")),
    };
    let rows: Vec<[String; 3]> = survey
        .settings
        .iter()
        .map(|setting| {
            [
                setting.key.to_string(),
                truncate_graphemes(&display_value(setting), MAX_VALUE_CHARS),
                describe_source(&survey.root, &setting.source),
            ]
        })
        .collect();
    let width = |column: usize| {
        let widths = rows.iter().filter_map(|row| row.get(column));
        widths.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let (first, second) = (width(0), width(1));
    for [key, value, source] in &rows {
        let _ = writeln!(text, "  {key:<first$}  {value:<second$}  {source}");
    }
    let _ = writeln!(
        text,
        "\n  {}, {}",
        pluralize_count(survey.post_count, "post"),
        pluralize_count(survey.other_page_count, "other page")
    );
    let left_out = &survey.left_out_posts;
    if left_out.count > 0 {
        let example = display_path(&survey.root, &left_out.example, None);
        let _ = match left_out.count {
            1 => writeln!(
                text,
                "  1 file with a title and a date is left out: `{example}`"
            ),
            count => writeln!(
                text,
                "  {count} files with a title and a date are left out, such as `{example}`"
            ),
        };
    }
    if !survey.suggestions.is_empty() {
        let _ = writeln!(
            text,
            "  {} in the file, as comments",
            pluralize_count(survey.suggestions.len(), "suggestion")
        );
    }
    text
}

fn display_value(setting: &Setting) -> String {
    match (&setting.value, setting.key) {
        (SettingValue::Text(path), SettingKey::Dir | SettingKey::StaticDir) if path.is_empty() => {
            ".".to_owned()
        }
        (SettingValue::Text(text), _) => text.clone(),
        (value, _) => value.to_string(),
    }
}

pub(super) fn describe_source(root: &Path, source: &SettingSource) -> String {
    match source {
        SettingSource::WrittenIn { file, line } => display_path(root, file, *line),
        SettingSource::GeneratorDefault(why) => why.clone(),
        SettingSource::Guess(why) => format!("a guess: {why}"),
        SettingSource::Placeholder(why) => format!("a placeholder: {why}"),
    }
}

/// Returns a file's path from the working directory, with its line.
pub(super) fn display_path(root: &Path, file: &str, line: Option<usize>) -> String {
    let path = match root.to_str() {
        Some("" | ".") => file.to_owned(),
        _ => root.join(file).display().to_string(),
    };
    match line {
        Some(line) => format!("{path}:{line}"),
        None => path,
    }
}
