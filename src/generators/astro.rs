//! Reads Astro's configuration, collections and routes.

use super::detected::{ContentRoot, DetectedSite, is_post_directory_name};
use super::pages::{MarkdownPages, largest_post_dir};
use super::setting::{SettingKey, SettingSource};
use super::site_file::ScriptFile;
use super::site_tree;

const CONFIG_FILES: [&str; 5] = [
    "astro.config.mjs",
    "astro.config.js",
    "astro.config.ts",
    "astro.config.cjs",
    "astro.config.mts",
];
/// Files where sites usually define their title and URL. Astro itself prescribes none.
const CONSTANT_FILES: [&str; 10] = [
    "src/consts.ts",
    "src/consts.js",
    "src/constants.ts",
    "src/config.ts",
    "src/config.js",
    "src/site.config.ts",
    "src/site-config.ts",
    "src/siteConfig.ts",
    "src/data/site.ts",
    "src/lib/consts.ts",
];
const COLLECTION_FILES: [&str; 4] = [
    "src/content.config.ts",
    "src/content.config.js",
    "src/content/config.ts",
    "src/content/config.js",
];
/// Maximum depth of directories below `src/pages` that are searched for routes.
const MAX_ROUTE_DEPTH: usize = 3;

pub(super) fn read_astro_site(draft: &mut DetectedSite<'_>) -> bool {
    let Some(file) = draft.tree.first_existing_file(&CONFIG_FILES) else {
        return false;
    };
    draft.record_tool("Astro", file);
    let constants = read_constant_files(draft);
    let mut code = draft
        .read_script_file(file)
        .unwrap_or_else(|| ScriptFile::parse_script(file, ""));
    code.imported = constants;
    set_site_url(draft, &code);
    for (key, names) in [
        (
            SettingKey::Title,
            ["SITE_TITLE", "SITE.title", "SITE.name", "siteConfig.title"].as_slice(),
        ),
        (
            SettingKey::Description,
            &[
                "SITE_DESCRIPTION",
                "SITE.description",
                "SITE.desc",
                "siteConfig.description",
            ],
        ),
        (
            SettingKey::Language,
            &["SITE_LANG", "SITE.lang", "siteConfig.lang"],
        ),
        (
            SettingKey::Timezone,
            &["SITE.timezone", "siteConfig.timezone"],
        ),
    ] {
        for constants in &code.imported {
            let entries = names
                .iter()
                .map(|name| constants.script.find_variable(name));
            draft.set_from_script(key, constants, entries);
        }
    }
    draft.set_from_script(
        SettingKey::Language,
        &code,
        [code.script.entry_at("i18n.defaultLocale")],
    );
    draft.set_static_dir("public", "Astro");
    let has_no_trailing_slash = code
        .resolve_text(code.script.entry_at("trailingSlash"))
        .is_some_and(|(mode, _)| mode == "never");
    add_content_roots(draft, if has_no_trailing_slash { "" } else { "/" });
    draft.name_normalizer = Some("Astro");
    true
}

fn read_constant_files(draft: &mut DetectedSite<'_>) -> Vec<ScriptFile> {
    let files = CONSTANT_FILES.iter();
    files
        .filter_map(|file| draft.read_script_file(file))
        .collect()
}

/// Sets the site's URL from `site` and `base`.
fn set_site_url(draft: &mut DetectedSite<'_>, code: &ScriptFile) {
    let base = code
        .resolve_text(code.script.entry_at("base"))
        .map(|(base, _)| base)
        .unwrap_or_default();
    let base = base.trim_matches('/');
    match code
        .resolve_text(code.script.entry_at("site"))
        .filter(|_| !base.is_empty())
    {
        Some((site, source)) => {
            draft.set_if_more_certain(
                SettingKey::Url,
                site_tree::join_paths(site.trim_end_matches('/'), base),
                source,
            );
        }
        None => draft.set_from_script(SettingKey::Url, code, [code.script.entry_at("site")]),
    }
    for constants in &code.imported {
        let names = ["SITE_URL", "SITE.website", "SITE.url", "siteConfig.url"];
        let entries = names
            .iter()
            .map(|name| constants.script.find_variable(name));
        if !draft.has_setting(SettingKey::Url) {
            draft.set_from_script(SettingKey::Url, constants, entries);
        }
    }
}

