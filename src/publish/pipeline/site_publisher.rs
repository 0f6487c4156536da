//! Publishes changed posts: updates the site index, renders the site and swaps snapshots in.
//!
//! Withdrawals come first: one only removes entries from lists, so it need not wait until other posts are
//! rendered.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use chrono::{DateTime, Utc};

use super::content_status::ContentStatus;
use super::lint_queue::LintQueue;
use super::pending_changes::PendingChanges;
use super::publish_reason::PublishReason;
use super::refresh_outcome::RefreshOutcome;
use crate::cards::source::CardSource;
use crate::config::Config;
use crate::library::Library;
use crate::model::artifact::{ArtifactKey, FeedFormat};
use crate::publish::snapshot::{Compressor, Invalidated, Snapshot, SnapshotHandle};
use crate::render::{RenderError, RenderedSite, Renderer};
use crate::site::Site;
use crate::site::entry::Entry;
use crate::site::redirect_history::RedirectHistory;
use crate::site::site_index::{PostChanges, PostUpdate, SiteChanges, SiteIndex};

/// Up to this many changes, a withdrawn post is published together with its successor.
const MAX_CHANGES_WITH_SUCCESSORS: usize = 32;

/// Publisher of the site as a series of snapshots.
#[derive(Debug)]
pub(super) struct SitePublisher {
    pub(super) site_index: SiteIndex,
    pub(super) card_source: CardSource,
    renderer: Renderer,
    snapshot_handle: SnapshotHandle,
    compressor: Option<Compressor>,
    /// Outputs that must be rendered again even if no post changed.
    invalidated: Option<Invalidated>,
    pub(super) pending_changes: PendingChanges,
    /// Posts whose bodies and cards are not linted yet.
    pub(super) lint_queue: LintQueue,
    pub(super) status: ContentStatus,
    /// Changes of posts in published snapshots that were not reported yet.
    unreported_changes: Option<PostChanges>,
}

impl SitePublisher {
    /// Creates a publisher that has published nothing yet.
    pub(super) fn new(config: &Arc<Config>, snapshot_handle: SnapshotHandle) -> SitePublisher {
        SitePublisher {
            site_index: SiteIndex::new(Arc::clone(config), RedirectHistory::default()),
            card_source: CardSource::new(config),
            renderer: Renderer::default(),
            snapshot_handle,
            compressor: None,
            invalidated: Some(Invalidated::All),
            pending_changes: PendingChanges::default(),
            lint_queue: LintQueue::default(),
            status: ContentStatus::default(),
            unreported_changes: None,
        }
    }

    /// Hands published snapshots to `compressor`.
    pub(super) fn set_compressor(&mut self, compressor: Compressor) {
        self.compressor = Some(compressor);
    }

    /// Replaces the configuration. Forgets all posts, but not the redirects of their cards.
    pub(super) fn replace_config(&mut self, config: &Arc<Config>, now: SystemTime) {
        let empty = SiteIndex::new(Arc::clone(config), RedirectHistory::default());
        let history = std::mem::replace(&mut self.site_index, empty).into_redirect_history();
        self.site_index = SiteIndex::new(Arc::clone(config), history);
        self.card_source = CardSource::new(config);
        self.card_source.rescan_files(None, now);
        self.invalidated = Some(Invalidated::All);
    }

    /// Looks for changes of the files that cards use, among `paths` or everywhere. Returns true if all
    /// outputs must be rendered again.
    pub(super) fn rescan_card_files(
        &mut self,
        paths: Option<&BTreeSet<PathBuf>>,
        now: SystemTime,
    ) -> bool {
        if paths.is_none() {
            self.card_source
                .retain_pictures(self.site_index.current_site().file_urls());
        }
        let have_changed = self.card_source.rescan_files(paths, now);
        if have_changed {
            self.invalidated = Some(Invalidated::All);
        }
        have_changed
    }

    /// Returns true if outputs must be rendered again even if no post changed.
    pub(super) fn is_invalidated(&self) -> bool {
        self.invalidated.is_some()
    }

    /// Returns true if a post appears or expires by `now`.
    pub(super) fn is_due(&self, now: SystemTime) -> bool {
        self.site_index
            .next_change()
            .is_some_and(|due| due <= DateTime::<Utc>::from(now))
    }

    /// Publishes all withdrawals, then at most `max_changes` others. The rest is left for the next run.
    pub(super) fn publish_batch(
        &mut self,
        library: &Library,
        now: SystemTime,
        max_changes: usize,
    ) -> Result<RefreshOutcome, RenderError> {
        self.publish_withdrawals_first(library, now)?;
        let takes_all = self.invalidated.is_some();
        let changes = self.pending_changes.take_next_batch(max_changes, takes_all);
        self.publish_changes(changes, now)
    }

    /// Publishes withdrawals and expired posts before the other pending changes, which may take long to
    /// render.
    fn publish_withdrawals_first(
        &mut self,
        library: &Library,
        now: SystemTime,
    ) -> Result<(), RenderError> {
        if self.pending_changes.len() < 2 || self.invalidated.is_some() {
            return Ok(());
        }
        let are_few = self.pending_changes.len() <= MAX_CHANGES_WITH_SUCCESSORS;
        let withdrawals = self.take_withdrawals(library, now, are_few);
        let is_due = self.is_due(now);
        if self.pending_changes.is_empty() {
            self.pending_changes.replace(withdrawals);
        } else if is_due || !withdrawals.is_empty() {
            self.publish_unreported(withdrawals, now)?;
        }
        Ok(())
    }

