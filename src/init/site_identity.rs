//! Finds the title and URL of a site if its generator does not say them, and its former URLs.

use crate::detect::detected::DetectedSite;
use crate::detect::pages::{MarkdownPages, PostOrigin};
use crate::detect::setting::{Setting, SettingKey, SettingSource, SettingValue};
use crate::detect::site_file::{DataFile, ScriptFile};
use crate::detect::site_tree;
use crate::text::without_extension;

/// Files that hold only the domain, as GitHub Pages reads them.
const DOMAIN_FILES: [&str; 8] = [
    "CNAME",
    "static/CNAME",
    "public/CNAME",
    "src/CNAME",
    "docs/CNAME",
    "source/CNAME",
    "docs/public/CNAME",
    "content/extra/CNAME",
];
/// Directories of data files, and the names of those that describe the site.
const DATA_DIRS: [&str; 3] = ["_data", "src/_data", "data"];
const DATA_FILE_NAMES: [&str; 6] = ["site", "metadata", "meta", "config", "settings", "general"];
const DATA_FIELDS: [&str; 5] = ["url", "site_url", "siteUrl", "base_url", "site.url"];
/// Directories of the code that writes feeds.
const FEED_CODE_DIRS: &str =
    "server/routes server/api .vitepress .vitepress/theme docs/.vitepress src/pages src/utils";
/// Pages that may be the home page, and layouts that may hold its title.
const HOME_PAGES: [&str; 6] = [
    "src/pages/index.astro",
    "src/pages/index.html",
    "index.html",
    "src/index.html",
    "src/layouts/Layout.astro",
    "src/layouts/BaseLayout.astro",
];
/// Hosts where posts are republished, or that a README names, so that an address there is not the
/// site's.
const REPUBLISHING_HOSTS: [&str; 14] = [
    "gohugo.io",
    "jekyllrb.com",
    "getzola.org",
    "astro.build",
    "11ty.dev",
    "nodejs.org",
    "netlify.com",
    "shields.io",
    "medium.com",
    "dev.to",
    "hashnode.dev",
    "substack.com",
    "linkedin.com",
    "github.com",
];
/// URL that is written if the site's is not found (RFC 2606 §3).
const PLACEHOLDER_URL: &str = "https://example.org";

/// Sets the title, the URL and the former URLs. `name` is the name of the site's directory.
pub(super) fn set_url_and_title(draft: &mut DetectedSite<'_>, pages: &MarkdownPages, name: &str) {
    let package = draft.tree.read_text("package.json").ok();
    let package = package.and_then(|text| DataFile::parse_data("package.json", &text).ok());
    let package_field = |key: &str| package.as_ref().and_then(|data| data.first_text(&[key]));
    for file in DOMAIN_FILES {
        let text = draft.tree.read_text(file).unwrap_or_default();
        let domain = text.lines().next().unwrap_or_default().trim().to_owned();
        if domain.contains('.') && !domain.contains(['/', ' ', ':']) {
            draft.known_urls.push((
                format!("https://{domain}"),
                SettingSource::from_line(file, 1),
            ));
        }
    }
    // `homepage` often names the repository, not the site.
    let homepage = package_field("homepage").filter(|(url, _)| !is_republishing_host(url));
    draft.known_urls.extend(homepage);
    if !draft.has_setting(SettingKey::Url) {
        for (address, source) in draft.known_urls.clone() {
            draft.set_if_more_certain(SettingKey::Url, address, source);
        }
    }
    for (address, source) in find_data_urls(draft) {
        draft.set_if_more_certain(SettingKey::Url, address, source);
    }
    read_feed_code(draft);
    read_home_title(draft);
    let origins = pages.post_origins();
    let newest = pages.newest_origins();
    // Posts on three hosts are links to other sites.
    let mut own = newest.iter().filter(|_| newest.len() <= 2);
    let likely = own.find(|origin| !is_republishing_host(&origin.origin));
    if let Some(origin) = likely.filter(|_| !draft.has_setting(SettingKey::Url)) {
        let why = "in the newest posts' own addresses".to_owned();
        draft.set_if_more_certain(
            SettingKey::Url,
            origin.origin.as_str(),
            SettingSource::Guess(why),
        );
    }
    if !draft.has_setting(SettingKey::Url) {
        let readme = draft.tree.read_beginning("README.md").unwrap_or_default();
        draft
            .suggestions
            .extend(find_home_link(&readme).map(|url| Setting {
                key: SettingKey::Url,
                value: url.into(),
                source: SettingSource::Guess("if the link in README.md is the site".to_owned()),
            }));
        draft.settings.insert(
            SettingKey::Url,
            Setting {
                key: SettingKey::Url,
                value: PLACEHOLDER_URL.into(),
                source: SettingSource::Placeholder("the site's address was not found".to_owned()),
            },
        );
    }
    let base_path = draft.base_path.take();
    draft.append_base_path(base_path);
    if let Some((name, _)) = package_field("name") {
        let why = "the name in package.json, so replace it".to_owned();
        draft.set_if_more_certain(SettingKey::Title, name, SettingSource::Guess(why));
    }
    let why = "the name of the directory, so replace it".to_owned();
    draft.set_if_more_certain(SettingKey::Title, name, SettingSource::Guess(why));
    draft.set_if_more_certain(
        SettingKey::Title,
        "Untitled",
        SettingSource::Placeholder("the site's title was not found".to_owned()),
    );
    set_former_urls(draft, &origins);
}

