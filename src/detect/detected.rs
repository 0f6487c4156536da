//! Collects what the readers of each tool's files find out about a site.
//!
//! Of two values for one setting the more certain one stays, or the first if both are equally
//! certain.

use std::collections::BTreeMap;

use super::pages::LeftOutPosts;
use super::placeholder_url::has_placeholder_host;
use super::setting::{
    InvalidSetting, Setting, SettingKey, SettingSource, SettingValue, validate_setting,
};
use super::site_file::text_with_source;
use super::site_file::{DataFile, ScriptFile};
use super::site_tree::{self, ReadTextError, SiteTree};
use crate::front_matter::data_file;
use crate::javascript::{ParsedScript, ScriptEntry, ScriptExpression};
use crate::model::finding::{Finding, Rule, Severity};
use crate::text::{collapse_whitespace, parse_x_account};

/// Facts about a site that are known so far.
#[derive(Debug)]
pub(crate) struct DetectedSite<'t> {
    pub(crate) tree: &'t SiteTree,
    /// Tools that were recognised, each with the file by which it was recognised.
    pub(crate) tools: Vec<(&'static str, String)>,
    pub(crate) settings: BTreeMap<SettingKey, Setting>,
    /// Settings that are written as comments.
    pub(crate) suggestions: Vec<Setting>,
    pub(crate) findings: Vec<Finding>,
    /// Directories that the generator builds pages from.
    pub(crate) content_roots: Vec<ContentRoot>,
    /// Directories that the CMS writes posts to.
    pub(crate) cms_collections: Vec<CmsCollection>,
    /// URLs that the site's files name as its own.
    pub(crate) known_urls: Vec<(String, SettingSource)>,
    /// Path that the generator serves the site from, until the site's URL is known.
    pub(crate) base_path: Option<(String, SettingSource)>,
    /// Sections that the generator is configured to list as posts.
    pub(crate) post_sections: Vec<String>,
    /// Number of posts.
    pub(crate) post_count: usize,
    /// Number of other pages in the same directory.
    pub(crate) other_page_count: usize,
    /// The other pages that have a title and a date.
    pub(crate) left_out_posts: LeftOutPosts,
}

/// Directory that the generator builds pages from, and how it makes their addresses.
#[derive(Debug, Clone)]
pub(crate) struct ContentRoot {
    /// Path relative to the site's directory.
    pub(crate) dir: String,
    pub(crate) source: SettingSource,
    /// True if its name is usual for a directory of posts.
    pub(crate) has_post_name: bool,
    /// True if the generator makes a post of every file in it.
    pub(crate) has_only_posts: bool,
    /// True if code that is not read makes a part of the addresses.
    pub(crate) has_computed_ids: bool,
    /// True if the generator makes a page of each file by its path, without a rule for names.
    pub(crate) has_file_routes: bool,
    /// Pattern of the addresses and its source; `None` if addresses follow the path.
    pub(crate) permalinks: Option<(String, SettingSource)>,
    /// Directories below that have a different pattern, which is in `permalinks` for the rest.
    pub(crate) dir_permalinks: Vec<(String, String)>,
    /// Directories below that hold all posts; none if posts may be anywhere.
    pub(crate) post_dirs: Vec<String>,
    /// Patterns of the files that the generator does not publish, each with its source.
    pub(crate) hidden_files: Vec<(String, SettingSource)>,
    /// Patterns of the files that are posts, if not all are, and their source.
    pub(crate) include: Option<(Vec<String>, SettingSource)>,
    /// Patterns of files that the generator leaves out.
    pub(crate) exclude: Vec<String>,
}

