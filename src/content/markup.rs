//! Turns safe HTML into what feeds carry, and reads from it pictures and first words.
//!
//! The input is the output of comrak or of the sanitiser: tags balanced, attribute values in double quotes with `&`
//! and `"` escaped. One pass over its tags mends what readers draw badly: a picture without a
//! source goes, an embedded frame becomes a link, a check box becomes a character, and a link
//! without text shows its address.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::post::Image;
use crate::text::one_line;

/// As many as a sitemap may tell of.
pub(super) const MAX_IMAGES: usize = 1000;

/// What a body is and says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Markup {
    /// The HTML.
    pub(super) html: String,
    /// The pictures in their order, each once.
    pub(super) images: Vec<Image>,
    /// Links to Markdown files.
    pub(super) file_links: Vec<String>,
    /// The plain text of the first paragraph that has any.
    pub(super) first_paragraph: Option<String>,
    /// The plain text of the first heading that has any.
    pub(super) first_heading: Option<String>,
}

/// Reads and mends a safe body.
pub(super) fn read(html: &str) -> Markup {
    let mut walk = Walk::default();
    walk.markup.html.reserve(html.len());
    let mut rest = html;
    while !rest.is_empty() {
        let Some((token, after)) = next_token(rest) else {
            walk.text(rest);
            break;
        };
        walk.take(token);
        rest = match token {
            // What is in a frame is text to a sanitiser, and tags to whoever parses it again.
            Token::Open { name: "iframe", .. } => after
                .find("</iframe")
                .and_then(|end| after.get(end..))
                .unwrap_or_default(),
            _ => after,
        };
    }
    walk.markup
}

#[derive(Debug, Clone, Copy)]
enum Token<'a> {
    Text(&'a str),
    Open {
        name: &'a str,
        attributes: &'a str,
        whole: &'a str,
    },
    Close {
        name: &'a str,
        whole: &'a str,
    },
}

/// An element whose text is collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Text {
    /// `p`.
    Paragraph,
    /// `h1` to `h3`, by their level.
    Heading(u8),
}

#[derive(Default)]
struct Walk<'a> {
    markup: Markup,
    /// The paragraph or heading whose text is being collected.
    collecting: Option<(Text, String)>,
    /// The addresses of the pictures so far.
    seen: HashSet<String>,
    /// Whether the text is the mark of a footnote.
    in_note_mark: bool,
    /// How many buttons the text is within.
    buttons: usize,
    /// The address of a link that has no text yet.
    bare_link: Option<&'a str>,
    /// Where the paragraph that is open begins, and where what is in it does.
    paragraph: Option<(usize, usize)>,
}

impl<'a> Walk<'a> {
    fn take(&mut self, token: Token<'a>) {
        match token {
            Token::Text(text) => self.text(text),
            Token::Open {
                name,
                attributes,
                whole,
            } => self.open(name, attributes, whole),
            Token::Close { name, whole } => self.close(name, whole),
        }
    }

    fn text(&mut self, text: &str) {
        if !is_blank(text) {
            self.bare_link = None;
        }
        self.collect(text);
        self.markup.html.push_str(text);
    }

    fn open(&mut self, name: &'a str, attributes: &'a str, whole: &str) {
        match name {
            "img" => {
                let Some(src) = attribute(attributes, "src").filter(|src| !src.is_empty()) else {
                    return;
                };
                self.bare_link = None;
                let alt = attribute(attributes, "alt").map(unescape);
                self.add_image(unescape(src).into_owned(), alt.as_deref());
            }
            "iframe" => {
                if let Some(src) = attribute(attributes, "src").filter(|src| !src.is_empty()) {
                    let title =
                        attribute(attributes, "title").filter(|title| !title.trim().is_empty());
                    let link = format!(
                        "<a href=\"{src}\">{}</a>",
                        title.unwrap_or(src).replace('<', "&lt;")
                    );
                    self.markup.html.push_str(&link);
                }
                return;
            }
            "input" => {
                if attribute(attributes, "type") == Some("checkbox") {
                    let checked = attribute(attributes, "checked").is_some();
                    self.markup.html.push_str(check_box(checked));
                }
                return;
            }
            "a" => {
                self.bare_link = attribute(attributes, "href");
                if let Some(href) = self.bare_link {
                    self.begin_link(&unescape(href));
                }
            }
            "button" => {
                self.buttons += 1;
                return;
            }
            "br" => self.collect(" "),
            _ => {
                if let Some(text) = text_of(name) {
                    self.begin_text(text);
                }
            }
        }
        let begin = self.markup.html.len();
        self.markup.html.push_str(whole);
        if name == "p" {
            self.paragraph = Some((begin, self.markup.html.len()));
        }
    }

