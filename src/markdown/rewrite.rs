//! Rewrites a Markdown tree so that comrak writes HTML that feeds can carry.
//!
//! URLs become absolute. A link or image with a forbidden URL is removed; the text of the link stays. Footnotes
//! become a plain list with links back, because the ids that comrak writes would clash between the posts of a feed.

use std::borrow::Cow;

use comrak::html::escape_href;
use comrak::nodes::{
    ListType, NodeFootnoteDefinition, NodeHeading, NodeHtmlBlock, NodeLink, NodeList, NodeValue,
};
use comrak::{Arena, Node};
use url::Url;

use super::NodeEdge;
use super::image_tag::ImageTag;
use crate::markdown::complexity::{ExceededLimit, MAX_HTML_BYTES};
use crate::markdown::{excerpt_mark, url_rewrite};

/// Heading of a callout. Its level is below those that may be the title of a post.
const CALLOUT_HEADING: NodeHeading = NodeHeading {
    level: 4,
    setext: false,
    closed: false,
};

/// Rewrites a tree in place. Returns true if its HTML must be sanitized.
pub(super) fn rewrite_tree<'a>(
    arena: &'a Arena<'a>,
    root: Node<'a>,
    base: &Url,
) -> Result<bool, ExceededLimit> {
    let mut rewriter = TreeRewriter {
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
            NodeEdge::Start(node) => rewriter.enter_node(node)?,
            NodeEdge::End(node) => rewriter.leave_node(node),
        }
    }
    rewriter.append_footnotes(root);
    Ok(rewriter.must_be_sanitized)
}

struct TreeRewriter<'a, 'u> {
    arena: &'a Arena<'a>,
    base: &'u Url,
    /// Length of all rewritten URLs, in bytes. A relative URL of one byte may become two thousand.
    url_bytes: usize,
    open_links: usize,
    open_images: usize,
    must_be_sanitized: bool,
    /// Footnotes, already turned into list items. They are moved after the traversal.
    footnotes: Vec<Node<'a>>,
}

