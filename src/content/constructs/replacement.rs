//! Replaces tags, components and expressions with what they stand for.

use super::embed::{self, Embed};
use super::left_out::Reason;
use super::tag::{self, Tag};
use super::{Scan, UNRESOLVED, code, mdx};

/// Names whose end is looked for at each brace of the body. Sites have some twenty.
pub(super) const MAX_NAMES_WITH_END: usize = 50;

impl<'a> Scan<'a, '_> {
    pub(super) fn tag(&mut self, tag: Tag<'a>) {
        let begin = self.at;
        self.at += tag.length;
        if self.section_of_template(&tag, begin) {
            return;
        }
        match embed::of(&tag, self.site) {
            Embed::Nothing => {}
            Embed::Text(text) => self.push_embed(&text),
            Embed::Unresolved => {
                let in_address = ["](", "](<", "=\"", "='"]
                    .iter()
                    .any(|begin| self.out.ends_with(begin));
                self.out.push_str(if in_address { UNRESOLVED } else { "" });
                let reason = if in_address {
                    Reason::Address
                } else {
                    Reason::Unknown
                };
                self.leave_out(tag.shown(), begin, reason);
            }
            Embed::Verbatim => {
                let (inside, length) = self.until_end(tag.name).unwrap_or_default();
                self.out.push_str(inside);
                self.at += length;
            }
            Embed::Code(language) => {
                let (inside, length) = self.until_end(tag.name).unwrap_or_default();
                let inside = inside.trim_matches('\n');
                let fence = code::fence_around(inside);
                let block = format!("\n{fence}{language}\n{inside}\n{fence}\n");
                self.out.push_str(&block);
                self.at += length;
            }
            Embed::Without(is_told) => {
                if let Some((_, length)) = self.until_end(tag.name) {
                    self.at += length;
                }
                if is_told {
                    self.leave_out(tag.shown(), begin, Reason::Unknown);
                }
            }
            Embed::Unknown if tag.is_closing => {}
            Embed::Unknown if self.is_closed(&tag) => {}
            Embed::Unknown => self.leave_out(tag.shown(), begin, Reason::Unknown),
        }
    }

    /// HTML that begins a line needs an end of its own, or Markdown after it is taken for HTML.
    fn push_embed(&mut self, text: &str) {
        self.out.push_str(text);
        if text.starts_with("<figure") {
            self.out.push_str("\n\n");
        }
    }

    /// What stands before the end of a tag, and the length of that with the end.
    fn until_end(&mut self, name: &str) -> Option<(&'a str, usize)> {
        // Where one has no end, none after it has, in whatever case it is written.
        let known = name.to_ascii_lowercase();
        if self.without_end.contains(&known) || self.without_end.len() >= MAX_NAMES_WITH_END {
            return None;
        }
        let found = tag::end_of(name, self.rest());
        if found.is_none() {
            self.without_end.insert(known);
        }
        found
    }

    /// Whether a tag has its closing one further on.
    fn is_closed(&mut self, tag: &Tag<'a>) -> bool {
        if self.closings.len() >= MAX_NAMES_WITH_END && !self.closings.contains_key(tag.name) {
            return false;
        }
        let body = self.body;
        let last = self
            .closings
            .entry(tag.name.to_owned())
            .or_insert_with(|| tag::last_closing(tag, body));
        last.is_some_and(|last| last >= self.at)
    }

    pub(super) fn component(&mut self, rest: &'a str) {
        let Some(component) = self.vainly(|| mdx::component(rest)) else {
            return self.copy(1);
        };
        let begin = self.at;
        self.at += component.length;
        if let Some(html) = component.as_html() {
            self.out.push_str(&html);
        } else if let Some(text) = embed::of_component(&component) {
            self.push_embed(&text);
        } else if component.is_alone {
            self.leave_out(format!("<{} />", component.name), begin, Reason::Unknown);
        }
    }

    pub(super) fn expression(&mut self, rest: &'a str) {
        if tag::is_formula(&self.out) {
            return self.copy(1);
        }
        let Some((text, length)) = self.vainly(|| mdx::expression(rest)) else {
            return self.copy(1);
        };
        let begin = self.at;
        self.at += length;
        match text {
            Some(text) => self.out.push_str(text),
            None => self.leave_out("{…}".to_owned(), begin, Reason::Unknown),
        }
    }
}
