//! Locates findings in their files: path, text of the line and columns of the marked text.

use std::fs::{self, File};
use std::io::Read as _;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use crate::config::Config;
use crate::model::finding::{Finding, Rule};
use crate::terminal_safe;
use crate::text::secret_lines::mask_secret_lines;

/// Maximum size of a file whose lines are quoted, in bytes.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;
/// Maximum length of a message, in characters. Messages quote text of posts, which may be long; the
/// middle of a longer one is left out.
const MAX_MESSAGE_CHARS: usize = 320;
/// Characters that are kept at the end of a shortened message.
const MESSAGE_END_CHARS: usize = 100;

/// Locations of the files that findings name.
#[derive(Debug, Clone, Copy)]
pub struct FindingLocator<'a> {
    /// Configuration; `None` for the errors of a configuration itself.
    pub(super) config: Option<&'a Config>,
    /// Working directory, to which displayed paths are relative.
    pub(super) base: &'a Path,
}

/// Finding with its location. All text in it is safe for a terminal.
#[derive(Debug)]
pub struct LocatedFinding<'a> {
    /// Finding itself.
    pub finding: &'a Finding,
    /// Message, shortened if it is long.
    pub message: String,
    /// Hint, shortened if it is long.
    pub hint: String,
    /// File, relative to the working directory if it is below it.
    pub path: PathBuf,
    /// Line; `None` if the finding names none or the file no longer has it.
    pub line: Option<SourceLine>,
}

/// Line of a file.
#[derive(Debug)]
pub struct SourceLine {
    /// Text without the line break.
    pub text: String,
    /// Byte range of the marked text; `None` is the whole line.
    pub mark: Option<Range<usize>>,
}

impl<'a> FindingLocator<'a> {
    /// Locates findings. A file is read once for consecutive findings.
    pub(super) fn locate_all(
        self,
        findings: &[&'a Finding],
    ) -> impl Iterator<Item = LocatedFinding<'a>> {
        let mut last: Option<(&str, Vec<String>)> = None;
        findings.iter().map(move |finding| {
            let finding: &'a Finding = finding;
            let file = self.resolve_file(&finding.file);
            if finding.line.is_some() && last.as_ref().is_none_or(|(name, _)| *name != finding.file)
            {
                last = Some((&finding.file, read_lines(&file)));
            }
            let text = finding
                .line
                .zip(last.as_ref().filter(|(name, _)| *name == finding.file))
                .and_then(|(line, (_, lines))| lines.get(line.checked_sub(1)?));
            LocatedFinding {
                finding,
                message: shorten_message(&finding.message),
                hint: shorten_message(&finding.hint),
                path: self.display_path(&file),
                line: text.map(|text| SourceLine {
                    mark: find_mark(text, finding),
                    text: text.clone(),
                }),
            }
        })
    }

    /// Resolves the file of a finding. Posts are named relative to the content directory; templates,
    /// fonts and the configuration by their own path.
    fn resolve_file(&self, file: &str) -> PathBuf {
        let own = PathBuf::from(file);
        match self.config {
            Some(config) if config.file != file => {
                let post = config.content.dir.join(file);
                if post.symlink_metadata().is_err()
                    && config
                        .card_source_files()
                        .iter()
                        .any(|known| own.starts_with(known))
                {
                    own
                } else {
                    post
                }
            }
            _ => own,
        }
    }

    fn display_path(&self, file: &Path) -> PathBuf {
        file.strip_prefix(self.base)
            .unwrap_or(file)
            .components()
            .filter(|part| *part != Component::CurDir)
            .collect()
    }
}

impl LocatedFinding<'_> {
    /// Returns the path as text that is safe for a terminal.
    pub fn display_path(&self) -> String {
        terminal_safe::printable_line(&self.path.display().to_string())
    }

    /// Returns the path with the line, if it is known.
    pub fn display_place(&self) -> String {
        let line = self.finding.line.map(|line| format!(":{line}"));
        self.display_path() + &line.unwrap_or_default()
    }

    /// Returns the columns of the marked text, in characters from 1, with the end excluded.
    pub fn marked_columns(&self) -> Option<Range<usize>> {
        let line = self.line.as_ref()?;
        let mark = line.mark.as_ref()?;
        let before = |at| Some(line.text.get(..at)?.chars().count() + 1);
        Some(before(mark.start)?..before(mark.end)?)
    }
}

impl SourceLine {
    /// Returns the byte range to underline: the marked text, or the line without surrounding blanks.
    pub fn underlined_range(&self) -> Option<Range<usize>> {
        let range = self.mark.clone().unwrap_or_else(|| {
            let start = self.text.len() - self.text.trim_start().len();
            start..start + self.text.trim().len()
        });
        (!range.is_empty()).then_some(range)
    }
}

