//! A Markdown tree without raw HTML that could do harm, into the HTML that a sanitiser would make of
//! what the tree is rendered as, to the byte.
//!
//! Nothing is written here but a fixed set of elements, and attributes whose values are escaped and
//! whose addresses are checked, so that there is nothing left to sanitise. Whatever is not surely the
//! same as the long way is given up, and goes the long way.

use comrak::html::escape_href;
use comrak::nodes::{
    ListType, Node, NodeCodeBlock, NodeLink, NodeTable, NodeValue, TableAlignment,
};
use url::Url;

use super::NodeEdge;
use super::raw::{self, Piece};
use crate::content::absolute::absolute;
use crate::content::budget::{Kind, Tags};
use crate::content::markup::{Gathering, Markup, Text, check_box};

/// Renders a tree; `None` where that is not surely what the long way would give.
pub(super) fn render<'a>(root: Node<'a>, base: &Url, room: usize) -> Option<Markup> {
    let mut walk = Walk {
        base,
        html: String::with_capacity(room),
        after_break: true,
        gathering: Gathering::default(),
        tags: Tags::default(),
        link: None,
        inline: Vec::new(),
        footnotes: 0,
        backlinked: 0,
    };
    let mut picture = None;
    for edge in root.traverse() {
        match (edge, picture) {
            // What is in a picture is the words for it.
            (NodeEdge::End(node), Some(of)) if node.same_node(of) => picture = None,
            (_, Some(_)) => {}
            (NodeEdge::Start(node), None) => {
                walk.enter(node)?;
                picture = is_picture(node).then_some(node);
            }
            (NodeEdge::End(node), None) => walk.leave(node)?,
        }
    }
    if walk.footnotes > 0 {
        walk.close("ol", Kind::Deep);
        walk.line();
        // That of the section, which is on no list.
        walk.tags.step(Kind::Deep, true);
        walk.after_break = false;
        walk.line();
    }
    (walk.inline.is_empty() && walk.tags.fit()).then(|| walk.gathering.of(walk.html))
}

/// A link that is open.
struct Link {
    /// Its address as written, until it has text.
    bare: Option<String>,
}

struct Walk<'u, 'a> {
    base: &'u Url,
    html: String,
    /// Whether the last byte of what the tree is rendered as is a line break.
    after_break: bool,
    gathering: Gathering,
    tags: Tags,
    link: Option<Link>,
    /// The elements of raw HTML that are open, and what they are in.
    inline: Vec<(&'static str, Option<Node<'a>>)>,
    footnotes: u32,
    backlinked: u32,
}

