//! Reads the posts with the proposed configuration, shows an address, and compares all with a built copy of the site.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::File;
use std::time::SystemTime;

use super::proposed_config::ProposedConfig;
use super::summary::{describe_source, display_path};
use crate::config::{Config, HiddenPostsMode};
use crate::detect::setting::{SettingKey, SettingSource};
use crate::detect::site_tree::{self, SiteTree};
use crate::import::{read_feed, read_sitemap_urls};
use crate::library::{DeletionPolicy, Library};
use crate::model::finding::{Finding, Rule, Severity};
use crate::model::parse_mode::ParseMode;
use crate::model::post::Post;
use crate::progress::Progress;
use crate::text::pluralize_count;
use crate::url_path;
use crate::visibility::{PostState, evaluate_visibility};

/// Maximum number of files that are read as posts, so that `init` stays quick.
const MAX_READ_FILES: usize = 50_000;
/// Maximum number of addresses that are shown as different.
const MAX_SHOWN_ADDRESSES: usize = 3;
/// Maximum number of directories of a built copy that are searched for feeds and sitemaps.
const MAX_SEARCHED_DIRS: usize = 100;
/// Maximum number of feeds or sitemaps that are read. The largest site seen has thirty sitemaps.
const MAX_READ_LISTS: usize = 60;
/// Directories that generators build sites in.
const OUTPUT_DIRS: [&str; 8] = [
    "public",
    "_site",
    "dist",
    "build",
    "out",
    "output",
    ".vitepress/dist",
    "docs/.vitepress/dist",
];
/// Settings that decide addresses, the one that decides most first.
const ADDRESS_KEYS: [SettingKey; 8] = [
    SettingKey::Permalinks,
    SettingKey::Url,
    SettingKey::Dir,
    SettingKey::Fields,
    SettingKey::Languages,
    SettingKey::Require,
    SettingKey::Include,
    SettingKey::Exclude,
];

/// Built copy of a site.
struct BuiltSite {
    /// File that lists the addresses, or the directory of the pages.
    source: String,
    /// Directory that the site's pages were built in.
    dir: String,
    /// Paths of the listed addresses.
    paths: BTreeSet<String>,
    /// True if only the newest posts are listed, as in a feed.
    lists_newest_only: bool,
}

/// Returns the newest public post with its address, the least certain setting, and how many addresses a built copy
/// of the site has, too.
pub fn format_address_check(proposed: &ProposedConfig, config: &Config, now: SystemTime) -> String {
    if proposed.post_count + proposed.other_page_count > MAX_READ_FILES {
        return String::new();
    }
    let mut library = Library::new(ParseMode::Metadata);
    let progress = Progress::default();
    let scanned = library.scan_all(config, DeletionPolicy::Immediate, now, &progress);
    if scanned.is_err() {
        return String::new();
    }
    let mut posts: Vec<&Post> = library
        .published_posts()
        .filter(|post| {
            let (evaluation, _) = evaluate_visibility(post, HiddenPostsMode::Hidden, now.into());
            evaluation.state == PostState::Public
        })
        .map(|post| &**post)
        .collect();
    posts.sort_by_key(|post| std::cmp::Reverse(post.published_at));
    let faulty = describe_faulty_posts(&library, &posts, config);
    // A post that was first published elsewhere says nothing of the site's addresses.
    let own = posts.iter().find(|post| post.permalink.is_on_site);
    let Some(newest) = own.or(posts.first()) else {
        return format!(
            "\n  no post is public with this configuration: `courant check` says why\n{faulty}"
        );
    };
    let file = config.content.dir.join(&*newest.path);
    let mut text = format!(
        "\n  compare the address of the newest post with that on your site:\n    {}\n    {}\n",
        file.display(),
        newest.permalink.url
    );
    if let Some(doubt) = describe_doubt(proposed, newest) {
        let _ = writeln!(text, "  least certain: {doubt}");
    }
    let tree = SiteTree::new(&proposed.root);
    if let Some(built) = find_built_site(&tree) {
        text.push_str(&compare_addresses(proposed, config, &tree, &built, &posts));
    }
    text + &faulty
}

