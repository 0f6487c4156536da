//! Hugo's configuration, in any of its files, into what it tells of the site.

use super::draft::{Draft, Home};
use super::pages::Pages;
use super::pattern::{self, Pattern};
use super::reader::{Data, fields, items};
use super::sections::Sections;
use super::setting::{Key, Source, is_pattern};
use super::tree;
use crate::content::outline::Node;

/// In the order in which Hugo looks for them.
const FILES: [&str; 8] = [
    "hugo.toml",
    "hugo.yaml",
    "hugo.yml",
    "hugo.json",
    "config.toml",
    "config.yaml",
    "config.yml",
    "config.json",
];
const DIR: &str = "config/_default";
/// What a file of another name in that directory holds the part of.
const PARTS: [&str; 3] = ["params", "languages", "permalinks"];

/// Every file of a site's configuration.
#[derive(Debug)]
struct Configuration {
    /// Each file with the table that it is, if not the whole.
    files: Vec<(&'static str, Data)>,
}

pub(super) fn read(draft: &mut Draft<'_>) -> bool {
    let Some(configuration) = configuration(draft) else {
        return false;
    };
    let language = configuration
        .text(&["defaultContentLanguage"])
        .map_or_else(|| "en".to_owned(), |(language, _)| language.to_lowercase());
    let of_language = |name: &str| format!("languages.{language}.{name}");
    let take = |draft: &mut Draft<'_>, key, names: &[&str]| {
        let own: Vec<_> = names.iter().map(|name| of_language(name)).collect();
        let all: Vec<_> = own
            .iter()
            .map(String::as_str)
            .chain(names.iter().copied())
            .collect();
        draft.take(key, configuration.text(&all));
    };
    draft.take(Key::Url, configuration.text(&["baseURL"]));
    take(draft, Key::Title, &["title", "params.title"]);
    take(
        draft,
        Key::Description,
        &["params.description", "description", "params.subtitle"],
    );
    take(draft, Key::Language, &["locale", "languageCode"]);
    draft.take(
        Key::Language,
        configuration.text(&["defaultContentLanguage"]),
    );
    take(draft, Key::Timezone, &["timeZone"]);
    take(draft, Key::Copyright, &["copyright", "params.copyright"]);
    take(
        draft,
        Key::Twitter,
        &["params.social.twitter", "params.twitter", "social.twitter"],
    );
    languages(draft, &configuration);
    let static_dir = configuration.node("staticDir").map(|(data, node)| {
        let first = items(Some(node)).first().unwrap_or(node);
        let text = first.text().unwrap_or("static").to_owned();
        (text, data.source(node))
    });
    let (dir, source) = static_dir.unwrap_or_else(|| {
        let why = "Hugo serves what is in `static` from the root of the site";
        ("static".to_owned(), Source::Rule(why.to_owned()))
    });
    if let Some(dir) = tree::tidy(&dir).filter(|dir| draft.tree.is_dir(dir)) {
        draft.set(Key::StaticDir, dir, source);
    }
    home(draft, &configuration, &language);
    draft.tidies_names = Some("Hugo");
    true
}

