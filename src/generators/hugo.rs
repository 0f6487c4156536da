//! Reads Hugo's configuration, from any of its files.

use super::detected::{ContentRoot, DetectedSite};
use super::pages::MarkdownPages;
use super::permalink_syntax::{self, PermalinkPattern};
use super::sections::PageSections;
use super::setting::{SettingKey, SettingSource, is_valid_permalink_pattern};
use super::site_file::{DataFile, list_items, map_fields};
use super::site_tree;
use crate::front_matter::data_file::Node;

/// Configuration files, in the order in which Hugo looks for them.
const CONFIG_FILES: [&str; 8] = [
    "hugo.toml",
    "hugo.yaml",
    "hugo.yml",
    "hugo.json",
    "config.toml",
    "config.yaml",
    "config.yml",
    "config.json",
];
const DEFAULT_CONFIG_DIR: &str = "config/_default";
/// Names of files in that directory that hold only the table of that name.
const TABLE_FILE_NAMES: [&str; 3] = ["params", "languages", "permalinks"];

/// All files of a site's configuration.
#[derive(Debug)]
struct HugoConfig {
    /// Each file, with the name of the table that it holds, or `""` if it holds all.
    files: Vec<(&'static str, DataFile)>,
}

pub(super) fn read_hugo_site(draft: &mut DetectedSite<'_>) -> bool {
    let Some(configuration) = read_config(draft) else {
        return false;
    };
    let language = configuration
        .find_text(&["defaultContentLanguage"])
        .map_or_else(|| "en".to_owned(), |(language, _)| language.to_lowercase());
    let set_translated = |draft: &mut DetectedSite<'_>, key, names: &[&str]| {
        let own: Vec<_> = names
            .iter()
            .map(|name| format!("languages.{language}.{name}"))
            .collect();
        let all: Vec<_> = own
            .iter()
            .map(String::as_str)
            .chain(names.iter().copied())
            .collect();
        draft.set_if_found(key, configuration.find_text(&all));
    };
    draft.set_if_found(SettingKey::Url, configuration.find_text(&["baseURL"]));
    set_translated(draft, SettingKey::Title, &["title", "params.title"]);
    set_translated(
        draft,
        SettingKey::Description,
        &["params.description", "description", "params.subtitle"],
    );
    set_translated(draft, SettingKey::Language, &["locale", "languageCode"]);
    draft.set_if_found(
        SettingKey::Language,
        configuration.find_text(&["defaultContentLanguage"]),
    );
    set_translated(draft, SettingKey::Timezone, &["timeZone"]);
    set_translated(
        draft,
        SettingKey::Copyright,
        &["copyright", "params.copyright"],
    );
    set_translated(
        draft,
        SettingKey::Twitter,
        &["params.social.twitter", "params.twitter", "social.twitter"],
    );
    set_languages(draft, &configuration);
    let static_dir = configuration.find_node("staticDir").map(|(data, node)| {
        let first = list_items(Some(node)).first().unwrap_or(node);
        let text = first.as_text().unwrap_or("static").to_owned();
        (text, data.source_of(node))
    });
    let (dir, source) = static_dir.unwrap_or_else(|| {
        let why = "Hugo serves the files in `static` from the site's root";
        (
            "static".to_owned(),
            SettingSource::GeneratorDefault(why.to_owned()),
        )
    });
    if let Some(dir) = site_tree::normalize_path(&dir).filter(|dir| draft.tree.is_dir(dir)) {
        draft.set_if_more_certain(SettingKey::StaticDir, dir, source);
    }
    add_content_root(draft, &configuration, &language);
    let [cased, unaccented] = ["disablePathToLower", "removePathAccents"]
        .map(|name| configuration.find_text(&[name]))
        .map(|found| found.filter(|(text, _)| text == "true"));
    let names = match (&cased, &unaccented) {
        (None, None) => "hugo",
        (Some(_), None) => "hugo-cased",
        (None, Some(_)) => "hugo-unaccented",
        (Some(_), Some(_)) => "hugo-cased-unaccented",
    };
    draft.set_names(names, cased.or(unaccented).map(|(_, source)| source));
    true
}

