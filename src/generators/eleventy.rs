//! Reads Eleventy's configuration and data files.

mod data_files;

use std::collections::BTreeSet;

use crate::detect::detected::{ContentRoot, DetectedSite, is_post_directory_name};
use crate::detect::left_out_files::{retain_matches, warn_of_unread_files};
use crate::detect::pages::{MarkdownPages, largest_post_dir};
use crate::detect::permalink_syntax;
use crate::detect::setting::{SettingKey, SettingSource};
use crate::detect::site_file::{ScriptFile, text_with_source};
use crate::detect::site_tree;
use crate::front_matter::data_file;
use crate::javascript::{ParsedScript, ScriptExpression};
use crate::text::without_extension;
use data_files::{DATA_EXTENSIONS, hide_returned_unless, read_data, warn_of_unread_permalink};

/// Usual names of the data file that describes the site.
const METADATA_NAMES: [&str; 5] = ["metadata", "site", "meta", "config", "siteMetadata"];
const METADATA_EXTENSIONS: [&str; 4] = ["js", "json", "cjs", "mjs"];
/// Fields of a data file that leave posts out, and their value.
const HIDING_FIELDS: [(&str, &str); 4] = [
    ("permalink", "false"),
    ("draft", "true"),
    ("published", "false"),
    ("eleventyExcludeFromCollections", "true"),
];
/// Maximum number of layouts that contain each other. More are likely to be a cycle.
const MAX_LAYOUTS: usize = 5;

pub(super) fn read_eleventy_site(draft: &mut DetectedSite<'_>) -> bool {
    let file = draft.tree.find_script(&[".eleventy", "eleventy.config"]);
    file.is_some() && read_site(draft, file)
}

/// Reads a site without a configuration file. `package.json` may name Eleventy on sites of other generators, too.
pub(super) fn read_default_eleventy_site(draft: &mut DetectedSite<'_>) -> bool {
    let package = draft.tree.read_text("package.json").unwrap_or_default();
    let is_named = package.contains("\"@11ty/eleventy\"");
    is_named && !draft.tree.is_file("_config.yml") && read_site(draft, None)
}

