//! Reads Eleventy's configuration and data files.

use super::detected::{ContentRoot, DetectedSite};
use super::pages::largest_post_dir;
use super::permalink_syntax;
use super::setting::{SettingKey, SettingSource};
use super::site_file::ScriptFile;
use super::site_tree;
use crate::javascript::ScriptExpression;

const CONFIG_FILES: [&str; 6] = [
    ".eleventy.js",
    "eleventy.config.js",
    "eleventy.config.mjs",
    "eleventy.config.cjs",
    "eleventy.config.ts",
    ".eleventy.cjs",
];
/// Usual names of the data file that describes the site.
const METADATA_NAMES: [&str; 5] = ["metadata", "site", "meta", "config", "siteMetadata"];
const METADATA_EXTENSIONS: [&str; 4] = ["js", "json", "cjs", "mjs"];

pub(super) fn read_eleventy_site(draft: &mut DetectedSite<'_>) -> bool {
    let Some(file) = draft.tree.first_existing_file(&CONFIG_FILES) else {
        return false;
    };
    draft.record_tool("Eleventy", file);
    let code = draft
        .read_script_file(file)
        .unwrap_or_else(|| ScriptFile::parse_script(file, ""));
    let written = code
        .resolve_text(code.script.topmost_entry_ending("dir.input"))
        .map(|(dir, _)| dir);
    let input = written
        .or_else(|| {
            code.script
                .call_argument("setInputDirectory")
                .map(str::to_owned)
        })
        .and_then(|dir| site_tree::normalize_path(&dir))
        .unwrap_or_default();
    let data = code
        .resolve_text(code.script.topmost_entry_ending("dir.data"))
        .map_or_else(|| "_data".to_owned(), |(dir, _)| dir);
    if let Some(data) = site_tree::normalize_path(&format!("{input}/{data}")) {
        read_metadata(draft, &data);
    }
    set_static_dir(draft, &code);
    add_content_root(draft, &input);
    true
}

/// Sets the title, URL, description and language from the usual data files.
fn read_metadata(draft: &mut DetectedSite<'_>, dir: &str) {
    const NAMES: [(SettingKey, &[&str]); 4] = [
        (
            SettingKey::Title,
            &["title", "name", "siteName", "site_name"],
        ),
        (
            SettingKey::Url,
            &["url", "siteUrl", "baseUrl", "siteURL", "site_url"],
        ),
        (
            SettingKey::Description,
            &["description", "siteDescription", "tagline"],
        ),
        (SettingKey::Language, &["language", "lang", "locale"]),
    ];
    for name in METADATA_NAMES {
        for kind in METADATA_EXTENSIONS {
            let file = site_tree::join_paths(dir, &format!("{name}.{kind}"));
            if !draft.tree.is_file(&file) {
                continue;
            }
            if kind == "json" {
                if let Some(data) = draft.read_data_file(&file) {
                    for (key, names) in NAMES {
                        draft.set_if_found(key, data.first_text(names));
                    }
                }
            } else if let Some(code) = draft.read_script_file(&file) {
                for (key, names) in NAMES {
                    let entries = names.iter().map(|name| code.script.entry_at(name));
                    draft.set_from_script(key, &code, entries);
                }
            }
        }
    }
}

/// Sets the directory that `addPassthroughCopy({ "public": "/" })` copies to the site's root.
fn set_static_dir(draft: &mut DetectedSite<'_>, code: &ScriptFile) {
    for entry in code.script.all_entries() {
        let is_root = matches!(&entry.value, ScriptExpression::Text(to) if to == "/" || to == "./");
        let dir = entry
            .path
            .last()
            .filter(|_| is_root)
            .and_then(|dir| site_tree::normalize_path(dir));
        if let Some(dir) = dir.filter(|dir| !dir.is_empty() && draft.tree.is_dir(dir)) {
            draft.set_if_more_certain(
                SettingKey::StaticDir,
                dir,
                SettingSource::from_line(&code.file, entry.line),
            );
        }
    }
}

/// Adds the directory with most posts below the input, and the permalinks of its data file.
fn add_content_root(draft: &mut DetectedSite<'_>, input: &str) {
    let Some(dir) = largest_post_dir(draft.tree, input) else {
        return;
    };
    let below = site_tree::path_below(&dir, input)
        .unwrap_or_default()
        .to_owned();
    let source = SettingSource::Guess(format!("most posts are in `{dir}`"));
    let home = ContentRoot::new(dir.clone(), source);
    let own = read_directory_permalink(draft, &dir);
    let root = if below.is_empty() {
        String::new()
    } else {
        format!("/{below}")
    };
    let why = match below.as_str() {
        "" => "Eleventy makes addresses from paths".to_owned(),
        _ => "Eleventy makes addresses from paths below its input".to_owned(),
    };
    let (pattern, source) = match own {
        Some((Ok(pattern), source)) => (pattern, source),
        Some((Err(part), source)) => {
            let message = format!("`permalink` is computed, and could not be read: `{part}`");
            let hint = "set `site.permalinks`; the annotated reference lists its parts";
            draft.add_warning(&source, message, hint);
            (format!("{root}/:path/"), SettingSource::Guess(why))
        }
        None => (
            format!("{root}/:path/"),
            SettingSource::GeneratorDefault(why),
        ),
    };
    draft
        .content_roots
        .push(home.with_permalinks(&pattern, source));
}

/// Reads `permalink` from a directory data file: `blog/blog.json`, `blog/blog.11tydata.js`. The
/// inner error is the part that cannot be converted.
fn read_directory_permalink(
    draft: &mut DetectedSite<'_>,
    dir: &str,
) -> Option<(Result<String, String>, SettingSource)> {
    let name = dir.rsplit('/').next().unwrap_or_default();
    for kind in [
        "json",
        "11tydata.json",
        "11tydata.js",
        "11tydata.cjs",
        "11tydata.mjs",
    ] {
        let file = site_tree::join_paths(dir, &format!("{name}.{kind}"));
        if !draft.tree.is_file(&file) {
            continue;
        }
        let found = if kind.ends_with("json") {
            draft
                .read_data_file(&file)
                .and_then(|data| data.first_text(&["permalink"]))
        } else {
            let code = draft.read_script_file(&file)?;
            let entry = code.script.entry_at("permalink");
            match entry.map(|entry| code.resolve_entry(entry)) {
                Some((ScriptExpression::Text(text), source)) => Some((text, source)),
                Some((ScriptExpression::Computed(text), source)) => {
                    return Some((Err(text), source));
                }
                _ => None,
            }
        };
        if let Some((text, source)) = found {
            let mut filters = text.split(['|', '}']).map(str::trim);
            if let Some(filter) = filters.find(|filter| ["slugify", "slug"].contains(filter)) {
                let names = if filter == "slug" {
                    "eleventy-slug"
                } else {
                    "eleventy"
                };
                draft.set_names(names, Some(source.clone()));
            }
            return Some((convert_permalink(&text), source));
        }
    }
    None
}

fn convert_permalink(permalink: &str) -> Result<String, String> {
    let permalink = permalink.strip_suffix("index.html").unwrap_or(permalink);
    let pattern = permalink_syntax::from_brace_syntax(permalink, |name| match name {
        "page.fileSlug" | "slug" => vec![":slug"],
        "page.filePathStem" => vec![":path"],
        "title" => vec![":title", ":slug"],
        "page.date.getFullYear()" => vec![":year"],
        _ => Vec::new(),
    })?;
    Ok(pattern.text)
}
