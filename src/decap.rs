//! Reads the configuration of Decap CMS, formerly Netlify CMS, and of its successor Sveltia CMS.
//!
//! It says where posts are, which fields they share, and where their pictures are stored.

use crate::detect::detected::{CmsCollection, DetectedSite, FixedField, is_post_directory_name};
use crate::detect::permalink_syntax;
use crate::detect::setting::{SettingKey, SettingSource};
use crate::detect::site_file::text_with_source;
use crate::detect::site_file::{DataFile, list_items};
use crate::detect::site_tree;
use crate::front_matter::data_file::Node;

const CONFIG_FILES: [&str; 10] = [
    "static/admin/config.yml",
    "public/admin/config.yml",
    "admin/config.yml",
    "src/admin/config.yml",
    "static/cms/config.yml",
    "public/cms/config.yml",
    "source/admin/config.yml",
    "content/admin/config.yml",
    "static/admin/config.yaml",
    "public/admin/config.yaml",
];

pub(crate) fn read_decap_config(draft: &mut DetectedSite<'_>) {
    let Some(file) = draft.tree.first_existing_file(&CONFIG_FILES) else {
        return;
    };
    draft.record_tool("Decap CMS", file);
    let Some(data) = draft.read_data_file(file) else {
        return;
    };
    for key in ["display_url", "site_url"] {
        if let Some(url) = data.first_text(&[key]) {
            draft.known_urls.push(url);
        }
    }
    draft.set_if_found(
        SettingKey::Url,
        data.first_text(&["display_url", "site_url"]),
    );
    set_media_dir(draft, &data);
    let mut collections: Vec<_> = list_items(data.root.get("collections"))
        .iter()
        .filter_map(|node| parse_collection(&data, node))
        .collect();
    collections.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    draft.cms_collections = collections
        .into_iter()
        .filter(|(score, _)| *score >= 2)
        .map(|(_, collection)| collection)
        .collect();
}

/// Parses a collection, and rates from 0 to 6 how much it looks like one of posts.
fn parse_collection(data: &DataFile, node: &Node) -> Option<(u8, CmsCollection)> {
    let (folder, source) = text_with_source(&data.file, node.get("folder")?)?;
    let folder = site_tree::normalize_path(&folder)?;
    let name = node.get("name").and_then(Node::as_text).unwrap_or_default();
    let fields = list_items(node.get("fields"));
    let text = |field: &Node, name: &str| field.get(name)?.as_text().map(str::to_owned);
    let mut fixed_fields = Vec::new();
    let mut date = None;
    for field in fields {
        let (Some(name), widget) = (text(field, "name"), text(field, "widget")) else {
            continue;
        };
        match widget.as_deref() {
            Some("hidden") => {
                let value = field
                    .get("default")
                    .and_then(|node| text_with_source(&data.file, node));
                if let Some((value, source)) = value {
                    fixed_fields.push(FixedField {
                        name,
                        value,
                        source,
                        is_filter: false,
                    });
                }
            }
            Some("datetime" | "date") if date.is_none() => {
                date = Some((name, data.source_of(field)));
            }
            _ => {}
        }
    }
    if let Some(filter) = node.get("filter") {
        let value = filter
            .get("value")
            .and_then(|node| text_with_source(&data.file, node));
        if let (Some(name), Some((value, source))) = (text(filter, "field"), value) {
            let filter = FixedField {
                name,
                value,
                source,
                is_filter: true,
            };
            fixed_fields.insert(0, filter);
        }
    }
    let is_for_posts = is_post_directory_name(name)
        || is_post_directory_name(folder.rsplit('/').next().unwrap_or_default());
    let score = 4 * u8::from(is_for_posts) + 2 * u8::from(date.is_some());
    let permalinks = node
        .get("preview_path")
        .and_then(|node| text_with_source(&data.file, node))
        .and_then(|(path, source)| Some((convert_preview_path(&path)?, source)));
    Some((
        score,
        CmsCollection {
            name: name.to_owned(),
            folder,
            source,
            fixed_fields,
            date_field: date,
            permalinks,
        },
    ))
}

/// Converts `preview_path` to a permalink pattern: a post has the path of its preview.
fn convert_preview_path(preview_path: &str) -> Option<String> {
    let brackets = ("{{", "}}");
    let pattern =
        permalink_syntax::from_bracket_syntax(preview_path, brackets, |part| {
            match part.split('|').next().unwrap_or_default().trim() {
                "slug" | "filename" | "fields.slug" => vec![":slug"],
                "year" => vec![":year"],
                "month" => vec![":month"],
                "day" => vec![":day"],
                "title" | "fields.title" => vec![":title", ":slug"],
                "dirname" => vec![":dir"],
                _ => Vec::new(),
            }
        });
    let pattern = pattern.ok()?.text;
    Some(if pattern.ends_with('/') || pattern.ends_with(".html") {
        pattern
    } else {
        format!("{pattern}/")
    })
}

/// Sets the directory whose files are served from the site's root. It is `static` if pictures are
/// stored in `static/img` and served from `/img`.
fn set_media_dir(draft: &mut DetectedSite<'_>, data: &DataFile) {
    let Some((media, source)) = data.first_text(&["media_folder"]) else {
        return;
    };
    let public_folder = data
        .first_text(&["public_folder"])
        .map(|(public_folder, _)| public_folder);
    let public_folder = public_folder.unwrap_or_else(|| format!("/{media}"));
    let (Some(media), Some(public_folder)) = (
        site_tree::normalize_path(&media),
        site_tree::normalize_path(&public_folder),
    ) else {
        return;
    };
    let dir = if public_folder.is_empty() {
        Some(media.as_str())
    } else {
        let dir = media.strip_suffix(&public_folder);
        dir.and_then(|dir| {
            if dir.is_empty() {
                Some("")
            } else {
                dir.strip_suffix('/')
            }
        })
    };
    if let Some(dir) = dir.filter(|dir| draft.tree.is_dir(dir)) {
        draft.set_if_more_certain(SettingKey::StaticDir, dir, source);
    }
}

/// Finds a date format that ends in a literal `Z` although the date is in local time.
pub(crate) fn find_local_time_with_z(draft: &mut DetectedSite<'_>) -> Option<SettingSource> {
    let file = draft.tree.first_existing_file(&CONFIG_FILES)?;
    let text = draft.tree.read_text(file).ok()?;
    let data = DataFile::parse_data(file, &text).ok()?;
    list_items(data.root.get("collections"))
        .iter()
        .flat_map(|collection| list_items(collection.get("fields")))
        .filter(|field| field.get("picker_utc").and_then(Node::as_text) != Some("true"))
        .filter_map(|field| field.get("format"))
        .find(|format| format.as_text().is_some_and(|text| text.ends_with("[Z]")))
        .map(|format| data.source_of(format))
}