/// Finds and reads the files; `None` where the site is not Hugo's.
fn configuration(draft: &mut Draft<'_>) -> Option<Configuration> {
    let mut files = Vec::new();
    let mut of_hugo: Option<String> = None;
    let beside = ["archetypes", "layouts", "themes"]
        .iter()
        .any(|dir| draft.tree.is_dir(dir));
    for file in FILES {
        // Another tool's `config.toml` is not to be complained of.
        let is_named = file.starts_with("hugo.");
        if !draft.tree.is_file(file) || of_hugo.is_some() {
            continue;
        }
        let data = if is_named || beside {
            draft.data(file)
        } else {
            let text = draft.tree.text(file).ok();
            text.and_then(|text| Data::read(file, &text).ok())
        };
        let base = data.as_ref().and_then(|data| data.root.get("baseURL"));
        let theirs = data.as_ref().is_some_and(|data| {
            data.root.get("base_url").is_some() || data.root.get("site").is_some()
        });
        let is_broken = data.is_none();
        if !theirs && (is_named || base.is_some() || (beside && (is_broken || has_title(&data)))) {
            of_hugo = Some(file.to_owned());
            files.extend(data.map(|data| ("", data)));
        }
    }
    for file in draft.tree.files(DIR) {
        let name = tree::stem(&file);
        let part = match name {
            "hugo" | "config" => "",
            _ => match PARTS.iter().find(|part| **part == name) {
                Some(part) => part,
                None => continue,
            },
        };
        let path = tree::join(DIR, &file);
        if !["toml", "yaml", "yml", "json"]
            .iter()
            .any(|kind| file.ends_with(kind))
        {
            continue;
        }
        of_hugo.get_or_insert_with(|| path.clone());
        files.extend(draft.data(&path).map(|data| (part, data)));
    }
    draft.made_by("Hugo", &of_hugo?);
    Some(Configuration { files })
}

fn has_title(data: &Option<Data>) -> bool {
    data.as_ref()
        .is_some_and(|data| data.root.get("title").is_some())
}

impl Configuration {
    fn node(&self, path: &str) -> Option<(&Data, &Node)> {
        self.files.iter().find_map(|(part, data)| {
            let path = match *part {
                "" => path,
                part => path.strip_prefix(part)?.strip_prefix('.')?,
            };
            Some((data, data.root.get(path)?))
        })
    }

    fn text(&self, paths: &[&str]) -> Option<(String, Source)> {
        paths.iter().find_map(|path| {
            let (data, node) = self.node(path)?;
            Some((node.text()?.to_owned(), data.source(node)))
        })
    }

    /// The languages that there are, in the order of the file.
    fn languages(&self) -> Vec<(&str, Source)> {
        let of = |(part, data): &(&str, Data)| match *part {
            "" => data.root.get("languages").is_some(),
            part => part == "languages",
        };
        let Some((part, data)) = self.files.iter().find(|file| of(file)) else {
            return Vec::new();
        };
        let node = match *part {
            "" => data.root.get("languages"),
            _ => Some(&data.root),
        };
        fields(node)
            .iter()
            .map(|(name, node)| (name.as_str(), data.source(node)))
            .collect()
    }
}

fn languages(draft: &mut Draft<'_>, configuration: &Configuration) {
    let languages = configuration.languages();
    let Some((_, source)) = languages.first().filter(|_| languages.len() > 1) else {
        return;
    };
    let names = languages
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    draft.set(
        Key::Languages,
        super::setting::Value::List(names),
        source.clone(),
    );
}

fn home(draft: &mut Draft<'_>, configuration: &Configuration, language: &str) {
    let of_language = format!("languages.{language}.contentDir");
    let (dir, source) = configuration
        .text(&[&of_language, "contentDir"])
        .unwrap_or_else(|| {
            let why = "Hugo makes pages of what is in `content`";
            ("content".to_owned(), Source::Rule(why.to_owned()))
        });
    let Some(dir) = tree::tidy(&dir) else {
        return;
    };
    draft.home_page(&format!("{dir}/_index.md"));
    let pages = Pages::read(draft.tree, &dir);
    let main = configuration.node("params.mainSections").map(|(_, node)| {
        let names = items(Some(node)).iter().filter_map(Node::text);
        names.map(str::to_owned).collect::<Vec<_>>()
    });
    draft.sections_of_posts = main.unwrap_or_default();
    let sections = Sections::of(&pages, &draft.sections_of_posts);
    let mut home = Home::new(dir, source);
    home.permalinks = permalinks(draft, configuration, &pages, &sections, language);
    draft.homes.push(home);
}

