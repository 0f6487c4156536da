//! What gives the outputs that are made when they are asked for.

use std::fmt::Debug;

use super::{Artifact, ArtifactKey, Deferred, FurtherPage, Page};

/// Gives outputs that nobody keeps ready.
pub trait Shelf: Debug + Send + Sync {
    /// The output of a name, if there is one. Its bytes are not made by this.
    fn artifact(&self, key: &ArtifactKey) -> Option<Artifact>;

    /// A page of a feed, if there is one.
    fn page(&self, key: &ArtifactKey, page: Page) -> Option<FurtherPage>;

    /// The page for people at the address of a feed, if there is one.
    fn for_people(&self, key: &ArtifactKey) -> Option<FurtherPage>;

    /// The names of the entries of a feed's first document: another where what is told of an entry is another. `None`
    /// where there are too many for a delta.
    fn entries(&self, key: &ArtifactKey) -> Option<Vec<u128>>;

    /// The first document of a feed without the entries of these names; `None` where it has none of them.
    fn without(&self, key: &ArtifactKey, known: &[u128]) -> Option<Deferred>;

    /// Whether there are pages for people at the addresses of feeds.
    fn has_pages_for_people(&self) -> bool;

    /// How long a feed is good for without asking again, in seconds, by the rhythm of the site.
    fn max_age(&self) -> u64;

    /// The names of all of them, in no order.
    fn keys(&self) -> Vec<ArtifactKey>;
}