impl<'a> Walk<'_, 'a> {
    fn enter(&mut self, node: Node<'a>) -> Option<()> {
        match &node.data().value {
            NodeValue::Document | NodeValue::Table(_) if node.parent().is_none() => {}
            NodeValue::Text(text) => self.text(text)?,
            NodeValue::SoftBreak => self.text("\n")?,
            NodeValue::LineBreak => {
                self.void("br");
                self.gathering.text(" ");
                self.text("\n")?;
            }
            NodeValue::Paragraph => self.paragraph(node)?,
            NodeValue::Heading(heading) => {
                self.fresh_line();
                self.open(HEADINGS.get(usize::from(heading.level))?, Kind::Deep);
                if heading.level <= 3 {
                    self.gathering.begin(Text::Heading(heading.level));
                }
            }
            NodeValue::Emph => self.open("em", Kind::Formatting),
            NodeValue::Strong => self.open("strong", Kind::Formatting),
            NodeValue::Strikethrough => self.open("del", Kind::Deep),
            NodeValue::Code(code) => {
                self.open("code", Kind::Formatting);
                self.text(&code.literal)?;
                self.close("code", Kind::Formatting);
            }
            NodeValue::Link(link) => self.link(link)?,
            NodeValue::Image(image) => self.image(node, image)?,
            NodeValue::CodeBlock(block) => self.code_block(block)?,
            NodeValue::ThematicBreak => {
                self.fresh_line();
                self.void("hr");
                self.line();
            }
            NodeValue::BlockQuote => {
                self.fresh_line();
                self.open("blockquote", Kind::Deep);
                self.line();
            }
            NodeValue::List(list) => {
                self.fresh_line();
                match list.list_type {
                    ListType::Bullet => self.open("ul", Kind::Deep),
                    ListType::Ordered if list.start == 1 => self.open("ol", Kind::Deep),
                    ListType::Ordered => {
                        self.tags.step(Kind::Deep, false);
                        self.push(&format!("<ol start=\"{}\">", list.start));
                    }
                }
                self.line();
            }
            NodeValue::Item(_) => {
                self.fresh_line();
                self.open("li", Kind::Flat);
            }
            NodeValue::TaskItem(task) => {
                if !node.parent().is_some_and(is_list) {
                    return None;
                }
                self.fresh_line();
                self.open("li", Kind::Flat);
                self.tags.step(Kind::Flat, false);
                self.push(check_box(task.symbol.is_some()));
                self.text(" ")?;
            }
            NodeValue::Table(_) => {
                self.fresh_line();
                self.open("table", Kind::Deep);
                self.line();
            }
            NodeValue::TableRow(is_head) => {
                self.fresh_line();
                if *is_head {
                    self.open("thead", Kind::Flat);
                    self.line();
                } else if node.previous_sibling().is_some_and(is_head_row) {
                    self.open("tbody", Kind::Flat);
                    self.line();
                }
                self.open("tr", Kind::Flat);
            }
            NodeValue::TableCell => self.cell(node)?,
            NodeValue::FootnoteDefinition(_) => {
                if self.footnotes == 0 {
                    self.tags.step(Kind::Deep, false);
                    self.after_break = false;
                    self.line();
                    self.open("ol", Kind::Deep);
                    self.line();
                }
                self.footnotes += 1;
                self.open("li", Kind::Flat);
            }
            NodeValue::FootnoteReference(reference) => {
                self.open("sup", Kind::Deep);
                self.link_to(&format!("fn-{}", reference.name))?;
                self.text(&reference.ix.to_string())?;
                self.end_link();
                self.close("sup", Kind::Deep);
            }
            NodeValue::HtmlBlock(block) => {
                self.fresh_line();
                self.raw(node, &block.literal, false)?;
                self.fresh_line();
            }
            NodeValue::HtmlInline(html) => self.raw(node, html, true)?,
            _ => return None,
        }
        Some(())
    }

    fn leave(&mut self, node: Node<'a>) -> Option<()> {
        // What raw HTML opens ends where it is opened, or it is the long way's to say where.
        let has_open = |(_, within): &(_, Option<Node<'a>>)| {
            within.is_some_and(|within| within.same_node(node))
        };
        if self.inline.last().is_some_and(has_open) {
            return None;
        }
        match &node.data().value {
            NodeValue::Paragraph => self.end_paragraph(node)?,
            NodeValue::Heading(heading) => {
                if heading.level <= 3 {
                    self.gathering.end(Text::Heading(heading.level));
                }
                self.close(HEADINGS.get(usize::from(heading.level))?, Kind::Deep);
                self.line();
            }
            NodeValue::Emph => self.close("em", Kind::Formatting),
            NodeValue::Strong => self.close("strong", Kind::Formatting),
            NodeValue::Strikethrough => self.close("del", Kind::Deep),
            NodeValue::Link(_) => self.end_link(),
            NodeValue::BlockQuote => {
                self.fresh_line();
                self.close("blockquote", Kind::Deep);
                self.line();
            }
            NodeValue::List(list) => {
                let name = match list.list_type {
                    ListType::Bullet => "ul",
                    ListType::Ordered => "ol",
                };
                self.close(name, Kind::Deep);
                self.line();
            }
            NodeValue::Item(_) | NodeValue::TaskItem(_) => {
                self.close("li", Kind::Flat);
                self.line();
            }
            NodeValue::Table(_) => {
                let first = node.first_child();
                if node
                    .last_child()
                    .is_some_and(|last| !first.is_some_and(|first| last.same_node(first)))
                {
                    self.fresh_line();
                    self.close("tbody", Kind::Flat);
                    self.line();
                }
                self.fresh_line();
                self.close("table", Kind::Deep);
                self.line();
            }
            NodeValue::TableRow(is_head) => {
                self.fresh_line();
                self.close("tr", Kind::Flat);
                if *is_head {
                    self.fresh_line();
                    self.close("thead", Kind::Flat);
                }
            }
            NodeValue::TableCell => {
                let in_head = node.parent().is_some_and(is_head_row);
                self.close(if in_head { "th" } else { "td" }, Kind::Flat);
            }
            NodeValue::FootnoteDefinition(note) => {
                if self.back_links(&note.name, note.total_references)? {
                    self.line();
                }
                self.close("li", Kind::Flat);
                self.line();
            }
            _ => {}
        }
        Some(())
    }

    /// Writes what is HTML already.
    fn push(&mut self, html: &str) {
        self.html.push_str(html);
        self.after_break = false;
    }

    fn open(&mut self, name: &str, kind: Kind) {
        self.tags.step(kind, false);
        self.html.push('<');
        self.html.push_str(name);
        self.push(">");
    }

    fn close(&mut self, name: &str, kind: Kind) {
        self.tags.step(kind, true);
        self.html.push_str("</");
        self.html.push_str(name);
        self.push(">");
    }

    fn void(&mut self, name: &str) {
        self.open(name, Kind::Flat);
    }

    fn line(&mut self) {
        self.html.push('\n');
        self.after_break = true;
    }

    fn fresh_line(&mut self) {
        if !self.after_break {
            self.line();
        }
    }

    fn text(&mut self, text: &str) -> Option<()> {
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

    fn attribute(&mut self, name: &str, value: &str) -> Option<()> {
        self.html.push(' ');
        self.html.push_str(name);
        self.html.push_str("=\"");
        raw::escape(&mut self.html, value, true)?;
        self.html.push('"');
        Some(())
    }

    fn paragraph(&mut self, node: Node<'a>) -> Option<()> {
        if is_tight(node) {
            if node.previous_sibling().is_some_and(is_paragraph) {
                self.text("\n")?;
            }
            return Some(());
        }
        self.fresh_line();
        self.open("p", Kind::Flat);
        self.gathering.begin(Text::Paragraph);
        Some(())
    }

    fn end_paragraph(&mut self, node: Node<'a>) -> Option<()> {
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
        self.close("p", Kind::Flat);
        self.line();
        Some(())
    }

    fn link(&mut self, link: &NodeLink) -> Option<()> {
        let address = href(&link.url)?;
        self.begin_link(&address, &link.title)
    }

    fn begin_link(&mut self, address: &str, title: &str) -> Option<()> {
        // A link within another ends that.
        if self.link.is_some() {
            return None;
        }
        self.tags.step(Kind::Formatting, false);
        self.html.push_str("<a");
        let address = absolute(address, self.base);
        if let Some(address) = &address {
            self.attribute("href", address)?;
            self.gathering.link(address);
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

    fn end_link(&mut self) {
        if let Some(bare) = self.link.take().and_then(|link| link.bare) {
            // An address has nothing that cannot be escaped.
            let _ = raw::escape(&mut self.html, &bare, true);
        }
        self.close("a", Kind::Formatting);
    }

    /// The beginning of a link to a place of the post.
    fn link_to(&mut self, place: &str) -> Option<()> {
        let address = format!("#{}", href(place)?);
        self.begin_link(&address, "")
    }

    /// Links back from a footnote; whether there are any that were not there.
    fn back_links(&mut self, name: &str, references: u32) -> Option<bool> {
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

    fn image(&mut self, node: Node<'a>, image: &NodeLink) -> Option<()> {
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
    fn picture(
        &mut self,
        source: &str,
        before: &[(&str, &str)],
        after: &[(&str, &str)],
    ) -> Option<()> {
        self.tags.step(Kind::Flat, false);
        self.after_break = false;
        let source = absolute(source, self.base).filter(|source| !source.is_empty());
        let Some(source) = source else {
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

    fn code_block(&mut self, block: &NodeCodeBlock) -> Option<()> {
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

    fn cell(&mut self, node: Node<'a>) -> Option<()> {
        let row = node.parent()?;
        let table = row.parent()?;
        let NodeValue::Table(table) = &table.data().value else {
            return None;
        };
        let name = if is_head_row(row) { "th" } else { "td" };
        self.fresh_line();
        match alignment(table, node) {
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
    fn raw(&mut self, node: Node<'a>, html: &str, is_inline: bool) -> Option<()> {
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

/// The names of headings, by level.
const HEADINGS: [&str; 7] = ["", "h1", "h2", "h3", "h4", "h5", "h6"];

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

fn alignment(table: &NodeTable, cell: Node<'_>) -> TableAlignment {
    let mut column = 0;
    let mut before = cell.previous_sibling();
    while let Some(cell) = before {
        column += 1;
        before = cell.previous_sibling();
    }
    let alignment = table.alignments.get(column);
    alignment.copied().unwrap_or(TableAlignment::None)
}

fn is_list(node: Node<'_>) -> bool {
    matches!(node.data().value, NodeValue::List(_))
}

fn is_picture(node: Node<'_>) -> bool {
    matches!(node.data().value, NodeValue::Image(_))
}

fn is_paragraph(node: Node<'_>) -> bool {
    matches!(node.data().value, NodeValue::Paragraph)
}

fn is_head_row(node: Node<'_>) -> bool {
    matches!(node.data().value, NodeValue::TableRow(true))
}

/// Whether a paragraph is of a list whose items are no paragraphs.
fn is_tight(node: Node<'_>) -> bool {
    let list = node.parent().and_then(|item| item.parent());
    list.is_some_and(|list| matches!(&list.data().value, NodeValue::List(list) if list.tight))
}
