//! Holds the values that every admin page shows.

use std::collections::BTreeMap;

use super::components::SiteClock;
use crate::admin::post_table::PostTable;
use crate::admin::watch_status::WatchStatus;
use crate::announce::TargetStatus;
use crate::export::ExportFigures;
use crate::git::GitFigures;

/// Data that every page shows.
pub(super) struct PageContext<'a> {
    pub(super) status: &'a WatchStatus,
    pub(super) posts: &'a PostTable,
    pub(super) clock: SiteClock,
    /// Status of announcements by target.
    pub(super) announcements: BTreeMap<String, TargetStatus>,
    /// Figures of the export; `None` without one, as the next is without a repository.
    pub(super) export: Option<ExportFigures>,
    pub(super) git: Option<GitFigures>,
}
