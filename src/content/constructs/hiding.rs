//! Leaves out what a body hides from its readers: comments, and sections that are locked or hidden.
//!
//! A section without an end hides all that follows it, for what was meant to be locked cannot be told.

use memchr::memmem;

use super::Scan;
use super::comment::{self, Comment, Marker};
use super::element::{self, StartTag, is_locked_element, is_locked_name};
use super::left_out::Reason;
use super::lines::{self, Container};
use super::replacement::MAX_NAMES_WITH_END;

/// A line that is indented further begins with no comment of its own.
const MAX_INDENT: usize = 200;
/// Tags that cannot be read are looked at so often.
const MAX_UNREADABLE_TAGS: usize = 1_000;
/// A section with more containers open in it has no end.
const MAX_OPEN_CONTAINERS: usize = 1_000;

/// A section that is being left out, until its end comes.
#[derive(Debug)]
pub(super) struct Section<'a> {
    /// How findings call it.
    name: String,
    /// Where it begins in the body.
    begin: usize,
    /// How long the output was before it.
    kept: usize,
    end: End<'a>,
}

#[derive(Debug)]
enum End<'a> {
    /// The end tag of this element, of which so many more are open.
    Element(&'a str, usize),
    /// The end of the first of these containers, by their colons and the marks of quotes before them.
    Container(Vec<(usize, usize)>),
    /// The comment of HTML that ends this name, of which so many more are open.
    Marker(String, usize),
    /// The first line that is not in a quote with so many marks.
    Quote(usize),
    /// The first line that is not indented further.
    Indented(usize),
}

/// Whether something in a body may be hidden from its readers, in whatever dialect it is written.
pub(in crate::content) fn may_hide_any(body: &str) -> bool {
    let mut has_hiding_attribute = None;
    let mut unreadable = 0;
    memchr::memchr3_iter(b'<', b'%', b'[', body.as_bytes()).any(|at| {
        let from = body.get(at..).unwrap_or_default();
        match from.as_bytes() {
            [b'<', b'!', ..] => {
                let is_comment = from.starts_with("<!--");
                is_comment && (!comment::is_simple_html(from) || comment::marker(from).is_some())
            }
            [b'<', next, ..] if next.is_ascii_alphabetic() => {
                // Most bodies have no element at all.
                let attribute =
                    *has_hiding_attribute.get_or_insert_with(|| may_have_hiding_attribute(body));
                let is_hiding = hiding_tag(from, attribute, &mut unreadable).is_some();
                is_hiding || unreadable >= MAX_UNREADABLE_TAGS
            }
            [b'<', ..] => false,
            [b'%', ..] => from.starts_with("%%"),
            _ => {
                comment::of_link_definition(from).is_some()
                    || lines::callout_name(from).is_some_and(is_locked_name)
            }
        }
    }) || memmem::find(body.as_bytes(), b"{::comment").is_some()
}

/// Whether any attribute in a body may hide an element. Most bodies have none.
pub(super) fn may_have_hiding_attribute(body: &str) -> bool {
    ["hidden", "HIDDEN", "Hidden", "none", "NONE", "None"]
        .iter()
        .any(|word| memmem::find(body.as_bytes(), word.as_bytes()).is_some())
}

/// The start tag that a text begins with, if it hides what it encloses. Those that cannot be read are counted.
fn hiding_tag<'t>(
    rest: &'t str,
    has_hiding_attribute: bool,
    unreadable: &mut usize,
) -> Option<StartTag<'t>> {
    let name = element::start_name(rest)?;
    let may_hide = has_hiding_attribute || is_locked_element(name);
    if !may_hide || *unreadable >= MAX_UNREADABLE_TAGS {
        return None;
    }
    let tag = element::start_tag(rest);
    *unreadable += usize::from(tag.is_none());
    tag.filter(|tag| tag.is_locked || tag.is_hidden)
}

