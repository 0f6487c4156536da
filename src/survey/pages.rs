//! A directory of Markdown files into pages: what each says of itself, and where posts lie thickest.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::LeftOutPosts;
use super::tree::{self, Tree};
use crate::content::outline::{self, Node, Value};

/// How many files are read of one directory; of more, every second, third …
const MOST_READ: usize = 2000;

/// How many posts tell where the site is now.
const NEWEST: usize = 10;

/// A Markdown file with front matter.
#[derive(Debug)]
pub(super) struct Page {
    /// Its path below the directory.
    pub(super) path: String,
    /// Its front matter.
    pub(super) front: Node,
    /// Its date, which posts have.
    date: Option<DateTime<Utc>>,
}

/// The pages of one directory.
#[derive(Debug, Default)]
pub(super) struct Pages {
    /// Those that were read.
    pub(super) read: Vec<Page>,
    /// How many Markdown files there are for each that was read.
    stride: usize,
    /// The field that dates are read from besides the built-in ones.
    date_field: Option<String>,
}

/// An origin that posts name in their own addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    /// `https://example.org`
    pub(super) origin: String,
    /// How many posts name it.
    pub(super) posts: usize,
    /// The first directories of those addresses.
    pub(super) roots: Vec<String>,
}

impl Pages {
    /// Reads the pages below a directory. Section pages (`_index.md`) are none.
    pub(super) fn read(tree: &Tree, dir: &str) -> Pages {
        let files = tree.markdown(dir);
        let stride = files.len().div_ceil(MOST_READ).max(1);
        Pages::of_files(tree, dir, &files, stride)
    }

    /// Reads all files, where [`Pages::read`] takes a sample of them.
    pub(super) fn whole(&self, tree: &Tree, dir: &str) -> Pages {
        let mut pages = Pages::of_files(tree, dir, &tree.markdown(dir), 1);
        if let Some(field) = &self.date_field {
            pages.date_by(field);
        }
        pages
    }

    fn of_files(tree: &Tree, dir: &str, files: &[String], stride: usize) -> Pages {
        let read = files
            .iter()
            .step_by(stride)
            .filter(|path| !name(path).starts_with("_index."))
            .filter_map(|path| {
                let front = outline::front_matter(&tree.beginning(&tree::join(dir, path))?)?;
                let is_empty = matches!(&front.value, Value::Map(fields) if fields.is_empty());
                let date = outline::date(&front, tree::stem(path));
                (!is_empty).then(|| Page {
                    path: path.clone(),
                    front,
                    date,
                })
            })
            .collect();
        Pages {
            read,
            stride,
            date_field: None,
        }
    }

    /// The pages that have a date.
    pub(super) fn posts(&self) -> impl Iterator<Item = &Page> {
        self.read.iter().filter(|page| page.is_dated())
    }

    /// How many posts there are, about, where not all were read.
    pub(super) fn count(&self, is: impl Fn(&Page) -> bool) -> usize {
        self.read.iter().filter(|page| is(page)).count() * self.stride
    }

    /// Counts those as dated, too, that have a date in this field.
    pub(super) fn date_by(&mut self, field: &str) {
        for page in &mut self.read {
            let date = page.front.get(field).and_then(outline::date_in);
            page.date = page.date.or(date);
        }
        self.date_field = Some(field.to_owned());
    }

    /// Keeps those that pass, and counts the others that look like posts.
    pub(super) fn keep(&mut self, dir: &str, is: impl Fn(&Page) -> bool) -> LeftOutPosts {
        let looks_left_out = |page: &Page| page.looks_like_post() && !is(page);
        let mut left_out = self.read.iter().filter(|page| looks_left_out(page));
        let example = left_out.next().map(|page| tree::join(dir, &page.path));
        let left_out = LeftOutPosts {
            count: self.count(looks_left_out),
            example: example.unwrap_or_default(),
        };
        self.read.retain(is);
        left_out
    }

    /// The origins of the posts' own addresses, the one of most posts first; of two with as many,
    /// the one of the newer post.
    pub(super) fn origins(&self) -> Vec<Origin> {
        origins(self.newest().into_iter())
    }

    /// The origins of the newest posts' own addresses: where those are, the site is now.
    pub(super) fn newest_origins(&self) -> Vec<Origin> {
        origins(self.newest().into_iter().take(NEWEST))
    }

    /// The posts that have an absolute address of their own, the newest first, each with that.
    fn newest(&self) -> Vec<&str> {
        let own = |page: &'_ Page| outline::permalink(&page.front).is_some();
        let mut posts: Vec<&Page> = self.posts().filter(|page| own(page)).collect();
        posts.sort_by_key(|page| std::cmp::Reverse(page.date));
        let addresses = posts.into_iter();
        let addresses = addresses.filter_map(|page| Some(outline::permalink(&page.front)?.0));
        addresses
            .filter(|address| address.contains("://"))
            .collect()
    }
}

fn origins<'a>(addresses: impl Iterator<Item = &'a str>) -> Vec<Origin> {
    let mut origins: Vec<Origin> = Vec::new();
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
            origins.push(Origin {
                origin: name,
                posts: 0,
                roots: Vec::new(),
            });
        }
        let Some(origin) = origins.get_mut(at) else {
            continue;
        };
        origin.posts += 1;
        if !root.is_empty() && !origin.roots.iter().any(|known| known == root) {
            origin.roots.push(root.to_owned());
        }
    }
    origins.sort_by_key(|origin| std::cmp::Reverse(origin.posts));
    origins
}

impl Page {
    /// Whether it has a date.
    pub(super) fn is_dated(&self) -> bool {
        self.date.is_some()
    }

    /// Whether it has a title and a date.
    pub(super) fn looks_like_post(&self) -> bool {
        self.is_dated() && outline::has_title(&self.front)
    }

    /// The directory at the top of its path; none of a file beside it. The directory of a page
    /// bundle (`a/index.md`) is the page itself.
    pub(super) fn section(&self) -> &str {
        let place = self.place();
        place.split_once('/').map_or("", |(section, _)| section)
    }

    /// The directory that it is in, in which a page bundle counts as a file.
    pub(super) fn dir(&self) -> &str {
        self.place().rsplit_once('/').map_or("", |(dir, _)| dir)
    }

    /// The name of its file, or bundle, without the extension.
    pub(super) fn name(&self) -> &str {
        name(self.place())
    }

    fn place(&self) -> &str {
        let stem = tree::stem(&self.path);
        stem.strip_suffix("/index").unwrap_or(stem)
    }

    /// Whether it has a field of this name with this value.
    pub(super) fn holds(&self, field: &str, value: &str) -> bool {
        self.front.get(field).is_some_and(|node| match &node.value {
            Value::List(items) => items.iter().any(|item| item.text() == Some(value)),
            _ => node.text() == Some(value),
        })
    }
}

/// The directory that most posts are in: from the top, down to where they part.
pub(super) fn densest(tree: &Tree, top: &str) -> Option<String> {
    let pages = Pages::read(tree, top);
    let dirs: Vec<Vec<&str>> = pages
        .posts()
        .map(|page| {
            page.dir()
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
        // At the very top other things lie about, so the larger part decides; below, posts that
        // part are all posts.
        let goes_on = if within.is_empty() {
            posts > own
        } else {
            posts * 5 >= here.len() * 4
        };
        if is_year || !goes_on {
            break;
        }
        within.push(child);
    }
    Some(tree::join(top, &within.join("/")))
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
