//! What a step of a register led to.

use crate::artifact::FeedScope;

/// What a step led to.
#[derive(Debug, Default)]
pub struct Difference {
    /// The paths of cards that are others, or are there no more.
    pub cards: Vec<String>,
    /// Feeds of terms whose first document is another.
    pub feeds: Vec<FeedScope>,
    /// Whether anything is different that anybody may see.
    pub is_visible: bool,
}

impl Difference {
    /// Adds what another step led to.
    pub fn merge(&mut self, other: Difference) {
        self.cards.extend(other.cards);
        self.feeds.extend(other.feeds);
        self.is_visible |= other.is_visible;
    }
}
