//! Counts the posts whose public state an update changed.

use std::sync::Arc;

/// Maximum number of changed posts that are listed by name, so that a log line stays short.
const MAX_NAMED_POSTS: usize = 10;

/// Counts of posts whose public state changed, with the first few by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PostChanges {
    /// Number of posts that became public.
    pub new: usize,
    /// Number of public posts whose content changed.
    pub changed: usize,
    /// Number of posts that are no longer public although their files are still posts.
    pub hidden: usize,
    /// Number of public posts whose files were removed or are no longer posts.
    pub gone: usize,
    /// First changed files in path order, below the content directory.
    pub first_changes: Vec<(Arc<str>, PostChange)>,
}

/// Change of a post's public state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PostChange {
    /// Became public.
    New,
    /// Still public, with different content.
    Changed,
    /// No longer public, although the file is still a post.
    Hidden,
    /// No longer public, because the file was removed or is no longer a post.
    Gone,
}

impl PostChange {
    /// Returns the word for it in logs and status reports.
    pub fn change_name(self) -> &'static str {
        match self {
            PostChange::New => "new",
            PostChange::Changed => "changed",
            PostChange::Hidden => "hidden",
            PostChange::Gone => "gone",
        }
    }
}

impl PostChanges {
    /// Returns true if no post changed.
    pub fn is_empty(&self) -> bool {
        *self == PostChanges::default()
    }

    /// Returns the number of changed posts.
    pub fn total_count(&self) -> usize {
        self.new + self.changed + self.hidden + self.gone
    }

    /// Counts one change, and lists the path if it is among the first.
    pub fn record_change(&mut self, path: &Arc<str>, fate: PostChange) {
        *self.counter_mut(fate) += 1;
        let index = self
            .first_changes
            .partition_point(|(named, _)| named < path);
        if index < MAX_NAMED_POSTS {
            self.first_changes.insert(index, (Arc::clone(path), fate));
            self.first_changes.truncate(MAX_NAMED_POSTS);
        }
    }

    fn counter_mut(&mut self, fate: PostChange) -> &mut usize {
        match fate {
            PostChange::New => &mut self.new,
            PostChange::Changed => &mut self.changed,
            PostChange::Hidden => &mut self.hidden,
            PostChange::Gone => &mut self.gone,
        }
    }

    /// Merges the changes of a later update into these. A post that both list counts once.
    pub fn merge_later_changes(&mut self, other: PostChanges) {
        self.new += other.new;
        self.changed += other.changed;
        self.hidden += other.hidden;
        self.gone += other.gone;
        for (path, fate) in other.first_changes {
            let before = self
                .first_changes
                .iter()
                .position(|(named, _)| *named == path);
            *self.counter_mut(fate) -= 1;
            let Some(before) = before else {
                self.record_change(&path, fate);
                continue;
            };
            let (_, old) = self.first_changes.remove(before);
            *self.counter_mut(old) -= 1;
            match (old, fate) {
                // It was never published between the two updates.
                (PostChange::New, PostChange::Hidden | PostChange::Gone) => {}
                (PostChange::New, _) => self.record_change(&path, PostChange::New),
                (PostChange::Hidden | PostChange::Gone, PostChange::New) => {
                    self.record_change(&path, PostChange::Changed)
                }
                _ => self.record_change(&path, fate),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build_changes(posts: &[(&str, PostChange)]) -> PostChanges {
        let mut changed = PostChanges::default();
        for (path, fate) in posts {
            changed.record_change(&Arc::from(*path), *fate);
        }
        changed
    }

    fn first_changes(changed: &PostChanges) -> Vec<(&str, PostChange)> {
        let named = changed.first_changes.iter();
        named.map(|(path, fate)| (&**path, *fate)).collect()
    }

    #[test]
    fn all_posts_are_counted_and_first_paths_listed() {
        let paths: Vec<String> = (0..30).rev().map(|n| format!("{n:02}.md")).collect();
        let posts: Vec<_> = paths
            .iter()
            .map(|path| (&**path, PostChange::New))
            .collect();
        let changed = build_changes(&posts);
        assert_eq!(changed.new, 30);
        assert_eq!(changed.first_changes.len(), MAX_NAMED_POSTS);
        assert_eq!(first_changes(&changed)[0], ("00.md", PostChange::New));
        assert_eq!(first_changes(&changed)[9], ("09.md", PostChange::New));
    }

    #[test]
    fn merged_updates_count_each_post_once() {
        let mut all = build_changes(&[
            ("a", PostChange::New),
            ("b", PostChange::New),
            ("c", PostChange::Changed),
            ("d", PostChange::Hidden),
            ("f", PostChange::New),
        ]);
        all.merge_later_changes(build_changes(&[
            ("a", PostChange::Hidden),
            ("b", PostChange::Changed),
            ("c", PostChange::Gone),
            ("d", PostChange::New),
            ("e", PostChange::New),
            ("f", PostChange::Gone),
        ]));
        let expected = [
            ("b", PostChange::New),
            ("c", PostChange::Gone),
            ("d", PostChange::Changed),
            ("e", PostChange::New),
        ];
        assert_eq!(first_changes(&all), expected);
        let counts = (all.new, all.changed, all.hidden, all.gone);
        assert_eq!(counts, (2, 1, 0, 1));
        assert_eq!(all.total_count(), 4);
    }
}
