//! Rewrites a Markdown tree so that comrak writes HTML that feeds can carry.
//!
//! Addresses become absolute. A link or picture that no reader may follow goes; the text of the link stays. Footnotes
//! become a plain list with links back, because the ids that comrak gives them would clash between the posts of a feed.

use std::borrow::Cow;

use comrak::html::escape_href;
use comrak::nodes::{
    ListType, NodeFootnoteDefinition, NodeHtmlBlock, NodeLink, NodeList, NodeValue,
};
use comrak::{Arena, Node};
use url::Url;

use super::NodeEdge;
use super::image_tag::ImageTag;
use crate::content::absolute;
use crate::content::budget::{Excess, MAX_HTML_BYTES};

/// Rewrites a tree in place. Returns whether its HTML must be sanitized.
pub(super) fn rewrite<'a>(
    arena: &'a Arena<'a>,
    root: Node<'a>,
    base: &Url,
) -> Result<bool, Excess> {
    let mut rewriter = Rewriter {
        arena,
        base,
        url_bytes: 0,
        open_links: 0,
        open_images: 0,
        must_be_sanitized: false,
        footnotes: Vec::new(),
    };
    for edge in root.traverse() {
        match edge {
            NodeEdge::Start(node) => rewriter.enter(node)?,
            NodeEdge::End(node) => rewriter.leave(node),
        }
    }
    rewriter.append_footnotes(root);
    Ok(rewriter.must_be_sanitized)
}

struct Rewriter<'a, 'u> {
    arena: &'a Arena<'a>,
    base: &'u Url,
    /// The length of all rewritten addresses. A relative address of one byte may become one of two thousand.
    url_bytes: usize,
    open_links: usize,
    open_images: usize,
    must_be_sanitized: bool,
    /// The footnotes, which already are list items. They are moved after the traversal.
    footnotes: Vec<Node<'a>>,
}

