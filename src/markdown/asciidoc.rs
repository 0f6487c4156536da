//! Reads the few parts of an AsciiDoc document that a post needs. Its body is not rendered.

use super::html_source::escape_text;

/// Returns the title of the document: the line `= Title`.
pub(crate) fn read_title(source: &str) -> Option<String> {
    let title = source.lines().find_map(|line| line.strip_prefix("= "))?;
    Some(title.trim().to_owned()).filter(|title| !title.is_empty())
}

/// Returns the fields that `jekyll-asciidoc` reads from attributes: `:page-draft: true` is `draft: true`. Each has
/// its line, counted from 0.
pub(crate) fn read_page_attributes(source: &str) -> impl Iterator<Item = (usize, String)> {
    source.lines().enumerate().filter_map(|(at, line)| {
        let field = line.strip_prefix(":page-")?;
        Some((at, field.to_owned()))
    })
}

/// Writes what feeds show instead of the body: the description, and a link to the post.
pub(crate) fn format_summary(title: &str, description: Option<&str>, url: &str) -> String {
    let paragraph = description.map_or_else(String::new, |text| {
        format!("<p>{}</p>\n", escape_text(text))
    });
    let (title, url) = (escape_text(title), escape_text(url));
    format!("{paragraph}<div><a href=\"{url}\">{title}</a></div>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn title_and_attributes_are_read() {
        let source = "= The pier\nAda Quay\n:page-draft: true\n:toc:\n\n== Part\n";
        assert_eq!(read_title(source).as_deref(), Some("The pier"));
        let fields: Vec<_> = read_page_attributes(source).collect();
        assert_eq!(fields, [(2, "draft: true".to_owned())]);
        assert_eq!(read_title("== Part\n"), None);
    }

    #[test]
    fn summary_is_escaped() {
        assert_eq!(
            format_summary("A & B", Some("<b>"), "https://e.org/?a&b"),
            "<p>&lt;b&gt;</p>\n<div><a href=\"https://e.org/?a&amp;b\">A &amp; B</a></div>"
        );
    }
}
