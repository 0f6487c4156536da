//! Maps URL paths to keys of objects, so that static hosts serve each object at its path.

use crate::model::artifact::ArtifactKey;
use crate::url_path;

/// Name of the object for a path that ends with a slash. All known hosts serve it there.
const INDEX_NAME: &str = "index.html";
/// Directory of the manifest, which no output may use.
pub(super) const MANIFEST_DIRECTORY: &str = ".courant";
/// Maximum bytes of a file name: 255 on all common file systems, less the suffix of a temporary file.
const MAX_FILE_NAME_BYTES: usize = 250;
/// Maximum bytes of a key in S3, GCS and Azure, less a prefix of usual length.
const MAX_KEY_BYTES: usize = 900;

/// Rules by which paths become keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layout {
    /// Files of a static host, which guesses media types from names.
    Directory,
    /// Objects with a media type, at exactly their path.
    Store,
}

/// Precedence of a key if two outputs have the same one; the least wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum KeyRank {
    /// The path itself.
    Exact,
    /// Index file of a path that ends with a slash.
    Index,
    /// Page with `.html` after its path: GitHub Pages, Netlify and Cloudflare Pages serve it at the path.
    HtmlFile,
    /// Index file below a path without a slash: a plain nginx redirects to it.
    IndexBelow,
}

/// Returns the keys of an output; none if its path cannot be a key.
pub(super) fn object_keys(
    key: &ArtifactKey,
    url_path: &str,
    layout: Layout,
) -> Vec<(String, KeyRank)> {
    let Some(path) = url_path::decode_path(url_path) else {
        return Vec::new();
    };
    let path = path.strip_prefix('/').unwrap_or(&path);
    let is_page_without_suffix = matches!(key, ArtifactKey::CardPage(_))
        && ![".html", ".htm", ".xml"]
            .iter()
            .any(|suffix| path.ends_with(suffix));
    let keys = if path.is_empty() || path.ends_with('/') {
        vec![(format!("{path}{INDEX_NAME}"), KeyRank::Index)]
    } else if layout == Layout::Directory && is_page_without_suffix {
        vec![
            (format!("{path}.html"), KeyRank::HtmlFile),
            (format!("{path}/{INDEX_NAME}"), KeyRank::IndexBelow),
        ]
    } else {
        vec![(path.to_owned(), KeyRank::Exact)]
    };
    let mut keys = keys;
    keys.retain(|(key, _)| is_storable(key, layout));
    keys
}

/// Returns true if stores accept the key. Empty segments and control characters are not portable.
fn is_storable(key: &str, layout: Layout) -> bool {
    let max_segment = match layout {
        Layout::Directory => MAX_FILE_NAME_BYTES,
        Layout::Store => MAX_KEY_BYTES,
    };
    key.len() <= MAX_KEY_BYTES
        && !key.bytes().any(|byte| byte.is_ascii_control())
        && key.split('/').next() != Some(MANIFEST_DIRECTORY)
        && key
            .split('/')
            .all(|part| !part.is_empty() && part.len() <= max_segment && part != "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(key: ArtifactKey, layout: Layout) -> Vec<String> {
        let path = key.url_path();
        let keys = object_keys(&key, &path, layout);
        keys.into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn hosts_serve_each_key_at_its_path() {
        let card = |path: &str| ArtifactKey::CardPage(path.to_owned());
        for (key, directory, store) in [
            (ArtifactKey::Home, vec!["index.html"], vec!["index.html"]),
            (
                ArtifactKey::LanguageHome("fr".to_owned()),
                vec!["fr/index.html"],
                vec!["fr/index.html"],
            ),
            (
                card("/a/"),
                vec!["cards/a/index.html"],
                vec!["cards/a/index.html"],
            ),
            (
                card("/a"),
                vec!["cards/a.html", "cards/a/index.html"],
                vec!["cards/a"],
            ),
            (card("/a.html"), vec!["cards/a.html"], vec!["cards/a.html"]),
            (
                card("/%C3%A9%20%23/"),
                vec!["cards/é #/index.html"],
                vec!["cards/é #/index.html"],
            ),
            (ArtifactKey::Robots, vec!["robots.txt"], vec!["robots.txt"]),
        ] {
            assert_eq!(keys(key.clone(), Layout::Directory), directory, "{key:?}");
            assert_eq!(keys(key.clone(), Layout::Store), store, "{key:?}");
        }
    }

    #[test]
    fn unusable_paths_have_no_key() {
        let long = format!("/{}/", "é".repeat(200));
        for path in ["/a//b", "/a%2Fb", "/a%0Ab", &*long] {
            let key = ArtifactKey::CardPage(path.to_owned());
            assert_eq!(keys(key, Layout::Directory), Vec::<String>::new(), "{path}");
        }
    }
}
