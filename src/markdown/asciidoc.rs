//! Reads the few parts of an AsciiDoc document that a post needs. Its body is not rendered.

use super::html_source::escape_text;

/// Returns the title of the document: the line `= Title`, before which the header may have comments and attributes only.
pub(crate) fn read_title(source: &str) -> Option<String> {
    let mut open_fence = None;
    for line in source.lines().map(str::trim_end) {
        let is_fence = line.len() >= 4 && line.bytes().all(|byte| byte == b'/');
        match open_fence {
            Some(fence) if fence == line => open_fence = None,
            Some(_) => {}
            None if is_fence => open_fence = Some(line),
            // The next lines are part of the value.
            None if line.starts_with(':') && line.ends_with('\\') => return None,
            None if line.is_empty() || line.starts_with("//") => {}
            None if read_attribute(line).is_some() => {}
            None => {
                let title = line.strip_prefix("= ")?.trim();
                return Some(title.to_owned()).filter(|title| !title.is_empty());
            }
        }
    }
    None
}

/// Returns the fields that `jekyll-asciidoc` reads from attributes: `:page-draft: true` is `draft: true`, and
/// `:revdate:` is the date. Each has its line, counted from 0. Without a value an attribute is set, and with `!` it is unset.
pub(crate) fn read_page_attributes(source: &str) -> impl Iterator<Item = (usize, String)> {
    source.lines().enumerate().filter_map(|(at, line)| {
        let (name, value) = read_attribute(line)?;
        let name = name.to_ascii_lowercase();
        let is_unset = name.starts_with('!') || name.ends_with('!');
        let field = match name.trim_matches('!') {
            // `:revdate: {docdate}` and `:revdate: Spring` tell no day.
            "revdate"
                if value.trim().starts_with(|c: char| c.is_ascii_digit())
                    && value.contains('-') =>
            {
                "date"
            }
            name => name.strip_prefix("page-")?,
        };
        let value = match value.trim() {
            _ if is_unset => "false",
            "" => "true",
            value => value,
        };
        Some((at, format!("{field}: {value}")))
    })
}

/// Splits an attribute entry, `:name: value`.
fn read_attribute(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix(':')?.split_once(':')?;
    let is_name = !name.is_empty() && !name.contains(char::is_whitespace);
    is_name.then_some((name, value))
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
        assert_eq!(read_page_attributes(":revdate: {docdate}\n").count(), 0);
        for (source, title) in [
            ("////\n= Secret\n////\n\n= Real\n", Some("Real")),
            ("// = Secret\n:toc:\n= Real\n", Some("Real")),
            ("ifdef::draft[]\n= Secret\nendif::[]\n= Real\n", None),
            ("----\n= Secret\n----\n", None),
            ("/////\n////\n= Secret\n////\n/////\n= Real\n", Some("Real")),
            (":note: a \\\n= Secret\n", None),
        ] {
            assert_eq!(read_title(source).as_deref(), title, "{source}");
        }
    }

    #[test]
    fn attributes_are_read_in_every_spelling() {
        for (line, field) in [
            (":Page-Draft: true", "draft: true"),
            (":PAGE-DRAFT:", "draft: true"),
            (":page-locked:", "locked: true"),
            (":!page-published:", "published: false"),
            (":page-published!:", "published: false"),
            (":page-status: in review", "status: in review"),
            (":revdate: 2030-01-01", "date: 2030-01-01"),
        ] {
            let fields: Vec<_> = read_page_attributes(line).collect();
            assert_eq!(fields, [(0, field.to_owned())], "{line}");
        }
    }

    #[test]
    fn summary_is_escaped() {
        assert_eq!(
            format_summary("A & B", Some("<b>"), "https://e.org/?a&b"),
            "<p>&lt;b&gt;</p>\n<div><a href=\"https://e.org/?a&amp;b\">A &amp; B</a></div>"
        );
    }
}
