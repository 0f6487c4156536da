//! Reads the files in which generators keep data of authors, whose ids posts name: Jekyll, Hugo, Eleventy, Astro and
//! Docusaurus.

use crate::detect::detected::DetectedSite;
use crate::detect::setting::{Setting, SettingKey, SettingSource, SettingValue, validate_setting};
use crate::detect::site_file::{DataFile, map_fields};
use crate::detect::site_tree::{SiteTree, join_paths};
use crate::front_matter::data_file::{Node, parse_post_front_matter};

/// Files with the data of all authors, by id, without their extension.
const AUTHOR_FILES: [&str; 5] = [
    "_data/authors",
    "data/authors",
    "src/_data/authors",
    "blog/authors",
    "src/data/authors",
];
/// Directories with a file for each author, which is named by the id.
const AUTHOR_DIRS: [&str; 6] = [
    "_data/authors",
    "data/authors",
    "_authors",
    "content/authors",
    "src/content/authors",
    "src/_data/authors",
];
/// Extensions of data files.
const DATA_EXTENSIONS: [&str; 4] = ["yml", "yaml", "json", "toml"];
/// Maximum authors that are written. Nobody would read a longer configuration.
const MAX_AUTHORS: usize = 200;

/// Lists an `[[authors]]` table for each author whose data gives more than the name that posts write.
///
/// E-mail addresses are left out: a feed must not publish one that its owner gave to a theme.
pub(super) fn list_authors(site: &DetectedSite<'_>) -> Vec<Setting> {
    let mut authors = Vec::new();
    for (id, file, node) in read_author_nodes(site.tree) {
        let Some(name) = first_text(&node, &["name", "display_name", "title", "label"]) else {
            continue;
        };
        let has_id = !id.is_empty() && id != name;
        let id = has_id.then_some(("id", id));
        let url = first_text(
            &node,
            &["url", "link", "website", "web", "uri", "homepage", "site"],
        )
        .filter(|url| url.starts_with("http"));
        let twitter = first_text(&node, &["twitter", "x", "socials.x", "socials.twitter"]);
        let details = [
            id,
            url.map(|url| ("url", url)),
            twitter.map(|account| ("twitter", account.trim_start_matches('@').to_owned())),
        ];
        // Of two authors with one name, the configuration accepts the first.
        let is_known = |author: &Setting| matches!(&author.value, SettingValue::Table(fields) if fields.first().is_some_and(|(_, known)| *known == name));
        if authors.len() == MAX_AUTHORS || authors.iter().any(is_known) {
            continue;
        }
        let mut fields = vec![("name".to_owned(), name)];
        for (key, text) in details.into_iter().flatten() {
            fields.push((key.to_owned(), text));
            let value = SettingValue::Table(fields.clone());
            if validate_setting(SettingKey::Author, &value).is_err() {
                fields.pop();
            }
        }
        if fields.len() > 1 {
            authors.push(Setting {
                key: SettingKey::Author,
                value: SettingValue::Table(fields),
                source: SettingSource::from_line(&file, node.line.max(1)),
            });
        }
    }
    authors
}

/// Reads the data of each author: id, file, and fields.
fn read_author_nodes(tree: &SiteTree) -> Vec<(String, String, Node)> {
    let mut found = Vec::new();
    for stem in AUTHOR_FILES {
        let files = DATA_EXTENSIONS.map(|extension| format!("{stem}.{extension}"));
        for file in files {
            let text = tree.read_text(&file).unwrap_or_default();
            let Ok(data) = DataFile::parse_data(&file, &text) else {
                continue;
            };
            let authors = map_fields(Some(&data.root)).iter().cloned();
            found.extend(authors.map(|(id, node)| (id, file.clone(), node)));
        }
    }
    for dir in AUTHOR_DIRS {
        for name in tree.list_files(dir) {
            let Some((id, extension)) = name.rsplit_once('.') else {
                continue;
            };
            let file = join_paths(dir, &name);
            let text = tree.read_text(&file).unwrap_or_default();
            let root = match extension {
                "md" | "mdx" => parse_post_front_matter(&text, false),
                _ if DATA_EXTENSIONS.contains(&extension) => DataFile::parse_data(&file, &text)
                    .ok()
                    .map(|data| data.root),
                _ => None,
            };
            found.extend(root.map(|root| (id.to_owned(), file, root)));
        }
    }
    found
}

fn first_text(node: &Node, paths: &[&str]) -> Option<String> {
    let mut texts = paths.iter().filter_map(|path| node.get(path)?.as_text());
    let text = texts.find(|text| !text.trim().is_empty())?;
    Some(text.trim().to_owned())
}
