//! Interns the labels, authors and fields that many posts have in common.

use std::sync::Arc;

use super::labels::Labels;
use super::{FrontMatterField, Post, PostAuthor, VisibilityField};
use crate::interner::Interner;

/// Interned values of posts. Many threads may use it at once.
#[derive(Debug, Default)]
pub struct PostInterner {
    labels: Interner<str>,
    lists: Interner<[Arc<str>]>,
    authors: Interner<[PostAuthor]>,
    markers: Interner<[VisibilityField]>,
    fields: Interner<FrontMatterField>,
}

impl PostInterner {
    /// Replaces values of a post by equal ones that other posts hold already.
    pub fn intern_values(&self, post: &mut Post) {
        for list in [&mut post.categories, &mut post.tags] {
            *list = self.intern_labels(list);
        }
        post.authors = self.authors.intern(&post.authors);
        post.visibility_fields = self.markers.intern(&post.visibility_fields);
        if let Some(field) = &mut post.permalink.field {
            *field = self.fields.intern(field);
        }
    }

    fn intern_labels(&self, list: &Labels) -> Labels {
        self.lists.get(list).unwrap_or_else(|| {
            let labels = list.iter().map(|label| self.labels.intern(label));
            self.lists.intern(&labels.collect())
        })
    }

    /// Removes values that no post holds any more.
    pub fn remove_unused(&mut self) {
        self.lists.remove_unused();
        self.labels.remove_unused();
        self.authors.remove_unused();
        self.markers.remove_unused();
        self.fields.remove_unused();
    }
}
