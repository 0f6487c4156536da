//! Finds posts by the paths that links name, and the posts that link to a path.

use std::collections::BTreeSet;
use std::path::Component;
use std::sync::Arc;

use rustc_hash::FxHashMap as HashMap;

use super::{LinkAnchor, LinkTarget};
use crate::config::Config;
use crate::model::markup::Markup;
use crate::model::post::{Post, PostLink, ResolvedLinks};
use crate::text::{is_same_language, without_extension};

/// Directories in which generators keep content, and which paths from the root leave out.
const CONTENT_ROOTS: [&str; 7] = ["content", "src", "docs", "data", "pages", "site", "source"];

/// Paths of posts by the last name of the path, and of the posts that link to such a name.
///
/// It is empty until a post has a link, so that sites without links between posts pay nothing.
#[derive(Debug)]
pub(crate) struct LinkIndex {
    config: Arc<Config>,
    /// Names of the content directory.
    content_names: Vec<String>,
    has_links: bool,
    is_active: bool,
    posts: HashMap<String, BTreeSet<Arc<str>>>,
    referrers: HashMap<String, BTreeSet<Arc<str>>>,
}

/// Path of a file as its names, without extension and language.
struct FileNames {
    names: Vec<String>,
    /// Language in the name of the file.
    language: Option<String>,
}

impl LinkIndex {
    /// Creates an index without posts.
    pub(crate) fn new(config: Arc<Config>) -> LinkIndex {
        let names = config.content.dir.components();
        let names = names.filter_map(|part| match part {
            Component::Normal(name) => Some(normalize_name(name.to_str()?)),
            _ => None,
        });
        LinkIndex {
            content_names: names.collect(),
            has_links: false,
            is_active: false,
            posts: HashMap::default(),
            referrers: HashMap::default(),
            config,
        }
    }

    /// Returns true if some post has had links.
    pub(crate) fn is_active(&self) -> bool {
        self.is_active
    }