fn read_site(draft: &mut DetectedSite<'_>, file: Option<String>) -> bool {
    draft.record_tool("Eleventy", file.as_deref().unwrap_or("package.json"));
    let code = file.and_then(|file| draft.read_script_file(&file));
    let code = code.unwrap_or_else(|| ScriptFile::parse_script("", ""));
    let written = code
        .resolve_text(code.script.topmost_entry_ending("dir.input"))
        .map(|(dir, _)| dir);
    let input = written
        .or_else(|| {
            let call = code.script.calls_of("setInputDirectory").next()?;
            Some(call.argument.clone())
        })
        .and_then(|dir| site_tree::normalize_path(&dir))
        .unwrap_or_default();
    let data = code
        .resolve_text(code.script.topmost_entry_ending("dir.data"))
        .map_or_else(|| "_data".to_owned(), |(dir, _)| dir);
    if let Some(data) = site_tree::normalize_path(&format!("{input}/{data}")) {
        read_metadata(draft, &data);
    }
    draft.append_base_path(code.resolve_text(code.script.topmost_entry_ending("pathPrefix")));
    set_static_dir(draft, &code);
    add_content_roots(draft, &code, &input);
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
                draft.set_all_from_script(&code, &NAMES, ParsedScript::entry_at);
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

/// Adds the directories of posts: those that a collection or its tag names, or the one with most posts.
fn add_content_roots(draft: &mut DetectedSite<'_>, code: &ScriptFile, input: &str) {
    let mut roots: Vec<ContentRoot> = Vec::new();
    let dirs = draft.tree.list_post_dirs(input);
    for dir in &dirs {
        let tags = match read_data(draft, &directory_stem(dir), &["tags"]) {
            Some((ScriptExpression::Text(tag), source)) => Some((vec![tag], source)),
            Some((ScriptExpression::TextList(tags), source)) => Some((tags, source)),
            _ => None,
        };
        let mut above = roots
            .iter()
            .map(|root| site_tree::path_below(dir, &root.dir));
        let is_known = above.any(|below| below.is_some());
        if let Some((_, source)) =
            tags.filter(|(tags, _)| !is_known && tags.iter().any(|tag| is_post_directory_name(tag)))
        {
            roots.push(ContentRoot::new(dir.clone(), source));
        }
    }
    if roots.is_empty() {
        for call in code.script.calls_of("getFilteredByGlob") {
            let pattern = call.argument.trim_start_matches(['.', '/']);
            let fixed = pattern.split(['*', '{']).next().unwrap_or_default();
            let dir = fixed.rsplit_once('/').map_or("", |(dir, _)| dir);
            if dirs.iter().any(|known| known == dir) && roots.iter().all(|root| root.dir != dir) {
                let source = SettingSource::from_line(&code.file, call.line);
                let mut home = ContentRoot::new(dir.to_owned(), source.clone());
                let rest = site_tree::path_below(pattern, dir).unwrap_or(pattern);
                retain_matches(&mut home, draft.tree, &[rest], source);
                roots.push(home);
            }
        }
    }
    if roots.is_empty() {
        roots.extend(largest_post_dir(draft.tree, input).map(|dir| {
            let source = SettingSource::Guess(format!("most posts are in `{dir}`"));
            ContentRoot::new(dir, source)
        }));
    }
    for mut home in roots {
        leave_out_files(draft, code, &mut home, input);
        let (pattern, source) = find_permalinks(draft, code, &home.dir, &home.dir, input);
        for dir in draft.tree.list_post_dirs(&home.dir) {
            let fields = ["eleventyComputed.permalink", "permalink", "layout"];
            let own = read_data(draft, &directory_stem(&dir), &fields);
            let hides = ScriptExpression::Text("false".to_owned());
            if own.is_none_or(|(value, _)| value == hides) {
                continue;
            }
            let (own, source) = find_permalinks(draft, code, &dir, &home.dir, input);
            let is_read = !matches!(source, SettingSource::Guess(_));
            let below =
                site_tree::path_below(&dir, &home.dir).filter(|_| is_read && own != pattern);
            let below = below.map(|below| (below.to_owned(), own));
            home.dir_permalinks.extend(below);
        }
        draft
            .content_roots
            .push(home.with_permalinks(&pattern, source));
    }
}

/// Returns the path of a directory's data file, without the extension: `blog/blog`.
fn directory_stem(dir: &str) -> String {
    site_tree::join_paths(dir, dir.rsplit('/').next().unwrap_or_default())
}

/// Returns true if the value of a field hides posts, or may hide them, which is reported.
fn hides_posts(
    draft: &mut DetectedSite<'_>,
    field: &str,
    hides: &str,
    value: &ScriptExpression,
    source: &SettingSource,
) -> bool {
    let written = match value {
        ScriptExpression::Text(text) => return text == hides,
        ScriptExpression::Template(_) | ScriptExpression::TextList(_) => return false,
        ScriptExpression::Computed(text) | ScriptExpression::Reference(text) => text.as_str(),
        ScriptExpression::ReturnedUnless(_, conditions) if field == "permalink" => {
            hide_returned_unless(draft, conditions, source);
            return false;
        }
        ScriptExpression::ReturnedUnless(value, _) => value.as_code().unwrap_or_default(),
        ScriptExpression::WithFallback(_) | ScriptExpression::PartialList(_) => "",
    };
    let returned = written.rsplit("=>").next().unwrap_or_default();
    let returned = returned.rsplit("return ").next().unwrap_or_default();
    let outcomes = returned.split_once('?').map_or(returned, |(_, rest)| rest);
    let mut outcomes = outcomes.split(':').map(|outcome| {
        let outcome = outcome.trim_matches([' ', ';', '(', ')', '{', '}']);
        match outcome {
            "!0" => "true",
            "!1" => "false",
            other => other,
        }
    });
    let shows = if hides == "true" { "false" } else { "true" };
    if outcomes.clone().all(|outcome| outcome == hides) {
        return true;
    }
    if outcomes.all(|outcome| outcome == shows) {
        return false;
    }
    // Most computed permalinks are addresses.
    let is_address = field == "permalink";
    if !is_address || written.contains("false") || written.contains("!1") {
        warn_of_unread_files(draft, source, &format!("`{field}`: `{written}`"));
    }
    !is_address
}

/// Excludes the posts that data files hide, and those that Eleventy is told to ignore.
fn leave_out_files(
    draft: &mut DetectedSite<'_>,
    code: &ScriptFile,
    home: &mut ContentRoot,
    input: &str,
) {
    let dirs = draft.tree.list_post_dirs(&home.dir).into_iter();
    let dirs = dirs.map(|dir| (directory_stem(&dir), globset::escape(&dir) + "/**"));
    let files = draft.tree.list_post_files(&home.dir).into_iter();
    let files = files.map(|file| {
        let path = site_tree::join_paths(&home.dir, &file);
        let stem = without_extension(&path).to_owned();
        (stem, globset::escape(&path))
    });
    let own = (
        directory_stem(&home.dir),
        globset::escape(&home.dir) + "/**",
    );
    let mut patterns: Vec<String> = Vec::new();
    for (stem, pattern) in dirs.chain(files).chain([own]) {
        let mut data_files = DATA_EXTENSIONS.iter().map(|kind| format!("{stem}.{kind}"));
        if !data_files.any(|file| draft.tree.is_file(&file)) {
            continue;
        }
        let mut is_hidden = false;
        for (field, hides) in HIDING_FIELDS {
            for path in [format!("eleventyComputed.{field}"), field.to_owned()] {
                if let Some((value, source)) = read_data(draft, &stem, &[&path]) {
                    is_hidden |= hides_posts(draft, field, hides, &value, &source);
                }
            }
        }
        patterns.extend(Some(pattern).filter(|_| is_hidden));
    }
    for call in code.script.calls_of("addGlobalData") {
        let name = call.argument.trim_start_matches("eleventyComputed.");
        let known = HIDING_FIELDS.iter().find(|(field, _)| *field == name);
        if let (Some((field, hides)), Some(value)) = (known, &call.value) {
            let source = SettingSource::from_line(&code.file, call.line);
            if hides_posts(draft, field, hides, value, &source) {
                home.exclude.push("**".to_owned());
                let written = format!("`addGlobalData` of `{field}`, which excludes all here,");
                warn_of_unread_files(draft, &source, &written);
            }
        }
    }
    for dir in BTreeSet::from(["", input]) {
        let file = site_tree::join_paths(dir, ".eleventyignore");
        let text = draft.tree.read_text(&file).unwrap_or_default();
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with(['#', '!']));
        patterns.extend(lines.map(|line| site_tree::join_paths(dir, line)));
    }
    // `eleventyConfig.ignores.add("src/posts/drafts/**")`
    let calls = code.script.calls_of("add");
    patterns.extend(calls.map(|call| call.argument.clone()));
    for mut path in patterns
        .iter()
        .filter_map(|path| site_tree::normalize_path(path))
    {
        if draft.tree.is_dir(&path) {
            path.push_str("/**");
        }
        let root = globset::escape(&home.dir);
        let below = site_tree::path_below(&path, &root);
        let below = below.or_else(|| path.starts_with("**/").then_some(path.as_str()));
        home.exclude.extend(below.map(str::to_owned));
    }
}

