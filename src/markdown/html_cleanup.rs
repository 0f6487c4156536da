//! Prepares safe HTML for feed readers, and collects its images, first heading and first paragraph.
//!
//! The input is the output of comrak or of the sanitizer: tags balanced, attribute values in double quotes with `&`
//! and `"` escaped. One pass over its tags replaces what feed readers display badly. An image without a source is
//! removed, one that a script loads late gets its source, an iframe becomes a link, a check box becomes a character, a link
//! without text shows its URL, and one to a file of the site gets the URL of the post, or becomes its text.

use std::borrow::Cow;
use std::collections::HashSet;

use url::{Position, Url};

use super::excerpt_mark::MARK_PLACEHOLDER;
use super::html_source::escape_text;
use super::html_tokens::{HtmlToken, decode_references, find_attribute, next_token};
use super::marked_text::MarkedText;
use super::sanitize::{LAZY_SOURCES, LAZY_SRCSETS};
use crate::links::{LinkTarget, split_placeholder};
use crate::model::post::image::is_other_media_url;
use crate::model::post::video::MAX_VIDEOS;
use crate::model::post::{Image, ResolvedLinks, Video};
use crate::text::collapse_whitespace;

/// Maximum number of images and file links of a post: the limit of an image sitemap.
pub(super) const MAX_IMAGES: usize = 1000;
/// Minimum width and height of an image of a post, in pixels: Facebook and LinkedIn show no smaller one. Emoji, badges
/// and counters are smaller.
const MIN_IMAGE_PX: u32 = 200;

/// Texts of the link that a heading has to itself.
const PERMALINK_TEXTS: [&str; 4] = ["#", "¶", "§", "🔗"];

/// Processed HTML of a body, and what was found in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ProcessedHtml {
    /// The HTML.
    pub(crate) html: String,
    /// Images in order, each once.
    pub(crate) images: Vec<Image>,
    /// The first videos, each once.
    pub(crate) videos: Vec<Video>,
    /// Links to Markdown files with their URL.
    pub(crate) file_links: Vec<String>,
    /// Targets of links to files of the site.
    pub(crate) link_targets: Vec<String>,
    /// Plain text before the excerpt mark, or of the first paragraph that is not empty.
    pub(crate) first_paragraph: Option<String>,
    /// Length of the HTML before the mark; `None` if there is no mark or no text before it.
    pub(crate) marked_len: Option<usize>,
    /// Plain text of the first heading of level 1 that is not empty.
    pub(crate) first_heading: Option<String>,
    /// True if the body has a heading of level 2 or 3.
    pub(crate) has_subheading: bool,
    /// True if the body has a drawing, `<svg>`, of which only the text stays.
    pub(crate) has_drawing: bool,
}

/// Processes the safe HTML of a text without links to posts, whose post is at `page`.
pub(super) fn process_html(html: &str, page: &Url) -> ProcessedHtml {
    process_html_with_links(html, page, &ResolvedLinks::default())
}

/// Processes the safe HTML of a body, whose post is at `page`.
pub(super) fn process_html_with_links(
    html: &str,
    page: &Url,
    links: &ResolvedLinks,
) -> ProcessedHtml {
    let mut walk = TagWalker {
        origin: &page[..Position::BeforePath],
        links: Some(links),
        ..TagWalker::default()
    };
    walk.processed.html.reserve(html.len());
    walk.has_mark = html.contains(MARK_PLACEHOLDER);
    walk.marked = walk.has_mark.then(MarkedText::default);
    let mut rest = html;
    while !rest.is_empty() {
        let Some((token, after)) = next_token(rest) else {
            walk.push_text(rest);
            break;
        };
        walk.process_token(token);
        rest = match token {
            // The content of an iframe is text to the sanitizer, but would be tags to the next parser.
            HtmlToken::Open { name: "iframe", .. } => after
                .find("</iframe")
                .and_then(|end| after.get(end..))
                .unwrap_or_default(),
            _ => after,
        };
    }
    if let Some(text) = walk.marked_text {
        walk.processed.first_paragraph = Some(text);
    }
    walk.processed
}

/// An element whose text is collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TextBlock {
    /// A `p` element.
    Paragraph,
    /// An `h1` to `h3` element, with its level.
    Heading(u8),
}

