//! Describes what a scan changed.

use std::sync::Arc;
use std::time::Instant;

use crate::model::post::Post;

/// Result of a scan.
#[derive(Debug, Default)]
pub struct ScanResult {
    /// True if anything changed.
    pub changed: bool,
    /// True if posts are kept because most files are missing.
    pub is_holding_deletions: bool,
    /// Number of files read.
    pub files_read: usize,
    /// Number of files that changed or are missing for the first time.
    pub changed_files: usize,
    /// Missing files whose posts are still kept, and since when. Empty if most files are missing.
    pub missing: Vec<(Arc<str>, Instant)>,
    /// Files whose posts changed; `None` for a withdrawn post.
    pub changed_posts: Vec<(Arc<str>, Option<Arc<Post>>)>,
    /// Files whose findings may have changed.
    pub changed_findings: Vec<Arc<str>>,
}
