//! Fills permalink patterns with the parts of a post.

use chrono::{DateTime, Datelike as _, FixedOffset, Timelike as _};
use url::Url;

use super::path_info::PathInfo;
use crate::config::{self, NameStyle, PERMALINK_PARTS};
use crate::front_matter::date;
use crate::model::post::permalink::MAX_URL_BYTES;
use crate::path_segments::{SegmentSource, join_dated_path, make_segments, slugify_jekyll};
use crate::text::truncate_encoded;
use crate::url_path;

/// Values for the parts of a pattern.
pub(super) struct PermalinkParts<'a> {
    /// Path of the file, relative to the content directory.
    pub(super) file: &'a str,
    /// Pattern that the site has for the post's directory.
    pub(super) site_pattern: &'a str,
    /// Information from the file's path.
    pub(super) location: &'a PathInfo,
    /// Slug from the front matter, in place of the file name.
    pub(super) slug: Option<&'a str>,
    /// Title from the front matter.
    pub(crate) title: Option<&'a str>,
    /// Language, if it is not the site's default.
    pub(super) language: Option<&'a str>,
    /// Date of the post, with its offset as written, or that of the site's zone.
    pub(super) published: DateTime<FixedOffset>,
    /// Labels of the categories.
    pub(super) categories: &'a [String],
    /// Rule for path segments.
    pub(super) names: NameStyle,
}

/// Parses a permalink of the front matter as a pattern, or as one of Jekyll's names for patterns; `None` if it is
/// an address.
pub(super) fn parse_pattern(written: &str) -> Option<String> {
    let style = match written {
        "pretty" => "/:categories/:year/:month/:day/:title/",
        "date" => "/:categories/:year/:month/:day/:title.html",
        "ordinal" => "/:categories/:year/:y_day/:title.html",
        "none" => "/:categories/:title.html",
        _ => {
            // Each part may become as long as a URL, so longer patterns are rejected.
            let is_pattern = written.len() <= MAX_URL_BYTES
                && !written.contains("://")
                && split_pattern(written).any(|piece| matches!(piece, PatternPiece::Part(_)));
            return is_pattern.then(|| written.to_owned());
        }
    };
    Some(style.to_owned())
}

/// Fills a pattern, which is the post's own if `of_post`.
///
/// In a post's own pattern `:title` is the file name, as in Jekyll. In the site's pattern, and in Hugo's, it is the
/// title.
pub(super) fn fill_pattern(
    pattern: &str,
    parts: &PermalinkParts<'_>,
    site: &config::SiteConfig,
    of_post: bool,
) -> Url {
    let mut path = String::new();
    let language = parts.language.filter(|_| !of_post);
    let mut own = site.language_permalinks.iter();
    let own = own.find(|(tag, _)| language.is_some_and(|known| tag.eq_ignore_ascii_case(known)));
    let pattern = own.map_or(pattern, |(_, pattern)| pattern);
    if let Some(language) = language.filter(|_| own.is_none()) {
        path.push('/');
        path.push_str(&url_path::encode_segment(&language.to_ascii_lowercase()));
        path.push('/');
    }
    let base = site.url.path();
    let is_directory = !of_post && parts.names == NameStyle::VitePress && parts.location.is_index;
    let pattern = match pattern.strip_suffix(".html") {
        Some(pattern) if is_directory => pattern,
        _ => pattern,
    };
    // A pattern that is written with the path of the site's home does not get it twice.
    for piece in split_pattern(pattern.strip_prefix(base).unwrap_or(pattern)) {
        match piece {
            PatternPiece::Text(text) => path.push_str(text),
            PatternPiece::Part(name) => path.push_str(&format_part(name, parts, site, of_post)),
        }
    }
    if is_directory {
        path.push('/');
    }
    // An empty part leaves two slashes.
    while path.contains("//") {
        path = path.replace("//", "/");
    }
    let mut url = site.url.clone();
    url.set_path(&format!("{base}{}", path.trim_start_matches('/')));
    url
}

enum PatternPiece<'a> {
    Text(&'a str),
    Part(&'a str),
}

/// Splits a pattern into text and parts. Jekyll's `:output_ext` becomes text.
fn split_pattern(pattern: &str) -> impl Iterator<Item = PatternPiece<'_>> {
    let mut first = true;
    pattern.split(':').flat_map(move |rest| {
        let is_part = !std::mem::take(&mut first);
        let end = rest
            .find(|c: char| !c.is_ascii_alphabetic() && c != '_')
            .unwrap_or(rest.len());
        let (name, text) = rest.split_at_checked(end).unwrap_or((rest, ""));
        match (is_part, name) {
            (true, "output_ext") => [PatternPiece::Text(".html"), PatternPiece::Text(text)],
            (true, name) if PERMALINK_PARTS.contains(&name) => {
                [PatternPiece::Part(name), PatternPiece::Text(text)]
            }
            _ => [PatternPiece::Text(rest), PatternPiece::Text("")],
        }
    })
}

