//! The templates of a site, and its posts, into the language that they are in.

use super::draft::Draft;
use super::pages::{Page, Pages};
use super::setting::{Key, Source};
use super::tree;

/// Where generators and their users keep the template that opens the page.
const DIRS: [&str; 18] = [
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
/// How many files are looked into.
const MOST: usize = 200;

/// Fills in the language where no configuration says it.
pub(super) fn guess(draft: &mut Draft<'_>, pages: &Pages) {
    if draft.has(Key::Language) {
        return;
    }
    let files = DIRS.iter().flat_map(|dir| {
        let files = draft.tree.files(dir).into_iter();
        files.map(|name| tree::join(dir, &name))
    });
    let kinds = [
        ".astro", ".html", ".njk", ".liquid", ".vue", ".jsx", ".tsx", ".js", ".hbs",
    ];
    let templates = files.filter(|file| kinds.iter().any(|kind| file.ends_with(kind)));
    let in_template = templates.take(MOST).find_map(|file| {
        let text = draft.tree.beginning(&file)?;
        let (line, language) = of_markup(&text)?;
        Some((language, format!("{file}, line {line}")))
    });
    let found = in_template.or_else(|| of_posts(pages));
    if let Some((language, why)) = found {
        draft.set(Key::Language, language, Source::Guess(why));
    }
}

/// `<html lang="…">`, where that is written out, with its line.
fn of_markup(text: &str) -> Option<(usize, String)> {
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

/// The language that most posts say they are in.
fn of_posts(pages: &Pages) -> Option<(String, String)> {
    let names = ["lang", "language", "locale"];
    let of = |page: &Page| -> Option<String> {
        let text = names.iter().find_map(|name| page.front.get(name)?.text())?;
        Some(text.to_owned())
    };
    let mut languages: Vec<String> = pages.posts().filter_map(of).collect();
    languages.sort_unstable();
    let most = languages
        .chunk_by(|a, b| a == b)
        .max_by_key(|same| same.len())?;
    let is_most = most.len() * 2 > pages.posts().count();
    let language = most.first().filter(|_| is_most)?;
    Some((
        (*language).to_owned(),
        format!("{} posts say so", most.len()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_of_a_template_is_read_where_it_is_written_out() {
        assert_eq!(
            of_markup("\n<html class=\"a\" lang=\"pt-BR\">"),
            Some((2, "pt-BR".into()))
        );
        for text in [
            "<html>",
            "<html lang={lang}>",
            "<html lang=\"{{ lang }}\">",
            "lang=\"en\"",
        ] {
            assert_eq!(of_markup(text), None, "{text}");
        }
    }
}
