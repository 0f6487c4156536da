//! Reads links from one post to another, and finds the posts that they name.
//!
//! A link names a file, because the author does not know the address of the post. While a body is rendered, the
//! target is a URL with the scheme `x-post`. It becomes the permalink of the post if the post is public.

mod broken_links;
mod link_index;
mod open_address;
mod wiki_link;

pub(crate) use broken_links::{broken_links, report_broken_links};
pub(crate) use link_index::LinkIndex;
pub(crate) use open_address::{MAX_ADDRESS_BYTES, OpenAddress, find_open_address};
pub(crate) use wiki_link::replace_wiki_link;

use crate::url_path::{decode_path, encode_segment, encode_segments};

/// Scheme of a target in a body that is being rendered. No output contains it.
pub(crate) const LINK_SCHEME: &str = "x-post:";

/// Extensions of the files that links name. Files of other markup languages are linked by their address.
const EXTENSIONS: [&str; 3] = [".md", ".mdx", ".markdown"];

/// Extensions of files that generators copy unchanged, so that their address is their path.
const STATIC_EXTENSIONS: [&str; 12] = [
    "avif", "gif", "jpeg", "jpg", "mp3", "mp4", "pdf", "png", "svg", "webm", "webp", "zip",
];

/// Beginnings of a path from the root of the site or of its content: Zola, Docusaurus, `VitePress`.
const ROOT_PREFIXES: [&str; 4] = ["/", "@/", "@site/", "~/"];

/// Texts of which a body that links to a file by its path has one.
const FILE_LINK_MARKS: [&str; 4] = [".md", ".markdown", "filename", LINK_SCHEME];

/// Starting point of a target's path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinkAnchor {
    /// The directory of the file with the link.
    File,
    /// The root of the site or of its content.
    Root,
    /// Any directory: the path is the end of the file's path.
    Name,
}

/// Target of a link, as the author wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LinkTarget {
    pub(crate) anchor: LinkAnchor,
    /// Language that the link asks for; empty if it asks for none.
    pub(crate) language: String,
    /// Path of the file, with or without its extension.
    pub(crate) path: String,
}

impl LinkTarget {
    /// Reads a path that may begin with a mark of its starting point; `anchor` is that of a path without such a mark.
    pub(crate) fn from_path(path: &str, anchor: LinkAnchor) -> LinkTarget {
        let from_root = ROOT_PREFIXES
            .iter()
            .find_map(|prefix| path.strip_prefix(prefix));
        let anchor = match from_root {
            Some(_) => LinkAnchor::Root,
            None if path.starts_with("./") || path.starts_with("../") => LinkAnchor::File,
            None => anchor,
        };
        LinkTarget {
            anchor,
            language: String::new(),
            path: from_root.unwrap_or(path).trim_end_matches('/').to_owned(),
        }
    }

    /// Reads the address of a link to a Markdown file of the site, with its percent-encoding. `None` for any other
    /// address.
    pub(crate) fn from_href(path: &str) -> Option<LinkTarget> {
        let has_extension = EXTENSIONS.iter().any(|ending| path.ends_with(ending));
        let first = path.split('/').next().unwrap_or(path);
        if !has_extension || first.contains(':') || path.starts_with("//") {
            return None;
        }
        Some(LinkTarget::from_path(
            &decode_segments(path),
            LinkAnchor::File,
        ))
    }

    /// Writes the target as [`PostLink`] and the placeholder have it: `f::../a.md`, `n:de:a`.
    ///
    /// [`PostLink`]: crate::model::post::PostLink
    pub(crate) fn format(&self) -> String {
        let anchor = match self.anchor {
            LinkAnchor::File => 'f',
            LinkAnchor::Root => 'r',
            LinkAnchor::Name => 'n',
        };
        let [language, path] = [&self.language, &self.path].map(|text| encode_segments(text));
        format!("{anchor}:{language}:{path}")
    }

    /// Writes the placeholder URL of the target. `fragment` is empty or begins with `#`.
    pub(crate) fn format_placeholder(&self, fragment: &str) -> String {
        format!("{LINK_SCHEME}{}{fragment}", self.format())
    }

