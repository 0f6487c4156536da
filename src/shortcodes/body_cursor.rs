//! Reads a body from start to end, and keeps the output, the open section and the removed tags.

use std::collections::{HashMap, HashSet};

use memchr::memmem;

use super::removed::{RemovalReason, RemovedTags};

/// Maximum number of failed attempts to parse a brace or angle bracket as MDX. Each may scan some way ahead.
const MAX_FAILED_ATTEMPTS: usize = 5_000;

/// Maximum indent at which `%%` counts as the start of a line.
const MAX_COMMENT_INDENT: usize = 200;
/// Maximum number of names for which an end tag is searched, as each search reads the body. Sites have about twenty.
pub(super) const MAX_SEARCHED_NAMES: usize = 50;

/// Position in a body, and what was written and removed before it.
pub(super) struct BodyCursor<'a> {
    pub(super) body: &'a str,
    pub(super) position: usize,
    pub(super) output: String,
    /// The section that is being removed.
    pub(super) section: Option<HiddenSection<'a>>,
    /// Names whose end does not occur in the rest of the body.
    pub(super) unclosed_names: HashSet<String>,
    pub(super) removed: RemovedTags,
    /// Position from which each delimiter was searched, and the one found, so that no part is searched twice.
    delimiters: HashMap<&'static str, (usize, Option<usize>)>,
    /// Number of failed attempts to parse MDX.
    failed_attempts: usize,
}

/// A section that is being removed until its end is found.
#[derive(Debug)]
pub(super) struct HiddenSection<'a> {
    /// Name as findings show it.
    pub(super) name: String,
    /// Position in the body.
    pub(super) start: usize,
    /// Length of the output before the section.
    pub(super) output_len: usize,
    pub(super) end: SectionEnd<'a>,
}

/// Condition that ends a section.
#[derive(Debug)]
pub(super) enum SectionEnd<'a> {
    /// The end tag of this element, after as many nested ones of its name.
    Element(&'a str, usize),
    /// The end of the first of these containers: number of colons and of quote marks before them.
    Container(Vec<(usize, usize)>),
    /// The HTML comment that ends this name, after as many nested ones.
    Marker(String, usize),
    /// The first line that is not in a quote of this depth.
    Quote(usize),
    /// The first line that is not indented more than this.
    Indented(usize),
}

impl<'a> BodyCursor<'a> {
    pub(super) fn new(body: &'a str) -> BodyCursor<'a> {
        BodyCursor {
            body,
            position: 0,
            output: String::with_capacity(body.len()),
            section: None,
            unclosed_names: HashSet::new(),
            removed: RemovedTags::default(),
            delimiters: HashMap::new(),
            failed_attempts: 0,
        }
    }

    pub(super) fn remaining_text(&self) -> &'a str {
        self.body.get(self.position..).unwrap_or_default()
    }

    /// Finds the first occurrence of a delimiter at least `from` bytes after the current position. Returns its
    /// distance from the current position.
    pub(super) fn find_delimiter(&mut self, delimiter: &'static str, from: usize) -> Option<usize> {
        let begin = self.position + from;
        let known = self.delimiters.get(delimiter).copied();
        let found = match known {
            Some((since, at)) if since <= begin && at.is_none_or(|at| at >= begin) => at,
            _ => {
                let rest = self.body.as_bytes().get(begin..)?;
                let at = memmem::find(rest, delimiter.as_bytes()).map(|at| begin + at);
                self.delimiters.insert(delimiter, (begin, at));
                at
            }
        };
        found.map(|at| at - self.position)
    }

    pub(super) fn copy_bytes(&mut self, bytes: usize) {
        let text = self
            .remaining_text()
            .get(..bytes)
            .unwrap_or(self.remaining_text());
        self.output.push_str(text);
        self.position += text.len().max(1);
    }

    /// Returns true if the next character is escaped by an odd number of backslashes.
    pub(super) fn is_escaped(&self) -> bool {
        let before = self.output.trim_end_matches('\\').len();
        (self.output.len() - before) % 2 == 1
    }

    /// Returns true if only a few spaces or tabs precede a position on its line.
    pub(super) fn is_at_line_start(&self, at: usize) -> bool {
        let before = self.body.as_bytes().get(..at).unwrap_or_default();
        let blanks = before
            .iter()
            .rev()
            .take(MAX_COMMENT_INDENT)
            .take_while(|byte| matches!(byte, b' ' | b'\t'))
            .count();
        matches!(before.get(..at - blanks), None | Some([] | [.., b'\n']))
    }

    pub(super) fn begin_section(&mut self, name: String, length: usize, end: SectionEnd<'a>) {
        self.section = Some(HiddenSection {
            name,
            start: self.position,
            output_len: self.output.len(),
            end,
        });
        self.position += length;
    }

    /// Ends the open section, if any.
    pub(super) fn end_section(&mut self, reason: RemovalReason) {
        if let Some(section) = self.section.take() {
            self.output.truncate(section.output_len);
            self.record_removal(section.name, section.start, reason);
        }
    }

    /// Removes the rest of the body, because the construct at `begin` has no end.
    pub(super) fn remove_rest(&mut self, name: String, begin: usize) {
        self.position = self.body.len();
        self.record_removal(name, begin, RemovalReason::Unclosed);
    }

    /// Ends the open section, if any, at the end of the body.
    pub(super) fn end_section_with_body(&mut self) {
        // The end of the body also ends a quote or an indented block.
        let is_complete = self.section.as_ref().is_some_and(|section| {
            matches!(section.end, SectionEnd::Quote(_) | SectionEnd::Indented(_))
        });
        match is_complete {
            true => self.end_section(RemovalReason::Locked),
            false => self.end_section(RemovalReason::Unclosed),
        }
    }

    pub(super) fn record_removal(&mut self, name: String, begin: usize, reason: RemovalReason) {
        // A section that is removed is reported once, without its parts.
        if self.section.is_none() {
            self.removed
                .record_tag(name, self.body, begin..self.position, reason);
        }
    }

    /// Calls a parser unless too many calls have failed, as each failure may cost a long scan.
    pub(super) fn try_parse<T>(&mut self, parse: impl FnOnce() -> Option<T>) -> Option<T> {
        let found = (self.failed_attempts < MAX_FAILED_ATTEMPTS)
            .then(parse)
            .flatten();
        self.failed_attempts += usize::from(found.is_none());
        found
    }
}