/// Describes the posts that are not public because of errors. Pages without a date are counted elsewhere.
fn describe_faulty_posts(library: &Library, public: &[&Post], config: &Config) -> String {
    let public: BTreeSet<&str> = public.iter().map(|post| &*post.path).collect();
    let has_error = |findings: &[Finding]| {
        findings
            .iter()
            .any(|finding| finding.severity == Severity::Error && finding.rule != Rule::MissingDate)
    };
    let faulty: BTreeSet<&str> = library
        .findings_by_file()
        .filter(|(path, findings)| !public.contains(&***path) && has_error(findings))
        .map(|(path, _)| &**path)
        .collect();
    let Some(first) = faulty.first() else {
        return String::new();
    };
    format!(
        "\n  {} not published because of errors, such as `{}`: `courant check` lists them\n",
        pluralize_count(faulty.len(), "post"),
        config.content.dir.join(first).display()
    )
}

/// Describes the least certain of the settings that decide addresses.
fn describe_doubt(proposed: &ProposedConfig, newest: &Post) -> Option<String> {
    let settings = || proposed.settings.iter();
    let guessed = ADDRESS_KEYS.iter().find_map(|key| {
        settings().find(|setting| {
            let is_guess = matches!(
                setting.source,
                SettingSource::Guess(_) | SettingSource::Placeholder(_)
            );
            setting.key == *key && is_guess
        })
    });
    let uses_default_pattern = !settings().any(|setting| setting.key == SettingKey::Permalinks)
        && newest.permalink.field.is_none()
        && matches!(proposed.generator_name(), None | Some("Gatsby"));
    match guessed {
        _ if uses_default_pattern => Some(format!(
            "{}, the default, because no file says how addresses are made",
            SettingKey::Permalinks
        )),
        Some(setting) => {
            let source = describe_source(&proposed.root, &setting.source);
            Some(format!("{}, {source}", setting.key))
        }
        None => None,
    }
}

/// Finds a built copy: with a sitemap, else with pages, else with a feed.
fn find_built_site(tree: &SiteTree) -> Option<BuiltSite> {
    OUTPUT_DIRS.into_iter().find_map(|dir| {
        let below = tree.list_dirs(dir).into_iter().take(MAX_SEARCHED_DIRS);
        let dirs = std::iter::once(dir.to_owned())
            .chain(below.map(|name| site_tree::join_paths(dir, &name)));
        let files: Vec<String> = dirs
            .flat_map(|dir| {
                let names = tree.list_files(&dir).into_iter();
                names.map(move |name| site_tree::join_paths(&dir, &name))
            })
            .collect();
        let is_sitemap = |name: &str| name.starts_with("sitemap") && name.ends_with(".xml");
        let is_feed = |name: &str| !name.starts_with("sitemap") && name.ends_with(".xml");
        let (sitemap, sitemap_paths) =
            read_listed_paths(tree, &files, is_sitemap, MAX_READ_LISTS, read_sitemap_urls);
        let has_pages = tree.is_file(&site_tree::join_paths(dir, "index.html"));
        let (feed, feed_paths) = match sitemap_paths.is_empty() && !has_pages {
            true => read_listed_paths(tree, &files, is_feed, 1, |file| {
                let items = read_feed(file).map(|feed| feed.items).unwrap_or_default();
                items.into_iter().filter_map(|item| item.link).collect()
            }),
            false => (None, BTreeSet::new()),
        };
        let lists_newest_only = !feed_paths.is_empty();
        let source = sitemap
            .or(feed)
            .or_else(|| has_pages.then(|| dir.to_owned()))?;
        Some(BuiltSite {
            source,
            dir: dir.to_owned(),
            paths: if lists_newest_only {
                feed_paths
            } else {
                sitemap_paths
            },
            lists_newest_only,
        })
    })
}