fn format_part(
    name: &str,
    parts: &PermalinkParts<'_>,
    site: &config::SiteConfig,
    of_post: bool,
) -> String {
    let PathInfo {
        dirs, name: file, ..
    } = parts.location;
    let style = parts.names;
    let is_hugo = style.is_hugo();
    let date = match is_hugo || style.is_pelican() {
        true => parts.published,
        // The others take the day in the site's zone.
        false => parts.published.with_timezone(&site.timezone).fixed_offset(),
    };
    let is_hexo = style.is_hexo();
    // Hexo and Nuxt Content make addresses of paths only, as Eleventy does without a permalink.
    let is_of_file = is_hexo || style == NameStyle::Nuxt;
    let is_of_file = is_of_file || (style == NameStyle::Eleventy && name == "path");
    let given = parts.slug.filter(|_| !is_of_file);
    let slug = given.map(|slug| make_segments(style, SegmentSource::Slug, slug));
    let undated = strip_date_prefix(file);
    let made = |source, text: &str| make_segments(style, source, text);
    // Pelican takes a part of the file name as it is.
    let name_source = match style.is_pelican() && matches!(name, "slug" | "name") {
        true => SegmentSource::File,
        false => SegmentSource::Name,
    };
    let named = || slug.clone().unwrap_or_else(|| made(name_source, undated));
    let joined = |source, names: &[String]| {
        let segments: Vec<_> = names.iter().map(|name| made(source, name)).collect();
        segments.join("/")
    };
    let path = match name {
        "year" => format!("{:04}", date.year()),
        "short_year" => format!("{:02}", date.year() % 100),
        "month" => format!("{:02}", date.month()),
        "i_month" => date.month().to_string(),
        "day" => format!("{:02}", date.day()),
        "i_day" => date.day().to_string(),
        "y_day" => format!("{:03}", date.ordinal()),
        "hour" => format!("{:02}", date.hour()),
        "minute" => format!("{:02}", date.minute()),
        "second" => format!("{:02}", date.second()),
        "categories" if !is_hexo || !parts.categories.is_empty() => {
            joined(SegmentSource::Term, parts.categories)
        }
        "category" | "categories" => {
            let first = parts.categories.first().map(String::as_str);
            made(SegmentSource::Term, first.unwrap_or("uncategorized"))
        }
        "slugified_categories" => {
            let slugs = parts.categories.iter().map(|label| slugify_jekyll(label));
            slugs.collect::<Vec<_>>().join("/")
        }
        "title" if style == NameStyle::Jekyll => {
            made(SegmentSource::Title, given.unwrap_or(undated))
        }
        // In a post's own pattern, Hugo's `:slug` is the title if there is no slug.
        "slug_or_title" if slug.is_some() => named(),
        "slug" if !(of_post && is_hugo && slug.is_none()) => named(),
        "slug" | "title" | "slug_or_title" if is_hugo || !of_post => match parts.title {
            Some(title) => made(SegmentSource::Title, title),
            None => named(),
        },
        "slug" | "title" | "slug_or_title" => named(),
        "name" => made(name_source, undated),
        "filename" => made(SegmentSource::Name, file),
        "slug_or_filename" => slug.unwrap_or_else(|| made(SegmentSource::Name, file)),
        "dir" => joined(SegmentSource::Section, dirs),
        "section" => joined(SegmentSource::Section, dirs.get(..1).unwrap_or_default()),
        _ => match (&slug, style) {
            // The slug is the whole path.
            (Some(slug), NameStyle::Astro | NameStyle::Docusaurus) => slug.clone(),
            // Eleventy drops the name of a file that has that of its directory.
            (_, NameStyle::Eleventy) if dirs.last() == Some(file) && !parts.location.is_index => {
                joined(SegmentSource::Dir, dirs)
            }
            (None, NameStyle::Docusaurus) => {
                join_dated_path(dirs.iter().chain([file]).map(String::as_str))
            }
            _ => {
                let last = slug
                    .clone()
                    .unwrap_or_else(|| made(SegmentSource::File, file));
                format!("{}/{last}", joined(SegmentSource::Dir, dirs))
            }
        },
    };
    // Empty segments and dot segments are no part of an address.
    let path = truncate_encoded(&path, MAX_URL_BYTES);
    let mut segments: Vec<&str> = path.split('/').collect();
    segments.retain(|segment| !matches!(*segment, "" | "." | ".."));
    url_path::encode_segments(&segments.join("/"))
}

