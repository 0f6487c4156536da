//! Leaves out what a body hides from its readers: comments, and sections that are locked or hidden.
//!
//! A section without an end hides all that follows it, for what was meant to be locked cannot be told.

use memchr::memmem;

use super::Scan;
use super::comment::{self, Comment};
use super::element::{self, StartTag, is_locked_name};
use super::left_out::Reason;
use super::lines::{self, Container};
use super::tag::{self, Form, Tag};

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
    /// The end of the first of these containers, by their colons.
    Container(Vec<usize>),
}

/// Whether something in a body may be hidden from its readers, in whatever dialect it is written.
pub(in crate::content) fn may_hide_any(body: &str) -> bool {
    let mut has_hiding_attribute = None;
    let mut unreadable = 0;
    memchr::memchr3_iter(b'<', b'%', b'[', body.as_bytes()).any(|at| {
        let from = body.get(at..).unwrap_or_default();
        match from.as_bytes() {
            [b'<', b'!', ..] => from.starts_with("<!--") && !comment::is_simple_html(from),
            [b'<', next, ..] if next.is_ascii_alphabetic() => {
                // Most bodies have no element at all.
                let attribute =
                    *has_hiding_attribute.get_or_insert_with(|| may_have_hiding_attribute(body));
                let is_hiding = hiding_tag(from, attribute, &mut unreadable).is_some();
                is_hiding || unreadable >= MAX_UNREADABLE_TAGS
            }
            [b'<', ..] => false,
            [b'%', ..] => from.starts_with("%%"),
            _ => comment::of_link_definition(from).is_some(),
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
    let may_hide = has_hiding_attribute || is_locked_name(name);
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
                self.out.push_str("<!---->");
                self.at += length;
            }
        }
        true
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
            Some(End::Container(_)) => false,
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
        let Some(Container {
            colons,
            name,
            opens,
        }) = lines::container(line.trim())
        else {
            return false;
        };
        match self.section.as_mut().map(|section| &mut section.end) {
            Some(End::Element(..)) => return false,
            Some(End::Container(open)) => {
                if opens {
                    // Of what is nested beyond reason no end is believed.
                    open.push(colons);
                    let is_endless = open.len() > MAX_OPEN_CONTAINERS;
                    self.at = if is_endless { self.body.len() } else { self.at };
                } else if let Some(at) = open.iter().rposition(|other| *other == colons) {
                    open.truncate(at);
                }
                let has_ended = open.is_empty();
                self.at += line.len();
                if has_ended {
                    self.end_section(Reason::Locked);
                }
            }
            None if opens && name.split_whitespace().any(is_locked_name) => {
                let shown: String = name.chars().take(40).collect();
                let end = End::Container(vec![colons]);
                self.begin_section(":".repeat(colons) + &shown, line.len(), end);
            }
            None => return false,
        }
        true
    }

    /// Leaves out the section that a template's tag begins; whether it locks anything.
    pub(super) fn section_of_template(&mut self, tag: &Tag<'a>, begin: usize) -> bool {
        let written = self.body.get(begin..self.at).unwrap_or_default();
        let is_comment = tag.name.eq_ignore_ascii_case("comment");
        let is_locked = match tag.form {
            Form::Expression => false,
            // A part of the post that some see and others do not.
            Form::Statement if tag.name == "if" => written
                .split(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-'))
                .any(is_locked_name),
            _ => is_comment || is_locked_name(tag.name.trim_end_matches(".html")),
        };
        if !is_locked || tag.is_closing || tag.is_alone {
            return false;
        }
        match tag::section_length(tag, written.contains('('), self.rest()) {
            Some(length) => {
                self.at += length;
                if !is_comment {
                    self.leave_out(tag.shown(), begin, Reason::Locked);
                }
            }
            None => self.leave_out_rest(tag.shown(), begin),
        }
        true
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
    fn leave_out_rest(&mut self, name: String, begin: usize) {
        self.at = self.body.len();
        self.leave_out(name, begin, Reason::Unclosed);
    }
}