/// Directory that a CMS writes posts to.
#[derive(Debug, Clone)]
pub(crate) struct CmsCollection {
    /// Name in the CMS.
    pub(crate) name: String,
    /// Path relative to the site's directory.
    pub(crate) folder: String,
    /// Place where the folder is configured.
    pub(crate) source: SettingSource,
    /// Fields that have the same value in every post of the collection.
    pub(crate) fixed_fields: Vec<FixedField>,
    /// Field that holds the date.
    pub(crate) date_field: Option<(String, SettingSource)>,
    /// Pattern of the addresses.
    pub(crate) permalinks: Option<(String, SettingSource)>,
}

/// Field that has the same value in every post of a collection.
#[derive(Debug, Clone)]
pub(crate) struct FixedField {
    pub(crate) name: String,
    pub(crate) value: String,
    /// Place where the value is configured.
    pub(crate) source: SettingSource,
    /// True if the CMS selects the posts of the folder by this field.
    pub(crate) is_filter: bool,
}

impl ContentRoot {
    pub(crate) fn new(dir: String, source: SettingSource) -> ContentRoot {
        let last = dir.rsplit('/').next().unwrap_or_default();
        ContentRoot {
            has_post_name: is_post_directory_name(last),
            has_only_posts: false,
            has_computed_ids: false,
            has_file_routes: false,
            dir,
            source,
            permalinks: None,
            dir_permalinks: Vec::new(),
            post_dirs: Vec::new(),
            hidden_files: Vec::new(),
            include: None,
            exclude: Vec::new(),
        }
    }

    /// Creates a directory whose files are all posts by the generator's rule.
    pub(crate) fn with_only_posts(dir: String, source: SettingSource) -> ContentRoot {
        ContentRoot {
            has_only_posts: true,
            ..ContentRoot::new(dir, source)
        }
    }

    pub(crate) fn with_permalinks(self, pattern: &str, source: SettingSource) -> ContentRoot {
        ContentRoot {
            permalinks: Some((pattern.to_owned(), source)),
            ..self
        }
    }
}

/// Returns true if most sites keep posts in a directory of this name.
pub(crate) fn is_post_directory_name(name: &str) -> bool {
    const NAMES: [&str; 14] = [
        "blog",
        "blogs",
        "post",
        "posts",
        "_posts",
        "article",
        "articles",
        "news",
        "writing",
        "journal",
        "stories",
        "story",
        "entries",
        "blogposts",
    ];
    let name = name.to_lowercase();
    let alphanumeric: String = name.chars().filter(|c| *c != '-' && *c != '_').collect();
    NAMES.contains(&name.as_str()) || NAMES.contains(&alphanumeric.as_str())
}

