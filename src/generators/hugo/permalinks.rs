//! Converts Hugo's permalinks to patterns, for all posts or by section.

use super::configuration::{HugoConfig, SiteLanguages};
use crate::detect::detected::{ContentRoot, DetectedSite};
use crate::detect::pages::{MarkdownPage, MarkdownPages};
use crate::detect::permalink_syntax::{self, PermalinkPattern};
use crate::detect::sections::{PageSections, language_dir_names, section_name};
use crate::detect::setting::{SettingKey, SettingSource, SettingValue};
use crate::detect::site_file::{list_items, map_fields};
use crate::detect::site_tree;
use crate::front_matter::data_file::Node;

/// Taxonomies that Hugo has by default, which may have permalinks, too.
const TAXONOMIES: [&str; 4] = ["tags", "categories", "tag", "category"];

/// Sets the patterns of the addresses: one for all sections of posts, or one for each.
pub(super) fn set_permalinks(
    draft: &mut DetectedSite<'_>,
    configuration: &HugoConfig,
    languages: &SiteLanguages,
    mounted_at: &str,
    language_dirs: &[(String, String)],
    home: &mut ContentRoot,
) {
    let mut pages = MarkdownPages::read_sample(draft.tree, &home.dir);
    pages.mark_language_dirs(&language_dir_names(draft));
    let in_subdir = configuration.find_enabled(&["defaultContentLanguageInSubdir"]);
    let default_root = match &in_subdir {
        Some(_) => format!("/{}", languages.default),
        None => String::new(),
    };
    let root_of = |section: &str| {
        let first = section.split('/').next().unwrap_or_default();
        let mut dirs = language_dirs.iter();
        match dirs.find(|(dir, _)| dir.eq_ignore_ascii_case(first)) {
            Some((_, language)) if !language.eq_ignore_ascii_case(&languages.default) => "",
            None if !language_dirs.is_empty() => "",
            _ => default_root.as_str(),
        }
    };
    if mounted_at.is_empty() {
        warn_of_missing_sections(draft, configuration, home, language_dirs);
    }
    let sections = PageSections::classify_sections(&pages, &draft.post_sections);
    let (base, mut source) = read_section_pattern(configuration, draft, "", mounted_at, &[]);
    let base = format!("{}{base}", root_of(""));
    let mut patterns: Vec<(String, String)> = Vec::new();
    for section in &sections.post_sections {
        let name = match mounted_at.split('/').next() {
            Some("") | None => section_name(section),
            Some(mounted) => mounted,
        };
        let posts = pages.dated_pages();
        let posts: Vec<_> = posts.filter(|page| page.top_section() == section).collect();
        let (pattern, from) = read_section_pattern(configuration, draft, name, mounted_at, &posts);
        source = from.or(source);
        patterns.push((section.clone(), format!("{}{pattern}", root_of(section))));
    }
    let source = source.or(in_subdir.clone());
    let why = "Hugo makes addresses from paths below `content`".to_owned();
    let source = source.unwrap_or(SettingSource::GeneratorDefault(why));
    let in_subdir = in_subdir.filter(|_| language_dirs.is_empty() && languages.enabled.len() > 1);
    let first = patterns.first().map(|(_, pattern)| pattern.clone());
    let first = first.unwrap_or_else(|| base.clone());
    if let Some(in_subdir) = in_subdir {
        set_language_permalinks(draft, languages, &patterns, &first, &in_subdir);
    }
    if patterns.iter().all(|(_, pattern)| *pattern == first) {
        home.permalinks = Some((first, source));
        return;
    }
    patterns.retain(|(_, pattern)| *pattern != base);
    home.dir_permalinks = patterns;
    home.permalinks = Some((base, source));
}

/// Sets the patterns of translations that file names tell, each below the directory of its language.
fn set_language_permalinks(
    draft: &mut DetectedSite<'_>,
    languages: &SiteLanguages,
    patterns: &[(String, String)],
    first: &str,
    in_subdir: &SettingSource,
) {
    if patterns.iter().any(|(_, pattern)| pattern != first) {
        let message =
            "addresses of translations, which file names tell, have a pattern for each section";
        return draft.add_warning(in_subdir, message, "write `url` into the translations");
    }
    let below = first.strip_prefix(&format!("/{}", languages.default));
    let below = below.unwrap_or(first);
    let enabled = languages.enabled.iter().map(|(name, _)| name);
    let others = enabled.filter(|name| !name.eq_ignore_ascii_case(&languages.default));
    let patterns = others.map(|name| (name.clone(), format!("/{}{below}", name.to_lowercase())));
    let patterns = SettingValue::Table(patterns.collect());
    draft.set_if_more_certain(SettingKey::LanguagePermalinks, patterns, in_subdir.clone());
}

