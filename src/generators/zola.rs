//! Detects the settings of a Zola site from its `zola.toml` or `config.toml`.

use crate::detect::detected::{ContentRoot, DetectedSite};
use crate::detect::left_out_files::leave_out_matches;
use crate::detect::pages::MarkdownPages;
use crate::detect::setting::{SettingKey, SettingSource, SettingValue};
use crate::detect::site_file::{DataFile, list_items, map_fields, text_with_source};
use crate::front_matter::data_file;

const CONFIG_FILES: [&str; 2] = ["zola.toml", "config.toml"];

/// Adds what is found to `draft`. Returns false if the site does not use Zola.
pub(super) fn read_zola_site(draft: &mut DetectedSite<'_>) -> bool {
    let Some(file) = draft.tree.first_existing_file(&CONFIG_FILES) else {
        return false;
    };
    // A file that does not parse counts as Zola's if the site has Zola's directories.
    let has_zola_dirs = ["templates", "sass"]
        .iter()
        .any(|dir| draft.tree.is_dir(dir))
        && draft.tree.is_dir("content");
    let text = draft.tree.read_text(file).unwrap_or_default();
    let is_zola = match DataFile::parse_data(file, &text) {
        Ok(data) => data.root.get("base_url").is_some(),
        Err(_) => has_zola_dirs,
    };
    if !is_zola {
        return false;
    }
    draft.record_tool("Zola", file);
    let data = draft.read_data_file(file);
    if let Some(data) = &data {
        draft.set_if_found(SettingKey::Url, data.first_text(&["base_url"]));
        draft.set_if_found(SettingKey::Title, data.first_text(&["title"]));
        draft.set_if_found(SettingKey::Description, data.first_text(&["description"]));
        draft.set_if_found(SettingKey::Language, data.first_text(&["default_language"]));
        draft.set_if_found(
            SettingKey::Twitter,
            data.first_text(&["extra.twitter", "extra.social.twitter"]),
        );
        set_languages(draft, data);
    }
    draft.set_static_dir("static", "Zola");
    let keeps_date_prefix = data
        .as_ref()
        .and_then(|data| data.first_text(&["slugify.paths_keep_dates"]))
        .is_some_and(|(text, _)| text == "true");
    add_content_root(draft, data.as_ref(), keeps_date_prefix);
    draft.read_home_page("content/_index.md");
    let slugify = data
        .as_ref()
        .and_then(|data| data.first_text(&["slugify.paths"]));
    let names = match slugify.as_ref().map(|(text, _)| text.as_str()) {
        Some("safe") => "zola-safe",
        Some("off") => "zola-off",
        _ => "zola",
    };
    draft.set_names(names, slugify.map(|(_, source)| source));
    true
}

fn set_languages(draft: &mut DetectedSite<'_>, data: &DataFile) {
    let languages = map_fields(data.root.get("languages"));
    let Some((_, first)) = languages.first() else {
        return;
    };
    let default = data.first_text(&["default_language"]).map(|(text, _)| text);
    let default = default.unwrap_or_else(|| "en".to_owned());
    let mut language_codes = vec![default.clone()];
    language_codes.extend(
        languages
            .iter()
            .map(|(name, _)| name.clone())
            .filter(|name| *name != default),
    );
    if language_codes.len() > 1 {
        draft.set_if_more_certain(
            SettingKey::Languages,
            SettingValue::List(language_codes),
            data.source_of(first),
        );
    }
}

/// Adds `content` as a content root, with a permalink pattern if its file names start with dates.
///
/// Zola leaves a date at the start of a file name out of the URL, unless `slugify.paths_keep_dates` is set.
fn add_content_root(
    draft: &mut DetectedSite<'_>,
    data: Option<&DataFile>,
    keeps_date_prefix: bool,
) {
    let why = "Zola builds pages from the files in `content`".to_owned();
    let mut content_root =
        ContentRoot::new("content".to_owned(), SettingSource::GeneratorDefault(why));
    if let Some(data) = data {
        let node = data.root.get("ignored_content");
        let one = node.filter(|node| node.as_text().is_some());
        for item in list_items(node).iter().chain(one) {
            let Some((written, source)) = text_with_source(&data.file, item) else {
                continue;
            };
            // Zola matches the path of the file, which begins above the content.
            let patterns = patterns_below_content(&written);
            leave_out_matches(&mut content_root, draft, patterns, &source);
        }
    }
    let pages = MarkdownPages::read_sample(draft.tree, &content_root.dir);
    let mut date_prefixed_pages = pages
        .dated_pages()
        .filter(|page| data_file::has_date_prefix(page.base_name()));
    if keeps_date_prefix || date_prefixed_pages.next().is_none() {
        draft.content_roots.push(content_root);
        return;
    }
    let why = "Zola leaves the date at the start of a file name out of the address".to_owned();
    draft
        .content_roots
        .push(content_root.with_permalinks("/:dir/:slug/", SettingSource::GeneratorDefault(why)));
}

/// Converts a pattern of whole paths to patterns of paths below `content`. In both `*` matches a slash, too.
fn patterns_below_content(written: &str) -> Vec<String> {
    let below = match written.split_once("content/") {
        Some((_, below)) => below,
        None => written,
    };
    let mut patterns = vec![below.to_owned()];
    // `*/a.md` matches `…/content/a.md`.
    let rest = below.trim_start_matches("*/");
    if rest != below {
        patterns.push(format!("**/{rest}"));
    }
    patterns
}