#[derive(Default)]
struct TagWalker<'a> {
    processed: ProcessedHtml,
    /// Origin of the post's URL.
    origin: &'a str,
    /// URLs of links to posts.
    links: Option<&'a ResolvedLinks>,
    /// True inside a link to a file of the site, which is left out.
    in_file_link: bool,
    /// The paragraph or heading whose text is being collected.
    collecting: Option<(TextBlock, String)>,
    /// URLs of the images found so far.
    image_urls: HashSet<String>,
    /// True if the body has an excerpt mark.
    has_mark: bool,
    /// The text before the mark, until the mark is found.
    marked: Option<MarkedText>,
    /// The text before the mark, once it was found.
    marked_text: Option<String>,
    /// True inside a footnote reference or back link.
    in_footnote_link: bool,
    /// Number of open elements whose text is no part of a paragraph: `button`, `figcaption`, `caption`.
    open_asides: usize,
    /// True inside a link.
    in_link: bool,
    /// URL of the last image, if a script loads it late. The image for readers without scripts follows.
    lazy_image: Option<&'a str>,
    /// Picture of an open video whose file is not known yet; `Some(None)` if it has no picture.
    open_video: Option<Option<&'a str>>,
    /// Text of an open link that has none yet: its URL, escaped.
    empty_link: Option<Cow<'a, str>>,
    /// Positions of the open paragraph's tag and of its content.
    open_paragraph: Option<(usize, usize)>,
}

impl<'a> TagWalker<'a> {
    fn process_token(&mut self, token: HtmlToken<'a>) {
        if let Some(marked) = &mut self.marked {
            match token {
                HtmlToken::Open { name, .. } => marked.open_element(name),
                HtmlToken::Close { name, .. } => marked.close_element(name),
                HtmlToken::Text(_) => {}
            }
        }
        match token {
            HtmlToken::Text(text) if self.has_mark => {
                for (at, part) in text.split(MARK_PLACEHOLDER).enumerate() {
                    if at > 0 {
                        self.end_marked_text();
                    }
                    self.push_text(part);
                }
            }
            HtmlToken::Text(text) => self.push_text(text),
            HtmlToken::Open {
                name,
                attributes,
                whole,
            } => self.open_element(name, attributes, whole),
            HtmlToken::Close { name, whole } => self.close_element(name, whole),
        }
    }

    fn push_text(&mut self, text: &str) {
        if !is_blank(text) {
            self.empty_link = None;
        }
        self.collect_text(text);
        self.processed.html.push_str(text);
    }

    fn open_element(&mut self, name: &'a str, attributes: &'a str, whole: &str) {
        let mut loaded = None;
        match name {
            "img" => {
                let lazy = LAZY_SOURCES
                    .iter()
                    .find_map(|name| find_attribute(attributes, name))
                    .filter(|src| !src.is_empty());
                let src = lazy.or_else(|| find_attribute(attributes, "src"));
                let Some(src) = src.filter(|src| !src.is_empty()) else {
                    return;
                };
                if self.lazy_image.take() == Some(src) {
                    return;
                }
                self.lazy_image = lazy;
                loaded = load_lazy_image(name, attributes);
                self.empty_link = None;
                let alt = find_attribute(attributes, "alt");
                let url = decode_references(src);
                if is_other_media_url(&url) {
                    return self.push_media_link(src, alt);
                }
                let sizes = ["width", "height"].map(|name| find_attribute(attributes, name));
                if !is_small_image(sizes) {
                    self.add_image(url.into_owned(), alt.map(decode_references).as_deref());
                }
            }
            "source" => {
                loaded = load_lazy_image(name, attributes);
                if let Some(poster) = self.open_video {
                    self.add_video_file(attributes, poster);
                }
            }
            "video" => self.add_video_file(attributes, find_attribute(attributes, "poster")),
            "iframe" | "embed" => {
                if let Some(src) = find_attribute(attributes, "src").filter(|src| !src.is_empty()) {
                    if let Some(video) = Video::from_embed_url(&decode_references(src)) {
                        self.add_video(video);
                    }
                    self.push_media_link(src, find_attribute(attributes, "title"));
                }
                return;
            }
            "input" => {
                if find_attribute(attributes, "type") == Some("checkbox") {
                    let checked = find_attribute(attributes, "checked").is_some();
                    self.processed.html.push_str(check_box_char(checked));
                }
                return;
            }
            "a" => {
                let href = find_attribute(attributes, "href");
                self.in_link = href.is_some();
                self.empty_link = href.map(Cow::Borrowed);
                let Some(href) = href else { return };
                if let Some((target, fragment)) = split_placeholder(href) {
                    return self.begin_post_link(target, fragment, attributes);
                }
                self.begin_link(&decode_references(href));
                if self.in_file_link {
                    (self.empty_link, self.in_link) = (None, false);
                    return;
                }
            }
            "button" => {
                self.open_asides += 1;
                return;
            }
            "figcaption" | "caption" => self.open_asides += 1,
            "br" => self.collect_text(" "),
            _ => {
                if let Some(text) = text_block_of_tag(name) {
                    self.begin_text_block(text);
                }
            }
        }
        let begin = self.processed.html.len();
        self.processed
            .html
            .push_str(loaded.as_deref().unwrap_or(whole));
        if name == "p" {
            self.open_paragraph = Some((begin, self.processed.html.len()));
        }
    }