/// Finds and reads the configuration files; `None` if the site is not made with Hugo.
fn read_config(draft: &mut DetectedSite<'_>) -> Option<HugoConfig> {
    let mut files = Vec::new();
    let mut recognized_by: Option<String> = None;
    let has_hugo_dir = ["archetypes", "layouts", "themes"]
        .iter()
        .any(|dir| draft.tree.is_dir(dir));
    for file in CONFIG_FILES {
        // A `config.toml` of another tool must not cause a warning.
        let is_named = file.starts_with("hugo.");
        if !draft.tree.is_file(file) || recognized_by.is_some() {
            continue;
        }
        let data = if is_named || has_hugo_dir {
            draft.read_data_file(file)
        } else {
            let text = draft.tree.read_text(file).ok();
            text.and_then(|text| DataFile::parse_data(file, &text).ok())
        };
        let base = data.as_ref().and_then(|data| data.root.get("baseURL"));
        let is_of_other_tool = data.as_ref().is_some_and(|data| {
            data.root.get("base_url").is_some() || data.root.get("site").is_some()
        });
        let is_broken = data.is_none();
        if !is_of_other_tool
            && (is_named || base.is_some() || (has_hugo_dir && (is_broken || has_title(&data))))
        {
            recognized_by = Some(file.to_owned());
            files.extend(data.map(|data| ("", data)));
        }
    }
    for file in draft.tree.list_files(DEFAULT_CONFIG_DIR) {
        let name = site_tree::without_extension(&file);
        let part = match name {
            "hugo" | "config" => "",
            _ => match TABLE_FILE_NAMES.iter().find(|part| **part == name) {
                Some(part) => part,
                None => continue,
            },
        };
        let path = site_tree::join_paths(DEFAULT_CONFIG_DIR, &file);
        if !["toml", "yaml", "yml", "json"]
            .iter()
            .any(|kind| file.ends_with(kind))
        {
            continue;
        }
        recognized_by.get_or_insert_with(|| path.clone());
        files.extend(draft.read_data_file(&path).map(|data| (part, data)));
    }
    draft.record_tool("Hugo", &recognized_by?);
    Some(HugoConfig { files })
}

fn has_title(data: &Option<DataFile>) -> bool {
    data.as_ref()
        .is_some_and(|data| data.root.get("title").is_some())
}

impl HugoConfig {
    fn find_node(&self, path: &str) -> Option<(&DataFile, &Node)> {
        self.files.iter().find_map(|(part, data)| {
            let path = match *part {
                "" => path,
                part => path.strip_prefix(part)?.strip_prefix('.')?,
            };
            Some((data, data.root.get(path)?))
        })
    }

    fn find_text(&self, paths: &[&str]) -> Option<(String, SettingSource)> {
        paths.iter().find_map(|path| {
            let (data, node) = self.find_node(path)?;
            Some((node.as_text()?.to_owned(), data.source_of(node)))
        })
    }

    /// Returns the configured languages, in the order of the file.
    fn configured_languages(&self) -> Vec<(&str, SettingSource)> {
        let file = self.files.iter().find(|(part, data)| match *part {
            "" => data.root.get("languages").is_some(),
            part => part == "languages",
        });
        let Some((part, data)) = file else {
            return Vec::new();
        };
        let node = match *part {
            "" => data.root.get("languages"),
            _ => Some(&data.root),
        };
        map_fields(node)
            .iter()
            .map(|(name, node)| (name.as_str(), data.source_of(node)))
            .collect()
    }
}

fn set_languages(draft: &mut DetectedSite<'_>, configuration: &HugoConfig) {
    let languages = configuration.configured_languages();
    let Some((_, source)) = languages.first().filter(|_| languages.len() > 1) else {
        return;
    };
    let names = languages
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    draft.set_if_more_certain(
        SettingKey::Languages,
        super::setting::SettingValue::List(names),
        source.clone(),
    );
}

fn add_content_root(draft: &mut DetectedSite<'_>, configuration: &HugoConfig, language: &str) {
    let of_language = format!("languages.{language}.contentDir");
    let (dir, source) = configuration
        .find_text(&[&of_language, "contentDir"])
        .unwrap_or_else(|| {
            let why = "Hugo builds pages from the files in `content`";
            (
                "content".to_owned(),
                SettingSource::GeneratorDefault(why.to_owned()),
            )
        });
    let Some(dir) = site_tree::normalize_path(&dir) else {
        return;
    };
    draft.read_home_page(&format!("{dir}/_index.md"));
    let pages = MarkdownPages::read_sample(draft.tree, &dir);
    let main = configuration
        .find_node("params.mainSections")
        .map(|(_, node)| {
            let names = list_items(Some(node)).iter().filter_map(Node::as_text);
            names.map(str::to_owned).collect::<Vec<_>>()
        });
    draft.post_sections = main.unwrap_or_default();
    let sections = PageSections::classify_sections(&pages, &draft.post_sections);
    let mut home = ContentRoot::new(dir, source);
    home.permalinks = section_permalinks(draft, configuration, &pages, &sections, language);
    draft.content_roots.push(home);
}

