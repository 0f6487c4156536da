//! Entries that come and go into the addresses that the sitemap holds.

use std::borrow::Cow;
use std::sync::Arc;

use rustc_hash::FxHashMap as HashMap;

use super::{Held, Listing};
use crate::collection;
use crate::site::Translation;
use crate::site::claims::ADDRESS;
use crate::site::contest::Contest;
use crate::site::entry::Entry;
use crate::site::languages::Languages;
use crate::site::translations_of;
use crate::site::url_set::{SiteUrl, UrlSet};

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
        let others = self
            .languages
            .change(&out, &into, self.language, self.translations);
        let mut out: Vec<SiteUrl> = out
            .into_iter()
            .chain(others.iter().cloned())
            .map(|entry| SiteUrl::Post(entry, None))
            .collect();
        let with_languages = |entry: Arc<Entry>| {
            let translations = translations_of(&entry, self.translations);
            SiteUrl::Post(entry, translations)
        };
        let mut into: Vec<SiteUrl> = into.into_iter().chain(others).map(with_languages).collect();
        // A page that is a post's is told of as the post.
        for page in self.pages {
            let url = |entry: &Arc<Entry>| entry.url() == &**page;
            if !self.urls.is_empty() && !gone.iter().any(url) && !come.iter().any(url) {
                continue;
            }
            let owner = self.addresses.owner(&(ADDRESS, Cow::Borrowed(page)));
            let owner = owner.and_then(|post| self.held.get(&post.path));
            if owner.is_some_and(|held| held.listing == Some(Listing::Listed)) {
                out.push(SiteUrl::Page(Arc::clone(page)));
            } else {
                into.push(SiteUrl::Page(Arc::clone(page)));
            }
        }
        self.urls.change(&out, into);
    }
}
