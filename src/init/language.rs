//! Guesses the language of a site from its templates and its posts.

use crate::detect::detected::DetectedSite;
use crate::detect::pages::MarkdownPages;
use crate::detect::setting::{SettingKey, SettingSource, SettingValue};
use crate::detect::site_tree;
use crate::text::is_same_language;

/// Directories where sites keep the template with the `<html>` tag.
const TEMPLATE_DIRS: [&str; 18] = [
    "src/layouts",
    "src/components",
    "src/pages",
    "src/_layouts",
    "src/_includes",
    "src/_includes/layouts",
    "_layouts",
    "_includes",
    "_includes/layouts",
    "docs/_layouts",
    "layouts/_default",
    "layouts",
    "templates",
    "src/app",
    "src/templates",
    "src",
    "app",
    "",
];
/// Minimum number of translations into a language for a warning. A single name such as `a.it.md` may end in a word.
const MIN_TRANSLATIONS: usize = 2;
/// Maximum number of templates that are read.
const MAX_TEMPLATES: usize = 200;

/// Sets the language if no configuration does.
pub(super) fn guess_language(draft: &mut DetectedSite<'_>, pages: &MarkdownPages) {
    if draft.has_setting(SettingKey::Language) {
        return;
    }
    let files = TEMPLATE_DIRS.iter().flat_map(|dir| {
        let files = draft.tree.list_files(dir).into_iter();
        files.map(|name| site_tree::join_paths(dir, &name))
    });
    let kinds = [
        ".astro", ".html", ".njk", ".liquid", ".vue", ".jsx", ".tsx", ".js", ".hbs",
    ];
    let templates = files.filter(|file| kinds.iter().any(|kind| file.ends_with(kind)));
    let in_template = templates.take(MAX_TEMPLATES).find_map(|file| {
        let text = draft.tree.read_beginning(&file)?;
        let (line, language) = find_html_lang(&text)?;
        Some((language, format!("{file}, line {line}")))
    });
    let found = in_template.or_else(|| majority_post_language(pages));
    if let Some((language, why)) = found {
        draft.set_if_more_certain(SettingKey::Language, language, SettingSource::Guess(why));
    }
}

/// Warns if names of files end in languages, `a.de.md`, and the site lists none.
pub(super) fn warn_of_unlisted_languages(draft: &mut DetectedSite<'_>) {
    let text_of = |key: SettingKey| match draft.setting_value(key) {
        Some(SettingValue::Text(text)) => text.clone(),
        _ => String::new(),
    };
    let (dir, default) = (text_of(SettingKey::Dir), text_of(SettingKey::Language));
    let mut tags = Vec::from_iter(draft.tree.list_suffix_languages(&dir, MIN_TRANSLATIONS));
    if !tags.is_empty() && !draft.has_setting(SettingKey::Languages) {
        tags.retain(|tag| *tag != default);
        tags.insert(
            0,
            if default.is_empty() {
                "en".to_owned()
            } else {
                default
            },
        );
        let message = "names of files end in languages, and `site.languages` is not set";
        let list = SettingValue::List(tags);
        let hint = format!("for translations write `languages = {list}` below `[site]`");
        draft.add_warning(&SettingSource::from_file(&dir), message, hint);
    }
}

/// Writes the language as the list of languages does: `en`, not `en-US`, beside `["en", "fr"]`.
pub(super) fn match_listed_language(draft: &mut DetectedSite<'_>) {
    let listed = draft.site_languages();
    let list_source = draft.settings.get(&SettingKey::Languages);
    let list_source = list_source.map(|setting| setting.source.clone());
    let (Some(setting), Some(list_source)) =
        (draft.settings.get_mut(&SettingKey::Language), list_source)
    else {
        return;
    };
    let SettingValue::Text(language) = &mut setting.value else {
        return;
    };
    let equal = listed.iter().find(|tag| tag.eq_ignore_ascii_case(language));
    let mut same = listed.iter().filter(|tag| is_same_language(tag, language));
    if let Some(tag) = equal.or_else(|| same.next().filter(|_| same.next().is_none())) {
        if tag != language {
            language.clone_from(tag);
            setting.source = list_source;
        }
        return;
    }
    let message = format!("the language `{language}` is not among the languages of the site");
    let hint = "write the one whose posts have no directory of a language in their address";
    draft.add_warning(&list_source, message, hint);
}

/// Finds a literal `<html lang="…">`; returns its line, counted from 1, and the language.
fn find_html_lang(text: &str) -> Option<(usize, String)> {
    for (line, text) in text.lines().enumerate() {
        let Some((_, after)) = text.split_once("<html") else {
            continue;
        };
        let (_, value) = after.split_once("lang=")?;
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let language = value.split(quote).nth(1)?;
        return crate::text::is_language_tag(language).then(|| (line + 1, language.to_owned()));
    }
    None
}

/// Returns the language that more than half of the posts state, and the reason for the guess.
fn majority_post_language(pages: &MarkdownPages) -> Option<(String, String)> {
    let names = ["lang", "language", "locale"];
    let mut languages: Vec<String> = pages
        .dated_pages()
        .filter_map(|page| {
            names
                .iter()
                .find_map(|name| page.front.get(name)?.as_text())
        })
        .map(str::to_owned)
        .collect();
    languages.sort_unstable();
    let most = languages
        .chunk_by(|a, b| a == b)
        .max_by_key(|same| same.len())?;
    let is_most = most.len() * 2 > pages.dated_pages().count();
    let language = most.first().filter(|_| is_most)?;
    Some((
        (*language).to_owned(),
        format!("{} posts state it", most.len()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_language_of_a_template_is_read() {
        assert_eq!(
            find_html_lang("\n<html class=\"a\" lang=\"pt-BR\">"),
            Some((2, "pt-BR".into()))
        );
        for text in [
            "<html>",
            "<html lang={lang}>",
            "<html lang=\"{{ lang }}\">",
            "lang=\"en\"",
        ] {
            assert_eq!(find_html_lang(text), None, "{text}");
        }
    }
}