/// The pattern of the section with most posts.
fn permalinks(
    draft: &mut Draft<'_>,
    configuration: &Configuration,
    pages: &Pages,
    sections: &Sections,
    language: &str,
) -> Option<(String, Source)> {
    let in_subdir = configuration.text(&["defaultContentLanguageInSubdir"]);
    let root = match &in_subdir {
        Some((is, _)) if is == "true" => format!("/{language}"),
        _ => String::new(),
    };
    let written = |section: &str| {
        let paths = [
            format!("permalinks.page.{section}"),
            format!("permalinks.{section}"),
        ];
        configuration.text(&[&paths[0], &paths[1]])
    };
    let section = sections
        .posts
        .first()
        .map(String::as_str)
        .unwrap_or_default();
    let first = written(section);
    let text_of =
        |pattern: &Option<(String, Source)>| pattern.as_ref().map(|(text, _)| text.clone());
    // A pattern that names the section can stand for one alone, unless there is a part for it.
    let names_section = text_of(&first).is_some_and(|text| text.contains(":section"));
    let serves_one = names_section && !is_pattern("/:section/");
    let (same, apart): (Vec<&String>, Vec<&String>) = sections.posts.iter().partition(|other| {
        *other == section || (!serves_one && text_of(&written(other)) == text_of(&first))
    });
    for other in &apart {
        let source = written(other).or_else(|| first.clone());
        let place = source.map(|(_, source)| source);
        draft.warn(
            &place.unwrap_or_else(|| Source::file(other)),
            format!("the posts of `{other}` are left out, as they have other addresses than those of `{section}`"),
            format!("serve them with a configuration of their own, or write `url` into each and add `{other}/**` to `content.include`"),
        );
    }
    if !apart.is_empty() {
        draft.sections_of_posts = same.into_iter().cloned().collect();
    }
    let ugly = configuration
        .text(&["uglyURLs"])
        .filter(|(is, _)| is == "true");
    let Some((text, source)) = first else {
        let end = if ugly.is_some() { ".html" } else { "/" };
        let source = ugly.or(in_subdir).map(|(_, source)| source)?;
        return Some((format!("{root}/:path{end}"), source));
    };
    match translated(&text, section, pages) {
        Ok(pattern) => {
            if let Some(near) = pattern.near.first() {
                let message = format!("`{near}` in `{text}` is made of the file's name instead");
                let hint = "where that makes another address, write `url` into the post";
                draft.warn(&source, message, hint);
            }
            Some((format!("{root}{}", pattern.text), source))
        }
        Err(part) => {
            let message = format!("`{text}` holds `{part}`, of which no address can be made");
            draft.warn(
                &source,
                message,
                "write `url` into each post, or `site.permalinks` with other parts",
            );
            None
        }
    }
}

fn translated(text: &str, section: &str, pages: &Pages) -> Result<Pattern, String> {
    let slugs = pages
        .posts()
        .filter(|page| page.front.get("slug").is_some())
        .count();
    let posts = pages.posts().count();
    let is_nested = pages
        .posts()
        .any(|page| page.section() == section && page.dir().contains('/'));
    let section = if is_pattern("/:section/") {
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
    // Hugo has pages in directories of their own, and writes the slash.
    let is_file = text
        .rsplit('/')
        .next()
        .is_some_and(|last| last.contains('.'));
    let text = match is_file || text.ends_with('/') {
        true => text,
        false => format!("{text}/"),
    };
    pattern::colons(&text, |name| match name {
        "year" => vec![":year"],
        "month" => vec![":month"],
        "day" => vec![":day"],
        "yearday" => vec![":y_day"],
        "dir" => vec![":dir"],
        "section" => vec![":section"],
        // Hugo's slug is the title's, where a post has none.
        "slug" if slugs == posts => vec![":slug"],
        // Of some the slug is the title's, so the file's name is the nearest, and never the best.
        "slug" if slugs > 0 => vec![":slug_or_title", ":slug"],
        "slug" => vec![":title", ":slug"],
        "title" => vec![":title", ":slug"],
        "filename" | "contentbasename" if slugs > 0 => vec![":name", ":slug"],
        "filename" | "contentbasename" | "slugorfilename" | "slugorcontentbasename" => {
            vec![":slug"]
        }
        _ => Vec::new(),
    })
}
