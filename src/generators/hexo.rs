//! Reads Hexo's `_config.yml`.

use super::detected::{ContentRoot, DetectedSite};
use super::permalink_syntax;
use super::setting::{SettingKey, SettingSource};
use super::site_tree;

pub(super) fn read_hexo_site(draft: &mut DetectedSite<'_>) -> bool {
    // Jekyll's configuration has the same name, so `package.json` decides.
    let file = draft
        .tree
        .first_existing_file(&["_config.yml", "_config.yaml"]);
    let package = draft.tree.read_text("package.json").unwrap_or_default();
    let Some(file) = file.filter(|_| package.contains("\"hexo\"")) else {
        return false;
    };
    draft.record_tool("Hexo", file);
    let data = draft.read_data_file(file);
    let text = |paths: &[&str]| data.as_ref().and_then(|data| data.first_text(paths));
    draft.set_if_found(SettingKey::Url, text(&["url"]));
    draft.set_if_found(SettingKey::Title, text(&["title"]));
    draft.set_if_found(SettingKey::Description, text(&["description", "subtitle"]));
    draft.set_if_found(SettingKey::Language, text(&["language"]));
    draft.set_if_found(SettingKey::Timezone, text(&["timezone"]));
    let top = text(&["source_dir"]).and_then(|(dir, _)| site_tree::normalize_path(&dir));
    let top = top.unwrap_or_else(|| "source".to_owned());
    if draft.tree.is_dir(&top) {
        let why = format!("Hexo serves the other files in `{top}` from the site's root");
        draft.set_if_more_certain(
            SettingKey::StaticDir,
            top.as_str(),
            SettingSource::GeneratorDefault(why),
        );
    }
    let why = format!("Hexo builds posts from the files in `{top}/_posts`");
    let home = ContentRoot::with_only_posts(
        site_tree::join_paths(&top, "_posts"),
        SettingSource::GeneratorDefault(why),
    );
    let (written, source) = text(&["permalink"]).unwrap_or_else(|| {
        let why = "Hexo's default permalinks".to_owned();
        (
            ":year/:month/:day/:title/".to_owned(),
            SettingSource::GeneratorDefault(why),
        )
    });
    let case = text(&["filename_case"]);
    let names = match case.as_ref().map(|(case, _)| case.as_str()) {
        Some("1") => "hexo-lower",
        Some("2") => "hexo-upper",
        _ => "hexo",
    };
    draft.set_names(names, case.map(|(_, source)| source));
    let new_name = text(&["new_post_name"]);
    let new_name = new_name
        .as_ref()
        .map(|(name, source)| (name.as_str(), source));
    let pattern = new_name.map_or(":title.md", |(name, _)| name);
    let last = pattern.rsplit('/').next().unwrap_or(pattern);
    // The pattern says which part of a file's name is the title.
    let (title_part, name_part) = match last.split('.').next() {
        Some(":year-:month-:day-:title" | ":year-:i_month-:i_day-:title") => (":name", ":name"),
        _ if last == pattern => (":path", ":filename"),
        _ => (":filename", ":filename"),
    };
    if let (Some((written, source)), ":path" | ":filename") = (new_name, title_part)
        && !last.starts_with(":title.")
    {
        let message = format!("`new_post_name` is `{written}`, which is not supported");
        draft.add_warning(
            source,
            message,
            "write `permalink` into the posts with such names",
        );
    }
    let translated = permalink_syntax::from_colon_syntax(&written, |name| match name {
        "title" => vec![title_part],
        "name" => vec![name_part],
        "post_title" => vec![":title", ":slug"],
        "category" => vec![":categories", ":category"],
        "year" => vec![":year"],
        "month" => vec![":month"],
        "day" => vec![":day"],
        "i_month" => vec![":i_month"],
        "i_day" => vec![":i_day"],
        "hour" => vec![":hour"],
        "minute" => vec![":minute"],
        "second" => vec![":second"],
        _ => Vec::new(),
    });
    let home = match translated {
        Ok(pattern) => home.with_permalinks(&pattern.text, source),
        Err(part) => {
            let message = format!("`permalink` is `{written}`, and `{part}` is not supported");
            let hint =
                "write `permalink` into each post, or set `site.permalinks` without that part";
            draft.add_warning(&source, message, hint);
            home
        }
    };
    draft.content_roots.push(home);
    true
}
