//! Detects a VitePress site and reads its configuration.

use crate::detect::detected::{ContentRoot, DetectedSite};
use crate::detect::setting::{SettingKey, SettingSource};
use crate::detect::site_tree;
use crate::javascript::ParsedScript;

/// Settings, and the paths of their values in the configuration.
const SETTINGS: [(SettingKey, &[&str]); 4] = [
    (SettingKey::Title, &["title", "locales.root.title"]),
    (
        SettingKey::Description,
        &["description", "locales.root.description"],
    ),
    (SettingKey::Language, &["lang", "locales.root.lang"]),
    (SettingKey::Url, &["sitemap.hostname"]),
];

/// Reads the settings of a VitePress site; returns false if there is no configuration file.
pub(super) fn read_vitepress_site(draft: &mut DetectedSite<'_>) -> bool {
    let stems = [".vitepress/config", "docs/.vitepress/config"];
    let Some(code) = draft.recognize_script("VitePress", &stems) else {
        return false;
    };
    let file = code.file.as_str();
    draft.set_all_from_script(&code, &SETTINGS, ParsedScript::entry_at);
    draft.append_base_path(code.resolve_text(code.script.entry_at("base")));
    let top = file.split_once(".vitepress").map_or("", |(top, _)| top);
    let written = code.resolve_text(code.script.entry_at("srcDir"));
    let why = format!(
        "VitePress builds pages from the files in `{}`",
        match top {
            "" => ".",
            top => top.trim_end_matches('/'),
        }
    );
    let (dir, source) = match written {
        Some((dir, source)) => (dir, source),
        None => (String::new(), SettingSource::GeneratorDefault(why)),
    };
    let dir = site_tree::normalize_path(&format!("{top}{dir}")).unwrap_or_default();
    draft.set_static_dir(&site_tree::join_paths(&dir, "public"), "VitePress");
    let root = ContentRoot::new(dir, source);
    let clean_urls = code
        .resolve_text(code.script.entry_at("cleanUrls"))
        .filter(|(mode, _)| mode == "true");
    let root = match clean_urls {
        Some((_, source)) => root.with_permalinks("/:path", source),
        None => {
            let why = "VitePress's addresses end in `.html` without `cleanUrls`".to_owned();
            root.with_permalinks("/:path.html", SettingSource::GeneratorDefault(why))
        }
    };
    draft.content_roots.push(root);
    draft.set_names("vitepress", None);
    let mut entries = code.script.all_entries().iter();
    let is_rewrite = |name: &String| name == "rewrites";
    if let Some(entry) = entries.find(|entry| entry.path.first().is_some_and(is_rewrite)) {
        draft.add_warning(
            &SettingSource::from_line(file, entry.line),
            "`rewrites` changes addresses, and is not read",
            "write `permalink` into the posts that it moves",
        );
    }
    true
}