/// Reads the title and URL that code gives a feed: `new Feed({ title: "…", link: siteUrl })`.
fn read_feed_code(draft: &mut DetectedSite<'_>) {
    for dir in FEED_CODE_DIRS.split(' ') {
        let mut names = draft.tree.list_files(dir);
        names.retain(|name| {
            ["feed", "Feed", "rss", "buildEnd"]
                .iter()
                .any(|word| name.contains(word))
        });
        for file in names.iter().map(|name| site_tree::join_paths(dir, name)) {
            let text = draft.tree.read_text(&file).unwrap_or_default();
            let code = ScriptFile::parse_script(&file, &text);
            let mut links = code.script.entries_ending("link");
            let feed = links.find_map(|link| {
                let (url, _) = code.resolve_text(Some(link))?;
                let (title, _) = code.resolve_text(code.script.sibling_entry(link, "title"))?;
                let is_url = url.starts_with("http");
                is_url.then_some([(SettingKey::Url, url), (SettingKey::Title, title)])
            });
            // `rss({ title: "…", items })` of Astro has no link.
            let is_feed = ["rss(", "new Feed(", "new RSS("]
                .iter()
                .any(|call| text.contains(call));
            let title = code.script.entry_at("title").filter(|_| is_feed);
            let title = code.resolve_text(title).map(|(title, _)| title);
            let title = title.map(|title| (SettingKey::Title, title));
            for (key, text) in feed.into_iter().flatten().chain(title) {
                let source = SettingSource::Guess(format!("in {file}"));
                draft.set_if_more_certain(key, text, source);
            }
        }
    }
}

/// Reads the title of the home page, unless code or a template makes it.
fn read_home_title(draft: &mut DetectedSite<'_>) {
    for file in HOME_PAGES {
        let text = draft.tree.read_beginning(file).unwrap_or_default();
        let title = text.split_once("<title>");
        let title = title.and_then(|(_, after)| after.split_once("</title>"));
        let title = title.map_or("", |(title, _)| title.trim());
        if !title.is_empty() && !title.contains(['{', '<', '&', '%', '#']) {
            let source = SettingSource::Guess(format!("the title of {file}"));
            return draft.set_if_more_certain(SettingKey::Title, title, source);
        }
    }
}

