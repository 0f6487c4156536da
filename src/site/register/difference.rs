//! What a step of a register led to.

use std::sync::Arc;

use crate::artifact::FeedScope;
use crate::site::entry::Entry;

/// So many posts are named, of all that are others.
const MOST_NAMED: usize = 10;

/// What a step led to.
#[derive(Debug, Default)]
pub struct Difference {
    /// The paths of cards that are others, or are there no more.
    pub cards: Vec<String>,
    /// Feeds of terms whose first document is another.
    pub feeds: Vec<FeedScope>,
    /// Whether anything is different that anybody may see.
    pub is_visible: bool,
    /// What became of posts.
    pub posts: Changed,
}

/// What became of posts, as far as anybody may see it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changed {
    /// How many are to be seen that were not.
    pub new: usize,
    /// How many say something else than they did.
    pub changed: usize,
    /// How many are not to be seen any more, though their posts are there.
    pub hidden: usize,
    /// How many were to be seen, and are gone with their files, or these are no posts any more.
    pub gone: usize,
    /// The first of their files in the order of the paths, below the content directory.
    pub named: Vec<(Arc<str>, Fate)>,
}

/// What became of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It is to be seen, and was not.
    New,
    /// It says something else.
    Changed,
    /// It is not to be seen any more.
    Hidden,
    /// It was to be seen, and its file is gone, or is no post any more.
    Gone,
}

impl Fate {
    /// A word for it.
    pub fn name(self) -> &'static str {
        match self {
            Fate::New => "new",
            Fate::Changed => "changed",
            Fate::Hidden => "hidden",
            Fate::Gone => "gone",
        }
    }
}

impl Difference {
    /// Notes what became of one post.
    pub(super) fn note(
        &mut self,
        path: &Arc<str>,
        is_there: bool,
        (old, new): (Option<&Arc<Entry>>, Option<&Arc<Entry>>),
    ) {
        if old == new {
            return;
        }
        self.is_visible = true;
        let entries = [old, new].into_iter().flatten();
        self.cards
            .extend(entries.filter_map(|entry| entry.card_path().map(str::to_owned)));
        self.posts.note(
            path,
            match new {
                Some(_) if old.is_none() => Fate::New,
                Some(_) => Fate::Changed,
                None if is_there => Fate::Hidden,
                None => Fate::Gone,
            },
        );
    }

    /// Adds what another step led to.
    pub fn merge(&mut self, other: Difference) {
        self.cards.extend(other.cards);
        self.feeds.extend(other.feeds);
        self.is_visible |= other.is_visible;
        self.posts.merge(other.posts);
    }
}

impl Changed {
    /// Whether it is nothing.
    pub fn is_nothing(&self) -> bool {
        *self == Changed::default()
    }

    /// How many posts are others, in all.
    pub fn count(&self) -> usize {
        self.new + self.changed + self.hidden + self.gone
    }

    fn note(&mut self, path: &Arc<str>, fate: Fate) {
        *self.of(fate) += 1;
        let place = self.named.partition_point(|(named, _)| named < path);
        if place < MOST_NAMED {
            self.named.insert(place, (Arc::clone(path), fate));
            self.named.truncate(MOST_NAMED);
        }
    }

    fn of(&mut self, fate: Fate) -> &mut usize {
        match fate {
            Fate::New => &mut self.new,
            Fate::Changed => &mut self.changed,
            Fate::Hidden => &mut self.hidden,
            Fate::Gone => &mut self.gone,
        }
    }

    /// Adds those of a step that came after. A post that is named in both is one.
    pub fn merge(&mut self, other: Changed) {
        self.new += other.new;
        self.changed += other.changed;
        self.hidden += other.hidden;
        self.gone += other.gone;
        for (path, fate) in other.named {
            let before = self.named.iter().position(|(named, _)| *named == path);
            *self.of(fate) -= 1;
            let Some(before) = before else {
                self.note(&path, fate);
                continue;
            };
            let (_, old) = self.named.remove(before);
            *self.of(old) -= 1;
            match (old, fate) {
                // Nobody saw it between the two.
                (Fate::New, Fate::Hidden | Fate::Gone) => {}
                (Fate::New, _) => self.note(&path, Fate::New),
                (Fate::Hidden | Fate::Gone, Fate::New) => self.note(&path, Fate::Changed),
                _ => self.note(&path, fate),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(posts: &[(&str, Fate)]) -> Changed {
        let mut changed = Changed::default();
        for (path, fate) in posts {
            changed.note(&Arc::from(*path), *fate);
        }
        changed
    }

    fn named(changed: &Changed) -> Vec<(&str, Fate)> {
        let named = changed.named.iter();
        named.map(|(path, fate)| (&**path, *fate)).collect()
    }

    #[test]
    fn all_are_counted_and_the_first_are_named_in_order() {
        let paths: Vec<String> = (0..30).rev().map(|n| format!("{n:02}.md")).collect();
        let posts: Vec<_> = paths.iter().map(|path| (&**path, Fate::New)).collect();
        let changed = changed(&posts);
        assert_eq!(changed.new, 30);
        assert_eq!(changed.named.len(), MOST_NAMED);
        assert_eq!(named(&changed)[0], ("00.md", Fate::New));
        assert_eq!(named(&changed)[9], ("09.md", Fate::New));
    }

    #[test]
    fn two_steps_are_one_change_of_each_post() {
        let mut all = changed(&[
            ("a", Fate::New),
            ("b", Fate::New),
            ("c", Fate::Changed),
            ("d", Fate::Hidden),
            ("f", Fate::New),
        ]);
        all.merge(changed(&[
            ("a", Fate::Hidden),
            ("b", Fate::Changed),
            ("c", Fate::Gone),
            ("d", Fate::New),
            ("e", Fate::New),
            ("f", Fate::Gone),
        ]));
        let expected = [
            ("b", Fate::New),
            ("c", Fate::Gone),
            ("d", Fate::Changed),
            ("e", Fate::New),
        ];
        assert_eq!(named(&all), expected);
        let counts = (all.new, all.changed, all.hidden, all.gone);
        assert_eq!(counts, (2, 1, 0, 1));
        assert_eq!(all.count(), 4);
    }
}