    fn close_element(&mut self, name: &str, whole: &str) {
        match name {
            "iframe" | "embed" => return,
            "video" => self.open_video = None,
            "button" => {
                self.open_asides = self.open_asides.saturating_sub(1);
                return;
            }
            "figcaption" | "caption" => self.open_asides = self.open_asides.saturating_sub(1),
            "a" if !self.in_link && !self.in_file_link => return,
            "a" => {
                self.in_footnote_link = false;
                self.in_link = false;
                if let Some(address) = self.empty_link.take() {
                    self.processed.html.push_str(&address.replace('<', "&lt;"));
                }
                if std::mem::take(&mut self.in_file_link) {
                    return;
                }
            }
            _ => {}
        }
        if let Some(text) = text_block_of_tag(name) {
            self.end_text_block(text);
        }
        // A paragraph whose content was removed goes too.
        if name == "p"
            && let Some((begin, inside)) = self.open_paragraph.take()
            && self.processed.html.get(inside..).is_some_and(is_blank)
        {
            return self.processed.html.truncate(begin);
        }
        self.processed.html.push_str(whole);
    }

    fn begin_text_block(&mut self, text: TextBlock) {
        self.processed.has_subheading |= matches!(text, TextBlock::Heading(2..));
        let known = match text {
            TextBlock::Paragraph => &self.processed.first_paragraph,
            TextBlock::Heading(1) => &self.processed.first_heading,
            TextBlock::Heading(_) => return,
        };
        if known.is_none() && self.collecting.is_none() {
            self.collecting = Some((text, String::new()));
        }
    }

    fn end_text_block(&mut self, text: TextBlock) {
        if let Some((_, collected)) = self.collecting.take_if(|(begun, _)| *begun == text) {
            let collected = collapse_whitespace(&collected);
            let collected = Some(collected).filter(|text| !text.is_empty());
            match text {
                TextBlock::Paragraph => self.processed.first_paragraph = collected,
                TextBlock::Heading(_) => self.processed.first_heading = collected,
            }
        }
    }

    /// Ends the summary at the excerpt mark. Later marks have no effect.
    fn end_marked_text(&mut self) {
        let marked = self.marked.take();
        if let Some(text) = marked.and_then(MarkedText::into_text) {
            self.marked_text = Some(text);
            self.processed.marked_len = Some(self.processed.html.len());
        }
    }

    /// Adds escaped text to the paragraph or heading that is being collected, and to the summary.
    fn collect_text(&mut self, text: &str) {
        let is_permalink = self.in_link && PERMALINK_TEXTS.contains(&text.trim());
        if self.in_footnote_link || self.open_asides > 0 || is_permalink {
            return;
        }
        if let Some(marked) = &mut self.marked {
            marked.push_text(&decode_references(text));
        }
        if let Some((_, collected)) = &mut self.collecting {
            collected.push_str(&decode_references(text));
        }
    }

    /// Writes a link to an embedded page or a video, which feed readers do not show in place.
    fn push_media_link(&mut self, src: &str, title: Option<&str>) {
        let title = title.filter(|title| !title.trim().is_empty());
        let text = title.unwrap_or(src).replace('<', "&lt;");
        self.empty_link = None;
        let html = &mut self.processed.html;
        match self.in_link {
            true => html.push_str(&text),
            false => html.push_str(&format!("<a href=\"{src}\">{text}</a>")),
        }
    }