/// Finds the permalinks of a directory, which is `root` or below it: in data files, the layout, the global data, or
/// the default.
fn find_permalinks(
    draft: &mut DetectedSite<'_>,
    code: &ScriptFile,
    dir: &str,
    root: &str,
    input: &str,
) -> (String, SettingSource) {
    let fields = ["eleventyComputed.permalink", "permalink"];
    let global = code.script.calls_of("addGlobalData").find_map(|call| {
        let is_permalink = fields.contains(&call.argument.as_str());
        let value = call.value.clone().filter(|_| is_permalink)?;
        Some((value, SettingSource::from_line(&code.file, call.line)))
    });
    let written = find_directory_data(draft, dir, input, &fields)
        .or_else(|| find_layout_permalink(draft, code, dir, input))
        .or(global);
    let below = site_tree::path_below(root, input).unwrap_or_default();
    let root = if below.is_empty() {
        String::new()
    } else {
        format!("/{below}")
    };
    let why = match below {
        "" => "Eleventy makes addresses from paths".to_owned(),
        _ => "Eleventy makes addresses from paths below its input".to_owned(),
    };
    let default = format!("{root}/:path/");
    let path_stem = format!("{root}/:dir/:name");
    if let Some((ScriptExpression::Text(text), source)) = &written {
        let mut filters = text.split(['|', '}']).map(str::trim);
        match filters.find(|filter| ["slugify", "slug"].contains(filter)) {
            Some("slug") => draft.set_names("eleventy-slug", Some(source.clone())),
            Some(_) => draft.set_names("eleventy", Some(source.clone())),
            None => {}
        }
    }
    let written = written.map(|(value, source)| match value {
        ScriptExpression::ReturnedUnless(value, _) => (*value, source),
        value => (value, source),
    });
    let (converted, source) = match written {
        Some((ScriptExpression::Text(text), source)) => {
            (convert_permalink(&text, ("{{", "}}"), &path_stem), source)
        }
        Some((ScriptExpression::Template(text), source)) => {
            (convert_permalink(&text, ("${", "}"), &path_stem), source)
        }
        Some((ScriptExpression::Computed(text) | ScriptExpression::Reference(text), source)) => {
            let template = text
                .strip_prefix('`')
                .and_then(|text| text.strip_suffix('`'));
            let converted = template
                .ok_or_else(|| text.clone())
                .and_then(|template| convert_permalink(template, ("${", "}"), &path_stem));
            (converted, source)
        }
        _ => {
            draft.set_names("eleventy", None);
            let source = match warn_of_unread_permalink(draft, &directory_stem(dir)) {
                true => SettingSource::Guess(why),
                false => SettingSource::GeneratorDefault(why),
            };
            return (default, source);
        }
    };
    match converted {
        Ok(pattern) => (pattern, source),
        Err(part) => {
            if let SettingSource::WrittenIn { file, line } = &source {
                draft.warn_of_computed_addresses(file, line.unwrap_or(1), &part);
            }
            (default, SettingSource::Guess(why))
        }
    }
}

