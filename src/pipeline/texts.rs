//! The posts that feeds hold into texts that are kept, so that they go on being served when their files break.

use std::sync::Arc;

use super::Pipeline;
use crate::content::Library;
use crate::site::entry::Entry;

impl Pipeline {
    /// Keeps the texts of the posts that feeds made ahead hold whole.
    pub(super) fn keep_texts(&mut self) {
        if Library::keeps_every_text(&self.config) {
            // To name each would cost as much as the site is large.
            self.library.keep_texts(std::iter::empty(), &self.config);
            return;
        }
        let feeds = self.register.site().feeds.chosen();
        let whole = feeds.filter(|feed| feed.is_full()).flat_map(|feed| {
            let document = feed.first();
            let is_full = |place: &usize| document.is_full(*place);
            let places = (0..document.entries.len()).filter(is_full);
            let entries = places.filter_map(|place| document.entries.get(place));
            entries.cloned().collect::<Vec<Arc<Entry>>>()
        });
        let whole: Vec<Arc<Entry>> = whole.collect();
        let paths = whole.iter().map(|entry| entry.source());
        self.library.keep_texts(paths, &self.config);
    }
}
