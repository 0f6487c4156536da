//! The elements of a Markdown tree into HTML: what each is written as, and what it says of the post.

use comrak::html::escape_href;
use comrak::nodes::{Node, NodeCodeBlock, NodeLink, NodeValue, TableAlignment};

use super::super::raw::{self, Piece};
use super::{Link, Walk, is_head_row};
use crate::content::absolute::{absolute, of_resource};
use crate::content::budget::Kind;
use crate::content::markup::{Text, is_blank_from};

impl<'a> Walk<'_, 'a> {
    /// Writes what is HTML already.
    pub(super) fn push(&mut self, html: &str) {
        self.html.push_str(html);
        self.after_break = false;
    }

    pub(super) fn open(&mut self, name: &str, kind: Kind) {
        self.tags.step(kind, false);
        self.html.push('<');
        self.html.push_str(name);
        self.push(">");
    }

    pub(super) fn close(&mut self, name: &str, kind: Kind) {
        self.tags.step(kind, true);
        self.html.push_str("</");
        self.html.push_str(name);
        self.push(">");
    }

    pub(super) fn void(&mut self, name: &str) {
        self.open(name, Kind::Flat);
    }

    pub(super) fn line(&mut self) {
        self.html.push('\n');
        self.after_break = true;
    }

    pub(super) fn fresh_line(&mut self) {
        if !self.after_break {
            self.line();
        }
    }

    pub(super) fn text(&mut self, text: &str) -> Option<()> {
        if text.is_empty() {
            return Some(());
        }
        if let Some(link) = &mut self.link
            && !text.chars().all(|c| c.is_whitespace() && c != '\u{a0}')
        {
            link.bare = None;
        }
        self.gathering.text(text);
        raw::escape(&mut self.html, text, false)?;
        self.after_break = text.ends_with('\n');
        Some(())
    }

    pub(super) fn attribute(&mut self, name: &str, value: &str) -> Option<()> {
        self.html.push(' ');
        self.html.push_str(name);
        self.html.push_str("=\"");
        raw::escape(&mut self.html, value, true)?;
        self.html.push('"');
        Some(())
    }

    pub(super) fn paragraph(&mut self, node: Node<'a>) -> Option<()> {
        if is_tight(node) {
            if node.previous_sibling().is_some_and(is_paragraph) {
                self.text("\n")?;
            }
            return Some(());
        }
        self.fresh_line();
        self.paragraph = self.html.len();
        self.open("p", Kind::Flat);
        self.gathering.begin(Text::Paragraph);
        Some(())
    }

    pub(super) fn end_paragraph(&mut self, node: Node<'a>) -> Option<()> {
        if is_tight(node) {
            return Some(());
        }
        if let Some(parent) = node.parent()
            && let NodeValue::FootnoteDefinition(note) = &parent.data().value
            && node.next_sibling().is_none()
        {
            self.text(" ")?;
            self.back_links(&note.name, note.total_references)?;
        }
        self.gathering.end(Text::Paragraph);
        let is_blank = is_blank_from(&self.html, self.paragraph + "<p>".len());
        self.close("p", Kind::Flat);
        // What was in it was left out.
        if is_blank {
            self.html.truncate(self.paragraph);
        }
        self.line();
        Some(())
    }

    pub(super) fn link(&mut self, link: &NodeLink) -> Option<()> {
        let address = href(&link.url)?;
        self.begin_link(&address, &link.title)
    }

    pub(super) fn begin_link(&mut self, address: &str, title: &str) -> Option<()> {
        // A link within another ends that.
        if self.link.is_some() {
            return None;
        }
        self.tags.step(Kind::Formatting, false);
        let address = absolute(address, self.base);
        if let Some(address) = &address {
            self.gathering.link(address, &self.html);
        }
        self.html.push_str("<a");
        if let Some(address) = &address {
            self.attribute("href", address)?;
        }
        if !title.is_empty() {
            self.attribute("title", title)?;
        }
        self.push(">");
        self.link = Some(Link {
            bare: address.map(|address| address.into_owned()),
        });
        Some(())
    }

    pub(super) fn end_link(&mut self) {
        self.gathering.end_link();
        if let Some(bare) = self.link.take().and_then(|link| link.bare) {
            // An address has nothing that cannot be escaped.
            let _ = raw::escape(&mut self.html, &bare, true);
        }
        self.close("a", Kind::Formatting);
    }

    /// The beginning of a link to a place of the post.
    pub(super) fn link_to(&mut self, place: &str) -> Option<()> {
        let address = format!("#{}", href(place)?);
        self.begin_link(&address, "")
    }

    /// Links back from a footnote; whether there are any that were not there.
    pub(super) fn back_links(&mut self, name: &str, references: u32) -> Option<bool> {
        if self.backlinked >= self.footnotes {
            return Some(false);
        }
        self.backlinked = self.footnotes;
        for number in 1..=references {
            let mut place = href(&format!("fnref-{name}"))?;
            if number > 1 {
                place.push_str(&format!("-{number}"));
                self.text(" ")?;
            }
            self.begin_link(&format!("#{place}"), "")?;
            self.text("↩")?;
            if number > 1 {
                self.open("sup", Kind::Deep);
                self.text(&number.to_string())?;
                self.close("sup", Kind::Deep);
            }
            self.end_link();
        }
        Some(true)
    }

    pub(super) fn image(&mut self, node: Node<'a>, image: &NodeLink) -> Option<()> {
        let mut alt = String::new();
        for inner in node.descendants().skip(1) {
            match &inner.data().value {
                NodeValue::Text(text) => alt.push_str(text),
                NodeValue::Code(code) => alt.push_str(&code.literal),
                NodeValue::HtmlInline(html) => alt.push_str(html),
                NodeValue::LineBreak | NodeValue::SoftBreak => alt.push(' '),
                NodeValue::Math(_) => return None,
                _ => {}
            }
        }
        let source = href(&image.url)?;
        let attributes = [("alt", alt.as_str()), ("title", image.title.as_str())];
        let there = if image.title.is_empty() { 1 } else { 2 };
        self.picture(&source, &[], attributes.get(..there)?)
    }

    /// A picture, unless its address is to be dropped. Of the attributes some stand before it.
    pub(super) fn picture(
        &mut self,
        source: &str,
        before: &[(&str, &str)],
        after: &[(&str, &str)],
    ) -> Option<()> {
        self.tags.step(Kind::Flat, false);
        self.after_break = false;
        let Some(source) = of_resource(source, self.base) else {
            return Some(());
        };
        if let Some(link) = &mut self.link {
            link.bare = None;
        }
        let mut alt = None;
        self.html.push_str("<img");
        let own = [("src", &*source)];
        for (name, value) in before.iter().chain(&own).chain(after).copied() {
            self.attribute(name, value)?;
            if name == "alt" {
                alt = Some(value);
            }
        }
        self.push(">");
        self.gathering.picture(&source, alt);
        Some(())
    }

    pub(super) fn code_block(&mut self, block: &NodeCodeBlock) -> Option<()> {
        let language = block
            .info
            .split(|c: char| matches!(c, '\t'..='\r' | ' '))
            .next()
            .unwrap_or_default();
        if language == "math" {
            return None;
        }
        self.fresh_line();
        self.open("pre", Kind::Deep);
        self.tags.step(Kind::Formatting, false);
        self.html.push_str("<code");
        if !block.info.is_empty() {
            self.html.push_str(" class=\"language-");
            raw::escape(&mut self.html, language, true)?;
            self.html.push('"');
        }
        self.push(">");
        self.text(&block.literal)?;
        self.close("code", Kind::Formatting);
        self.close("pre", Kind::Deep);
        self.line();
        Some(())
    }

    pub(super) fn cell(&mut self, node: Node<'a>) -> Option<()> {
        let row = node.parent()?;
        let table = row.parent()?;
        let NodeValue::Table(table) = &table.data().value else {
            return None;
        };
        let name = if is_head_row(row) { "th" } else { "td" };
        self.fresh_line();
        let alignment = table.alignments.get(self.column).copied();
        self.column += 1;
        match alignment.unwrap_or(TableAlignment::None) {
            TableAlignment::None => self.open(name, Kind::Flat),
            aligned => {
                let side = match aligned {
                    TableAlignment::Left => "left",
                    TableAlignment::Right => "right",
                    _ => "center",
                };
                self.tags.step(Kind::Flat, false);
                self.html.push('<');
                self.html.push_str(name);
                self.attribute("align", side)?;
                self.push(">");
            }
        }
        Some(())
    }

    /// Raw HTML of the simplest kind.
    pub(super) fn raw(&mut self, node: Node<'a>, html: &str, is_inline: bool) -> Option<()> {
        let mut rest = html;
        while !rest.is_empty() {
            let (piece, after) = raw::piece(rest)?;
            rest = after;
            match piece {
                Piece::Text(text) => self.text(text)?,
                Piece::Break => {
                    self.void("br");
                    self.gathering.text(" ");
                }
                Piece::Picture {
                    source,
                    before,
                    after,
                } => self.picture(source, &before, &after)?,
                // Elsewhere it may be open to the end of the post.
                Piece::Open(_) | Piece::Close(_) if !is_inline => return None,
                Piece::Open(name) => {
                    self.inline.push((name, node.parent()));
                    self.open(name, raw::kind(name));
                }
                Piece::Close(name) => {
                    let (open, within) = self.inline.pop()?;
                    let is_same = within
                        .zip(node.parent())
                        .is_some_and(|(a, b)| a.same_node(b));
                    if open != name || !is_same {
                        return None;
                    }
                    self.close(name, raw::kind(name));
                }
            }
        }
        Some(())
    }
}

/// An address as it is rendered, before its references are written.
fn href(address: &str) -> Option<String> {
    let mut escaped = String::with_capacity(address.len());
    escape_href(&mut escaped, address, false).ok()?;
    // The two references that come of that.
    if escaped.contains('&') {
        escaped = escaped.replace("&#x27;", "'").replace("&amp;", "&");
    }
    Some(escaped)
}

fn is_paragraph(node: Node<'_>) -> bool {
    matches!(node.data().value, NodeValue::Paragraph)
}

/// Whether a paragraph is of a list whose items are no paragraphs.
fn is_tight(node: Node<'_>) -> bool {
    let list = node.parent().and_then(|item| item.parent());
    list.is_some_and(|list| matches!(&list.data().value, NodeValue::List(list) if list.tight))
}