/// Reads a field from the data file of a directory, or of the nearest one above it that has the field.
fn find_directory_data(
    draft: &mut DetectedSite<'_>,
    dir: &str,
    input: &str,
    fields: &[&str],
) -> Option<(ScriptExpression, SettingSource)> {
    let mut dir = Some(dir);
    while let Some(here) = dir.filter(|here| site_tree::path_below(here, input).is_some()) {
        let found = read_data(draft, &directory_stem(here), fields);
        if found.is_some() {
            return found;
        }
        dir = here.rsplit_once('/').map(|(above, _)| above);
    }
    None
}

/// Finds the permalink in the front matter of the posts' layout, or of a layout that it has itself.
fn find_layout_permalink(
    draft: &mut DetectedSite<'_>,
    code: &ScriptFile,
    dir: &str,
    input: &str,
) -> Option<(ScriptExpression, SettingSource)> {
    let mut layout = match find_directory_data(draft, dir, input, &["layout"]) {
        Some((ScriptExpression::Text(layout), _)) => layout,
        _ => {
            let pages = MarkdownPages::read_sample(draft.tree, dir);
            let mut layouts = pages.dated_pages().map(|page| page.front.get("layout"));
            layouts.find_map(|layout| Some(layout?.as_text()?.to_owned()))?
        }
    };
    let written = ["dir.layouts", "dir.includes"]
        .iter()
        .find_map(|path| code.resolve_text(code.script.topmost_entry_ending(path)));
    let includes = written.map_or_else(|| "_includes".to_owned(), |(includes, _)| includes);
    for _ in 0..MAX_LAYOUTS {
        let mut aliases = code.script.calls_of("addLayoutAlias");
        let alias = aliases.find(|call| call.argument == layout);
        if let Some(ScriptExpression::Text(named)) = alias.and_then(|call| call.value.as_ref()) {
            layout = named.clone();
        }
        let file = ["", ".njk", ".liquid", ".html", ".md"]
            .iter()
            .find_map(|extension| {
                let file =
                    site_tree::normalize_path(&format!("{input}/{includes}/{layout}{extension}"))?;
                draft.tree.is_file(&file).then_some(file)
            })?;
        let front = data_file::parse_post_front_matter(&draft.tree.read_beginning(&file)?, false)?;
        if let Some((text, source)) = front
            .get("permalink")
            .and_then(|node| text_with_source(&file, node))
        {
            return Some((ScriptExpression::Text(text), source));
        }
        layout = front.get("layout")?.as_text()?.to_owned();
    }
    None
}

