//! Resolves the former paths of feeds, so that subscribers of a former site keep their feeds.

use super::{ArtifactKey, FeedFormat, FeedPageId, FeedScope, TERM_DIRECTORIES};
use crate::text::slugify_label;
use crate::url_path::{decode_path, encode_normalized_segment};

/// Placeholder for the name of a category, tag or author.
const SLUG_PLACEHOLDER: &str = ":slug";

/// Former path of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedAlias {
    /// Normalized path, without a slash at its end. It may have a placeholder.
    pub from: String,
    /// Path of the feed, with the same placeholder.
    pub to: String,
    /// True if the feed is served at the former path; else that redirects.
    pub is_served: bool,
}

impl FeedAlias {
    /// Creates an alias; `None` if only one of the paths has a placeholder, or one has several.
    pub fn new(from: &str, to: &str, is_served: bool) -> Option<FeedAlias> {
        let count = |path: &str| path.matches(SLUG_PLACEHOLDER).count();
        (count(from) < 2 && count(from) == count(to)).then(|| FeedAlias {
            from: from.trim_end_matches('/').to_owned(),
            to: to.to_owned(),
            is_served,
        })
    }

    /// Returns the path of the feed that had this path, with or without a slash at its end. A name becomes a slug.
    pub fn resolve(&self, path: &str) -> Option<String> {
        let path = path.trim_end_matches('/');
        let Some((before, behind)) = self.from.split_once(SLUG_PLACEHOLDER) else {
            return (path == self.from).then(|| self.to.clone());
        };
        let name = path.strip_prefix(before)?.strip_suffix(behind)?;
        let slug = slugify_label(&decode_path(name)?);
        let is_one_segment = !name.is_empty() && !name.contains('/');
        let slug = encode_normalized_segment(&slug);
        is_one_segment.then(|| self.to.replace(SLUG_PLACEHOLDER, &slug))
    }

    /// Returns the path with a name in place of the placeholder.
    pub fn example_path(path: &str) -> String {
        path.replace(SLUG_PLACEHOLDER, "x")
    }
}

/// Returns true if the path is that of one of these feeds, or may be that of a term's feed, also in these languages.
pub fn is_feed_path(path: &str, languages: &[String], feeds: &[(String, FeedFormat)]) -> bool {
    let parsed = FeedScope::from_feed_path(path);
    let is_term = parsed.is_some_and(|(scope, _)| {
        let (language, scope) = scope.split_language();
        *scope != FeedScope::Site
            && language.is_none_or(|language| languages.iter().any(|known| known == language))
    });
    is_term || feeds.iter().any(|(feed, _)| feed == path)
}

/// Returns true if an output has the path, or a page of one of these feeds may have it.
pub fn may_be_output(path: &str, languages: &[String], feeds: &[(String, FeedFormat)]) -> bool {
    let is_feed = |path: &str| is_feed_path(path, languages, feeds);
    let mut pages = FeedPageId::candidates_for_path(path).into_iter();
    let home = path.trim_matches('/');
    let is_below_terms = TERM_DIRECTORIES.iter().any(|dir| path.starts_with(dir));
    is_feed(path)
        || pages.any(|(feed, _)| is_feed(&feed))
        || home.is_empty()
        || languages.iter().any(|language| language == home)
        || ArtifactKey::is_reserved(path) && !is_below_terms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(from: &str, to: &str, path: &str) -> Option<String> {
        FeedAlias::new(from, to, false)?.resolve(path)
    }

    #[test]
    fn alias_matches_with_and_without_slash() {
        for path in ["/feed", "/feed/"] {
            let to = resolve("/feed/", "/rss.xml", path);
            assert_eq!(to.as_deref(), Some("/rss.xml"));
        }
        assert_eq!(resolve("/feed", "/rss.xml", "/feeds"), None);
    }

    #[test]
    fn placeholder_becomes_a_slug() {
        for (path, to) in [
            ("/tags/x/index.xml", Some("/tag/x/rss.xml")),
            (
                "/tags/Open%20Source/index.xml",
                Some("/tag/open-source/rss.xml"),
            ),
            ("/tags/a/b/index.xml", None),
            ("/tags//index.xml", None),
            ("/tags/index.xml", None),
            ("/tags/x/index.xml/y", None),
        ] {
            let found = resolve("/tags/:slug/index.xml", "/tag/:slug/rss.xml", path);
            assert_eq!(found.as_deref(), to, "{path}");
        }
        assert_eq!(FeedAlias::new("/a/:slug", "/rss.xml", false), None);
    }

    #[test]
    fn outputs_cannot_be_aliases() {
        let languages = ["fr".to_owned()];
        let feeds = [("/rss.xml".to_owned(), FeedFormat::Rss)];
        for (path, is_output) in [
            ("/", true),
            ("/fr", true),
            ("/rss.xml", true),
            ("/rss/2.xml", true),
            ("/rss/archive/1.xml", true),
            ("/tag/x/rss.xml", true),
            ("/fr/tag/x/atom.xml", true),
            ("/cards/a.png", true),
            ("/sitemap.xml", true),
            ("/robots.txt", true),
            ("/feed", false),
            ("/rss", false),
            ("/blog/rss.xml", false),
            ("/tag/x/feed", false),
            ("/tags/x/index.xml", false),
        ] {
            let found = may_be_output(path, &languages, &feeds);
            assert_eq!(found, is_output, "{path}");
        }
    }
}