impl<'a> Rewriter<'a, '_> {
    fn enter(&mut self, node: Node<'a>) -> Result<(), Excess> {
        // The content of an image is its alternative text, in which comrak writes no tags.
        if self.open_images > 0 {
            self.open_images += usize::from(is_image(node));
            return Ok(());
        }
        let mut data = node.data_mut();
        match &mut data.value {
            NodeValue::Link(link) => {
                // HTML has no link within a link.
                self.must_be_sanitized |= self.open_links > 0;
                self.open_links += 1;
                link.url = self.counted(absolute::absolute(&href(&link.url), self.base))?;
            }
            NodeValue::Image(image) => {
                self.open_images += 1;
                image.url = self.counted(absolute::of_resource(&href(&image.url), self.base))?;
            }
            NodeValue::HtmlBlock(NodeHtmlBlock { literal: html, .. })
            | NodeValue::HtmlInline(html) => {
                if let Some(tag) = ImageTag::parse(html) {
                    let src = self.counted(absolute::of_resource(tag.src, self.base))?;
                    let html = match src.is_empty() {
                        true => String::new(),
                        false => tag.to_html(&src),
                    };
                    data.value = NodeValue::Raw(html);
                } else if matches!(html.trim_ascii_end(), "<br>" | "<br/>" | "<br />") {
                    data.value = NodeValue::Raw("<br />".to_owned());
                } else {
                    self.must_be_sanitized = true;
                }
            }
            NodeValue::FootnoteReference(reference) => {
                let number = self.text(reference.ix.to_string());
                let link = self.link(format!("#fn-{}", reference.name), [number]);
                data.value = NodeValue::Superscript;
                node.append(link);
                // The traversal does not come to children that are added to a leaf.
                self.enter(link)?;
                self.leave(link);
            }
            NodeValue::FootnoteDefinition(footnote) => {
                let footnote = std::mem::take(footnote);
                data.value = NodeValue::Item(NodeList::default());
                drop(data);
                let was_empty = node.first_child().is_none();
                self.append_back_links(node, &footnote);
                self.footnotes.push(node);
                // The traversal does not come to children that are added to a leaf.
                if let Some(paragraph) = node.first_child().filter(|_| was_empty) {
                    for link in paragraph.children().collect::<Vec<_>>() {
                        self.enter(link)?;
                        self.leave(link);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn leave(&mut self, node: Node<'a>) {
        match &node.data().value {
            NodeValue::Image(image) => {
                self.open_images -= 1;
                if self.open_images == 0 && image.url.is_empty() {
                    node.detach();
                }
            }
            NodeValue::Link(link) if self.open_images == 0 => {
                self.open_links -= 1;
                if link.url.is_empty() {
                    while let Some(child) = node.first_child() {
                        node.insert_before(child);
                    }
                    node.detach();
                }
            }
            _ => {}
        }
    }

    /// Counts an address towards the limit on the size of the HTML. One that no reader may follow becomes empty.
    fn counted(&mut self, url: Option<Cow<'_, str>>) -> Result<String, Excess> {
        let url = url.unwrap_or_default();
        self.url_bytes += url.len();
        match self.url_bytes > MAX_HTML_BYTES {
            true => Err(Excess::Size),
            false => Ok(url.into_owned()),
        }
    }

    /// Appends a link to each place that refers to a footnote, in its last paragraph or in one of their own.
    fn append_back_links(&self, item: Node<'a>, footnote: &NodeFootnoteDefinition) {
        if footnote.total_references == 0 {
            return;
        }
        let paragraph = match item.last_child() {
            Some(last) if matches!(last.data().value, NodeValue::Paragraph) => {
                last.append(self.text(" "));
                last
            }
            _ => {
                let paragraph = self.node(NodeValue::Paragraph);
                item.append(paragraph);
                paragraph
            }
        };
        let place = format!("#fnref-{}", footnote.name);
        paragraph.append(self.link(place.clone(), [self.text("↩")]));
        for number in 2..=footnote.total_references {
            let superscript = self.node(NodeValue::Superscript);
            superscript.append(self.text(number.to_string()));
            paragraph.append(self.text(" "));
            paragraph.append(self.link(format!("{place}-{number}"), [self.text("↩"), superscript]));
        }
    }

    fn append_footnotes(&self, root: Node<'a>) {
        if self.footnotes.is_empty() {
            return;
        }
        let list = self.node(NodeValue::List(NodeList {
            list_type: ListType::Ordered,
            start: 1,
            ..NodeList::default()
        }));
        root.append(list);
        // A footnote within another becomes the one after it: an item cannot be in an item.
        list.extend(self.footnotes.iter().copied());
    }

    fn node(&self, value: NodeValue) -> Node<'a> {
        self.arena.alloc(value.into())
    }

    fn text(&self, text: impl Into<Cow<'static, str>>) -> Node<'a> {
        self.node(NodeValue::Text(text.into()))
    }

    fn link(&self, url: String, content: impl IntoIterator<Item = Node<'a>>) -> Node<'a> {
        let title = String::new();
        let link = self.node(NodeValue::Link(Box::new(NodeLink { url, title })));
        link.extend(content);
        link
    }
}

fn is_image(node: Node<'_>) -> bool {
    matches!(node.data().value, NodeValue::Image(_))
}

/// Percent-encodes an address as comrak would write it, but without references of HTML.
fn href(address: &str) -> String {
    let mut escaped = String::with_capacity(address.len());
    // Writing to a string does not fail.
    let _ = escape_href(&mut escaped, address, false);
    // The two references that it writes.
    match escaped.contains('&') {
        true => escaped.replace("&#x27;", "'").replace("&amp;", "&"),
        false => escaped,
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use crate::content::rendering;

    fn html(markdown: &str) -> String {
        let base = Url::parse("https://e.org/p").unwrap();
        rendering::markup(markdown, &base).unwrap().html
    }

    #[test]
    fn addresses_are_absolute() {
        assert_eq!(
            html("[a](b 'c') ![d](/e.png)"),
            "<p><a href=\"https://e.org/b\" title=\"c\">a</a> <img src=\"https://e.org/e.png\" alt=\"d\" /></p>\n"
        );
    }

    #[test]
    fn text_of_an_unsafe_link_stays_and_an_unsafe_image_goes() {
        assert_eq!(
            html("[a *b*](javascript:x)c ![d](data:image/png;base64,AA)e"),
            "<p>a <em>b</em>c e</p>\n"
        );
        assert_eq!(html("![a](javascript:x)"), "\n");
    }

    #[test]
    fn footnotes_are_a_list_with_links_back() {
        assert_eq!(
            html("a[^n] b[^n]\n\n[^n]: c\n"),
            "<p>a<sup><a href=\"https://e.org/p#fn-n\">1</a></sup> b<sup><a href=\"https://e.org/p#fn-n\">1</a></sup></p>\n\
             <ol>\n<li>\n<p>c <a href=\"https://e.org/p#fnref-n\">↩</a> \
             <a href=\"https://e.org/p#fnref-n-2\">↩<sup>2</sup></a></p>\n</li>\n</ol>\n"
        );
        assert_eq!(html("a[^n]\n\n[^n]: - c\n").matches("<li>").count(), 2);
        let of_empty = html("a[^n]\n\n[^n]:\n");
        assert!(
            of_empty.contains("<a href=\"https://e.org/p#fnref-n\">"),
            "{of_empty}"
        );
    }

    #[test]
    fn arrow_back_from_a_footnote_is_no_first_paragraph() {
        let base = Url::parse("https://e.org/p").unwrap();
        let markup = rendering::markup("# a[^n]\n\n[^n]: - c\n", &base).unwrap();
        assert_eq!(markup.first_paragraph, None);
        assert_eq!(markup.first_heading.as_deref(), Some("a"));
    }
}
