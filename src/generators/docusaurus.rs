//! Detects a Docusaurus site and reads its configuration and the options of its blogs.

use crate::detect::detected::{ContentRoot, DetectedSite};
use crate::detect::left_out_files::leave_out_listed;
use crate::detect::setting::{SettingKey, SettingSource, SettingValue};
use crate::detect::site_file::ScriptFile;
use crate::detect::site_tree;
use crate::javascript::ScriptExpression;

/// Settings, and the paths of their values in the configuration.
const SETTINGS: [(SettingKey, &str); 4] = [
    (SettingKey::Title, "title"),
    (SettingKey::Description, "tagline"),
    (SettingKey::Language, "i18n.defaultLocale"),
    (SettingKey::Url, "url"),
];

/// Reads the settings of a Docusaurus site; returns false if there is no configuration file.
pub(super) fn read_docusaurus_site(draft: &mut DetectedSite<'_>) -> bool {
    let Some(code) = draft.recognize_script("Docusaurus", &["docusaurus.config"]) else {
        return false;
    };
    for (key, path) in SETTINGS {
        draft.set_from_script(key, &code, [code.script.entry_at(path)]);
    }
    draft.append_base_path(code.resolve_text(code.script.entry_at("baseUrl")));
    draft.set_static_dir("static", "Docusaurus");
    draft.set_names("docusaurus", None);
    let slash = match code.resolve_text(code.script.entry_at("trailingSlash")) {
        Some((mode, _)) if mode == "true" => "/",
        _ => "",
    };
    let has_no_preset_blog = code
        .script
        .topmost_entry_ending("presets.blog")
        .is_some_and(|entry| code.resolve_text(Some(entry)).is_some());
    let blogs = blog_options(&code);
    if blogs.is_empty() && !has_no_preset_blog {
        let why = "Docusaurus builds posts from the files in `blog`".to_owned();
        let excluded = code.script.topmost_entry_ending("plugins.exclude");
        add_blog(
            draft,
            "blog",
            "blog",
            slash,
            // A plugin without `path` reads the same directory.
            excluded.map(|entry| code.resolve_entry(entry)),
            SettingSource::GeneratorDefault(why),
        );
    }
    for blog in blogs {
        add_blog(
            draft,
            &blog.dir,
            &blog.route,
            slash,
            blog.excluded,
            blog.source,
        );
    }
    let why = "Docusaurus reads dates without a zone as UTC".to_owned();
    draft.set_if_more_certain(
        SettingKey::Timezone,
        "UTC",
        SettingSource::GeneratorDefault(why),
    );
    let why = "Docusaurus skips names that begin with `_`".to_owned();
    let patterns = ["**/_*", "**/_*/**"].map(str::to_owned).to_vec();
    let source = SettingSource::GeneratorDefault(why);
    draft.set_if_more_certain(SettingKey::Exclude, SettingValue::List(patterns), source);
    true
}

/// Options of a blog.
struct BlogOptions {
    dir: String,
    route: String,
    /// Value of `exclude`, if it is there.
    excluded: Option<(ScriptExpression, SettingSource)>,
    source: SettingSource,
}

/// Returns the options of each blog: of the preset, and of plugins with such options.
fn blog_options(code: &ScriptFile) -> Vec<BlogOptions> {
    let mut blogs = Vec::new();
    let mut known = Vec::new();
    for entry in code.script.all_entries() {
        let above = entry.path.iter().rev().nth(1).map(String::as_str);
        let is_option = matches!(
            entry.path.last().map(String::as_str),
            Some("path" | "routeBasePath" | "exclude")
        );
        let is_plugin = above == Some("plugins") && !entry.path.ends_with(&["exclude".to_owned()]);
        let is_blog = is_option && (above == Some("blog") || is_plugin);
        if !is_blog || known.contains(&entry.object) {
            continue;
        }
        known.push(entry.object);
        let option = |name| code.resolve_text(code.script.sibling_entry(entry, name));
        let or_default =
            |text: Option<(String, _)>| text.map_or_else(|| "blog".to_owned(), |(text, _)| text);
        if let Some(dir) = site_tree::normalize_path(&or_default(option("path"))) {
            let (_, source) = code.resolve_entry(entry);
            let excluded = code.script.sibling_entry(entry, "exclude");
            blogs.push(BlogOptions {
                dir,
                route: or_default(option("routeBasePath")),
                excluded: excluded.map(|entry| code.resolve_entry(entry)),
                source,
            });
        }
    }
    blogs
}

/// Adds a blog's directory. A post's address has its `slug`, or its path with the date as directories in front.
fn add_blog(
    draft: &mut DetectedSite<'_>,
    dir: &str,
    route: &str,
    slash: &str,
    excluded: Option<(ScriptExpression, SettingSource)>,
    source: SettingSource,
) {
    let pattern = format!("/{}/:path{slash}", route.trim_matches('/')).replace("//", "/");
    let mut root = ContentRoot::with_only_posts(dir.to_owned(), source.clone());
    leave_out_listed(&mut root, draft, "exclude", excluded);
    draft
        .content_roots
        .push(root.with_permalinks(&pattern, source));
}
