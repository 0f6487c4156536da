//! Which bodies keep their texts, so that they can be had whatever becomes of their files: those that feeds
//! hold, those of a small site, and those of files that broke.

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;

use super::Library;
use crate::config::{Config, FeedContent};
use crate::content::known::{Known, State};
use crate::priority::give_way;

/// So many bytes are kept besides, for a site of some hundred posts all of them.
const MOST: usize = 2 * 1024 * 1024;
/// So many are where those are not all, as it is of no use to have the texts of some posts and not of others.
/// It is more than none, so that not every edit looks for what to let go of.
const MOST_OF_MANY: usize = 512 * 1024;
/// So many are, until they are rendered, where a feed of bounded length is cut from every post whole.
const MOST_UNTIL_RENDERED: usize = 128 * 1024 * 1024;

/// So many are looked for at once.
const AT_ONCE: usize = 64;

/// How many bytes of texts may be kept when they are read.
pub(super) fn most(config: &Config) -> usize {
    match (is_cut_from_all(config), config.feed.max_bytes) {
        (true, None) => usize::MAX,
        (true, Some(_)) => MOST_UNTIL_RENDERED,
        (false, _) => MOST,
    }
}

/// Whether a feed holds every post whole, as far as there is room.
fn is_cut_from_all(config: &Config) -> bool {
    let main = (config.feed.limit, config.feed.content);
    let own = config.feeds.iter().map(|feed| (feed.limit, feed.content));
    let is_cut =
        |(limit, content): (Option<usize>, _)| limit.is_none() && content == FeedContent::Full;
    std::iter::once(main).chain(own).any(is_cut)
}

impl Library {
    /// Whether all texts stay as long as their posts, as a feed holds each.
    pub fn keeps_every_text(config: &Config) -> bool {
        most(config) == usize::MAX
    }

    /// Keeps the texts of the posts of these files, which feeds hold whole now, and lets go of those that feeds
    /// held before.
    pub fn keep_texts<'a>(&mut self, paths: impl Iterator<Item = &'a str>, config: &Config) {
        let keeps_all = Library::keeps_every_text(config);
        if !self.has_all_texts {
            match (keeps_all, self.texts_are_many) {
                (true, _) => self.fill(usize::MAX),
                (false, false) => self.fill(MOST),
                (false, true) => {}
            }
            self.has_all_texts = true;
        }
        if keeps_all {
            return;
        }
        let own = |path| self.files.get_key_value(path).map(|(path, _)| path);
        let held: BTreeSet<Arc<str>> = paths.filter_map(own).cloned().collect();
        let mut kept = 0;
        for path in &held {
            let Some(known) = self.files.get(path) else {
                continue;
            };
            if let Some(post) = known.post.as_ref().filter(|post| !post.body.is_at_hand()) {
                post.body.keep();
                self.texts += known.kept();
            }
            kept += known.kept();
        }
        self.texts_are_many |= self.texts >= MOST + kept;
        let most = if self.texts_are_many {
            MOST_OF_MANY
        } else {
            MOST
        };
        for path in self.held.difference(&held) {
            if let Some(known) = self.files.get(path).filter(|_| self.texts > most + kept) {
                self.texts -= forget(known).min(self.texts);
            }
        }
        self.held = held;
        // To go through all for a few would be done at each edit.
        if self.texts <= most + most / 2 + kept + self.stuck_texts {
            return;
        }
        self.stuck_texts = 0;
        for (path, known) in &self.files {
            if self.texts <= most + kept {
                return;
            }
            if !self.held.contains(path) {
                self.texts -= forget(known).min(self.texts);
            }
        }
        self.stuck_texts = self.texts.saturating_sub(most + kept);
    }

    /// Keeps the texts of posts that have none, as those that were not read have, up to so many bytes.
    fn fill(&mut self, most: usize) {
        let missing = |known: &&Known| {
            let post = known.post.as_ref();
            post.is_some_and(|post| !post.body.is_at_hand())
        };
        let missing: Vec<&Known> = self.files.values().filter(missing).collect();
        for some in missing.chunks(AT_ONCE) {
            if self.texts >= most {
                break;
            }
            let keep = |known: &&Known| {
                give_way();
                if let Some(post) = &known.post {
                    post.body.keep();
                }
                known.kept()
            };
            self.texts += some.par_iter().map(keep).sum::<usize>();
        }
    }
}

/// Lets go of a text, and returns how many bytes that were. That of a file that broke is nowhere else.
fn forget(known: &Known) -> usize {
    let kept = known.kept();
    match &known.post {
        Some(post) if known.state == State::Post => post.body.forget(),
        _ => return 0,
    }
    kept
}
