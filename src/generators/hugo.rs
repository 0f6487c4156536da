//! Reads what Hugo's configuration says about a site.

mod configuration;
mod permalinks;

use crate::detect::detected::{ContentRoot, DetectedSite};
use crate::detect::left_out_files::{leave_out_matches, warn_of_unread_files};
use crate::detect::podcast::set_podcast;
use crate::detect::setting::{SettingKey, SettingSource, SettingValue};
use crate::detect::site_file::{list_items, text_with_source};
use crate::detect::site_tree;
use crate::front_matter::data_file::Node;
use configuration::{ContentDir, HugoConfig, SiteLanguages, read_config};
use permalinks::set_permalinks;

/// Fields that hide posts if a cascade sets them.
const HIDING_FIELDS: [&str; 6] = [
    "draft",
    "build",
    "_build",
    "expiryDate",
    "publishDate",
    "headless",
];

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
    set_podcast(draft, |names| configuration.find_text(names));
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
    if let Some(source) = configuration.find_enabled(&["enableEmoji"]) {
        draft.set_if_more_certain(SettingKey::Emoji, SettingValue::Flag(true), source);
    }
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
                && !content.language.is_empty()
                && name.is_some_and(|name| !name.is_empty() && !name.contains('/'))
        });
    let mut language_dirs = Vec::new();
    if let Some(parent) = parent.filter(|_| is_by_language) {
        let mut excluded = Vec::new();
        let mut unread_filters = Vec::new();
        for content in &mut dirs {
            let name = site_tree::path_below(&content.dir, &parent).unwrap_or_default();
            language_dirs.push((name.to_owned(), content.language.clone()));
            let patterns = content.excluded.drain(..);
            excluded.extend(patterns.map(|(pattern, source)| {
                let pattern = format!("{}/{pattern}", globset::escape(name));
                (pattern, source)
            }));
            unread_filters.append(&mut content.unread_filters);
        }
        let is_named = |(dir, language): &(String, String)| dir.eq_ignore_ascii_case(language);
        if let Some(first) = dirs.first_mut() {
            let renamed = language_dirs.iter().filter(|dir| !is_named(dir));
            let renamed = renamed
                .map(|(dir, language)| (format!("{dir}/:path*"), format!("{language}/:path*")));
            let rewrites: Vec<_> = renamed.collect();
            if !rewrites.is_empty() {
                let value = SettingValue::Table(rewrites);
                draft.set_if_more_certain(SettingKey::Rewrites, value, first.source.clone());
            }
            (first.excluded, first.unread_filters) = (excluded, unread_filters);
        }
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
        for (pattern, source) in content.excluded {
            let pattern = pattern.trim_start_matches('/').to_owned();
            leave_out_matches(&mut home, draft, [pattern], &source);
        }
        for (name, source) in content.unread_filters {
            warn_of_unread_files(draft, &source, &format!("`{name}`"));
        }
        leave_out_ignored_files(draft, configuration, &mut home);
        leave_out_cascades(draft, configuration, languages, &mut home);
        for (language, source) in &languages.disabled {
            let pattern = format!("*.{}.{{md,markdown,mdx}}", globset::escape(language));
            home.hidden_files.push((pattern, source.clone()));
        }
        // Beside the directories of languages, Hugo publishes nothing.
        let beside = draft.tree.list_dirs(&home.dir).into_iter();
        let is_left_out =
            |dir: &String| is_by_language && !language_dirs.iter().any(|(known, _)| known == dir);
        for dir in beside.filter(is_left_out) {
            let pattern = format!("{}/**", globset::escape(&dir));
            home.hidden_files.push((pattern, home.source.clone()));
        }
        let mounted_at = &content.mounted_at;
        set_permalinks(
            draft,
            configuration,
            languages,
            mounted_at,
            &language_dirs,
            &mut home,
        );
        draft.content_roots.push(home);
    }
}

/// Leaves out the files that `ignoreFiles` matches. A regular expression that is more than a text is reported.
fn leave_out_ignored_files(
    draft: &mut DetectedSite<'_>,
    configuration: &HugoConfig,
    home: &mut ContentRoot,
) {
    let Some((data, node)) = configuration.find_node("ignoreFiles") else {
        return;
    };
    let one = Some(node).filter(|node| node.as_text().is_some());
    for item in list_items(Some(node)).iter().chain(one) {
        let Some((written, source)) = text_with_source(&data.file, item) else {
            continue;
        };
        match convert_regex(&written) {
            Some(pattern) => leave_out_matches(home, draft, [pattern], &source),
            None => warn_of_unread_files(draft, &source, &format!("`ignoreFiles`: `{written}`")),
        }
    }
}

/// Converts a regular expression such as `\.draft\.md$` to a pattern; `None` if it is more than a text.
fn convert_regex(written: &str) -> Option<String> {
    let (text, is_end) = match written.strip_suffix('$') {
        Some(text) if !text.ends_with('\\') => (text, true),
        _ => (written, false),
    };
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.push(characters.next().filter(char::is_ascii_punctuation)?),
            '/' | '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '^' | '$' => {
                return None;
            }
            character => plain.push(character),
        }
    }
    let end = if is_end { "" } else { "*" };
    // In a pattern of the configuration `*` matches a slash, too.
    let has_text = !plain.is_empty() && !plain.contains('/');
    has_text.then(|| format!("*{}{end}", globset::escape(&plain)))
}

/// Leaves out the posts that a cascade of the configuration hides, and reports each such cascade.
fn leave_out_cascades(
    draft: &mut DetectedSite<'_>,
    configuration: &HugoConfig,
    languages: &SiteLanguages,
    home: &mut ContentRoot,
) {
    let enabled = languages.enabled.iter();
    let mut paths: Vec<String> = enabled
        .map(|(name, _)| format!("languages.{}.cascade", name.to_lowercase()))
        .collect();
    paths.push("cascade".to_owned());
    for path in paths {
        let Some((data, node)) = configuration.find_node(&path) else {
            continue;
        };
        let node = node.get("cascade").unwrap_or(node);
        let items = list_items(Some(node));
        let one = Some(node).filter(|_| items.is_empty());
        for cascade in items.iter().chain(one) {
            let hiding = HIDING_FIELDS.iter().find(|name| {
                let field = cascade.get(name);
                field.is_some_and(|field| field.as_text() != Some("false"))
            });
            let Some(name) = hiding else { continue };
            let target = ["target.path", "_target.path"];
            let target = target.iter().find_map(|path| cascade.get(path)?.as_text());
            let below = target.and_then(|path| path.strip_prefix('/'));
            let source = data.source_of(cascade);
            let patterns = below.map(str::to_owned);
            leave_out_matches(home, draft, patterns, &source);
            let shown = target.unwrap_or("all pages");
            let written = format!("`cascade` with `{name}` for `{shown}`");
            warn_of_unread_files(draft, &source, &written);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_regexes_become_patterns() {
        for (written, expected) in [
            (r"\.draft\.md$", Some("*.draft.md")),
            (r"wip-", Some("*wip-*")),
            (r"^wip", None),
            (r"posts/.*", None),
            (r"\d", None),
            (r"\$", Some("*$*")),
            ("", None),
        ] {
            assert_eq!(convert_regex(written).as_deref(), expected, "{written}");
        }
    }
}