/// Warns of sections with permalinks that have no directory, so that the permalinks count for no post.
fn warn_of_missing_sections(
    draft: &mut DetectedSite<'_>,
    configuration: &HugoConfig,
    home: &ContentRoot,
    language_dirs: &[(String, String)],
) {
    for table in ["permalinks.page", "permalinks"] {
        let Some((data, node)) = configuration.find_node(table) else {
            continue;
        };
        for (name, pattern) in map_fields(Some(node)) {
            let languages = language_dirs.iter().map(|(dir, _)| dir.as_str());
            let mut dirs = languages.chain([""]).map(|language| {
                site_tree::join_paths(&home.dir, &site_tree::join_paths(language, name))
            });
            // Taxonomies and the site's root have permalinks, too.
            let is_section = name != "/"
                && !TAXONOMIES.contains(&name.as_str())
                && configuration
                    .find_node(&format!("taxonomies.{name}"))
                    .is_none();
            let is_used = dirs.any(|dir| draft.tree.is_dir(&dir));
            if is_section && !is_used && pattern.as_text().is_some() {
                let message = format!(
                    "`{table}` names the section `{name}`, which is no directory of `{}`",
                    home.dir
                );
                let hint =
                    "Hugo uses this pattern for no post: compare the address of one with the site";
                draft.add_warning(&data.source_of(pattern), message, hint);
            }
        }
    }
}

/// Returns the pattern of a section's posts, as Hugo writes it, and its source if there is one.
fn read_section_pattern(
    configuration: &HugoConfig,
    draft: &mut DetectedSite<'_>,
    name: &str,
    mounted_at: &str,
    posts: &[&MarkdownPage],
) -> (String, Option<SettingSource>) {
    let paths = [
        format!("permalinks.page.{name}"),
        format!("permalinks.{name}"),
    ];
    let written = configuration.find_text(&[&paths[0], &paths[1]]);
    let ugly = configuration.find_enabled(&[&format!("uglyURLs.{name}"), "uglyURLs"]);
    // With `:filename` in first place, the name after the date is the slug.
    let dates = configuration.find_node("frontmatter.date");
    let dates = list_items(dates.map(|(_, node)| node));
    let path = match dates.first().and_then(Node::as_text) {
        Some(":filename") => ":dir/:slug",
        _ => ":path",
    };
    let default = || format!("{}/{path}/", prefix_path(mounted_at));
    let (pattern, source) = match written {
        None => (default(), None),
        Some((text, source)) => match convert_permalinks(&text, mounted_at, posts) {
            Ok(pattern) => (pattern.text, Some(source)),
            Err(part) => {
                let message = format!("`{part}` in `{text}` is not supported");
                let hint = "write `url` into each post, or set `site.permalinks` without that part";
                draft.add_warning(&source, message, hint);
                (default(), None)
            }
        },
    };
    match ugly {
        Some(ugly) if pattern.ends_with('/') => {
            let path = pattern.trim_end_matches('/');
            (format!("{path}.html"), source.or(Some(ugly)))
        }
        _ => (pattern, source),
    }
}

/// Returns a path with a leading slash; nothing for an empty one.
fn prefix_path(path: &str) -> String {
    match path {
        "" => String::new(),
        path => format!("/{path}"),
    }
}

fn convert_permalinks(
    text: &str,
    mounted_at: &str,
    posts: &[&MarkdownPage],
) -> Result<PermalinkPattern, String> {
    let slugs = posts
        .iter()
        .filter(|page| page.front.get("slug").is_some())
        .count();
    let is_nested = posts
        .iter()
        .any(|page| page.parent_dir() != page.top_section());
    let text = match mounted_at.split('/').next() {
        _ if text.contains(":sections[") => text.to_owned(),
        Some("") | None if is_nested => text.replace(":sections", ":dir"),
        Some("") | None => text.replace(":sections", ":section"),
        Some(first) => text
            .replace(":sections", mounted_at)
            .replace(":section", first),
    };
    // Hugo writes pages as `index.html` in directories of their own, so addresses end in a slash.
    let is_file = text
        .rsplit('/')
        .next()
        .is_some_and(|last| last.contains('.'));
    let text = match is_file || text.ends_with('/') {
        true => text,
        false => format!("{text}/"),
    };
    permalink_syntax::from_colon_syntax(&text, |name| match name {
        "year" => vec![":year"],
        "month" => vec![":month"],
        "day" => vec![":day"],
        "yearday" => vec![":y_day"],
        "dir" => vec![":dir"],
        "section" => vec![":section"],
        // If a post has no slug, Hugo makes one from the title.
        "slug" if slugs == posts.len() => vec![":slug"],
        "slug" if slugs > 0 => vec![":slug_or_title"],
        "slug" | "title" => vec![":title"],
        "filename" | "contentbasename" => vec![":filename"],
        "slugorfilename" | "slugorcontentbasename" => vec![":slug_or_filename"],
        _ => Vec::new(),
    })
}
