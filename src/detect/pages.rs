//! Reads the front matter of Markdown files, and finds the directory with most posts.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::site_tree::{self, SiteTree};
use crate::front_matter::data_file::{self, FrontMatterValue, Node};
use crate::text::without_extension;

/// Maximum number of files read below one directory. Of more, every second, third … is read.
const MAX_FILES_READ: usize = 2000;

/// Number of newest posts whose addresses show where the site is now.
const NEWEST_POSTS: usize = 10;

/// Markdown file with front matter.
#[derive(Debug)]
pub(crate) struct MarkdownPage {
    /// Path below the directory.
    pub(crate) path: String,
    /// Parsed front matter; never empty.
    pub(crate) front: Node,
    /// Date, which posts have.
    date: Option<DateTime<Utc>>,
    /// True if the first directory is that of a language.
    is_in_language_dir: bool,
}

/// Pages of one directory, or a sample of them.
#[derive(Debug, Default)]
pub(crate) struct MarkdownPages {
    /// Pages that were read.
    pub(crate) loaded: Vec<MarkdownPage>,
    /// Number of Markdown files for each one that was read.
    stride: usize,
    /// Field that dates are read from besides the built-in ones.
    date_field: Option<String>,
    /// The only field that sets the address of a post; `None` for all usual names.
    pub(crate) permalink_field: Option<&'static str>,
}

/// Files with a title and a date that the settings exclude.
#[derive(Debug, Clone, Default)]
pub(crate) struct LeftOutPosts {
    /// Number of files; an estimate if only a sample was read.
    pub(crate) count: usize,
    /// Path of one of them, relative to the site's directory.
    pub(crate) example: String,
}

/// Origin that posts name in their own addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PostOrigin {
    /// `https://example.org`
    pub(crate) origin: String,
    /// Number of posts that name it.
    pub(crate) post_count: usize,
    /// First directories of those addresses, without duplicates.
    pub(crate) roots: Vec<String>,
}

impl MarkdownPages {
    /// Reads a sample of the pages below a directory, without section pages (`_index.md`).
    pub(crate) fn read_sample(tree: &SiteTree, dir: &str) -> MarkdownPages {
        let files = tree.list_post_files(dir);
        let stride = files.len().div_ceil(MAX_FILES_READ).max(1);
        MarkdownPages::read_files(tree, dir, &files, stride)
    }

    /// Reads all files, of which `read_sample` reads a part.
    pub(crate) fn read_all(&self, tree: &SiteTree, dir: &str) -> MarkdownPages {
        let mut pages = MarkdownPages::read_files(tree, dir, &tree.list_post_files(dir), 1);
        if let Some(field) = &self.date_field {
            pages.add_date_field(field);
        }
        pages
    }

    /// Returns true if only a part of the files was read.
    pub(crate) fn is_sample(&self) -> bool {
        self.stride > 1
    }

    fn read_files(tree: &SiteTree, dir: &str, files: &[String], stride: usize) -> MarkdownPages {
        let loaded = files
            .iter()
            .step_by(stride)
            .filter(|path| !file_name(path).starts_with("_index."))
            .filter_map(|path| {
                let front = data_file::parse_post_front_matter(
                    &tree.read_beginning(&site_tree::join_paths(dir, path))?,
                    tree.has_field_lines(),
                )?;
                let is_empty =
                    matches!(&front.value, FrontMatterValue::Map(fields) if fields.is_empty());
                let date = data_file::find_post_date(&front, without_extension(path));
                (!is_empty).then(|| MarkdownPage {
                    path: path.clone(),
                    front,
                    date,
                    is_in_language_dir: false,
                })
            })
            .collect();
        MarkdownPages {
            loaded,
            stride,
            date_field: None,
            permalink_field: None,
        }
    }

    /// Returns the pages that have a date.
    pub(crate) fn dated_pages(&self) -> impl Iterator<Item = &MarkdownPage> {
        self.loaded.iter().filter(|page| page.has_date())
    }

    /// Counts the pages that match; an estimate if only a sample was read.
    pub(crate) fn estimate_count(&self, is: impl Fn(&MarkdownPage) -> bool) -> usize {
        self.loaded.iter().filter(|page| is(page)).count() * self.stride
    }

    /// Marks the pages below the directories of languages. Sections are then found below them.
    pub(crate) fn mark_language_dirs(&mut self, names: &[String]) {
        for page in &mut self.loaded {
            let first = page.path.split_once('/').map(|(first, _)| first);
            page.is_in_language_dir = first
                .is_some_and(|first| names.iter().any(|name| name.eq_ignore_ascii_case(first)));
        }
    }

    /// Uses the date in this field for pages that have no other date.
    pub(crate) fn add_date_field(&mut self, field: &str) {
        for page in &mut self.loaded {
            let date = page.front.get(field).and_then(data_file::parse_field_date);
            page.date = page.date.or(date);
        }
        self.date_field = Some(field.to_owned());
    }

    /// Keeps the pages that match; counts the removed ones that look like posts.
    pub(crate) fn retain_pages(
        &mut self,
        dir: &str,
        is: impl Fn(&MarkdownPage) -> bool,
    ) -> LeftOutPosts {
        let looks_left_out = |page: &MarkdownPage| page.is_likely_post() && !is(page);
        let mut left_out = self.loaded.iter().filter(|page| looks_left_out(page));
        let example = left_out
            .next()
            .map(|page| site_tree::join_paths(dir, &page.path));
        let left_out = LeftOutPosts {
            count: self.estimate_count(looks_left_out),
            example: example.unwrap_or_default(),
        };
        self.loaded.retain(is);
        left_out
    }

