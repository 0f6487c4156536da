//! Orders the outputs of an export.

use crate::model::artifact::{ArtifactKey, FeedScope};

/// Group of outputs. Those of a group are written at the same time, the first group first, so that an output is
/// written after those that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum OutputStage {
    CardImages,
    CardPages,
    FeedPages,
    TermFeeds,
    Feeds,
    Opml,
    Robots,
    SitemapParts,
    Sitemap,
    HostingFiles,
    Home,
}

impl OutputStage {
    /// Returns the group of an output.
    pub(super) fn from_key(key: &ArtifactKey) -> OutputStage {
        match key {
            ArtifactKey::CardPage(_) => OutputStage::CardPages,
            ArtifactKey::CardImage(_) => OutputStage::CardImages,
            ArtifactKey::FeedPage(..) => OutputStage::FeedPages,
            ArtifactKey::Feed(scope, _) | ArtifactKey::FeedHtml(scope, _) => {
                match scope.split_language().1 {
                    FeedScope::Site | FeedScope::Custom(_) => OutputStage::Feeds,
                    _ => OutputStage::TermFeeds,
                }
            }
            ArtifactKey::Opml => OutputStage::Opml,
            ArtifactKey::Robots | ArtifactKey::IndexNowKey(_) | ArtifactKey::FeedStylesheet => {
                OutputStage::Robots
            }
            ArtifactKey::SitemapPart(_) | ArtifactKey::NewsSitemap | ArtifactKey::LlmsTxt => {
                OutputStage::SitemapParts
            }
            ArtifactKey::Sitemap => OutputStage::Sitemap,
            ArtifactKey::Home | ArtifactKey::LanguageHome(_) => OutputStage::Home,
        }
    }

    /// Returns true for card pages and their images.
    pub(super) fn is_card(self) -> bool {
        matches!(self, OutputStage::CardPages | OutputStage::CardImages)
    }
}
