//! Lists the feeds and pages of a snapshot, with a version each.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::artifact::OUTPUT_VERSION;
use crate::publish::snapshot::Snapshot;

/// Versions by absolute URL. `None` is a page that exists but is not to be announced.
pub(super) type UrlVersions = BTreeMap<String, Option<String>>;

/// URLs that clients can fetch now.
#[derive(Debug, Clone, Default)]
pub(super) struct Published {
    /// `None` if that is unknown.
    pub(super) urls: Option<Arc<PublishedUrls>>,
    /// Number of generations so far that this process announces.
    pub(super) announcements: u64,
}

/// Feeds and pages of a snapshot.
#[derive(Debug)]
pub(super) struct PublishedUrls {
    /// First documents of all feeds. The version is the entity tag.
    pub(super) feeds: UrlVersions,
    /// Pages of posts, and of the sitemap.
    pub(super) pages: UrlVersions,
}

impl PublishedUrls {
    pub(super) fn from_snapshot(snapshot: &Snapshot) -> PublishedUrls {
        let feeds = snapshot.feed_versions().into_iter();
        let mut pages = UrlVersions::new();
        for page in snapshot.public_urls() {
            let version = page.content_hash.map(format_page_version);
            // A post may have the URL of a page in `sitemap.pages`; its own version counts.
            pages.entry(page.url).or_insert(version);
        }
        PublishedUrls {
            feeds: feeds
                .map(|(url, tag)| (url, Some(tag.trim_matches('"').to_owned())))
                .collect(),
            pages,
        }
    }
}

/// Formats the version of a page. Hashes of different output versions cannot be compared.
fn format_page_version(content_hash: u64) -> String {
    format!("{OUTPUT_VERSION}-{content_hash:016x}")
}

/// Returns true if an update of courant, not of the page, may be why the versions differ.
pub(super) fn has_different_output_version(one: &str, other: &str) -> bool {
    let output_version =
        |version: &str| version.split_once('-').map(|(number, _)| number.to_owned());
    output_version(one) != output_version(other)
}