/// Reads the lines of a file, which end with LF, CR or both as in posts. Values of password-like fields are masked.
/// Empty if it cannot be read.
fn read_lines(file: &Path) -> Vec<String> {
    // Only regular files: a pipe or a device may block or never end.
    let is_read = fs::metadata(file).is_ok_and(|it| it.is_file() && it.len() <= MAX_FILE_BYTES);
    let mut bytes = Vec::new();
    if is_read && let Ok(file) = File::open(file) {
        // After a read error the lines before it are still right, because lines are counted from the start.
        let _ = file.take(MAX_FILE_BYTES).read_to_end(&mut bytes);
    }
    let text = String::from_utf8_lossy(&bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let text = text.replace("\r\n", "\n");
    let lines = text.split(['\n', '\r']).map(terminal_safe::printable_line);
    mask_secret_lines(lines).collect()
}

/// Makes a message safe for a terminal and shortens it in the middle.
pub(super) fn shorten_message(text: &str) -> String {
    let text = terminal_safe::printable_line(text);
    let length = text.chars().count();
    if length <= MAX_MESSAGE_CHARS {
        return text;
    }
    let start = text.chars().take(MAX_MESSAGE_CHARS - MESSAGE_END_CHARS);
    let end = text.chars().skip(length - MESSAGE_END_CHARS);
    start.chain(['…']).chain(end).collect()
}

/// Returns the byte range in its line of the text that a finding marks.
fn find_mark(line: &str, finding: &Finding) -> Option<Range<usize>> {
    let first_line = finding.highlight.as_deref()?.lines().next()?;
    let mark = match finding.rule {
        // Some of these characters are blanks. The first one is reported.
        Rule::ForbiddenCharacter => {
            let mark = terminal_safe::printable_line(first_line);
            let at = line.find(&mark)?;
            return Some(at..at + mark.len());
        }
        _ => terminal_safe::printable_line(first_line.trim()),
    };
    // In `date: date` a finding of a post marks the value. A finding of the configuration marks the key.
    let value_start = match finding.rule {
        Rule::Config => 0,
        _ => value_offset(line),
    };
    line.match_indices(&mark)
        .filter(|(_, found)| !found.is_empty())
        .map(|(at, found)| at..at + found.len())
        .min_by_key(|range| (range.start < value_start, !is_whole_word(line, range)))
        .map(|range| match finding.rule {
            Rule::TrailingBlanks => find_outer_blanks(line, range),
            _ => range,
        })
}

/// Returns the blanks after a text, or those before it if there are none after it.
fn find_outer_blanks(line: &str, text: Range<usize>) -> Range<usize> {
    let (before, after) = (line.get(..text.start), line.get(text.end..));
    let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
    let blanks = after.len() - after.trim_start().len();
    match (blanks, before.trim_end().len()) {
        // Written as an escape, such as `\t`.
        (0, start) if start == text.start => text,
        (0, start) => start..text.start,
        _ => text.end..text.end + blanks,
    }
}

/// Returns the offset of the value in a line `key: value`.
fn value_offset(line: &str) -> usize {
    line.find([':', '='])
        .filter(|end| {
            let key = line.get(..*end).unwrap_or_default().trim();
            !key.trim_start_matches("- ").contains(char::is_whitespace)
        })
        .map_or(0, |end| end + 1)
}

/// Returns true if a range begins and ends at word boundaries.
fn is_whole_word(line: &str, range: &Range<usize>) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let before = line.get(..range.start).and_then(|text| text.chars().last());
    let after = line.get(range.end..).and_then(|text| text.chars().next());
    !is_word(before) && !is_word(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::Severity;

    fn mark_start(line: &str, text: &str, rule: Rule) -> Option<usize> {
        let finding = Finding {
            file: "a.md".to_owned(),
            line: Some(1),
            highlight: Some(text.to_owned()),
            severity: Severity::Error,
            rule,
            message: String::new(),
            hint: String::new(),
        };
        find_mark(line, &finding).map(|range| range.start)
    }

    #[test]
    fn mark_prefers_value_and_whole_word() {
        let post = |line, text| mark_start(line, text, Rule::FieldType);
        assert_eq!(post("hidePost: ture", "ture"), Some(10));
        assert_eq!(post("date: date", "date"), Some(6));
        assert_eq!(post("draft: a", "a"), Some(7));
        assert_eq!(post("- label: bell bel", "bel"), Some(14));
        assert_eq!(post("see here: here", "here"), Some(4));
        assert_eq!(post("weather", "eat"), Some(1));
        assert_eq!(post("title: x", "y"), None);
        assert_eq!(post("title: x", ""), None);
        assert_eq!(post("title: x", "x\nand more"), Some(7));
        assert_eq!(mark_start("port = \"port\"", "port", Rule::Config), Some(0));
    }

    #[test]
    fn columns_are_counted_in_characters() {
        let finding = Finding {
            file: "a.md".to_owned(),
            line: Some(1),
            highlight: Some("x".to_owned()),
            severity: Severity::Error,
            rule: Rule::FieldType,
            message: String::new(),
            hint: String::new(),
        };
        let text = "\ttitle: 日本 x".to_owned();
        let line = SourceLine {
            mark: find_mark(&text, &finding),
            text,
        };
        let located = LocatedFinding {
            finding: &finding,
            message: String::new(),
            hint: String::new(),
            path: PathBuf::new(),
            line: Some(line),
        };
        assert_eq!(located.marked_columns(), Some(12..13));
    }

    #[test]
    fn long_messages_are_shortened_in_the_middle() {
        assert_eq!(shorten_message("as it is"), "as it is");
        let long = shorten_message(&format!("the date `{}` is not a date", "9".repeat(600_000)));
        assert!(long.starts_with("the date `999") && long.ends_with("999` is not a date"));
        assert_eq!(long.chars().count(), MAX_MESSAGE_CHARS + 1);
    }

    #[test]
    fn lines_end_as_in_posts() {
        let dir = tempfile::TempDir::new().unwrap();
        let file = dir.path().join("a.md");
        fs::write(&file, b"\xef\xbb\xbfa\r\nb\rc\n\xff\n").unwrap();
        assert_eq!(read_lines(&file), ["a", "b", "c", "\u{fffd}", ""]);
        fs::remove_file(&file).unwrap();
        assert_eq!(read_lines(&file), [""]);
        assert_eq!(read_lines(dir.path()), [""]);
    }
}
