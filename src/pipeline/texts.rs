//! The posts that feeds hold into texts that are kept, so that they go on being served when their files break.

use super::Pipeline;
use crate::content::Library;

impl Pipeline {
    /// Keeps the texts of the posts that feeds made ahead hold whole.
    pub(super) fn keep_texts(&mut self) {
        if Library::keeps_every_text(&self.config) {
            // To name each would cost as much as the site is large.
            self.library.keep_texts(std::iter::empty(), &self.config);
            return;
        }
        let paths = self
            .press
            .whole_entries()
            .iter()
            .map(|entry| entry.source());
        self.library.keep_texts(paths, &self.config);
    }
}