    /// Publishes only the withdrawals among the pending changes. `Unchanged` if there are none.
    pub(super) fn publish_withdrawals_only(
        &mut self,
        library: &Library,
        now: SystemTime,
    ) -> Result<RefreshOutcome, RenderError> {
        let withdrawals = self.take_withdrawals(library, now, false);
        if !withdrawals.is_empty() {
            return self.publish_changes(withdrawals, now);
        }
        match self.unreported_changes.take() {
            Some(changed) => {
                self.status.post_changes = changed;
                Ok(RefreshOutcome::Published)
            }
            None => Ok(RefreshOutcome::Unchanged),
        }
    }

    /// Publishes a snapshot that is reported together with the next one.
    pub(super) fn publish_unreported(
        &mut self,
        changes: Vec<PostUpdate>,
        now: SystemTime,
    ) -> Result<(), RenderError> {
        if self.publish_changes(changes, now)? == RefreshOutcome::Published {
            self.unreported_changes = Some(self.status.post_changes.clone());
        }
        Ok(())
    }

    /// Removes the withdrawals from the pending changes.
    fn take_withdrawals(
        &mut self,
        library: &Library,
        now: SystemTime,
        with_successors: bool,
    ) -> Vec<PostUpdate> {
        let site_index = &self.site_index;
        self.pending_changes
            .take_withdrawals(site_index, library, now, with_successors)
    }

    /// Publishes a snapshot with these changes and with posts that are due.
    fn publish_changes(
        &mut self,
        changes: Vec<PostUpdate>,
        now: SystemTime,
    ) -> Result<RefreshOutcome, RenderError> {
        let changed: Vec<Arc<str>> = changes.iter().map(|(path, _)| Arc::clone(path)).collect();
        let difference = self.site_index.apply_changes(changes, now.into());
        self.lint_queue.add_paths(changed);
        let (site, rendered) = self.render_site(&difference, now)?;
        let before = self.snapshot_handle.load_snapshot();
        let have_images_changed = self.invalidated.is_some();
        let stale = self
            .invalidated
            .take()
            .unwrap_or_else(|| Invalidated::Paths(invalidated_paths(&difference)));
        let snapshot = Snapshot::next_generation(&before, rendered.artifacts, now)
            .with_lazy_artifacts(rendered.lazy_artifacts, stale, now);
        let is_unchanged = before.generation() > 0
            && !have_images_changed
            && !difference.has_public_changes
            && snapshot.has_same_eager_resources(&before);
        if have_images_changed {
            let card = site.build_site_card();
            self.lint_queue.add_paths([card.source_path.into()]);
        }
        let unreported = self.unreported_changes.take();
        if is_unchanged {
            self.status.generation = before.generation();
            return Ok(match unreported {
                Some(_) => RefreshOutcome::Published,
                None => RefreshOutcome::SameOutputs,
            });
        }
        self.status.generation = snapshot.generation();
        self.status.published_at = Some(now);
        let mut posts = unreported.unwrap_or_default();
        posts.merge_later_changes(difference.posts);
        self.status.post_changes = posts;
        self.status.publish_reason = match before.generation() {
            0 => PublishReason::Start,
            _ => PublishReason::Content,
        };
        self.snapshot_handle.publish_snapshot(snapshot);
        if let Some(compressor) = &self.compressor {
            compressor.enqueue_snapshot(self.snapshot_handle.load_snapshot());
        }
        Ok(RefreshOutcome::Published)
    }

    /// Renders the current site.
    fn render_site(
        &mut self,
        difference: &SiteChanges,
        now: SystemTime,
    ) -> Result<(Arc<Site>, RenderedSite), RenderError> {
        let site = Arc::new(self.site_index.current_site().clone());
        let entries = match self.invalidated {
            Some(Invalidated::All) => site
                .all_entries()
                .map(AsRef::as_ref)
                .filter(|entry: &&Entry| entry.card_path().is_some())
                .collect(),
            _ => {
                let paths = difference.card_paths.iter();
                paths
                    .filter_map(|path| site.entry_at_card_path(path))
                    .collect()
            }
        };
        let images = self.card_source.refresh_images(&site, entries, now);
        match self.renderer.render(&site, &images) {
            Ok(rendered) => Ok((site, rendered)),
            Err(error) => {
                self.invalidated = Some(Invalidated::All);
                Err(error)
            }
        }
    }
}

/// Returns the paths of lazily rendered outputs that changed.
fn invalidated_paths(difference: &SiteChanges) -> Vec<String> {
    let cards = difference.card_paths.iter().flat_map(|path| {
        [ArtifactKey::CardPage, ArtifactKey::CardImage].map(|key| key(path.clone()))
    });
    let feeds = difference
        .taxonomy_feeds
        .iter()
        .flat_map(|scope| FeedFormat::ALL.map(|format| ArtifactKey::Feed(scope.clone(), format)));
    cards.chain(feeds).map(|key| key.url_path()).collect()
}