impl<'t> DetectedSite<'t> {
    pub(crate) fn new(tree: &'t SiteTree) -> DetectedSite<'t> {
        DetectedSite {
            tree,
            tools: Vec::new(),
            settings: BTreeMap::new(),
            suggestions: Vec::new(),
            findings: Vec::new(),
            content_roots: Vec::new(),
            cms_collections: Vec::new(),
            known_urls: Vec::new(),
            base_path: None,
            post_sections: Vec::new(),
            post_count: 0,
            other_page_count: 0,
            left_out_posts: LeftOutPosts::default(),
        }
    }

    pub(crate) fn record_tool(&mut self, name: &'static str, file: &str) {
        self.tools.push((name, file.to_owned()));
    }

    pub(crate) fn has_setting(&self, key: SettingKey) -> bool {
        self.settings.contains_key(&key)
    }

    pub(crate) fn setting_value(&self, key: SettingKey) -> Option<&SettingValue> {
        self.settings.get(&key).map(|setting| &setting.value)
    }

    /// Lists the site's languages, as far as they are known.
    pub(crate) fn site_languages(&self) -> Vec<String> {
        match self.setting_value(SettingKey::Languages) {
            Some(SettingValue::List(tags)) => tags.clone(),
            _ => Vec::new(),
        }
    }

    /// Sets a key if the value is valid and more certain than the known one.
    pub(crate) fn set_if_more_certain(
        &mut self,
        key: SettingKey,
        value: impl Into<SettingValue>,
        source: SettingSource,
    ) {
        let mut value = value.into();
        if let SettingValue::Text(text) = &mut value {
            *text = match key {
                SettingKey::Dir | SettingKey::StaticDir | SettingKey::Logo => std::mem::take(text),
                SettingKey::Language => collapse_whitespace(text).replace('_', "-"),
                SettingKey::Twitter => {
                    parse_x_account(text).unwrap_or_else(|| collapse_whitespace(text))
                }
                _ => collapse_whitespace(text),
            };
            if text.is_empty() && !matches!(key, SettingKey::Dir | SettingKey::StaticDir) {
                return;
            }
            if key == SettingKey::Url && has_placeholder_host(text) {
                let text = collapse_whitespace(text);
                let message = format!("`{text}` is a placeholder, not the site's address");
                let hint = "write the site's address there and in `site.url`";
                return self.add_warning(&source, message, hint);
            }
        }
        let known = self.settings.get(&key);
        if known.is_some_and(|known| known.source.certainty_rank() >= source.certainty_rank()) {
            return;
        }
        match validate_setting(key, &value) {
            Ok(()) => {
                self.settings.insert(key, Setting { key, value, source });
            }
            // This version of courant has no such setting, so nothing is lost.
            Err(InvalidSetting::UnknownKey) => {}
            Err(InvalidSetting::InvalidValue { message, hint }) => {
                self.add_warning(&source, message, hint)
            }
        }
    }

    /// Sets the name of a field in the posts, beside the names that are set already.
    pub(crate) fn set_field(&mut self, field: &str, name: &str, source: SettingSource) {
        let known = self.settings.get_mut(&SettingKey::Fields);
        if let Some(SettingValue::Table(names)) = known.map(|setting| &mut setting.value) {
            return names.push((field.to_owned(), name.to_owned()));
        }
        let names = SettingValue::Table(vec![(field.to_owned(), name.to_owned())]);
        self.set_if_more_certain(SettingKey::Fields, names, source);
    }

    /// Appends the path that the generator serves the site from to the site's URL, unless it is there. Keeps it until
    /// there is a URL.
    pub(crate) fn append_base_path(&mut self, base: Option<(String, SettingSource)>) {
        if !self.has_setting(SettingKey::Url) {
            self.base_path = base;
            return;
        }
        let base = base.unwrap_or_else(|| (String::new(), SettingSource::from_file("")));
        let base = base.0.trim_matches(['/', '.']);
        if let Some(SettingValue::Text(url)) = self
            .settings
            .get_mut(&SettingKey::Url)
            .map(|setting| &mut setting.value)
            && !base.is_empty()
            && !url.trim_end_matches('/').ends_with(&format!("/{base}"))
        {
            *url = site_tree::join_paths(url.trim_end_matches('/'), base);
        }
    }

    /// Adds patterns of files that are not posts.
    pub(crate) fn exclude_files(&mut self, patterns: Vec<String>, source: SettingSource) {
        if patterns.is_empty() {
            return;
        }
        match self.settings.get_mut(&SettingKey::Exclude) {
            Some(Setting {
                value: SettingValue::List(known),
                source,
                ..
            }) => {
                known.extend(patterns);
                let why = "files that the generator leaves out, and sections of other pages";
                *source = SettingSource::Guess(why.to_owned());
            }
            _ => {
                self.set_if_more_certain(SettingKey::Exclude, SettingValue::List(patterns), source)
            }
        }
    }

    /// Sets the site's languages, if there are several. Without a `default` it is the first one.
    pub(crate) fn set_languages(
        &mut self,
        mut languages: Vec<String>,
        default: Option<&str>,
        source: SettingSource,
    ) {
        languages.sort_by_key(|tag| default.is_some_and(|default| tag != default));
        languages.dedup();
        if let [default, _, ..] = languages.as_slice() {
            self.set_if_more_certain(SettingKey::Language, default.as_str(), source.clone());
            self.set_if_more_certain(SettingKey::Languages, SettingValue::List(languages), source);
        }
    }

    /// Warns that the addresses of the default language begin with its tag, which courant leaves out.
    pub(crate) fn warn_of_default_language_prefix(&mut self, source: &SettingSource) {
        self.add_warning(
            source,
            "the addresses of the default language begin with its tag, which no setting adds",
            "write `permalink` into the posts of that language",
        );
    }

    /// Warns that a part of a setting's pattern has no replacement.
    pub(crate) fn warn_of_unsupported_part(
        &mut self,
        source: &SettingSource,
        name: &str,
        written: &str,
        part: &str,
    ) {
        let message = format!("`{name}` is `{written}`, and `{part}` is not supported");
        let hint = "write `permalink` into each post, or set `site.permalinks` without that part";
        self.add_warning(source, message, hint);
    }

    /// Warns that the addresses of posts are computed.
    pub(crate) fn warn_of_computed_addresses(&mut self, file: &str, line: usize, written: &str) {
        let written = if written.is_empty() {
            String::new()
        } else {
            format!(": `{written}`")
        };
        self.add_warning(
            &SettingSource::from_line(file, line),
            format!("addresses are made by code in `{file}`, line {line}{written}"),
            "compare the address of one post with the site, and correct `site.permalinks`",
        );
    }

    /// Sets a key if a value was found.
    pub(crate) fn set_if_found(&mut self, key: SettingKey, found: Option<(String, SettingSource)>) {
        if let Some((text, source)) = found {
            self.set_if_more_certain(key, text, source);
        }
    }

    /// Sets `content.names`. Without a source, the generator's default is the source.
    pub(crate) fn set_names(&mut self, names: &str, source: Option<SettingSource>) {
        let source = source.unwrap_or_else(|| {
            let tool = self.tools.last().map_or("the generator", |(name, _)| *name);
            SettingSource::GeneratorDefault(format!("{tool} makes addresses of names by this rule"))
        });
        self.set_if_more_certain(SettingKey::Names, names, source);
    }

    /// Sets each key of a table from the first of its paths that `find` finds in a script with a readable value.
    pub(crate) fn set_all_from_script(
        &mut self,
        code: &ScriptFile,
        table: &[(SettingKey, &[&str])],
        find: impl for<'s> Fn(&'s ParsedScript, &str) -> Option<&'s ScriptEntry>,
    ) {
        for (key, paths) in table {
            let entries = paths.iter().map(|path| find(&code.script, path));
            self.set_from_script(*key, code, entries);
        }
    }

