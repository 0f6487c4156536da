//! Findings into places: a path to click on, the line as the file has it, the columns that are meant.

use std::fs::{self, File};
use std::io::Read as _;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use super::printable;
use crate::config::Config;
use crate::finding::{Finding, Rule};

/// Larger files are shown no line of, in bytes.
const MAX_FILE: u64 = 64 * 1024 * 1024;
/// Of a longer message the middle is left out: it quotes what was written, which may be anything. In
/// characters.
const MAX_MESSAGE: usize = 320;
/// What of its end is kept, in characters.
const MESSAGE_END: usize = 100;

/// Where the files of findings are.
#[derive(Debug, Clone, Copy)]
pub struct Places<'a> {
    /// The configuration, where there is one.
    pub(super) config: Option<&'a Config>,
    /// The working directory.
    pub(super) base: &'a Path,
}

/// A finding with its place. All text in it is fit for a terminal.
#[derive(Debug)]
pub struct Located<'a> {
    /// The finding.
    pub finding: &'a Finding,
    /// Its message, not longer than people read.
    pub message: String,
    /// Its hint.
    pub hint: String,
    /// The file, relative to the working directory where it is below it.
    pub path: PathBuf,
    /// The line, where there is one and the file still has it.
    pub line: Option<Line>,
}

/// A line of a file.
#[derive(Debug)]
pub struct Line {
    /// All of it, without its end.
    pub text: String,
    /// What of it is meant, in bytes; `None` is all of it.
    pub mark: Option<Range<usize>>,
}