    fn close(&mut self, name: &str, whole: &str) {
        match name {
            "iframe" => return,
            "button" => {
                self.buttons = self.buttons.saturating_sub(1);
                return;
            }
            "a" => {
                self.in_note_mark = false;
                if let Some(address) = self.bare_link.take() {
                    self.markup.html.push_str(&address.replace('<', "&lt;"));
                }
            }
            _ => {}
        }
        if let Some(text) = text_of(name) {
            self.end_text(text);
        }
        // What was in it was left out.
        if name == "p"
            && let Some((begin, inside)) = self.paragraph.take()
            && self.markup.html.get(inside..).is_some_and(is_blank)
        {
            return self.markup.html.truncate(begin);
        }
        self.markup.html.push_str(whole);
    }

    fn begin_text(&mut self, text: Text) {
        let known = match text {
            Text::Paragraph => &self.markup.first_paragraph,
            Text::Heading(_) => &self.markup.first_heading,
        };
        if known.is_none() && self.collecting.is_none() {
            self.collecting = Some((text, String::new()));
        }
    }

    fn end_text(&mut self, text: Text) {
        if let Some((_, collected)) = self.collecting.take_if(|(begun, _)| *begun == text) {
            let collected = Some(one_line(&collected)).filter(|text| !text.is_empty());
            match text {
                Text::Paragraph => self.markup.first_paragraph = collected,
                Text::Heading(_) => self.markup.first_heading = collected,
            }
        }
    }

    /// Adds escaped text to the paragraph or heading that is collected.
    fn collect(&mut self, text: &str) {
        if self.in_note_mark || self.buttons > 0 {
            return;
        }
        if let Some((_, collected)) = &mut self.collecting {
            collected.push_str(&unescape(text));
        }
    }

    fn add_image(&mut self, url: String, alt: Option<&str>) {
        if self.markup.images.len() < MAX_IMAGES && self.seen.insert(url.clone()) {
            self.markup.images.push(Image {
                url,
                alt: alt.map(one_line).filter(|alt| !alt.is_empty()),
            });
        }
    }

    /// Begins a link. The number of a footnote, and the arrow back from one, are no words of the text.
    fn begin_link(&mut self, href: &str) {
        self.in_note_mark =
            is_back_link(href) || (is_footnote(href) && begins_superscript(&self.markup.html));
        if self.markup.file_links.len() < MAX_IMAGES && is_markdown(href) {
            self.markup.file_links.push(href.to_owned());
        }
    }
}

/// Whether HTML is nothing but white space. A no-break space is text.
fn is_blank(html: &str) -> bool {
    html.chars().all(|c| c.is_whitespace() && c != '\u{a0}')
}

fn text_of(name: &str) -> Option<Text> {
    match name {
        "p" => Some(Text::Paragraph),
        "h1" => Some(Text::Heading(1)),
        "h2" => Some(Text::Heading(2)),
        "h3" => Some(Text::Heading(3)),
        _ => None,
    }
}

/// The character that stands for a check box.
fn check_box(checked: bool) -> &'static str {
    if checked { "☑" } else { "☐" }
}

/// Whether an address is that of a footnote, as Markdown's tools call it.
fn is_footnote(href: &str) -> bool {
    let place = href.split_once('#').map(|(_, place)| place);
    place.is_some_and(|place| {
        ["fn", "footnote", "cite_note"]
            .iter()
            .any(|begin| place.starts_with(begin))
    })
}

/// Whether an address is that of a place that refers to a footnote.
fn is_back_link(href: &str) -> bool {
    let place = href.split_once('#').map(|(_, place)| place);
    place.is_some_and(|place| place.starts_with("fnref"))
}

/// Whether HTML ends with the tag that begins a superscript.
fn begins_superscript(html: &str) -> bool {
    let tag = html.rfind('<').and_then(|at| html.get(at..));
    tag.is_some_and(|tag| tag.ends_with('>') && tag.starts_with("<sup"))
}

/// Whether an address is that of a Markdown file.
fn is_markdown(href: &str) -> bool {
    let path = href.split(['#', '?']).next().unwrap_or(href);
    [".md", ".mdx", ".markdown"]
        .iter()
        .any(|extension| path.ends_with(extension))
}

/// The first tag or run of text, and what comes after it. `None` where a tag does not end.
fn next_token(rest: &str) -> Option<(Token<'_>, &str)> {
    if !rest.starts_with('<') {
        let end = rest.find('<').unwrap_or(rest.len());
        let (text, after) = rest.split_at_checked(end)?;
        return Some((Token::Text(text), after));
    }
    // A `>` within a quoted value does not end the tag.
    let mut quoted = false;
    let end = rest.bytes().position(|byte| match byte {
        b'"' => {
            quoted = !quoted;
            false
        }
        b'>' => !quoted,
        _ => false,
    })?;
    let (whole, after) = rest.split_at_checked(end + 1)?;
    let inner = whole.get(1..end)?.trim_end_matches('/');
    let token = match inner.strip_prefix('/') {
        Some(name) => Token::Close {
            name: name.trim(),
            whole,
        },
        None => {
            let (name, attributes) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
            Token::Open {
                name,
                attributes,
                whole,
            }
        }
    };
    Some((token, after))
}

