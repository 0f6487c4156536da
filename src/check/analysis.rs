//! Analyzes the content once: posts, their visibility, and findings.
//!
//! For commands that report on the content and serve nothing. Renders a feed only to measure one that
//! may be too long; compresses nothing and draws no card.

use std::time::SystemTime;

use crate::cards::source::CardSource;
use crate::check::lint;
use crate::config::Config;
use crate::library::{DeletionPolicy, Library, LibraryError};
use crate::model::finding::{Finding, Severity};
use crate::model::parse_mode::ParseMode;
use crate::progress::{Progress, ScanStage};
use crate::site::SiteEvaluation;

/// Analysis of a content directory.
#[derive(Debug)]
pub struct ContentAnalysis {
    /// All files with their posts.
    pub library: Library,
    /// Public site, and the visibility of each post with its reason.
    pub evaluated: SiteEvaluation,
    /// Findings of files, conflicts between posts, and cards, sorted.
    pub findings: Vec<Finding>,
}

impl ContentAnalysis {
    /// Analyzes the content directory as of `now` and reports to `progress`.
    ///
    /// # Errors
    /// The content directory cannot be listed.
    pub fn analyze_content(
        config: &Config,
        now: SystemTime,
        progress: &Progress,
    ) -> Result<ContentAnalysis, LibraryError> {
        let mut library = Library::new(ParseMode::Lint);
        library.scan_all(config, DeletionPolicy::Immediate, now, progress)?;
        progress.begin_stage(ScanStage::Evaluating, 0);
        let judged = SiteEvaluation::evaluate_posts(config, library.published_posts(), now.into());
        progress.begin_stage(ScanStage::Preparing, 0);
        let mut studio = CardSource::new(config);
        studio.rescan_files(None, now);
        let cards: Vec<_> = judged.site.build_all_cards().collect();
        let entries = judged.site.all_entries().map(AsRef::as_ref).collect();
        let images = studio.refresh_images(&judged.site, entries, now);
        let card_findings = studio.lint_cards(&judged.site, &cards);
        let mut findings = library.all_findings();
        findings.extend(judged.findings.iter().cloned());
        findings.extend(card_findings.into_iter().flatten());
        findings.extend(studio.asset_findings().iter().cloned());
        findings.extend(lint::lint_site(config, &judged, &*images, now.into()));
        let mut findings = lint::remove_notes_on_unpublished_posts(findings, &judged);
        findings.retain(|finding| {
            finding.severity == Severity::Error || !config.check.ignore.contains(&finding.rule)
        });
        findings.sort();
        Ok(ContentAnalysis {
            library,
            evaluated: judged,
            findings,
        })
    }
}
