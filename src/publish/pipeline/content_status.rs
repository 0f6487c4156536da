//! Describes content, site and findings for the operator. Nothing in it is public.

use std::sync::Arc;
use std::time::SystemTime;

use chrono::{DateTime, Utc};

use super::findings_index::Findings;
use super::publish_reason::PublishReason;
use crate::cards::local_image::ImageLookup;
use crate::config::Config;
use crate::library::FileCounts;
use crate::model::post::Post;
use crate::persistent::PersistentMap;
use crate::site::SiteEvaluation;
use crate::site::site_index::PostChanges;

/// Status of the content for the operator. None of it is public.
#[derive(Debug, Clone, Default)]
pub struct ContentStatus {
    /// Number of the current snapshot. Grows with each one that differs from its predecessor.
    pub generation: u64,
    /// Reason of the current snapshot.
    pub publish_reason: PublishReason,
    /// Time of publication.
    pub published_at: Option<SystemTime>,
    /// Changes of posts in the current snapshot. Empty after a configuration change, which evaluates
    /// every post again.
    pub post_changes: PostChanges,
    /// Number of files by state.
    pub file_counts: FileCounts,
    /// All findings, sorted by path.
    pub findings: Findings,
    /// When a post will next appear or expire without a file change.
    pub next_change_at: Option<DateTime<Utc>>,
    /// Number of file changes since the start that only a full scan found, without an event.
    pub missed_change_count: u64,
}

/// Content, site and findings at one moment. Costs a few nanoseconds per post; the contents are shared.
#[derive(Debug)]
pub struct ContentOverview {
    /// Active configuration.
    pub config: Arc<Config>,
    /// Every post that could be read, sorted by path.
    pub posts: Vec<Arc<Post>>,
    /// Public site and the visibility of each post. Findings are in `status`.
    pub evaluated: SiteEvaluation,
    /// File counts, findings, and the next due time.
    pub status: ContentStatus,
    /// Pictures that posts name, by address, as far as they were looked up.
    pub pictures: PersistentMap<String, ImageLookup>,
}
