//! Formats findings and states of posts for people, for programs and for CI logs.
//!
//! Control characters of a post never reach a terminal.

pub mod github;
pub mod human;
pub mod json;
pub mod sarif;
mod source_location;
mod startup_summary;

use std::fmt;
use std::path::Path;

use serde::Serialize;

use crate::check::analysis::ContentAnalysis;
use crate::check::finding_groups::{FindingGroup, group_findings};
use crate::config::Config;
use crate::model::finding::{Finding, Severity};
use crate::text::pluralize_count;
use crate::visibility::PostState;
pub use source_location::{FindingLocator, LocatedFinding};
pub use startup_summary::{describe_state, format_summary, local_base_url};

/// Findings to write in one of the formats.
#[derive(Debug)]
pub struct Report<'a> {
    findings: Vec<&'a Finding>,
    locator: FindingLocator<'a>,
    /// True if people see every finding, not groups.
    pub lists_all: bool,
    /// Number of all findings, shown or not.
    pub counts: FindingCounts,
    /// Number of posts per state; `None` if no post was read.
    pub posts: Option<PostCounts>,
}

/// Number of findings per severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct FindingCounts {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Notes.
    pub notes: usize,
}

/// Number of posts per state. Each post has exactly one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct PostCounts {
    /// Published in all outputs.
    pub public: usize,
    /// Hidden by a field of their own.
    pub hidden: usize,
    /// Hidden until their date.
    pub scheduled: usize,
    /// Hidden since their expiry date.
    pub expired: usize,
    /// Published, but in no list.
    pub unlisted: usize,
    /// Hidden because another post has the same address.
    pub shadowed: usize,
    /// Hidden because their file cannot be parsed.
    pub broken: usize,
}

impl<'a> Report<'a> {
    /// Reports findings of any kind. Paths below `base` are shown relative to it.
    pub fn from_findings(
        config: &'a Config,
        findings: &'a [Finding],
        base: &'a Path,
    ) -> Report<'a> {
        Report {
            locator: FindingLocator {
                config: Some(config),
                base,
            },
            ..Report::from_config_findings(findings, base)
        }
    }

    /// Reports the errors of a configuration. Paths below `base` are shown relative to it.
    pub fn from_config_findings(findings: &'a [Finding], base: &'a Path) -> Report<'a> {
        Report {
            findings: findings.iter().collect(),
            locator: FindingLocator { config: None, base },
            lists_all: false,
            counts: FindingCounts::count_findings(findings),
            posts: None,
        }
    }

    /// Reports the findings of a site's content. Paths below `base` are shown relative to it.
    pub fn from_content(
        config: &'a Config,
        inspection: &'a ContentAnalysis,
        base: &'a Path,
    ) -> Report<'a> {
        Report {
            findings: inspection.findings.iter().collect(),
            locator: FindingLocator {
                config: Some(config),
                base,
            },
            lists_all: false,
            counts: FindingCounts::count_findings(&inspection.findings),
            posts: Some(PostCounts::count_posts(inspection)),
        }
    }

    /// Keeps findings of this severity or worse. The counts stay.
    pub fn retain_at_least(mut self, least: Severity) -> Report<'a> {
        self.findings.retain(|finding| finding.severity <= least);
        self
    }

    /// Groups the findings for people, errors first.
    fn grouped_findings(&self) -> Vec<FindingGroup<'a>> {
        let findings = self.findings.iter().copied();
        if !self.lists_all {
            return group_findings(findings);
        }
        let mut groups: Vec<_> = findings.map(FindingGroup::from_finding).collect();
        groups.sort_by_key(|group| group.first.severity);
        groups
    }

    /// Locates the findings lazily, because a quoted line may be long.
    pub fn located_findings(&self) -> impl Iterator<Item = LocatedFinding<'a>> {
        self.locator.locate_all(&self.findings)
    }
}

impl FindingCounts {
    fn count_findings(findings: &[Finding]) -> FindingCounts {
        let count = |severity| {
            findings
                .iter()
                .filter(|finding| finding.severity == severity)
                .count()
        };
        FindingCounts {
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notes: count(Severity::Note),
        }
    }

    /// Returns true if there is a finding of this severity or worse.
    pub fn has_at_least(&self, least: Severity) -> bool {
        let all = [
            (Severity::Error, self.errors),
            (Severity::Warning, self.warnings),
            (Severity::Note, self.notes),
        ];
        all.iter()
            .any(|(severity, count)| *severity <= least && *count > 0)
    }
}

/// Writes `1 error, 2 warnings`, and the notes if there are any.
impl fmt::Display for FindingCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors = pluralize_count(self.errors, "error");
        write!(f, "{errors}, {}", pluralize_count(self.warnings, "warning"))?;
        match self.notes {
            0 => Ok(()),
            notes => write!(f, ", {}", pluralize_count(notes, "note")),
        }
    }
}

impl PostCounts {
    fn count_posts(inspection: &ContentAnalysis) -> PostCounts {
        let mut posts = PostCounts {
            broken: inspection.library.file_counts().broken,
            ..PostCounts::default()
        };
        for verdict in &inspection.evaluated.post_evaluations {
            *match verdict.state {
                PostState::Public => &mut posts.public,
                PostState::Hidden(_) => &mut posts.hidden,
                PostState::Scheduled(_) => &mut posts.scheduled,
                PostState::Expired(_) => &mut posts.expired,
                PostState::Unlisted(_) => &mut posts.unlisted,
                PostState::Shadowed { .. } => &mut posts.shadowed,
            } += 1;
        }
        posts
    }

    /// Returns the number of posts that are published, now or later.
    pub fn published(&self) -> usize {
        self.public + self.unlisted + self.scheduled
    }

    /// Returns the number of all posts.
    pub fn total_posts(&self) -> usize {
        let unpublished = self.hidden + self.scheduled + self.expired + self.shadowed + self.broken;
        self.public + self.unlisted + unpublished
    }
}
