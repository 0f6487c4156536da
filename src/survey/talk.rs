//! A survey into what people are told of it: what the site is made with, what was found where.

use std::fmt::Write as _;
use std::path::Path;

use super::Survey;
use super::setting::{Key, Setting, Source, Value};
use crate::text::{cut, plural};

/// A value is shown this long, in characters.
const SHOWN: usize = 48;

/// What was found, as text.
pub(super) fn text(survey: &Survey) -> String {
    let mut text = String::new();
    let makers: Vec<_> = survey
        .makers
        .iter()
        .map(|(name, file)| format!("{name}, by `{}`", place(&survey.root, file, None)))
        .collect();
    let _ = match makers.as_slice() {
        [] => writeln!(text, "no generator was recognised\n"),
        makers => writeln!(text, "made with {}\n", makers.join(", and ")),
    };
    let rows: Vec<[String; 3]> = survey
        .settings
        .iter()
        .map(|setting| {
            [
                setting.key.to_string(),
                cut(&shown(setting), SHOWN),
                source(&survey.root, &setting.source),
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
        plural(survey.posts, "post"),
        plural(survey.others, "other page")
    );
    let left_out = &survey.left_out_posts;
    if left_out.count > 0 {
        let example = place(&survey.root, &left_out.example, None);
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
            plural(survey.suggestions.len(), "suggestion")
        );
    }
    text
}

fn shown(setting: &Setting) -> String {
    match (&setting.value, setting.key) {
        (Value::Text(path), Key::Dir | Key::StaticDir) if path.is_empty() => ".".to_owned(),
        (Value::Text(text), _) => text.clone(),
        (value, _) => value.to_string(),
    }
}

fn source(root: &Path, source: &Source) -> String {
    match source {
        Source::Read { file, line } => place(root, file, *line),
        Source::Rule(why) => why.clone(),
        Source::Guess(why) => format!("a guess: {why}"),
        Source::Placeholder(why) => format!("a placeholder: {why}"),
    }
}

/// A file as the user can name it from where he is, with its line.
pub(super) fn place(root: &Path, file: &str, line: Option<usize>) -> String {
    let path = match root.to_str() {
        Some("" | ".") => file.to_owned(),
        _ => root.join(file).display().to_string(),
    };
    match line {
        Some(line) => format!("{path}:{line}"),
        None => path,
    }
}
