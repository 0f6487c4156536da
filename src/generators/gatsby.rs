//! Reads Gatsby's `gatsby-config`.

use super::detected::{ContentRoot, DetectedSite};
use super::setting::SettingKey;
use super::site_tree;

const CONFIG_FILES: [&str; 4] = [
    "gatsby-config.js",
    "gatsby-config.ts",
    "gatsby-config.mjs",
    "gatsby-config.cjs",
];

/// Usual names of each setting in `siteMetadata`, the most frequent first.
const METADATA_PATHS: [(SettingKey, &[&str]); 6] = [
    (SettingKey::Url, &["siteUrl", "url", "siteURL"]),
    (SettingKey::Title, &["title", "siteTitle"]),
    (SettingKey::Description, &["description", "siteDescription"]),
    (SettingKey::Language, &["language", "lang", "siteLanguage"]),
    (
        SettingKey::Twitter,
        &["twitterUsername", "social.twitter", "twitter"],
    ),
    (SettingKey::ThemeColor, &["themeColor"]),
];

pub(super) fn read_gatsby_site(draft: &mut DetectedSite<'_>) -> bool {
    let Some(file) = draft.tree.first_existing_file(&CONFIG_FILES) else {
        return false;
    };
    draft.record_tool("Gatsby", file);
    let Some(code) = draft.read_script_file(file) else {
        return true;
    };
    for (key, names) in METADATA_PATHS {
        let paths: Vec<_> = names
            .iter()
            .map(|name| format!("siteMetadata.{name}"))
            .collect();
        let entries = paths
            .iter()
            .map(|path| code.script.topmost_entry_ending(path));
        draft.set_from_script(key, &code, entries);
    }
    // `siteMetadata: require("./site-metadata.json")`
    for import in &code.script.imports {
        let Some(file) = site_tree::normalize_path(import).filter(|file| file.ends_with(".json"))
        else {
            continue;
        };
        if file == "package.json" {
            continue;
        }
        let Some(data) = draft.read_data_file(&file) else {
            continue;
        };
        for (key, names) in METADATA_PATHS {
            let paths: Vec<_> = names
                .iter()
                .flat_map(|name| [format!("siteMetadata.{name}"), (*name).to_owned()])
                .collect();
            let paths: Vec<_> = paths.iter().map(String::as_str).collect();
            draft.set_if_found(key, data.first_text(&paths));
        }
    }
    let theme_color = code.script.topmost_entry_ending("options.theme_color");
    if let Some((text, source)) = code
        .resolve_text(theme_color)
        .filter(|(text, _)| is_hex_color(text))
    {
        draft.set_if_more_certain(SettingKey::ThemeColor, text, source);
    }
    for entry in code.script.entries_ending("options.path") {
        let Some((path, source)) = code.resolve_text(Some(entry)) else {
            continue;
        };
        let Some(dir) = site_tree::normalize_path(&path) else {
            continue;
        };
        let name = code.script.sibling_entry(entry, "name");
        let name = code
            .resolve_text(name)
            .map(|(name, _)| name)
            .unwrap_or_default();
        let mut home = ContentRoot::new(dir, source);
        let known = ["content", "pages", "markdown-pages", "markdown"];
        home.has_post_name |=
            super::detected::is_post_directory_name(&name) || known.contains(&name.as_str());
        draft.content_roots.push(home);
    }
    draft.set_static_dir("static", "Gatsby");
    true
}

/// Returns true for `#rrggbb`. `site.theme_color` accepts no other form of a colour.
fn is_hex_color(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or_default();
    digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}
