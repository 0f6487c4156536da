//! Separates the sections of a directory that hold posts from those that do not.

use std::collections::BTreeMap;

use super::pages::MarkdownPages;

/// Sections: the first-level directories below a content directory, or below a directory of one
/// language in it. Files at the top are the section `""`.
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
    /// the site. If these sections have less than half of the dated pages, each one with a dated page
    /// holds posts.
    pub(crate) fn classify_sections(pages: &MarkdownPages, named: &[String]) -> PageSections {
        let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        // Sections of one name in several languages are judged together.
        let mut named_counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for page in &pages.loaded {
            let section = page.top_section();
            for (dated, all) in [
                counts.entry(section).or_default(),
                named_counts.entry(section_name(section)).or_default(),
            ] {
                *dated += usize::from(page.has_date());
                *all += 1;
            }
        }
        let is_named = |section: &str| named.iter().any(|name| name == section_name(section));
        let has_named = counts.keys().any(|section| is_named(section));
        let is_of_posts = |section: &str| {
            let counts = named_counts.get(section_name(section));
            let (dated, all) = counts.copied().unwrap_or_default();
            if has_named {
                is_named(section)
            } else {
                dated * 2 > all && (!section.is_empty() || dated > 1)
            }
        };
        let mut sections = PageSections::default();
        let mut posts = Vec::new();
        let dated_pages = counts.values().map(|(dated, _)| dated).sum::<usize>();
        let kept_pages: usize = counts
            .iter()
            .filter(|(section, _)| is_of_posts(section))
            .map(|(_, (dated, _))| dated)
            .sum();
        let has_few_posts = !has_named && kept_pages * 2 < dated_pages;
        for (section, (dated, _)) in counts {
            if (has_few_posts && dated > 0) || is_of_posts(section) {
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

/// Returns the name of a section without the directory of its language.
pub(crate) fn section_name(section: &str) -> &str {
    section.rsplit('/').next().unwrap_or(section)
}
