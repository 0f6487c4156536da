//! Parses simple `<img>` tags of raw HTML, and rewrites them without the sanitizer.
//!
//! Images with a given size are the most frequent raw HTML in posts. Sanitizing a whole body for them would take
//! five times as long as rendering it.

use comrak::html::write_opening_tag;

use super::html_cleanup::is_small_image;

/// An `<img>` tag.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ImageTag<'a> {
    /// The URL as written.
    pub(crate) src: &'a str,
    /// The alternative text.
    pub(crate) alt: Option<&'a str>,
    title: Option<&'a str>,
    width: Option<&'a str>,
    height: Option<&'a str>,
}

impl<'a> ImageTag<'a> {
    /// Parses HTML that is a single tag with double-quoted values that need no decoding. `None` for other HTML.
    pub(super) fn parse(html: &'a str) -> Option<ImageTag<'a>> {
        let tag = html.trim_ascii_end().strip_prefix("<img")?;
        let mut rest = tag.strip_suffix("/>").or_else(|| tag.strip_suffix('>'))?;
        rest = rest.trim_end_matches(' ');
        let [mut src, mut alt, mut title, mut width, mut height] = [None; 5];
        while !rest.is_empty() {
            let (name, behind) = rest.strip_prefix(' ')?.split_once("=\"")?;
            let (value, behind) = behind.split_once('"')?;
            let attribute = match name {
                _ if !is_literal_value(value) => return None,
                "src" => &mut src,
                "alt" => &mut alt,
                "title" => &mut title,
                "width" => &mut width,
                "height" => &mut height,
                // The sanitizer drops them.
                "class" | "decoding" | "id" | "loading" | "style" => &mut None,
                _ => return None,
            };
            if attribute.replace(value).is_some() {
                return None;
            }
            rest = behind;
        }
        Some(ImageTag {
            src: src?,
            alt,
            title,
            width,
            height,
        })
    }

    /// Returns true if the image is too small for a preview.
    pub(super) fn is_small(&self) -> bool {
        is_small_image([self.width, self.height])
    }

    /// Writes the tag with this URL.
    pub(super) fn to_html(&self, src: &str) -> String {
        let attributes = [
            ("src", Some(src)),
            ("alt", self.alt),
            ("title", self.title),
            ("width", self.width),
            ("height", self.height),
        ];
        let attributes = attributes.into_iter();
        let mut html = String::new();
        // Writing to a string does not fail.
        let _ = write_opening_tag(
            &mut html,
            "img",
            attributes.filter_map(|(name, value)| Some((name, value?))),
        );
        html
    }
}

/// Returns true if an HTML parser does not change a value: it has no control characters and no references. A `&`
/// begins a reference only before a letter, a digit or `#` (HTML §13.2.5.72).
fn is_literal_value(value: &str) -> bool {
    let is_plain = value
        .bytes()
        .all(|byte| byte >= b' ' && !b"<>".contains(&byte));
    let has_reference = value.split('&').skip(1).any(|rest| {
        let next = rest.bytes().next();
        next.is_some_and(|byte| byte == b'#' || byte.is_ascii_alphanumeric())
    });
    is_plain && !has_reference
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ampersand_without_reference_is_kept() {
        let tag = ImageTag::parse("<img src=\"a.png\" alt=\"salt & pier\">").unwrap();
        assert_eq!(tag.alt, Some("salt & pier"));
        assert!(tag.to_html("a.png").contains("alt=\"salt &amp; pier\""));
        let tag = ImageTag::parse("<img src=\"a.png\" alt=\"pier &\">").unwrap();
        assert!(tag.to_html("a.png").contains("alt=\"pier &amp;\""));
        for alt in ["salt &amp; pier", "&#38;", "salt &copy pier", "&&lt"] {
            let html = format!("<img src=\"a.png\" alt=\"{alt}\">");
            assert_eq!(ImageTag::parse(&html), None, "{alt}");
        }
    }

    #[test]
    fn simple_tag_is_parsed() {
        for html in [
            "<img src=\"a.png\" class=\"b c\" alt=\"d\" width=\"640\">",
            "<img src=\"a.png\" alt=\"d\" width=\"640\"/>\n",
            "<img style=\"x: y\" src=\"a.png\" alt=\"d\" width=\"640\" />",
        ] {
            let tag = ImageTag::parse(html).unwrap();
            assert_eq!((tag.src, tag.alt), ("a.png", Some("d")), "{html}");
            assert_eq!(
                tag.to_html("https://e.org/?a&b"),
                "<img src=\"https://e.org/?a&amp;b\" alt=\"d\" width=\"640\">"
            );
        }
    }

    #[test]
    fn other_html_is_left_to_the_sanitizer() {
        for html in [
            "",
            "<img>",
            "<img alt=\"a\">",
            "<image src=\"a\">",
            "<imgsrc=\"a\">",
            "<img src=\"a\" src=\"b\">",
            "<img src='a'>",
            "<img src=a>",
            "<img src=\"a\"alt=\"b\">",
            "<img  src=\"a\">",
            "<img src=\"a\" srcset=\"b 2x\">",
            "<img src=\"a\" onerror=\"b\">",
            "<img src=\"a&amp;b\">",
            "<img src=\"a\" alt=\"b > c\">",
            "<img src=\"a\" alt=\"b\nc\">",
            "<img src=\"a\"><script>",
            "<img src=\"a\"> <b title=\"c\">",
            "<img src=\"a\" ",
        ] {
            assert_eq!(ImageTag::parse(html), None, "{html}");
        }
    }
}
