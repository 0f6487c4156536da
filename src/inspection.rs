//! The content as it is now into all that is known of it: posts, verdicts and findings.
//!
//! One look, for those who ask about the content and serve nothing: no output is rendered but to measure a
//! feed that may be too long, nothing is compressed, no card drawn.

use std::time::SystemTime;

use crate::config::Config;
use crate::content::{Depth, Library, LibraryError, Loss};
use crate::finding::{Finding, Severity};
use crate::lint;
use crate::progress::{Progress, Stage};
use crate::site::{Judged, Site};
use crate::studio::Studio;

/// What is known of a content directory after one look at it.
#[derive(Debug)]
pub struct Inspection {
    /// Every file that was read.
    pub library: Library,
    /// What is public, and why each post is or is not.
    pub judged: Judged,
    /// Everything that is wrong, with the files, between them and with their cards, sorted.
    pub findings: Vec<Finding>,
}

impl Inspection {
    /// Looks at the content directory as of `now`, and tells `progress` how far it is.
    ///
    /// # Errors
    /// The content directory cannot be listed.
    pub fn of(
        config: &Config,
        now: SystemTime,
        progress: &Progress,
    ) -> Result<Inspection, LibraryError> {
        let mut library = Library::new(Depth::Check);
        library.look(config, Loss::IsBelieved, now, progress)?;
        progress.begin(Stage::Judging, 0);
        let judged = Site::judge(config, library.posts(), now.into());
        progress.begin(Stage::Preparing, 0);
        let mut studio = Studio::new(config);
        studio.look(None, now);
        let cards: Vec<_> = judged.site.all_cards().collect();
        let images = studio.show(judged.site.pictures(), now);
        let of_cards = studio.faults(&judged.site, &cards);
        let mut findings = library.findings();
        findings.extend(judged.findings.iter().cloned());
        findings.extend(of_cards.into_iter().flatten());
        findings.extend(studio.findings().iter().cloned());
        findings.extend(lint::all(config, &judged, &*images, now.into()));
        let mut findings = lint::relevant(findings, &judged);
        findings.retain(|finding| {
            finding.severity == Severity::Error || !config.check.ignore.contains(&finding.rule)
        });
        findings.sort();
        Ok(Inspection {
            library,
            judged,
            findings,
        })
    }
}