    /// Returns the origins of the posts' own addresses, most frequent first. Of two with equal
    /// counts the one of the newer post is first.
    pub(crate) fn post_origins(&self) -> Vec<PostOrigin> {
        group_by_origin(self.newest_addresses().into_iter())
    }

    /// Returns the origins of the newest posts' own addresses, which show where the site is now.
    pub(crate) fn newest_origins(&self) -> Vec<PostOrigin> {
        group_by_origin(self.newest_addresses().into_iter().take(NEWEST_POSTS))
    }

    /// Returns the absolute addresses that posts set themselves, those of the newest posts first.
    fn newest_addresses(&self) -> Vec<&str> {
        let mut posts: Vec<&MarkdownPage> = self.dated_pages().collect();
        posts.sort_by_key(|page| std::cmp::Reverse(page.date));
        let addresses = posts.into_iter().filter_map(|page| {
            let address = match self.permalink_field {
                Some(field) => page.front.get(field)?.as_text()?,
                None => data_file::find_permalink(&page.front)?.0,
            };
            address.contains("://").then_some(address)
        });
        addresses.collect()
    }
}

fn group_by_origin<'a>(addresses: impl Iterator<Item = &'a str>) -> Vec<PostOrigin> {
    let mut origins: Vec<PostOrigin> = Vec::new();
    for address in addresses {
        let Some((scheme, rest)) = address.split_once("://") else {
            continue;
        };
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let root = path.split_once('/').map_or("", |(root, _)| root);
        let name = format!("{}://{}", scheme.to_lowercase(), host.to_lowercase());
        let known = origins.iter().position(|origin| origin.origin == name);
        let at = known.unwrap_or(origins.len());
        if known.is_none() {
            origins.push(PostOrigin {
                origin: name,
                post_count: 0,
                roots: Vec::new(),
            });
        }
        let Some(origin) = origins.get_mut(at) else {
            continue;
        };
        origin.post_count += 1;
        if !root.is_empty() && !origin.roots.iter().any(|known| known == root) {
            origin.roots.push(root.to_owned());
        }
    }
    origins.sort_by_key(|origin| std::cmp::Reverse(origin.post_count));
    origins
}

impl MarkdownPage {
    pub(crate) fn has_date(&self) -> bool {
        self.date.is_some()
    }

    /// Returns true if the page has a title and a date.
    pub(crate) fn is_likely_post(&self) -> bool {
        self.has_date() && data_file::has_title(&self.front)
    }

    /// Returns the first directory of the path, or `""` for a file at the top; with the directory of
    /// the language before it, if there is one. A page bundle (`a/index.md`) counts as a file.
    pub(crate) fn top_section(&self) -> &str {
        let path = self.path_without_index();
        let mut slashes = path.match_indices('/').map(|(at, _)| at);
        let first = slashes.next();
        let end = match self.is_in_language_dir {
            true => slashes.next().or(first),
            false => first,
        };
        end.and_then(|end| path.get(..end)).unwrap_or_default()
    }

    /// Returns the directory of the page. A page bundle counts as a file.
    pub(crate) fn parent_dir(&self) -> &str {
        self.path_without_index()
            .rsplit_once('/')
            .map_or("", |(dir, _)| dir)
    }

    /// Returns the name of the file or bundle, without the extension.
    pub(crate) fn base_name(&self) -> &str {
        file_name(self.path_without_index())
    }

    fn path_without_index(&self) -> &str {
        let stem = without_extension(&self.path);
        stem.strip_suffix("/index").unwrap_or(stem)
    }

    /// Returns true if the field has this value, or is a list that contains it.
    pub(crate) fn has_field_value(&self, field: &str, value: &str) -> bool {
        self.front.get(field).is_some_and(|node| match &node.value {
            FrontMatterValue::List(items) => items.iter().any(|item| item.as_text() == Some(value)),
            _ => node.as_text() == Some(value),
        })
    }
}

/// Finds the directory that holds most posts: goes down from `top` while one child holds nearly
/// all.
pub(crate) fn largest_post_dir(tree: &SiteTree, top: &str) -> Option<String> {
    let pages = MarkdownPages::read_sample(tree, top);
    let dirs: Vec<Vec<&str>> = pages
        .dated_pages()
        .map(|page| {
            page.parent_dir()
                .split('/')
                .filter(|name| !name.is_empty())
                .collect()
        })
        .collect();
    if dirs.is_empty() {
        return None;
    }
    let mut within: Vec<&str> = Vec::new();
    loop {
        let here: Vec<_> = dirs.iter().filter(|dir| dir.starts_with(&within)).collect();
        let mut children: BTreeMap<&str, usize> = BTreeMap::new();
        for child in here.iter().filter_map(|dir| dir.get(within.len())) {
            *children.entry(child).or_default() += 1;
        }
        let own = here.iter().filter(|dir| dir.len() == within.len()).count();
        let most = children.into_iter().max_by_key(|(_, posts)| *posts);
        let Some((child, posts)) = most else { break };
        let is_year = child.bytes().all(|byte| byte.is_ascii_digit());
        // The top has unrelated files, so the majority decides there. Further down, posts in
        // several directories all belong to the blog.
        let descends = if within.is_empty() {
            posts > own
        } else {
            posts * 5 >= here.len() * 4
        };
        if is_year || !descends {
            break;
        }
        within.push(child);
    }
    Some(site_tree::join_paths(top, &within.join("/")))
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
