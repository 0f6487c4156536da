//! Markdown, GitHub-flavoured, into HTML that is not yet safe.

use comrak::options::Options;

/// Renders a body. Raw HTML goes through as it is; the result must be sanitised.
pub(super) fn to_html(markdown: &str) -> String {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    // Japanese and Chinese put no blanks around `**`.
    options.extension.cjk_friendly_emphasis = true;
    options.render.r#unsafe = true;
    comrak::markdown_to_html(markdown, &options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn github_flavour_is_rendered() {
        let html =
            to_html("~~a~~ https://e.org\n\n| a |\n|---|\n| b |\n\n- [x] c\n\nd[^1]\n\n[^1]: e\n");
        for part in [
            "<del>a</del>",
            "<a href=\"https://e.org\">",
            "<table>",
            "checked",
            "footnote",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }
}