/// Finds addresses in the data files that usually describe the site.
fn find_data_urls(draft: &DetectedSite<'_>) -> Vec<(String, SettingSource)> {
    let files = DATA_DIRS.iter().flat_map(|dir| {
        let names = draft.tree.list_files(dir).into_iter();
        names
            .filter(|name| DATA_FILE_NAMES.contains(&without_extension(name)))
            .map(|name| site_tree::join_paths(dir, &name))
    });
    let data = files
        .filter(|file| !file.ends_with("js"))
        .filter_map(|file| {
            let text = draft.tree.read_text(&file).ok()?;
            let data = DataFile::parse_data(&file, &text).ok()?;
            let (url, _) = data.first_text(&DATA_FIELDS)?;
            let is_url = url.starts_with("https://") || url.starts_with("http://");
            is_url.then(|| (url, SettingSource::Guess(format!("in {file}"))))
        });
    data.collect()
}

/// Returns the first link of a text to the home page of a host.
fn find_home_link(text: &str) -> Option<&str> {
    let words = text.split(|c: char| c.is_whitespace() || "()<>[]\"'`".contains(c));
    words
        .map(|word| word.trim_end_matches(['/', '.', ',']))
        .find(|word| {
            let host = word.strip_prefix("https://");
            host.is_some_and(|host| host.contains('.') && !host.contains(['/', '?', '#', '@', '!']))
                && !is_republishing_host(word)
        })
}

/// Sets the former URLs from other origins in the posts' own addresses. Origins that may belong to
/// a different site are only suggested.
fn set_former_urls(draft: &mut DetectedSite<'_>, origins: &[PostOrigin]) {
    let Some(Setting {
        value: SettingValue::Text(url),
        ..
    }) = draft.settings.get(&SettingKey::Url)
    else {
        return;
    };
    let here = url_host(url).to_owned();
    let others: Vec<&PostOrigin> = origins
        .iter()
        .filter(|origin| url_host(&origin.origin) != here && !is_republishing_host(&origin.origin))
        .collect();
    let on_site: Vec<&PostOrigin> = origins
        .iter()
        .filter(|origin| url_host(&origin.origin) == here)
        .collect();
    let (certain, likely): (Vec<&PostOrigin>, Vec<&PostOrigin>) =
        others.iter().partition(|other| {
            let by_name = strip_www(url_host(&other.origin)) == strip_www(&here);
            let is_configured = draft
                .known_urls
                .iter()
                .any(|(url, _)| url_host(url) == url_host(&other.origin));
            // Posts have the same directories on both origins, so the site was served from both.
            let has_same_roots = other.post_count > 1
                && on_site.iter().any(|origin| {
                    origin.post_count > 1
                        && origin.roots.iter().any(|root| other.roots.contains(root))
                });
            by_name || is_configured || has_same_roots
        });
    let setting = |origins: &[&PostOrigin], more: &str| {
        let posts: usize = origins.iter().map(|origin| origin.post_count).sum();
        let why = format!("in {posts} of the posts' own addresses{more}");
        let list = origins.iter().map(|origin| origin.origin.clone()).collect();
        Setting {
            key: SettingKey::FormerUrls,
            value: SettingValue::List(list),
            source: SettingSource::Guess(why),
        }
    };
    if !certain.is_empty() {
        let Setting { key, value, source } = setting(&certain, "");
        draft.set_if_more_certain(key, value, source);
    }
    // A single post with a different origin may be a republished one.
    let likely: Vec<&PostOrigin> = likely
        .into_iter()
        .filter(|origin| origin.post_count > 1)
        .collect();
    if !likely.is_empty() && certain.is_empty() {
        draft
            .suggestions
            .push(setting(&likely, ", if the site used to be there"));
    }
}

/// Returns the host of a URL, with its port.
fn url_host(url: &str) -> &str {
    let rest = url.split("://").nth(1).unwrap_or(url);
    rest.split('/').next().unwrap_or_default()
}

fn strip_www(host: &str) -> &str {
    host.strip_prefix("www.").unwrap_or(host)
}

fn is_republishing_host(url: &str) -> bool {
    let host = url_host(url);
    REPUBLISHING_HOSTS
        .iter()
        .any(|platform| host == *platform || host.ends_with(&format!(".{platform}")))
}
