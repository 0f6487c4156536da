//! Astro's configuration, its collections and its routes into what they tell of the site.

use super::draft::{Draft, Home, is_name_for_posts};
use super::pages::{Pages, densest};
use super::reader::Code;
use super::setting::{Key, Source};
use super::tree;

const FILES: [&str; 5] = [
    "astro.config.mjs",
    "astro.config.js",
    "astro.config.ts",
    "astro.config.cjs",
    "astro.config.mts",
];
/// Where sites keep their names; none of it is Astro's own rule.
const CONSTANTS: [&str; 10] = [
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
const COLLECTIONS: [&str; 4] = [
    "src/content.config.ts",
    "src/content.config.js",
    "src/content/config.ts",
    "src/content/config.js",
];
/// How deep routes are looked for.
const MAX_DEPTH: usize = 3;

pub(super) fn read(draft: &mut Draft<'_>) -> bool {
    let Some(file) = draft.tree.first_file(&FILES) else {
        return false;
    };
    draft.made_by("Astro", file);
    let constants = constants(draft);
    let mut code = draft.code(file).unwrap_or_else(|| Code::read(file, ""));
    code.others = constants;
    url(draft, &code);
    for (key, names) in [
        (
            Key::Title,
            ["SITE_TITLE", "SITE.title", "SITE.name", "siteConfig.title"].as_slice(),
        ),
        (
            Key::Description,
            &[
                "SITE_DESCRIPTION",
                "SITE.description",
                "SITE.desc",
                "siteConfig.description",
            ],
        ),
        (
            Key::Language,
            &["SITE_LANG", "SITE.lang", "siteConfig.lang"],
        ),
        (Key::Timezone, &["SITE.timezone", "siteConfig.timezone"]),
    ] {
        for constants in &code.others {
            let entries = names.iter().map(|name| constants.script.variable(name));
            draft.take_code(key, constants, entries);
        }
    }
    draft.take_code(Key::Language, &code, [code.script.at("i18n.defaultLocale")]);
    if draft.tree.is_dir("public") {
        let why = "Astro serves what is in `public` from the root of the site";
        draft.set(Key::StaticDir, "public", Source::Rule(why.to_owned()));
    }
    let never = code
        .text(code.script.at("trailingSlash"))
        .is_some_and(|(is, _)| is == "never");
    homes(draft, if never { "" } else { "/" });
    draft.tidies_names = Some("Astro");
    true
}

fn constants(draft: &mut Draft<'_>) -> Vec<Code> {
    let files = CONSTANTS.iter();
    files.filter_map(|file| draft.code(file)).collect()
}

/// `site` and, below it, `base`.
fn url(draft: &mut Draft<'_>, code: &Code) {
    let base = code
        .text(code.script.at("base"))
        .map(|(base, _)| base)
        .unwrap_or_default();
    let base = base.trim_matches('/');
    match code
        .text(code.script.at("site"))
        .filter(|_| !base.is_empty())
    {
        Some((site, source)) => {
            draft.set(
                Key::Url,
                tree::join(site.trim_end_matches('/'), base),
                source,
            );
        }
        None => draft.take_code(Key::Url, code, [code.script.at("site")]),
    }
    for constants in &code.others {
        let names = ["SITE_URL", "SITE.website", "SITE.url", "siteConfig.url"];
        let entries = names.iter().map(|name| constants.script.variable(name));
        if !draft.has(Key::Url) {
            draft.take_code(Key::Url, constants, entries);
        }
    }
}

/// Every collection that is a directory of Markdown files.
fn homes(draft: &mut Draft<'_>, end: &str) {
    let mut found: Vec<(String, String, Source)> = Vec::new();
    for file in COLLECTIONS {
        let Some(mut code) = draft.code(file) else {
            continue;
        };
        code.others = constants(draft);
        for entry in code.script.endings("base") {
            let Some((base, source)) = code.text(Some(entry)) else {
                continue;
            };
            let dir = tree::tidy(&base).filter(|dir| draft.tree.is_dir(dir));
            if let (Some(dir), Some(name)) = (dir, entry.variable.clone()) {
                found.push((name, dir, source));
            }
        }
    }
    for name in draft.tree.dirs("src/content") {
        let dir = tree::join("src/content", &name);
        if !found.iter().any(|(_, known, _)| *known == dir) {
            let source = Source::file(&dir);
            found.push((name, dir, source));
        }
    }
    if found.is_empty() {
        let dir = densest(draft.tree, "src").filter(|dir| !dir.starts_with("src/pages"));
        found.extend(dir.map(|dir| {
            let name = dir.rsplit('/').next().unwrap_or_default().to_owned();
            let source = Source::Guess(format!("most files with a date are in `{dir}`"));
            (name, dir, source)
        }));
    }
    let routes = routes(draft);
    for (name, dir, source) in found {
        let mut home = Home::new(dir, source);
        home.is_named |= is_name_for_posts(&name);
        let (pattern, source) = addresses(&name, &routes, end);
        draft.homes.push(home.with(&pattern, source));
    }
    // Pages themselves may be Markdown.
    let pages = Pages::read(draft.tree, "src/pages");
    if pages.posts().next().is_some() {
        let why = "Astro makes pages of what is in `src/pages`".to_owned();
        let home = Home::new("src/pages".to_owned(), Source::Rule(why.clone()));
        draft.homes.push(match end {
            "/" => home,
            _ => home.with("/:path", Source::Rule(why)),
        });
    }
}

/// The addresses of a collection, by the route that is named as it is, or by the only one.
fn addresses(name: &str, routes: &[(String, String)], end: &str) -> (String, Source) {
    let same = routes.iter().find(|(dir, _)| dir == name);
    let only = match routes {
        [only] if is_name_for_posts(name) => Some(only),
        _ => None,
    };
    match same.or(only) {
        Some((dir, file)) => {
            let root = if dir.is_empty() {
                String::new()
            } else {
                format!("/{dir}")
            };
            (format!("{root}/:path{end}"), Source::file(file))
        }
        None => {
            let why = format!("the name of the collection, `{name}`");
            (format!("/{name}/:path{end}"), Source::Guess(why))
        }
    }
}

/// Directories of `src/pages` that have a page for each of something, with the file that says so.
fn routes(draft: &Draft<'_>) -> Vec<(String, String)> {
    const LISTS: [&str; 6] = ["tag", "tags", "category", "categories", "author", "authors"];
    let mut routes = Vec::new();
    let mut open = vec![(String::new(), 0)];
    while let Some((dir, depth)) = open.pop() {
        let here = tree::join("src/pages", &dir);
        let names = draft.tree.files(&here).into_iter();
        let files = names.filter(|name| name.ends_with(".astro"));
        let dirs = draft.tree.dirs(&here);
        let nested = dirs.iter().map(|name| format!("{name}/index.astro"));
        let route = files
            .chain(nested)
            .map(|name| (tree::join(&here, &name), name))
            .find(|(path, name)| {
                name.starts_with('[') && !name.contains("page") && draft.tree.is_file(path)
            });
        if let Some((path, _)) = route {
            routes.push((dir.clone(), path));
        }
        for name in dirs {
            let is_list = LISTS.contains(&name.as_str()) || name.starts_with('[');
            if depth < MAX_DEPTH && !is_list {
                open.push((tree::join(&dir, &name), depth + 1));
            }
        }
    }
    routes
}
