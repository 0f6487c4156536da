//! Reads name, directories, language and categories of a post from the path of its file, as `content.rewrites` has it.

use crate::config::{Config, NameStyle};
use crate::front_matter::date;
use crate::path_segments::strip_sort_number;
use crate::text::without_extension;

/// Information from the path of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PathInfo {
    /// Directories that are part of the URL.
    pub(super) dirs: Vec<String>,
    /// File name without extension and language, or the name of its page bundle.
    pub(super) name: String,
    /// Language, if the path names one of `site.languages`.
    pub(super) language: Option<String>,
    /// Directories above Jekyll's `_posts`, which are categories.
    pub(super) categories: Vec<String>,
    /// True if the file is in Jekyll's `_posts` or `_drafts`.
    pub(super) is_in_posts: bool,
    /// True if the name begins with a day, as in Jekyll.
    pub(super) is_dated: bool,
    /// True if the file's name is `index`.
    pub(super) is_index: bool,
}

impl PathInfo {
    /// Reads a path, relative to the content directory.
    pub(super) fn from_path(path: &str, config: &Config) -> PathInfo {
        let has_languages = !config.site.languages.is_empty();
        let language = |text: &str| {
            let known = has_languages.then(|| config.site.find_language(text));
            known.flatten().map(str::to_owned)
        };
        let path = &*config.content.rewrites.rewrite_path(path);
        let mut parts: Vec<&str> = path.split('/').collect();
        let file = parts.pop().unwrap_or(path);
        let mut name = without_extension(file);
        let mut found = None;
        if let Some((before, tag)) = name.rsplit_once('.')
            && let Some(tag) = language(tag)
        {
            name = before;
            found = Some(tag);
        }
        if let Some(tag) = parts.first().and_then(|first| language(first)) {
            parts.remove(0);
            found = found.or(Some(tag));
        }
        let is_index = name == "index";
        // A page bundle of Hugo or Zola has the name of its directory.
        if is_index && let Some(bundle) = parts.pop() {
            name = bundle;
        }
        let posts = parts.iter().position(|part| *part == "_posts");
        let above = posts.map(|at| parts.iter().take(at)).into_iter().flatten();
        let categories = above.map(ToString::to_string).collect();
        let dir = config
            .content
            .dir
            .file_name()
            .and_then(|name| name.to_str());
        let is_in_posts = parts
            .iter()
            .chain(&dir)
            .any(|name| matches!(*name, "_posts" | "_drafts"));
        let is_dated = date::parse_date_prefix(name).is_some();
        let is_numbered = config.content.numbered_names || config.content.names == NameStyle::Nuxt;
        let spelled = |part: &str| {
            let part = Some(part).filter(|_| is_numbered);
            part.and_then(strip_sort_number).map(str::to_owned)
        };
        PathInfo {
            dirs: parts
                .iter()
                .filter(|part| !matches!(**part, "_posts" | "_drafts"))
                .map(|part| spelled(part).unwrap_or_else(|| (*part).to_owned()))
                .collect(),
            name: spelled(name).unwrap_or_else(|| name.to_owned()),
            language: found,
            categories,
            is_in_posts,
            is_dated,
            is_index,
        }
    }

    /// Key that the translations of one post share, and that differs between posts.
    pub(super) fn translation_key(&self) -> String {
        let parts: Vec<&str> = self
            .dirs
            .iter()
            .chain([&self.name])
            .map(String::as_str)
            .collect();
        parts.join("/")
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn location(path: &str, more: &str) -> PathInfo {
        let toml = format!("[site]\nurl = \"https://e.org\"\ntitle = \"E\"\n{more}");
        PathInfo::from_path(
            path,
            &Config::parse(&toml, "config.toml", Path::new("")).unwrap(),
        )
    }

    #[test]
    fn language_counts_only_if_the_site_has_it() {
        let of = |path| location(path, "languages = [\"fr\", \"pt-BR\"]\n");
        for (path, key, language) in [
            ("a/post.fr.md", "a/post", Some("fr")),
            ("a/post.pt-br.md", "a/post", Some("pt-BR")),
            ("a/post.en.md", "a/post", Some("en")),
            ("fr/a/post.md", "a/post", Some("fr")),
            ("fr/post/index.md", "post", Some("fr")),
            ("post/index.fr.md", "post", Some("fr")),
            ("a/post.de.md", "a/post.de", None),
            ("a/fr/post.md", "a/fr/post", None),
        ] {
            let location = of(path);
            assert_eq!(location.translation_key(), key, "{path}");
            assert_eq!(location.language.as_deref(), language, "{path}");
        }
        let none = location("a/post.fr.md", "");
        assert_eq!(
            (none.translation_key().as_str(), none.language),
            ("a/post.fr", None)
        );
    }

    #[test]
    fn directories_above_posts_are_categories() {
        let of = |path| location(path, "");
        let jekyll = of("news/local/_posts/2024-05-01-a.md");
        assert_eq!(jekyll.categories, ["news", "local"]);
        assert_eq!(jekyll.translation_key(), "news/local/2024-05-01-a");
        assert!(jekyll.is_in_posts && jekyll.is_dated);
        let other = of("2024-05-01-a.md");
        assert!(other.is_dated && !other.is_in_posts && !of("a.md").is_dated);
    }

    #[test]
    fn sort_numbers_are_removed_if_configured() {
        let path = "1.guide/02.start.md";
        assert_eq!(location(path, "").translation_key(), "1.guide/02.start");
        let numbered = location(path, "[content]\nnumbered_names = true\n");
        assert_eq!(numbered.translation_key(), "guide/start");
        for version in ["1.0.0", "1.1", "1", "1.x", "1.0.x"] {
            let path = format!("{version}/1.doc.md");
            let nuxt = location(&path, "[content]\nnames = \"nuxt\"\n");
            assert_eq!(nuxt.translation_key(), format!("{version}/doc"));
        }
    }
}
