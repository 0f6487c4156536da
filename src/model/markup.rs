//! Names the markup languages of posts, and tells them by the file's extension.

/// Markup language of a body.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Markup {
    /// GitHub-flavoured Markdown.
    #[default]
    Markdown,
    /// Markdown with components and expressions.
    Mdx,
    /// HTML, which is sanitised as it is.
    Html,
    /// AsciiDoc, whose bodies are not rendered.
    AsciiDoc,
}

/// Extensions of the files that may be posts.
const EXTENSIONS: [(&str, Markup); 7] = [
    ("md", Markup::Markdown),
    ("markdown", Markup::Markdown),
    ("mdx", Markup::Mdx),
    ("html", Markup::Html),
    ("htm", Markup::Html),
    ("adoc", Markup::AsciiDoc),
    ("asciidoc", Markup::AsciiDoc),
];

impl Markup {
    /// Returns the markup of a file; `None` if files of this extension are not posts.
    pub(crate) fn from_path(path: &str) -> Option<Markup> {
        let (_, extension) = path.rsplit_once('.')?;
        let mut known = EXTENSIONS.into_iter();
        known
            .find(|(name, _)| extension.eq_ignore_ascii_case(name))
            .map(|(_, markup)| markup)
    }

    /// Returns true if most files of this markup are pages, and only those with front matter and a date are posts.
    pub(crate) fn is_rarely_post(self) -> bool {
        matches!(self, Markup::Html | Markup::AsciiDoc)
    }
}
