//! Detects the settings of a Zola site from its `zola.toml` or `config.toml`.

use super::detected::{ContentRoot, DetectedSite};
use super::pages::MarkdownPages;
use super::setting::{SettingKey, SettingSource, SettingValue, is_valid_permalink_pattern};
use super::site_file::{DataFile, map_fields};
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
    add_content_root(draft, keeps_date_prefix);
    draft.read_home_page("content/_index.md");
    draft.name_normalizer = Some("Zola");
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
fn add_content_root(draft: &mut DetectedSite<'_>, keeps_date_prefix: bool) {
    let why = "Zola builds pages from the files in `content`".to_owned();
    let content_root = ContentRoot::new("content".to_owned(), SettingSource::GeneratorDefault(why));
    let pages = MarkdownPages::read_sample(draft.tree, &content_root.dir);
    let mut date_prefixed_pages = pages
        .dated_pages()
        .filter(|page| data_file::has_date_prefix(page.base_name()));
    let Some(example) = date_prefixed_pages.next().filter(|_| !keeps_date_prefix) else {
        draft.content_roots.push(content_root);
        return;
    };
    let mut dirs: Vec<&str> = pages.dated_pages().map(|page| page.parent_dir()).collect();
    dirs.sort_unstable();
    dirs.dedup();
    let why = "Zola leaves the date at the start of a file name out of the address";
    let pattern = match dirs.as_slice() {
        _ if is_valid_permalink_pattern("/:dir/:slug/") => Some("/:dir/:slug/".to_owned()),
        [""] => Some("/:slug/".to_owned()),
        [dir] => Some(format!("/{dir}/:slug/")),
        _ => None,
    };
    if let Some(pattern) = pattern {
        draft.content_roots.push(
            content_root.with_permalinks(&pattern, SettingSource::GeneratorDefault(why.to_owned())),
        );
        return;
    }
    draft.add_warning(
        &SettingSource::from_file(&format!("content/{}", example.path)),
        format!("{why}, and posts in several directories have such names"),
        "write `path` into those posts, or keep them in one directory",
    );
    draft.content_roots.push(content_root);
}
