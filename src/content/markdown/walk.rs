//! A Markdown tree without raw HTML that could do harm, into the HTML that a sanitiser would make of
//! what the tree is rendered as, to the byte.
//!
//! Nothing is written here but a fixed set of elements, and attributes whose values are escaped and
//! whose addresses are checked, so that there is nothing left to sanitise. Whatever is not surely the
//! same as the long way is given up, and goes the long way.

mod write;

use comrak::nodes::{ListType, Node, NodeValue};
use url::Url;

use super::NodeEdge;
use crate::content::budget::{Kind, MAX_HTML_BYTES, Tags};
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
        column: 0,
        paragraph: 0,
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
        if walk.html.len() > MAX_HTML_BYTES {
            return None;
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
    /// Cells of the row so far, which tells the alignment of the next.
    column: usize,
    /// Where the paragraph that is open begins.
    paragraph: usize,
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
                self.column = 0;
                self.open("tr", Kind::Flat);
            }
            NodeValue::TableCell => self.cell(node)?,
            NodeValue::FootnoteDefinition(_) => {
                // One within another becomes an item within an item, which only a parser of HTML takes apart.
                if node.ancestors().skip(1).any(is_footnote) {
                    return None;
                }
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
}

/// The names of headings, by level.
const HEADINGS: [&str; 7] = ["", "h1", "h2", "h3", "h4", "h5", "h6"];

fn is_footnote(node: Node<'_>) -> bool {
    matches!(node.data().value, NodeValue::FootnoteDefinition(_))
}

fn is_list(node: Node<'_>) -> bool {
    matches!(node.data().value, NodeValue::List(_))
}

fn is_picture(node: Node<'_>) -> bool {
    matches!(node.data().value, NodeValue::Image(_))
}

fn is_head_row(node: Node<'_>) -> bool {
    matches!(node.data().value, NodeValue::TableRow(true))
}
