//! Detects a VitePress site and reads its configuration.

use crate::detect::detected::{ContentRoot, DetectedSite};
use crate::detect::setting::{SettingKey, SettingSource, SettingValue, validate_setting};
use crate::detect::site_file::ScriptFile;
use crate::detect::site_tree;
use crate::javascript::{ParsedScript, ScriptExpression};

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
    draft.set_all_from_script(&code, &SETTINGS, ParsedScript::entry_at);
    draft.append_base_path(code.resolve_text(code.script.entry_at("base")));
    let top = code
        .file
        .split_once(".vitepress")
        .map_or("", |(top, _)| top);
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
    read_rewrites(draft, &code);
    true
}

/// Reads the rewrites. Reports a function, and a rewrite that has no equivalent.
fn read_rewrites(draft: &mut DetectedSite<'_>, code: &ScriptFile) {
    let mut rewrites: Vec<(String, String)> = Vec::new();
    let mut first_source = None;
    for entry in code.script.all_entries() {
        let [name, below @ ..] = entry.path.as_slice() else {
            continue;
        };
        if name != "rewrites" {
            continue;
        }
        let (value, source) = code.resolve_entry(entry);
        if let ([from], ScriptExpression::Text(to)) = (below, value) {
            let rewrite = (from.clone(), to);
            let value = SettingValue::Table(vec![rewrite.clone()]);
            if validate_setting(SettingKey::Rewrites, &value).is_ok() {
                rewrites.push(rewrite);
                first_source.get_or_insert(source);
                continue;
            }
        }
        warn_of_rewrites(draft, &SettingSource::from_line(&code.file, entry.line));
    }
    // `rewrites(id) { … }` has no value that can be read.
    let text = draft.tree.read_text(&code.file).unwrap_or_default();
    if let Some(at) = text.lines().position(|line| line.contains("rewrites(")) {
        warn_of_rewrites(draft, &SettingSource::from_line(&code.file, at + 1));
    }
    if let Some(source) = first_source {
        draft.set_if_more_certain(SettingKey::Rewrites, SettingValue::Table(rewrites), source);
    }
}

fn warn_of_rewrites(draft: &mut DetectedSite<'_>, source: &SettingSource) {
    draft.add_warning(
        source,
        "`rewrites` changes addresses, and is not read",
        "write `content.rewrites`, or `permalink` into the posts that it moves",
    );
}