/// Reads the addresses in the files of some names, at most `max_lists` of those that have any. Returns the first such
/// file, and the paths of all.
fn read_listed_paths(
    tree: &SiteTree,
    files: &[String],
    is_named: impl Fn(&str) -> bool,
    max_lists: usize,
    read: impl Fn(File) -> Vec<String>,
) -> (Option<String>, BTreeSet<String>) {
    let named = files
        .iter()
        .filter(|file| is_named(file.rsplit('/').next().unwrap_or(file)));
    let lists = named.take(MAX_READ_LISTS).map(|file| {
        let urls = tree.open_file(file).map(&read).unwrap_or_default();
        (file, urls)
    });
    let mut first = None;
    let mut paths = BTreeSet::new();
    for (file, urls) in lists.filter(|(_, urls)| !urls.is_empty()).take(max_lists) {
        first.get_or_insert_with(|| file.clone());
        paths.extend(urls.iter().filter_map(|url| path_of_url(url)));
    }
    (first, paths)
}

/// Returns the normalized path of an absolute URL.
fn path_of_url(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    let path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/");
    url_path::normalize_path(path)
}

/// Says how many addresses the built copy has in common with courant, and shows some that differ.
fn compare_addresses(
    proposed: &ProposedConfig,
    config: &Config,
    tree: &SiteTree,
    built: &BuiltSite,
    posts: &[&Post],
) -> String {
    let own: BTreeSet<&str> = posts
        .iter()
        .filter(|post| post.permalink.is_on_site)
        .map(|post| post.permalink.url_path())
        .collect();
    let listed: BTreeSet<&str> = built.paths.iter().map(String::as_str).collect();
    let (expected, others, place) = match built.lists_newest_only {
        true => (&listed, &own, "courant"),
        false => (&own, &listed, "there"),
    };
    let base = config.site.url.path();
    let missing: Vec<&str> = expected
        .iter()
        .filter(|path| !others.contains(*path))
        .filter(|path| built.lists_newest_only || !has_built_page(tree, built, base, path))
        .copied()
        .collect();
    let shown = display_path(&proposed.root, &built.source, None);
    let agreeing = expected.len() - missing.len();
    let count = expected.len();
    let mut text = match built.lists_newest_only {
        true => format!("  courant makes {agreeing} of the {count} addresses in `{shown}`"),
        false => format!(
            "  `{shown}` has the addresses of {agreeing} of {}",
            pluralize_count(count, "public post")
        ),
    };
    text.push_str(if missing.is_empty() {
        "\n"
    } else {
        "; missing:\n"
    });
    let by_name: BTreeMap<&str, &str> = others
        .iter()
        .map(|path| (url_path::last_segment(path), *path))
        .collect();
    for path in missing.iter().take(MAX_SHOWN_ADDRESSES) {
        let other = by_name.get(url_path::last_segment(path));
        let other = other.map_or_else(String::new, |other| format!(" ({place}: {other})"));
        let _ = writeln!(text, "    {path}{other}");
    }
    text
}

/// Returns true if the page of an address was built: `a.html`, or `a/index.html`.
fn has_built_page(tree: &SiteTree, built: &BuiltSite, base: &str, path: &str) -> bool {
    let Some(below) =
        url_path::decode_path(path).and_then(|path| Some(path.strip_prefix(base)?.to_owned()))
    else {
        return false;
    };
    let file = site_tree::join_paths(&built.dir, &below);
    let files = match file.strip_suffix('/') {
        Some(dir) => vec![format!("{dir}/index.html")],
        None if file.ends_with(".html") => vec![file],
        None => vec![format!("{file}.html"), format!("{file}/index.html")],
    };
    files.iter().any(|file| tree.is_file(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_compared_without_host_and_query() {
        for (url, path) in [
            ("https://e.org/a%2fb/?q#f", Some("/a%2Fb/")),
            ("http://localhost:1313/a", Some("/a")),
            ("https://e.org", Some("/")),
            ("/a", None),
        ] {
            assert_eq!(path_of_url(url).as_deref(), path, "{url}");
        }
        assert_eq!(url_path::last_segment("/2024/05/pier.html"), "pier");
        assert_eq!(url_path::last_segment("/log/pier/"), "pier");
    }
}
