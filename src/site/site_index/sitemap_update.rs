//! Updates the sitemap's URLs and translations from removed and added entries.

use std::borrow::Cow;
use std::sync::Arc;

use rustc_hash::FxHashMap as HashMap;

use super::indexed_post::{IndexedPost, Listing};
use crate::conflicts::UniqueKeys;
use crate::conflicts::unique_keys::ADDRESS_KEY;
use crate::parallel;
use crate::persistent;
use crate::site::entry::Entry;
use crate::site::sitemap_urls::{SitemapUrls, UrlContribution};
use crate::site::translations::Translation;
use crate::site::translations::TranslationGroups;

/// Update of the sitemap's URLs, with the state that it depends on.
pub(super) struct SitemapUpdate<'a> {
    pub(super) urls: &'a mut SitemapUrls,
    pub(super) translations: &'a mut persistent::PersistentMap<String, Arc<[Translation]>>,
    /// URLs of the site's pages besides the posts.
    pub(super) pages: &'a [Arc<str>],
    pub(super) translation_groups: &'a mut TranslationGroups,
    /// Language of the site.
    pub(super) site_language: &'a str,
    pub(super) addresses: &'a UniqueKeys,
    pub(super) posts: &'a HashMap<Arc<str>, IndexedPost>,
}

impl SitemapUpdate<'_> {
    /// Removes and adds entries.
    pub(super) fn update_entries(&mut self, removed: &[Arc<Entry>], added: &[Arc<Entry>]) {
        let in_sitemap = |entries: &[Arc<Entry>]| -> Vec<Arc<Entry>> {
            entries
                .iter()
                .filter(|entry| entry.is_in_sitemap())
                .cloned()
                .collect()
        };
        let (removed, added) = (in_sitemap(removed), in_sitemap(added));
        let groups = self.translation_groups.update_groups(
            &removed,
            &added,
            self.site_language,
            self.translations,
        );
        for (before, after) in groups {
            self.urls.update_translations(
                before.as_deref().unwrap_or_default(),
                after.as_deref().unwrap_or_default(),
            );
        }
        let shares = |entries| {
            parallel::map_items(entries, |entry: Arc<Entry>| {
                UrlContribution::from_entry(&entry)
            })
        };
        self.urls.update_slots(&shares(removed), &shares(added));
        // A page that is also a listed post is listed as that post.
        let is_listed_post = |page: &Arc<str>| {
            self.addresses
                .find_holder(&(ADDRESS_KEY, Cow::Borrowed(page)))
                .and_then(|post| self.posts.get(&post.path))
                .is_some_and(|held| held.listing == Some(Listing::Listed))
        };
        let pages = self.pages.iter().filter(|page| !is_listed_post(page));
        self.urls.replace_page_urls(pages.cloned().collect());
    }
}