/// Removes the date that Jekyll and Zola write before a file name.
pub(super) fn strip_date_prefix(name: &str) -> &str {
    let rest =
        date::parse_date_prefix(name).map(|(_, rest)| rest.trim_start_matches(['-', '_', ' ']));
    rest.filter(|rest| !rest.is_empty()).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    /// Fills the site's or the post's own pattern for a post with the title `Low & High Water`.
    fn path_of(
        names: &str,
        pattern: &str,
        path: &str,
        slug: Option<&str>,
        of_post: bool,
    ) -> String {
        let toml = format!(
            "[site]\nurl = \"https://e.org\"\ntitle = \"E\"\n[content]\nnames = \"{names}\"\n"
        );
        let config = Config::parse(&toml, "config.toml", Path::new("")).unwrap();
        let parts = PermalinkParts {
            file: path,
            site_pattern: pattern,
            location: &PathInfo::from_path(path, &config),
            slug,
            title: Some("Low & High Water"),
            language: None,
            published: "2024-05-01T10:00:00Z".parse().unwrap(),
            categories: &["Big News".to_owned(), "At_Sea".to_owned()],
            names: config.content.names,
        };
        let url = fill_pattern(pattern, &parts, &config.site, of_post);
        url_path::normalize_path(url.path()).unwrap()
    }

    #[test]
    fn site_patterns_follow_the_generator() {
        for (names, pattern, path, expected) in [
            (
                "as-written",
                "/:path/",
                "Posts/Low Water.md",
                "/Posts/Low%20Water/",
            ),
            (
                "as-written",
                "/:title/:categories/",
                "a.md",
                "/low-high-water/big-news/at-sea/",
            ),
            ("hugo", "/:path/", "Posts/Low-Water.md", "/posts/low-water/"),
            (
                "hugo",
                "/:year/:slug_or_title/",
                "post/a.md",
                "/2024/low-high-water/",
            ),
            (
                "hugo",
                "/:section/:slug_or_filename/",
                "Post/2024-05-01-A.md",
                "/post/2024-05-01-a/",
            ),
            (
                "hugo-cased",
                "/:path/",
                "Posts/Low-Water.md",
                "/Posts/Low-Water/",
            ),
            (
                "jekyll",
                "/:year/:month/:day/:title/",
                "_posts/2024-05-01-My First Post.md",
                "/2024/05/01/My-First-Post/",
            ),
            ("jekyll", "/:title/", "_posts/2024-12-1-zh_cn.md", "/zh_cn/"),
            ("jekyll", "/:slug/", "_posts/2024-05-01-Zh_cn.md", "/zh-cn/"),
            (
                "jekyll",
                "/:filename/",
                "_posts/2024-05-01-A_b.md",
                "/2024-05-01-a-b/",
            ),
            (
                "jekyll",
                "/:categories/:title.html",
                "_posts/2024-05-01-a.md",
                "/big%20news/at_sea/a.html",
            ),
            (
                "jekyll",
                "/:slugified_categories/:title.html",
                "_posts/2024-05-01-a.md",
                "/big-news/at-sea/a.html",
            ),
            ("zola", "/:path/", "Blog/Low Water.md", "/Blog/low-water/"),
            (
                "zola",
                "/:dir/:slug/",
                "Blog/2024-05-01_Crème.md",
                "/Blog/creme/",
            ),
            (
                "astro",
                "/blog/:path/",
                "2024/NixOS-24.05.md",
                "/blog/2024/nixos-2405/",
            ),
            (
                "eleventy",
                "/:title/:path/",
                "Posts/A b.md",
                "/low-and-high-water/Posts/A%20b/",
            ),
            ("eleventy", "/blog/:path/", "Vines/Vines.md", "/blog/Vines/"),
            (
                "eleventy",
                "/blog/:path/",
                "figs/figs/index.md",
                "/blog/figs/figs/",
            ),
            (
                "hexo",
                "/:category/:path/",
                "sub/The Crane.md",
                "/Big-News/sub/The%20Crane/",
            ),
            (
                "hexo-lower",
                "/:categories/:title/",
                "a.md",
                "/big-news/at-sea/low-high-water/",
            ),
            (
                "nuxt",
                "/:path",
                "1.Blog/02.Low Water.md",
                "/blog/low-water",
            ),
            (
                "docusaurus",
                "/blog/:path",
                "2024-5-1-Low.md",
                "/blog/2024/5/1/Low",
            ),
            (
                "docusaurus-docs",
                "/:path",
                "01-guide/02-start.md",
                "/guide/start",
            ),
            (
                "pelican",
                "/:slug_or_title.html",
                "a.md",
                "/low-high-water.html",
            ),
            (
                "vitepress",
                "/:path.html",
                "posts/Low/index.md",
                "/posts/Low/",
            ),
            ("vitepress", "/:path", "posts/Low/index.md", "/posts/Low/"),
            (
                "vitepress",
                "/:path.html",
                "posts/Low.md",
                "/posts/Low.html",
            ),
            (
                "pelican",
                "/:slug_or_filename.html",
                "2024-05-01 Größe.md",
                "/2024-05-01-grosse.html",
            ),
        ] {
            let filled = path_of(names, pattern, path, None, false);
            assert_eq!(filled, expected, "{names} {pattern} {path}");
        }
    }

    #[test]
    fn slugs_follow_the_generator() {
        for (names, pattern, slug, expected) in [
            ("as-written", "/:path/", "b/C", "/a/b/C/"),
            ("as-written", "/:slug/", "Two words/C", "/two-words/c/"),
            ("as-written", "/:slug/", "../../b//./c", "/b/c/"),
            ("hugo", "/:path/", "SpringTide", "/a/springtide/"),
            (
                "hugo",
                "/:year/:slug/",
                "Spring Tide/b",
                "/2024/spring-tide/b/",
            ),
            ("hugo-cased", "/:path/", "Spring Tide", "/a/Spring-Tide/"),
            ("jekyll", "/:title/", "Spring_Tide", "/Spring_Tide/"),
            ("jekyll", "/:slug/", "Spring_Tide", "/spring-tide/"),
            ("zola", "/:path/", "Spring_Tide", "/a/spring-tide/"),
            ("astro", "/blog/:path/", "Spring/Tide", "/blog/Spring/Tide/"),
            ("eleventy", "/:slug/", "b/The-Needle", "/b/the-needle/"),
            ("eleventy", "/:path/", "b", "/a/2024-05-01-x/"),
            ("hexo", "/:path/", "b", "/a/2024-05-01-x/"),
            ("nuxt", "/:path/", "b", "/a/2024-05-01-x/"),
            ("docusaurus", "/blog/:path", "b", "/blog/b"),
            ("pelican", "/:slug_or_title.html", "Spring", "/Spring.html"),
        ] {
            let filled = path_of(names, pattern, "a/2024-05-01-x.md", Some(slug), false);
            assert_eq!(filled, expected, "{names} {pattern} {slug}");
        }
    }

    #[test]
    fn own_pattern_has_the_title_only_in_hugo() {
        let path = "2024-05-01-File.md";
        for (names, pattern, slug, expected) in [
            ("as-written", "/:title/", None, "/File/"),
            ("jekyll", "/:title/", None, "/File/"),
            ("hugo", "/Notes/:title/", None, "/Notes/low-high-water/"),
            ("hugo", "/:slug/", None, "/low-high-water/"),
            ("hugo", "/:slug/", Some("A"), "/a/"),
        ] {
            let filled = path_of(names, pattern, path, slug, true);
            assert_eq!(filled, expected, "{names} {pattern}");
        }
    }

    #[test]
    fn docs_show_the_names_as_they_are_made() {
        let docs = include_str!("../../docs/content.md");
        let (_, table) = docs.split_once("| `names` |").unwrap();
        let rows: Vec<Vec<&str>> = table
            .lines()
            .skip(2)
            .map_while(|line| line.strip_prefix("| `"))
            .map(|row| row.split('`').collect())
            .collect();
        assert!(rows.len() > 15);
        for row in rows {
            let names = row[0];
            let [.., path, _, title, _, category, _] = row.as_slice() else {
                panic!("{names}")
            };
            for (pattern, shown) in [
                ("/:path", path),
                ("/:title", title),
                ("/:category", category),
            ] {
                let filled = path_of(names, pattern, "Blog/Low Water_2.0.md", None, false);
                assert_eq!(filled, format!("/{shown}"), "{names}");
            }
        }
    }
}
