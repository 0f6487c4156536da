//! Separates the sections of a directory that hold posts from those that do not.

use std::collections::BTreeMap;

use super::pages::MarkdownPages;

/// Sections: the first-level directories below a content directory. Files at the top are the
/// section `""`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct PageSections {
    /// Sections of posts, the one with most posts first.
    pub(crate) post_sections: Vec<String>,
    /// Sections of other pages, sorted by name.
    pub(crate) other_sections: Vec<String>,
}

impl PageSections {
    /// Classifies the sections. A section holds posts if it is in `named`. If none is, it holds
    /// posts if most of its pages have dates. A single dated page at the top is likely to be about
    /// the site.
    pub(crate) fn classify_sections(pages: &MarkdownPages, named: &[String]) -> PageSections {
        let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for page in &pages.loaded {
            let (dated, all) = counts.entry(page.top_section()).or_default();
            *dated += usize::from(page.has_date());
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
        let mut sections = PageSections::default();
        let mut posts = Vec::new();
        let mut has_posts = false;
        for (section, (dated, all)) in &counts {
            has_posts |= is_of_posts(section, *dated, *all);
        }
        for (section, (dated, all)) in counts {
            // If no section holds mostly posts, any dated page is taken for the start of a blog.
            let is_start = !has_posts && dated > 0;
            if is_start || is_of_posts(section, dated, all) {
                posts.push((dated, section));
            } else {
                sections.other_sections.push(section.to_owned());
            }
        }
        posts.sort_by_key(|(dated, _)| std::cmp::Reverse(*dated));
        sections.post_sections = posts
            .into_iter()
            .map(|(_, section)| section.to_owned())
            .collect();
        sections
    }
}
