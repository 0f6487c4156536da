//! Gatsby's `gatsby-config` into what it tells of the site.

use super::draft::{Draft, Home};
use super::setting::{Key, Source};
use super::tree;

const FILES: [&str; 4] = [
    "gatsby-config.js",
    "gatsby-config.ts",
    "gatsby-config.mjs",
    "gatsby-config.cjs",
];

/// What `siteMetadata` calls each thing, in the order of habit.
const METADATA: [(Key, &[&str]); 6] = [
    (Key::Url, &["siteUrl", "url", "siteURL"]),
    (Key::Title, &["title", "siteTitle"]),
    (Key::Description, &["description", "siteDescription"]),
    (Key::Language, &["language", "lang", "siteLanguage"]),
    (
        Key::Twitter,
        &["twitterUsername", "social.twitter", "twitter"],
    ),
    (Key::ThemeColor, &["themeColor"]),
];

pub(super) fn read(draft: &mut Draft<'_>) -> bool {
    let Some(file) = draft.tree.first_file(&FILES) else {
        return false;
    };
    draft.made_by("Gatsby", file);
    let Some(code) = draft.code(file) else {
        return true;
    };
    for (key, names) in METADATA {
        let paths: Vec<_> = names
            .iter()
            .map(|name| format!("siteMetadata.{name}"))
            .collect();
        let entries = paths.iter().map(|path| code.script.ending(path));
        draft.take_code(key, &code, entries);
    }
    // `siteMetadata: require("./site-metadata.json")`
    for import in &code.script.imports {
        let Some(file) = tree::tidy(import).filter(|file| file.ends_with(".json")) else {
            continue;
        };
        if file == "package.json" {
            continue;
        }
        let Some(data) = draft.data(&file) else {
            continue;
        };
        for (key, names) in METADATA {
            let paths: Vec<_> = names
                .iter()
                .flat_map(|name| [format!("siteMetadata.{name}"), (*name).to_owned()])
                .collect();
            let paths: Vec<_> = paths.iter().map(String::as_str).collect();
            draft.take(key, data.text(&paths));
        }
    }
    let colour = code.script.ending("options.theme_color");
    if let Some((text, source)) = code.text(colour).filter(|(text, _)| is_colour(text)) {
        draft.set(Key::ThemeColor, text, source);
    }
    for entry in code.script.endings("options.path") {
        let Some((path, source)) = code.text(Some(entry)) else {
            continue;
        };
        let Some(dir) = tree::tidy(&path) else {
            continue;
        };
        let name = code.script.beside(entry, "name");
        let name = code.text(name).map(|(name, _)| name).unwrap_or_default();
        let mut home = Home::new(dir, source);
        let known = ["content", "pages", "markdown-pages", "markdown"];
        home.is_named |= super::draft::is_name_for_posts(&name) || known.contains(&name.as_str());
        draft.homes.push(home);
    }
    if draft.tree.is_dir("static") {
        let why = "Gatsby serves what is in `static` from the root of the site";
        draft.set(Key::StaticDir, "static", Source::Rule(why.to_owned()));
    }
    true
}

/// Other forms are colours too, but not the setting's.
fn is_colour(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or_default();
    digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}
