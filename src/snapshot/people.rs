//! The pages for people, which are beside feeds and at the same addresses.

use super::Snapshot;
use crate::artifact::{ArtifactKey, FurtherPage};

impl Snapshot {
    /// The page for people at the address of a feed.
    pub fn for_people(&self, key: &ArtifactKey) -> Option<FurtherPage> {
        self.late.as_ref()?.shelf.for_people(key)
    }

    /// Whether there are pages for people at the addresses of feeds.
    pub fn has_pages_for_people(&self) -> bool {
        let late = self.late.as_ref();
        late.is_some_and(|late| late.shelf.has_pages_for_people())
    }
}
