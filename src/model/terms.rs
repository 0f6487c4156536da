//! Defines the categories, tags and authors of an entry.

use std::hash::Hash;
use std::sync::Arc;

use crate::text::slugify_label;

/// Authors of an entry.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Byline {
    /// Authors, in the order of the front matter.
    pub persons: Vec<Person>,
    /// Terms of the authors, in the same order.
    pub terms: Vec<Term>,
}

/// Author of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Person {
    /// Name as it is shown.
    pub name: String,
    /// URL of a page about the author.
    pub url: Option<String>,
    /// Mail address that may be published; it comes from the configuration only.
    pub email: Option<String>,
}

/// Category, tag or author: its label and its slug.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Term {
    /// Name as it is shown.
    pub label: Arc<str>,
    /// Name in paths.
    pub slug: Arc<str>,
}

impl Term {
    /// Creates the term of a label.
    pub fn from_label(label: Arc<str>) -> Term {
        Term {
            slug: slugify_label(&label).into(),
            label,
        }
    }
}