    fn add_image(&mut self, url: String, alt: Option<&str>) {
        if self.processed.images.len() < MAX_IMAGES && self.image_urls.insert(url.clone()) {
            self.processed.images.push(Image {
                url,
                alt: alt.map(collapse_whitespace).filter(|alt| !alt.is_empty()),
            });
        }
    }

    /// Begins a link to a post. It becomes its text, or the path as written, if the post is not public.
    fn begin_post_link(&mut self, target: &str, fragment: &str, attributes: &str) {
        if self.processed.link_targets.len() < MAX_IMAGES {
            self.processed.link_targets.push(target.to_owned());
        }
        let url = self.links.and_then(|links| links.find_url(target));
        self.in_file_link = url.is_none();
        self.in_link = url.is_some();
        let Some(url) = url else {
            let path = LinkTarget::parse(target).map(|target| escape_text(&target.path));
            self.empty_link = path.map(Cow::Owned);
            return;
        };
        let url = escape_text(&format!("{url}{fragment}"));
        self.processed.html.push_str(&format!("<a href=\"{url}\""));
        if let Some(title) = find_attribute(attributes, "title") {
            self.processed.html.push_str(&format!(" title=\"{title}\""));
        }
        self.processed.html.push('>');
        self.empty_link = Some(Cow::Owned(url));
    }

    /// Adds the file of a video. Without a file, that of the next `source` counts.
    fn add_video_file(&mut self, attributes: &str, poster: Option<&'a str>) {
        let src = find_attribute(attributes, "src").filter(|src| !src.is_empty());
        let poster_url = poster.map(decode_references);
        self.open_video = src.is_none().then_some(poster);
        if let Some(src) = src {
            self.add_video(Video::from_file(
                &decode_references(src),
                poster_url.as_deref(),
            ));
        }
    }

    fn add_video(&mut self, video: Video) {
        let videos = &mut self.processed.videos;
        if videos.len() < MAX_VIDEOS && !videos.contains(&video) {
            videos.push(video);
        }
    }

    /// Begins a link. The number of a footnote and the arrow of its back link do not count as text.
    fn begin_link(&mut self, href: &str) {
        self.in_footnote_link = is_back_link_url(href)
            || (is_footnote_url(href) && ends_with_superscript_tag(&self.processed.html));
        // Only the generator knows the address of such a file.
        let path = href.strip_prefix(self.origin);
        self.in_file_link = is_markdown_url(href) && path.is_some_and(|path| path.starts_with('/'));
        if self.processed.file_links.len() < MAX_IMAGES && self.in_file_link {
            self.processed.file_links.push(href.to_owned());
        }
    }
}

/// Returns true if the width or the height of an image, as its attributes give them, is too small for a preview.
pub(super) fn is_small_image(sizes: [Option<&str>; 2]) -> bool {
    sizes.into_iter().flatten().any(|size| {
        let pixels = size.trim().trim_end_matches("px").parse::<u32>();
        pixels.is_ok_and(|pixels| pixels < MIN_IMAGE_PX)
    })
}

/// Writes the start tag of an image that a script would load, with the attributes that the script would set. `None`
/// for any other image.
fn load_lazy_image(name: &str, attributes: &str) -> Option<String> {
    let lazy = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| find_attribute(attributes, name))
    };
    let (src, srcset) = (lazy(&LAZY_SOURCES), lazy(&LAZY_SRCSETS));
    if src.is_none() && srcset.is_none() {
        return None;
    }
    let mut tag = format!("<{name}");
    let values = [("src", src), ("srcset", srcset)];
    let others =
        ["alt", "title", "width", "height", "type", "media", "sizes"].map(|name| (name, None));
    for (name, value) in values.into_iter().chain(others) {
        // The candidates of a placeholder are placeholders too.
        let is_placeholder = name == "srcset" && src.is_some();
        let written = || find_attribute(attributes, name).filter(|_| !is_placeholder);
        if let Some(value) = value.or_else(written) {
            tag.push_str(&format!(" {name}=\"{value}\""));
        }
    }
    tag.push('>');
    Some(tag)
}

/// Returns true if HTML is only white space. A no-break space is text.
fn is_blank(html: &str) -> bool {
    html.chars().all(|c| c.is_whitespace() && c != '\u{a0}')
}

