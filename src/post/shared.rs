//! Shares what many posts say alike: labels, authors, markers, fields.

use std::sync::Arc;

use super::{Author, Field, Marker, Post};
use crate::interner::Interner;

/// Labels, each of which other lists may hold too.
pub type Labels = Arc<[Arc<str>]>;

/// What posts say alike. It may be asked by many threads at once.
#[derive(Debug, Default)]
pub struct Shared {
    labels: Interner<str>,
    lists: Interner<[Arc<str>]>,
    authors: Interner<[Author]>,
    markers: Interner<[Marker]>,
    fields: Interner<Field>,
}

impl Shared {
    /// Lets a post hold what others hold already, where it says the same.
    pub fn share(&self, post: &mut Post) {
        for list in [&mut post.categories, &mut post.tags] {
            *list = self.list(list);
        }
        post.authors = self.authors.intern(&post.authors);
        post.markers = self.markers.intern(&post.markers);
        if let Some(field) = &mut post.permalink.field {
            *field = self.fields.intern(field);
        }
    }

    fn list(&self, list: &Labels) -> Labels {
        self.lists.get(list).unwrap_or_else(|| {
            let labels = list.iter().map(|label| self.labels.intern(label));
            self.lists.intern(&labels.collect())
        })
    }

    /// Forgets what nobody has any more.
    pub fn sweep(&mut self) {
        self.lists.sweep();
        self.labels.sweep();
        self.authors.sweep();
        self.markers.sweep();
        self.fields.sweep();
    }
}
