//! Selects the posts of a feed by their terms, language and directory.

use super::terms::Term;
use crate::text::slugify_label;

/// Filter of a feed: a post has a value of each including list that is not empty, and none of the excluding lists.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FeedFilter {
    /// Values of which a post must have at least one in each list.
    pub including: FilterLists,
    /// Values that no post may have.
    pub excluding: FilterLists,
}

/// Values by which posts are selected.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FilterLists {
    /// Categories, as labels or as slugs.
    pub categories: Vec<String>,
    /// Tags, as labels or as slugs.
    pub tags: Vec<String>,
    /// Authors, as names or as slugs.
    pub authors: Vec<String>,
    /// BCP 47 language tags.
    pub languages: Vec<String>,
    /// Directories below the content directory, without slashes at their ends.
    pub directories: Vec<String>,
}

/// Properties of a post that filters look at.
#[derive(Debug, Clone, Copy)]
pub struct FilteredPost<'a> {
    /// Categories of the post.
    pub categories: &'a [Term],
    /// Tags of the post.
    pub tags: &'a [Term],
    /// Authors of the post.
    pub authors: &'a [Term],
    /// BCP 47 tag of the post's language.
    pub language: &'a str,
    /// Path of the file below the content directory.
    pub path: &'a str,
}

impl FeedFilter {
    /// Returns true if the feed contains the post.
    pub fn is_match(&self, post: FilteredPost<'_>) -> bool {
        let including = self.including.compare(post);
        let excluding = self.excluding.compare(post);
        including.into_iter().all(|found| found != Some(false))
            && excluding.into_iter().all(|found| found != Some(true))
    }

    /// Returns true if the filter selects all posts.
    pub fn is_empty(&self) -> bool {
        *self == FeedFilter::default()
    }
}

impl FilterLists {
    /// Joins all values for display.
    pub fn display_terms(&self) -> String {
        let lists = [
            &self.categories,
            &self.tags,
            &self.authors,
            &self.languages,
            &self.directories,
        ];
        let names: Vec<&str> = lists.into_iter().flatten().map(String::as_str).collect();
        names.join(", ")
    }

    /// Returns for each list whether the post has one of its values; `None` for an empty list.
    fn compare(&self, post: FilteredPost<'_>) -> [Option<bool>; 5] {
        let find = |wanted: &[String], has: &dyn Fn(&str) -> bool| {
            (!wanted.is_empty()).then(|| wanted.iter().any(|value| has(value)))
        };
        let find_term = |wanted: &[String], terms: &[Term]| {
            find(wanted, &|label| {
                let slug = slugify_label(label);
                terms.iter().any(|term| *term.slug == *slug)
            })
        };
        [
            find_term(&self.categories, post.categories),
            find_term(&self.tags, post.tags),
            find_term(&self.authors, post.authors),
            find(&self.languages, &|tag| is_language_in(post.language, tag)),
            find(&self.directories, &|directory| {
                is_in_directory(post.path, directory)
            }),
        ]
    }
}

/// Returns true if a language tag equals `range` or extends it: `de-AT` is in `de`.
pub fn is_language_in(language: &str, range: &str) -> bool {
    let has_prefix = language
        .get(..range.len())
        .is_some_and(|prefix| prefix.eq_ignore_ascii_case(range));
    has_prefix && matches!(language.as_bytes().get(range.len()), None | Some(b'-'))
}

/// Returns true if the file at `path` is below `directory`; the empty path contains all files.
fn is_in_directory(path: &str, directory: &str) -> bool {
    let rest = path.strip_prefix(directory);
    rest.is_some_and(|rest| directory.is_empty() || rest.starts_with('/'))
}