/// The escaped value of an attribute.
fn attribute<'a>(attributes: &'a str, wanted: &str) -> Option<&'a str> {
    let mut rest = attributes.trim_start();
    while let Some((name, after)) = rest.split_once("=\"") {
        let (value, after) = after.split_once('"')?;
        if name.trim() == wanted {
            return Some(value);
        }
        rest = after.trim_start();
    }
    None
}

/// Decodes the references that HTML serialisation (HTML §13.3) and comrak write, and no others.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let plain = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&nbsp;", "\u{a0}")
        .replace("&amp;", "&");
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_found_with_what_they_show() {
        let markup = read(
            "<p><img src=\"https://e.org/a.jpg?x=1&amp;y=2\" alt=\"A &lt;b&gt; &quot;c&quot;\"> <img src=\"https://e.org/b.jpg\" alt=\" \"> <img src=\"https://e.org/b.jpg\"></p>",
        );
        let alt = |image: &Image| image.alt.clone();
        assert_eq!(
            markup
                .images
                .iter()
                .map(|i| i.url.as_str())
                .collect::<Vec<_>>(),
            ["https://e.org/a.jpg?x=1&y=2", "https://e.org/b.jpg"]
        );
        assert_eq!(
            markup.images.iter().map(alt).collect::<Vec<_>>(),
            [Some("A <b> \"c\"".to_owned()), None]
        );
    }

    #[test]
    fn a_tag_inside_an_attribute_value_is_no_tag() {
        let html = "<p><img src=\"https://e.org/a.jpg\" alt=\"<img src=x>\">b</p>";
        let markup = read(html);
        assert_eq!(markup.html, html);
        assert_eq!(markup.images.len(), 1);
        assert_eq!(markup.first_paragraph.as_deref(), Some("b"));
    }

    #[test]
    fn a_picture_without_a_source_goes() {
        assert_eq!(read("<p>a <img alt=\"b\"> c</p>").html, "<p>a  c</p>");
    }

    #[test]
    fn paragraph_of_nothing_goes() {
        assert_eq!(
            read("<p>a</p>\n<p><img alt=\"b\"> <img></p>\n<p class=\"c\"></p><p>d</p>").html,
            "<p>a</p>\n\n<p>d</p>"
        );
        let kept = "<p><br></p><p>&nbsp;</p><p><img src=\"https://e.org/a.png\"></p>";
        assert_eq!(read(kept).html, kept);
    }

    #[test]
    fn a_link_without_text_shows_its_address() {
        assert_eq!(
            read("<a href=\"https://e.org/?a&amp;b\"></a>").html,
            "<a href=\"https://e.org/?a&amp;b\">https://e.org/?a&amp;b</a>"
        );
        let with_picture = "<a href=\"https://e.org/\"><img src=\"https://e.org/a.jpg\"></a>";
        assert_eq!(read(with_picture).html, with_picture);
        let anchor = "<a></a>";
        assert_eq!(read(anchor).html, anchor);
    }

    #[test]
    fn a_frame_becomes_a_link_and_a_box_a_character() {
        assert_eq!(
            read("<iframe src=\"https://v.example/1\" title=\"A talk\">ignored</iframe>after").html,
            "<a href=\"https://v.example/1\">A talk</a>after"
        );
        assert_eq!(
            read("<iframe src=\"https://v.example/1\"><img src=\"x\" onerror=\"alert(1)\"><b \"></iframe><p>after</p>").html,
            "<a href=\"https://v.example/1\">https://v.example/1</a><p>after</p>"
        );
        assert_eq!(read("a<iframe><svg onload=alert(1)>").html, "a");
        assert_eq!(
            read("<li><input type=\"checkbox\" checked=\"\"> a</li><li><input type=\"checkbox\"> b</li><input type=\"text\">").html,
            "<li>☑ a</li><li>☐ b</li>"
        );
    }

    #[test]
    fn the_first_words_are_those_of_the_first_paragraph_that_has_any() {
        let markup = read(
            "<h1></h1><h2>Title &amp; more</h2><p><img src=\"x\"></p><p>One <em>two</em><br>three &amp;amp; four</p><p>five</p>",
        );
        assert_eq!(
            markup.first_paragraph.as_deref(),
            Some("One two three &amp; four")
        );
        assert_eq!(markup.first_heading.as_deref(), Some("Title & more"));
    }

    #[test]
    fn broken_ends_do_not_loop_or_lose_text() {
        assert_eq!(read("a <b").html, "a <b");
        assert_eq!(read("<").html, "<");
        assert_eq!(read("").html, "");
    }
}