impl<'a> Places<'a> {
    /// Findings with their places. A file is read once for all that follow each other.
    pub(super) fn locate(self, findings: &[&'a Finding]) -> impl Iterator<Item = Located<'a>> {
        let mut last: Option<(&str, Vec<String>)> = None;
        findings.iter().map(move |finding| {
            let finding: &'a Finding = finding;
            let file = self.resolve(&finding.file);
            if finding.line.is_some() && last.as_ref().is_none_or(|(of, _)| *of != finding.file) {
                last = Some((&finding.file, lines(&file)));
            }
            let text = finding
                .line
                .zip(last.as_ref().filter(|(of, _)| *of == finding.file))
                .and_then(|(line, (_, lines))| lines.get(line.checked_sub(1)?));
            Located {
                finding,
                message: message(&finding.message),
                hint: message(&finding.hint),
                path: self.shown(&file),
                line: text.map(|text| Line {
                    mark: mark(text, finding),
                    text: text.clone(),
                }),
            }
        })
    }

    /// A post is named below the content directory; a template, a font or the configuration by a path
    /// of its own.
    fn resolve(&self, file: &str) -> PathBuf {
        let own = PathBuf::from(file);
        match self.config {
            Some(config) if config.file != file => {
                let post = config.content.dir.join(file);
                let is_own = || {
                    config
                        .card_files()
                        .iter()
                        .any(|known| own.starts_with(known))
                };
                if post.symlink_metadata().is_err() && is_own() {
                    own
                } else {
                    post
                }
            }
            _ => own,
        }
    }

    fn shown(&self, file: &Path) -> PathBuf {
        file.strip_prefix(self.base)
            .unwrap_or(file)
            .components()
            .filter(|part| *part != Component::CurDir)
            .collect()
    }
}

impl Located<'_> {
    /// The path as text.
    pub fn path(&self) -> String {
        printable::line(&self.path.display().to_string())
    }

    /// The columns that are meant, in characters from 1, the end not among them.
    pub fn columns(&self) -> Option<Range<usize>> {
        let line = self.line.as_ref()?;
        let mark = line.mark.as_ref()?;
        let before = |at| Some(line.text.get(..at)?.chars().count() + 1);
        Some(before(mark.start)?..before(mark.end)?)
    }
}

impl Line {
    /// What is to be underlined, in bytes: what is meant, or else all that is not blank.
    pub fn underlined(&self) -> Option<Range<usize>> {
        let all = || {
            let start = self.text.len() - self.text.trim_start().len();
            start..start + self.text.trim().len()
        };
        let range = self.mark.clone().unwrap_or_else(all);
        (!range.is_empty()).then_some(range)
    }
}

/// The lines of a file, ended as posts are read: with LF, CR or both. None where it cannot be read.
fn lines(file: &Path) -> Vec<String> {
    // A pipe or a device has no end, and may have no beginning.
    let is_read = fs::metadata(file).is_ok_and(|it| it.is_file() && it.len() <= MAX_FILE);
    let mut bytes = Vec::new();
    if is_read && let Ok(file) = File::open(file) {
        // What was read until it broke is as good as all of it: lines are counted from the front.
        let _ = file.take(MAX_FILE).read_to_end(&mut bytes);
    }
    let text = String::from_utf8_lossy(&bytes);
    text.strip_prefix('\u{feff}')
        .unwrap_or(&text)
        .replace("\r\n", "\n")
        .split(['\n', '\r'])
        .map(printable::line)
        .collect()
}

/// A message of a length that people read, fit for a terminal.
fn message(text: &str) -> String {
    let text = printable::line(text);
    let length = text.chars().count();
    if length <= MAX_MESSAGE {
        return text;
    }
    let start = text.chars().take(MAX_MESSAGE - MESSAGE_END);
    let end = text.chars().skip(length - MESSAGE_END);
    start.chain(['…']).chain(end).collect()
}

/// Where in its line the text is that a finding is about.
fn mark(line: &str, finding: &Finding) -> Option<Range<usize>> {
    let mark = finding.mark.as_deref()?.lines().next()?.trim();
    let mark = printable::line(mark);
    // In `date: date` it is the value that a post's finding is about. Of a setting it is the key.
    let value = match finding.rule {
        Rule::Config => 0,
        _ => value(line),
    };
    line.match_indices(&mark)
        .filter(|(_, found)| !found.is_empty())
        .map(|(at, found)| at..at + found.len())
        .min_by_key(|range| (range.start < value, !is_whole(line, range)))
}

/// Where the value begins of a line `key: value`.
fn value(line: &str) -> usize {
    line.find([':', '='])
        .filter(|end| {
            let key = line.get(..*end).unwrap_or_default().trim();
            !key.trim_start_matches("- ").contains(char::is_whitespace)
        })
        .map_or(0, |end| end + 1)
}

/// Whether a part of a line begins and ends where words do.
fn is_whole(line: &str, range: &Range<usize>) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let before = line.get(..range.start).and_then(|text| text.chars().last());
    let after = line.get(range.end..).and_then(|text| text.chars().next());
    !is_word(before) && !is_word(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;

    fn marked(line: &str, text: &str, rule: Rule) -> Option<usize> {
        let finding = Finding {
            file: "a.md".to_owned(),
            line: Some(1),
            mark: Some(text.to_owned()),
            severity: Severity::Error,
            rule,
            message: String::new(),
            hint: String::new(),
        };
        mark(line, &finding).map(|range| range.start)
    }

    #[test]
    fn the_value_is_meant_and_a_whole_word() {
        let post = |line, text| marked(line, text, Rule::FieldType);
        assert_eq!(post("hidePost: ture", "ture"), Some(10));
        assert_eq!(post("date: date", "date"), Some(6));
        assert_eq!(post("draft: a", "a"), Some(7));
        assert_eq!(post("- label: bell bel", "bel"), Some(14));
        assert_eq!(post("see here: here", "here"), Some(4));
        assert_eq!(post("weather", "eat"), Some(1));
        assert_eq!(post("title: x", "y"), None);
        assert_eq!(post("title: x", ""), None);
        assert_eq!(post("title: x", "x\nand more"), Some(7));
        assert_eq!(marked("port = \"port\"", "port", Rule::Config), Some(0));
    }

    #[test]
    fn columns_are_counted_in_characters() {
        let finding = Finding {
            file: "a.md".to_owned(),
            line: Some(1),
            mark: Some("x".to_owned()),
            severity: Severity::Error,
            rule: Rule::FieldType,
            message: String::new(),
            hint: String::new(),
        };
        let text = "\ttitle: 日本 x".to_owned();
        let line = Line {
            mark: mark(&text, &finding),
            text,
        };
        let located = Located {
            finding: &finding,
            message: String::new(),
            hint: String::new(),
            path: PathBuf::new(),
            line: Some(line),
        };
        assert_eq!(located.columns(), Some(12..13));
    }

    #[test]
    fn of_a_long_message_the_middle_is_left_out() {
        assert_eq!(message("as it is"), "as it is");
        let long = message(&format!("the date `{}` is no date", "9".repeat(600_000)));
        assert!(long.starts_with("the date `999") && long.ends_with("999` is no date"));
        assert_eq!(long.chars().count(), MAX_MESSAGE + 1);
    }

    #[test]
    fn lines_end_as_they_do_in_posts() {
        let dir = tempfile::TempDir::new().unwrap();
        let file = dir.path().join("a.md");
        fs::write(&file, b"\xef\xbb\xbfa\r\nb\rc\n\xff\n").unwrap();
        assert_eq!(lines(&file), ["a", "b", "c", "\u{fffd}", ""]);
        fs::remove_file(&file).unwrap();
        assert_eq!(lines(&file), [""]);
        assert_eq!(lines(dir.path()), [""]);
    }
}
