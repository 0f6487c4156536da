//! Models what the feed of a podcast says about the podcast.

use serde::Serialize;

use super::post::max_encoded_len;

/// Podcast, as its feeds describe it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct PodcastChannel {
    /// Author as listeners see it.
    pub author: String,
    /// Name of the owner, whom directories write to.
    pub owner_name: Option<String>,
    /// Mail address of the owner.
    pub owner_email: Option<String>,
    /// Absolute URL of the artwork.
    pub image_url: Option<String>,
    /// Categories, the main one first.
    pub categories: Vec<PodcastCategory>,
    /// True if the podcast is not for children; `None` if it is not known.
    pub explicit: Option<bool>,
    /// True if episodes are to be heard in their order.
    pub is_serial: bool,
    /// Copyright notice; `None` is that of the site.
    pub copyright: Option<String>,
    /// Says whether other hosts may import the podcast; `None` says nothing.
    pub locked: Option<bool>,
    /// Id of the podcast; `None` makes it of the feed's URL.
    pub guid: Option<String>,
    /// URL of a page where listeners may pay, and the text of the link.
    pub funding: Option<(String, String)>,
    /// True if no more episodes will come.
    pub is_complete: bool,
    /// Absolute URL that the feed moved to.
    pub new_feed_url: Option<String>,
}

/// Category of a podcast directory.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct PodcastCategory {
    /// Name.
    pub name: String,
    /// Name of the part of the category; `None` is the whole one.
    pub subcategory: Option<String>,
}

impl PodcastChannel {
    /// Estimates an upper bound on the podcast's elements in a feed, in bytes.
    pub(crate) fn max_encoded_len(&self) -> usize {
        // The owner's address and the artwork are in two elements.
        max_encoded_len(self) * 2
    }
}