fn text_block_of_tag(name: &str) -> Option<TextBlock> {
    match name {
        "p" => Some(TextBlock::Paragraph),
        "h1" => Some(TextBlock::Heading(1)),
        "h2" => Some(TextBlock::Heading(2)),
        "h3" => Some(TextBlock::Heading(3)),
        _ => None,
    }
}

/// Returns the character that replaces a check box.
fn check_box_char(checked: bool) -> &'static str {
    if checked { "☑" } else { "☐" }
}

/// Returns true if a URL points to a footnote, as Markdown tools name it.
fn is_footnote_url(href: &str) -> bool {
    let place = href.split_once('#').map(|(_, place)| place);
    place.is_some_and(|place| {
        ["fn", "footnote", "cite_note"]
            .iter()
            .any(|begin| place.starts_with(begin))
    })
}

/// Returns true if a URL points back to a footnote reference.
fn is_back_link_url(href: &str) -> bool {
    let place = href.split_once('#').map(|(_, place)| place);
    place.is_some_and(|place| place.starts_with("fnref"))
}

/// Returns true if HTML ends with the start tag of a superscript.
fn ends_with_superscript_tag(html: &str) -> bool {
    let tag = html.rfind('<').and_then(|at| html.get(at..));
    tag.is_some_and(|tag| tag.ends_with('>') && tag.starts_with("<sup"))
}