/// Adds every collection that is a directory of Markdown files.
fn add_content_roots(draft: &mut DetectedSite<'_>, path_end: &str) {
    let mut found: Vec<(String, String, SettingSource)> = Vec::new();
    for file in COLLECTION_FILES {
        let Some(mut code) = draft.read_script_file(file) else {
            continue;
        };
        code.imported = read_constant_files(draft);
        for entry in code.script.entries_ending("base") {
            let Some((base, source)) = code.resolve_text(Some(entry)) else {
                continue;
            };
            let dir = site_tree::normalize_path(&base).filter(|dir| draft.tree.is_dir(dir));
            if let (Some(dir), Some(name)) = (dir, entry.variable.clone()) {
                found.push((name, dir, source));
            }
        }
    }
    for name in draft.tree.list_dirs("src/content") {
        let dir = site_tree::join_paths("src/content", &name);
        if !found.iter().any(|(_, known, _)| *known == dir) {
            let source = SettingSource::from_file(&dir);
            found.push((name, dir, source));
        }
    }
    if found.is_empty() {
        let dir = largest_post_dir(draft.tree, "src").filter(|dir| !dir.starts_with("src/pages"));
        found.extend(dir.map(|dir| {
            let name = dir.rsplit('/').next().unwrap_or_default().to_owned();
            let source = SettingSource::Guess(format!("most files with a date are in `{dir}`"));
            (name, dir, source)
        }));
    }
    let routes = find_page_routes(draft);
    for (name, dir, source) in found {
        let mut home = ContentRoot::new(dir, source);
        home.has_post_name |= is_post_directory_name(&name);
        let (pattern, source) = collection_permalinks(&name, &routes, path_end);
        draft
            .content_roots
            .push(home.with_permalinks(&pattern, source));
    }
    // Files in `src/pages` may be Markdown, too.
    let pages = MarkdownPages::read_sample(draft.tree, "src/pages");
    if pages.dated_pages().next().is_some() {
        let why = "Astro builds pages from the files in `src/pages`".to_owned();
        let home = ContentRoot::new(
            "src/pages".to_owned(),
            SettingSource::GeneratorDefault(why.clone()),
        );
        draft.content_roots.push(match path_end {
            "/" => home,
            _ => home.with_permalinks("/:path", SettingSource::GeneratorDefault(why)),
        });
    }
}

/// Returns the address pattern of a collection, from the route of the same name or the only route.
fn collection_permalinks(
    name: &str,
    routes: &[(String, String)],
    path_end: &str,
) -> (String, SettingSource) {
    let same = routes.iter().find(|(dir, _)| dir == name);
    let only = match routes {
        [only] if is_post_directory_name(name) => Some(only),
        _ => None,
    };
    match same.or(only) {
        Some((dir, file)) => {
            let root = if dir.is_empty() {
                String::new()
            } else {
                format!("/{dir}")
            };
            (
                format!("{root}/:path{path_end}"),
                SettingSource::from_file(file),
            )
        }
        None => {
            let why = format!("from the name of the collection, `{name}`");
            (
                format!("/{name}/:path{path_end}"),
                SettingSource::Guess(why),
            )
        }
    }
}

/// Finds directories of `src/pages` that have a dynamic route, with the file of the route.
fn find_page_routes(draft: &DetectedSite<'_>) -> Vec<(String, String)> {
    const TAXONOMY_DIRS: [&str; 6] = ["tag", "tags", "category", "categories", "author", "authors"];
    let mut routes = Vec::new();
    let mut pending = vec![(String::new(), 0)];
    while let Some((dir, depth)) = pending.pop() {
        let here = site_tree::join_paths("src/pages", &dir);
        let names = draft.tree.list_files(&here).into_iter();
        let files = names.filter(|name| name.ends_with(".astro"));
        let dirs = draft.tree.list_dirs(&here);
        let nested = dirs.iter().map(|name| format!("{name}/index.astro"));
        let route = files
            .chain(nested)
            .map(|name| (site_tree::join_paths(&here, &name), name))
            .find(|(path, name)| {
                name.starts_with('[') && !name.contains("page") && draft.tree.is_file(path)
            });
        if let Some((path, _)) = route {
            routes.push((dir.clone(), path));
        }
        for name in dirs {
            let is_list = TAXONOMY_DIRS.contains(&name.as_str()) || name.starts_with('[');
            if depth < MAX_ROUTE_DEPTH && !is_list {
                pending.push((site_tree::join_paths(&dir, &name), depth + 1));
            }
        }
    }
    routes
}
