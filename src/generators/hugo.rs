//! Reads what Hugo's configuration says about a site.

mod configuration;
mod permalinks;

use crate::detect::detected::{ContentRoot, DetectedSite};
use crate::detect::setting::{SettingKey, SettingSource, SettingValue};
use crate::detect::site_file::list_items;
use crate::detect::site_tree;
use crate::front_matter::data_file::Node;
use configuration::{ContentDir, HugoConfig, SiteLanguages, has_language, read_config};
use permalinks::set_permalinks;

pub(super) fn read_hugo_site(draft: &mut DetectedSite<'_>) -> bool {
    let Some(configuration) = read_config(draft) else {
        return false;
    };
    let languages = configuration.read_languages();
    let language = &languages.default;
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
    set_languages(draft, &configuration, &languages);
    set_translated(draft, SettingKey::Url, &["baseURL"]);
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
    for name in ["buildFuture", "buildExpired", "buildDrafts"] {
        draft.warn_of_shown_posts(name, configuration.find_text(&[name]));
    }
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
    add_content_roots(draft, &configuration, &languages);
    let [cased, unaccented] =
        ["disablePathToLower", "removePathAccents"].map(|name| configuration.find_enabled(&[name]));
    let names = match (&cased, &unaccented) {
        (None, None) => "hugo",
        (Some(_), None) => "hugo-cased",
        (None, Some(_)) => "hugo-unaccented",
        (Some(_), Some(_)) => "hugo-cased-unaccented",
    };
    draft.set_names(names, cased.or(unaccented));
    true
}

/// Sets the languages, and the default one as the list spells it.
fn set_languages(
    draft: &mut DetectedSite<'_>,
    configuration: &HugoConfig,
    languages: &SiteLanguages,
) {
    let enabled = &languages.enabled;
    let Some((_, source)) = enabled.first().filter(|_| enabled.len() > 1) else {
        return;
    };
    let names: Vec<String> = enabled.iter().map(|(name, _)| name.clone()).collect();
    let mut same = names.iter();
    if let Some(name) = same.find(|name| name.eq_ignore_ascii_case(&languages.default)) {
        let written = configuration.find_text(&["defaultContentLanguage"]);
        let why = "Hugo's default language of content".to_owned();
        let source = written.map_or(SettingSource::GeneratorDefault(why), |(_, source)| source);
        draft.set_if_more_certain(SettingKey::Language, name.as_str(), source);
    }
    let source = source.clone();
    draft.set_if_more_certain(SettingKey::Languages, SettingValue::List(names), source);
}

/// Adds the directories of content. Directories of languages beside each other become one.
fn add_content_roots(
    draft: &mut DetectedSite<'_>,
    configuration: &HugoConfig,
    languages: &SiteLanguages,
) {
    let main = configuration.find_node("params.mainSections");
    let main = list_items(main.map(|(_, node)| node)).iter();
    let main = main.filter_map(Node::as_text).map(str::to_owned).collect();
    draft.post_sections = main;
    let mut dirs = configuration.list_content_dirs(languages);
    let is_default = |content: &ContentDir| {
        content.language.is_empty() || content.language.eq_ignore_ascii_case(&languages.default)
    };
    if let Some(content) = dirs.iter().find(|content| is_default(content)) {
        draft.read_home_page(&format!("{}/_index.md", content.dir));
    }
    let parent = dirs.first().and_then(|first| first.dir.rsplit_once('/'));
    let parent = parent.map(|(parent, _)| parent.to_owned());
    let is_by_language = dirs.len() > 1
        && dirs.iter().all(|content| {
            let name = site_tree::path_below(&content.dir, parent.as_deref().unwrap_or("/"));
            content.mounted_at.is_empty()
                && name.is_some_and(|name| name.eq_ignore_ascii_case(&content.language))
        });
    if let Some(parent) = parent.filter(|_| is_by_language) {
        dirs.truncate(1);
        for content in &mut dirs {
            content.dir.clone_from(&parent);
            content.language.clear();
        }
    }
    for content in dirs {
        // The directory of the default language is preferred to those of others.
        let is_preferred = !content.language.is_empty() && is_default(&content);
        let mut home = ContentRoot::new(content.dir, content.source);
        home.has_post_name |= is_preferred;
        for (language, source) in &languages.disabled {
            let pattern = format!("*.{}.{{md,markdown,mdx}}", globset::escape(language));
            home.hidden_files.push((pattern, source.clone()));
        }
        // Beside the directories of languages, Hugo publishes nothing.
        let beside = draft.tree.list_dirs(&home.dir).into_iter();
        for dir in beside.filter(|dir| is_by_language && !has_language(&languages.enabled, dir)) {
            let pattern = format!("{}/**", globset::escape(&dir));
            home.hidden_files.push((pattern, home.source.clone()));
        }
        let mounted_at = &content.mounted_at;
        set_permalinks(
            draft,
            configuration,
            languages,
            mounted_at,
            is_by_language,
            &mut home,
        );
        draft.content_roots.push(home);
    }
}
