//! Reads Astro's configuration, collections and routes.

use crate::detect::detected::{ContentRoot, DetectedSite, is_post_directory_name};
use crate::detect::left_out_files::{leave_out_underscores, retain_matches};
use crate::detect::page_routes::{PostRoute, choose_post_route, find_post_routes};
use crate::detect::pages::{MarkdownPages, largest_post_dir};
use crate::detect::setting::{SettingKey, SettingSource};
use crate::detect::site_file::ScriptFile;
use crate::detect::site_tree;
use crate::javascript::{ParsedScript, ScriptEntry, ScriptExpression};

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

/// Settings, and the usual names of their constants.
const CONSTANTS: [(SettingKey, &[&str]); 4] = [
    (
        SettingKey::Title,
        &["SITE_TITLE", "SITE.title", "SITE.name", "siteConfig.title"],
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
];

pub(super) fn read_astro_site(draft: &mut DetectedSite<'_>) -> bool {
    let Some(mut code) = draft.recognize_script("Astro", &["astro.config"]) else {
        return false;
    };
    code.imported = read_constant_files(draft);
    set_site_url(draft, &code);
    if is_starlight(&code) {
        read_starlight(draft, &code);
    }
    for constants in &code.imported {
        draft.set_all_from_script(constants, &CONSTANTS, ParsedScript::find_variable);
        let titles = constants.script.entries_ending("site.title").map(Some);
        draft.set_from_script(SettingKey::Title, constants, titles);
    }
    draft.set_from_script(
        SettingKey::Language,
        &code,
        [code.script.entry_at("i18n.defaultLocale")],
    );
    draft.set_static_dir("public", "Astro");
    let has_value = |path: &str, value: &str| {
        let found = code.resolve_text(code.script.entry_at(path));
        found.is_some_and(|(text, _)| text == value)
    };
    let mut imports = code.script.imports.iter();
    let has_sitemap = imports.any(|import| import == "@astrojs/sitemap");
    let path_end = match has_value("build.format", "file") {
        _ if has_value("trailingSlash", "never") => "",
        // `Astro.url` has the extension, and the sitemap does not.
        true if has_sitemap => "",
        true => ".html",
        false => "/",
    };
    add_content_roots(draft, &code, path_end);
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
    draft.set_from_script(SettingKey::Url, code, [code.script.entry_at("site")]);
    for constants in &code.imported {
        let script = &constants.script;
        let names = ["SITE_URL", "SITE.website", "SITE.url", "siteConfig.url"];
        let entries = names.iter().map(|name| script.find_variable(name));
        let entries = entries.chain(script.entries_ending("site.url").map(Some));
        if !draft.has_setting(SettingKey::Url) {
            draft.set_from_script(SettingKey::Url, constants, entries);
        }
    }
    draft.append_base_path(code.resolve_text(code.script.entry_at("base")));
}

/// Adds every collection that is a directory of Markdown files.
fn add_content_roots(draft: &mut DetectedSite<'_>, code: &ScriptFile, path_end: &str) {
    let mut found = read_collections(draft);
    for name in draft.tree.list_dirs("src/content") {
        let dir = site_tree::join_paths("src/content", &name);
        let mut known_dirs = found.iter().map(|(_, known)| known.dir.as_str());
        if !known_dirs
            .any(|known| !known.is_empty() && site_tree::path_below(&dir, known).is_some())
        {
            let source = SettingSource::from_file(&dir);
            let mut home = ContentRoot::new(dir, source);
            leave_out_underscores(&mut home, draft.tree);
            found.push((name, home));
        }
    }
    if found.is_empty() {
        let dir = largest_post_dir(draft.tree, "src").filter(|dir| !dir.starts_with("src/pages"));
        found.extend(dir.map(|dir| {
            let name = dir.rsplit('/').next().unwrap_or_default().to_owned();
            let source = SettingSource::Guess(format!("most files with a date are in `{dir}`"));
            (name, ContentRoot::new(dir, source))
        }));
    }
    if !found.is_empty() {
        draft.set_names("astro", None);
    }
    let is_only = found.len() == 1;
    let mut routes = find_post_routes(draft, "src/pages", ".astro");
    let locales = code.script.entry_at("i18n.locales");
    let locales = locales.map(|locales| code.resolve_entry(locales));
    let locales = locales.filter(|read| matches!(read.0, ScriptExpression::TextList(_)));
    let locales = locales.or_else(|| read_constant_locales(code));
    let default = code.resolve_text(code.script.entry_at("i18n.defaultLocale"));
    let default = default.as_ref().map(|(tag, _)| tag.as_str());
    for route in &mut routes {
        // `post.id.replace(/^en\//, "")` leaves the default language out.
        let removal = default.map(|tag| format!("id.replace({tag},)"));
        let is_removal = |(_, written): &(usize, String)| {
            let plain = written.replace(['/', '^', '\\', '"', '\'', ' '], "");
            removal.is_some_and(|removal| plain.ends_with(&removal))
        };
        if route.computed.take_if(|part| is_removal(part)).is_some() {
            route.language = Some(false);
        }
    }
    for (name, mut home) in found {
        home.has_post_name |= is_post_directory_name(&name);
        let below = site_tree::path_below(&home.dir, "src/pages").map(str::to_owned);
        // Astro makes no pages of names that begin with `_`.
        if let Some(below) = below.filter(|below| !below.split('/').any(|dir| dir.starts_with('_')))
        {
            draft
                .content_roots
                .push(add_file_routes(home, &below, path_end));
            continue;
        }
        let is_warned = home.has_post_name || is_only;
        let route = choose_post_route(&routes, &name, is_post_directory_name(&name));
        let (pattern, source) = match route {
            _ if name == "docs" && is_starlight(code) => {
                let why = "Starlight serves the collection `docs` from the site's root".to_owned();
                ("/:path".to_owned(), SettingSource::GeneratorDefault(why))
            }
            Some(PostRoute {
                computed: Some((line, written)),
                file,
                pattern,
                ..
            }) => {
                if is_warned {
                    draft.warn_of_computed_addresses(file, *line, written);
                }
                let why = format!("from {file}, where a part is computed");
                (pattern.clone(), SettingSource::Guess(why))
            }
            Some(route) if home.has_computed_ids => {
                let why = format!("from {}, but code makes the ids", route.file);
                (route.pattern.clone(), SettingSource::Guess(why))
            }
            Some(route) => (route.pattern.clone(), SettingSource::from_file(&route.file)),
            None => {
                let why = format!("from the name of the collection, `{name}`");
                (format!("/{name}/:path"), SettingSource::Guess(why))
            }
        };
        if let Some(field) = route.and_then(|route| route.slug_field.as_ref().filter(|_| is_warned))
        {
            draft.set_field("slug", field, source.clone());
        }
        if let Some(route) = route.filter(|_| home.has_post_name)
            && let Some(is_in_all) = route.language
            && let Some((ScriptExpression::TextList(tags), source)) = &locales
        {
            let mut others = routes.iter().filter(|other| other.language.is_none());
            draft.set_languages(tags.clone(), default, source.clone());
            if is_in_all && !others.any(|other| other.pattern == route.pattern) {
                draft.warn_of_default_language_prefix(source);
            }
        }
        let pattern = format!("{pattern}{path_end}");
        draft
            .content_roots
            .push(home.with_permalinks(&pattern, source));
    }
    // Files in `src/pages` may be Markdown, too.
    let pages = MarkdownPages::read_sample(draft.tree, "src/pages");
    if pages.dated_pages().next().is_some() {
        let why = "Astro builds pages from the files in `src/pages`".to_owned();
        let mut home =
            ContentRoot::new("src/pages".to_owned(), SettingSource::GeneratorDefault(why));
        leave_out_underscores(&mut home, draft.tree);
        draft
            .content_roots
            .push(add_file_routes(home, "", path_end));
    }
}

/// Sets the addresses that Astro makes of the files in this directory below `src/pages`: their paths as they are,
/// without the slugs of their posts.
fn add_file_routes(mut home: ContentRoot, below: &str, path_end: &str) -> ContentRoot {
    home.has_file_routes = true;
    let pattern = format!("/{below}/:dir/:filename{path_end}").replace("//", "/");
    let why = "Astro makes addresses of the paths in `src/pages`".to_owned();
    home.with_permalinks(&pattern, SettingSource::GeneratorDefault(why))
}

/// Reads `{ locale: "en", moreLocales: ["fr"] }` in a file of constants.
fn read_constant_locales(code: &ScriptFile) -> Option<(ScriptExpression, SettingSource)> {
    code.imported.iter().find_map(|constants| {
        let more = constants.script.entries_ending("moreLocales").next()?;
        let default = constants.script.sibling_entry(more, "locale");
        let (default, source) = constants.resolve_text(default)?;
        let ScriptExpression::TextList(mut tags) = constants.resolve_entry(more).0 else {
            return None;
        };
        tags.insert(0, default);
        Some((ScriptExpression::TextList(tags), source))
    })
}

/// Reads the collections of the content configuration, each with its name.
fn read_collections(draft: &mut DetectedSite<'_>) -> Vec<(String, ContentRoot)> {
    let mut found = Vec::new();
    let stems = ["src/content.config", "src/content/config"];
    let file = draft.tree.find_script(&stems);
    let Some(mut code) = file.and_then(|file| draft.read_script_file(&file)) else {
        return found;
    };
    let file = code.file.clone();
    let text = draft.tree.read_text(&file).unwrap_or_default();
    code.imported = read_constant_files(draft);
    for entry in code.script.entries_ending("pattern") {
        let patterns = match code.resolve_entry(entry) {
            (ScriptExpression::Text(pattern), _) => vec![pattern],
            (ScriptExpression::TextList(patterns), _) => patterns,
            _ => continue,
        };
        let base = code.script.sibling_entry(entry, "base");
        let (base, source) = match (base, code.resolve_text(base)) {
            (_, Some(read)) => read,
            (None, None) => (String::new(), SettingSource::from_line(&file, entry.line)),
            // `base` is computed.
            (Some(_), None) => continue,
        };
        let Some(mut dir) = site_tree::normalize_path(&base) else {
            continue;
        };
        let (excluded, mut included): (Vec<&str>, Vec<&str>) = patterns
            .iter()
            .map(|pattern| pattern.trim_start_matches("./"))
            .partition(|pattern| pattern.starts_with('!'));
        if dir.is_empty() {
            // Without a base the pattern begins with the directory.
            let first = included.first().copied().unwrap_or_default();
            let fixed = first.split(['*', '{', '[']).next().unwrap_or_default();
            dir = fixed.rsplit_once('/').map_or("", |(dir, _)| dir).to_owned();
            for pattern in &mut included {
                *pattern = site_tree::path_below(pattern, &dir).unwrap_or(*pattern);
            }
        }
        let Some(name) = collection_name(&code, entry).filter(|_| draft.tree.is_dir(&dir)) else {
            continue;
        };
        let mut home = ContentRoot::new(dir, source);
        let excluded = excluded.iter().map(|pattern| pattern.replace('!', ""));
        home.exclude.extend(excluded);
        let place = SettingSource::from_line(&file, entry.line);
        retain_matches(&mut home, draft.tree, &included, place);
        home.has_computed_ids = has_computed_ids(draft, &code, &text, entry);
        found.push((name, home));
    }
    found
}

/// Returns true, with a warning, if code that is not read makes the ids of the loader with this entry.
fn has_computed_ids(
    draft: &mut DetectedSite<'_>,
    code: &ScriptFile,
    text: &str,
    entry: &ScriptEntry,
) -> bool {
    let found = code.script.sibling_entry(entry, "generateId");
    let has_others = code.script.entries_ending("generateId").next().is_some();
    let line = match (found, text.split_once("generateId")) {
        (Some(found), _) => found.line,
        // A method with several statements has no entry.
        (None, Some((before, _))) if !has_others => before.matches('\n').count() + 1,
        _ => return false,
    };
    let written = found.and_then(|found| found.value.as_code());
    let written = written.unwrap_or("generateId");
    let plain = written.replace([' ', '/', '\\', '"', '\'', '?', '$', ')'], "");
    let returned = plain.rsplit("=>").next().unwrap_or_default();
    let is_path = "entry.replace(.md, entry.replace(.mdx, entry.slice(0,-3 entry.split(.[0]"
        .split(' ')
        .any(|form| form == returned);
    if is_path {
        let source = SettingSource::from_line(&code.file, line);
        draft.set_names("as-written", Some(source));
    } else {
        draft.warn_of_computed_addresses(&code.file, line, written);
    }
    !is_path
}

/// Finds the name under which a collection is exported: `collections = { blog: posts }`.
fn collection_name(code: &ScriptFile, part: &ScriptEntry) -> Option<String> {
    let variable = part.variable.as_deref()?;
    if variable == "collections" {
        return part.path.first().cloned();
    }
    let mut entries = code.script.all_entries().iter();
    let exported = entries.find(|entry| {
        entry.variable.as_deref() == Some("collections")
            && matches!(&entry.value, ScriptExpression::Reference(name) if name == variable)
    });
    let name = exported.and_then(|entry| entry.path.last());
    Some(name.map_or_else(|| variable.to_owned(), String::clone))
}

fn is_starlight(code: &ScriptFile) -> bool {
    let mut imports = code.script.imports.iter();
    imports.any(|import| import.starts_with("@astrojs/starlight"))
}

/// Sets title, description and languages of a documentation that Starlight makes.
fn read_starlight(draft: &mut DetectedSite<'_>, code: &ScriptFile) {
    for (key, name) in [
        (SettingKey::Title, "integrations.title"),
        (SettingKey::Description, "integrations.description"),
    ] {
        // A title is a text, or an object with a text for each language.
        let by_language = code.script.all_entries().iter().find(|entry| {
            let outer = entry.path.split_last().map(|(_, outer)| outer);
            outer.is_some_and(|outer| outer.iter().map(String::as_str).eq(name.split('.')))
        });
        draft.set_from_script(key, code, [code.script.entry_at(name), by_language]);
    }
    let default = code.resolve_text(code.script.entry_at("integrations.defaultLocale"));
    let mut default = default.map(|(tag, _)| tag);
    let mut tags = Vec::new();
    let mut places = Vec::new();
    let mut has_root = false;
    for entry in code.script.entries_ending("label") {
        let (outer, directory) = match entry.path.as_slice() {
            [.., outer, directory, _] => (Some(outer), directory),
            [directory, _] => (entry.variable.as_ref(), directory),
            _ => continue,
        };
        if outer.is_none_or(|outer| outer != "locales") {
            continue;
        }
        let lang = code.resolve_text(code.script.sibling_entry(entry, "lang"));
        let lang = lang.map_or_else(|| directory.clone(), |(lang, _)| lang);
        // The directory is the path of the language, which its tag may write with capitals.
        let is_tag = directory == "root" || directory.eq_ignore_ascii_case(&lang);
        let tag = if is_tag { lang } else { directory.clone() };
        if directory == "root" {
            has_root = true;
            default = Some(tag.clone());
        }
        tags.push(tag);
        places.push(SettingSource::from_line(&code.file, entry.line));
    }
    if let Some(source) = places.into_iter().next() {
        draft.set_languages(tags, default.as_deref(), source.clone());
        if !has_root {
            draft.warn_of_default_language_prefix(&source);
        }
    }
}
