//! Holds the analysed content from which a question is answered.

use crate::config::Config;
use crate::model::finding::Finding;
use crate::model::post::Post;
use crate::site::SiteEvaluation;

/// Site data in which files and addresses are looked up.
#[derive(Debug, Clone, Copy)]
pub struct ExplainContext<'a> {
    /// Configuration.
    pub config: &'a Config,
    /// All posts.
    pub posts: &'a [&'a Post],
    /// Public site, and the state of each post.
    pub evaluation: &'a SiteEvaluation,
    /// All findings.
    pub findings: &'a [Finding],
}

impl<'a> ExplainContext<'a> {
    /// Lists the findings of a file.
    pub(super) fn findings_of_file(self, path: &str) -> Vec<&'a Finding> {
        self.findings
            .iter()
            .filter(|finding| finding.file == path)
            .collect()
    }
}