impl<'a> Scan<'a, '_> {
    /// Looks for the end of a comment in the rest of the body, `from` a place of it. Where one has no end, none
    /// after it has.
    fn find_end(&mut self, end: &'static str, from: usize) -> Option<usize> {
        if self.without_end.contains(end) {
            return None;
        }
        let found = self.rest().get(from..).and_then(|rest| rest.find(end));
        if found.is_none() {
            self.without_end.insert(end.to_owned());
        }
        found.map(|at| from + at)
    }

    /// Leaves out the comment that the rest begins with in braces, if it does.
    pub(super) fn comment_in_braces(&mut self, rest: &'a str) -> bool {
        let mut found = comment::of_kramdown(rest, |end, from| self.find_end(end, from));
        if found.is_none() && self.has_templates {
            found = comment::of_template(rest, |end, from| self.find_end(end, from));
        }
        match found {
            Some(Comment::Closed(length)) => self.at += length,
            Some(Comment::Unclosed) => {
                let name = rest.split_whitespace().next().unwrap_or_default();
                self.leave_out_rest(name.chars().take(12).collect(), self.at);
            }
            None => return false,
        }
        true
    }

    /// Leaves out what Obsidian takes for a comment: `%%…%%`. At the beginning of a line it needs no end.
    pub(super) fn comment_in_percents(&mut self, rest: &'a str) {
        let run = rest.bytes().take_while(|byte| *byte == b'%').count();
        let is_comment = run == 2 && !self.out.ends_with(|c: char| c.is_ascii_digit());
        if !is_comment {
            return self.copy(run);
        }
        let begin = self.at;
        match self.find_end("%%", 2) {
            Some(at) => {
                self.at += at + 2;
                let inside = rest.get(..at).unwrap_or_default();
                if !self.begins_text(begin) && inside.contains("\n\n") {
                    self.leave_out("%%…%%".to_owned(), begin, Reason::Locked);
                }
            }
            None if self.begins_text(begin) => self.leave_out_rest("%%".to_owned(), begin),
            None => self.copy(2),
        }
    }

    /// Leaves out a comment of HTML, a part of which Markdown may show; whether there is one.
    pub(super) fn html_comment(&mut self, rest: &'a str) -> bool {
        let begin = self.at;
        match comment::of_html(rest, |end, from| self.find_end(end, from)) {
            None => return false,
            Some(Comment::Unclosed) => self.leave_out_rest("<!--".to_owned(), begin),
            // An empty one keeps apart what it stood between.
            Some(Comment::Closed(length)) => {
                let marker = comment::marker(rest);
                if marker.is_some_and(|marker| self.section_marker(rest, marker, length)) {
                    return true;
                }
                self.out.push_str("<!---->");
                self.at += length;
            }
        }
        true
    }

    /// Begins or ends a section at a comment of HTML; whether that is what it does.
    fn section_marker(&mut self, rest: &'a str, marker: Marker, length: usize) -> bool {
        let begins = self.section.is_none() && !marker.is_end;
        if begins && (marker.needs_no_end || self.has_marker_end(&marker)) {
            let shown = rest.get(..length).unwrap_or_default().to_owned();
            self.begin_section(shown, length, End::Marker(marker.name, 0));
            return true;
        }
        let end = self.section.as_mut().map(|section| &mut section.end);
        let Some(End::Marker(_, more)) =
            end.filter(|end| matches!(end, End::Marker(name, _) if *name == marker.name))
        else {
            return false;
        };
        if !marker.is_end {
            *more += 1;
            return false;
        }
        if let Some(fewer) = more.checked_sub(1) {
            *more = fewer;
            return false;
        }
        self.at += length;
        self.end_section(Reason::Locked);
        true
    }

    /// Whether a comment of HTML that ends a section comes.
    fn has_marker_end(&mut self, marker: &Marker) -> bool {
        let key = format!("<!-- /{}", marker.name);
        if self.without_end.contains(&key) {
            return false;
        }
        // Of more names than any site has it is not looked for.
        if self.without_end.len() >= MAX_NAMES_WITH_END {
            return true;
        }
        let rest = self.rest();
        let is_there = rest.match_indices("<!--").any(|(at, _)| {
            let other = rest.get(at..).and_then(comment::marker);
            other.is_some_and(|other| other.is_end && other.name == marker.name)
        });
        if !is_there {
            self.without_end.insert(key);
        }
        is_there
    }

    /// Whether nothing but a few blanks stands before a place on its line.
    fn begins_text(&self, at: usize) -> bool {
        let before = self.body.as_bytes().get(..at).unwrap_or_default();
        let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\t');
        let blanks = before
            .iter()
            .rev()
            .take(MAX_INDENT)
            .take_while(is_blank)
            .count();
        matches!(before.get(..at - blanks), None | Some([] | [.., b'\n']))
    }

    /// Leaves out lines that are a comment in the form of a link; whether the rest begins with such.
    pub(super) fn link_comment(&mut self, rest: &'a str) -> bool {
        let length = comment::of_link_definition(rest);
        self.at += length.unwrap_or_default();
        length.is_some()
    }

    /// Begins or ends a section at the tag of HTML that the rest begins with; whether that is what it does.
    pub(super) fn section_tag(&mut self, rest: &'a str) -> bool {
        match self.section.as_mut().map(|section| &mut section.end) {
            Some(End::Element(name, more)) => {
                let name = *name;
                let is_same = |other: &str| other.eq_ignore_ascii_case(name);
                if element::end_tag(rest).is_some_and(is_same) {
                    if let Some(fewer) = more.checked_sub(1) {
                        *more = fewer;
                        return false;
                    }
                    let length = rest.find('>').map_or(rest.len(), |at| at + 1);
                    self.at += length;
                    self.end_section(Reason::Locked);
                    return true;
                }
                if element::start_name(rest).is_some_and(is_same)
                    && element::start_tag(rest).is_some_and(|tag| !tag.is_alone)
                {
                    *more += 1;
                }
                false
            }
            Some(_) => false,
            None => {
                let attribute = self.has_hiding_attribute;
                let Some(tag) = hiding_tag(rest, attribute, &mut self.unreadable) else {
                    return false;
                };
                if tag.is_alone {
                    // A component that encloses nothing is like any other.
                    self.at += if tag.is_hidden { tag.length } else { 0 };
                    return tag.is_hidden;
                }
                let why = if tag.is_locked { "" } else { " hidden" };
                let name = format!("<{}{why}>", tag.name);
                self.begin_section(name, tag.length, End::Element(tag.name, 0));
                true
            }
        }
    }

    /// Begins or ends a section at a line of colons; whether the line is a part of one.
    pub(super) fn section_line(&mut self, line: &'a str) -> bool {
        let (marks, text) = lines::split_marks(line);
        let Some(container) = lines::container(text.trim()) else {
            return false;
        };
        let Container { name, opens, .. } = container;
        let fence = (container.colons, marks.matches('>').count());
        match self.section.as_mut().map(|section| &mut section.end) {
            Some(End::Container(open)) => {
                if opens {
                    // Of what is nested beyond reason no end is believed.
                    open.push(fence);
                    let is_endless = open.len() > MAX_OPEN_CONTAINERS;
                    self.at = if is_endless { self.body.len() } else { self.at };
                } else if marks.chars().all(|c| c == '>' || c.is_whitespace())
                    && let Some(at) = open.iter().rposition(|other| *other == fence)
                {
                    open.truncate(at);
                }
                let has_ended = open.is_empty();
                self.at += line.len();
                if has_ended {
                    self.end_section(Reason::Locked);
                }
            }
            Some(_) => return false,
            None if opens && name.split_whitespace().any(is_locked_name) => {
                let shown: String = name.chars().take(40).collect();
                let shown = ":".repeat(container.colons.min(10)) + &shown;
                self.keep_marks(marks);
                if container.may_be_leaf && !self.has_line_of_colons() {
                    let begin = self.at;
                    self.at += line.len();
                    self.leave_out(shown, begin, Reason::Locked);
                } else {
                    self.begin_section(shown, line.len(), End::Container(vec![fence]));
                }
            }
            None => return false,
        }
        true
    }

    /// Whether a line comes that ends a container of two colons.
    fn has_line_of_colons(&mut self) -> bool {
        if self.without_end.contains("::") {
            return false;
        }
        let mut lines = self.rest().lines().map(lines::split_marks);
        let is_there = lines.any(|(_, text)| text.trim() == "::");
        if !is_there {
            self.without_end.insert("::".to_owned());
        }
        is_there
    }

    /// Keeps the marks of quotes and items that a line begins with, as other lines may be in them too.
    fn keep_marks(&mut self, marks: &str) {
        if !marks.trim().is_empty() {
            self.out.push_str(marks.trim_end());
            self.out.push('\n');
        }
    }

    /// Begins a section at a line, if that begins a callout or an admonition whose name locks it; whether it does.
    pub(super) fn section_block(&mut self, line: &'a str) -> bool {
        if self.section.is_some() {
            return false;
        }
        if let Some((marks, name)) = lines::callout(line).filter(|(_, name)| is_locked_name(name)) {
            let shown = format!("[!{}]", name.chars().take(40).collect::<String>());
            let quotes = marks.matches('>').count();
            let (before, _) = marks.rsplit_once('>').unwrap_or_default();
            self.keep_marks(before);
            self.begin_section(shown, line.len(), End::Quote(quotes));
            return true;
        }
        let name =
            lines::admonition(line).filter(|name| self.has_templates && is_locked_name(name));
        if let Some(name) = name {
            let shown = format!("!!! {}", name.chars().take(40).collect::<String>());
            self.begin_section(shown, line.len(), End::Indented(lines::indent(line)));
        }
        name.is_some()
    }

    /// Ends a callout or an admonition before a line that is not in it.
    pub(super) fn end_section_before(&mut self, line: &str) {
        let has_ended = match self.section.as_ref().map(|section| &section.end) {
            Some(End::Quote(quotes)) => !lines::is_in_quote(line, *quotes),
            Some(End::Indented(indent)) => {
                !line.trim().is_empty() && lines::indent(line) <= *indent
            }
            _ => false,
        };
        if has_ended {
            self.fence = None;
            self.fence_indent = 0;
            self.end_section(Reason::Locked);
        }
    }

    /// Ends the section that is open at the end of the body, if one is.
    pub(super) fn end_section_at_end(&mut self) {
        let is_of_lines =
            |section: &Section<'_>| matches!(section.end, End::Quote(_) | End::Indented(_));
        match self.section.as_ref().is_some_and(is_of_lines) {
            true => self.end_section(Reason::Locked),
            false => self.end_section(Reason::Unclosed),
        }
    }

    /// Leaves out a directive within a line whose name locks its label: `:private[…]`.
    pub(super) fn inline_directive(&mut self, rest: &'a str) {
        let colons = rest.len() - rest.trim_start_matches(':').len();
        let name = lines::directive_name(rest).filter(|name| is_locked_name(name));
        let Some(name) = name.filter(|_| !self.is_escaped()) else {
            return self.copy(colons);
        };
        let begin = self.at;
        let shown = format!(":{}", name.chars().take(40).collect::<String>());
        let head = colons + name.len();
        match rest.get(head..).and_then(lines::label_length) {
            Some(length) => {
                self.at += head + length;
                self.leave_out(shown, begin, Reason::Locked);
            }
            None => self.leave_out_rest(shown, begin),
        }
    }

    fn begin_section(&mut self, name: String, length: usize, end: End<'a>) {
        self.section = Some(Section {
            name,
            begin: self.at,
            kept: self.out.len(),
            end,
        });
        self.at += length;
    }

    /// Ends the section that is open, if one is.
    pub(super) fn end_section(&mut self, reason: Reason) {
        if let Some(section) = self.section.take() {
            self.out.truncate(section.kept);
            self.leave_out(section.name, section.begin, reason);
        }
    }

    /// Leaves out all to the end of the body, as what begins at `begin` has no end.
    pub(super) fn leave_out_rest(&mut self, name: String, begin: usize) {
        self.at = self.body.len();
        self.leave_out(name, begin, Reason::Unclosed);
    }
}
