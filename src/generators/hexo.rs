//! Reads Hexo's `_config.yml`.

use globset::Glob;

use crate::detect::detected::{ContentRoot, DetectedSite};
use crate::detect::left_out_files::{leave_out_matches, leave_out_underscores};
use crate::detect::permalink_syntax;
use crate::detect::setting::{SettingKey, SettingSource, SettingValue};
use crate::detect::site_file::{list_items, text_with_source};
use crate::detect::site_tree::{self, SiteTree};

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
    let languages = data.as_ref().and_then(|data| data.root.get("language"));
    let languages: Vec<(String, SettingSource)> = list_items(languages)
        .iter()
        .filter_map(|tag| text_with_source(file, tag).filter(|(tag, _)| tag != "default"))
        .collect();
    draft.set_if_found(SettingKey::Language, languages.first().cloned());
    draft.set_if_found(SettingKey::Timezone, text(&["timezone"]));
    // `url` has the path already, except on sites that were made before Hexo 5.
    draft.append_base_path(text(&["root"]));
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
    let mut home = ContentRoot::with_only_posts(
        site_tree::join_paths(&top, "_posts"),
        SettingSource::GeneratorDefault(why),
    );
    // Drafts are in a directory of their own. Hexo skips these names, and those with a dot, as courant does.
    leave_out_underscores(&mut home, draft.tree);
    for key in ["skip_render", "exclude", "ignore"] {
        let node = data.as_ref().and_then(|data| data.root.get(key));
        let one = node.filter(|node| node.as_text().is_some());
        for item in list_items(node).iter().chain(one) {
            let Some((written, source)) = text_with_source(file, item) else {
                continue;
            };
            let pattern = pattern_below_posts(&written, &top);
            leave_out_matches(&mut home, draft, pattern, &source);
        }
    }
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
    let file_names = text(&["new_post_name"]).unwrap_or_else(|| (String::new(), source.clone()));
    let title = match file_names.0.as_str() {
        names if !names.contains(":year") => ":path",
        names if names.contains('/') => ":name",
        _ => ":dir/:name",
    };
    let has_language_dirs = file_names.0.starts_with(":lang/");
    let dirs = post_name_dirs(draft.tree, &home.dir, &file_names.0);
    let title = match &dirs {
        Some(dirs) if !has_language_dirs => {
            let rewrites = vec![(format!("{dirs}/:path*"), ":path*".to_owned())];
            let (value, source) = (SettingValue::Table(rewrites), file_names.1.clone());
            draft.set_if_more_certain(SettingKey::Rewrites, value, source);
            match file_names.0.ends_with("/:title.md") {
                true => ":path",
                false => ":dir/:name",
            }
        }
        _ => title,
    };
    let mut pattern = match has_language_dirs {
        true => written.replace(":lang/:title", ":title"),
        false => written.clone(),
    };
    for (key, end, kept) in [
        ("pretty_urls.trailing_index", "/index.html", "/"),
        ("pretty_urls.trailing_html", ".html", ""),
    ] {
        let Some((_, source)) = text(&[key]).filter(|(text, _)| text == "false") else {
            continue;
        };
        if let Some(begin) = pattern.strip_suffix(end) {
            pattern = format!("{begin}{kept}");
        }
        if end == ".html" {
            // The permalinks that posts write lose it, too.
            draft.set_if_more_certain(SettingKey::RemoveHtml, SettingValue::Flag(true), source);
        }
    }
    if pattern.starts_with(":lang/") {
        let languages = languages.iter().map(|(tag, _)| tag.clone()).collect();
        draft.set_languages(languages, None, source.clone());
        draft.warn_of_default_language_prefix(&source);
    }
    let translated = permalink_syntax::from_colon_syntax(&pattern, |name| match name {
        "lang" => vec![""],
        "title" => vec![title],
        "name" if title == ":path" => vec![":filename"],
        "name" => vec![":name"],
        "post_title" => vec![":title", ":slug"],
        "category" => vec![":categories", ":category"],
        name => permalink_syntax::date_parts_named(name),
    });
    let default = text(&["permalink_defaults.lang"]).filter(|_| has_language_dirs);
    let home = match translated {
        Ok(pattern) => {
            let mut pattern = pattern.text;
            if let Some((default, _)) = default.filter(|_| written.starts_with(":lang/:title")) {
                // Posts outside of the directories of languages are in the default one.
                let dirs = languages.iter().map(|(tag, _)| tag.clone());
                let dirs = dirs.filter(|tag| draft.tree.is_dir(&format!("{}/{tag}", home.dir)));
                home.dir_permalinks = dirs.map(|tag| (tag, pattern.clone())).collect();
                pattern = format!("/{default}{pattern}");
            }
            home.with_permalinks(&pattern, source)
        }
        Err(part) => {
            draft.warn_of_unsupported_part(&source, "permalink", &written, &part);
            home
        }
    };
    draft.content_roots.push(home);
    true
}