/// Returns the permalink pattern of the section with most posts. Sections with a different pattern
/// are excluded, with a warning.
fn section_permalinks(
    draft: &mut DetectedSite<'_>,
    configuration: &HugoConfig,
    pages: &MarkdownPages,
    sections: &PageSections,
    language: &str,
) -> Option<(String, SettingSource)> {
    let in_subdir = configuration.find_text(&["defaultContentLanguageInSubdir"]);
    let root = match &in_subdir {
        Some((text, _)) if text == "true" => format!("/{language}"),
        _ => String::new(),
    };
    let configured_pattern = |section: &str| {
        let paths = [
            format!("permalinks.page.{section}"),
            format!("permalinks.{section}"),
        ];
        configuration.find_text(&[&paths[0], &paths[1]])
    };
    let section = sections
        .post_sections
        .first()
        .map(String::as_str)
        .unwrap_or_default();
    let first = configured_pattern(section);
    let text_of =
        |pattern: &Option<(String, SettingSource)>| pattern.as_ref().map(|(text, _)| text.clone());
    // A pattern with `:section` serves only one section if `site.permalinks` has no such part.
    let names_section = text_of(&first).is_some_and(|text| text.contains(":section"));
    let serves_one = names_section && !is_valid_permalink_pattern("/:section/");
    let (same, apart): (Vec<&String>, Vec<&String>) =
        sections.post_sections.iter().partition(|other| {
            *other == section
                || (!serves_one && text_of(&configured_pattern(other)) == text_of(&first))
        });
    for other in &apart {
        let source = configured_pattern(other).or_else(|| first.clone());
        let place = source.map(|(_, source)| source);
        draft.add_warning(
            &place.unwrap_or_else(|| SettingSource::from_file(other)),
            format!("the posts of `{other}` are left out, as their permalinks differ from those of `{section}`"),
            format!("serve them with a configuration of their own, or write `url` into each and add `{other}/**` to `content.include`"),
        );
    }
    if !apart.is_empty() {
        draft.post_sections = same.into_iter().cloned().collect();
    }
    let ugly_urls = configuration
        .find_text(&["uglyURLs"])
        .filter(|(text, _)| text == "true");
    let Some((text, source)) = first else {
        let end = if ugly_urls.is_some() { ".html" } else { "/" };
        let source = ugly_urls.or(in_subdir).map(|(_, source)| source)?;
        return Some((format!("{root}/:path{end}"), source));
    };
    match convert_permalinks(&text, section, pages) {
        Ok(pattern) => {
            if let Some(near) = pattern.approximated.first() {
                let message = format!("`{near}` in `{text}` is replaced by the file's name");
                let hint = "if that changes the address of a post, write `url` into it";
                draft.add_warning(&source, message, hint);
            }
            Some((format!("{root}{}", pattern.text), source))
        }
        Err(part) => {
            let message = format!("`{part}` in `{text}` is not supported");
            draft.add_warning(
                &source,
                message,
                "write `url` into each post, or set `site.permalinks` without that part",
            );
            None
        }
    }
}

fn convert_permalinks(
    text: &str,
    section: &str,
    pages: &MarkdownPages,
) -> Result<PermalinkPattern, String> {
    let slugs = pages
        .dated_pages()
        .filter(|page| page.front.get("slug").is_some())
        .count();
    let posts = pages.dated_pages().count();
    let is_nested = pages
        .dated_pages()
        .any(|page| page.top_section() == section && page.parent_dir().contains('/'));
    let section = if is_valid_permalink_pattern("/:section/") {
        ":section"
    } else {
        section
    };
    let sections = if is_nested { ":dir" } else { section };
    let text = if text.contains(":sections[") {
        text.to_owned()
    } else {
        text.replace(":sections", sections)
            .replace(":section", section)
    };
    // Hugo writes pages as `index.html` in directories of their own, so addresses end in a slash.
    let is_file = text
        .rsplit('/')
        .next()
        .is_some_and(|last| last.contains('.'));
    let text = match is_file || text.ends_with('/') {
        true => text,
        false => format!("{text}/"),
    };
    permalink_syntax::from_colon_syntax(&text, |name| match name {
        "year" => vec![":year"],
        "month" => vec![":month"],
        "day" => vec![":day"],
        "yearday" => vec![":y_day"],
        "dir" => vec![":dir"],
        "section" => vec![":section"],
        // If a post has no slug, Hugo makes one from the title.
        "slug" if slugs == posts => vec![":slug"],
        // Some posts have none, so the file's name is only an approximation.
        "slug" if slugs > 0 => vec![":slug_or_title", ":slug"],
        "slug" => vec![":title", ":slug"],
        "title" => vec![":title", ":slug"],
        "filename" | "contentbasename" => vec![":filename"],
        "slugorfilename" | "slugorcontentbasename" => vec![":slug_or_filename"],
        _ => Vec::new(),
    })
}
