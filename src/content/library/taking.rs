//! What was read of a file into the place of what was known of it.

use std::sync::Arc;

use super::Library;
use super::look::Fresh;
use crate::content::known::Known;
use crate::post::Post;

/// What came of a file that was read.
pub(super) struct Taken {
    pub(super) is_other: bool,
    /// Whether it says something else of the posts below it.
    pub(super) withholds_other: bool,
    /// Its post before.
    pub(super) was: Option<Arc<Post>>,
}

impl Library {
    /// Counts what is known now that a file was read, which is about to be put in place of what was.
    pub(super) fn take(&mut self, fresh: &Fresh) -> Taken {
        let before = self.files.get(&fresh.path);
        let file = &fresh.known;
        let taken = Taken {
            is_other: !before.is_some_and(|before| {
                before.state == file.state
                    && before.post == file.post
                    && before.findings == file.findings
            }),
            withholds_other: before
                .map_or(&[][..], |before| &*before.withholds)
                .ne(&*file.withholds),
            was: before.and_then(Known::published).cloned(),
        };
        if let Some(before) = before {
            self.tally.subtract(before);
        }
        self.tally.add(file);
        taken
    }
}
