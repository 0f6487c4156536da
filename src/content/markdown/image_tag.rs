//! Reads an `<img>` tag of raw HTML that is written plainly, and writes it without the sanitizer.
//!
//! Images of a given size are the raw HTML that posts have most. Parsing and sanitizing a whole body for them takes
//! five times as long as rendering it.

use comrak::html::write_opening_tag;

/// An `<img>` tag.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::content) struct ImageTag<'a> {
    /// The address as written.
    pub(in crate::content) src: &'a str,
    /// The alternative text.
    pub(in crate::content) alt: Option<&'a str>,
    title: Option<&'a str>,
    width: Option<&'a str>,
    height: Option<&'a str>,
}

impl<'a> ImageTag<'a> {
    /// Parses HTML that is one tag, with its values in double quotes and nothing in them to decode; `None` where it is
    /// any other.
    pub(in crate::content) fn parse(html: &'a str) -> Option<ImageTag<'a>> {
        let tag = html.trim_ascii_end().strip_prefix("<img")?;
        let mut rest = tag.strip_suffix("/>").or_else(|| tag.strip_suffix('>'))?;
        rest = rest.trim_end_matches(' ');
        let [mut src, mut alt, mut title, mut width, mut height] = [None; 5];
        while !rest.is_empty() {
            let (name, behind) = rest.strip_prefix(' ')?.split_once("=\"")?;
            let (value, behind) = behind.split_once('"')?;
            let attribute = match name {
                _ if !is_literal(value) => return None,
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

    /// Writes the tag with another address.
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

/// Whether an HTML parser takes a value as it is written: it has no control characters and no references. A `&` before
/// anything but a letter, a digit or `#` begins no reference (HTML §13.2.5.72).
fn is_literal(value: &str) -> bool {
    let is_plain = |byte: u8| byte >= b' ' && !b"<>".contains(&byte);
    let begins_reference = |rest: &str| {
        let next = rest.bytes().next();
        next.is_none_or(|byte| byte == b'#' || byte.is_ascii_alphanumeric())
    };
    value.bytes().all(is_plain) && !value.split('&').skip(1).any(begins_reference)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ampersand_that_begins_no_reference_is_itself() {
        let tag = ImageTag::parse("<img src=\"a.png\" alt=\"salt & pier\">").unwrap();
        assert_eq!(tag.alt, Some("salt & pier"));
        assert!(tag.to_html("a.png").contains("alt=\"salt &amp; pier\""));
        for alt in ["salt &amp; pier", "&#38;", "salt &copy pier", "pier &"] {
            let html = format!("<img src=\"a.png\" alt=\"{alt}\">");
            assert_eq!(ImageTag::parse(&html), None, "{alt}");
        }
    }

    #[test]
    fn plain_tag_is_read() {
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
    fn any_other_html_is_left_to_the_sanitizer() {
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
