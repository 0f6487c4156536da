//! Detects a Nuxt Content site and reads its configuration.

use crate::detect::detected::{ContentRoot, DetectedSite, is_post_directory_name};
use crate::detect::left_out_files::{leave_out_names, leave_out_underscores, retain_matches};
use crate::detect::page_routes::{choose_post_route, find_post_routes};
use crate::detect::setting::{SettingKey, SettingSource};
use crate::detect::site_file::ScriptFile;
use crate::detect::site_tree;
use crate::javascript::{ParsedScript, ScriptExpression};
use crate::path_segments::strip_sort_number;

/// Settings, and the paths of their values in the configuration.
const SETTINGS: [(SettingKey, &[&str]); 4] = [
    (
        SettingKey::Url,
        &["site.url", "runtimeConfig.public.siteUrl", "i18n.baseUrl"],
    ),
    (
        SettingKey::Title,
        &["site.name", "app.head.title", "head.title"],
    ),
    (
        SettingKey::Description,
        &["site.description", "runtimeConfig.public.siteDescription"],
    ),
    (
        SettingKey::Language,
        &[
            "app.head.htmlAttrs.lang",
            "head.htmlAttrs.lang",
            "site.defaultLocale",
            "i18n.defaultLocale",
        ],
    ),
];

/// Reads the settings of a Nuxt Content site. Returns false if there is no Nuxt configuration file.
pub(super) fn read_nuxt_site(draft: &mut DetectedSite<'_>) -> bool {
    let Some(file) = draft.tree.find_script(&["nuxt.config"]) else {
        return false;
    };
    draft.record_tool("Nuxt Content", &file);
    if let Some(code) = draft.read_script_file(&file) {
        draft.set_all_from_script(&code, &SETTINGS, ParsedScript::entry_at);
        draft.append_base_path(code.resolve_text(code.script.entry_at("app.baseURL")));
        set_languages(draft, &code);
    }
    draft.set_static_dir("public", "Nuxt");
    let why = "Nuxt Content builds pages from the files in `content`".to_owned();
    let content_root = ContentRoot::new("content".to_owned(), SettingSource::GeneratorDefault(why));
    let why = "Nuxt's addresses have no trailing slash".to_owned();
    let mut homes = read_collections(draft);
    homes.push(content_root.with_permalinks("/:path", SettingSource::GeneratorDefault(why)));
    for mut home in homes {
        // Partial content, ignored files, and drafts.
        leave_out_underscores(&mut home, draft.tree);
        leave_out_names(&mut home, draft.tree, "-", "**/-*");
        let files = draft.tree.list_post_files(&home.dir);
        if files
            .iter()
            .any(|path| path.contains(".draft.") || path.contains(".draft/"))
        {
            home.exclude
                .extend(["**/*.draft.*", "**/*.draft/**"].map(str::to_owned));
        }
        draft.content_roots.push(home);
    }
    draft.set_names("nuxt", None);
    true
}

/// Sets the languages of the i18n module if the content has a directory for each.
fn set_languages(draft: &mut DetectedSite<'_>, code: &ScriptFile) {
    let mut tags = Vec::new();
    let mut source = SettingSource::from_file(&code.file);
    let codes = code.script.entries_ending("i18n.locales.code");
    for entry in code.script.entries_ending("i18n.locales").chain(codes) {
        let (value, place) = code.resolve_entry(entry);
        source = place;
        match value {
            ScriptExpression::Text(tag) => tags.push(tag),
            ScriptExpression::TextList(list) => tags.extend(list),
            _ => {}
        }
    }
    let read_text = |path: &str| {
        code.resolve_text(code.script.entry_at(path))
            .map(|(text, _)| text)
    };
    let strategy = read_text("i18n.strategy");
    let mut dirs = tags.iter().map(|tag| site_tree::join_paths("content", tag));
    if strategy.as_deref() != Some("no_prefix") && dirs.any(|dir| draft.tree.is_dir(&dir)) {
        let default = read_text("i18n.defaultLocale");
        draft.set_languages(tags, default.as_deref(), source.clone());
        if strategy.as_deref() == Some("prefix") {
            draft.warn_of_default_language_prefix(&source);
        }
    }
}

/// Reads the collections of pages in the content configuration.
fn read_collections(draft: &mut DetectedSite<'_>) -> Vec<ContentRoot> {
    let mut found = Vec::new();
    let file = draft.tree.find_script(&["content.config"]);
    let Some(code) = file.and_then(|file| draft.read_script_file(&file)) else {
        return found;
    };
    let pages = ["app/pages", "pages"].into_iter();
    let routes: Vec<_> = pages
        .flat_map(|pages| find_post_routes(draft, pages, ".vue"))
        .collect();
    let sources = code.script.entries_ending("source");
    for entry in sources.chain(code.script.entries_ending("source.include")) {
        let named = entry
            .path
            .iter()
            .skip_while(|name| *name != "collections")
            .nth(1);
        let name = named.or(entry.variable.as_ref());
        let is_data = name.is_some_and(|name| {
            let kind = code.script.entry_at(&format!("collections.{name}.type"));
            code.resolve_text(kind)
                .is_some_and(|(kind, _)| kind == "data")
        });
        let (Some(name), Some((include, source))) = (name, code.resolve_text(Some(entry))) else {
            continue;
        };
        let sibling = |field: &str| match entry.path.last().is_some_and(|last| last == "include") {
            true => code.script.sibling_entry(entry, field),
            false => None,
        };
        let fixed = include.split('*').next().unwrap_or_default();
        let below = fixed.rsplit_once('/').map_or("", |(below, _)| below);
        let dir = site_tree::join_paths("content", below);
        let first = below.split('/').next().unwrap_or_default();
        let is_language = draft.site_languages().iter().any(|tag| tag == first);
        if is_data
            || below.is_empty()
            || is_language
            || sibling("cwd").is_some()
            || !draft.tree.is_dir(&dir)
        {
            continue;
        }
        let mut home = ContentRoot::new(dir, source.clone());
        home.has_post_name |= is_post_directory_name(name);
        let rest = site_tree::path_below(&include, below).unwrap_or(&include);
        retain_matches(&mut home, draft.tree, &[rest], source.clone());
        if let Some(ScriptExpression::TextList(excluded)) =
            sibling("exclude").map(|entry| &entry.value)
        {
            let below = excluded
                .iter()
                .filter_map(|path| site_tree::path_below(path, below));
            home.exclude.extend(below.map(str::to_owned));
        }
        let prefix = code
            .resolve_text(sibling("prefix"))
            .map(|(prefix, _)| prefix);
        let prefix = prefix.unwrap_or_else(|| below.to_owned());
        let segments = prefix.split('/').filter(|name| !name.is_empty());
        let segments = segments.map(|name| strip_sort_number(name).unwrap_or(name));
        let pattern = ["", &segments.collect::<Vec<_>>().join("/"), ":path"].join("/");
        let route = choose_post_route(&routes, name, false).filter(|route| !route.is_by_path);
        let (pattern, source) = match route {
            Some(route) => (route.pattern.clone(), SettingSource::from_file(&route.file)),
            None => (pattern.replace("//", "/"), source),
        };
        found.push(home.with_permalinks(&pattern, source));
    }
    found
}
