//! Reads the files of Hugo's configuration, and the languages and directories that they name.

use std::collections::BTreeSet;

use crate::detect::detected::DetectedSite;
use crate::detect::setting::SettingSource;
use crate::detect::site_file::{DataFile, list_items, map_fields, text_with_source};
use crate::detect::site_tree;
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
/// Directories of configuration files, the one with precedence first. `hugo build` reads
/// `production`.
const CONFIG_DIRS: [&str; 2] = ["config/production", "config/_default"];
/// Tables whose files show that such a directory is Hugo's; `""` is the whole configuration.
const HUGO_TABLES: [&str; 4] = ["", "params", "languages", "permalinks"];

/// All files of a site's configuration.
#[derive(Debug)]
pub(super) struct HugoConfig {
    /// Each file, with the dotted path of the table that it holds, or `""` if it holds all. Of two
    /// files with a value, the first one counts.
    files: Vec<(String, DataFile)>,
}

/// Languages of a site, as written.
pub(super) struct SiteLanguages {
    /// Key of the default language, in lower case.
    pub(super) default: String,
    pub(super) enabled: Vec<(String, SettingSource)>,
    pub(super) disabled: Vec<(String, SettingSource)>,
}

/// Directory of content.
pub(super) struct ContentDir {
    /// Language of its pages, or `""`.
    pub(super) language: String,
    pub(super) dir: String,
    /// Directory below `content` that it is mounted at, or `""`.
    pub(super) mounted_at: String,
    pub(super) source: SettingSource,
    /// Patterns of `excludeFiles`, below `dir`.
    pub(super) excluded: Vec<(String, SettingSource)>,
    /// Name and place of each other field that selects files.
    pub(super) unread_filters: Vec<(&'static str, SettingSource)>,
}

/// Finds and reads the configuration files; `None` if the site is not made with Hugo.
pub(super) fn read_config(draft: &mut DetectedSite<'_>) -> Option<HugoConfig> {
    let mut top = None;
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
            top = data.map(|data| (String::new(), data));
        }
    }
    let mut found: Vec<(String, String)> = Vec::new();
    for dir in CONFIG_DIRS {
        // Hugo reads the directories below, too. The name of the file is the key.
        let files = draft.tree.list_files_below(dir, |name| name.contains('.'));
        found.extend(files.into_iter().filter_map(|file| {
            let path = site_tree::join_paths(dir, &file);
            Some((find_table_name(file.rsplit('/').next()?)?, path))
        }));
    }
    if recognized_by.is_none() {
        let is_of_hugo = |table: &str| {
            let first = table.split('.').next().unwrap_or_default();
            HUGO_TABLES.contains(&first)
        };
        let of_hugo = found.iter().filter(|(table, _)| is_of_hugo(table));
        let file = of_hugo.min_by_key(|(table, _)| !table.is_empty());
        recognized_by = file.map(|(_, path)| path.clone());
    }
    draft.record_tool("Hugo", &recognized_by?);
    let mut files: Vec<(String, DataFile)> = Vec::new();
    for (table, path) in found {
        files.extend(draft.read_data_file(&path).map(|data| (table, data)));
    }
    files.extend(top);
    Some(HugoConfig { files })
}

/// Returns the dotted path of the table that a file in a configuration directory holds, or `""` if it
/// holds all; `None` if Hugo does not read the file. `params.en.toml` belongs to one language.
fn find_table_name(file: &str) -> Option<String> {
    let (name, format) = file.rsplit_once('.')?;
    let is_read = ["toml", "yaml", "yml", "json"].contains(&format);
    let name = name.to_lowercase();
    let table = match name.split_once('.') {
        None if matches!(name.as_str(), "hugo" | "config") => String::new(),
        None => name,
        Some((table @ ("params" | "menu" | "menus"), language)) => {
            format!("languages.{language}.{table}")
        }
        Some((_, language)) => format!("languages.{language}"),
    };
    is_read.then_some(table)
}

/// Returns true if a list of languages has this one.
pub(super) fn has_language(listed: &[(String, SettingSource)], language: &str) -> bool {
    let mut names = listed.iter().map(|(name, _)| name);
    names.any(|name| name.eq_ignore_ascii_case(language))
}

fn has_title(data: &Option<DataFile>) -> bool {
    data.as_ref()
        .is_some_and(|data| data.root.get("title").is_some())
}

impl HugoConfig {
    pub(super) fn find_node(&self, path: &str) -> Option<(&DataFile, &Node)> {
        self.files.iter().find_map(|(table, data)| {
            let node = match path.strip_prefix(table.as_str())? {
                "" => &data.root,
                below if table.is_empty() => data.root.get(below)?,
                below => data.root.get(below.strip_prefix('.')?)?,
            };
            Some((data, node))
        })
    }

