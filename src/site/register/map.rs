//! Entries that come and go into the addresses that the sitemap holds.

use std::borrow::Cow;
use std::sync::Arc;

use rustc_hash::FxHashMap as HashMap;

use super::{Held, Listing, bulk};
use crate::collection;
use crate::site::Translation;
use crate::site::claims::ADDRESS;
use crate::site::contest::Contest;
use crate::site::entry::Entry;
use crate::site::languages::Languages;
use crate::site::url_set::{Share, UrlSet};

/// The addresses of a sitemap, and what decides on them.
pub(super) struct Map<'a> {
    pub(super) urls: &'a mut UrlSet,
    pub(super) translations: &'a mut collection::Map<String, Arc<[Translation]>>,
    /// Pages of the site besides the posts.
    pub(super) pages: &'a [Arc<str>],
    pub(super) languages: &'a mut Languages,
    /// The site's own.
    pub(super) language: &'a str,
    pub(super) addresses: &'a Contest,
    pub(super) held: &'a HashMap<Arc<str>, Held>,
}

impl Map<'_> {
    /// Takes entries out and puts others in.
    pub(super) fn change(&mut self, gone: &[Arc<Entry>], come: &[Arc<Entry>]) {
        let in_sitemap = |entries: &[Arc<Entry>]| -> Vec<Arc<Entry>> {
            let is = |entry: &&Arc<Entry>| entry.in_sitemap();
            entries.iter().filter(is).cloned().collect()
        };
        let (out, into) = (in_sitemap(gone), in_sitemap(come));
        let groups = self
            .languages
            .change(&out, &into, self.language, self.translations);
        for (before, after) in groups {
            let urls = &mut self.urls;
            urls.change_translations(
                before.as_deref().unwrap_or_default(),
                after.as_deref().unwrap_or_default(),
            );
        }
        let shares = |entries| bulk::map(entries, |entry: Arc<Entry>| Share::of_post(&entry));
        self.urls.change(&shares(out), &shares(into));
        // A page that is a post's is told of as the post.
        let is_a_posts = |page: &&Arc<str>| {
            let owner = self.addresses.owner(&(ADDRESS, Cow::Borrowed(page)));
            let owner = owner.and_then(|post| self.held.get(&post.path));
            owner.is_some_and(|held| held.listing == Some(Listing::Listed))
        };
        let pages = self.pages.iter().filter(|page| !is_a_posts(page));
        self.urls.set_pages(pages.cloned().collect());
    }
}