    /// Begins to index if a post with links was added. `posts` are all posts.
    pub(crate) fn activate_if_linked<'a>(&mut self, posts: impl Iterator<Item = &'a Arc<Post>>) {
        if self.has_links && !self.is_active {
            self.is_active = true;
            posts.for_each(|post| self.add_post(post));
        }
    }

    /// Adds a post, once the index is active.
    pub(crate) fn add_post(&mut self, post: &Post) {
        self.has_links |= !post.links().is_empty();
        if !self.is_active {
            return;
        }
        let path = || Arc::clone(&post.path);
        let name = self.last_name(&post.path);
        self.posts.entry(name).or_default().insert(path());
        for name in self.linked_names(post) {
            self.referrers.entry(name).or_default().insert(path());
        }
    }

    /// Removes a post.
    pub(crate) fn remove_post(&mut self, post: &Post) {
        if !self.is_active {
            return;
        }
        let remove = |paths: &mut HashMap<String, BTreeSet<Arc<str>>>, name: &str| {
            if let Some(found) = paths.get_mut(name) {
                found.remove(&post.path);
                if found.is_empty() {
                    paths.remove(name);
                }
            }
        };
        let (name, linked_names) = (self.last_name(&post.path), self.linked_names(post));
        remove(&mut self.posts, &name);
        for name in linked_names {
            remove(&mut self.referrers, &name);
        }
    }

    /// Iterates over the paths of posts that may link to the post at a path.
    pub(crate) fn find_referrers(&self, path: &str) -> impl Iterator<Item = &Arc<str>> {
        let referrers = self.referrers.get(&self.last_name(path));
        referrers.into_iter().flatten()
    }

    /// Resolves the links of a post. `find_public` returns the post at a path if it is public; no other post has an
    /// effect on the result.
    pub(crate) fn resolve_links<'p>(
        &self,
        post: &Post,
        find_public: impl Fn(&str) -> Option<&'p Arc<Post>>,
    ) -> ResolvedLinks {
        let urls = post.links().iter().filter_map(|link| {
            let target = self.find_target(link, post, &find_public)?;
            Some((link.target.clone(), Arc::clone(&target.permalink.url)))
        });
        ResolvedLinks::new(urls.collect())
    }

    /// Finds the public post that a link of `from` names.
    fn find_target<'p>(
        &self,
        link: &PostLink,
        from: &Post,
        find_public: impl Fn(&str) -> Option<&'p Arc<Post>>,
    ) -> Option<&'p Arc<Post>> {
        let target = LinkTarget::parse(&link.target)?;
        let wanted = self.target_names(&target, &from.path);
        let site = &self.config.site;
        let stated = Some(target.language).filter(|language| !language.is_empty());
        let stated = stated.or(wanted.language);
        let language = stated.as_deref().or(from.language());
        let language = language.unwrap_or(&site.language);
        // The file itself is in any language, but its translations are in the wanted one.
        let is_exact = stated.is_none() && target.anchor == LinkAnchor::File;
        let own_directory = directory_of(&from.path);
        let candidates = self.posts.get(wanted.names.last()?)?.iter();
        let matching = candidates.filter_map(|path| {
            let found = self.file_names(path);
            let post = self
                .has_names(target.anchor, &found.names, &wanted.names)
                .then(|| find_public(path))??;
            let is_same = is_same_language(post.language().unwrap_or(&site.language), language);
            let is_wanted = is_same
                || is_exact && found.language.is_none()
                || stated.is_none() && site.languages.is_empty();
            let rank = (
                !is_same,
                target.anchor == LinkAnchor::Name && directory_of(path) != own_directory,
                found.names.len(),
                path,
            );
            is_wanted.then_some((rank, post))
        });
        let best = matching.min_by(|(rank, _), (other, _)| rank.cmp(other));
        best.map(|(_, post)| post)
    }

    /// Returns true if a file with these names is the one that a target with these names means.
    fn has_names(&self, anchor: LinkAnchor, names: &[String], wanted: &[String]) -> bool {
        let full = || self.content_names.iter().chain(names);
        if anchor == LinkAnchor::File {
            return full().eq(wanted);
        }
        let wanted = without_posts_dir(wanted.iter());
        let own = without_posts_dir(names.iter());
        let is_root_name = |name: &&String| {
            CONTENT_ROOTS.contains(&name.as_str()) || self.config.site.find_language(name).is_some()
        };
        match own.strip_suffix(wanted.as_slice()) {
            _ if wanted.is_empty() => false,
            Some(before) => anchor == LinkAnchor::Name || before.iter().all(is_root_name),
            // The path may name the content directory, too.
            None => wanted.len() > own.len() && without_posts_dir(full()).ends_with(&wanted),
        }
    }

    /// Returns the last names of the targets of a post's links.
    fn linked_names(&self, post: &Post) -> Vec<String> {
        let targets = post.links().iter();
        let targets = targets.filter_map(|link| LinkTarget::parse(&link.target));
        targets
            .filter_map(|target| self.target_names(&target, &post.path).names.pop())
            .collect()
    }

    /// Returns the last name of a file, by which it is indexed.
    fn last_name(&self, path: &str) -> String {
        self.file_names(path).names.pop().unwrap_or_default()
    }

    /// Splits the path of a target into names. `from` is the path of the file with the link.
    fn target_names(&self, target: &LinkTarget, from: &str) -> FileNames {
        if target.anchor != LinkAnchor::File {
            return self.file_names(&target.path);
        }
        let mut parts: Vec<&str> = self.content_names.iter().map(String::as_str).collect();
        let directories = from.split('/').rev().skip(1);
        parts.extend(directories.collect::<Vec<_>>().into_iter().rev());
        for part in target.path.split('/') {
            match part {
                "." | "" => {}
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        self.file_names(&parts.join("/"))
    }

    /// Splits a path into names. Letter case and spaces do not count, as in wikis.
    fn file_names(&self, path: &str) -> FileNames {
        let mut parts: Vec<&str> = path.split('/').collect();
        let file = parts.pop().unwrap_or(path);
        let mut name = match Markup::from_path(file) {
            Some(_) => without_extension(file),
            None => file,
        };
        let site = &self.config.site;
        let mut language = None;
        if !site.languages.is_empty()
            && let Some((before, tag)) = name.rsplit_once('.')
            && let Some(tag) = site.find_language(tag)
        {
            name = before;
            language = Some(tag.to_owned());
        }
        let is_bundle = ["index", "readme"].contains(&name.to_ascii_lowercase().as_str());
        if !is_bundle || parts.is_empty() {
            parts.push(name);
        }
        FileNames {
            names: parts.into_iter().map(normalize_name).collect(),
            language,
        }
    }
}

fn directory_of(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(directory, _)| directory)
}

/// Writes a name in lower case, with hyphens for spaces.
fn normalize_name(name: &str) -> String {
    name.to_lowercase().replace(' ', "-")
}

/// Leaves out Jekyll's directories of posts, which its tags do not name.
fn without_posts_dir<'n>(names: impl Iterator<Item = &'n String>) -> Vec<&'n String> {
    names.filter(|name| *name != "_posts").collect()
}
