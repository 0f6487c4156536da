//! What many posts say alike, held once for all of them.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};

use super::{Author, Field, Marker, Post};

/// Labels, each of which other lists may hold too.
pub type Labels = Arc<[Arc<str>]>;

/// What nobody has any more is looked for when there is so much more than there was.
const ROOM: usize = 1_000;

/// What posts say alike. It may be asked by many threads at once.
#[derive(Debug, Default)]
pub struct Shared {
    labels: Pool<str>,
    lists: Pool<[Arc<str>]>,
    authors: Pool<[Author]>,
    markers: Pool<[Marker]>,
    fields: Pool<Field>,
}

impl Shared {
    /// Lets a post hold what others hold already, where it says the same.
    pub fn share(&self, post: &mut Post) {
        for list in [&mut post.categories, &mut post.tags] {
            *list = self.list(list);
        }
        post.authors = self.authors.share(&post.authors);
        post.markers = self.markers.share(&post.markers);
        if let Some(field) = &mut post.permalink.field {
            *field = self.fields.share(field);
        }
    }

    fn list(&self, list: &Labels) -> Labels {
        self.lists.get(list).unwrap_or_else(|| {
            let labels = list.iter().map(|label| self.labels.share(label));
            self.lists.share(&labels.collect())
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

#[derive(Debug)]
struct Pool<T: ?Sized> {
    all: RwLock<HashSet<Arc<T>>>,
    swept_at: usize,
}

impl<T: ?Sized> Default for Pool<T> {
    fn default() -> Pool<T> {
        Pool {
            all: RwLock::default(),
            swept_at: 0,
        }
    }
}

impl<T: ?Sized + Hash + Eq> Pool<T> {
    fn get(&self, value: &T) -> Option<Arc<T>> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        all.get(value).cloned()
    }

    /// The one that is equal; the first is that one from then on.
    fn share(&self, value: &Arc<T>) -> Arc<T> {
        if let Some(known) = self.get(value) {
            return known;
        }
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.get(value) {
            return Arc::clone(known);
        }
        all.insert(Arc::clone(value));
        Arc::clone(value)
    }

    fn sweep(&mut self) {
        let all = self.all.get_mut().unwrap_or_else(PoisonError::into_inner);
        if all.len() < self.swept_at * 2 + ROOM {
            return;
        }
        all.retain(|value| Arc::strong_count(value) > 1);
        all.shrink_to_fit();
        self.swept_at = all.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_held_once_and_as_long_as_somebody_has_it() {
        let mut pool: Pool<str> = Pool::default();
        let kept = pool.share(&Arc::from("kept"));
        assert!(Arc::ptr_eq(&kept, &pool.share(&Arc::from("kept"))));
        for number in 0..ROOM {
            pool.share(&number.to_string().into());
        }
        pool.sweep();
        assert_eq!(pool.all.get_mut().unwrap().len(), 1);
        assert!(Arc::ptr_eq(&kept, &pool.share(&Arc::from("kept"))));
    }
}
