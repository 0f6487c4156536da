//! Which bodies keep their texts: those of a small site, and for a moment all that are about to be rendered, so
//! that no file is read twice.

use super::Library;
use crate::config::{Config, FeedContent};

/// So many bytes are kept, for a site of some hundred posts all of them.
const MOST: usize = 2 * 1024 * 1024;
/// So many are, until they are rendered, where a feed holds every post whole.
const MOST_UNTIL_RENDERED: usize = 128 * 1024 * 1024;

/// How many bytes of texts may be kept for now.
pub(super) fn most(config: &Config) -> usize {
    let main = (config.feed.limit, config.feed.content);
    let own = config.feeds.iter().map(|feed| (feed.limit, feed.content));
    let holds_all =
        |(limit, content): (Option<usize>, _)| limit.is_none() && content == FeedContent::Full;
    if std::iter::once(main).chain(own).any(holds_all) {
        MOST_UNTIL_RENDERED
    } else {
        MOST
    }
}

impl Library {
    /// Lets go of the texts that were kept for what is rendered now. They are read again when they are asked for.
    pub fn forget_texts(&mut self) {
        for known in self.files.values() {
            if self.texts <= MOST {
                return;
            }
            if let Some(post) = &known.post {
                self.texts = self.texts.saturating_sub(known.kept());
                post.body.forget();
            }
        }
    }
}
