//! Defines the configuration that is proposed for a site.

use std::path::PathBuf;

use crate::detect::pages::LeftOutPosts;
use crate::detect::setting::{Setting, SettingSource};
use crate::model::finding::Finding;

/// Configuration proposed for a site, with what was found about it.
#[derive(Debug)]
pub struct ProposedConfig {
    /// Directory of the site.
    pub(super) root: PathBuf,
    /// Tools that the site is made with, each with the file by which it was recognised.
    pub tools: Vec<(&'static str, String)>,
    /// Settings, in the order of the configuration file.
    pub settings: Vec<Setting>,
    /// Settings to consider, which are written as comments.
    pub suggestions: Vec<Setting>,
    /// Files that could not be read, and facts that no setting can express.
    pub findings: Vec<Finding>,
    /// Approximate number of posts.
    pub post_count: usize,
    /// Number of other pages in the same directory.
    pub other_page_count: usize,
    /// The other pages that have a title and a date, as posts have.
    pub(crate) left_out_posts: LeftOutPosts,
}

impl ProposedConfig {
    /// Returns the settings that must be replaced before the configuration is useful.
    pub fn placeholder_settings(&self) -> impl Iterator<Item = &Setting> {
        self.settings
            .iter()
            .filter(|setting| matches!(setting.source, SettingSource::Placeholder(_)))
    }

    /// Returns the recognised generator. A CMS is not a generator.
    pub(super) fn generator_name(&self) -> Option<&'static str> {
        let mut names = self.tools.iter().map(|maker| maker.0);
        names.find(|name| *name != "Decap CMS")
    }
}