/// Returns the pattern of the directories that `new_post_name` begins with, which are no part of `:title`; `None` if
/// there are none, if `:name` is all of the rest, or if the directories of a post do not match.
fn post_name_dirs(tree: &SiteTree, dir: &str, names: &str) -> Option<String> {
    let (begin, _) = names.rsplit_once('/')?;
    let parts: Vec<&str> = begin.split('/').collect();
    let mut has_deeper = false;
    for file in tree.list_post_files(dir) {
        let dirs: Vec<&str> = file.split('/').collect();
        if dirs.len() <= parts.len() {
            continue;
        }
        let fits = parts.iter().zip(&dirs).all(|(part, dir)| match *part {
            ":year" => dir.len() == 4 && dir.bytes().all(|byte| byte.is_ascii_digit()),
            part if part.starts_with(':') => true,
            part => part == *dir,
        });
        if !fits {
            return None;
        }
        has_deeper |= dirs.len() > parts.len() + 1;
    }
    let is_needed = has_deeper || !names.contains(":year");
    let parts = parts
        .iter()
        .enumerate()
        .map(|(at, part)| match part.starts_with(':') {
            true => format!(":part{at}"),
            false => (*part).to_owned(),
        });
    is_needed.then(|| parts.collect::<Vec<_>>().join("/"))
}

/// Converts a pattern of paths below the site or its source to one of paths below `_posts`; `None` if it matches none there.
fn pattern_below_posts(written: &str, top: &str) -> Option<String> {
    if let Some((_, below)) = written.split_once("_posts/") {
        let is_all = below.is_empty();
        return Some(if is_all { "**" } else { below }.to_owned());
    }
    let written = written.trim_start_matches(['.', '/']);
    let below = site_tree::path_below(written, top).unwrap_or(written);
    let below = below.strip_prefix('/').unwrap_or(below);
    if below.is_empty() || below == "_posts" {
        return Some("**".to_owned());
    }
    let Some((dir, rest)) = below.split_once('/') else {
        return Some(format!("**/{below}"));
    };
    if dir.starts_with("**") || dir.contains(['!', '(']) {
        return Some(below.to_owned());
    }
    // `*/a.md`
    let is_posts = Glob::new(dir).is_ok_and(|glob| glob.compile_matcher().is_match("_posts"));
    is_posts.then(|| rest.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_become_relative_to_posts() {
        for (written, expected) in [
            ("_posts/a/", Some("a/")),
            ("source/_posts/", Some("**")),
            ("**/_posts/**/a.md", Some("**/a.md")),
            ("**/a.md", Some("**/a.md")),
            ("source/**/a.md", Some("**/a.md")),
            ("*.draft.md", Some("**/*.draft.md")),
            ("_posts", Some("**")),
            ("*/a.md", Some("a.md")),
            ("about/a.md", None),
        ] {
            let pattern = pattern_below_posts(written, "source");
            assert_eq!(pattern.as_deref(), expected, "{written}");
        }
    }
}