/// Returns true if a URL points to a Markdown file.
fn is_markdown_url(href: &str) -> bool {
    let path = href.split(['#', '?']).next().unwrap_or(href);
    [".md", ".mdx", ".markdown"]
        .iter()
        .any(|extension| path.ends_with(extension))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process_html(html: &str) -> ProcessedHtml {
        super::process_html(html, &Url::parse("https://e.org/blog/post/").unwrap())
    }

    #[test]
    fn images_are_found_with_alt_text() {
        let markup = process_html(
            "<p><img src=\"https://e.org/a.jpg?x=1&amp;y=2\" alt=\"A &lt;b&gt; &quot;c&quot;\"> <img src=\"https://e.org/b.jpg\" alt=\" \"> <img src=\"https://e.org/b.jpg\"></p>",
        );
        assert_eq!(
            markup
                .images
                .iter()
                .map(|i| i.url.as_str())
                .collect::<Vec<_>>(),
            ["https://e.org/a.jpg?x=1&y=2", "https://e.org/b.jpg"]
        );
        assert_eq!(
            markup
                .images
                .iter()
                .map(|image| image.alt.as_deref())
                .collect::<Vec<_>>(),
            [Some("A <b> \"c\""), None]
        );
    }

    #[test]
    fn tag_in_attribute_value_is_ignored() {
        let html = "<p><img src=\"https://e.org/a.jpg\" alt=\"<img src=x>\">b</p>";
        let markup = process_html(html);
        assert_eq!(markup.html, html);
        assert_eq!(markup.images.len(), 1);
        assert_eq!(markup.first_paragraph.as_deref(), Some("b"));
    }

    #[test]
    fn image_without_source_is_removed() {
        assert_eq!(
            process_html("<p>a <img alt=\"b\"> c</p>").html,
            "<p>a  c</p>"
        );
    }

    #[test]
    fn late_image_replaces_its_placeholder() {
        for (html, shown, url) in [
            (
                "<img src=\"https://e.org/wait.gif\" srcset=\"https://e.org/w.gif 2x\" alt=\"b\" data-src=\"https://e.org/a.png\">",
                "<img src=\"https://e.org/a.png\" alt=\"b\">",
                "https://e.org/a.png",
            ),
            (
                "<img data-original=\"https://e.org/a.png\"><img src=\"https://e.org/a.png\">",
                "<img src=\"https://e.org/a.png\">",
                "https://e.org/a.png",
            ),
            (
                "<picture><source data-srcset=\"https://e.org/b.webp 2x\" type=\"image/webp\"><img data-lazy-src=\"https://e.org/a.png\"></picture>",
                "<picture><source srcset=\"https://e.org/b.webp 2x\" type=\"image/webp\"><img src=\"https://e.org/a.png\"></picture>",
                "https://e.org/a.png",
            ),
        ] {
            let processed = process_html(html);
            assert_eq!(processed.html, shown, "{html}");
            let urls: Vec<&str> = processed
                .images
                .iter()
                .map(|image| image.url.as_str())
                .collect();
            assert_eq!(urls, [url], "{html}");
        }
    }

    #[test]
    fn embedded_document_becomes_link() {
        let html = "<embed src=\"https://e.org/a.pdf\">b";
        let shown = "<a href=\"https://e.org/a.pdf\">https://e.org/a.pdf</a>b";
        assert_eq!(process_html(html).html, shown);
    }

    #[test]
    fn empty_paragraph_is_removed() {
        assert_eq!(
            process_html("<p>a</p>\n<p><img alt=\"b\"> <img></p>\n<p class=\"c\"></p><p>d</p>")
                .html,
            "<p>a</p>\n\n<p>d</p>"
        );
        let kept = "<p><br></p><p>&nbsp;</p><p><img src=\"https://e.org/a.png\"></p>";
        assert_eq!(process_html(kept).html, kept);
    }

    #[test]
    fn link_without_text_shows_its_url() {
        assert_eq!(
            process_html("<a href=\"https://e.org/?a&amp;b\"></a>").html,
            "<a href=\"https://e.org/?a&amp;b\">https://e.org/?a&amp;b</a>"
        );
        let with_picture = "<a href=\"https://e.org/\"><img src=\"https://e.org/a.jpg\"></a>";
        assert_eq!(process_html(with_picture).html, with_picture);
    }

    #[test]
    fn iframe_becomes_link_and_check_box_becomes_character() {
        assert_eq!(
            process_html(
                "<iframe src=\"https://v.example/1\" title=\"A talk\">ignored</iframe>after"
            )
            .html,
            "<a href=\"https://v.example/1\">A talk</a>after"
        );
        assert_eq!(
            process_html("<iframe src=\"https://v.example/1\"><img src=\"x\" onerror=\"alert(1)\"><b \"></iframe><p>after</p>").html,
            "<a href=\"https://v.example/1\">https://v.example/1</a><p>after</p>"
        );
        assert_eq!(process_html("a<iframe><svg onload=alert(1)>").html, "a");
        assert_eq!(
            process_html("<li><input type=\"checkbox\" checked=\"\"> a</li><li><input type=\"checkbox\"> b</li><input type=\"text\">").html,
            "<li>☑ a</li><li>☐ b</li>"
        );
    }

    #[test]
    fn first_paragraph_with_text_is_found() {
        let markup = process_html(
            "<h1></h1><h2>Part</h2><h1>Title &amp; more</h1><p><img src=\"x\"></p><p>One <em>two</em><br>three &amp;amp; four</p><p>five</p>",
        );
        assert_eq!(
            markup.first_paragraph.as_deref(),
            Some("One two three &amp; four")
        );
        assert_eq!(markup.first_heading.as_deref(), Some("Title & more"));
    }

    #[test]
    fn link_without_a_url_leaves_its_text() {
        let html = "a<a rel=\"nofollow\"><img></a>, <a>b</a> and <a href=\"/c\">c</a>";
        assert_eq!(process_html(html).html, "a, b and <a href=\"/c\">c</a>");
    }

    #[test]
    fn paragraph_has_no_marks_of_the_page() {
        for (html, paragraph) in [
            (
                "<p>The tide<sup><a href=\"#fn-1\">1</a></sup> turns.</p>",
                "The tide turns.",
            ),
            ("<p>Run it <button>Copy</button> now.</p>", "Run it now."),
            (
                "<figure><figcaption><p>A boat</p></figcaption></figure><p>Text.</p>",
                "Text.",
            ),
        ] {
            let found = process_html(html).first_paragraph;
            assert_eq!(found.as_deref(), Some(paragraph), "{html}");
        }
    }

    #[test]
    fn video_in_an_image_becomes_a_link() {
        let markup = process_html(
            "<p><img src=\"https://e.org/a.mp4\" alt=\"A &lt;clip&gt;\"> <a href=\"https://e.org/\"><img src=\"https://e.org/b.webm\"></a></p>",
        );
        assert_eq!(
            markup.html,
            "<p><a href=\"https://e.org/a.mp4\">A &lt;clip&gt;</a> <a href=\"https://e.org/\">https://e.org/b.webm</a></p>"
        );
        assert_eq!(markup.images, []);
    }

    #[test]
    fn unclosed_tags_keep_their_text() {
        assert_eq!(process_html("a <b").html, "a <b");
        assert_eq!(process_html("<").html, "<");
        assert_eq!(process_html("").html, "");
    }
}