    pub(super) fn find_text(&self, paths: &[&str]) -> Option<(String, SettingSource)> {
        paths.iter().find_map(|path| {
            let (data, node) = self.find_node(path)?;
            Some((node.as_text()?.to_owned(), data.source_of(node)))
        })
    }

    /// Returns the source of the first of some settings that exists, if it is `true`.
    pub(super) fn find_enabled(&self, paths: &[&str]) -> Option<SettingSource> {
        let (text, source) = self.find_text(paths)?;
        (text == "true").then_some(source)
    }

    pub(super) fn read_languages(&self) -> SiteLanguages {
        let mut found: Vec<(String, SettingSource)> = Vec::new();
        for (table, data) in &self.files {
            let own = table.strip_prefix("languages.");
            let own = own.and_then(|rest| rest.split('.').next());
            found.extend(own.map(|language| (language.to_owned(), data.source_of(&data.root))));
            let listed = match table.as_str() {
                "" => data.root.get("languages"),
                "languages" => Some(&data.root),
                _ => None,
            };
            let listed = map_fields(listed).iter();
            found.extend(listed.map(|(name, node)| (name.clone(), data.source_of(node))));
        }
        let mut seen = BTreeSet::new();
        found.retain(|(name, _)| seen.insert(name.to_lowercase()));
        let switched_off = self.find_node("disableLanguages").map(|(_, node)| node);
        let (disabled, enabled) = found.into_iter().partition(|(name, _)| {
            let path = format!("languages.{}.disabled", name.to_lowercase());
            let mut listed = list_items(switched_off).iter().filter_map(Node::as_text);
            listed.any(|text| text.eq_ignore_ascii_case(name))
                || self.find_enabled(&[&path]).is_some()
        });
        let default = self.find_text(&["defaultContentLanguage"]);
        SiteLanguages {
            default: default.map_or_else(|| "en".to_owned(), |(text, _)| text.to_lowercase()),
            enabled,
            disabled,
        }
    }

    /// Lists the directories of content. Mounts replace `contentDir`.
    pub(super) fn list_content_dirs(&self, languages: &SiteLanguages) -> Vec<ContentDir> {
        let mounts = self.find_node("module.mounts");
        let mounted = list_items(mounts.map(|(_, node)| node)).iter();
        let mounted: Vec<ContentDir> = mounted
            .filter_map(|mount| {
                let path = |name| site_tree::normalize_path(mount.get(name)?.as_text()?);
                let listed = mount.get("sites.matrix.languages");
                let language = mount.get("lang").or(match list_items(listed) {
                    [] => listed,
                    [one] => Some(one),
                    _ => None,
                });
                let language = language.and_then(Node::as_text).unwrap_or_default();
                if has_language(&languages.disabled, language) {
                    return None;
                }
                let data = mounts?.0;
                let node = mount.get("excludeFiles");
                let one = node.filter(|node| node.as_text().is_some());
                let excluded = list_items(node).iter().chain(one);
                let unread = ["includeFiles", "files"].into_iter();
                Some(ContentDir {
                    excluded: excluded
                        .filter_map(|item| text_with_source(&data.file, item))
                        .collect(),
                    unread_filters: unread
                        .filter_map(|name| Some((name, data.source_of(mount.get(name)?))))
                        .collect(),
                    language: language.to_owned(),
                    dir: path("source")?,
                    mounted_at: site_tree::path_below(&path("target")?, "content")?.to_owned(),
                    source: data.source_of(mount),
                })
            })
            .collect();
        if !mounted.is_empty() {
            return mounted;
        }
        let why = "Hugo builds pages from the files in `content`".to_owned();
        let shared = self.find_text(&["contentDir"]);
        let shared = shared.unwrap_or(("content".to_owned(), SettingSource::GeneratorDefault(why)));
        let none = [(String::new(), shared.1.clone())];
        let names = match languages.enabled.as_slice() {
            [] => none.as_slice(),
            enabled => enabled,
        };
        let mut dirs: Vec<ContentDir> = Vec::new();
        for (language, _) in names {
            let own = format!("languages.{}.contentDir", language.to_lowercase());
            let (dir, source) = self.find_text(&[&own]).unwrap_or_else(|| shared.clone());
            dirs.extend(site_tree::normalize_path(&dir).map(|dir| ContentDir {
                language: language.clone(),
                dir,
                mounted_at: String::new(),
                source,
                excluded: Vec::new(),
                unread_filters: Vec::new(),
            }));
        }
        dirs.dedup_by(|other, first| other.dir == first.dir);
        if let [only] = dirs.as_mut_slice() {
            only.language.clear();
        }
        dirs
    }
}
