//! The pages of a directory into its sections: those that hold posts, and the rest.

use std::collections::BTreeMap;

use super::pages::Pages;

/// The first directories below one that holds pages. What lies beside them is the section `""`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sections {
    /// Those of posts, the one of most first.
    pub(super) posts: Vec<String>,
    /// Those of other pages, in the order of the alphabet.
    pub(super) others: Vec<String>,
}

impl Sections {
    /// Tells them apart. A section is one of posts where it is named, or else where most of its
    /// pages have dates; a dated page beside sections of posts is likely to be about the site.
    pub(super) fn of(pages: &Pages, named: &[String]) -> Sections {
        let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for page in &pages.read {
            let (dated, all) = counts.entry(page.section()).or_default();
            *dated += usize::from(page.is_dated());
            *all += 1;
        }
        let is_named = |section: &str| named.iter().any(|name| name == section);
        let has_named = counts.keys().any(|section| is_named(section));
        let is_of_posts = |section: &str, dated: usize, all: usize| {
            if has_named {
                is_named(section)
            } else {
                dated * 2 > all && (!section.is_empty() || dated > 1)
            }
        };
        let mut sections = Sections::default();
        let mut posts = Vec::new();
        let mut has_posts = false;
        for (section, (dated, all)) in &counts {
            has_posts |= is_of_posts(section, *dated, *all);
        }
        for (section, (dated, all)) in counts {
            // A post among many pages, or alone, is the beginning of a blog.
            let is_start = !has_posts && dated > 0;
            if is_start || is_of_posts(section, dated, all) {
                posts.push((dated, section));
            } else {
                sections.others.push(section.to_owned());
            }
        }
        posts.sort_by_key(|(dated, _)| std::cmp::Reverse(*dated));
        sections.posts = posts
            .into_iter()
            .map(|(_, section)| section.to_owned())
            .collect();
        sections
    }
}