    /// Reads the result of [`LinkTarget::format`].
    pub(crate) fn parse(text: &str) -> Option<LinkTarget> {
        let (anchor, rest) = text.split_once(':')?;
        let (language, path) = rest.split_once(':')?;
        Some(LinkTarget {
            anchor: match anchor {
                "f" => LinkAnchor::File,
                "r" => LinkAnchor::Root,
                "n" => LinkAnchor::Name,
                _ => return None,
            },
            language: decode_segments(language),
            path: decode_segments(path),
        })
    }
}

/// Writes the placeholder URL of what a template tag names: a file or its name, and perhaps a fragment.
pub(crate) fn write_placeholder(
    written: &str,
    anchor: LinkAnchor,
    language: &str,
) -> Option<String> {
    let (path, fragment) = written.split_once('#').unwrap_or((written, ""));
    if path.is_empty() || written.contains(['{', '}']) {
        return None;
    }
    let target = LinkTarget {
        language: language.to_owned(),
        ..LinkTarget::from_path(path, anchor)
    };
    let fragment = match fragment {
        "" => String::new(),
        fragment => format!("#{}", encode_segment(fragment)),
    };
    Some(target.format_placeholder(&fragment))
}

/// Returns true if the address of a file is its path. That of any other file may be set in its front matter.
pub(crate) fn is_static_file(path: &str) -> bool {
    let extension = path.rsplit_once('.').map(|(_, extension)| extension);
    extension.is_some_and(|extension| STATIC_EXTENSIONS.contains(&extension))
}

/// Splits a placeholder URL into the target and the fragment, which is empty or begins with `#`. `None` for another
/// URL.
pub(crate) fn split_placeholder(url: &str) -> Option<(&str, &str)> {
    let target = url.strip_prefix(LINK_SCHEME)?;
    let end = target.find(['#', '?']).unwrap_or(target.len());
    let (target, rest) = target.split_at_checked(end)?;
    let fragment = rest.find('#').and_then(|at| rest.get(at..));
    LinkTarget::parse(target)?;
    Some((target, fragment.unwrap_or_default()))
}

/// Returns true if a body without shortcodes may link to files of the site.
pub(crate) fn may_link_files(text: &str) -> bool {
    FILE_LINK_MARKS
        .iter()
        .any(|mark| memchr::memmem::find(text.as_bytes(), mark.as_bytes()).is_some())
}

/// Decodes the escapes of each segment of a path.
fn decode_segments(path: &str) -> String {
    let decode = |segment: &str| decode_path(segment).unwrap_or_else(|| segment.to_owned());
    let segments: Vec<String> = path.split('/').map(decode).collect();
    segments.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_markdown_files_are_targets() {
        for (href, target) in [
            ("x.md", Some("f::x.md")),
            ("../a/x.mdx", Some("f::../a/x.mdx")),
            ("./my%20post.md", Some("f::./my%20post.md")),
            ("@/blog/x.md", Some("r::blog/x.md")),
            ("/blog/x.md", Some("r::blog/x.md")),
            ("@site/blog/x.md", Some("r::blog/x.md")),
            ("https://e.org/x.md", None),
            ("//e.org/x.md", None),
            ("mailto:x.md", None),
            ("x.html", None),
            ("/blog/x/", None),
        ] {
            let read = LinkTarget::from_href(href).map(|target| target.format());
            assert_eq!(read.as_deref(), target, "{href}");
        }
    }

    #[test]
    fn placeholder_keeps_target_and_fragment() {
        let target = LinkTarget {
            language: "pt-BR".to_owned(),
            ..LinkTarget::from_path("a b/é:c#d.md", LinkAnchor::Name)
        };
        let url = target.format_placeholder("#part");
        let (written, fragment) = split_placeholder(&url).unwrap();
        assert_eq!(LinkTarget::parse(written), Some(target));
        assert_eq!(fragment, "#part");
        for url in ["x-post:", "x-post:q::a", "x-post:n", "https://e.org/"] {
            assert_eq!(split_placeholder(url), None, "{url}");
        }
    }
}