impl<'a> TreeRewriter<'a, '_> {
    fn enter_node(&mut self, node: Node<'a>) -> Result<(), ExceededLimit> {
        show_emoji(node);
        // The content of an image is its alt text, in which comrak writes no tags.
        if self.open_images > 0 {
            self.open_images += usize::from(is_image(node));
            return Ok(());
        }
        let mut data = node.data_mut();
        match &mut data.value {
            NodeValue::Link(link) => {
                // HTML does not allow nested links.
                self.must_be_sanitized |= self.open_links > 0;
                self.open_links += 1;
                let url = encode_href(&link.url);
                link.url = self.count_url(url_rewrite::resolve_link_url(&url, self.base))?;
            }
            NodeValue::Image(image) => {
                self.open_images += 1;
                image.url = self.count_url(url_rewrite::resolve_resource_url(
                    &encode_href(&image.url),
                    self.base,
                ))?;
            }
            NodeValue::HtmlBlock(NodeHtmlBlock { literal: html, .. })
            | NodeValue::HtmlInline(html) => {
                if let Some(marked) = excerpt_mark::replace_mark(html) {
                    *html = marked;
                }
                if html.trim() == excerpt_mark::MARK_PLACEHOLDER.encode_utf8(&mut [0; 4]) {
                    data.value = NodeValue::Raw(excerpt_mark::MARK_PLACEHOLDER.into());
                } else if let Some(tag) = ImageTag::parse(html) {
                    let src =
                        self.count_url(url_rewrite::resolve_resource_url(tag.src, self.base))?;
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
            // Feed readers have no style for callouts: a quote with a heading.
            NodeValue::Callout(callout) => {
                let title = self.new_text(callout.default_title());
                data.value = NodeValue::BlockQuote;
                drop(data);
                let first = node.first_child();
                if first.is_none_or(|first| !matches!(first.data().value, NodeValue::CalloutTitle))
                {
                    let heading = self.new_node(NodeValue::Heading(CALLOUT_HEADING));
                    heading.append(title);
                    node.prepend(heading);
                }
            }
            NodeValue::FootnoteReference(reference) => {
                let number = self.new_text(reference.ix.to_string());
                let link = self.new_link(format!("#fn-{}", reference.name), [number]);
                data.value = NodeValue::Superscript;
                node.append(link);
                // The traversal does not visit children added to a leaf.
                self.enter_node(link)?;
                self.leave_node(link);
            }
            NodeValue::FootnoteDefinition(footnote) => {
                let footnote = std::mem::take(footnote);
                data.value = NodeValue::Item(NodeList::default());
                drop(data);
                let was_empty = node.first_child().is_none();
                self.append_back_links(node, &footnote);
                self.footnotes.push(node);
                // The traversal does not visit children added to a leaf.
                if let Some(paragraph) = node.first_child().filter(|_| was_empty) {
                    for link in paragraph.children().collect::<Vec<_>>() {
                        self.enter_node(link)?;
                        self.leave_node(link);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn leave_node(&mut self, node: Node<'a>) {
        if matches!(node.data().value, NodeValue::CalloutTitle) {
            for block in node.children().collect::<Vec<_>>() {
                node.insert_before(block);
                let mut data = block.data_mut();
                if matches!(data.value, NodeValue::Paragraph) {
                    data.value = NodeValue::Heading(CALLOUT_HEADING);
                }
            }
            return node.detach();
        }
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

    /// Counts a URL towards the size limit of the HTML. A forbidden URL becomes empty.
    fn count_url(&mut self, url: Option<Cow<'_, str>>) -> Result<String, ExceededLimit> {
        let url = url.unwrap_or_default();
        self.url_bytes += url.len();
        match self.url_bytes > MAX_HTML_BYTES {
            true => Err(ExceededLimit::Size),
            false => Ok(url.into_owned()),
        }
    }

    /// Appends a back link for each reference to a footnote, to its last paragraph or in a new one.
    fn append_back_links(&self, item: Node<'a>, footnote: &NodeFootnoteDefinition) {
        if footnote.total_references == 0 {
            return;
        }
        let paragraph = match item.last_child() {
            Some(last) if matches!(last.data().value, NodeValue::Paragraph) => {
                last.append(self.new_text(" "));
                last
            }
            _ => {
                let paragraph = self.new_node(NodeValue::Paragraph);
                item.append(paragraph);
                paragraph
            }
        };
        let place = format!("#fnref-{}", footnote.name);
        paragraph.append(self.new_link(place.clone(), [self.new_text("↩")]));
        for number in 2..=footnote.total_references {
            let superscript = self.new_node(NodeValue::Superscript);
            superscript.append(self.new_text(number.to_string()));
            paragraph.append(self.new_text(" "));
            paragraph.append(self.new_link(
                format!("{place}-{number}"),
                [self.new_text("↩"), superscript],
            ));
        }
    }

    fn append_footnotes(&self, root: Node<'a>) {
        if self.footnotes.is_empty() {
            return;
        }
        let list = self.new_node(NodeValue::List(NodeList {
            list_type: ListType::Ordered,
            start: 1,
            ..NodeList::default()
        }));
        root.append(list);
        // A nested footnote becomes the next item, as an item cannot be in an item.
        list.extend(self.footnotes.iter().copied());
    }

    fn new_node(&self, value: NodeValue) -> Node<'a> {
        self.arena.alloc(value.into())
    }

    fn new_text(&self, text: impl Into<Cow<'static, str>>) -> Node<'a> {
        self.new_node(NodeValue::Text(text.into()))
    }

    fn new_link(&self, url: String, content: impl IntoIterator<Item = Node<'a>>) -> Node<'a> {
        let title = String::new();
        let link = self.new_node(NodeValue::Link(Box::new(NodeLink { url, title })));
        link.extend(content);
        link
    }
}

/// Makes a name of an emoji its text.
fn show_emoji(node: Node<'_>) {
    let value = &mut node.data_mut().value;
    if let NodeValue::ShortCode(emoji) = value {
        *value = NodeValue::Text(std::mem::take(&mut emoji.emoji).into());
    }
}

fn is_image(node: Node<'_>) -> bool {
    matches!(node.data().value, NodeValue::Image(_))
}

/// Percent-encodes a URL as comrak does, but without HTML references.
fn encode_href(address: &str) -> String {
    let mut escaped = String::with_capacity(address.len());
    // Writing to a string does not fail.
    let _ = escape_href(&mut escaped, address, false);
    // comrak writes these two references.
    match escaped.contains('&') {
        true => escaped.replace("&#x27;", "'").replace("&amp;", "&"),
        false => escaped,
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use crate::markdown::safe_html;

    fn render_to_html(markdown: &str) -> String {
        let base = Url::parse("https://e.org/p").unwrap();
        safe_html::render_body(markdown, &base).unwrap().html
    }

    #[test]
    fn urls_are_absolute() {
        assert_eq!(
            render_to_html("[a](b 'c') ![d](/e.png)"),
            "<p><a href=\"https://e.org/b\" title=\"c\">a</a> <img src=\"https://e.org/e.png\" alt=\"d\" /></p>\n"
        );
    }

    #[test]
    fn unsafe_links_keep_their_text_and_unsafe_images_go() {
        assert_eq!(
            render_to_html("[a *b*](javascript:x)c ![d](data:image/png;base64,AA)e"),
            "<p>a <em>b</em>c e</p>\n"
        );
        assert_eq!(render_to_html("![a](javascript:x)"), "\n");
    }

    #[test]
    fn footnotes_are_a_list_with_links_back() {
        assert_eq!(
            render_to_html("a[^n] b[^n]\n\n[^n]: c\n"),
            "<p>a<sup><a href=\"https://e.org/p#fn-n\">1</a></sup> b<sup><a href=\"https://e.org/p#fn-n\">1</a></sup></p>\n\
             <ol>\n<li>\n<p>c <a href=\"https://e.org/p#fnref-n\">↩</a> \
             <a href=\"https://e.org/p#fnref-n-2\">↩<sup>2</sup></a></p>\n</li>\n</ol>\n"
        );
        assert_eq!(
            render_to_html("a[^n]\n\n[^n]: - c\n")
                .matches("<li>")
                .count(),
            2
        );
        let of_empty = render_to_html("a[^n]\n\n[^n]:\n");
        assert!(
            of_empty.contains("<a href=\"https://e.org/p#fnref-n\">"),
            "{of_empty}"
        );
    }

    #[test]
    fn footnote_back_link_is_not_the_first_paragraph() {
        let base = Url::parse("https://e.org/p").unwrap();
        let markup = safe_html::render_body("# a[^n]\n\n[^n]: - c\n", &base).unwrap();
        assert_eq!(markup.first_paragraph, None);
        assert_eq!(markup.first_heading.as_deref(), Some("a"));
    }
}