/// Converts a permalink with parts in brackets. The error is the part that cannot be converted.
fn convert_permalink(
    permalink: &str,
    brackets: (&str, &str),
    path_stem: &str,
) -> Result<String, String> {
    if permalink.contains("{%") || !permalink.contains(['/', '$', '{']) {
        return Err(permalink.to_owned());
    }
    let pattern = permalink_syntax::from_bracket_syntax(permalink, brackets, |part| {
        let part = part.replace("?.", ".").replace(" || data.", " or ");
        let value = part.split('|').next().unwrap_or_default().trim();
        // A date other than that of the post makes other addresses.
        let dated = part.split_once(".get").map(|(dated, _)| dated);
        let dated = dated.and_then(|dated| {
            dated
                .trim_end_matches([')', ' '])
                .rsplit(['.', '(', ' '])
                .next()
        });
        Vec::from_iter(match value.trim_start_matches("data.") {
            _ if dated.is_some_and(|name| name != "date") => None,
            "page.fileSlug" => Some(":name".to_owned()),
            "page.filePathStem" => Some(path_stem.to_owned()),
            "page.outputFileExtension" => Some("html".to_owned()),
            "slug or page.fileSlug" => Some(":slug".to_owned()),
            _ => permalink_syntax::from_expression(&part),
        })
    })?;
    let text = pattern.text;
    Ok(text.strip_suffix("index.html").unwrap_or(&text).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_permalinks_are_converted() {
        for (brackets, permalink, expected) in [
            (
                "{{",
                "/notes/{{ page.fileSlug }}/index.html",
                Ok("/notes/:name/"),
            ),
            ("{{", "notes/{{title | slugify}}/", Ok("/notes/:title/")),
            (
                "{{",
                "/{{ page.date | date: '%Y/%m' }}/{{ slug }}/",
                Ok("/:year/:month/:slug/"),
            ),
            (
                "{{",
                "{{ page.filePathStem }}.html",
                Ok("/blog/:dir/:name.html"),
            ),
            (
                "{{",
                "/{% if draft %}x{% endif %}/",
                Err("/{% if draft %}x{% endif %}/"),
            ),
            ("{{", "/{{ issue }}/", Err("{{ issue }}")),
            ("${", "/${this.slugify(data.title)}/", Ok("/:title/")),
            (
                "${",
                "/${data.page.date.getUTCFullYear()}/${page.fileSlug}/",
                Ok("/:year/:name/"),
            ),
            (
                "${",
                "${data.page.filePathStem}.${data.page.outputFileExtension}",
                Ok("/blog/:dir/:name.html"),
            ),
            ("${", "draft", Err("draft")),
        ] {
            let close = if brackets == "{{" { "}}" } else { "}" };
            let converted = convert_permalink(permalink, (brackets, close), "/blog/:dir/:name");
            assert_eq!(
                converted.as_deref().map_err(String::as_str),
                expected,
                "{permalink}"
            );
        }
    }
}