    /// Sets a key from the first of some script entries that has a readable value.
    pub(crate) fn set_from_script<'e>(
        &mut self,
        key: SettingKey,
        code: &ScriptFile,
        entries: impl IntoIterator<Item = Option<&'e ScriptEntry>>,
    ) {
        let mut computed = None;
        for entry in entries.into_iter().flatten() {
            match code.resolve_entry(entry) {
                (ScriptExpression::Text(text), source) => {
                    return self.set_if_more_certain(key, text, source);
                }
                (ScriptExpression::WithFallback(text), SettingSource::WrittenIn { file, line }) => {
                    let line = line.unwrap_or_default();
                    let why = format!("{file}, line {line}; the environment may override it");
                    return self.set_if_more_certain(key, text, SettingSource::Guess(why));
                }
                (value, source) => {
                    let written = value.as_code().map(|written| (written.to_owned(), source));
                    computed = computed.or(written);
                }
            }
        }
        if let Some((written, source)) = computed {
            self.add_warning(
                &source,
                format!("`{key}` is computed, and could not be read: `{written}`"),
                format!("check `{key}` in the configuration file"),
            );
        }
    }

    /// Sets the directory whose files the generator serves from the site's root, if it exists.
    pub(crate) fn set_static_dir(&mut self, dir: &str, generator: &str) {
        if self.tree.is_dir(dir) {
            let shown = if dir.is_empty() { "." } else { dir };
            let why = format!("{generator} serves the files in `{shown}` from the site's root");
            let source = SettingSource::GeneratorDefault(why);
            self.set_if_more_certain(SettingKey::StaticDir, dir, source);
        }
    }

    /// Reads the site's title and description from the page at the top of the content.
    pub(crate) fn read_home_page(&mut self, file: &str) {
        let text = self.tree.read_beginning(file).unwrap_or_default();
        if let Some(front) = data_file::parse_post_front_matter(&text, false) {
            for (key, name) in [
                (SettingKey::Title, "title"),
                (SettingKey::Description, "description"),
            ] {
                self.set_if_found(
                    key,
                    front
                        .get(name)
                        .and_then(|node| text_with_source(file, node)),
                );
            }
        }
    }

    /// Warns of a setting of the generator, if it is `true`, that shows posts which stay hidden here.
    pub(crate) fn warn_of_shown_posts(
        &mut self,
        name: &str,
        found: Option<(String, SettingSource)>,
    ) {
        if let Some((_, source)) = found.filter(|(text, _)| text == "true") {
            let message = format!("`{name}` shows posts that courant keeps hidden");
            let hint = "a post is public from its date to its end, and a draft never: change the fields of posts that must be public";
            self.add_warning(&source, message, hint);
        }
    }

    /// Adds a warning about a file of the site. Does nothing if `source` names no file.
    pub(crate) fn add_warning(
        &mut self,
        source: &SettingSource,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let SettingSource::WrittenIn { file, line } = source else {
            return;
        };
        let finding = Finding {
            file: file.clone(),
            line: *line,
            highlight: None,
            severity: Severity::Warning,
            rule: Rule::Config,
            message: message.into(),
            hint: hint.into(),
        };
        // A file may be read for several settings.
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// Reads a file; `None` if it is missing, or unusable, which is reported.
    pub(crate) fn read_text(&mut self, file: &str) -> Option<String> {
        match self.tree.read_text(file) {
            Ok(text) => Some(text),
            Err(ReadTextError::Missing) => None,
            Err(ReadTextError::Unusable { reason, line }) => {
                let source = SettingSource::WrittenIn {
                    file: file.to_owned(),
                    line,
                };
                self.add_warning(
                    &source,
                    format!("cannot be read: {}", collapse_whitespace(&reason)),
                    "its settings are not used; fix the file and run `courant init` again",
                );
                None
            }
        }
    }

    /// Parses a data file; `None` if it is missing, or invalid, which is reported.
    pub(crate) fn read_data_file(&mut self, file: &str) -> Option<DataFile> {
        let text = self.read_text(file)?;
        match DataFile::parse_data(file, &text) {
            Ok(data) => Some(data),
            Err(fault) => {
                self.add_warning(
                    &SettingSource::from_line(file, fault.line),
                    format!("the file {}", fault.message),
                    "its settings are not used; fix the file and run `courant init` again",
                );
                None
            }
        }
    }

    /// Parses a script; `None` if it is missing, or unreadable, which is reported.
    pub(crate) fn read_script_file(&mut self, file: &str) -> Option<ScriptFile> {
        let text = self.read_text(file)?;
        Some(ScriptFile::parse_script(file, &text))
    }

    /// Recognises a tool by the first of some scripts that exists, and parses it. An unreadable one counts as empty.
    pub(crate) fn recognize_script(
        &mut self,
        tool: &'static str,
        stems: &[&str],
    ) -> Option<ScriptFile> {
        let file = self.tree.find_script(stems)?;
        self.record_tool(tool, &file);
        let code = self.read_script_file(&file);
        Some(code.unwrap_or_else(|| ScriptFile::parse_script(&file, "")))
    }
}
