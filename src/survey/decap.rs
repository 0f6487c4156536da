//! The configuration of Decap CMS, of its ancestor Netlify CMS and of its heir Sveltia CMS, into
//! where posts are, what they have in common, and where their pictures go.

use super::draft::{Collection, Draft, FixedField, found, is_name_for_posts};
use super::pattern;
use super::reader::{Data, items};
use super::setting::{Key, Source};
use super::tree;
use crate::content::outline::Node;

const FILES: [&str; 10] = [
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

pub(super) fn read(draft: &mut Draft<'_>) {
    let Some(file) = draft.tree.first_file(&FILES) else {
        return;
    };
    draft.made_by("Decap CMS", file);
    let Some(data) = draft.data(file) else {
        return;
    };
    for key in ["display_url", "site_url"] {
        if let Some(address) = data.text(&[key]) {
            draft.addresses.push(address);
        }
    }
    draft.take(Key::Url, data.text(&["display_url", "site_url"]));
    pictures(draft, &data);
    let mut collections: Vec<_> = items(data.root.get("collections"))
        .iter()
        .filter_map(|node| collection(&data, node))
        .collect();
    collections.sort_by_key(|(likeness, _)| std::cmp::Reverse(*likeness));
    draft.collections = collections
        .into_iter()
        .filter(|(likeness, _)| *likeness >= 2)
        .map(|(_, collection)| collection)
        .collect();
}

/// A collection, and how much it looks like one of posts.
fn collection(data: &Data, node: &Node) -> Option<(u8, Collection)> {
    let (folder, source) = found(&data.file, node.get("folder")?)?;
    let folder = tree::tidy(&folder)?;
    let name = node.get("name").and_then(Node::text).unwrap_or_default();
    let fields = items(node.get("fields"));
    let text = |field: &Node, name: &str| field.get(name)?.text().map(str::to_owned);
    let mut fixed = Vec::new();
    let mut date = None;
    for field in fields {
        let (Some(name), widget) = (text(field, "name"), text(field, "widget")) else {
            continue;
        };
        match widget.as_deref() {
            Some("hidden") => {
                let value = field
                    .get("default")
                    .and_then(|node| found(&data.file, node));
                if let Some((value, source)) = value {
                    fixed.push(FixedField {
                        name,
                        value,
                        source,
                        is_filter: false,
                    });
                }
            }
            Some("datetime" | "date") if date.is_none() => {
                date = Some((name, data.source(field)));
            }
            _ => {}
        }
    }
    if let Some(filter) = node.get("filter") {
        let value = filter.get("value").and_then(|node| found(&data.file, node));
        if let (Some(name), Some((value, source))) = (text(filter, "field"), value) {
            let filter = FixedField {
                name,
                value,
                source,
                is_filter: true,
            };
            fixed.insert(0, filter);
        }
    }
    let is_for_posts =
        is_name_for_posts(name) || is_name_for_posts(folder.rsplit('/').next().unwrap_or_default());
    let likeness = 4 * u8::from(is_for_posts) + 2 * u8::from(date.is_some());
    let permalinks = node
        .get("preview_path")
        .and_then(|node| found(&data.file, node))
        .and_then(|(path, source)| Some((permalinks(&path)?, source)));
    Some((
        likeness,
        Collection {
            name: name.to_owned(),
            folder,
            source,
            fixed,
            date,
            permalinks,
        },
    ))
}

/// Where a preview of a post is, is where the post will be.
fn permalinks(preview_path: &str) -> Option<String> {
    let pattern = pattern::braces(preview_path, |name| match name {
        "slug" | "filename" | "fields.slug" => vec![":slug"],
        "year" => vec![":year"],
        "month" => vec![":month"],
        "day" => vec![":day"],
        "title" | "fields.title" => vec![":title", ":slug"],
        "dirname" => vec![":dir"],
        _ => Vec::new(),
    });
    let pattern = pattern.ok()?.text;
    Some(if pattern.ends_with('/') || pattern.ends_with(".html") {
        pattern
    } else {
        format!("{pattern}/")
    })
}

/// The directory whose `img/a.jpg` is served as `/img/a.jpg`: `static`, where pictures are put into
/// `static/img` and shown as `/img`.
fn pictures(draft: &mut Draft<'_>, data: &Data) {
    let Some((media, source)) = data.text(&["media_folder"]) else {
        return;
    };
    let public = data.text(&["public_folder"]).map(|(public, _)| public);
    let public = public.unwrap_or_else(|| format!("/{media}"));
    let (Some(media), Some(public)) = (tree::tidy(&media), tree::tidy(&public)) else {
        return;
    };
    let dir = if public.is_empty() {
        Some(media.as_str())
    } else {
        let dir = media.strip_suffix(&public);
        dir.and_then(|dir| {
            if dir.is_empty() {
                Some("")
            } else {
                dir.strip_suffix('/')
            }
        })
    };
    if let Some(dir) = dir.filter(|dir| draft.tree.is_dir(dir)) {
        draft.set(Key::StaticDir, dir, source);
    }
}

/// A date that is written in local time with a `Z` all the same, for the format asks for the letter.
pub(super) fn writes_z_for_local(draft: &mut Draft<'_>) -> Option<Source> {
    let file = draft.tree.first_file(&FILES)?;
    let text = draft.tree.text(file).ok()?;
    let data = Data::read(file, &text).ok()?;
    items(data.root.get("collections"))
        .iter()
        .flat_map(|collection| items(collection.get("fields")))
        .filter(|field| field.get("picker_utc").and_then(Node::text) != Some("true"))
        .filter_map(|field| field.get("format"))
        .find(|format| format.text().is_some_and(|text| text.ends_with("[Z]")))
        .map(|format| data.source(format))
}
